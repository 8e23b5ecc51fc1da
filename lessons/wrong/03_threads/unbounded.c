/*
 * Fails 03.5. The outbox has no bound: it takes what comes. The learner thinks of the queue as a
 * place that is always nearly empty. One client that does not read fills the server's memory.
 */
#include "03_threads/listen.h" /* policy, ping_ms, next_client */

static const wsp_conn_frame end = {0}; /* behind the last frame */

typedef struct conn {
    unsigned id;
    GThread *reader;
    GMutex lock;   /* of all below; held for a few instructions, never while sending */
    GCond changed; /* a frame came or left, or the end came */
    GQueue outbox; /* of wsp_conn_frame */
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

/* Is there something to wait for? Under the lock. */
static bool outbox_full(const conn *c)
{
    (void)c;
    return false;
}

/* Put in a copy, because the reader fills its buffer again before the writer comes to this frame.
 * What happens when the outbox is full, the policy says. */
static void outbox_put(conn *c, uint8_t opcode, const void *data, size_t len)
{
    bool first = false;
    g_mutex_lock(&c->lock);
    if (policy == BLOCK || wsp_opcode_is_control(opcode))
        while (outbox_full(c))
            g_cond_wait(&c->changed, &c->lock);
    if (outbox_full(c)) {
        first = c->dropped++ == 0;
    } else if (!c->ended) {
        wsp_conn_frame f = {.opcode = opcode, .payload = g_memdup2(data, len), .len = len};
        g_queue_push_tail(&c->outbox, g_memdup2(&f, sizeof f));
        c->put++;
        c->highest = MAX(c->highest, c->outbox.length);
        if (opcode == WSP_OPCODE_CLOSE)
            c->ended = "closed"; /* at once: not even a ping may slip in behind it */
        g_cond_broadcast(&c->changed);
    }
    g_mutex_unlock(&c->lock);
    if (first && policy == DROP_NEW)
        lesson_log(c->id, "outbox is full: new messages are dropped");
    if (first && policy == DISCONNECT)
        outbox_end(c, "too slow", true);
}

/* Take the oldest frame; wait for it if need be. */
static wsp_conn_frame outbox_take(conn *c)
{
    g_mutex_lock(&c->lock);
    while (!c->ended && c->outbox.length == 0)
        g_cond_wait(&c->changed, &c->lock);
    g_autofree wsp_conn_frame *f = g_queue_pop_head(&c->outbox);
    c->taken += f != NULL;
    g_cond_broadcast(&c->changed);
    g_mutex_unlock(&c->lock);
    return f ? *f : end;
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
            outbox_put(c, WSP_OPCODE_PING, NULL, 0);
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
