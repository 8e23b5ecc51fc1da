/* Is a row of numbers spread evenly over a range? Arithmetic only. */
#ifndef SHARED_SPREAD_H
#define SHARED_SPREAD_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where a row is farthest from an even spread. */
typedef struct spread_gap {
    double distance; /* of the two shares of numbers, the found one and the even one: 0 to 1 */
    uint64_t below;  /* `count` of them are less than this */
    unsigned count;
    double even; /* so many would be */
} spread_gap;

/* `count` numbers from 0 to `most`, in rising order. */
spread_gap spread_farthest(const uint64_t *numbers, unsigned count, uint64_t most);

/*
 * The distance that one row in 1,000,000,000 of `count` numbers exceeds, where all are drawn evenly
 * from 0 to `most` or to most - 1: the inequality of Dvoretzky, Kiefer and Wolfowitz.
 */
double spread_bound(unsigned count, uint64_t most);

#ifdef __cplusplus
}
#endif

#endif
