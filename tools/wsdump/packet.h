/* What a source hands on: one captured packet, whatever file or interface it came from. */
#ifndef WSDUMP_PACKET_H
#define WSDUMP_PACKET_H

#include <stdint.h>

typedef struct packet {
    uint64_t number;     /* in the capture, from 1; every packet counts */
    int64_t time_ns;     /* nanoseconds since the epoch, by the capture's clock */
    uint32_t link;       /* LINKTYPE_*, as in pcap files (not libpcap's DLT_*) */
    uint32_t captured;   /* bytes in data */
    uint32_t original;   /* bytes on the wire; more than `captured` when the snaplen cut it */
    const uint8_t *data; /* the source's: valid until it is asked for the next packet */
} packet;

#endif
