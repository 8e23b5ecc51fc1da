/*
 * One connection between us and the program under test, over loopback, never blocking: we are the
 * client of a server, or the server of a client.
 * Who owns several drives them with poll: peer_events says what to wait for, peer_turn does what
 * can be done now. All bytes of both directions go into a transcript.
 */
#ifndef SHARED_PEER_H
#define SHARED_PEER_H

#include "inbox.h"
#include "seed.h"
#include "transcript.h"

#include <glib.h>

/* A peer may have so much to send, not more: 64 MiB. */
#define PEER_OUTBOX_MAX ((size_t)64 << 20)

/* How long a piece of a split write waits for the program to read the one before. */
#define PEER_PIECE_US ((int64_t)200000)

/* How its socket is made. */
typedef struct peer_socket {
    uint32_t from;    /* its address, a number in the host's order; 0 = 127.0.0.1 */
    unsigned receive; /* SO_RCVBUF; 0 = as it is */
} peer_socket;

typedef struct peer {
    char *name;       /* "a", or "c[17]" of a group */
    int fd;           /* -1: closed by us */
    wsp_sender role;  /* ours */
    uint32_t address; /* ours */
    uint16_t port, program_port;
    unsigned connection; /* in the transcript */
    transcript *record;
    int netlink; /* the owner's, for unread_bytes; -1 = none */

    inbox in;
    uint64_t answered;    /* frames up to this number were looked at for pings */
    uint64_t pings_taken; /* by the step being played */
    bool silent;          /* do not answer pings */
    bool paused;          /* do not read */
    bool close_came;      /* a Close came from the program */
    bool close_sent;      /* we sent one */
    GByteArray *request;  /* the head of the handshake's request, the client's; NULL = none */

    GByteArray *out; /* to be sent: */
    size_t out_at;   /* ... from here on */
    bool joining;    /* collect, do not send yet */
    bool finishing;  /* SHUT_WR when all is sent */
    bool finished;   /* ... done */
    bool broken;     /* sending has failed: nothing is sent any more */
    bool reset_seen; /* a send told of the RST: the end that reading finds is no FIN */
    uint64_t piece;  /* bytes of a piece; 0 = whole */
    bool random_pieces;
    seed keys;           /* masking keys and sizes of pieces */
    int64_t piece_since; /* when the last piece was sent, us; 0 = nothing waits to be read */

    bool connecting;
    int64_t last_sent_us; /* before the last send that sent something (g_get_monotonic_time) */
    int64_t ended_us;     /* when the end was seen; 0 = it has not come */
} peer;

/*
 * Connect to 127.0.0.1:port; peer_turn finishes it. `name` is taken over. NULL with errno when
 * there is no socket.
 */
peer *peer_open(char *name, uint16_t port, const peer_socket *like, uint64_t seed_number,
                transcript *record, int netlink);

/*
 * The server's end of a connection that a listening socket has accepted: `fd` and `name` are taken
 * over. NULL with errno when it is gone already.
 */
peer *peer_accepted(char *name, int fd, uint64_t seed_number, transcript *record, int netlink);

/* Close (FIN: what has come is read before) or drop with RST, if it is still open. */
void peer_close(peer *p);
void peer_abort(peer *p);

/* peer_close and free. */
void peer_free(void *one);

/* What to wait for with poll; 0 = leave it out. */
short peer_events(const peer *p);

/* Does it wait for the program to read a piece? Then look again soon, without an event. */
bool peer_between_pieces(const peer *p);

/* Read, answer pings, write: as much as goes without waiting. */
void peer_turn(peer *p);

/* All is sent that can be: nothing is left, or nobody takes it. */
bool peer_flushed(const peer *p);

/* Give bytes to be sent. */
void peer_send(peer *p, const void *bytes, size_t len);

/* A frame with a header like this one. A client masks it: the masking key is made here. */
void peer_send_frame(peer *p, const wsp_frame_header *like, const void *payload, size_t len);

/* SHUT_WR when all is sent. */
void peer_finish(peer *p);

#endif
