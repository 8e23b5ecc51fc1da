/* Fails 05.1. The learner tells all readers that the server stops, and then cuts the connections
 * without waiting: their Close and what was in their outboxes never leave. */
#include "05_shutdown/outbox.h" /* the outbox of lesson 04; server.h: options, ends, statistics */

enum { CLOSE_MS = 2000, STOP_MS = 4000 }; /* the longest wait for one client; for all */

typedef struct conn {
    unsigned id;
    int fd;
    outbox out;
    int open, unread; /* the handshake is done; the reader has left the socket */
} conn;

static struct {
    GMutex lock;       /* of all below; an outbox's may be taken inside it, never the reverse */
    GCond changed;     /* a connection has ended, or somebody is in a hurry */
    GHashTable *conns; /* the registry: a set of conn */
    unsigned opened, ended[ENDS], stops; /* stops: how often we were told to */
    int messages;                        /* atomic */
} server;
static int told[2]; /* a pipe: closing its writing end tells all readers that the server stops */
static GMainLoop *loop;

/* End it without good manners: who waits for the socket wakes up. */
static void cut(conn *c, end why)
{
    outbox_end(&c->out, why, 0);
    if (why == STUCK) /* or the kernel would keep for minutes what the client does not take */
        drop_unsent(c->fd);
    shutdown(c->fd, SHUT_RDWR);
}

/* Behind the last frame: a Close that says why, the end of our direction, and a while for the
 * client to end its own. A while only: nobody waits for ever for politeness. */
static void leave(conn *c)
{
    entry last = close_entry(&c->out);
    if (last.payload)
        entry_send(last, c->fd);
    shutdown(c->fd, SHUT_WR); /* sends a FIN when all is sent */
    outbox_wait(&c->out, &c->unread, CLOSE_MS);
    shutdown(c->fd, SHUT_RDWR); /* wakes the reader */
}

static void *writer(void *data)
{
    conn *c = data;
    for (entry e; (e = outbox_take(&c->out)).payload;)
        if (!entry_send(e, c->fd))
            cut(c, errno == EAGAIN ? STUCK : LOST);
    leave(c);
    return NULL;
}

/* Decode what came in: messages go into the outbox, and what the protocol wants answered. */
static void answer(conn *c, wsp_conn *ws, GByteArray *message, uint8_t *in, size_t len)
{
    wsp_conn_event ev;
    do {
        size_t used = wsp_conn_receive(ws, 0, in, len, in, len, &ev);
        in += used, len -= used;
        if (ev.type == WSP_CONN_DATA)
            g_byte_array_append(message, ev.data, (guint)ev.len);
        if (ev.type == WSP_CONN_DATA && ev.last) {
            outbox_put(&c->out, ev.opcode, message->data, message->len);
            g_byte_array_set_size(message, 0);
            g_atomic_int_inc(&server.messages);
        } else if (ev.type == WSP_CONN_PING) {
            outbox_put(&c->out, ev.reply.opcode, ev.reply.payload, ev.reply.len);
        } else if (ev.type == WSP_CONN_CLOSE || ev.type == WSP_CONN_FAILURE) {
            outbox_end(&c->out, ev.type == WSP_CONN_CLOSE ? CLIENT : RULE, ev.code);
        }
    } while (ev.type != WSP_CONN_NONE);
}

/* Read until the client ends its direction, behind a Close too: closing a socket that holds unread
 * bytes sends a reset, which destroys what the client has not received yet. The wait for bytes is
 * also one for the news that the server stops. What has arrived by then is still answered. */
static void read_all(conn *c, GByteArray *in)
{
    wsp_conn ws;
    wsp_conn_init(&ws, &decoder_rules, 0);
    g_autoptr(GByteArray) message = g_byte_array_new();
    struct pollfd wait[] = {{.fd = c->fd, .events = POLLIN}, {.fd = told[0]}};
    int rest = INT_MAX; /* bytes that are answered, once we know that the server stops */
    answer(c, &ws, message, in->data, in->len);
    for (g_byte_array_set_size(in, 4096);;) {
        if (rest <= 0)
            outbox_end(&c->out, STOPPED, 0);
        int ready = poll(wait, rest == INT_MAX ? 2 : 1, -1);
        if (ready > 0 && rest == INT_MAX && wait[1].revents)
            ready = ioctl(c->fd, FIONREAD, &rest);
        if (ready <= 0)
            continue; /* the news */
        ssize_t n = recv(c->fd, in->data, in->len, 0);
        if (n <= 0)
            return;
        outbox_alive(&c->out);
        answer(c, &ws, message, in->data, (size_t)n);
        rest -= rest == INT_MAX ? 0 : (int)n;
    }
}

/* Nothing of a dead connection lives on: no thread, no frame, no timer, no entry in a list. */
static void *reader(void *data)
{
    conn *c = data;
    g_autoptr(GByteArray) in = g_byte_array_new();
    set_limits(c->fd); /* for the handshake, and for each send */
    if (lesson_handshake(c->fd, in)) {
        g_atomic_int_set(&c->open, true);
        GThread *write = g_thread_new("writer", writer, c);
        read_all(c, in);
        g_atomic_int_set(&c->unread, true);
        outbox_end(&c->out, LOST, 0);
        g_thread_join(write);
    }
    outbox_end(&c->out, REFUSED, 0);
    end why = outbox_why(&c->out);
    lesson_log(c->id, "ended: %s, code %u", ends[why].word, c->out.code);
    g_mutex_lock(&server.lock);
    server.ended[why]++;
    g_hash_table_remove(server.conns, c);
    close(c->fd);
    g_cond_broadcast(&server.changed);
    g_mutex_unlock(&server.lock);
    outbox_clear(&c->out);
    g_free(c);
    return NULL;
}

/* With the server's lock: cut those that are not open yet, they have nothing to lose; or all. */
static void cut_all(bool open_too)
{
    GHashTableIter each;
    g_hash_table_iter_init(&each, server.conns);
    for (void *c; g_hash_table_iter_next(&each, &c, NULL);)
        if (open_too || !g_atomic_int_get(&((conn *)c)->open))
            cut(c, open_too ? FORCED : STOPPED);
}

/* GLib has no join with a deadline. But each connection that ends leaves the registry, and a wait
 * for that, on a condition variable, can have an end. */
static void wait_for_all(void)
{
    g_mutex_lock(&server.lock);
    cut_all(true);
    while (g_hash_table_size(server.conns) > 0)
        g_cond_wait(&server.changed, &server.lock);
    g_mutex_unlock(&server.lock);
}

static void *keeper(void *unused)
{
    g_mutex_lock(&server.lock); /* main has it until we listen */
    g_mutex_unlock(&server.lock);
    for (int fd; (fd = lesson_accept(listener)) >= 0;) {
        conn *c = g_new0(conn, 1);
        outbox_init(&c->out);
        g_mutex_lock(&server.lock);
        c->id = ++server.opened, c->fd = fd;
        g_hash_table_add(server.conns, c);
        if (server.stops > 0)
            cut(c, STOPPED);
        g_mutex_unlock(&server.lock);
        g_thread_unref(g_thread_new("reader", reader, c));
    }
    wait_for_all();
    g_main_loop_quit(loop);
    return unused;
}

static gboolean on_stop(G_GNUC_UNUSED void *unused)
{
    g_mutex_lock(&server.lock);
    if (server.stops++ == 0) {
        shutdown(listener, SHUT_RDWR); /* nobody new: lesson_accept gives -1 from now on */
        cut_all(true);
        close(told[1]); /* all readers wake up */
    }
    g_cond_broadcast(&server.changed); /* the second time there is a hurry */
    g_mutex_unlock(&server.lock);
    return G_SOURCE_CONTINUE;
}

static gboolean on_stats(G_GNUC_UNUSED void *unused)
{
    g_mutex_lock(&server.lock);
    log_stats(g_hash_table_size(server.conns), server.opened, g_atomic_int_get(&server.messages),
              server.ended);
    g_mutex_unlock(&server.lock);
    return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv)
{
    loop = g_main_loop_new(NULL, FALSE);
    server.conns = g_hash_table_new(NULL, NULL);
    g_unix_open_pipe(told, FD_CLOEXEC, NULL);
    g_unix_signal_add(SIGTERM, on_stop, NULL);
    g_unix_signal_add(SIGINT, on_stop, NULL);
    g_unix_signal_add(SIGUSR1, on_stats, NULL);
    g_mutex_lock(&server.lock);
    GThread *keeping = thread_without_signals("keeper", keeper);
    start(argc, argv);
    g_mutex_unlock(&server.lock);
    g_main_loop_run(loop);
    g_thread_join(keeping);
    on_stats(NULL); /* all have ended: "active 0" is the proof */
    return 0;
}
