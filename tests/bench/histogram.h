/*
 * A histogram of times in nanoseconds: 64 buckets for each power of two, so that a percentile is
 * read off with an error of less than 2 % however many times were added. All zero = empty.
 */
#ifndef WSKIT_HISTOGRAM_H
#define WSKIT_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_FINE = 64, HISTOGRAM_BUCKETS = 59 * HISTOGRAM_FINE };

typedef struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t count, max;
} histogram;

/* Below 64 a bucket for each nanosecond; from there on the six bits behind the highest one. */
static inline size_t histogram_bucket(uint64_t ns)
{
    if (ns < HISTOGRAM_FINE)
        return ns;
    unsigned shift = 57 - (unsigned)__builtin_clzll(ns);
    return (shift + 1) * HISTOGRAM_FINE + (ns >> shift) - HISTOGRAM_FINE;
}

/* The largest time that falls into this bucket. */
static inline uint64_t histogram_bound(size_t bucket)
{
    if (bucket < HISTOGRAM_FINE)
        return bucket;
    size_t shift = bucket / HISTOGRAM_FINE - 1;
    return ((bucket % HISTOGRAM_FINE + HISTOGRAM_FINE + 1) << shift) - 1;
}

static inline void histogram_add(histogram *h, uint64_t ns)
{
    h->counts[histogram_bucket(ns)]++;
    h->count++;
    if (ns > h->max)
        h->max = ns;
}

/* The time that `share` of all (0 to 1) do not exceed; 0 when nothing was added. */
static inline uint64_t histogram_at(const histogram *h, double share)
{
    uint64_t want = (uint64_t)(share * (double)h->count), seen = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->counts[i];
        if (seen > 0 && seen >= want) {
            uint64_t bound = histogram_bound(i);
            return bound < h->max ? bound : h->max;
        }
    }
    return 0;
}

#endif
