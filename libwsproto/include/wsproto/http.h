/*
 * The head of an HTTP/1.1 message: a request or status line and header lines (RFC 9112). Only what
 * the opening handshake needs, in two steps:
 *
 *   1. wsp_http_scan finds the end of the head, fed as the bytes come, and keeps the limits.
 *   2. wsp_http_parse takes the whole head apart, without copying: everything it gives is a
 *      wsp_text that points into the caller's bytes.
 *
 *     wsp_http_scan_init(&scan, NULL);
 *     do {
 *         // receive into head + used
 *         int64_t n = wsp_http_scan(&scan, head + used, received);   // n < 0: too long, refuse
 *         used += n;             // received - n bytes follow the head: frames, not consumed
 *     } while (!scan.done);
 *     wsp_http_parse(&parsed, head, used, headers, 64);
 *
 * What a strict endpoint must refuse and an observer should still read (a bare LF, a folded line,
 * a space before the colon) is parsed in the evident way and named in wsp_http_head.faults.
 */
#ifndef WSPROTO_HTTP_H
#define WSPROTO_HTTP_H

#include "wsproto/api.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A piece of text in somebody else's memory; not NUL-terminated. data is NULL where it is absent.
 */
typedef struct wsp_text {
    const char *data;
    size_t len;
} wsp_text;

/* Is `a` equal to the NUL-terminated `b`: byte for byte, or without regard to ASCII case? */
WSP_API bool wsp_text_equal(wsp_text a, const char *b);
WSP_API bool wsp_text_equal_nocase(wsp_text a, const char *b);

/* Is `a` a token of RFC 9110 5.6.2: one or more of the letters, digits and !#$%&'*+-.^_`|~? */
WSP_API bool wsp_text_is_token(wsp_text a);

/* Limits on a head. A zero field takes the default beside it. */
typedef struct wsp_http_limits {
    size_t max_head;    /* bytes of the whole head; 16384 */
    size_t max_line;    /* bytes of one line with its line end; 8192 */
    size_t max_headers; /* header lines; 100 */
} wsp_http_limits;

/* Where a scan stands. The caller's memory; no pointers. */
typedef struct wsp_http_scanner {
    wsp_http_limits limits;
    size_t head_len; /* bytes scanned so far; the size of the head once done */
    size_t line_len; /* of these, in the line that is not ended yet */
    size_t lines;    /* complete lines, the first one included */
    bool cr_last;    /* the line so far ends in CR */
    bool done;       /* the empty line has been seen */
} wsp_http_scanner;

/* Start a scan. *limits is copied; NULL = all defaults. */
WSP_API void wsp_http_scan_init(wsp_http_scanner *s, const wsp_http_limits *limits);

/*
 * Look for the end of the head in the next `len` bytes. Linear however the bytes are cut.
 *
 * Returns the number of bytes that belong to the head: all of them while !s->done; fewer when the
 * head ended among them (what follows is not consumed). After that it returns 0. Returns
 * WSP_ERR_LIMIT as soon as a limit is passed, and on every later call. A line may end in LF alone.
 * Empty lines before the first one are skipped (RFC 9112 2.2) but count as head bytes.
 */
WSP_API int64_t wsp_http_scan(wsp_http_scanner *s, const uint8_t *in, size_t len);

typedef enum wsp_http_kind {
    WSP_HTTP_NEITHER,  /* the first line is no HTTP/1.x request and no HTTP/1.x status line */
    WSP_HTTP_REQUEST,  /* GET /chat HTTP/1.1 */
    WSP_HTTP_RESPONSE, /* HTTP/1.1 101 Switching Protocols */
} wsp_http_kind;

/* What is wrong with the form of a head; any of them means 400 to a server (RFC 9112 2.2, 5). */
typedef enum wsp_http_fault {
    WSP_HTTP_FAULT_FIRST_LINE = 0x001,  /* not exactly METHOD SP target SP HTTP/1.x, and not
                                           exactly HTTP/1.x SP status SP reason */
    WSP_HTTP_FAULT_BARE_LF = 0x002,     /* a line ends in LF without CR */
    WSP_HTTP_FAULT_BARE_CR = 0x004,     /* a CR that is not before LF */
    WSP_HTTP_FAULT_FOLDED = 0x008,      /* a line begins with white space: it goes on with the
                                           header line before it (obs-fold), if there is one */
    WSP_HTTP_FAULT_SPACE_COLON = 0x010, /* white space between a header's name and its colon */
    WSP_HTTP_FAULT_NAME = 0x020,        /* a header line without a colon, or its name no token */
    WSP_HTTP_FAULT_VALUE = 0x040,       /* NUL or another control character in a value */
    WSP_HTTP_FAULT_TOO_MANY = 0x080,    /* more header lines than the caller has room for */
    WSP_HTTP_FAULT_UNFINISHED = 0x100,  /* the empty line is missing: more of the head may follow */
} wsp_http_fault;

/*
 * One header line. A folded line's value includes the fold (CR LF and white space), as it stands on
 * the wire. HTAB and bytes from 0x80 up are legal in a value.
 */
typedef struct wsp_http_header {
    wsp_text name;
    wsp_text value; /* without white space around it */
} wsp_http_header;

typedef struct wsp_http_head {
    wsp_http_kind kind;
    uint8_t version_minor;          /* HTTP/1.x */
    wsp_text method;                /* request */
    wsp_text target;                /* request: as sent, e.g. "/chat?room=1" */
    uint16_t status;                /* response: 100 to 999 */
    wsp_text reason;                /* response: may be empty */
    const wsp_http_header *headers; /* the caller's array */
    size_t header_count;
    uint32_t faults; /* set of wsp_http_fault */
} wsp_http_head;

/*
 * Take a whole head apart.
 *
 * `in` is the head with its empty line, as wsp_http_scan measured it; everything in *head points
 * into it and into `headers`, an array of `max_headers` that the caller owns and keeps. Any bytes
 * give a result; what is malformed is skipped or read in the evident way and named in
 * head->faults. A line without an end is not read, nor is anything behind the empty line. Returns
 * nothing and cannot fail.
 */
WSP_API void wsp_http_parse(wsp_http_head *head, const void *in, size_t len,
                            wsp_http_header *headers, size_t max_headers);

/*
 * The value of the first header with this name (case-insensitive); data = NULL when there is
 * none. *count, if not NULL, gets how many header lines have that name.
 */
WSP_API wsp_text wsp_http_header_value(const wsp_http_head *head, const char *name, size_t *count);

/*
 * Walk the comma-separated elements of all header lines of one name, in order, as if they were one
 * list (RFC 9110 5.3). Commas in quoted strings do not separate; empty elements are skipped.
 * *at is the place in the walk: start with all zero.
 *
 * Returns true with *element = the next element without white space around it; false at the end.
 */
typedef struct wsp_http_list_place {
    size_t header, offset;
} wsp_http_list_place;
WSP_API bool wsp_http_list_next(const wsp_http_head *head, const char *name,
                                wsp_http_list_place *at, wsp_text *element);

/* Is `token` (case-insensitive) an element of that list? E.g. "upgrade" in Connection. */
WSP_API bool wsp_http_list_has(const wsp_http_head *head, const char *name, const char *token);

#ifdef __cplusplus
}
#endif

#endif
