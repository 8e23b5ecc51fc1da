/*
 * Given: one client. conn.c is the thread that reads it, life.c how it begins and ends, door.c its
 * opening handshake.
 */
#ifndef CHAT_CONN_H
#define CHAT_CONN_H

#include "07_hub/outbox.h"

#include <semaphore.h>

enum {
    CREDIT = 32,     /* requests of one client that may wait for the hub */
    CLOSE_MS = 2000, /* the longest wait for a client's end of the closing handshake */
};

struct conn {
    atomic_int refs;  /* its reader's; the hub's; a writer's while it has something to do */
    unsigned number;  /* for the log: 1 is the first client */
    char id[9];       /* made by the server, what others see: 8 hexadecimal digits */
    char *name;       /* who it says it is (lesson 08: who it is) */
    uint32_t address; /* IPv4, host's order */
    int fd;
    void *tls, *rights, *usage; /* of lessons 08 and 09, freed by their rules' `gone` */

    outbox out;
    struct writer *writer;
    bool due;               /* on its writer's list (under that writer's lock) */
    struct sending *rest;   /* the writer's own: what it has taken and not sent; NULL = nothing */
    bool waits, said_fin;   /* the writer's own: for room in the socket; our direction has ended */
    bool watched;           /* the writer's own: either of them ... */
    int64_t deadline;       /* ... and when it gives up */
    atomic_bool open, left; /* the handshake is done; the reader has ended */
    bool half;              /* the reader's own: it has a part of a frame or of a message */

    sem_t credit;      /* the reader takes one for each request, the hub gives it back */
    GHashTable *rooms; /* the hub's own: the rooms that it is in */
    unsigned dropped;  /* the hub's own: messages that it did not get */
};

/* A client that has connected; its reader begins. False: no thread could be had. */
bool conn_start(int fd, unsigned number);
void *conn_read(void *data); /* the reader's thread */

/* Who keeps c takes a reference; who gives back the last one frees it. Any thread. */
conn *conn_ref(conn *c);
void conn_unref(conn *c);

/* Read the request and answer it (door.c): the page, a refusal, or the 101. True: the connection is
 * open, `behind` (empty before) holds what came with the head and belongs to the frames, and
 * `decoder` has what was agreed on about them. */
bool door_open(conn *c, GByteArray *behind, wsp_conn_options *decoder);

extern const char chat_page[]; /* page.html, as a text */

/* End it without good manners: who waits for the socket wakes up. */
void conn_cut(conn *c, end why);

#endif
