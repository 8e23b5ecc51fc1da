/*
 * A hole: bytes of a stream that have not come while later ones have, or an end that was announced.
 * How long it is waited for is decided here, by the capture's clock and by its packets, never by
 * how fast the program runs.
 *
 * That the peer acknowledged the missing bytes is evidence that the capture lost them, not proof:
 * captures put acknowledgments before their data. So some more packets, or some more time, must
 * pass.
 */
#ifndef WSDUMP_HOLE_H
#define WSDUMP_HOLE_H

#include "early.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* What one takes besides what waits behind it, its place on the agenda included. */
enum { HOLE_COST = 192 };

typedef struct hole {
    early_list waiting;   /* what lies behind it; may be empty: then a FIN or a reset does */
    moment known;         /* when it appeared, or came nearer its end */
    moment acked;         /* when the peer had acknowledged it, while acked_known */
    uint32_t acked_up_to; /* by then */
    bool acked_known;
    bool reset;            /* the connection is over but for what is still on its way */
    bool maybe_none;       /* nothing need be missing: only to be on the safe side */
    void *owner;           /* the connection */
    int side;              /* of the connection */
    GSequenceIter *agenda; /* its place there; NULL while it has none */
    int64_t deadline_ns;
} hole;

moment moment_later(moment a, moment b);

/* The bytes before `end` are missing: so much of the stream the peer has acknowledged. */
void hole_note_ack(hole *h, uint32_t end, uint32_t acked, moment now);

/* Has it been waited for long enough? `missing` bytes are. */
bool hole_is_overdue(const hole *h, uint32_t missing, moment now);

/* All holes, by when they are overdue if no packet of their connection comes. */
typedef struct hole_agenda {
    GSequence *holes;
    size_t count;
} hole_agenda;

/* Put it where it belongs now. */
void hole_schedule(hole *h, hole_agenda *agenda);

/* The next one; NULL when there is none. */
hole *hole_next(hole_agenda *agenda);

/* Off the agenda, and all that waits is freed. */
void hole_free(hole *h, hole_agenda *agenda);

#endif
