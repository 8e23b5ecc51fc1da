/* Given: TCP and TLS. WebSocket begins where dial_read() and dial_write() begin, and does not know
 * which of the two it has. */
#include "06_client/dial.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

struct dial {
    int fd;
    SSL *tls; /* NULL = plain TCP */
};

/* What the last call waits for. With TLS each may need the other: it has messages of its own. */
static short waits_for(const dial *d, bool to_write)
{
    return (d->tls ? SSL_want_write(d->tls) : to_write) ? POLLOUT : POLLIN;
}

/* What OpenSSL says, as recv() and send() would say it. */
static ssize_t as_errno(const dial *d, int result)
{
    if (result > 0)
        return result;
    switch (SSL_get_error(d->tls, result)) {
    case SSL_ERROR_ZERO_RETURN: return 0;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: errno = EAGAIN; break;
    case SSL_ERROR_SYSCALL: break; /* errno is there */
    default: errno = EPROTO;
    }
    return -1;
}

/* The rules for every TLS connection. Certificates are checked; there is no way to turn that off:
 * with --ca even a certificate of your own making can be checked. */
static SSL_CTX *tls_rules(const char *ca)
{
    SSL_CTX *rules = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(rules, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_min_proto_version(rules, TLS1_2_VERSION);
    SSL_CTX_set_options(rules, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(rules, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (ca ? SSL_CTX_load_verify_file(rules, ca) : SSL_CTX_set_default_verify_paths(rules))
        return rules;
    SSL_CTX_free(rules);
    return NULL;
}

static bool start_tls(dial *d, const char *host, const char *ca, uint64_t until, GError **error)
{
    SSL_CTX *rules = tls_rules(ca);
    if (!rules) {
        g_set_error(error, DIAL_ERROR, DIAL_UNTRUSTED, "no certificates can be read from %s", ca);
        return false;
    }
    d->tls = SSL_new(rules);
    SSL_CTX_free(rules); /* d->tls keeps it */
    SSL_set_fd(d->tls, d->fd);
    if (g_hostname_is_ip_address(host)) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(d->tls), host);
    } else {
        SSL_set1_host(d->tls, host);
        SSL_set_tlsext_host_name(d->tls, host); /* SNI: one address may serve many names */
    }
    ssize_t done;
    do {
        ERR_clear_error();
        done = as_errno(d, SSL_connect(d->tls));
    } while (done < 0 && errno == EAGAIN && dial_wait(d->fd, waits_for(d, false), until));
    if (done > 0)
        return true;
    long untrusted = SSL_get_verify_result(d->tls);
    const char *why = untrusted ? X509_verify_cert_error_string(untrusted)
                                : ERR_reason_error_string(ERR_peek_error());
    g_set_error(error, DIAL_ERROR, untrusted ? DIAL_UNTRUSTED : DIAL_FAILED, "%s: no TLS: %s", host,
                why ? why : g_strerror(errno == EAGAIN ? ETIMEDOUT : errno));
    return false;
}

dial *dial_open(GUri *url, const char *ca, uint64_t until, GError **error)
{
    const char *host = g_uri_get_host(url);
    bool tls = g_str_equal(g_uri_get_scheme(url), "wss");
    dial *d = g_new0(dial, 1);
    d->fd = dial_connect(host, g_uri_get_port(url), until, error);
    if (d->fd >= 0 && (!tls || start_tls(d, host, ca, until, error)))
        return d;
    dial_close(d);
    return NULL;
}

/* Wait and try again, as long as the caller wants that. */
static bool again(const dial *d, bool to_write, uint64_t until)
{
    return errno == EINTR ||
           (errno == EAGAIN && until > 0 && dial_wait(d->fd, waits_for(d, to_write), until));
}

ssize_t dial_read(dial *d, void *bytes, size_t size, uint64_t until)
{
    ssize_t n;
    do {
        ERR_clear_error();
        n = d->tls ? as_errno(d, SSL_read(d->tls, bytes, (int)size)) : recv(d->fd, bytes, size, 0);
    } while (n < 0 && again(d, false, until));
    return n;
}

ssize_t dial_write(dial *d, const void *bytes, size_t len, uint64_t until)
{
    ssize_t n;
    do {
        ERR_clear_error();
        n = d->tls ? as_errno(d, SSL_write(d->tls, bytes, (int)len)) : send(d->fd, bytes, len, 0);
    } while (n < 0 && again(d, true, until));
    return n;
}

bool dial_flush(dial *d, GByteArray *out)
{
    ssize_t n = out->len ? dial_write(d, out->data, out->len, 0) : 0;
    if (n > 0)
        g_byte_array_remove_range(out, 0, (guint)n);
    return n >= 0 || errno == EAGAIN;
}

struct pollfd dial_poll(const dial *d, bool to_write)
{
    short events = to_write ? POLLIN | POLLOUT : POLLIN;
    return (struct pollfd){.fd = d->fd, .events = (short)(events | waits_for(d, false))};
}

void dial_finish(dial *d)
{
    if (d->tls)
        SSL_shutdown(d->tls);
    shutdown(d->fd, SHUT_WR);
}

void dial_close(dial *d)
{
    SSL_free(d->tls);
    if (d->fd >= 0)
        close(d->fd);
    g_free(d);
}
