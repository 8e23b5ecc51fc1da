/*
 * Pieces: bytes of a stream that have to wait, each with the place that it comes from, and holes
 * between them. How much all of them may take together is bounded; what finds no room becomes a
 * hole, so that what follows it is still at its right offset.
 */
#ifndef WSDUMP_PIECES_H
#define WSDUMP_PIECES_H

#include "budget.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where bytes come from. */
typedef struct capture_place {
    uint64_t packet;
    int64_t time_ns;
} capture_place;

/* Shared by all who keep pieces. */
typedef struct pieces_memory {
    uint64_t max, used; /* bytes, what keeping them costs included */
    uint64_t refused;   /* bytes that found no room within `max` */
    budget *shared;     /* that they count in as well; may be NULL */
} pieces_memory;

/* The most that one queue takes of it. */
enum { PIECES_MAX = 1 << 20 };

typedef struct piece {
    struct piece *next;
    uint64_t at; /* whatever offset its keeper gave it */
    capture_place place;
    uint64_t len;
    bool hole;          /* no bytes: so many of them are not known */
    bool lost;          /* they are missing from the capture; else there was no room to keep them */
    bool untold;        /* nobody was told yet that they are missing */
    bool segment_start; /* a captured segment begins with it */
    uint8_t data[];
} piece;

typedef struct pieces {
    piece *first, *last;
    uint64_t cost; /* bytes */
} pieces;

/* Is there room for so many bytes more? */
bool pieces_have_room(const pieces *q, const pieces_memory *memory, size_t len);

/* Append `len` bytes, or a hole when there is no room for them. */
void pieces_add(pieces *q, pieces_memory *memory, uint64_t at, const uint8_t *data, size_t len,
                bool segment_start, capture_place place);

/* Append a hole: `bytes` bytes are missing from the capture. */
void pieces_add_gap(pieces *q, pieces_memory *memory, uint64_t at, uint64_t bytes, bool untold,
                    capture_place place);

/* The first piece, the caller's to free; NULL when there is none. */
piece *pieces_take(pieces *q);
void piece_free(pieces_memory *memory, piece *p);

/* Move all of `before` to the front of q. */
void pieces_prepend(pieces *q, pieces *before);

void pieces_clear(pieces *q, pieces_memory *memory);

#endif
