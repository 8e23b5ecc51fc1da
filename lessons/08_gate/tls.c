/*
 * wss: TLS below everything that we have. Usually OpenSSL reads and writes the socket itself. Here
 * it is given two pieces of memory instead. So it does no I/O, like our codec, and fits anywhere:
 *   reader:  recv() -> in -> SSL_read -> codec     writer:  frames -> SSL_write -> out -> send()
 */
#include "08_gate/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

enum { RECORD = 16384, OUT_MAX = 65536 }; /* bytes in a record of TLS; that may wait in `out` */

typedef struct tls {
    GMutex lock; /* of the SSL, which two threads use; never held while sending or receiving */
    SSL *ssl;
    BIO *in, *out;      /* the SSL's: what came and is not read yet, what is to be sent */
    GByteArray *sealed; /* the sender's own: encrypted, and not sent yet */
    size_t taken;       /* ... and how many of the caller's bytes that is */
} tls;

/* What comes goes into `in`. False with errno: nothing came, TCP ended (no end for TLS, which has a
 * close_notify: somebody may have cut off the tail), or what began `since` then takes too long. */
static bool fill(conn *c, tls *t, int64_t since)
{
    uint8_t bytes[4096];
    struct timeval most = {0}; /* for the whole of it: not a byte now and then */
    getsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &most, &(socklen_t){sizeof most});
    const bool late = g_get_monotonic_time() > since + most.tv_sec * 1000000 + most.tv_usec;
    ssize_t n = late && since ? -1 : plain_receive(c, bytes, sizeof bytes);
    const int error = late && since ? EAGAIN : n == 0 ? ECONNRESET : n < 0 ? errno : EPROTO;
    g_mutex_lock(&t->lock);
    bool taken = n > 0 && BIO_ctrl_pending(t->out) <= OUT_MAX && /* it asks, and takes no answer */
                 BIO_write(t->in, bytes, (int)n) == n;
    g_mutex_unlock(&t->lock);
    errno = error; /* to wait for a lock may set EAGAIN, as if nothing had come in time */
    return taken;
}

/* Send what is in `out`, as far as the socket takes it. False with errno: not all of it. */
static bool flush(conn *c, tls *t)
{
    g_mutex_lock(&t->lock);
    const size_t had = t->sealed->len, more = BIO_ctrl_pending(t->out);
    g_byte_array_set_size(t->sealed, (guint)(had + more));
    if (more > 0)
        BIO_read(t->out, t->sealed->data + had, (int)more);
    g_mutex_unlock(&t->lock);
    for (ssize_t n; t->sealed->len > 0; g_byte_array_remove_range(t->sealed, 0, (guint)n))
        if ((n = plain_send(c, &(struct iovec){t->sealed->data, t->sealed->len}, 1)) < 0)
            return false;
    return true;
}

/* The same, and wait for room: the reader may, while there is no writer. */
static bool flush_all(conn *c, tls *t)
{
    const int64_t until = g_get_monotonic_time() + options.write_ms * INT64_C(1000);
    struct pollfd room = {.fd = c->fd, .events = POLLOUT};
    while (!flush(c, t))
        if (errno != EAGAIN || g_get_monotonic_time() > until ||
            poll(&room, 1, options.write_ms) <= 0)
            return false;
    return true;
}

static bool refuse(conn *c)
{
    const unsigned long error = ERR_peek_error();
    const char *why = error ? ERR_reason_error_string(error) : "the client left, or was too slow";
    if (ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_HTTP_REQUEST)
        why = "this was plain HTTP: the address has to begin with https:// or wss://";
    lesson_log(c->number, "refused: TLS: %s", why);
    return false;
}

bool tls_arrive(conn *c)
{
    tls *t = c->tls = g_new0(tls, 1);
    g_mutex_init(&t->lock);
    t->ssl = tls_new(), t->sealed = g_byte_array_new();
    SSL_set_bio(t->ssl, t->in = BIO_new(BIO_s_mem()), t->out = BIO_new(BIO_s_mem()));
    const int64_t since = g_get_monotonic_time();
    for (int n = 0, why; n != 1;) {
        ERR_clear_error();
        n = SSL_accept(t->ssl), why = SSL_get_error(t->ssl, n);
        if (!flush_all(c, t) || (n != 1 && (why != SSL_ERROR_WANT_READ || !fill(c, t, since))))
            return refuse(c);
    }
    return true;
}

ssize_t tls_receive(conn *c, void *in, size_t size)
{
    tls *t = c->tls;
    for (int64_t since = 0;; since = since ? since : g_get_monotonic_time()) {
        g_mutex_lock(&t->lock);
        ERR_clear_error();
        int n = SSL_read(t->ssl, in, (int)MIN(size, RECORD)), why = SSL_get_error(t->ssl, n);
        g_mutex_unlock(&t->lock);
        if (n > 0 || why == SSL_ERROR_ZERO_RETURN) /* bytes, or a close_notify */
            return MAX(n, 0);
        errno = EPROTO;
        if (why != SSL_ERROR_WANT_READ || !fill(c, t, since))
            return -1;
    }
}

/* What is sealed cannot be taken back. Where the socket takes a part of it only, the caller hears
 * EAGAIN, comes back with the same bytes, and hears then that they are sent. */
ssize_t tls_send(conn *c, const struct iovec *out, int count)
{
    tls *t = c->tls;
    if (t->sealed->len == 0) {
        t->taken = 0;
        g_mutex_lock(&t->lock);
        for (int i = 0, n = 1; i < count && n > 0 && t->taken < RECORD; i++) {
            n = SSL_write(t->ssl, out[i].iov_base, (int)MIN(out[i].iov_len, RECORD));
            t->taken += (size_t)MAX(n, 0);
            n = n == (int)out[i].iov_len;
        }
        g_mutex_unlock(&t->lock);
    }
    if (!flush(c, t))
        return -1;
    errno = EPIPE; /* nothing taken: it seals no more. (Not before flush(): locks change errno.) */
    return t->taken > 0 ? (ssize_t)t->taken : -1;
}

void tls_finish(conn *c)
{
    tls *t = c->tls;
    g_mutex_lock(&t->lock);
    SSL_shutdown(t->ssl); /* a close_notify */
    g_mutex_unlock(&t->lock);
    /* Without room for it the client takes the FIN for a cut: no writer waits. */
    (void)(atomic_load(&c->open) ? flush(c, t) : flush_all(c, t));
    plain_finish(c);
}

void tls_gone(conn *c)
{
    tls *t = c->tls;
    SSL_free(t->ssl);
    g_byte_array_unref(t->sealed);
    g_mutex_clear(&t->lock);
    g_free(t);
}
