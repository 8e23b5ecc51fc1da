/* Fails 04.6. The learner notes all three signs, but the deadline still comes from the input: a
 * client that sends text and answers no ping is given up for the wrong reason, and too late. */
#include "04_deadlines/listen.h" /* options, idle, listener */

enum { OUTBOX_MAX = 16, MESSAGE_MAX = 1 << 20 };

static const int64_t MS = 1000; /* times are microseconds of a clock that nobody sets back */

typedef struct entry {
    uint8_t opcode;
    GBytes *payload;
} entry;

typedef struct conn {
    unsigned id;
    GThread *reader;
    GMutex lock;   /* of all below; never held while sending or receiving */
    GCond changed; /* a frame came or left, or the end came */
    entry outbox[OUTBOX_MAX];
    unsigned put, taken;     /* frames ever put in, and taken out */
    const char *ended;       /* why no more is put in; NULL = it is open */
    int fd;                  /* -1 = all its threads are done */
    int unread;              /* the reader has left the socket */
    int64_t last[MEANINGS];  /* the last sign of life, by meaning */
    int64_t ping_at, pinged; /* when the next ping is due; when the last one left, 0 = answered */
    unsigned pings, answered;
    double rtt; /* round-trip time of the last ping that was answered, in ms */
} conn;

/* No more is put in, and no ping is due. `now` also wakes who waits in recv or send. */
static void outbox_end(conn *c, const char *why, bool now)
{
    g_mutex_lock(&c->lock);
    if (!c->ended) /* the first reason stays: the others follow from it */
        c->ended = why;
    if (now && c->fd >= 0)
        shutdown(c->fd, SHUT_RDWR);
    c->ping_at = INT64_MAX;
    g_cond_broadcast(&c->changed);
    g_mutex_unlock(&c->lock);
}

static void outbox_put(conn *c, uint8_t opcode, const void *data, size_t len)
{
    g_mutex_lock(&c->lock);
    while (c->put - c->taken == OUTBOX_MAX && !c->ended)
        g_cond_wait(&c->changed, &c->lock);
    if (!c->ended)
        c->outbox[c->put++ % OUTBOX_MAX] = (entry){opcode, g_bytes_new(data, len)};
    c->last[INPUT] = g_get_monotonic_time(); /* while we waited it was we who did not listen */
    g_cond_broadcast(&c->changed);
    g_mutex_unlock(&c->lock);
}

/*
 * Wait for a frame, the ticker or the read deadline, whichever comes first: one wait with an end,
 * no timer thread, nothing to stop. The deadline is a point in time that each sign of life moves,
 * so it is worked out before each wait. No payload = nothing will come.
 */
static entry outbox_take(conn *c)
{
    entry e = {0};
    g_mutex_lock(&c->lock);
    while (!e.payload && !(g_atomic_int_get(&c->unread) && c->put == c->taken)) {
        int64_t now = g_get_monotonic_time(),
                dead_at = c->last[idle == HEARTBEAT ? INPUT : idle] + options.read_ms * MS;
        if (now >= c->ping_at) {
            c->pings++; /* a ping says its number; its pong has to say it back (RFC 6455 5.5.3) */
            c->pinged = now;
            c->ping_at = now + options.ping_ms * MS;
            e = (entry){WSP_OPCODE_PING, g_bytes_new(&c->pings, sizeof c->pings)};
        } else if (c->put != c->taken) {
            e = c->outbox[c->taken++ % OUTBOX_MAX];
            c->last[OUTPUT] = wsp_opcode_is_control(e.opcode) ? c->last[OUTPUT] : now;
            g_cond_broadcast(&c->changed);
        } else if (now < dead_at) {
            if (c->ended)
                shutdown(c->fd, SHUT_WR); /* the last frame is sent: the client may close */
            g_cond_wait_until(&c->changed, &c->lock, MIN(c->ping_at, dead_at));
        } else {
            c->ended = c->ended ? c->ended : idle_ends[idle == HEARTBEAT ? INPUT : idle];
            shutdown(c->fd, SHUT_RDWR); /* wakes the reader */
            break;
        }
    }
    g_mutex_unlock(&c->lock);
    return e;
}

/* SO_SNDTIMEO is the write deadline: a send that can place no byte for so long fails, EAGAIN. */
static void *writer(void *data)
{
    conn *c = data;
    for (entry e; (e = outbox_take(c)).payload; g_bytes_unref(e.payload)) {
        uint8_t header[WSP_FRAME_HEADER_MAX];
        wsp_frame_header h = {.fin = 1, .opcode = e.opcode};
        const void *payload = g_bytes_get_data(e.payload, &h.payload_length);
        size_t size = (size_t)wsp_frame_header_encode(header, &h);
        if (!lesson_send(c->fd, header, size) || !lesson_send(c->fd, payload, h.payload_length))
            outbox_end(c, errno == EAGAIN ? "took nothing" : "cannot send", true);
    }
    return NULL;
}

/* Any byte is life, so any pong is. But a pong tells a round trip only if it answers our last ping:
 * one that nobody asked for is legal, and measures nothing. */
static void note_life(conn *c, const wsp_conn_event *ev)
{
    g_mutex_lock(&c->lock);
    int64_t now = c->last[INPUT] = g_get_monotonic_time();
    if (ev->type == WSP_CONN_PONG && c->pinged && ev->len == sizeof c->pings &&
        memcmp(ev->data, &c->pings, ev->len) == 0) {
        c->last[HEARTBEAT] = now;
        c->rtt = (double)(now - c->pinged) / 1000;
        c->answered++;
        c->pinged = 0;
    }
    g_mutex_unlock(&c->lock);
}

/* Decode what came in: messages go into the outbox, and what the protocol wants answered. */
static void answer(conn *c, wsp_conn *ws, GByteArray *message, uint8_t *in, size_t len)
{
    wsp_conn_event ev;
    do {
        size_t used = wsp_conn_receive(ws, 0, in, len, in, len, &ev);
        in += used, len -= used;
        note_life(c, &ev);
        if (ev.type == WSP_CONN_DATA)
            g_byte_array_append(message, ev.data, (guint)ev.len);
        if (ev.type == WSP_CONN_DATA && ev.last) {
            outbox_put(c, ev.opcode, message->data, message->len);
            g_byte_array_set_size(message, 0);
        } else if (ev.reply.opcode) { /* a pong, or our side of the close handshake */
            outbox_put(c, ev.reply.opcode, ev.reply.payload, ev.reply.len);
        }
        if (ev.reply.opcode == WSP_OPCODE_CLOSE)
            outbox_end(c, ev.type == WSP_CONN_CLOSE ? "closed" : "failed", false);
    } while (ev.type != WSP_CONN_NONE);
}

static void *reader(void *data)
{
    conn *c = data;
    wsp_conn ws;
    wsp_conn_options rules = {.role = WSP_SERVER, .message.max_message = MESSAGE_MAX};
    wsp_conn_init(&ws, &rules, 0);
    g_autoptr(GByteArray) in = g_byte_array_new(), message = g_byte_array_new();
    struct timeval limit = {options.write_ms / 1000, options.write_ms % 1000 * 1000L};
    setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (lesson_handshake(c->fd, in)) {
        c->last[INPUT] = c->last[OUTPUT] = c->last[HEARTBEAT] = g_get_monotonic_time();
        c->ping_at = c->last[INPUT] + options.ping_ms * MS;
        GThread *write = g_thread_new("writer", writer, c);
        ssize_t n = (ssize_t)in->len;
        g_byte_array_set_size(in, 4096);
        do
            answer(c, &ws, message, in->data, (size_t)n);
        while ((n = recv(c->fd, in->data, in->len, 0)) > 0);
        g_atomic_int_set(&c->unread, true);
        outbox_end(c, "lost", false);
        g_thread_join(write);
    }
    lesson_log(c->id, "ended: %s; %u pings, %u answered, round trip %.2f ms",
               c->ended ? c->ended : "refused", c->pings, c->answered, c->rtt);
    g_mutex_lock(&c->lock);
    close(c->fd), g_atomic_int_set(&c->fd, -1);
    g_mutex_unlock(&c->lock);
    return NULL;
}

static void conn_join(void *data)
{
    conn *c = data;
    g_thread_join(c->reader);
    g_mutex_clear(&c->lock), g_cond_clear(&c->changed);
    g_free(c);
}

int main(int argc, char **argv)
{
    start(argc, argv);
    g_autoptr(GPtrArray) conns = g_ptr_array_new_with_free_func(conn_join);
    for (int fd, id = 1; (fd = lesson_accept(listener)) >= 0; id++) {
        for (guint i = conns->len; i-- > 0;) /* those that ended since */
            if (g_atomic_int_get(&((conn *)conns->pdata[i])->fd) < 0)
                g_ptr_array_remove_index_fast(conns, i);
        conn *c = g_new0(conn, 1);
        c->id = (unsigned)id, c->fd = fd;
        g_mutex_init(&c->lock), g_cond_init(&c->changed);
        c->reader = g_thread_new("reader", reader, c);
        g_ptr_array_add(conns, c);
    }
    for (guint i = 0; i < conns->len; i++)
        outbox_end(conns->pdata[i], "stopped", true);
    close(listener); /* conns is freed last: conn_join waits for each */
}
