/* Given: the certificate of wss and its key, read before we listen, and which TLS we speak. */
#include "08_gate/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

static SSL_CTX *context; /* what all connections share */

/* Why not, unless the system has another reason: no such file. */
static G_NORETURN void wrong(const char *option, const char *file, const char *why)
{
    const unsigned long error = ERR_peek_error();
    if (ERR_SYSTEM_ERROR(error))
        why = g_strerror(ERR_GET_REASON(error));
    fprintf(stderr, "%s: %s %s: %s\n", g_get_prgname(), option, file, why);
    exit(2);
}

void tls_start(const char *certificate, const char *key)
{
    OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, NULL); /* a reader may still be leaving when we exit */
    context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF); /* or it keeps 20,000 */
    ERR_clear_error();
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        wrong("--key", key, "there is no private key (PEM) in it");
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1)
        wrong("--cert", certificate, "there is no certificate (PEM) in it");
    if (SSL_CTX_check_private_key(context) != 1)
        wrong("--key", key, "it is not the key of this certificate");
}

SSL *tls_new(void)
{
    return SSL_new(context);
}
