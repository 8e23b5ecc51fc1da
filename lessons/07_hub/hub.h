/*
 * Given: what the hub's thread owns, and nobody else touches. hub.c has what happens to rooms,
 * turns.c what happens to the thread.
 */
#ifndef HUB_H
#define HUB_H

#include "07_hub/conn.h"
#include "07_hub/events.h"
#include "07_hub/settings.h"

typedef struct room {
    char *name;
    char epoch[9]; /* another one each time a room of this name begins: ids do not come again */
    uint64_t seq;  /* of the last message */
    GHashTable *members;
} room;

extern struct hub {
    GHashTable *conns; /* id -> conn: the registry */
    GHashTable *rooms; /* name -> room */
    unsigned opened, subscriptions, ended[ENDS], stops;
    uint64_t messages, deliveries, dropped;
    int turn; /* what has happened since the writers were woken */
} hub;

void room_free(void *data); /* with g_hash_table_new_full */
void new_id(char id[9]);    /* random, 8 hexadecimal digits */

/* hub.c: to one client; the frame is taken over. */
void hub_answer(conn *c, GBytes *frame);

/* hub.c: do what it asks for: JOIN, LEAVE, SAY or TELL. */
void hub_act(conn *c, const request *r);

/* hub.c: it has ended. */
void hub_forget(conn *c);

/* turns.c: the answer is an error. */
void hub_refuse(conn *c, const request *r, const char *code, const char *what);

#endif
