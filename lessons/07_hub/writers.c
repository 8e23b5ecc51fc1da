/*
 * Given: the writers. Lesson 03 gave each client a writer of its own. With 1,000 clients in a room
 * each message would wake 1,000 threads, so here a few writers serve all: each connection still has
 * exactly one. A writer never waits for one client: it sends what the socket takes (MSG_DONTWAIT),
 * and comes back when there is room. All that waits for a client goes out in one sendmsg().
 */
#include "07_hub/writers.h"

#include "07_hub/rules.h"
#include "07_hub/settings.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WRITERS = 2 };

static const int64_t MS = 1000;

typedef struct writer {
    GThread *thread;
    int news;       /* an eventfd */
    GMutex lock;    /* of all below, and of conn.due */
    GCond idle;     /* it has tried to send all that it was woken for */
    GPtrArray *due; /* conns with something to do; referenced */
    bool woken, working, stopping;
    GPtrArray *watched; /* the thread's own: conns that wait for room, or for the client's end */
    GArray *fds;        /* ... and what it waits for */
} writer;

static writer writers[WRITERS];

void writers_note(conn *c)
{
    writer *w = c->writer;
    g_mutex_lock(&w->lock);
    if (!c->due)
        g_ptr_array_add(w->due, conn_ref(c));
    c->due = true;
    g_mutex_unlock(&w->lock);
}

/* ---- Sending ---- */

static int64_t in_ms(int64_t ms)
{
    return g_get_monotonic_time() + ms * MS;
}

/* So many bytes have gone. */
static void went(outbox *o, sending *s, size_t bytes)
{
    for (s->offset += bytes; s->first < s->count; outbox_sent(o, s->frames[s->first++])) {
        const size_t size = g_bytes_get_size(s->frames[s->first]);
        if (s->offset < size)
            return;
        s->offset -= size;
    }
}

static ssize_t send_rest(conn *c)
{
    struct iovec out[OUTBOX_PLACES] = {{0}};
    const sending *s = c->rest;
    int count = 0;
    for (unsigned i = s->first; i < s->count; i++, count++)
        out[count].iov_base = (void *)g_bytes_get_data(s->frames[i], &out[count].iov_len);
    out[0].iov_base = (char *)out[0].iov_base + s->offset;
    out[0].iov_len -= s->offset;
    return rules.send(c, out, count);
}

/* Send all that waits, as far as the socket takes it. False: it cannot be sent. */
static bool send_all(conn *c)
{
    while (c->rest || (c->rest = outbox_take(c))) {
        const ssize_t n = send_rest(c);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        const bool waited = c->waits;
        c->waits = n < 0 && errno == EAGAIN;
        if (c->waits && !waited)
            c->deadline = in_ms(options.write_ms);
        if (c->waits)
            return true;
        if (n > 0)
            went(&c->out, c->rest, (size_t)n);
        if (c->rest->first == c->rest->count)
            g_clear_pointer(&c->rest, g_free);
    }
    return true;
}

/* Closing the socket will throw away what is not sent yet, with a reset. */
static void drop_unsent(int fd)
{
    struct linger none = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

/* Send, and end our direction behind the last frame: if the outbox has ended before we look, its
 * Close is among them. */
static void serve(conn *c)
{
    uint16_t code;
    const bool ended = outbox_why(c, &code) != OPEN;
    if (!send_all(c)) {
        if (!atomic_load(&c->left)) /* once its reader knows, there is nothing more to do */
            conn_cut(c, LOST);
    } else if (c->waits && ended) {
        c->deadline = MIN(c->deadline, in_ms(CLOSE_MS)); /* a Close waits, but not for ever */
    } else if (!c->waits && !c->said_fin && ended) {
        if (atomic_load(&c->open)) /* before, it is its reader's, and it was cut */
            rules.finish(c);       /* a FIN goes out when all is sent */
        c->said_fin = true;        /* now the client has to */
        c->deadline = in_ms(CLOSE_MS);
    }
}

/* Its time is over: it took nothing, or did not end its direction. */
static void give_up(conn *c)
{
    if (c->waits)
        drop_unsent(c->fd); /* or the kernel would keep for minutes what the client does not take */
    conn_cut(c, STUCK);
    c->waits = c->said_fin = false;
}

/* ---- The thread ---- */

/* Who waits for something, and is not on the list, is put there; who does not any more leaves.
 * Where the reader has left, what the socket took at once was all: nobody waits for more. */
static void watch_or_not(writer *w, conn *c)
{
    const bool waits = (c->waits || c->said_fin) && !atomic_load(&c->left);
    if (waits && !c->watched)
        g_ptr_array_add(w->watched, conn_ref(c));
    const bool leaves = !waits && c->watched;
    c->watched = waits;
    if (leaves)
        g_ptr_array_remove_fast(w->watched, c);
}

/* Wait for news, room in a socket, or the next deadline. Who has room is served. */
static void wait_for_something(writer *w)
{
    const unsigned count = w->watched->len;
    g_array_set_size(w->fds, count + 1);
    struct pollfd *fds = (struct pollfd *)(void *)w->fds->data;
    int64_t next = INT64_MAX;
    fds[count] = (struct pollfd){.fd = w->news, .events = POLLIN};
    for (unsigned i = 0; i < count; i++) {
        const conn *c = w->watched->pdata[i];
        fds[i] = (struct pollfd){.fd = c->waits ? c->fd : -1, .events = POLLOUT};
        next = MIN(next, c->deadline);
    }
    const int64_t wait = (next - g_get_monotonic_time()) / MS + 1;
    poll(fds, count + 1, next == INT64_MAX ? -1 : (int)CLAMP(wait, 0, 60000));
    if (fds[count].revents)
        eventfd_read(w->news, &(eventfd_t){0});
    const int64_t now = g_get_monotonic_time();
    for (unsigned i = count; i-- > 0;) { /* from the end: one that leaves is replaced by the last */
        conn *c = w->watched->pdata[i];
        if (fds[i].revents)
            serve(c);
        else if (now >= c->deadline)
            give_up(c);
        watch_or_not(w, c);
    }
}

/* The conns that have something to do become ours. NULL: it is over. */
static GPtrArray *take_due(writer *w)
{
    GPtrArray *mine = NULL;
    g_mutex_lock(&w->lock);
    if (!w->stopping) {
        mine = w->due;
        w->due = g_ptr_array_new_with_free_func((GDestroyNotify)conn_unref);
        for (unsigned i = 0; i < mine->len; i++)
            ((conn *)mine->pdata[i])->due = false;
    }
    w->working = mine && mine->len > 0;
    w->woken = false;
    g_mutex_unlock(&w->lock);
    return mine;
}

static void *write_all(void *data)
{
    writer *w = data;
    for (GPtrArray *mine; (mine = take_due(w)); wait_for_something(w)) {
        for (unsigned i = 0; i < mine->len; i++) {
            serve(mine->pdata[i]);
            watch_or_not(w, mine->pdata[i]);
        }
        g_ptr_array_unref(mine);
        g_mutex_lock(&w->lock);
        w->working = false;
        g_cond_broadcast(&w->idle);
        g_mutex_unlock(&w->lock);
    }
    return NULL;
}

writer *writer_of(unsigned number)
{
    return &writers[number % WRITERS];
}

void writers_start(void)
{
    for (writer *w = writers; w < writers + WRITERS; w++) {
        w->news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        w->due = g_ptr_array_new_with_free_func((GDestroyNotify)conn_unref);
        w->fds = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
        w->watched = g_ptr_array_new_with_free_func((GDestroyNotify)conn_unref);
        w->thread = g_thread_new("writer", write_all, w);
    }
}

static void wake(writer *w)
{
    g_mutex_lock(&w->lock);
    const bool news = !w->woken && w->due->len > 0;
    w->woken = w->woken || news;
    g_mutex_unlock(&w->lock);
    if (news)
        eventfd_write(w->news, 1);
}

void writers_wake(void)
{
    for (writer *w = writers; w < writers + WRITERS; w++)
        wake(w);
}

void writers_look(conn *c)
{
    writers_note(c);
    wake(c->writer);
}

void writers_wait(void)
{
    for (writer *w = writers; w < writers + WRITERS; w++) {
        g_mutex_lock(&w->lock);
        while (w->woken || w->working)
            g_cond_wait(&w->idle, &w->lock);
        g_mutex_unlock(&w->lock);
    }
}

void writers_stop(void)
{
    for (writer *w = writers; w < writers + WRITERS; w++) {
        g_mutex_lock(&w->lock);
        w->stopping = true;
        g_mutex_unlock(&w->lock);
        eventfd_write(w->news, 1);
        g_thread_join(w->thread);
        g_ptr_array_unref(w->due);
        g_ptr_array_unref(w->watched);
        g_array_unref(w->fds);
        close(w->news);
    }
}
