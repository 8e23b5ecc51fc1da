/*
 * One limit for what several stages keep: connections and waiting bytes in tcp, handshakes and
 * unfinished messages behind it, what a display filter remembers of connections. Each adds to
 * `used` what it takes, and takes it off again. Where that passes the limit, tcp gives up holes and
 * forgets the idlest connections, which frees what all stages keep of them.
 *
 * A quarter is left to tcp: messages take no more while less than that is free, so that one huge
 * message does not turn every segment out of order into a gap.
 */
#ifndef WSDUMP_BUDGET_H
#define WSDUMP_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

typedef struct budget {
    uint64_t limit; /* bytes */
    uint64_t used;  /* may pass the limit by what one packet brings */
} budget;

/* What malloc takes for a block besides its bytes, roughly. */
enum { BUDGET_BLOCK = 16 };

/* Unsigned, so that a negative size is given back. NULL: nobody counts. */
static inline void budget_charge(budget *b, uint64_t bytes)
{
    if (b)
        b->used += bytes;
}

static inline bool budget_exceeded(const budget *b)
{
    return b->used > b->limit;
}

/* How much more messages may take. */
static inline uint64_t budget_room(const budget *b)
{
    uint64_t most = b->limit - b->limit / 4;
    return b->used < most ? most - b->used : 0;
}

#endif
