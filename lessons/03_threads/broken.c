/*
 * Lesson 03: many clients at once. Each connection has three threads, which end when it ends:
 *     client --> reader --+
 *                pinger --+--> outbox, 16 frames --> writer --> client
 * Only the writer sends frames; whoever wants one sent puts it into the outbox.
 */
#include "03_threads/listen.h" /* policy, ping_ms, next_client */

enum { OUTBOX_MAX = 16 };
static const wsp_conn_frame end; /* behind the last frame: all zero */

typedef struct conn {
    unsigned id;
    GThread *reader;
    GMutex lock;   /* of all below; held for a few instructions, never while sending */
    GCond changed; /* a frame came or left, or the end came */
    wsp_conn_frame outbox[OUTBOX_MAX];
    unsigned put, taken, dropped, highest; /* frames; highest = the most that were in it */
    const char *ended;                     /* why no more is put in; NULL = it is open */
    int fd;                                /* -1 = all its threads are done */
} conn;

/* No more is put in; what is in can be taken. `now` also wakes who waits in recv or send. */
static void outbox_end(conn *c, const char *why, bool now)
{
    g_mutex_lock(&c->lock);
    if (!c->ended) /* the first reason stays */
        c->ended = why;
    if (now && c->fd >= 0)
        shutdown(c->fd, SHUT_RDWR);
    g_cond_broadcast(&c->changed);
    g_mutex_unlock(&c->lock);
}

/* Put in a copy, because the reader fills its buffer again before the writer comes to this frame.
 * When the outbox is full, do as the policy says; control frames always wait for room. */
static void outbox_put(conn *c, uint8_t opcode, const void *data, size_t len)
{
    wsp_conn_frame f = {.opcode = opcode, .payload = g_memdup2(data, len), .len = len};
    bool wait = policy == BLOCK || wsp_opcode_is_control(opcode), first = false;
    g_mutex_lock(&c->lock);
    while (!c->ended && wait && c->put - c->taken == OUTBOX_MAX)
        g_cond_wait(&c->changed, &c->lock); /* in a loop: a wake-up is only a hint to look */
    if (!c->ended && c->put - c->taken < OUTBOX_MAX) {
        c->outbox[c->put++ % OUTBOX_MAX] = f;
        c->highest = MAX(c->highest, c->put - c->taken);
        if (opcode == WSP_OPCODE_CLOSE)
            c->ended = "closed"; /* at once: not even a ping may slip in behind it */
        g_cond_broadcast(&c->changed);
    } else {
        first = !c->ended && c->dropped++ == 0;
        g_free((void *)f.payload);
    }
    g_mutex_unlock(&c->lock);
    if (first && policy == DISCONNECT)
        outbox_end(c, "too slow", true);
    else if (first)
        lesson_log(c->id, "outbox is full: new messages are dropped");
}

/* Take the oldest frame; wait for it if need be. */
static wsp_conn_frame outbox_take(conn *c)
{
    g_mutex_lock(&c->lock);
    while (!c->ended && c->put == c->taken)
        g_cond_wait(&c->changed, &c->lock);
    wsp_conn_frame f = c->put == c->taken ? end : c->outbox[c->taken++ % OUTBOX_MAX];
    g_cond_broadcast(&c->changed);
    g_mutex_unlock(&c->lock);
    return f;
}

static void *writer(void *data)
{
    conn *c = data;
    for (wsp_conn_frame f; (f = outbox_take(c)).opcode; g_free((void *)f.payload)) {
        uint8_t header[WSP_FRAME_HEADER_MAX];
        wsp_frame_header h = {.fin = 1, .opcode = f.opcode, .payload_length = f.len};
        size_t size = (size_t)wsp_frame_header_encode(header, &h);
        if (!lesson_send(c->fd, header, size) || !lesson_send(c->fd, f.payload, f.len))
            outbox_end(c, "cannot send", true);
    }
    shutdown(c->fd, SHUT_WR); /* the last frame is sent: the client may close */
    return NULL;
}

/* A ping every --ping-ms. Between them it sleeps on the outbox, so that the end wakes it. */
static void *pinger(void *data)
{
    conn *c = data;
    for (bool open = true; open;) {
        int64_t until = g_get_monotonic_time() + ping_ms * G_TIME_SPAN_MILLISECOND;
        g_mutex_lock(&c->lock);
        while (!c->ended && g_cond_wait_until(&c->changed, &c->lock, until))
            continue;
        open = !c->ended;
        g_mutex_unlock(&c->lock);
        if (open)
            lesson_send(c->fd, "\x89", 2); /* an empty ping: 89 00 */
    }
    return NULL;
}

static void answer(conn *c, wsp_conn *ws, GByteArray *whole, const uint8_t *in, size_t len)
{
    uint8_t piece[4096];
    wsp_conn_event ev;
    do {
        size_t used = wsp_conn_receive(ws, 0, in, len, piece, sizeof piece, &ev);
        in += used, len -= used;
        if (ev.type == WSP_CONN_DATA)
            g_byte_array_append(whole, ev.data, (guint)ev.len);
        if (ev.type == WSP_CONN_DATA && ev.last)
            outbox_put(c, ev.opcode, whole->data, whole->len), g_byte_array_set_size(whole, 0);
        else if (ev.reply.opcode) /* a pong, or our side of the close handshake */
            outbox_put(c, ev.reply.opcode, ev.reply.payload, ev.reply.len);
    } while (ev.type != WSP_CONN_NONE);
}

/* Reads on behind a Close: to close a socket that holds unread bytes resets the connection. */
static void *reader(void *data)
{
    conn *c = data;
    wsp_conn ws;
    wsp_conn_init(&ws, &(wsp_conn_options){WSP_SERVER, .message = {.max_message = 1 << 20}}, 0);
    g_autoptr(GByteArray) in = g_byte_array_new(), whole = g_byte_array_new();
    if (lesson_handshake(c->fd, in)) {
        GThread *w = g_thread_new("writer", writer, c), *p = g_thread_new("pinger", pinger, c);
        uint8_t chunk[4096];
        answer(c, &ws, whole, in->data, in->len);
        for (ssize_t n; (n = recv(c->fd, chunk, sizeof chunk, 0)) > 0;)
            answer(c, &ws, whole, chunk, (size_t)n);
        outbox_end(c, "lost", false);
        g_thread_join(w), g_thread_join(p);
    }
    outbox_end(c, "refused", false);
    lesson_log(c->id, "ended: %s; %u frames sent, %u messages dropped, at most %u in the outbox",
               ws.failed ? "failed" : c->ended, c->taken, c->dropped, c->highest);
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
    for (int fd, id = 1; (fd = next_client()) >= 0; id++) {
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
