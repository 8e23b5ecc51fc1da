/*
 * A hunt: one direction of which nobody knows where the next frame begins. Bytes are kept from the
 * first place on where one may begin, which is where a captured segment begins, until the evidence
 * for such a place suffices; then they can be had in order from there. Several places are followed
 * at the same time: what looks like the header of a huge frame may be anything.
 */
#ifndef WSDUMP_HUNT_H
#define WSDUMP_HUNT_H

#include "evidence.h"
#include "pieces.h"

typedef struct hunt_candidate hunt_candidate;

typedef struct hunt {
    evidence_rules rules;
    pieces_memory *memory;
    hunt_candidate *candidates; /* the oldest first */
    pieces kept;
    uint64_t at;      /* bytes fed and lost so far */
    uint64_t starts;  /* places that were tried */
    uint64_t skipped; /* bytes that were passed over for good */
    bool in_segment;  /* the last segment may go on */
} hunt;

/*
 * What suffices, in tenths of a bit. A place needs one bit more each time that the number of places
 * tried before it doubles.
 */
typedef struct hunt_bars {
    int at_rest; /* where a segment ends with a frame */
    int running; /* elsewhere */
} hunt_bars;

/* *memory stays the caller's and must outlive the hunt. */
void hunt_init(hunt *h, const evidence_rules *rules, pieces_memory *memory);

/* The next bytes; segment_start when a captured segment begins with them. */
void hunt_feed(hunt *h, const uint8_t *in, size_t len, bool segment_start, capture_place place);

/* Bytes that are known to be no frames. */
void hunt_skip(hunt *h, uint64_t bytes);

/* The segment is over: bytes of the other direction came, a gap, or the end. Only then is it time
 * to ask what suffices, so that the answer does not depend on how a segment was cut. */
void hunt_segment_end(hunt *h);

/* `bytes` bytes are lost, 0 = nobody knows how many; after hunt_segment_end. `untold` comes back
 * with the hole. */
void hunt_gap(hunt *h, uint64_t bytes, bool untold, capture_place place);

/* It is a WebSocket; from now on it is known whether this side masks. */
void hunt_set_masked(hunt *h, bool masked);

/* Something outside this direction speaks for it as well: so many tenths of a bit. */
void hunt_credit(hunt *h, int bits);

/* The evidence that suffices, the oldest such; NULL when none does. */
const evidence *hunt_find(const hunt *h, const hunt_bars *bars);

/* When some evidence suffices: *found is what is kept from its beginning on, the caller's now, and
 * the hunt is over. Else false. */
bool hunt_settle(hunt *h, const hunt_bars *bars, pieces *found);

/* Forget everything but the counts. */
void hunt_clear(hunt *h);

#endif
