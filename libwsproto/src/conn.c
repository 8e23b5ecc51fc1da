/*
 * The receiving side of an endpoint, its states and deadlines. What is sent is conn_send.c's.
 * See conn.h for how it is used.
 */
#include "wsproto/conn.h"

#include "endpoint.h"
#include "wsproto/close.h"

#include <string.h>

#define CODE_NONE 1005     /* RFC 6455 7.1.5: the Close had no code */
#define CODE_ABNORMAL 1006 /* there was no Close */

void wsp_conn_init(wsp_conn *c, const wsp_conn_options *options, uint64_t now)
{
    memset(c, 0, sizeof *c);
    c->options = *options;
    wsp_frame_rules rules = {
        .sender = options->role == WSP_SERVER ? WSP_FROM_CLIENT : WSP_FROM_SERVER,
        .rsv_allowed = options->message.inflater ? WSP_RSV1 : 0,
        .max_payload = options->max_frame,
    };
    wsp_reader_init(&c->reader, &rules);
    wsp_message_init(&c->message, &options->message);
    c->close_code = CODE_ABNORMAL;
    c->heard = c->pinged = now;
}

/* ---- States --------------------------------------------------------------------------------- */

wsp_conn_state wsp_conn_get_state(const wsp_conn *c)
{
    if (c->ended)
        return WSP_STATE_CLOSED;
    if (c->failed)
        return c->close_sent ? WSP_STATE_CLOSED : WSP_STATE_FAILED;
    if (c->close_received)
        return c->close_sent ? WSP_STATE_CLOSED : WSP_STATE_CLOSE_RECEIVED;
    return c->close_sent ? WSP_STATE_CLOSE_SENT : WSP_STATE_OPEN;
}

wsp_conn_tcp wsp_conn_get_tcp(const wsp_conn *c)
{
    if (c->ended)
        return WSP_TCP_CLOSE;
    if (wsp_conn_get_state(c) != WSP_STATE_CLOSED)
        return WSP_TCP_KEEP;
    /* 7.1.1: the server closes first, so that TIME_WAIT stays with it; but whoever has failed the
     * connection does not wait for the other (7.1.7). */
    return c->failed || c->options.role == WSP_SERVER ? WSP_TCP_FINISH : WSP_TCP_KEEP;
}

static bool is_reading(const wsp_conn *c)
{
    return !c->close_received && !c->failed && !c->ended;
}

void wsp_conn_note_closing(wsp_conn *c, uint64_t now)
{
    if (!c->close_sent && !c->close_received && !c->failed)
        c->closing = now;
}

/* ---- Receiving ------------------------------------------------------------------------------ */

/* No frame may follow our Close (5.5.1): then nothing is proposed. */
static void propose(const wsp_conn *c, wsp_conn_event *ev, uint8_t opcode, size_t len)
{
    if (!c->close_sent)
        ev->reply = (wsp_conn_proposal){opcode, (uint8_t)len, c->control};
}

/* 7.1.7, Fail the WebSocket Connection. The reason is the sentence of the first broken rule. */
static void fail(wsp_conn *c, uint64_t now, uint32_t violations, uint64_t at, wsp_conn_event *ev)
{
    wsp_conn_note_closing(c, now);
    c->failed = true;
    ev->type = WSP_CONN_FAILURE;
    ev->violations = violations;
    ev->code = wsp_violation_close_code(violations);
    ev->at = at;
    const char *text = wsp_violation_first(violations)->text;
    int len = wsp_close_encode(c->control, sizeof c->control, ev->code, text, strlen(text));
    propose(c, ev, WSP_OPCODE_CLOSE, (size_t)len);
}

/* 5.5.1: the answer echoes the code; an empty Close is answered by an empty one. */
static void take_close(wsp_conn *c, uint64_t now, wsp_conn_event *ev)
{
    wsp_conn_note_closing(c, now);
    c->close_received = true;
    size_t code_len = c->control_len ? 2 : 0; /* the message layer refuses one byte */
    c->close_code = CODE_NONE;
    if (code_len)
        c->close_code = (uint16_t)(c->control[0] << 8 | c->control[1]);
    ev->type = WSP_CONN_CLOSE;
    ev->code = c->close_code;
    ev->data = c->control + code_len;
    ev->len = c->control_len - code_len;
    propose(c, ev, WSP_OPCODE_CLOSE, code_len);
}

static void take_ping(wsp_conn *c, uint64_t now, wsp_conn_event *ev)
{
    (void)now;
    ev->type = WSP_CONN_PING;
    propose(c, ev, WSP_OPCODE_PONG, c->control_len); /* 5.5.3: the same payload */
}

static void take_pong(wsp_conn *c, uint64_t now, wsp_conn_event *ev)
{
    ev->type = WSP_CONN_PONG;
    ev->answer = c->ping_open && c->control_len == c->ping_len &&
                 memcmp(c->control, c->ping, c->ping_len) == 0;
    if (!ev->answer) /* 5.5.3: nobody need ask for a pong */
        return;
    ev->round_trip = now > c->pinged ? now - c->pinged : 0;
    c->ping_open = false;
}

/* Collect a control frame's payload, which may come in pieces; give it when it is whole. */
static void take_control(wsp_conn *c, uint64_t now, const wsp_message_event *mev,
                         wsp_conn_event *ev)
{
    static void (*const take[])(wsp_conn *, uint64_t, wsp_conn_event *) = {
        [WSP_OPCODE_CLOSE] = take_close,
        [WSP_OPCODE_PING] = take_ping,
        [WSP_OPCODE_PONG] = take_pong,
    };
    if (mev->first)
        c->control_len = 0;
    if (mev->len && mev->data != c->control + c->control_len)
        memcpy(c->control + c->control_len, mev->data, mev->len);
    c->control_len = (uint8_t)(c->control_len + mev->len);
    if (!mev->last)
        return;
    ev->data = c->control;
    ev->len = c->control_len;
    take[mev->opcode](c, now, ev);
}

static void take_data(const wsp_message_event *mev, wsp_conn_event *ev)
{
    if (mev->len == 0 && !mev->first && !mev->last && !mev->more)
        return; /* e.g. the header of a fragment: nothing to tell */
    ev->type = WSP_CONN_DATA;
    ev->opcode = mev->opcode;
    ev->first = mev->first;
    ev->last = mev->last;
    ev->compressed = mev->compressed;
    ev->offset = mev->offset;
    ev->data = mev->data;
    ev->len = mev->len;
}

/* Where the caller wants payload. */
typedef struct room {
    uint8_t *out;
    size_t size;
    bool in_place;
} room;

/* What the message layer finds in payload. All else is known from a frame's header. */
static const uint32_t of_payload = WSP_V_CLOSE_CODE | WSP_V_CLOSE_UTF8 | WSP_V_TEXT_UTF8 |
                                   WSP_V_DEFLATE_DATA | WSP_V_LIMIT_INFLATED | WSP_V_LIMIT_RATIO;

/* Would a copy of this piece not fit? What is masked or compressed, the message layer cuts itself.
 */
static bool exceeds(const wsp_event *frame, const room *r)
{
    return !frame->frame->masked && !wsp_opcode_is_control(frame->frame->opcode) && !r->in_place &&
           r->size > 0 && frame->len > r->size;
}

/* Take the reader's event, if it broke no rule so far. Returns whether all of it is dealt with. */
static bool take_frame(wsp_conn *c, uint64_t now, const wsp_event *frame, const room *r,
                       wsp_conn_event *ev)
{
    bool control = wsp_opcode_is_control(frame->frame->opcode);
    uint64_t begin = frame->at;
    if (frame->type == WSP_EVENT_PAYLOAD)
        begin -= frame->offset + (uint64_t)wsp_frame_header_size(frame->frame);
    ev->at = begin;
    if (frame->violations) {
        fail(c, now, frame->violations, begin, ev);
        return true;
    }
    wsp_message_event mev;
    if (control) {
        size_t have = frame->offset ? c->control_len : 0;
        wsp_message_next(&c->message, frame, c->control + have, sizeof c->control - have, &mev);
    } else {
        wsp_message_next(&c->message, frame, r->out, r->size, &mev);
    }
    if (mev.data != r->out && !control && !r->in_place && mev.len <= r->size && mev.len > 0) {
        memcpy(r->out, mev.data, mev.len); /* not masked: the message layer did not need it */
        mev.data = r->out;
    }
    uint32_t by_header = mev.violations & ~of_payload, by_payload = mev.violations & of_payload;
    if (by_payload & ~WSP_V_DEFLATE_DATA) /* what was inflated comes from in front of wrong data */
        by_payload &= ~WSP_V_DEFLATE_DATA;
    if (by_header) /* known first: with fewer bytes at hand it would be all that is known */
        fail(c, now, by_header, begin, ev);
    else if (by_payload)
        fail(c, now, by_payload, mev.violation_at, ev);
    else if (control)
        take_control(c, now, &mev, ev);
    else
        take_data(&mev, ev);
    return !mev.more;
}

/*
 * One event of the reader, at most one of ours. When the message layer needs it again, because
 * there was no room, the reader steps back and the same bytes must come again (c->held of them):
 * nothing of the input has to be kept here, and nothing points to it.
 */
static size_t step(wsp_conn *c, uint64_t now, const uint8_t *in, size_t len, const room *r,
                   wsp_conn_event *ev)
{
    wsp_reader before = c->reader;
    wsp_event frame;
    size_t used = wsp_reader_next(&c->reader, in, c->held ? c->held : len, &frame);
    if (frame.type == WSP_EVENT_NONE)
        return used;
    if (c->held == 0 && exceeds(&frame, r)) { /* again, with fewer bytes */
        c->reader = before;
        used = wsp_reader_next(&c->reader, in, used - (frame.len - r->size), &frame);
    }
    room here = *r;
    if (r->in_place) {
        here.out += frame.data - in;
        here.size = frame.len;
    }
    bool done = take_frame(c, now, &frame, &here, ev);
    if (ev->type == WSP_CONN_FAILURE || ev->type == WSP_CONN_CLOSE)
        return len; /* what follows is dropped */
    if (!done)
        c->reader = before;
    c->held = done ? 0 : used;
    return done ? used : 0;
}

size_t wsp_conn_receive(wsp_conn *c, uint64_t now, const uint8_t *in, size_t len, uint8_t *out,
                        size_t size, wsp_conn_event *ev)
{
    *ev = (wsp_conn_event){0};
    if (len > 0) {
        c->heard = now;
        c->life_due = false;
    }
    if (!is_reading(c))
        return len;
    if (len < c->held)
        return 0;
    room r = {out, out ? size : 0, out && out == in};
    size_t used = 0;
    while (ev->type == WSP_CONN_NONE && used < len) {
        used += step(c, now, in + used, len - used, &r, ev);
        if (r.in_place)
            r.out = out + used;
    }
    if (ev->type == WSP_CONN_NONE)
        ev->at = 0;
    return used;
}

void wsp_conn_end_of_stream(wsp_conn *c, wsp_conn_event *ev)
{
    c->ended = true;
    *ev = (wsp_conn_event){
        .type = WSP_CONN_END,
        .code = c->close_code,
        .clean = c->close_sent && c->close_received,
        .violations = c->failed ? 0 : wsp_reader_end(&c->reader) | wsp_message_end(&c->message),
    };
}

/* ---- Deadlines ------------------------------------------------------------------------------ */

/* `time` + `span`, where a span of 0 is off; never wraps. */
static uint64_t after(uint64_t time, uint64_t span)
{
    return span == 0 || span >= WSP_NEVER - time ? WSP_NEVER : time + span;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t ping_at(const wsp_conn *c)
{
    if (wsp_conn_get_state(c) != WSP_STATE_OPEN)
        return WSP_NEVER;
    return after(c->heard > c->pinged ? c->heard : c->pinged, c->options.ping_interval);
}

static uint64_t dead_at(const wsp_conn *c)
{
    uint64_t silent = after(c->heard, c->options.idle_timeout);
    uint64_t unanswered = c->life_due ? after(c->life_since, c->options.pong_timeout) : WSP_NEVER;
    return c->ended ? WSP_NEVER : earlier(silent, unanswered);
}

static uint64_t close_at(const wsp_conn *c)
{
    bool closing = c->close_sent || c->close_received || c->failed;
    return closing && !c->ended ? after(c->closing, c->options.close_timeout) : WSP_NEVER;
}

uint64_t wsp_conn_deadline(const wsp_conn *c)
{
    return earlier(ping_at(c), earlier(dead_at(c), close_at(c)));
}

wsp_conn_task wsp_conn_due(const wsp_conn *c, uint64_t now)
{
    if (now == WSP_NEVER)
        return WSP_TASK_NONE;
    if (now >= close_at(c))
        return WSP_TASK_CLOSE;
    if (now >= dead_at(c))
        return WSP_TASK_DEAD;
    return now >= ping_at(c) ? WSP_TASK_PING : WSP_TASK_NONE;
}
