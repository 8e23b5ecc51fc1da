/*
 * Given: what the parts of this lesson share.
 *
 *     limits.c     who may do how much, and what happens to who wants more
 *     addresses.c  what all connections share, and those of one address
 *     settings.c   the numbers: options; budget.c: what they cost in memory
 *     deflate.c    permessage-deflate, if --deflate
 *     ticker.c     rooms in which only the latest price counts, if --batch-ms
 *
 * All of it stands on the rules of lesson 08, and goes through the table of rules in rules.h.
 */
#ifndef LIMITS_USAGE_H
#define LIMITS_USAGE_H

#include "07_hub/chat.h"

/* ---- Buckets (limits.c) ----------------------------------------------------------------------
 */

/* So many at once, and so many in a second for ever. burst 0 = as many as they like. */
typedef struct rate {
    double per_second;
    int burst;
} rate;

/* What is left in it, and when that was so (microseconds). All zero = a new one, which is full. */
typedef struct bucket {
    double tokens;
    int64_t at;
} bucket;

/*
 * Take `cost` tokens out, at the time `now`: microseconds, which never go back for a bucket. A cost
 * above the burst counts as the burst. Returns 0; or, with nothing taken, the milliseconds until
 * there will be enough, at least 1.
 */
unsigned bucket_take(bucket *b, const rate *r, double cost, int64_t now);

/* ---- The numbers (settings.c) ----------------------------------------------------------------
 */

extern struct limits {
    rate messages, controls; /* of a connection: texts; pings and pongs */
    rate strikes;            /* the burst is how many there are */
    rate shared;             /* messages of all connections of one address */
    rate connects;           /* new connections of one address */
    int per_address;         /* connections at once; 0 = no limit */
    int total;               /* ... of all; what memory and descriptors allow */
    int places;              /* ... and some more, who come in to hear that there is no room */
    int handshake_ms;        /* the longest for a request, ... */
    int message_ms;          /* ... and from the first byte of a message to its last */
    int message_bytes, fragments;
    int outbox_bytes;
    int socket_bytes; /* of each of a socket's two buffers */
    int memory_mib;   /* the budget that there is; 0 = whatever it takes */
    int ratio;        /* inflated bytes for one that came */
    int batch_ms;     /* 0 = prices go out at once */
    gboolean deflate;
    gboolean open;     /* nobody needs a token */
    char farewell[64]; /* the reason of the Close after too many strikes */
} limits;

/* The options of this lesson, and `more`. */
const GOptionEntry *limits_options(const GOptionEntry *more);

/* Judge the command line, and say what the limits are. Ends the program with one line when they
 * make no sense. */
void limits_prepare(void);

/* Let in as many as memory and descriptors allow, and say what they cost (budget.c). */
void budget_prepare(void);

/* Give this socket the buffers that the budget has for it. */
void budget_socket(int fd);

/* ---- What connections share (addresses.c) ----------------------------------------------------
 */

enum { ADDRESSES_MAX = 10000 }; /* that are told apart; all further ones count as one */

typedef struct address {
    unsigned open; /* connections */
    bucket connects, messages;
    bucket answers; /* refusals: there are not many of them either */
} address;

extern struct all {
    GMutex lock;           /* of all below, of addresses and strikes; held for a moment only */
    GHashTable *addresses; /* number -> address; NULL = nobody came yet */
    int64_t swept;         /* when forgotten ones were last looked for */
    unsigned open;         /* connections */
    uint64_t refused, cut, dropped; /* with an answer; without one; messages, pings and pongs */
} all;

/* What the connections of this address share, a new one if need be: behind all.lock. It stays while
 * one of them is open; when the table is full, all that are new share one. */
address *address_of(uint32_t number, int64_t now);

/* One line of log with these numbers (budget.c). */
void limits_stats(void);

/* ---- What a connection has used (limits.c) ---------------------------------------------------
 */

enum { FINE = 20 }; /* a connection that had to go counts as so many */

typedef struct usage {
    address *from;
    bucket messages, controls; /* its reader's own */
    bucket strikes;
    atomic_uint unlucky; /* messages that others of its address left no token for; not answered */
    int64_t since;       /* when what is half here began, in milliseconds: the request, a frame, a
                            message; 0 = nothing is */
    int patience;        /* of its socket, in milliseconds */
    refusal no;          /* why it is not let in; status 0 = it may */
    char retry[12];
    wsp_inflater *inflater; /* deflate.c's; NULL = compression was not agreed on */
    int window;             /* ... and the bits of the window that it has for what we compress */
} usage;

/* ---- Compression (deflate.c) -----------------------------------------------------------------
 */

enum { INFLATER_BYTES = 12288 }; /* what one connection takes for it */

/* The rules `agree` and `dress` of rules.h. */
void deflate_agree(conn *c, const wsp_http_head *head, wsp_conn_options *decoder,
                   wsp_handshake_answer *answer);
GBytes *deflate_dress(const conn *c, GBytes *frame);

/* ---- Batching (ticker.c) ---------------------------------------------------------------------
 */

/* The rules `take` and `tick` of rules.h. */
bool ticker_take(conn *c, const request *r);
int64_t ticker_tick(int64_t now);

#endif
