/*
 * Given: what is to be sent to a client (outbox.c), and how a connection ends: the last frame that
 * is put in is its Close. Any thread may use it, and nobody ever waits.
 */
#ifndef CHAT_OUTBOX_H
#define CHAT_OUTBOX_H

#include "common.h"

#include <stdatomic.h>

typedef struct conn conn; /* conn.h */

/* ---- How a connection can end ---- */

enum { GOING_AWAY = 1001, NO_CLOSE = 1006, POLICY_CODE = 1008, TRY_LATER = 1013 };
typedef enum end {
    OPEN,
    CLIENT,  /* the client sent a Close */
    RULE,    /* the client broke a rule of the protocol, or a limit of the decoder */
    IDLE,    /* it said nothing for --read-ms */
    STUCK,   /* it took nothing for --write-ms */
    SLOW,    /* it took less than its rooms said: its outbox was full */
    POLICY,  /* our own rules ended it (lessons 08 and 09) */
    LOST,    /* TCP ended without a Close */
    STOPPED, /* this server stops */
    FORCED,  /* this server stops, and could not wait any longer */
    REFUSED, /* there was no sound handshake */
    PAGE,    /* it asked for the page, and has it */
    ENDS,
} end;

/* The word for it in log and Close, and the code of the Close that we send: 0 = whoever ends it
 * says, NO_CLOSE = none is sent. */
extern const struct end_kind {
    const char *word;
    uint16_t code;
} ends[ENDS];

/* ---- An outbox ---- */

enum {
    OUTBOX_MAX = 64,   /* frames that may wait for one client ... */
    OUTBOX_PLACES,     /* ... and the Close behind them */
    OUTBOX_COST = 128, /* bytes of memory that a frame takes beside its own */
};

/* What waits to be sent. All of it is behind the lock; what the writer has taken is its own. */
typedef struct outbox {
    GMutex lock;
    GBytes *frames[OUTBOX_PLACES];
    uint64_t put, taken; /* frames ever put in, and taken out */
    atomic_size_t bytes; /* put in and not sent yet; what the writer has taken counts, too */
    end ended;           /* why no more is put in; the last frame is the Close */
    uint16_t code;       /* of that Close; NO_CLOSE = there is none */
} outbox;

/* Any frame of a server. */
GBytes *frame_new(uint8_t opcode, const void *payload, size_t len);

typedef enum put { PUT, PUT_FULL, PUT_ENDED } put;

/* The handshake is done, and this is our answer, which goes out first: from now on c is open.
 * False: it was told to go before that. */
bool outbox_open(conn *c, GBytes *answer);

/* Put a frame in (it is shared, not copied). Never waits. Its writer learns of it from the next
 * writers_wake(). */
put outbox_put(conn *c, GBytes *frame);

/*
 * No more is put in. What is in still goes out, then a Close. The first reason stays; code is only
 * used where `ends` has 0, and `reason` (NULL = the word of `why`) is the text of the Close. With
 * SLOW what nobody has taken yet is thrown away.
 */
void outbox_end(conn *c, end why, uint16_t code, const char *reason);
end outbox_why(conn *c, uint16_t *code);

/* What a writer has taken out: frames [first, count) are not sent yet, of the first one `offset`
 * bytes are. */
typedef struct sending {
    GBytes *frames[OUTBOX_PLACES];
    unsigned first, count;
    size_t offset;
} sending;

/* All that is in, to be freed with g_free() when all has gone; NULL = nothing is in. */
sending *outbox_take(conn *c);

/* A frame that was taken out has gone: it is unreferenced. */
void outbox_sent(outbox *o, GBytes *frame);

/* Only when no thread uses it any more. */
void outbox_clear(conn *c);

#endif
