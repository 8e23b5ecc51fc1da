/*
 * Sessions: byte streams to WebSocket records. Recognises the opening handshake on any port, then
 * reads both directions with the codec: frames, messages, violations, and what was lost. Recognises
 * connections whose handshake is not in the capture as well.
 *
 * Of one connection, upgrade.c knows what is before the 101 and conversation.c what is after it;
 * join.c tells where there is none. This stage joins them and numbers the connections.
 */
#ifndef WSDUMP_SESSION_H
#define WSDUMP_SESSION_H

#include "record.h"
#include "tcp.h"

typedef struct session session;

typedef struct session_options {
    uint64_t max_data; /* bytes kept of a message's payload; 0 = no limit */
    uint64_t memory;   /* bytes that all unfinished messages, and whoever shares session_budget, may
                          take together; 0 = 512 MiB */
    bool no_frames;    /* nobody wants frame records: frames are counted only */
} session_options;

typedef struct session_totals {
    uint64_t connections; /* TCP connections seen */
    uint64_t websockets;  /* of these with a WebSocket, or an attempt at one */
    uint64_t joined;      /* ... recognised by their frames, without a handshake */
    uint64_t suspected;   /* TCP connections that may be WebSockets, with too little to tell */
    uint64_t messages, frames, violations;
    uint64_t undecoded_bytes;   /* of WebSocket streams: where nobody knew where a frame begins */
    uint64_t conflicting_bytes; /* of WebSocket streams: sent twice, with different content */
    uint64_t conflict_connection, conflict_packet; /* where that was seen first */
    /* For want of memory: */
    uint64_t cut_short;    /* messages of which not all was kept that was wanted */
    uint64_t not_inflated; /* messages, of which only the size is known */
    uint64_t not_kept;     /* bytes of streams that may be WebSockets */
} session_totals;

session *session_new(const session_options *options, record_sink *sink, void *user);

/* The memory that messages take from, for tcp to share. The session's: valid until session_free. */
budget *session_budget(session *s);

/* A tcp_sink whose user is a session. */
void session_tcp_event(void *user, const tcp_event *event);

/* So far; valid until session_free, and brought up to date by the next call. */
const session_totals *session_get_totals(session *s);

/* After tcp_finish, which ended every connection. */
void session_free(session *s);

#endif
