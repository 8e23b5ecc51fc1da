/* The state of a case being played, shared by the actions (perform.c), the expectations (expect.c)
 * and what drives them (play.c). */
#ifndef SHARED_PLAYER_H
#define SHARED_PLAYER_H

#include "finding.h"
#include "listener.h"
#include "peer.h"
#include "play.h"
#include "program.h"
#include "step.h"

struct player {
    const script *script;
    const play_options *options;
    play_result *result;
    program program;
    bool started;     /* program is to be ended */
    bool told_to_end; /* the case has sent it a signal that ends it */
    unsigned base_descriptors, base_threads;
    listener listener;      /* ours, of cases about a client */
    bool accepting;         /* a step waits for the next connection */
    size_t printed;         /* bytes of its stdout that steps have judged */
    GByteArray *input;      /* for the next run; NULL = none */
    GPtrArray *peers;       /* of peer: all that there are, owned */
    GHashTable *groups;     /* name -> GPtrArray of peer, not owned */
    GHashTable *remembered; /* name -> text: values of members */
    int netlink;            /* for unread_bytes */
    unsigned fences;        /* how many there were: each has its own payload */
    int64_t ceiling_us, idle_us;
    GByteArray *wanted; /* the data of the step being played; NULL = any */
    bool exit_judged;   /* an `expect exit` was right: the status needs no other judge */
    finding found;      /* what is wrong with the step being played */
};

/* What looking at things gave. */
typedef enum look { LOOK_AGAIN, LOOK_RIGHT, LOOK_WRONG } look;

/* Looks whether what the step expects is there: takes it from the inbox when it is right, fills
 * p->found when it is wrong. `who` may be NULL where the step has none. */
typedef look (*looker)(player *p, peer *who, const step *s);

/* Drive all connections until the looker is content or discontent, or there is no more hope:
 * p->found then tells what came instead. True: it was right. */
bool player_wait(player *p, looker looks, peer *who, const step *s);

/* player_wait for each member of the group s->who, in order; in p->found a member of a larger group
 * is named. */
bool player_wait_all(player *p, looker looks, const step *s);

/* What came is not what should have come: fills p->found. AGAIN where it has no name yet. */
look player_wrong_item(player *p, const peer *who, const inbox_item *item);

/* Wait until all that the members of s->who have to send is sent. */
bool player_flush(player *p, const step *s);

/* What is wrong is what did not come: its place is where the stream of this peer has got to. */
void player_place_at_end(player *p, const peer *who);

/* One turn of everything, waiting at most so long. */
void player_turn(player *p, int timeout_ms);

/* The members of the group of this name; never NULL, may be empty. */
GPtrArray *player_group(player *p, const char *name);

/* Bytes of DATA with the seed of this play. To be freed. */
GByteArray *player_bytes(const player *p, const data *d);

/*
 * Start the program with these further arguments (may be NULL), with the case's input. "{port}" in
 * an argument of the case is our port, where the program is a client. False with p->found set.
 */
bool player_start(player *p, const char *const *first, const GPtrArray *more);

/* Start the program so, and wait for its end. False where it does not end, or crashed. */
bool player_run(player *p, const GPtrArray *more, const step *s);

#endif
