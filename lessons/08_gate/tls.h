/*
 * TLS between a socket and everything else: the same functions as for plain TCP, see `receive`,
 * `send` and `finish` of chat_rules. The rest of the server does not know that it is there.
 */
#ifndef GATE_TLS_H
#define GATE_TLS_H

#include "07_hub/chat.h"

/* Before the first client (certificate.c). Ends the program with one line and status 2 where
 * certificate and key cannot be used. */
void tls_start(const char *certificate, const char *key);

/* OpenSSL's part of a connection (certificate.c). Free it. */
struct ssl_st *tls_new(void);

/* The handshake of TLS (reader's thread). False: there was none, and the log says why. */
bool tls_arrive(conn *c);

ssize_t tls_receive(conn *c, void *in, size_t size);
ssize_t tls_send(conn *c, const struct iovec *out, int count);
void tls_finish(conn *c);
void tls_gone(conn *c);

#endif
