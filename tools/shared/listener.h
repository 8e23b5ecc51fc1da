/*
 * The grader's own server: a port of 127.0.0.1 that a client under test connects to. The port is
 * held while nobody listens there, so that no other process takes it: who connects is refused.
 */
#ifndef SHARED_LISTENER_H
#define SHARED_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

typedef struct listener {
    int held;      /* a socket that is bound, and never listens; -1 = none */
    int fd;        /* the one that listens, non-blocking; -1 = nobody does */
    uint16_t port; /* of both */
} listener;

/* It holds nothing: close and release do nothing then. */
void listener_init(listener *l);

/* Take a free port. False with errno. */
bool listener_hold(listener *l);

/* Listen on it, if nobody does. False with errno. */
bool listener_open(listener *l);

/* Refuse who comes; who waits to be accepted is dropped. */
void listener_close(listener *l);

/* The next connection, non-blocking, close-on-exec; -1 with errno EAGAIN where there is none yet.
 */
int listener_accept(const listener *l);

/* Give up the port. */
void listener_release(listener *l);

#endif
