/*
 * Decapsulation: from a packet's link layer, through tunnels, up to its TCP segment: the innermost,
 * up to eight IP headers deep. A function of the packet alone, but for IP fragments, which wait for
 * each other in a `fragments`.
 */
#ifndef WSDUMP_DECAP_H
#define WSDUMP_DECAP_H

#include "endpoint.h"
#include "fragments.h"
#include "packet.h"

#include <stdbool.h>
#include <stdint.h>

enum { TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_PSH = 0x08, TCP_ACK = 0x10 };

typedef struct segment {
    endpoint source, destination;
    uint32_t sequence, acknowledgment;
    uint8_t flags;       /* TCP_* */
    uint16_t window;     /* unscaled */
    const uint8_t *data; /* inside the packet */
    uint32_t len;        /* payload bytes that were captured */
    uint32_t missing;    /* payload bytes after them that the snaplen cut off */
    uint32_t rest;       /* payload bytes after those: see decap_rest */
    uint8_t rest_flags;  /* and TCP_* that come with the last of them */
} segment;

typedef enum decap_result {
    DECAP_TCP,      /* *s is a TCP segment */
    DECAP_OTHER,    /* not IP, or not TCP, or in too many tunnels */
    DECAP_FRAGMENT, /* a piece of an IP packet that is not whole yet */
    DECAP_CUT,      /* the packet ends before its headers do, or they contradict each other */
    DECAP_LINK,     /* a link layer that is not known here */
} decap_result;

/*
 * *s is meant for DECAP_TCP only. s->data points into p->data, or into a packet that p was the last
 * missing fragment of: then it is valid until the next call with these `pieces`. Those may be NULL:
 * every fragment is DECAP_FRAGMENT then.
 */
decap_result decap(const packet *p, fragments *pieces, segment *s);

/*
 * When the snaplen cut fragments, the segment that they make has holes. Moves *s on to what is
 * behind the next hole, as if it were a segment of its own. False: that was all; so it is for every
 * other segment.
 */
bool decap_rest(const fragments *pieces, segment *s);

/* Whether packets of this LINKTYPE_* give anything but DECAP_LINK. */
bool decap_knows_link(uint32_t link);

#endif
