/*
 * IP fragments: pieces of packets, in any order, put together again. Bounded in number and bytes;
 * what is not whole after 30 seconds of the capture's own clock, or has to make room, is dropped
 * and counted.
 */
#ifndef WSDUMP_FRAGMENTS_H
#define WSDUMP_FRAGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct fragments fragments;

typedef struct fragment_limits {
    size_t max_bytes;   /* of all pieces, and 128 for each; 0 = 4 MiB */
    size_t max_packets; /* waiting for pieces at once; 0 = 4096 */
} fragment_limits;

/* Which packet a fragment is a piece of. Zeroed first: it is compared as bytes. */
typedef struct fragment_key {
    uint8_t addresses[32]; /* source, then destination; IPv4 in the first 8 bytes */
    uint32_t id;
    uint8_t version;
    uint8_t protocol; /* IPv4 numbers the packets of each protocol; 0 for IPv6 */
} fragment_key;

typedef struct fragment {
    fragment_key key;
    uint32_t offset;     /* in its packet, in bytes */
    bool more;           /* it is not the last */
    uint8_t next;        /* the protocol of what is in the packet, as this fragment says */
    const uint8_t *data; /* borrowed until fragments_add returns */
    uint32_t captured;   /* bytes in data */
    uint32_t wire;       /* bytes it had; more than `captured` when the snaplen cut it */
    int64_t time_ns;
} fragment;

/* A packet that is whole, without its IP header. */
typedef struct fragments_whole {
    const uint8_t *data; /* valid until the next fragments_add */
    uint32_t known;      /* bytes up to the first that the snaplen cut off */
    uint32_t len;
    uint8_t next; /* as its first fragment said */
} fragments_whole;

typedef struct fragments_totals {
    uint64_t whole;   /* packets that were put together */
    uint64_t lacking; /* dropped because a piece did not come within 30 s */
    uint64_t evicted; /* dropped to make room */
    uint64_t waiting; /* still waiting for a piece */
} fragments_totals;

/* *limits is copied; NULL = the defaults. */
fragments *fragments_new(const fragment_limits *limits);

/*
 * Here is the next fragment. True when it makes its packet whole: *whole is that packet. Where
 * fragments overlap, the bytes that came first count. A fragment that contradicts those before it
 * (beyond the end, a second end) is ignored, and so is one that a packet which is whole already had
 * with the same bytes: the same packet was captured twice.
 */
bool fragments_add(fragments *f, const fragment *piece, fragments_whole *whole);

/*
 * The packet that was made whole last: how many of its bytes from `at` on are known, or how many
 * are not, `len` at most. A place elsewhere is not known.
 */
uint32_t fragments_known(const fragments *f, const uint8_t *at, uint32_t len);
uint32_t fragments_unknown(const fragments *f, const uint8_t *at, uint32_t len);

/*
 * Which captured packets the one at hand was made of: fragments_begin says what packet the next
 * fragments are in; from then on fragments_sources are the numbers of it and, where it made a
 * packet whole, of the others that had a part in that. Valid until the next call; *count is at
 * least 1.
 */
void fragments_begin(fragments *f, uint64_t number);
const uint64_t *fragments_sources(const fragments *f, size_t *count);

fragments_totals fragments_get_totals(const fragments *f);

void fragments_free(fragments *f);

#endif
