/*
 * A client and a server talk, with permessage-deflate or without; the input says what each of them
 * does next, and may put any bytes into the stream.
 *
 * What they send is read as what they were asked to send, by a tap on the wire and by the peer.
 * Events, replies, states and deadlines depend neither on how the bytes are cut nor on the room for
 * payload. Limits hold to the byte. All buffers are exactly as large as the headers ask for, and
 * all memory for compression is taken before the first byte.
 *
 * Input: settings, then actions, two bytes each and what they need: the side and what it does, and
 * a number.
 */
#include "talk.h"

#include <wsproto/mask.h>

/* One byte each. */
enum {
    LIMIT,    /* frame, message, fragments */
    ROOM,     /* for payload, less one */
    CUTS,     /* where the bytes are cut */
    TIMES,    /* intervals and timeouts */
    DEFLATE,  /* see below; 0 = none was agreed */
    WINDOWS,  /* bits of the client's and the server's window, less 8: 3 bits each; mem_level */
    INFLATED, /* at most 16 times as many bytes; 0 = no limit */
    RATIO,    /* at most; 0 = no limit */
    SETTINGS
};

/* In the setting DEFLATE. */
enum {
    AGREED = 1,
    CLIENT_FORGETS = 2, /* client_no_context_takeover */
    SERVER_FORGETS = 4,
    EXACT = 8, /* inflaters have the sender's window, not 15 bits. zlib does not look whether a
                  sender reaches back further than that, so nobody lies then */
    LEVEL = 16
};

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
    SEND_DEFLATED_TEXT,
    SEND_DEFLATED_BINARY,
    FORGE, /* a compressed message of any bytes */
    ACTIONS
} action;

/* In the number of an action. */
enum {
    MORE = 128,         /* fragments follow */
    LONG = 64,          /* the payload of a data message, so many times */
    LENGTH = 63,        /* bytes of the input that are its payload; of a control frame 127 */
    SHARED_LENGTH = 15, /* of a shared frame, whose opcode is in the upper bits */
    REPEATED = 32
};

/* A wire is delivered from so many bytes on: then what an action sends fits, and all answers. */
enum { HALF = 1 << 13 };

/* ---- Time, and the end --------------------------------------------------------------------- */

static void end(world *w, side *s)
{
    wsp_conn_event ev, again;
    wsp_conn_end_of_stream(&s->conn, &ev);
    wsp_conn_end_of_stream(&s->conn, &again);
    CHECK(ev.code == again.code && ev.violations == again.violations && ev.clean == again.clean);
    CHECK(ev.code == 1006 || s->conn.close_received);
    take(w, s, &ev);
}

static void keep_alive(world *w, side *s)
{
    wsp_conn before = s->conn;
    uint8_t *frame = buffer(WSP_CONTROL_FRAME_MAX);
    int n = wsp_conn_ping(&s->conn, w->now, key, frame, WSP_CONTROL_FRAME_MAX);
    CHECK(n > 0 && s->conn.pings_sent == before.pings_sent + 1);
    asked a = {.opcode = WSP_OPCODE_PING, .payload = s->conn.ping, .len = s->conn.ping_len};
    sent(s, &a, frame, (size_t)n);
    free(frame);
}

static void run_due(world *w, side *s)
{
    wsp_conn_task task = wsp_conn_due(&s->conn, w->now);
    note(&w->log, task);
    if (task == WSP_TASK_PING)
        keep_alive(w, s);
    else if (task != WSP_TASK_NONE)
        end(w, s);
}

/* ---- What is wrong ------------------------------------------------------------------------- */

static void inject(side *s, const uint8_t *bytes, size_t len)
{
    if (len == 0)
        return;
    memcpy(s->wire + s->wire_len, bytes, len);
    s->wire_len += len;
    s->lied = true;
}

/* A frame of a compressed message, right but for its payload. */
static void forge(side *s, uint8_t number, const uint8_t *bytes, size_t len)
{
    bool client = s->conn.options.role == WSP_CLIENT;
    uint8_t frame[WSP_FRAME_HEADER_MAX + LENGTH];
    wsp_frame_header h = {
        .fin = !(number & MORE),
        .rsv = s->forging ? 0 : WSP_RSV1,
        .opcode = s->forging        ? WSP_OPCODE_CONTINUATION
                  : (number & LONG) ? WSP_OPCODE_BINARY
                                    : WSP_OPCODE_TEXT,
        .masked = client,
        .payload_length = len,
    };
    memcpy(h.masking_key, key, sizeof key);
    int n = wsp_frame_header_encode(frame, &h);
    CHECK(n > 0);
    if (client)
        wsp_mask(frame + n, bytes, len, key, 0);
    else
        memcpy(frame + n, bytes, len);
    inject(s, frame, (size_t)n + len);
    s->forging = !h.fin;
}

/* ---- A conversation ------------------------------------------------------------------------ */

static void act_data(world *w, side *s, action what, uint8_t number, const uint8_t *bytes,
                     size_t len)
{
    static const uint8_t opcodes[ACTIONS] = {
        [SEND_TEXT] = WSP_OPCODE_TEXT,
        [SEND_BINARY] = WSP_OPCODE_BINARY,
        [SEND_CONTINUATION] = WSP_OPCODE_CONTINUATION,
        [SEND_DEFLATED_TEXT] = WSP_OPCODE_TEXT,
        [SEND_DEFLATED_BINARY] = WSP_OPCODE_BINARY,
    };
    static uint8_t payload[LENGTH * REPEATED];
    size_t times = number & LONG ? REPEATED : 1;
    for (size_t i = 0; i < times && len; i++)
        memcpy(payload + i * len, bytes, len);
    asked a = {
        .opcode = opcodes[what],
        .more = (number & MORE) != 0,
        .payload = payload,
        .len = len * times,
    };
    a.compressed = a.opcode == WSP_OPCODE_CONTINUATION ? s->compressing && s->conn.sending
                                                       : what >= SEND_DEFLATED_TEXT && s->deflater;
    if (a.compressed && (a.more || a.opcode == WSP_OPCODE_CONTINUATION))
        send_deflated_part(w, s, a);
    else if (a.compressed)
        send_deflated(w, s, &a);
    else
        send(w, s, &a);
}

static bool is_data(action what)
{
    return what <= SEND_CONTINUATION || what == SEND_DEFLATED_TEXT || what == SEND_DEFLATED_BINARY;
}

static void act(world *w, side *s, action what, uint8_t number, const uint8_t *bytes, size_t len)
{
    asked a = {.payload = bytes, .len = len};
    if (is_data(what)) {
        act_data(w, s, what, number, bytes, len);
        return;
    }
    switch (what) {
    case SEND_PING:
    case SEND_PONG:
    case SEND_CLOSE:
        a.opcode = what == SEND_PING   ? WSP_OPCODE_PING
                   : what == SEND_PONG ? WSP_OPCODE_PONG
                                       : WSP_OPCODE_CLOSE;
        a.more = (number & MORE) != 0; /* that is refused */
        send(w, s, &a);
        break;
    case SEND_SHARED: send_shared(w, s, number, bytes, len); break;
    case DELIVER: deliver(w, s); break;
    case PASS_TIME:
        w->now += number;
        run_due(w, s);
        break;
    case END: end(w, s); break;
    case INJECT:
        if (!w->honest)
            inject(s, bytes, len);
        break;
    case FORGE:
        if (!w->honest)
            forge(s, number, bytes, len);
        break;
    default: break;
    }
}

/* How many of the input's next bytes are the action's. */
static size_t length_of(action what, uint8_t number)
{
    if (is_data(what) || what == FORGE)
        return number & LENGTH;
    if (what == SEND_SHARED)
        return number & SHARED_LENGTH;
    return what <= SEND_CLOSE || what == INJECT ? number & 127u : 0;
}

static void agree_on_deflate(world *w, const uint8_t *settings, wsp_conn_options options[2])
{
    uint8_t deflate = settings[DEFLATE], windows = settings[WINDOWS];
    if (!(deflate & AGREED))
        return;
    w->honest = deflate & EXACT;
    wsp_mem mem = {take_memory, give_memory, w};
    int mem_level = 1 + (windows >> 6), level = 1 + (deflate / LEVEL) % 9;
    for (int i = 0; i < 2; i++) {
        side *from = &w->sides[i], *to = &w->sides[1 - i];
        uint8_t bits = (uint8_t)(8 + (windows >> 3 * i & 7));
        bool forgets = deflate & (i ? SERVER_FORGETS : CLIENT_FORGETS);
        from->deflater = wsp_deflater_new(bits, forgets, level, mem_level, &mem);
        from->tapped = wsp_inflater_new(15, false, &mem);
        to->inflater = wsp_inflater_new(deflate & EXACT ? bits : 15, forgets, &mem);
        CHECK(from->deflater && from->tapped && to->inflater);
        options[i].deflater = from->deflater;
        options[i].compress_alone = forgets;
        options[1 - i].message.inflater = to->inflater;
    }
}

static void init(world *w, const uint8_t *settings)
{
    static uint8_t wires[2][2][WIRE];
    uint8_t limit = settings[LIMIT], times = settings[TIMES];
    wsp_conn_options both = {
        .max_frame = limit & 15u,
        .message = {.max_message = limit >> 4,
                    .max_fragments = limit & 3u,
                    .max_inflated = settings[INFLATED] * UINT64_C(16),
                    .max_ratio = settings[RATIO]},
        .ping_interval = times & 7u,
        .pong_timeout = times >> 2 & 7u,
        .idle_timeout = times >> 4 & 7u,
        .close_timeout = times >> 5,
    };
    wsp_conn_options options[2] = {both, both};
    options[0].role = WSP_CLIENT;
    options[1].role = WSP_SERVER;
    agree_on_deflate(w, settings, options);
    w->talking = true;
    for (int i = 0; i < 2; i++) {
        side *s = &w->sides[i];
        wsp_conn_init(&s->conn, &options[i], 0);
        tap_init(&s->tap, i ? WSP_FROM_SERVER : WSP_FROM_CLIENT, s->tapped);
        s->wire = wires[i][0];
        s->spare = wires[i][1];
    }
}

static void check_end(world *w)
{
    for (int i = 0; i < 3; i++) { /* a pong, or an echo, for whatever is on its way */
        deliver(w, &w->sides[0]);
        deliver(w, &w->sides[1]);
    }
    const wsp_conn *client = &w->sides[0].conn, *server = &w->sides[1].conn;
    bool lied = w->sides[0].lied || w->sides[1].lied;
    if (!lied && !client->ended && !server->ended && (client->close_sent || server->close_sent))
        CHECK(wsp_conn_get_state(client) == WSP_STATE_CLOSED &&
              wsp_conn_get_state(server) == WSP_STATE_CLOSED);
}

static void finish(world *w)
{
    for (int i = 0; i < 2; i++) {
        side *s = &w->sides[i];
        wsp_deflater_free(s->deflater);
        wsp_inflater_free(s->inflater);
        wsp_inflater_free(s->tapped);
    }
}

static uint64_t log_of(const uint8_t *data, size_t size, way how)
{
    world w = {.way = how, .chance = data[CUTS]};
    init(&w, data);
    for (size_t at = SETTINGS; at + 2 <= size;) {
        side *s = &w.sides[data[at] >> 7];
        action what = (action)((data[at] & 127) % ACTIONS);
        uint8_t number = data[at + 1];
        at += 2;
        size_t len = length_of(what, number);
        if (len > size - at)
            len = size - at;
        for (int i = 0; i < 2; i++)
            if (w.sides[i].wire_len >= HALF)
                deliver(&w, &w.sides[i]);
        act(&w, s, what, number, data + at, len);
        at += len;
        check_side(&w, &w.sides[0]);
        check_side(&w, &w.sides[1]);
    }
    check_end(&w);
    finish(&w);
    return w.log;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < SETTINGS)
        return 0;
    bool agreed = data[DEFLATE] & AGREED;
    way whole = {0, 4096, false};
    way pieces = {1 + data[CUTS] / 4u, data[ROOM] + 1u, false};
    way little = {1 + data[CUTS] % 4u, agreed ? 1 + data[ROOM] % 4u : 0, data[ROOM] & 1};
    uint64_t log = log_of(data, size, whole);
    CHECK(log_of(data, size, pieces) == log);
    CHECK(log_of(data, size, little) == log);
    return 0;
}
