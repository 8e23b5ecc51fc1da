/*
 * The ring: packets on their way from the thread that captures to the one that analyses. One of
 * each. Packets lie in blocks, one behind another; a block is filled, emptied and used again. Who
 * empties it follows who fills it without a lock, packet by packet; the lock is for blocks only.
 */
#ifndef WSDUMP_RING_H
#define WSDUMP_RING_H

#include "packet.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct ring ring;

/* When it is full, `drop` tells what to do: drop packets and count them (what is live does not
 * wait), or wait. `bytes` is what all blocks take together, at least two of 16 KiB; a packet that
 * is larger than a block gets one of its own size. */
ring *ring_new(size_t bytes, bool drop);

/* ---- Who captures ---------------------------------------------------------------------------- */

/* Copy a packet into the ring. False when nobody wants more: ring_stop was called. */
bool ring_put(ring *r, const packet *p);

/* Nothing comes for now: whoever waits for packets should look at once. Otherwise it may take 50 ms
 * until they are noticed. */
void ring_flush(ring *r);

/* Nothing more comes. */
void ring_close(ring *r);

/* ---- Who analyses ---------------------------------------------------------------------------- */

typedef enum ring_status {
    RING_PACKET, /* *p is the next packet */
    RING_EMPTY,  /* there is none for now */
    RING_END,    /* nor will there ever be one */
} ring_status;

/* The next packet, valid until the next call. Never waits. */
ring_status ring_get(ring *r, packet *p);

/* Wait for a packet, for 50 ms at most; there may be none then. */
void ring_wait(ring *r);

/* ---- Anyone ---------------------------------------------------------------------------------- */

/* No more packets are wanted: ring_put does not wait any longer. */
void ring_stop(ring *r);

/* Packets that were dropped so far. */
uint64_t ring_drops(ring *r);

void ring_free(ring *r);

#endif
