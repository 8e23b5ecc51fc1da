/*
 * One limit for what several stages keep: waiting bytes and connections in tcp, unfinished messages
 * behind it. Each adds to `used` what it takes, and takes it off again.
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
