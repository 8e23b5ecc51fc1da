/* Counts per second of the capture's time: a window of the newest seconds, which moves on. */
#ifndef WSDUMP_RATES_H
#define WSDUMP_RATES_H

#include <stddef.h>
#include <stdint.h>

/* Seconds since the epoch. */
int64_t rates_second(int64_t time_ns);

/* Move `places` counts of `size` bytes each, the newest last, on by so many seconds: as many of the
 * oldest go, and as many zeros come. */
void rates_move(void *counts, size_t size, int places, int64_t by);

/* Where something of the second `now` counts, when the newest place stands for `newest`; -1 when
 * that is too old. */
int rates_place(int places, int64_t newest, int64_t now);

#endif
