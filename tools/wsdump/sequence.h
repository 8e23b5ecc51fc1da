/* Sequence numbers wrap, so they are compared by their signed difference (RFC 9293 3.4). */
#ifndef WSDUMP_SEQUENCE_H
#define WSDUMP_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

static inline bool before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static inline uint32_t later(uint32_t a, uint32_t b)
{
    return before(a, b) ? b : a;
}

#endif
