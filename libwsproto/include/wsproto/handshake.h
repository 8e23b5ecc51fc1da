/*
 * The opening handshake, both roles (RFC 6455 4): judge a head that http.h has parsed, write a
 * head. No I/O, no memory, no randomness: the nonce is an argument.
 *
 * A server:  wsp_handshake_request_check  ->  faults == 0: wsp_handshake_accept_write, else
 *            wsp_handshake_refusal_write with wsp_handshake_status(faults).
 * A client:  wsp_handshake_request_write  ->  wsp_handshake_response_check.
 * An observer calls both checks and reports the faults.
 */
#ifndef WSPROTO_HANDSHAKE_H
#define WSPROTO_HANDSHAKE_H

#include "wsproto/api.h"
#include "wsproto/extension.h"
#include "wsproto/http.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Faults of a handshake, one bit each. They may appear together. WSP_H_HEAD is everything that is
 * wrong with the head as HTTP: wsp_http_head.faults, a version below 1.1, and in a request a target
 * that is no resource name, a Host that is missing, double or not host[:port], a second Origin, a
 * Content-Length other than 0, a Transfer-Encoding.
 */
#define WSP_H_HEAD UINT32_C(0x001)        /* malformed, not HTTP/1.1, no single Host, a body, … */
#define WSP_H_METHOD UINT32_C(0x002)      /* the method is not GET */
#define WSP_H_UPGRADE UINT32_C(0x004)     /* Upgrade lacks "websocket" (a response: or has more) */
#define WSP_H_CONNECTION UINT32_C(0x008)  /* "upgrade" is missing from Connection */
#define WSP_H_VERSION UINT32_C(0x010)     /* Sec-WebSocket-Version is missing, double or not 13 */
#define WSP_H_KEY UINT32_C(0x020)         /* the key is missing, double or not 16 bytes in base64 */
#define WSP_H_ACCEPT UINT32_C(0x040)      /* Sec-WebSocket-Accept is missing, double or wrong */
#define WSP_H_SUBPROTOCOL UINT32_C(0x080) /* malformed, double, or the answer was not offered */
#define WSP_H_EXTENSION UINT32_C(0x100)   /* malformed, or the answer was not offered */
#define WSP_H_ORIGIN UINT32_C(0x200)      /* the origin is not one that the server lets in */
#define WSP_H_STATUS UINT32_C(0x400)      /* the response's status is not 101: refused */

/* One row of the table of handshake faults. All texts are static. */
typedef struct wsp_handshake_fault {
    uint32_t bit;       /* WSP_H_* */
    const char *name;   /* "handshake-key" */
    const char *clause; /* "RFC 6455 4.2.1" */
    const char *text;   /* one sentence: what is wrong */
    uint16_t status;    /* with which a server refuses; 0 for faults of a response */
} wsp_handshake_fault;

/* The row of the lowest bit in `faults`; NULL when there is none. Walk as with violations. */
WSP_API const wsp_handshake_fault *wsp_handshake_fault_first(uint32_t faults);

/* The row with this name; NULL when there is none. */
WSP_API const wsp_handshake_fault *wsp_handshake_fault_named(const char *name);

/*
 * The status with which a server refuses a request that has `faults`: that of the lowest bit, so a
 * malformed head (400) comes before the method (405), the upgrade (400), the version (426), the
 * key (400), the rest (400) and the origin (403). 0 when there is no fault.
 */
WSP_API uint16_t wsp_handshake_status(uint32_t faults);

/*
 * Sec-WebSocket-Accept for a Sec-WebSocket-Key: base64(SHA-1(key + GUID)), RFC 6455 4.2.2.
 *
 * `key` is `len` bytes as they stand in the header (base64, normally 24 bytes; not decoded first).
 * Writes 28 characters and a NUL into out. Returns 28; or WSP_ERR_RANGE, with out untouched, when
 * len is over 1024.
 */
WSP_API int wsp_accept_key(char out[29], const char *key, size_t len);

/*
 * Sec-WebSocket-Key from 16 random bytes: their base64, 24 characters and a NUL (RFC 6455 4.1).
 * The bytes must be fresh and unpredictable for each connection.
 */
WSP_API void wsp_handshake_key(char out[25], const uint8_t nonce[16]);

/* What a request asks for. Everything points into the parsed head. */
typedef struct wsp_handshake_request {
    uint32_t faults; /* set of WSP_H_*; 0 = a server may accept */
    wsp_text target; /* "/chat?room=1" */
    wsp_text host;   /* "example.org:8080" */
    wsp_text origin; /* data = NULL when a client is not a browser */
    wsp_text key;
} wsp_handshake_request;

/*
 * Is this head an attempt to open a WebSocket: a request with "websocket" in Upgrade or with a
 * Sec-WebSocket-Key? Says nothing about its faults. For servers that speak plain HTTP too, and for
 * observers.
 */
WSP_API bool wsp_handshake_is_attempt(const wsp_http_head *head);

/*
 * Judge a client's request (RFC 6455 4.2.1). *request gets what it asks for and all its faults but
 * WSP_H_ORIGIN, which is the caller's decision (wsp_origin_equal). Returns request->faults.
 */
WSP_API uint32_t wsp_handshake_request_check(wsp_handshake_request *request,
                                             const wsp_http_head *head);

/*
 * Choose a subprotocol: the first of `supported` (the server's order of preference) that the
 * request offers. Exact, case-sensitive comparison (RFC 6455 1.9). Returns its index; -1 when none
 * fits, which is no fault: the server then sends no Sec-WebSocket-Protocol.
 */
WSP_API int wsp_subprotocol_choose(const wsp_http_head *request, const char *const *supported,
                                   size_t count);

/*
 * Are two origins the same: scheme, host and port (RFC 6454 5)? Scheme and host compare without
 * regard to ASCII case, a missing port is the scheme's (http and ws 80, https and wss 443). Never a
 * suffix or prefix match: "https://example.org.evil.test" is not "https://example.org". "null", an
 * empty text, and anything that is not scheme://host[:port] equal nothing, not even themselves.
 */
WSP_API bool wsp_origin_equal(wsp_text a, wsp_text b);

/* A client's request to write. Texts are NUL-terminated; NULL = the header is not sent. */
typedef struct wsp_handshake_offer {
    const char *target;          /* "/chat"; must begin with '/' and hold no space */
    const char *host;            /* "example.org" or "example.org:8080" */
    const char *key;             /* from wsp_handshake_key */
    const char *origin;          /* "https://example.org" */
    const char *subprotocols;    /* "chat, superchat" */
    const char *extensions;      /* "permessage-deflate; client_max_window_bits" */
    const wsp_http_header *more; /* further header lines */
    size_t more_count;
} wsp_handshake_offer;

/*
 * Write a request head, ending with its empty line. Returns its length (no NUL is added);
 * WSP_ERR_SPACE when `size` is too small; WSP_ERR_VALUE when a text holds CR, LF, NUL or another
 * control character (HTAB may stand in a value), a header's name is no token, target, host or key
 * is missing or malformed, or a list of subprotocols or extensions is not what the checks above
 * accept. Such a text is refused, never repaired: it would let its author write headers of their
 * own. What is wrong on purpose, but still one header line, goes into `more`.
 */
WSP_API int wsp_handshake_request_write(char *out, size_t size, const wsp_handshake_offer *offer);

/* A server's 101 to write. */
typedef struct wsp_handshake_answer {
    wsp_text key;            /* the request's Sec-WebSocket-Key */
    const char *subprotocol; /* one of those offered; NULL = none */
    const char *extensions;  /* what was negotiated; NULL = none */
    const wsp_http_header *more;
    size_t more_count;
} wsp_handshake_answer;

/* Write a 101 head. Returns as wsp_handshake_request_write does. */
WSP_API int wsp_handshake_accept_write(char *out, size_t size, const wsp_handshake_answer *answer);

/*
 * Write a whole refusal: status line, headers, and `body` (text/plain, unless `more` has another
 * Content-Type; NUL-terminated; NULL = empty). 426 gets "Sec-WebSocket-Version: 13" and "Upgrade:
 * websocket", 405 gets "Allow: GET", all get "Connection: close" and the Content-Length. The body
 * may hold any character. Returns as wsp_handshake_request_write does; WSP_ERR_RANGE when status is
 * not 300 to 599.
 */
WSP_API int wsp_handshake_refusal_write(char *out, size_t size, uint16_t status, const char *body,
                                        const wsp_http_header *more, size_t more_count);

/* What a response granted. Everything points into the parsed head. */
typedef struct wsp_handshake_response {
    uint32_t faults;      /* set of WSP_H_*; 0 = the connection is open */
    uint16_t status;      /* 101 or what the server refused with */
    wsp_text subprotocol; /* data = NULL when none */
} wsp_handshake_response;

/*
 * Judge a server's response (RFC 6455 4.1, the numbered list at its end) against the request head
 * that was sent: accept key, subprotocol and extensions must answer what was offered. `request`
 * may be NULL for an observer that did not see it: then only what the response tells alone is
 * judged. A status other than 101 gives WSP_H_STATUS and nothing else. More than 64 extensions in
 * an answer are WSP_H_EXTENSION, and only the first 64 subprotocols of a request are compared with
 * each other: a hostile head costs no more than a long one. Parameters of extensions are not judged
 * here. Returns response->faults.
 */
WSP_API uint32_t wsp_handshake_response_check(wsp_handshake_response *response,
                                              const wsp_http_head *head,
                                              const wsp_http_head *request);

#ifdef __cplusplus
}
#endif

#endif
