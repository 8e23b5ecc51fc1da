/*
 * The bytes of a stream that came too early and wait behind a hole: a sorted list of pieces that
 * never overlap. Where bytes wait already they stay: the first that were seen count, as with the
 * receiver.
 */
#ifndef WSDUMP_EARLY_H
#define WSDUMP_EARLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a waiting piece costs besides its bytes. */
enum { EARLY_COST = 96 };

/* The bytes of a segment that are still of interest. */
typedef struct run {
    uint32_t sequence;
    const uint8_t *data;
    uint32_t len;
    uint32_t missing;      /* bytes after these that the snaplen cut off */
    uint32_t acknowledges; /* the other side's stream up to here, while has_ack */
    bool has_ack, segment_start;
} run;

/* A time in the capture. */
typedef struct moment {
    int64_t time_ns;
    uint64_t packet;      /* of the capture */
    uint32_t own_packets; /* of the connection, so far */
} moment;

/* One without bytes only says that the snaplen cut some off there. */
typedef struct early_piece {
    struct early_piece *next;
    moment arrived;
    run run; /* whose data is what follows */
    uint8_t data[];
} early_piece;

/* All zero is an empty list. */
typedef struct early_list {
    early_piece *first, *last;
    size_t cost; /* bytes, and EARLY_COST for each early_piece */
} early_list;

/* Drop the run's first bytes: captured ones first, then those that were cut off. */
void run_trim_front(run *r, uint32_t count);

/* Drop what lies at `end` and after it. */
void run_trim_back(run *r, uint32_t end);

/* How many of the run's first bytes are not the ones that stand at the same place in `data`. */
uint32_t run_differences(const run *r, const uint8_t *data, uint32_t len);

/* After the last of its captured bytes. */
uint32_t run_end(const run *r);

/*
 * Copy a run into the list. Returns how many of its bytes differ from those that waited already at
 * the same place.
 */
uint32_t early_add(early_list *list, run r, moment now);

/* The first piece, which is the caller's from now on, to be freed with g_free. */
early_piece *early_take(early_list *list);

void early_clear(early_list *list);

#endif
