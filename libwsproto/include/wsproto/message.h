/*
 * Frames to messages: fragments joined, control frames in between kept apart, payload unmasked,
 * text checked as UTF-8 while it arrives (RFC 6455 5.4, 5.5, 8.1).
 *
 * It is fed the reader's events, so that an observer has frames and messages from one decoder:
 *
 *     n = wsp_reader_next(&r, in, len, &ev);
 *     if (ev.type != WSP_EVENT_NONE)
 *         do {
 *             wsp_message_next(&m, &ev, out, sizeof out, &mev);
 *             // mev.data: the next bytes of message mev.opcode; mev.first, mev.last mark its ends
 *         } while (mev.more);
 *
 * One design streams and collects: to stream, pass the same small buffer each time; to collect,
 * pass the place in your buffer where the message goes on. Nothing is allocated or kept here.
 */
#ifndef WSPROTO_MESSAGE_H
#define WSPROTO_MESSAGE_H

#include "wsproto/api.h"
#include "wsproto/reader.h"
#include "wsproto/utf8.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What undoes the compression of messages. deflate.h makes one for permessage-deflate; the message
 * layer knows only this, so that it needs no zlib.
 */
typedef struct wsp_inflater wsp_inflater;
struct wsp_inflater {
    /*
     * Inflate: take from in[0..*in_len) and write to out[0..*out_len), as much as goes; both are
     * then set to what was used and written. `end` says that `in` ends the message. Returns 1 when
     * out is full (there may be more to come: call again with what is left of `in`, or with no
     * input at all), 0 when all of it is done, and -1 when the data is not valid (the rest of the
     * message is then unknown).
     */
    int (*inflate)(wsp_inflater *self, const uint8_t *in, size_t *in_len, bool end, uint8_t *out,
                   size_t *out_len);
    /* A message begins. Returns false when it cannot be inflated, because what its beginning may
     * refer to is unknown: after wrong data, a gap or an abandoned message, with a window that is
     * kept. That lasts: with such a window no later message can be trusted. */
    bool (*begin)(wsp_inflater *self);
    /* Bytes of a compressed message are missing: what comes cannot be relied on. */
    void (*lost)(wsp_inflater *self);
};

/* Limits of an endpoint, all zero = none, and how messages are inflated. */
typedef struct wsp_message_rules {
    uint64_t max_message;   /* bytes of payload of an uncompressed message; 0 = no limit */
    uint64_t max_fragments; /* frames of one message; 0 = no limit */
    uint64_t max_inflated;  /* bytes of a compressed message once inflated; 0 = no limit */
    uint32_t max_ratio;     /* inflated bytes per compressed byte, judged at every byte from 1024
                               inflated ones on; 0 = no limit */
    wsp_inflater *inflater; /* the caller's, for this direction; NULL = compressed messages are
                               handed on as they are. A copy of the rules shares it */
} wsp_message_rules;

typedef struct wsp_message_event {
    uint8_t opcode;        /* of the message's first frame; WSP_OPCODE_CONTINUATION when that was
                              never seen; a control frame is a message of its own */
    bool first;            /* the message begins here. When a data message was open, it was
                              abandoned: it will have no last event */
    bool last;             /* the message ends here */
    bool more;             /* call again with the same reader event */
    bool compressed;       /* RSV1 was set on its first frame (RFC 7692 6) */
    bool raw;              /* compressed and not inflated: data is DEFLATE, as on the wire */
    bool torn;             /* inflated only so far: behind wrong data or a gap nothing of the
                              message is known, not even its length. Its end is still told */
    uint32_t violations;   /* WSP_V_* that the message layer saw first at this event */
    uint64_t violation_at; /* stream offset of the byte that broke a rule of the payload
                              (CLOSE_CODE, CLOSE_UTF8, TEXT_UTF8); where text ends inside a
                              character, the last byte of its last frame. In a compressed message
                              no one byte breaks a rule: the first byte of the frame that did.
                              Other violations are known from the frame's header */
    uint64_t frames;       /* of this message so far */
    uint64_t wire_length;  /* payload bytes of these frames so far, as on the wire, missing ones
                              included */
    uint64_t offset;       /* of data in the message, inflated where it is; jumps where a gap was in
                              a message that is not */
    const uint8_t *data;   /* unmasked and inflated: in `out`, or in the input where that was
                              neither masked nor compressed */
    size_t len;
} wsp_message_event;

/*
 * One direction of one connection. The caller's memory; a copy is a snapshot; no pointers but
 * rules.inflater, which may be set until the first frame of a compressed message is taken.
 */
typedef struct wsp_message {
    wsp_message_rules rules;
    struct wsp_message_open {
        uint8_t opcode;
        bool compressed;
        bool inflating;  /* its bytes go through rules.inflater */
        bool check_utf8; /* no wrong byte and no gap so far */
        wsp_utf8 utf8;
        uint64_t frames;
        uint64_t before; /* payload bytes of the frames before this one */
        uint64_t next;   /* offset in its payload that should come next */
    } data, control;     /* the data message, and the control frame, that is being read */
    bool data_open;      /* a data message has begun and not ended */
    bool frame_begun;    /* the current reader event's header is dealt with */
    bool closed;         /* a Close has ended */
    uint8_t close_high;  /* first byte of the close code */
    size_t taken;        /* bytes of the current reader event that are dealt with */
    struct wsp_message_inflating {
        uint64_t frame_at; /* stream offset of the current frame */
        uint64_t given;    /* bytes of the message that were given */
        uint32_t exceeded; /* WSP_V_LIMIT_*: reported for this message */
        bool torn;         /* as in the event */
        bool full;         /* the inflater may have more to give without more input */
        bool held;         /* the first byte past a limit waits in `beyond` */
        uint8_t beyond;
    } inflated;
} wsp_message;

/* Make *m ready for the first frame. *rules is copied; NULL = no limits. Cannot fail. */
WSP_API void wsp_message_init(wsp_message *m, const wsp_message_rules *rules);

/*
 * Take the reader's event `ev` (FRAME or PAYLOAD) and give one message event.
 *
 * Where the payload is masked, its bytes are written unmasked to `out`, at most `size` of them.
 * With out = ev->data (const only here), in every call for that ev, they are unmasked in place:
 * each byte stays where it lies. Where the payload is not masked, `out` is not used and may be
 * NULL; no byte is copied. Repeat with the same ev while mev->more. An event ends right behind a
 * byte that breaks a rule, so that mev->violation_at does not depend on how the input was cut.
 * With size = 0 (or out = NULL) and masked payload the event has no data and mev->more stays set.
 *
 * What is inflated is always written to `out`, which must not overlap the input then: with an
 * inflater in the rules, out = ev->data is no room (like size = 0) for a compressed message. Such
 * an event may have no data although mev->more is set: call again, with room. At a limit the event
 * ends in front of the first byte past it, so that a buffer of max_inflated bytes holds all that an
 * endpoint wants; who calls on gets the rest. A limit is reported once for a message.
 */
WSP_API void wsp_message_next(wsp_message *m, const wsp_event *ev, uint8_t *out, size_t size,
                              wsp_message_event *mev);

/*
 * The reader has lost a frame boundary (wsp_reader_lost): forget the message that is open. What
 * was given of it stays incomplete.
 */
WSP_API void wsp_message_abandon(wsp_message *m);

/*
 * The stream has ended. Returns WSP_V_TRUNCATED when a data message is open and no Close came,
 * which may cut a message off (RFC 6455 5.5.1), else 0; a frame that is not whole is
 * wsp_reader_end's to report.
 */
WSP_API uint32_t wsp_message_end(const wsp_message *m);

#ifdef __cplusplus
}
#endif

#endif
