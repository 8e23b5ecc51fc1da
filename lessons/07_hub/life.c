/*
 * Given: the life of a connection, and its bytes where they go as they are. Three may hold it: its
 * reader, the hub, and a writer that has something to send. Who leaves last frees it.
 */
#include "07_hub/conn.h"
#include "07_hub/rules.h"
#include "07_hub/settings.h"
#include "07_hub/turns.h"
#include "07_hub/writers.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

conn *conn_ref(conn *c)
{
    atomic_fetch_add(&c->refs, 1);
    return c;
}

/* Nothing of a dead connection lives on. */
void conn_unref(conn *c)
{
    if (atomic_fetch_sub(&c->refs, 1) > 1)
        return;
    if (rules.gone)
        rules.gone(c);
    close(c->fd);
    outbox_clear(c);
    sem_destroy(&c->credit);
    g_hash_table_unref(c->rooms);
    g_free(c->name);
    g_free(c);
}

void conn_cut(conn *c, end why)
{
    outbox_end(c, why, 0, NULL);
    shutdown(c->fd, SHUT_RDWR); /* wakes the reader */
}

ssize_t plain_receive(conn *c, void *in, size_t size)
{
    for (ssize_t n;;)
        if ((n = recv(c->fd, in, size, 0)) >= 0 || errno != EINTR)
            return n;
}

ssize_t plain_send(conn *c, const struct iovec *out, int count)
{
    if (count == 1) /* the kernel has less to look at */
        return send(c->fd, out->iov_base, out->iov_len, MSG_NOSIGNAL | MSG_DONTWAIT);
    const struct msghdr message = {.msg_iov = (struct iovec *)out, .msg_iovlen = (size_t)count};
    return sendmsg(c->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void plain_finish(conn *c)
{
    shutdown(c->fd, SHUT_WR);
}

bool conn_start(int fd, unsigned number)
{
    struct sockaddr_in from = {0};
    struct timeval silence = {options.read_ms / 1000, options.read_ms % 1000 * 1000L};
    conn *c = g_new0(conn, 1);
    atomic_init(&c->refs, 1);
    g_mutex_init(&c->out.lock);
    sem_init(&c->credit, 0, CREDIT);
    c->rooms = g_hash_table_new(NULL, NULL);
    c->writer = writer_of(number);
    c->number = number, c->fd = fd;
    getpeername(fd, (struct sockaddr *)&from, &(socklen_t){sizeof from});
    c->address = ntohl(from.sin_addr.s_addr);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
    if (settings.send_buffer > 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &settings.send_buffer, sizeof settings.send_buffer);
    hub_tell(ARRIVED, c, NULL);
    g_autoptr(GError) error = NULL;
    GThread *thread = g_thread_try_new("reader", conn_read, c, &error);
    if (thread) {
        g_thread_unref(thread);
        return true;
    }
    lesson_log(number, "no thread for it: %s", error->message);
    atomic_store(&c->left, true); /* it never came: the writer need not look after it */
    outbox_end(c, REFUSED, 0, NULL);
    hub_tell(GONE, c, NULL);
    conn_unref(c);
    return false;
}
