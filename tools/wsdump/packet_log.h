/*
 * The packet log: the newest packets of WebSocket connections, kept beside the store, so that
 * whoever looks on can save those of a connection. One thread fills it, another one reads it; when
 * it takes more memory than it may, its oldest packets leave.
 */
#ifndef WSDUMP_PACKET_LOG_H
#define WSDUMP_PACKET_LOG_H

#include "save.h"

#include <stdio.h>

typedef struct packet_log packet_log;

packet_log *packet_log_new(uint64_t memory); /* bytes; less than 128 KiB counts as that */

/* A save_sink whose user is a packet_log: keeps a copy. */
void packet_log_take(void *user, const packet *p, const save_origin *origin);

/* Bytes in use. */
uint64_t packet_log_memory(packet_log *l);

typedef struct packet_log_written {
    uint64_t packets;
    uint64_t lost; /* of the same connections, but they had left, or never were kept */
    bool unknown;  /* of some of them nothing is left: how many that were is not known */
} packet_log_written;

/*
 * Write the packets of these connections as pcapng, from another thread: of the whole TCP
 * connections that they were, refused attempts included, in the order in which they were taken.
 * What comes meanwhile may be among them or not. Returns an errno, 0 = all was written and flushed;
 * the stream stays the caller's.
 */
int packet_log_write(packet_log *l, const uint64_t *connections, size_t count, FILE *stream,
                     packet_log_written *written);

void packet_log_free(packet_log *l);

#endif
