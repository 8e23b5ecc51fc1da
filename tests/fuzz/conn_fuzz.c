/*
 * A client and a server talk; the input says what each of them does next, and may put any bytes
 * into the stream. What they say to each other is legal, whatever they are asked for; events do not
 * depend on how the bytes are cut and on the room for payload; states and deadlines agree.
 *
 * Input: settings (limits, cuts, timeouts), then actions, two bytes each and what they need: the
 * side and what it does, and a number.
 */
#include "check.h"

#include <wsproto/conn.h>
#include <wsproto/error.h>

#include <string.h>

enum { LIMIT, ROOM, CUTS, TIMES, SETTINGS };

typedef enum action {
    SEND_TEXT,
    SEND_BINARY,
    SEND_CONTINUATION,
    SEND_PING,
    SEND_PONG,
    SEND_CLOSE,
    SEND_SHARED,
    DELIVER,
    INJECT,
    PASS_TIME,
    END,
    ACTIONS
} action;

typedef struct side {
    wsp_conn conn;
    uint8_t wire[1 << 14]; /* sent, and not delivered yet */
    size_t wire_len;
    uint64_t message; /* what came of the open message */
    bool lied;        /* bytes were put into what it sends */
} side;

typedef struct world {
    side sides[2];
    const uint8_t *settings;
    bool in_pieces;
    uint64_t now;
    uint64_t log; /* of all events of both sides, in a form that the cuts do not change */
} world;

static const uint8_t key[4] = {0x37, 0xfa, 0x21, 0x3d};

static void note(uint64_t *log, uint64_t value)
{
    *log = (*log ^ value) * UINT64_C(0x100000001b3);
    *log ^= *log >> 29;
}

static void note_bytes(uint64_t *log, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        note(log, bytes[i]);
}

static side *peer_of(world *w, const side *s)
{
    return s == &w->sides[0] ? &w->sides[1] : &w->sides[0];
}

static void check_side(const world *w, const side *s)
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
}

/* Sent, or refused: then nothing has changed. */
static void sent(side *s, const wsp_conn *before, int64_t n)
{
    if (n > 0)
        s->wire_len += (size_t)n;
    else
        CHECK(memcmp(before, &s->conn, sizeof *before) == 0);
    CHECK(s->wire_len <= sizeof s->wire);
}

static size_t room_of(const side *s)
{
    return sizeof s->wire - s->wire_len;
}

static void send(world *w, side *s, uint8_t opcode, uint8_t number, const uint8_t *payload,
                 size_t len)
{
    wsp_conn before = s->conn;
    wsp_conn_frame f = {opcode, number >> 7, false, key, payload, len};
    int64_t n = wsp_conn_send(&s->conn, w->now, &f, s->wire + s->wire_len, room_of(s));
    sent(s, &before, n);
    if (n > 0)
        CHECK(!before.close_sent && !before.ended);
}

static void send_shared(world *w, side *s, uint8_t number, const uint8_t *payload, size_t len)
{
    wsp_conn before = s->conn;
    wsp_conn_frame f = {number >> 4, false, false, NULL, payload, len};
    int64_t n = wsp_conn_shared_encode(&f, s->wire + s->wire_len, room_of(s));
    if (n > 0 && wsp_conn_shared_send(&s->conn, w->now, s->wire + s->wire_len, (size_t)n) == WSP_OK)
        sent(s, &before, n);
}

static void note_event(world *w, side *s, const wsp_conn_event *ev)
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

static void take(world *w, side *s, const wsp_conn_event *ev)
{
    if (ev->type != WSP_CONN_DATA) {
        note_event(w, s, ev);
    } else {
        if (ev->first)
            s->message = ev->opcode;
        note_bytes(&s->message, ev->data, ev->len);
        if (ev->last)
            note(&w->log, s->message);
    }
    bool limits = w->settings[LIMIT] != 0;
    CHECK(ev->type != WSP_CONN_FAILURE || limits || peer_of(w, s)->lied);
    wsp_conn before = s->conn;
    int n = wsp_conn_reply(&s->conn, w->now, ev, key, s->wire + s->wire_len, room_of(s));
    if (ev->reply.opcode == 0)
        CHECK(n == 0);
    sent(s, &before, n);
}

/* Feed one piece, from memory of exactly its size. */
static void feed(world *w, side *s, const uint8_t *bytes, size_t len)
{
    uint8_t *in = malloc(len ? len : 1);
    uint8_t out[256];
    CHECK(in);
    memcpy(in, bytes, len);
    size_t room = (size_t)w->settings[ROOM] + 1, used = 0;
    for (wsp_conn_event ev;;) {
        bool in_place = w->in_pieces && room > 200;
        size_t n = wsp_conn_receive(&s->conn, w->now, in + used, len - used,
                                    in_place ? in + used : out, in_place ? len - used : room, &ev);
        CHECK(n <= len - used);
        used += n;
        if (ev.type == WSP_CONN_NONE)
            break;
        CHECK(n > 0 || ev.len > 0);
        take(w, s, &ev);
    }
    CHECK(used == len);
    free(in);
}

/* Deliver what s has sent. */
static void deliver(world *w, side *s)
{
    uint8_t bytes[sizeof s->wire];
    size_t len = s->wire_len;
    memcpy(bytes, s->wire, len);
    s->wire_len = 0;
    uint32_t state = w->settings[CUTS];
    for (size_t at = 0; at < len;) {
        state = state * 1664525 + 1013904223;
        size_t piece = w->in_pieces ? 1 + (state >> 24) % (1 + w->settings[CUTS] / 4u) : len;
        if (piece > len - at)
            piece = len - at;
        feed(w, peer_of(w, s), bytes + at, piece);
        at += piece;
    }
}

static void end(world *w, side *s)
{
    wsp_conn_event ev, again;
    wsp_conn_end_of_stream(&s->conn, &ev);
    wsp_conn_end_of_stream(&s->conn, &again);
    CHECK(ev.code == again.code && ev.violations == again.violations && ev.clean == again.clean);
    CHECK(ev.code == 1006 || s->conn.close_received);
    take(w, s, &ev);
}

static void run_due(world *w, side *s)
{
    wsp_conn before = s->conn;
    wsp_conn_task task = wsp_conn_due(&s->conn, w->now);
    note(&w->log, task);
    if (task == WSP_TASK_PING) {
        int n = wsp_conn_ping(&s->conn, w->now, key, s->wire + s->wire_len, room_of(s));
        sent(s, &before, n);
    } else if (task != WSP_TASK_NONE) {
        end(w, s);
    }
}

static void act(world *w, side *s, action what, uint8_t number, const uint8_t *bytes, size_t len)
{
    static const uint8_t opcodes[] = {
        [SEND_TEXT] = WSP_OPCODE_TEXT,
        [SEND_BINARY] = WSP_OPCODE_BINARY,
        [SEND_CONTINUATION] = WSP_OPCODE_CONTINUATION,
        [SEND_PING] = WSP_OPCODE_PING,
        [SEND_PONG] = WSP_OPCODE_PONG,
        [SEND_CLOSE] = WSP_OPCODE_CLOSE,
    };
    if (room_of(s) < 2 * (255 + WSP_FRAME_HEADER_MAX))
        deliver(w, s);
    if (what <= SEND_CLOSE)
        send(w, s, opcodes[what], number, bytes, len);
    else if (what == SEND_SHARED)
        send_shared(w, s, number, bytes, len);
    else if (what == DELIVER)
        deliver(w, s);
    else if (what == PASS_TIME)
        w->now += number, run_due(w, s);
    else if (what == END)
        end(w, s);
    if (what == INJECT && len > 0) {
        memcpy(s->wire + s->wire_len, bytes, len);
        s->wire_len += len;
        s->lied = true;
    }
}

static void init(world *w, size_t i, wsp_role role)
{
    uint8_t limit = w->settings[LIMIT], times = w->settings[TIMES];
    wsp_conn_options options = {
        .role = role,
        .max_frame = limit & 15u,
        .message = {.max_message = limit >> 4, .max_fragments = limit & 3u},
        .ping_interval = times & 7u,
        .pong_timeout = times >> 2 & 7u,
        .idle_timeout = times >> 4 & 7u,
        .close_timeout = times >> 5,
    };
    wsp_conn_init(&w->sides[i].conn, &options, 0);
}

static uint64_t log_of(const uint8_t *data, size_t size, bool in_pieces)
{
    world w = {.settings = data, .in_pieces = in_pieces};
    init(&w, 0, WSP_CLIENT);
    init(&w, 1, WSP_SERVER);
    for (size_t at = SETTINGS; at + 2 <= size;) {
        side *s = &w.sides[data[at] >> 7];
        action what = (action)((data[at] & 127) % ACTIONS);
        uint8_t number = data[at + 1];
        at += 2;
        size_t len = what <= SEND_SHARED || what == INJECT ? number & 127u : 0;
        if (len > size - at)
            len = size - at;
        act(&w, s, what, number, data + at, len);
        at += len;
        check_side(&w, &w.sides[0]);
        check_side(&w, &w.sides[1]);
    }
    for (int i = 0; i < 3; i++) { /* a pong, or an echo, for whatever is on its way */
        deliver(&w, &w.sides[0]);
        deliver(&w, &w.sides[1]);
    }
    const wsp_conn *client = &w.sides[0].conn, *server = &w.sides[1].conn;
    bool lied = w.sides[0].lied || w.sides[1].lied;
    if (!lied && !client->ended && !server->ended && (client->close_sent || server->close_sent))
        CHECK(wsp_conn_get_state(client) == WSP_STATE_CLOSED &&
              wsp_conn_get_state(server) == WSP_STATE_CLOSED);
    return w.log;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < SETTINGS)
        return 0;
    CHECK(log_of(data, size, false) == log_of(data, size, true));
    return 0;
}
