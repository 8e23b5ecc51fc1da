#include "spread.h"

#include <math.h>

/* `count` of `all` are less than this: how far from even is that? */
static spread_gap gap_at(uint64_t below, unsigned count, unsigned all, uint64_t most)
{
    const double even = (double)all * (double)below / (double)(most + 1);
    return (spread_gap){fabs((double)count - even) / all, below, count, even};
}

spread_gap spread_farthest(const uint64_t *numbers, unsigned count, uint64_t most)
{
    spread_gap farthest = {0};
    for (unsigned i = 0; i < count; i++) {
        /* Right before a number, and right behind it. Among equal ones the first and the last
         * decide: those between are nearer. */
        const spread_gap before = gap_at(numbers[i], i, count, most);
        const spread_gap behind = gap_at(numbers[i] + 1, i + 1, count, most);
        farthest = before.distance > farthest.distance ? before : farthest;
        farthest = behind.distance > farthest.distance ? behind : farthest;
    }
    return farthest;
}

double spread_bound(unsigned count, uint64_t most)
{
    const double once_in = 1e9;
    return sqrt(log(2 * once_in) / (2.0 * count)) + 1.0 / (double)most;
}
