/*
 * What the readers of headers share: where they are in a packet, and how they go on. For the files
 * of the decapsulation only (decap.c joins link.c, ip.c and tunnel.c): the other stages include
 * decap.h.
 *
 * Each header is one function that checks its bytes, steps over them and says which header is next;
 * the table in decap.c says which function reads what. Another link, tunnel or extension header is
 * a row and a function.
 */
#ifndef WSDUMP_WALK_H
#define WSDUMP_WALK_H

#include "decap.h"
#include "fragments.h"

/* Which numbering the next header's number belongs to. */
typedef enum layer {
    LAYER_LINK,      /* LINKTYPE_* */
    LAYER_ETHERTYPE, /* IEEE 802 numbers */
    LAYER_LLC,       /* no numbers: the header that Ethernet has behind a length, 0 */
    LAYER_PPP,       /* PPP protocol numbers */
    LAYER_PROTOCOL,  /* IP protocol and next-header numbers */
    LAYER_UDP,       /* destination ports */
} layer;

enum { LINK_PPP = 9, LINK_RAW = 101 };

enum {
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_MPLS = 0x8847,
    ETHERTYPE_ETHERNET = 0x6558, /* a whole frame: "transparent Ethernet bridging" */
};

/* IP headers, and packets put together, inside each other; more is no tunnel but made to cost. */
enum { MAX_DEPTH = 8 };

typedef struct walk {
    const uint8_t *at; /* the header to read */
    uint32_t captured; /* bytes of the packet from here on that we have */
    uint32_t wire;     /* and that were on the wire; as many at least */
    layer layer;
    uint32_t next;     /* what is at `at` */
    unsigned depth;    /* see MAX_DEPTH */
    fragments *pieces; /* NULL: fragments are not put together */
    int64_t time_ns;
    segment *segment;
} walk;

/* Besides a decap_result: the next header is to be read. */
enum { GO_ON = -1 };

typedef int header_reader(walk *w);

/* Who reads header `number`; NULL: no one. */
header_reader *reader_of(layer in, uint32_t number);

static inline uint16_t read16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t read32(const uint8_t *at)
{
    return (uint32_t)read16(at) << 16 | read16(at + 2);
}

/* A header of `len` bytes is done; `next`, a number of `in`, follows it. */
static inline int go_on(walk *w, uint32_t len, layer in, uint32_t next)
{
    if (w->captured < len)
        return DECAP_CUT;
    w->at += len;
    w->captured -= len;
    w->wire -= len;
    w->layer = in;
    w->next = next;
    return GO_ON;
}

/* The header here says how much there is, itself included: what follows is padding or a checksum
 * of the link. It may be more than was captured, or even than what the capture calls the packet's
 * original length. */
static inline void set_length(walk *w, uint32_t len)
{
    w->wire = len;
    if (w->captured > len)
        w->captured = len;
}

/* link.c */
header_reader read_ethernet, read_vlan_tag, read_llc, read_linux_cooked, read_linux_cooked_2,
    read_loopback, read_raw_ip, read_ppp_link, read_ppp_with_direction, read_pppoe, read_cisco_hdlc,
    read_mpls, read_nflog;

/* ip.c */
header_reader read_ipv4, read_ipv6, read_ipv6_extension, read_ipv6_fragment, read_authentication,
    read_udp;

/* tunnel.c */
header_reader read_ipv4_inside, read_ipv6_inside, read_gre, read_erspan_3, read_ethernet_over_ip,
    read_mpls_inside, read_vxlan, read_vxlan_gpe, read_geneve, read_gtp;

#endif
