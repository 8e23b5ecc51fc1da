/*
 * Given: what the hub's thread owns, and nobody else touches. hub.c has what happens to rooms,
 * turns.c what happens to the thread.
 */
#ifndef HUB_H
#define HUB_H

#include "07_hub/chat.h"

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

void room_free(void *room); /* with g_hash_table_new_full */
void new_id(char id[9]);    /* random, 8 hexadecimal digits */

/* What can happen to a client. */
void hub_arrive(conn *c);
void hub_open(conn *c);
void hub_ask(conn *c, const request *r);
void hub_bury(conn *c);

#endif
