/*
 * What is between tcp's two halves: order.c puts the bytes of a connection's streams in order and
 * decides what is lost; tcp.c finds the connection of a segment and knows how one begins and ends.
 * For these two only.
 */
#ifndef WSDUMP_ORDER_H
#define WSDUMP_ORDER_H

#include "connections.h"
#include "delivered.h"
#include "early.h"
#include "hole.h"
#include "tcp.h"

/* One direction of a connection. */
typedef struct stream {
    bool started; /* the numbers below mean something */
    bool syn_known, fin_known, fin_delivered;
    bool impatient;        /* no longer waiting for the other side's bytes, see is_too_early, */
    uint32_t impatient_at; /* as long as that expects this */
    uint32_t start;        /* of the first byte */
    uint32_t expected;     /* of the next byte to go to the sink */
    uint32_t highest;      /* after the last byte that was heard of */
    uint32_t acked;        /* after the last byte that the peer says it has received */
    uint32_t syn, fin;
    uint32_t strays, stray_next; /* segments out of reach that followed each other; their end */
    uint64_t remembered;         /* its latest entry in tcp.delivered */
    hole *hole;                  /* before what comes next; NULL when nothing is missing */
} stream;

typedef struct connection {
    table_entry entry; /* first */
    stream stream[2];
    uint64_t begun;    /* the how-manyth connection */
    uint32_t packets;  /* its own so far */
    uint32_t reset_at; /* the sequence number of its reset */
    moment reset;      /* when that came, or the last event since */
    int reset_side;    /* reset by that side; -1 = not reset */
    bool reset_over;   /* long enough ago that nothing comes any more */
    bool ending;       /* what has not come by now never comes */
    bool ended;        /* a tombstone, */
    int64_t ended_ns;  /* since then */
} connection;

struct tcp {
    tcp_limits limits;
    tcp_totals totals;
    tcp_sink *sink;
    void *user;
    table connections;
    hole_agenda holes;
    delivered delivered;
    budget own; /* where the limits name none */
    uint64_t begun;
    moment now;       /* of the segment at hand */
    int64_t clock_ns; /* the same time, or later where none came since */
};

/* The first of what waits; NULL when nothing does. */
static inline const run *stream_waiting(const stream *st)
{
    return st->hole && st->hole->waiting.first ? &st->hole->waiting.first->run : NULL;
}

/* Fills in what all events have, and hands it on. */
void order_emit(const tcp *t, connection *c, int side, tcp_event *e);

/* The next bytes of a side's stream, whatever waits. */
void order_deliver(tcp *t, connection *c, int side, const uint8_t *data, uint32_t len,
                   bool segment_start);

/* It is known where the stream begins. What came before that was known is dealt with now, as of
 * when it came. */
void order_begin_stream(tcp *t, connection *c, int side, uint32_t sequence);

/* Nothing is waited for in this stream any more; what waits is dropped. */
void order_drop_hole(tcp *t, stream *st);

/* Payload of a segment, wherever it belongs. */
void order_take_data(tcp *t, connection *c, int side, run r);

/* The FIN comes after all data: one that is followed by data already seen is not this stream's. */
void order_take_fin(tcp *t, connection *c, int side, uint32_t sequence);

/* A segment was taken, or a hole given up: what else does that make possible? */
void order_review(tcp *t, connection *c);

/* A segment of the connection was taken: are its holes still worth waiting for? */
void order_review_patience(tcp *t, connection *c, int side);

/* Time goes on for connections without packets of their own as well; and memory may be short. */
void order_review_agenda(tcp *t);

/* Deliver what waits behind holes, and end it. */
void order_end(tcp *t, connection *c, tcp_end how, int side);

/* Something was delivered or given up: is that all that there is of the connection? */
void order_end_if_complete(tcp *t, connection *c);

#endif
