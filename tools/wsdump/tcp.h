/*
 * TCP: segments to byte streams. Puts segments in order, drops what was sent twice, follows
 * sequence numbers across their wrap, and says when a connection begins and ends. What it cannot
 * deliver becomes a gap of known length, never a silent hole.
 *
 * A hole is waited for until the evidence is that the capture lost it: the peer has acknowledged
 * it, and 64 more packets of the connection came or a second passed; or three seconds passed; or
 * too much waits behind it; or the connection or the capture is over. Time is the capture's, which
 * every connection's packets move on, and where none come tcp_pass.
 *
 * Every event is stamped with the packet that made it possible: bytes that waited for a late
 * segment carry the late segment's number and time.
 */
#ifndef WSDUMP_TCP_H
#define WSDUMP_TCP_H

#include "budget.h"
#include "decap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct tcp tcp;

typedef struct tcp_connection {
    endpoint side[2]; /* side 0 is the one whose packet was seen first */
    int syn_side;     /* which side sent the SYN, as far as is known so far (a SYN may come late, a
                         SYN and ACK tells as well); -1 = not known */
    void *user;       /* the next stage's: set at TCP_OPEN, freed at TCP_END */
    /* The next stage's too: the numbers of its open records, once it is a WebSocket or an attempt
     * at one. 0 = it is neither, as far as is known. */
    uint64_t first_websocket, websocket;
    void *saved;           /* save.c's, likewise; NULL while nothing is saved */
    uint64_t saved_before; /* packets, likewise */
} tcp_connection;

typedef enum tcp_event_type {
    TCP_EVENT_OPEN, /* a connection that was not known before */
    TCP_EVENT_DATA, /* the next bytes of a side's stream; valid until the sink returns */
    TCP_EVENT_GAP,  /* `len` bytes of a side's stream are lost, or were cut off by the snaplen */
    TCP_EVENT_CONFLICT, /* `len` bytes came once more with different content: the first are used.
                           Of those delivered already only the last are compared: there may be more
                         */
    TCP_EVENT_FIN,      /* a side has sent all its data (in order: after the data) */
    TCP_EVENT_END,      /* the connection is over; the last event */
} tcp_event_type;

typedef enum tcp_end {
    TCP_END_FIN,     /* both sides sent FIN */
    TCP_END_RST,     /* one side reset it; event.side says which */
    TCP_END_TIMEOUT, /* forgotten to keep memory bounded, or its ports were used again */
    TCP_END_EOF,     /* the capture ended before it was over */
} tcp_end;

typedef struct tcp_event {
    tcp_event_type type;
    tcp_connection *connection;
    int side;            /* whose bytes: index into connection->side */
    const uint8_t *data; /* DATA */
    size_t len;          /* DATA, GAP, CONFLICT */
    bool segment_start;  /* DATA: the run begins where a captured segment began */
    tcp_end end;         /* END */
    uint64_t packet;
    int64_t time_ns;
} tcp_event;

typedef void tcp_sink(void *user, const tcp_event *event);

typedef struct tcp_limits {
    size_t max_buffered;    /* bytes waiting behind a hole, per side, and 64 for each piece they are
                               in; beyond that the hole becomes a gap; 0 = 1 MiB */
    size_t max_connections; /* remembered at once; 0 = 65536. At most a quarter of them are ones
                               that have ended, within the last four minutes, or carried no data
                               yet: those are forgotten first */
    budget *memory;         /* shared with others, the caller's; NULL = no limit but those above.
                               Beyond it the oldest holes become gaps, and then the idlest
                               connections are forgotten */
} tcp_limits;

/* What was dropped to keep memory bounded. */
typedef struct tcp_totals {
    uint64_t given_up;         /* bytes not waited for any longer, for want of memory */
    uint64_t forgotten;        /* connections that had carried data and had not ended */
    uint64_t forgotten_silent; /* connections that had carried none and had not ended */
} tcp_totals;

/* *limits is copied; NULL = the defaults. Calls sink(user, event) from within tcp_segment,
 * tcp_pass and tcp_finish only; the sink must not call back. */
tcp *tcp_new(const tcp_limits *limits, tcp_sink *sink, void *user);

/* Here is the next segment, from the packet of that number and time. Returns its connection, which
 * may be over by now and is valid until the next call; NULL when it is nobody's. */
tcp_connection *tcp_segment(tcp *t, const segment *s, uint64_t number, int64_t time_ns);

/* By the capture's clock it is that late, and no packet came meanwhile: give up what need not be
 * waited for any longer. The events are stamped with the last packet, as at the end of a capture.
 * For captures whose clock goes on without packets: those that are live. */
void tcp_pass(tcp *t, int64_t time_ns);

/* The capture has ended: deliver what waits behind holes (each hole a gap), end every connection
 * in the order in which they began. */
void tcp_finish(tcp *t);

const tcp_totals *tcp_get_totals(const tcp *t);

/* Gives no events: tcp_finish comes first, so that every TCP_EVENT_OPEN had its TCP_EVENT_END. */
void tcp_free(tcp *t);

#endif
