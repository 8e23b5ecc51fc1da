/*
 * The bytes that were delivered last, of all streams together, so that what is sent again can be
 * compared with what was sent first. A ring of fixed size: a retransmission that comes after more
 * traffic than that goes uncompared, and so does all but the end of a large segment.
 */
#ifndef WSDUMP_DELIVERED_H
#define WSDUMP_DELIVERED_H

#include "early.h"

#include <stdint.h>

enum { DELIVERED_SIZE = 64 * 1024 };

/* All zero is an empty ring. */
typedef struct delivered {
    uint8_t *ring; /* NULL until something is remembered */
    uint64_t at;   /* bytes ever written to it */
} delivered;

/*
 * Remember bytes of the stream whose latest entry is *latest (0 = none so far), and that it is
 * these now. What is remembered of a stream comes in the order of its sequence numbers.
 */
void delivered_note(delivered *d, uint64_t *latest, uint32_t sequence, const uint8_t *data,
                    uint32_t len);

/* How many bytes of the run differ from those of the stream that were delivered in their place. */
uint32_t delivered_differences(const delivered *d, uint64_t latest, const run *r);

void delivered_clear(delivered *d);

#endif
