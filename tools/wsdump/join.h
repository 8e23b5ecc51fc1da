/*
 * Joining: finds out whether a TCP connection whose handshake is not in the capture is a WebSocket.
 * A hunt on each side looks for frames; both sides together decide. Bytes that are recognised as
 * another protocol's end it.
 */
#ifndef WSDUMP_JOIN_H
#define WSDUMP_JOIN_H

#include "hunt.h"

typedef enum join_state {
    JOIN_WATCHING,
    JOIN_PAUSED, /* it is HTTP: only behind a gap it may have become something else */
    JOIN_OVER,
} join_state;

typedef struct join {
    hunt hunts[2]; /* by side */
    join_state state;
    struct {
        uint8_t bytes[8];
        uint8_t len;
        bool watched;    /* more of them may tell that it is another protocol */
    } begin[2];          /* what the last segment of a side begins with */
    bool heard[2];       /* bytes of this side came, or a gap */
    bool from_beginning; /* the first byte of a stream is in the capture, and was no HTTP */
    int begins;          /* the side whose SYN opened the connection here; -1 = none */
    int asked; /* the side that sent a request for a WebSocket, of which no answer came; else -1 */
    bool answered;  /* ... but what may have been the answer is lost */
    bool serves[2]; /* this side is known as a server of WebSockets */
} join;

/* `begins`: the side whose first byte will be the first of its stream, since its SYN was seen; -1
 * = neither. *memory stays the caller's and must outlive the join. */
void join_init(join *j, pieces_memory *memory, int begins);

/* The next bytes of a side; segment_start when a captured segment begins with them. */
void join_feed(join *j, int side, const uint8_t *in, size_t len, bool segment_start,
               capture_place place);

/* `bytes` bytes of a side are lost. */
void join_gap(join *j, int side, uint64_t bytes, capture_place place);

/* Side `client` has asked for a WebSocket, and waits for its answer. */
void join_ask(join *j, int client);

/*
 * Is it a WebSocket? To be asked when all segments so far are over: before a segment, a gap or the
 * end is dealt with. `ended`: there will be no more to base an answer on. When true, *client is the
 * side that masks, and the hunts are ready to be taken.
 */
bool join_decide(join *j, bool ended, int *client);

/* Was there evidence, although it did not suffice? */
bool join_suspects(const join *j);

/* Where the first byte that is kept comes from. */
capture_place join_begin(const join *j);

/* The hunt of a side, for whoever goes on with it. */
hunt join_take(join *j, int side);

void join_clear(join *j);

#endif
