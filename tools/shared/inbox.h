/*
 * What came from the program over one connection: bytes to heads of HTTP, frames, and the end. No
 * I/O. It judges as the other role must (libwsproto's rules for frames of a server, or of a
 * client), and keeps what it read in a queue that expectations take from.
 */
#ifndef SHARED_INBOX_H
#define SHARED_INBOX_H

#include <wsproto/wsproto.h>

#include <glib.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One connection may have no more than this unread: bytes, and INBOX_ITEM_COST for each item, since
 * those without bytes need memory too. */
#define INBOX_MAX ((size_t)64 << 20)
#define INBOX_ITEM_COST ((size_t)128)

typedef enum inbox_kind {
    INBOX_HEAD,  /* of a server's answer, or a client's request; behind a 101, or behind a
                    request, come frames */
    INBOX_NOISE, /* bytes where a head should be, and are none */
    INBOX_FRAME,
    INBOX_FIN,   /* the end of the stream */
    INBOX_RESET, /* RST */
} inbox_kind;

typedef struct inbox_item {
    inbox_kind kind;
    wsp_sender from;         /* the role of who sent it */
    uint64_t at;             /* stream offset of its first byte */
    bool whole;              /* nothing of it is missing. Only the last item can be not whole */
    GByteArray *bytes;       /* HEAD: its text; NOISE: its bytes; FRAME: payload, unmasked */
    wsp_frame_header header; /* FRAME */
    unsigned header_size;    /* FRAME: on the wire */
    uint64_t number;         /* FRAME: from 1 */
    uint32_t violations;     /* FRAME: WSP_V_* of its header and payload */
    uint64_t violation_at;   /* stream offset of the byte */
    GByteArray *body;        /* HEAD of an answer: what has come of what follows it; else NULL */
    uint16_t status;         /* HEAD: of an answer */
} inbox_item;

typedef struct inbox {
    wsp_sender from; /* the role of who sends all this */
    GQueue items;    /* of inbox_item, oldest first; take one with inbox_drop */
    uint64_t at;     /* stream offset of the next byte */
    bool framed;     /* behind a 101, or a request */
    bool ended;      /* FIN or RST has come */
    size_t held;     /* what the items cost */
    bool full;       /* INBOX_MAX was passed: the rest of the stream was dropped, but its end */
    uint64_t frames;
    wsp_http_scanner scan;
    uint64_t body_left; /* of an HTTP answer; UINT64_MAX: until the end */
    wsp_reader reader;
    wsp_message message;
    uint64_t frames_at; /* stream offset of the first frame */
} inbox;

/* For what `from` sends. */
void inbox_init(inbox *in, wsp_sender from);
void inbox_clear(inbox *in);

/* The next bytes of the stream. */
void inbox_take(inbox *in, const uint8_t *bytes, size_t len);

/* The stream has ended: FIN, or RST. */
void inbox_end(inbox *in, bool reset);

/* Remove an item that is in the queue, and free it. */
void inbox_drop(inbox *in, GList *link);

/* Take a head apart. `lines` is an array of `max` that *head points into. */
void inbox_parse(const inbox_item *item, wsp_http_head *head, wsp_http_header *lines, size_t max);

#ifdef __cplusplus
}
#endif

#endif
