/*
 * Two sides that talk: what one sends, compressed or not, whole or in fragments, and how the other
 * takes it in. Each buffer is exactly as large as the headers ask for.
 */
#ifndef WSKIT_FUZZ_TALK_H
#define WSKIT_FUZZ_TALK_H

#include "check.h"
#include "tap.h"

#include <wsproto/conn.h>
#include <wsproto/deflate.h>
#include <wsproto/error.h>

#include <string.h>

/* Bytes that are sent and not delivered yet, at most; and of the frames that a compressed message
 * is sent in. */
enum { WIRE = 1 << 16, PIECE = 500 };

typedef struct side {
    wsp_conn conn;
    wsp_inflater *inflater;
    wsp_deflater *deflater;
    uint8_t *wire, *spare; /* of WIRE bytes: sent and not delivered yet; being delivered */
    size_t wire_len;
    tap tap;              /* on what it sends */
    wsp_inflater *tapped; /* the tap's */
    bool compressing;     /* the message being sent is compressed, in fragments */
    wsp_utf8 utf8;        /* where its text ends */
    bool forging;         /* a forged message is open */
    bool lied;            /* bytes were put into what it sends */
    content sending;      /* the message being sent */
    uint64_t longest;     /* of the compressed messages that it sent, begun ones too */
    uint64_t said, heard; /* messages and control frames, as sent and as received */
    content message;      /* what came of the message being received */
} side;

/* How bytes come in. */
typedef struct way {
    size_t piece; /* in pieces of at most so many bytes; 0 = all at once */
    size_t room;  /* for payload; 0 = it is unmasked in place, which no inflater allows */
    bool as_is;   /* a client with room 0 takes payload where it lies, and gives no room at all */
} way;

typedef struct world {
    side sides[2];
    way way;
    uint32_t chance;
    uint64_t now;
    uint64_t log; /* of all that can be seen of both, in a form that the way does not change */
    bool talking; /* all memory has been taken */
    bool honest;  /* nobody may lie */
} world;

static const uint8_t key[4] = {0x37, 0xfa, 0x21, 0x3d};

static void note_message(uint64_t *log, uint8_t opcode, bool compressed, content c)
{
    note(log, opcode);
    note(log, compressed);
    note(log, c.len);
    note(log, c.hash);
}

static void note_control(uint64_t *log, uint8_t opcode, const uint8_t *payload, size_t len)
{
    content c = {0};
    add(&c, payload, len);
    note_message(log, opcode, false, c);
}

static side *peer_of(world *w, const side *s)
{
    return s == &w->sides[0] ? &w->sides[1] : &w->sides[0];
}

static uint8_t *buffer(size_t size)
{
    uint8_t *memory = malloc(size ? size : 1);
    CHECK(memory);
    return memory;
}

static void *take_memory(void *user, size_t size)
{
    CHECK(!((const world *)user)->talking);
    return buffer(size);
}

static void give_memory(void *user, void *memory)
{
    (void)user;
    free(memory);
}

static void check_side(world *w, const side *s)
{
    const wsp_conn *c = &s->conn;
    uint64_t deadline = wsp_conn_deadline(c);
    CHECK((wsp_conn_due(c, w->now) != WSP_TASK_NONE) == (deadline <= w->now));
    if (c->ended)
        CHECK(wsp_conn_get_tcp(c) == WSP_TCP_CLOSE && deadline == WSP_NEVER);
    if (c->ended || (c->close_sent && (c->close_received || c->failed)))
        CHECK(wsp_conn_get_state(c) == WSP_STATE_CLOSED);
    if (c->close_sent)
        CHECK(wsp_conn_get_state(c) != WSP_STATE_OPEN);
    note(&w->log, deadline);
    note(&w->log, wsp_conn_get_state(c));
    note(&w->log, wsp_conn_get_tcp(c));
}

/* ---- Sending ------------------------------------------------------------------------------- */

/* A frame was made of *a: what it says is noted, and it is on its way. */
static void sent(side *s, const asked *a, const uint8_t *frame, size_t len)
{
    tap_read(&s->tap, a, frame, len);
    CHECK(len <= WIRE - s->wire_len);
    memcpy(s->wire + s->wire_len, frame, len);
    s->wire_len += len;
    if (wsp_opcode_is_control(a->opcode)) {
        note_control(&s->said, a->opcode, a->payload, a->len);
        return;
    }
    if (a->opcode != WSP_OPCODE_CONTINUATION)
        s->sending = (content){0};
    add(&s->sending, a->payload, a->len);
    if (a->compressed && s->sending.len > s->longest)
        s->longest = s->sending.len;
    if (!a->more)
        note_message(&s->said, s->tap.opcode, a->compressed, s->sending);
}

static void check_refused(const side *s, const wsp_conn *before, int64_t n)
{
    CHECK(n < 0 && memcmp(before, &s->conn, sizeof *before) == 0);
}

/* In one piece, with exactly the room that it needs. */
static int64_t send_whole(world *w, side *s, const wsp_conn_frame *f, uint8_t **frame)
{
    int64_t n = wsp_conn_send(&s->conn, w->now, f, NULL, 0);
    if (n != WSP_ERR_SPACE)
        return n;
    size_t size = 2 + f->len + (f->len > 125 ? 2 : 0);
    if (s->conn.options.role == WSP_CLIENT)
        size += sizeof key;
    *frame = buffer(size);
    CHECK(wsp_conn_send(&s->conn, w->now, f, *frame, size - 1) == WSP_ERR_SPACE);
    CHECK(wsp_conn_send(&s->conn, w->now, f, *frame, size) == (int64_t)size);
    return (int64_t)size;
}

/* Header and payload apart. */
static int64_t send_parts(world *w, side *s, const wsp_conn_frame *f, uint8_t **frame)
{
    uint8_t header[WSP_FRAME_HEADER_MAX], *payload = buffer(f->len);
    wsp_conn_frame here = *f;
    here.payload = payload;
    if (f->len)
        memcpy(payload, f->payload, f->len);
    bool client = s->conn.options.role == WSP_CLIENT;
    int64_t n = wsp_conn_send_header(&s->conn, w->now, &here, header, client ? payload : NULL);
    if (n > 0) {
        *frame = buffer((size_t)n + f->len);
        memcpy(*frame, header, (size_t)n);
        if (f->len)
            memcpy(*frame + n, payload, f->len);
        n += (int64_t)f->len;
    }
    free(payload);
    return n;
}

/* *f was made of *a. Sent, or refused: then nothing has changed. */
static bool send_frame(world *w, side *s, const wsp_conn_frame *f, const asked *a)
{
    wsp_conn before = s->conn;
    uint8_t *frame = NULL;
    int64_t n = f->len % 2 ? send_parts(w, s, f, &frame) : send_whole(w, s, f, &frame);
    if (n > 0) {
        CHECK(!before.close_sent && !before.ended);
        sent(s, a, frame, (size_t)n);
    } else {
        check_refused(s, &before, n);
    }
    free(frame);
    return n > 0;
}

static void send(world *w, side *s, const asked *a)
{
    wsp_conn_frame f = {a->opcode, a->more, false, key, a->payload, a->len};
    send_frame(w, s, &f, a);
}

/* A whole compressed message. */
static void send_deflated(world *w, side *s, const asked *a)
{
    wsp_conn before = s->conn;
    wsp_conn_frame f = {a->opcode, false, false, key, a->payload, a->len};
    size_t size = wsp_deflate_bound(s->deflater, a->len) + WSP_FRAME_HEADER_MAX;
    uint8_t *frame = buffer(size);
    int64_t n = wsp_conn_send_deflated(&s->conn, w->now, &f, frame, size - 1);
    check_refused(s, &before, n);
    if (n == WSP_ERR_SPACE) {
        n = wsp_conn_send_deflated(&s->conn, w->now, &f, frame, size);
        CHECK(n > 0);
        sent(s, a, frame, (size_t)n);
    }
    free(frame);
}

/* Is it this fragment's turn, and is its text good? What was compressed must be sent. */
static bool may_send(side *s, const asked *a)
{
    const wsp_conn *c = &s->conn;
    bool begins = a->opcode != WSP_OPCODE_CONTINUATION;
    if (c->ended || c->close_sent || c->failed || begins == (c->sending != 0))
        return false;
    wsp_utf8 utf8 = begins ? (wsp_utf8){0} : s->utf8;
    if ((begins ? a->opcode : c->sending) == WSP_OPCODE_TEXT &&
        (wsp_utf8_feed(&utf8, a->payload, a->len) != a->len || !(a->more || wsp_utf8_done(&utf8))))
        return false;
    s->utf8 = utf8;
    return true;
}

/* What goes on with a message, or begins one that will go on, compressed by the caller: in as many
 * frames as it takes. */
static void send_deflated_part(world *w, side *s, asked a)
{
    if (!may_send(s, &a))
        return;
    const uint8_t *in = a.payload;
    size_t left = a.len;
    bool end = !a.more, begins = a.opcode != WSP_OPCODE_CONTINUATION;
    s->compressing = a.more;
    for (int status = 1; status == 1;) {
        uint8_t *out = buffer(PIECE);
        size_t used = left, len = PIECE;
        status = wsp_deflate(s->deflater, in, &used, end, out, &len);
        CHECK(used <= left && len <= PIECE && (status == 1 || used == left));
        in += used, left -= used;
        a.more = !end || status == 1;
        wsp_conn_frame f = {a.opcode, a.more, begins, key, out, len};
        CHECK(send_frame(w, s, &f, &a));
        a = (asked){.opcode = WSP_OPCODE_CONTINUATION, .compressed = true}; /* it is noted */
        begins = false;
        free(out);
    }
}

/* The same bytes for many connections, compressed or not; only a server's. */
static void send_shared(world *w, side *s, uint8_t number, const uint8_t *payload, size_t len)
{
    wsp_conn before = s->conn;
    asked a = {.opcode = number >> 4, .payload = payload, .len = len};
    wsp_conn_frame f = {a.opcode, false, false, NULL, payload, len};
    uint8_t out[512], frame[sizeof out + WSP_FRAME_HEADER_MAX];
    bool data = f.opcode == WSP_OPCODE_TEXT || f.opcode == WSP_OPCODE_BINARY;
    if (s->conn.options.compress_alone && data && len % 2 && may_send(s, &a)) {
        size_t out_len = sizeof out;
        CHECK(wsp_deflate(s->deflater, payload, &len, true, out, &out_len) == 0);
        a.compressed = f.compressed = true;
        f.payload = out;
        f.len = out_len;
    }
    int64_t n = wsp_conn_shared_encode(&f, frame, sizeof frame);
    if (n <= 0)
        return;
    int status = wsp_conn_shared_send(&s->conn, w->now, frame, (size_t)n);
    if (status == WSP_OK)
        sent(s, &a, frame, (size_t)n);
    else
        check_refused(s, &before, status);
}

/* ---- Receiving ----------------------------------------------------------------------------- */

static const uint32_t limits = WSP_V_LIMIT_FRAME | WSP_V_LIMIT_MESSAGE | WSP_V_LIMIT_FRAGMENTS |
                               WSP_V_LIMIT_INFLATED | WSP_V_LIMIT_RATIO;

static void take_data(side *s, const wsp_conn_event *ev)
{
    const wsp_message_rules *rules = &s->conn.options.message;
    if (ev->first)
        s->message = (content){0};
    CHECK(ev->offset == s->message.len);
    CHECK(s->conn.options.message.inflater || !ev->compressed);
    add(&s->message, ev->data, ev->len);
    uint64_t limit = ev->compressed ? rules->max_inflated : rules->max_message;
    CHECK(limit == 0 || s->message.len <= limit);
    if (ev->last)
        note_message(&s->heard, ev->opcode, ev->compressed, s->message);
}

/* Who did not lie may exceed a limit, and then it did. */
static void check_failure(const side *s, const side *peer, const wsp_conn_event *ev)
{
    const wsp_conn_options *o = &s->conn.options;
    CHECK(ev->code == wsp_violation_close_code(ev->violations));
    if (peer->lied)
        return;
    CHECK(ev->violations && (ev->violations & ~limits) == 0);
    if (ev->violations & WSP_V_LIMIT_INFLATED)
        CHECK(o->message.max_inflated && peer->longest > o->message.max_inflated);
    if (ev->violations & WSP_V_LIMIT_RATIO)
        CHECK(o->message.max_ratio && peer->longest >= 1024);
    if (ev->violations & WSP_V_LIMIT_FRAME)
        CHECK(o->max_frame);
    if (ev->violations & WSP_V_LIMIT_MESSAGE)
        CHECK(o->message.max_message);
    if (ev->violations & WSP_V_LIMIT_FRAGMENTS)
        CHECK(o->message.max_fragments);
}

static void note_event(world *w, const side *s, const wsp_conn_event *ev)
{
    uint64_t *log = &w->log;
    note(log, (uint64_t)(s - w->sides));
    note(log, ev->type);
    note(log, ev->code);
    note(log, ev->violations);
    note(log, ev->at);
    note(log, ev->answer ? ev->round_trip + 1 : 0);
    note_bytes(log, ev->data, ev->len);
    note(log, ev->reply.opcode);
    note_bytes(log, ev->reply.payload, ev->reply.len);
}

static void note_heard(side *s, const wsp_conn_event *ev)
{
    uint8_t close[WSP_CONTROL_PAYLOAD_MAX] = {(uint8_t)(ev->code >> 8), (uint8_t)ev->code};
    size_t code_len = ev->code == 1005 ? 0 : 2;
    if (ev->type == WSP_CONN_PING)
        note_control(&s->heard, WSP_OPCODE_PING, ev->data, ev->len);
    if (ev->type == WSP_CONN_PONG)
        note_control(&s->heard, WSP_OPCODE_PONG, ev->data, ev->len);
    if (ev->type != WSP_CONN_CLOSE)
        return;
    if (ev->len)
        memcpy(close + code_len, ev->data, ev->len);
    note_control(&s->heard, WSP_OPCODE_CLOSE, close, code_len + ev->len);
}

/* Unless our Close was sent: a ping is answered by its payload, a Close by its code alone, a
 * failure by a Close that has its code. */
static void check_proposal(const side *s, const wsp_conn_event *ev)
{
    const wsp_conn_proposal *p = &ev->reply;
    bool closing = ev->type == WSP_CONN_CLOSE || ev->type == WSP_CONN_FAILURE;
    uint8_t opcode = closing ? WSP_OPCODE_CLOSE : ev->type == WSP_CONN_PING ? WSP_OPCODE_PONG : 0;
    CHECK(p->opcode == (s->conn.close_sent ? 0 : opcode));
    if (p->opcode == WSP_OPCODE_PONG)
        CHECK(p->len == ev->len && (p->len == 0 || memcmp(p->payload, ev->data, ev->len) == 0));
    if (p->opcode != WSP_OPCODE_CLOSE)
        return;
    CHECK(ev->type == WSP_CONN_FAILURE || p->len == (ev->code == 1005 ? 0 : 2));
    CHECK(ev->code == 1005 || p->payload[0] << 8 == (ev->code & 0xff00));
    CHECK(ev->code == 1005 || p->payload[1] == (ev->code & 0xff));
}

/* What is proposed may be sent. */
static void reply(world *w, side *s, const wsp_conn_event *ev)
{
    check_proposal(s, ev);
    asked a = {.opcode = ev->reply.opcode, .payload = ev->reply.payload, .len = ev->reply.len};
    uint8_t *frame = buffer(WSP_CONTROL_FRAME_MAX);
    int n = wsp_conn_reply(&s->conn, w->now, ev, key, frame, WSP_CONTROL_FRAME_MAX);
    CHECK(a.opcode ? n > 0 : n == 0);
    if (n > 0)
        sent(s, &a, frame, (size_t)n);
    free(frame);
}

static void take(world *w, side *s, const wsp_conn_event *ev)
{
    if (ev->type == WSP_CONN_DATA) {
        take_data(s, ev);
        if (ev->last)
            note_message(&w->log, ev->opcode, ev->compressed, s->message);
    } else {
        note_event(w, s, ev);
        note_heard(s, ev);
    }
    if (ev->type == WSP_CONN_FAILURE)
        check_failure(s, peer_of(w, s), ev);
    reply(w, s, ev);
}

/* One call. Its input and its room are of exactly their size and gone afterwards. Returns how many
 * bytes it consumed, and whether there was an event. */
static size_t receive(world *w, side *s, const uint8_t *bytes, size_t len, bool *event)
{
    uint8_t *in = buffer(len), *apart = buffer(w->way.room), *out = apart;
    size_t room = w->way.room;
    bool copies = room > 0;
    if (len)
        memcpy(in, bytes, len);
    if (!copies) {
        CHECK(!s->inflater);
        out = s->conn.options.role == WSP_CLIENT && w->way.as_is ? NULL : in;
        room = len;
    }
    bool reading = !s->conn.ended && !s->conn.failed && !s->conn.close_received;
    size_t held = s->conn.held;
    wsp_conn_event ev;
    if (reading && held > 1) /* what is held comes again, all of it */
        CHECK(wsp_conn_receive(&s->conn, w->now, in, held - 1, out, room, &ev) == 0 &&
              ev.type == WSP_CONN_NONE);
    size_t n = wsp_conn_receive(&s->conn, w->now, in, len, out, room, &ev);
    CHECK(n <= len);
    CHECK(len == 0 || s->conn.heard == w->now); /* any byte is life */
    *event = ev.type != WSP_CONN_NONE;
    if (*event) {
        CHECK(n > 0 || ev.len > 0);
        CHECK(ev.type != WSP_CONN_DATA || !copies || ev.len == 0 ||
              (ev.data == out && ev.len <= room));
        CHECK(memcmp(in + n, bytes + n, len - n) == 0);
        take(w, s, &ev);
    } else {
        CHECK(n == len);
    }
    free(in);
    free(apart);
    return n;
}

static uint32_t chance(world *w)
{
    w->chance = w->chance * 1664525 + 1013904223;
    return w->chance >> 24;
}

/* How many more bytes have come in, of `left`. */
static size_t next_piece(world *w, size_t left)
{
    size_t piece = w->way.piece ? 1 + chance(w) % w->way.piece : left;
    return piece < left ? piece : left;
}

/* Deliver what s has sent. More may come in before the peer has dealt with what is there. */
static void deliver(world *w, side *s)
{
    side *to = peer_of(w, s);
    uint8_t *bytes = s->wire;
    size_t len = s->wire_len, used = 0;
    s->wire = s->spare;
    s->spare = bytes;
    s->wire_len = 0;
    bool event = true;
    for (size_t have = 0; event || have < len;) {
        if (!event || chance(w) % 4 == 0)
            have += next_piece(w, len - have);
        used += receive(w, to, bytes + used, have - used, &event);
    }
    CHECK(used == len);
    if (!s->lied && !to->conn.ended && !to->conn.failed)
        CHECK(s->said == to->heard);
}

#endif
