/*
 * The reader: a stream of bytes to frames. It serves an endpoint and an observer alike.
 *
 *     wsp_frame_rules rules = {.sender = WSP_FROM_CLIENT};
 *     wsp_reader_init(&r, &rules);
 *     for (;;) {
 *         size_t n = wsp_reader_next(&r, in, len, &ev);
 *         in += n, len -= n;
 *         if (ev.type == WSP_EVENT_NONE)
 *             break;                              // all input is used: get more
 *         if (ev.violations) ...                  // an endpoint closes, an observer reports
 *         use(ev.frame, ev.offset, ev.data, ev.len);
 *     }
 *
 * The reader never copies payload, allocates nothing and trusts no length: a frame that declares
 * 2^63 bytes costs as much memory as an empty one. It reports what the header and the order of
 * frames tell (RFC 6455 5.2 to 5.5, and frames after a Close, 5.5.1); what the payload tells is
 * message.h's business.
 */
#ifndef WSPROTO_READER_H
#define WSPROTO_READER_H

#include "wsproto/api.h"
#include "wsproto/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wsp_event_type {
    WSP_EVENT_NONE,    /* all input is consumed; nothing else in the event is set */
    WSP_EVENT_FRAME,   /* a header, with the first piece of its payload if it was there already */
    WSP_EVENT_PAYLOAD, /* a later piece of the payload; may be empty when a gap hid its end */
} wsp_event_type;

typedef struct wsp_event {
    wsp_event_type type;
    uint64_t at;                   /* stream offset of this event's first byte, from 0 */
    uint32_t violations;           /* WSP_V_* first seen at this event */
    const wsp_frame_header *frame; /* inside the reader: valid until the next call */
    uint64_t offset;               /* of this piece in its payload */
    uint64_t bytes_left;           /* of the payload after this piece; 0 = the frame is complete */
    const uint8_t *data;           /* as on the wire (still masked), in the caller's input */
    size_t len;
} wsp_event;

/* One direction of one connection. The caller's memory; a copy is a snapshot. */
typedef struct wsp_reader {
    wsp_frame_rules rules;                /* in_message is kept up to date */
    wsp_frame_header frame;               /* the frame being read */
    uint64_t at;                          /* stream offset of the next byte */
    uint64_t bytes_left;                  /* of the payload */
    uint8_t header[WSP_FRAME_HEADER_MAX]; /* the first bytes of a header that is not whole yet */
    uint8_t header_len;
    bool in_payload;     /* between a header and the last byte of its payload */
    bool close_seen;     /* a Close frame has passed: what follows is AFTER_CLOSE */
    bool message_unsure; /* after a gap: whether a message is open is not known */
    bool end_hidden;     /* a gap took the end of the payload: an empty last piece is due */
    bool lost;           /* a gap took a frame boundary */
} wsp_reader;

/* Make *r ready for the first byte behind the handshake. *rules is copied. Cannot fail. */
WSP_API void wsp_reader_init(wsp_reader *r, const wsp_frame_rules *rules);

/*
 * Read on: give at most one event.
 *
 * Takes `len` bytes that stay the caller's and are not touched after the call, but for ev->data,
 * which points into them. Returns the number of bytes consumed, at most `len`. Call again with the
 * rest until ev->type is WSP_EVENT_NONE; then everything is consumed, also the first bytes of a
 * header that is not whole (the reader keeps those). With len = 0 it may still give an event after
 * a gap. Any bytes are fine: illegal frames are decoded like legal ones, with ev->violations set.
 */
WSP_API size_t wsp_reader_next(wsp_reader *r, const uint8_t *in, size_t len, wsp_event *ev);

/*
 * For an observer: the next `bytes` bytes of the stream were lost; 0 = nobody knows how many.
 *
 * A hole inside a payload is counted down: the rest of the payload is still at its right offset, so
 * it still unmasks. When the hole reaches the end of the payload or past it, wsp_reader_next gives
 * a last, empty WSP_EVENT_PAYLOAD with bytes_left 0. A hole that ends somewhere else than inside a
 * payload or exactly at its end hides a frame boundary: the reader then takes the next byte it is
 * fed for the first of a header (wsp_reader_lost tells the caller that it must choose that byte),
 * and judges no continuation until it has seen a message begin or end.
 */
WSP_API void wsp_reader_gap(wsp_reader *r, uint64_t bytes);

/*
 * Has a gap hidden a frame boundary? Then the next byte fed is taken for the start of a frame,
 * right or wrong. True from the gap until that byte is fed.
 */
WSP_API bool wsp_reader_lost(const wsp_reader *r);

/*
 * The stream has ended. Returns WSP_V_TRUNCATED when it did so inside a frame (its header or its
 * payload), else 0. The reader is unchanged.
 */
WSP_API uint32_t wsp_reader_end(const wsp_reader *r);

#ifdef __cplusplus
}
#endif

#endif
