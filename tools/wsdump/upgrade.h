/*
 * Watching for the opening handshake: finds requests that ask for a WebSocket, and the answers to
 * them, in the two streams of a TCP connection on any port. Everything else passes unkept.
 */
#ifndef WSDUMP_UPGRADE_H
#define WSDUMP_UPGRADE_H

#include "pieces.h"

#include <wsproto/wsproto.h>

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Header lines of the largest head that is read; an endpoint would have refused it long before. */
enum { UPGRADE_MAX_HEADERS = 1000 };

/* What is watched of one TCP connection. */
typedef struct upgrade {
    struct upgrade_side {
        GByteArray *head; /* a head that is being collected; NULL outside one */
        wsp_http_scanner scan;
        bool confirmed;      /* its first line is HTTP/1.x */
        bool boundary;       /* the next byte begins a message of HTTP */
        uint64_t body;       /* bytes of a body that are still to come */
        unsigned unanswered; /* ordinary requests of this side */
    } side[2];
    int client;          /* the side that asked; meaningful while `request` is there */
    GByteArray *request; /* the head of the attempt that waits for its answer */
    unsigned ahead;      /* ordinary requests before it whose answers come first */
    pieces early;        /* what the client sent behind it before the answer */
    pieces_memory *memory;
} upgrade;

/* An attempt that is decided. */
typedef struct upgrade_decision {
    int client;           /* side */
    GByteArray *request;  /* its head; NULL when only the answer was seen */
    GByteArray *response; /* its head; NULL when the connection ended before it came */
    uint16_t status;      /* of the response; 0 without one */
} upgrade_decision;

/* *memory stays the caller's and must outlive the upgrade. */
void upgrade_init(upgrade *u, pieces_memory *memory);
void upgrade_clear(upgrade *u);

/*
 * The next bytes of a side; segment_start when a captured segment begins with them. A head is
 * looked for there, and where the head or body before it ended. Returns the bytes consumed: less
 * than len only when *decided has become true; the rest follows the response's head. The decision's
 * arrays are the caller's to free.
 */
size_t upgrade_feed(upgrade *u, int side, const uint8_t *in, size_t len, bool segment_start,
                    capture_place place, bool *decided, upgrade_decision *decision);

/* `bytes` bytes of a side are lost. */
void upgrade_gap(upgrade *u, int side, uint64_t bytes, capture_place place);

/* The connection ends: is an attempt still without answer? Then *decision is it. */
bool upgrade_finish(upgrade *u, upgrade_decision *decision);

#endif
