/*
 * Saving: the packets of WebSocket connections, out of all, for a pcapng file. Whether a connection
 * is one shows late, often in its fourth packet; until then its packets are held back in bounded
 * memory. From then on they are handed on as they come, those held first: so the packets of one
 * connection are in the order of the capture, and those of a connection that was found late are
 * behind earlier found ones' that were captured after them.
 *
 *     tcp -> save_tcp_event -> the next stage, which sets tcp_connection.websocket
 */
#ifndef WSDUMP_SAVE_H
#define WSDUMP_SAVE_H

#include "packet.h"
#include "tcp.h"

typedef struct save save;

/* What a packet that is held back costs besides its bytes. */
enum { SAVE_PACKET_COST = 96 };

typedef struct save_limits {
    size_t max_held;       /* bytes of all packets held back, SAVE_PACKET_COST for each included;
                              0 = 128 MiB */
    size_t max_connection; /* of one connection's; 0 = 1 MiB. Beyond either the oldest go */
} save_limits;

/* Whose packet it is. A TCP connection may have several open records: those of attempts that were
 * refused, and that of the WebSocket. */
typedef struct save_origin {
    uint64_t first, newest; /* their numbers, as far as it had any by now */
    uint64_t before;        /* packets of the TCP connection before it, dropped ones included */
} save_origin;

/* Where packets go: all is valid during the call only. */
typedef void save_sink(void *user, const packet *p, const save_origin *origin);

typedef struct save_totals {
    uint64_t packets; /* handed on */
    uint64_t dropped; /* of WebSocket connections, but gone before it showed that they are */
} save_totals;

/* Packets go to sink(sink_user, ...). *limits is copied; NULL = the defaults. Events go on to
 * next(user, event). */
save *save_new(save_sink *sink, void *sink_user, const save_limits *limits, tcp_sink *next,
               void *user);

/* A tcp_sink whose user is a save. */
void save_tcp_event(void *user, const tcp_event *event);

/* Here is a packet that is a fragment; what it is part of is not known yet. 4 MiB of them are held,
 * beyond that the oldest go. */
void save_fragment(save *s, const packet *p);

/* A segment was made of packets of these numbers: what was handed to save_fragment of them, in
 * their order, belongs to its connection. */
void save_claim(save *s, const uint64_t *numbers, size_t count, tcp_connection *connection);

/* Here is a packet, and what tcp_segment said of the segment in it. */
void save_packet(save *s, const packet *p, tcp_connection *connection);

const save_totals *save_get_totals(const save *s);

/* After tcp_finish, which ended every connection. */
void save_free(save *s);

#endif
