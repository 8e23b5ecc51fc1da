/*
 * An endpoint of one connection, client or server: roles, control frames, the close handshake,
 * keepalive (RFC 6455 5 to 7). It stands on reader and message and adds what an endpoint has to
 * remember. No I/O, clock, randomness or memory of its own: bytes, time and masking keys are
 * arguments, and what it would like to be sent is a proposal.
 *
 *     wsp_conn_options options = {.role = WSP_SERVER, .message = {.max_message = 1 << 20}};
 *     wsp_conn_init(&c, &options, now);
 *     while ((len = read(fd, in, sizeof in)) > 0)
 *         for (size_t used = 0;;) {
 *             used += wsp_conn_receive(&c, now, in + used, len - used, out, sizeof out, &ev);
 *             if (ev.type == WSP_CONN_NONE)
 *                 break;                                // all input is used: read more
 *             ... use ev, e.g. collect ev.data of a message until ev.last
 *             n = wsp_conn_reply(&c, now, &ev, NULL, frame, sizeof frame);
 *             ... write n bytes: a pong, or our side of the close handshake; often none
 *         }
 *     wsp_conn_end_of_stream(&c, &ev);                  // ev.code says how it ended
 *
 * Time is a number that never goes back, in a unit of the caller's choice (say milliseconds).
 * One thread at a time may use a connection: put a lock around the calls, never around the I/O.
 * Frames must reach the wire in the order in which they were made here.
 */
#ifndef WSPROTO_CONN_H
#define WSPROTO_CONN_H

#include "wsproto/api.h"
#include "wsproto/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wsp_deflater wsp_deflater; /* deflate.h; here only a pointer is kept */

typedef enum wsp_role { WSP_CLIENT, WSP_SERVER } wsp_role;

/* The longest control frame: 2 bytes, a masking key, 125 bytes of payload. Room for any reply. */
#define WSP_CONTROL_FRAME_MAX (2 + 4 + WSP_CONTROL_PAYLOAD_MAX)

/* A time that never comes. */
#define WSP_NEVER UINT64_MAX

/* ---- The connection ------------------------------------------------------------------------- */

/* All zero = a client without extensions, limits and deadlines. */
typedef struct wsp_conn_options {
    wsp_role role;             /* ours */
    uint64_t max_frame;        /* payload bytes of one frame received; 0 = no limit */
    wsp_message_rules message; /* further limits of what is received, and the inflater: with one,
                                  permessage-deflate was agreed and RSV1 is legal */
    wsp_deflater *deflater;    /* for what we send; NULL = nothing is compressed here. Inflater and
                                  deflater stay the caller's and must outlive the connection */
    bool compress_alone;       /* permessage-deflate was agreed and each message that we send is
                                  compressed on its own (no_context_takeover for our direction):
                                  frames compressed elsewhere may be sent */
    uint64_t ping_interval;    /* propose a ping after so long without a byte; 0 = never */
    uint64_t pong_timeout;     /* fail when a ping brings no byte for so long; 0 = never */
    uint64_t idle_timeout;     /* fail when no byte came for so long, pings or not; 0 = never */
    uint64_t close_timeout;    /* close TCP when closing takes so long; 0 = never */
} wsp_conn_options;

typedef enum wsp_conn_state {
    WSP_STATE_OPEN,
    WSP_STATE_CLOSE_SENT,     /* we may only receive: messages may still come before the Close */
    WSP_STATE_CLOSE_RECEIVED, /* we may only send; our Close is due */
    WSP_STATE_FAILED, /* the peer broke a rule: nothing is read any more, our Close is due */
    WSP_STATE_CLOSED, /* nothing more to receive or to send */
} wsp_conn_state;

/* What to do with the TCP connection (RFC 6455 7.1.1). */
typedef enum wsp_conn_tcp {
    WSP_TCP_KEEP,   /* go on. After a close handshake: a client waits for the server to close */
    WSP_TCP_FINISH, /* when all is written, end our direction (shutdown SHUT_WR), read and drop
                       until the end of the stream or the close deadline. Closing at once could
                       make the kernel send a reset, which destroys what the peer has not read */
    WSP_TCP_CLOSE,  /* close it now */
} wsp_conn_tcp;

/* The caller's memory; a copy is a snapshot (it shares inflater and deflater). Not to be written.
 */
typedef struct wsp_conn {
    wsp_conn_options options;
    wsp_reader reader;
    wsp_message message;
    size_t held;                              /* input bytes of a reader event not dealt with yet */
    uint8_t control[WSP_CONTROL_PAYLOAD_MAX]; /* the control frame received, or a reply's payload */
    uint8_t control_len;
    uint8_t ping[WSP_CONTROL_PAYLOAD_MAX]; /* payload of the last ping that we sent */
    uint8_t ping_len;
    uint8_t sending; /* the message being sent: its opcode, 0 = none */
    bool sending_compressed;
    wsp_utf8 sending_utf8;
    bool close_sent, close_received, failed, ended;
    bool ping_open;      /* the last ping has no pong yet */
    bool life_due;       /* a ping was sent, and no byte came since */
    uint16_t close_code; /* of the peer's Close; 1005 when it had none; 1006 = there was none */
    uint64_t heard;      /* when the last byte came */
    uint64_t pinged;     /* when the last ping was sent */
    uint64_t life_since; /* when the first ping was sent that no byte followed */
    uint64_t closing;    /* when the close handshake or failure began */
    uint64_t pings_sent; /* gives each keepalive ping another payload */
} wsp_conn;

/*
 * Make *c ready for the first byte behind the handshake. *options is copied. `now` starts the
 * keepalive. Cannot fail.
 */
WSP_API void wsp_conn_init(wsp_conn *c, const wsp_conn_options *options, uint64_t now);

/* Where the connection stands. */
WSP_API wsp_conn_state wsp_conn_get_state(const wsp_conn *c);

/*
 * What to do with TCP, once all frames made so far are written. FINISH for the server after the
 * close handshake, and for both roles after a failure, when our Close is sent. A deadline that has
 * passed is wsp_conn_due's to tell.
 */
WSP_API wsp_conn_tcp wsp_conn_get_tcp(const wsp_conn *c);

/* ---- Receiving ------------------------------------------------------------------------------ */

typedef enum wsp_conn_event_type {
    WSP_CONN_NONE,    /* all input is consumed; nothing else in the event is set */
    WSP_CONN_DATA,    /* the next bytes of a text or binary message */
    WSP_CONN_PING,    /* a whole ping; reply: its pong */
    WSP_CONN_PONG,    /* a whole pong */
    WSP_CONN_CLOSE,   /* the peer's Close; reply: its echo, unless our Close was sent before */
    WSP_CONN_FAILURE, /* the peer broke a rule or a limit; reply: a Close that says so */
    WSP_CONN_END,     /* the stream has ended (wsp_conn_end_of_stream) */
} wsp_conn_event_type;

/* A control frame that should be sent in answer. */
typedef struct wsp_conn_proposal {
    uint8_t opcode; /* WSP_OPCODE_PONG or _CLOSE; 0 = nothing to send */
    uint8_t len;
    const uint8_t *payload;
} wsp_conn_proposal;

/* All pointers are valid until the next call with the same connection. */
typedef struct wsp_conn_event {
    wsp_conn_event_type type;
    uint8_t opcode;      /* DATA: WSP_OPCODE_TEXT or _BINARY */
    bool first, last;    /* DATA: the message begins, ends here */
    bool compressed;     /* DATA: it came compressed; data is inflated */
    uint64_t offset;     /* DATA: of data in the message */
    const uint8_t *data; /* DATA, PING, PONG: the payload; CLOSE: the reason, valid UTF-8 */
    size_t len;
    uint16_t code;       /* CLOSE: the peer's, 1005 when it sent none; FAILURE: the one to close
                            with; END: RFC 6455 7.1.5, 1006 when no Close came. 1005 and 1006 are
                            local results, never on the wire */
    bool clean;          /* END: both sides had sent their Close */
    uint32_t violations; /* FAILURE: WSP_V_*; END: WSP_V_TRUNCATED or 0 */
    uint64_t at;         /* stream offset of the frame, or of the byte that broke a rule; END: 0 */
    bool answer;         /* PONG: it answers our last ping, ... */
    uint64_t round_trip; /* ... which was sent so long ago */
    wsp_conn_proposal reply;
} wsp_conn_event;

/*
 * Read on: give one event.
 *
 * Takes `len` bytes, received at `now`, that stay the caller's. Returns how many are consumed; call
 * again with the rest, the same or more bytes, until ev->type is WSP_CONN_NONE: then all are. An
 * event may consume nothing, when `out` was too small for a piece. (With fewer bytes than that
 * piece has left the answer is NONE and 0.)
 *
 * Data is unmasked and inflated into `out`, at least 1 byte; what a server sends uncompressed is
 * copied there. To stream, pass the same buffer each time; to collect, the place where the message
 * goes on. Two ways without a copy, both without an inflater: out = in unmasks payload where it
 * lies; a client may pass NULL, for a server does not mask. ev->data then points into the input.
 *
 * Messages, control frames and failures do not depend on how the stream was cut into calls. How a
 * message is cut into DATA events does, and so does how much of a message is given before a rule
 * that its payload breaks. After a Close or a failure all input is consumed and dropped: a message
 * that was open has no last event.
 */
WSP_API size_t wsp_conn_receive(wsp_conn *c, uint64_t now, const uint8_t *in, size_t len,
                                uint8_t *out, size_t size, wsp_conn_event *ev);

/*
 * TCP has ended, or was given up: the peer closed it, reading or writing failed, a deadline passed.
 * *ev becomes an END event. May be called again, with the same result.
 */
WSP_API void wsp_conn_end_of_stream(wsp_conn *c, wsp_conn_event *ev);

/* ---- Sending -------------------------------------------------------------------------------- */

/* A frame to send. All zero but opcode, payload and len = a whole message of a server. */
typedef struct wsp_conn_frame {
    uint8_t opcode;             /* TEXT or BINARY begin a message, CONTINUATION goes on with it;
                                   CLOSE, PING and PONG may stand between its fragments */
    bool more;                  /* another fragment of this message will follow */
    bool compressed;            /* TEXT or BINARY: payload is what the caller had wsp_deflate write
                                   (the later fragments need no mark) */
    const uint8_t *masking_key; /* client: 4 bytes, fresh and unpredictable for each frame (RFC 6455
                                   5.3); server: not used, NULL */
    const void *payload;        /* may be NULL when len is 0; a Close's as of wsp_close_encode */
    size_t len;
} wsp_conn_frame;

/*
 * Make a frame's header and leave the payload where it is, for writev: first header[0 .. result),
 * then f->len bytes of payload. A server's payload goes out as it is, nothing is copied. A client's
 * is masked to `masked`, which has f->len bytes and may be the payload itself; send that.
 *
 * Returns the header's size, 2 to 14; or, with nothing changed:
 *   WSP_ERR_STATE      our Close was sent, or the connection has failed (only CLOSE is then
 *                      allowed) or ended
 *   WSP_ERR_ORDER      a message begins inside another, or a continuation where none is open
 *   WSP_ERR_RANGE      no such opcode; a control frame with more than 125 bytes or `more`; a Close
 *                      of one byte or with a code that may not be sent
 *   WSP_ERR_VALUE      text, or the reason of a Close, is not UTF-8. Text may be cut inside a
 *                      character where a fragment ends; compressed text is the caller's to check
 *   WSP_ERR_EXTENSION  compressed, but neither a deflater nor compress_alone is in the options
 *   WSP_ERR_MASK       a client without masking_key or masked
 */
WSP_API int wsp_conn_send_header(wsp_conn *c, uint64_t now, const wsp_conn_frame *f,
                                 uint8_t header[WSP_FRAME_HEADER_MAX], uint8_t *masked);

/*
 * Make a frame in one piece: header and (masked) payload to out[0 .. result). `out` must not
 * overlap the payload. Returns the frame's size; as wsp_conn_send_header, or WSP_ERR_SPACE when
 * `size` is too small (f->len + WSP_FRAME_HEADER_MAX always suffices).
 */
WSP_API int64_t wsp_conn_send(wsp_conn *c, uint64_t now, const wsp_conn_frame *f, uint8_t *out,
                              size_t size);

/*
 * Make a whole text or binary message, compressed with the deflater of the options, as one frame.
 * Which messages are worth it is the caller's choice, message by message. Returns as wsp_conn_send;
 * WSP_ERR_RANGE when f is no text or binary or has `more` or `compressed` (compress fragments with
 * wsp_deflate and send them with `compressed`), WSP_ERR_SPACE when size is less than
 * wsp_deflate_bound(deflater, f->len) + WSP_FRAME_HEADER_MAX; WSP_ERR_EXTENSION without a deflater.
 * Not there in a library that was built without zlib.
 */
WSP_API int64_t wsp_conn_send_deflated(wsp_conn *c, uint64_t now, const wsp_conn_frame *f,
                                       uint8_t *out, size_t size);

/*
 * Send what an event proposes: a pong, or a Close. WSP_CONTROL_FRAME_MAX bytes of `out` suffice.
 * Returns the frame's size, 0 when the event proposes nothing; errors as wsp_conn_send. Send it
 * before the next call with the connection, or not at all (a ping flood need not be answered one
 * for one, RFC 6455 5.5.3).
 */
WSP_API int wsp_conn_reply(wsp_conn *c, uint64_t now, const wsp_conn_event *ev,
                           const uint8_t *masking_key, uint8_t *out, size_t size);

/*
 * Begin or answer the close handshake: a Close with code and reason (as wsp_close_encode takes
 * them); code 0 and no reason = an empty Close. Returns the frame's size, at most
 * WSP_CONTROL_FRAME_MAX; errors as wsp_conn_send and wsp_close_encode.
 */
WSP_API int wsp_conn_close(wsp_conn *c, uint64_t now, uint16_t code, const char *reason,
                           size_t reason_len, const uint8_t *masking_key, uint8_t *out,
                           size_t size);

/* ---- One frame for many connections --------------------------------------------------------- */

/*
 * A server encodes a frame once and sends the same bytes to a thousand clients: its frames carry no
 * masking key. Only whole frames, and only uncompressed ones or those that were compressed on their
 * own (wsp_deflater_new with no_context_takeover, and a window that every receiver agreed to):
 * others refer to what went over one connection before.
 *
 * wsp_conn_shared_encode writes the frame to `out` and knows no connection. Returns its size, or
 * WSP_ERR_RANGE, WSP_ERR_VALUE, WSP_ERR_SPACE as wsp_conn_send does; WSP_ERR_RANGE for a fragment.
 *
 * wsp_conn_shared_send says whether it may go to this connection now, and notes that it does. It
 * looks at the frame's header only, and at the payload of a control frame. Returns WSP_OK; or, with
 * nothing changed, WSP_ERR_STATE, WSP_ERR_ORDER (a message is being sent in fragments: a data frame
 * must wait), WSP_ERR_EXTENSION (compressed without compress_alone), WSP_ERR_MASK (we are the
 * client), WSP_ERR_RANGE (not a frame of wsp_conn_shared_encode).
 */
WSP_API int64_t wsp_conn_shared_encode(const wsp_conn_frame *f, uint8_t *out, size_t size);
WSP_API int wsp_conn_shared_send(wsp_conn *c, uint64_t now, const uint8_t *frame, size_t len);

/* ---- Deadlines ------------------------------------------------------------------------------ */

/*
 * Any byte received is life: it puts off the next ping and both timeouts. A pong counts for the
 * round trip alone. When our Close is sent there are no more pings, and close_timeout runs from the
 * first of: our Close, the peer's, a failure.
 */
typedef enum wsp_conn_task {
    WSP_TASK_NONE,
    WSP_TASK_PING,  /* send one: wsp_conn_ping */
    WSP_TASK_DEAD,  /* pong or idle timeout: the peer is gone. Close TCP (no Close would arrive) and
                       call wsp_conn_end_of_stream */
    WSP_TASK_CLOSE, /* close timeout: close TCP and call wsp_conn_end_of_stream */
} wsp_conn_task;

/* When to call wsp_conn_due again, if nothing is received or sent before; WSP_NEVER = not at all.
 */
WSP_API uint64_t wsp_conn_deadline(const wsp_conn *c);

/* What is to be done at `now`. NONE before wsp_conn_deadline, something from then on. */
WSP_API wsp_conn_task wsp_conn_due(const wsp_conn *c, uint64_t now);

/*
 * Make the keepalive ping: 8 bytes of payload that count up, so that its pong tells the round trip.
 * Returns its size, at most WSP_CONTROL_FRAME_MAX; errors as wsp_conn_send.
 */
WSP_API int wsp_conn_ping(wsp_conn *c, uint64_t now, const uint8_t *masking_key, uint8_t *out,
                          size_t size);

#ifdef __cplusplus
}
#endif

#endif
