/* SplitMix64: one addition and a mix; passes the usual tests, and is easy to write elsewhere. */
#include "seed.h"

uint64_t seed_next(seed *s)
{
    uint64_t z = s->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

uint64_t seed_below(seed *s, uint64_t limit)
{
    return seed_next(s) % limit; /* the bias of % does not matter for test data */
}

void seed_bytes(seed *s, void *out, size_t len)
{
    uint8_t *at = out;
    uint64_t number = 0;
    for (size_t i = 0; i < len; i++, number >>= 8) {
        if (i % 8 == 0)
            number = seed_next(s);
        at[i] = (uint8_t)number;
    }
}
