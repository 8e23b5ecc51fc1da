/*
 * Given: what later lessons add. Where they do, the parts of the chat call these functions; in this
 * lesson there are none.
 */
#ifndef CHAT_RULES_H
#define CHAT_RULES_H

#include "07_hub/conn.h"
#include "07_hub/schema.h"

#include <sys/uio.h>

/* How a request is refused before the 101. */
typedef struct refusal {
    uint16_t status;    /* 400 to 599 */
    const char *code;   /* "token-expired" */
    const char *what;   /* one sentence */
    const char *header; /* NULL, or the name of one more header line */
    const char *value;  /* ... and its value */
} refusal;

/* A NULL function is a rule that nobody made: everything is allowed. (In `rules` those that are
 * called in many places, or often, are never NULL.) */
typedef struct chat_rules {
    const char *purpose;         /* for --help */
    const GOptionEntry *options; /* further ones; NULL = none */
    /* Once, when the command line is read and before we listen. Ends the program, with one line and
     * status 2, where what it says cannot be done. */
    void (*prepare)(void);
    /* Once, when we listen and before the first client. */
    void (*start)(int port);
    /* Before anything is read of a client (reader's thread): may have something to prepare, such as
     * TLS. False: it is cut. */
    bool (*arrive)(conn *c);
    /* Behind a sound request for /ws and before the 101 (reader's thread): NULL = let in. Sets
     * c->name and c->rights. */
    const refusal *(*admit)(conn *c, const wsp_http_head *head);
    /* Behind that: what is agreed on about frames. `decoder` has our role and limits; what of the
     * answer it points to has to live until the next call in the same thread. */
    void (*agree)(conn *c, const wsp_http_head *head, wsp_conn_options *decoder,
                  wsp_handshake_answer *answer);
    /* Each whole message, before it is read as JSON, each ping, and each pong (reader's thread):
     * 0 = goes on, else it is dropped, and may come again after so many milliseconds; for a message
     * the client gets an error that says so. */
    unsigned (*allow)(conn *c, uint8_t opcode, size_t len);
    /* Each request (hub's thread): NULL = may, else the code of the error. */
    const char *(*may)(const conn *c, const request *r);
    /* A request got an error with this code, for whatever reason (hub's thread). */
    void (*refused)(conn *c, const char *code);
    /* Each request that may (hub's thread). True: it is dealt with, the hub has nothing to do. */
    bool (*take)(conn *c, const request *r);
    /* Behind all that has just happened (hub's thread). `now` is g_get_monotonic_time(); returns
     * when it wants to be called again if nothing happens. */
    int64_t (*tick)(int64_t now);
    /* Each frame that goes into an outbox (any thread, but texts in the hub's only): what goes in
     * in its place, a reference of its own. */
    GBytes *(*dress)(const conn *c, GBytes *frame);
    /* Each connection, once per --ping-ms (hub's thread): NULL = may stay, else why not. */
    const char *(*stay)(const conn *c);
    /* Somebody wants to see numbers: one more line of log (hub's thread). */
    void (*stats)(void);
    /* It has ended, and nobody uses it any more (any thread). */
    void (*gone)(conn *c);
    /* Bytes from and to the client, as recv() and sendmsg(MSG_DONTWAIT) give and take them. */
    ssize_t (*receive)(conn *c, void *in, size_t size);
    ssize_t (*send)(conn *c, const struct iovec *out, int count);
    /* That was all that we send. */
    void (*finish)(conn *c);
} chat_rules;

extern chat_rules rules;

ssize_t plain_receive(conn *c, void *in, size_t size);
ssize_t plain_send(conn *c, const struct iovec *out, int count);
void plain_finish(conn *c); /* a FIN, when all is sent */

#endif
