/*
 * pcapng: from a stream of blocks to packets. Our own reader, since libpcap shows neither the
 * secrets blocks nor files whose interfaces differ.
 * https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html
 */
#ifndef WSDUMP_PCAPNG_H
#define WSDUMP_PCAPNG_H

#include "packet.h"

#include <stdio.h>

typedef struct pcapng pcapng;

typedef enum pcapng_status {
    PCAPNG_PACKET,  /* *p is the next packet */
    PCAPNG_END,     /* the stream ended between two blocks */
    PCAPNG_DAMAGED, /* the rest cannot be read; pcapng_error says why and where */
} pcapng_status;

/* The stream stays the caller's and has to outlive the reader. */
pcapng *pcapng_new(FILE *stream);

/*
 * The next packet, all of it but its number. p->data is valid until the next call. A packet
 * without a time of its own (simple packet block) has that of the packet before it.
 */
pcapng_status pcapng_next(pcapng *r, packet *p);

/* One line; "" while nothing is wrong. */
const char *pcapng_error(const pcapng *r);

void pcapng_free(pcapng *r);

#endif
