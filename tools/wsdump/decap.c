/*
 * Walks from header to header, in a loop: a table says who reads what (walk.h). Checksums are never
 * verified: a machine's own packets are captured before the network card computes them.
 */

#include "decap.h"

#include "walk.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* --- TCP --- */

static int tcp_header(walk *w)
{
    if (w->captured < 20)
        return DECAP_CUT;
    const uint8_t *at = w->at;
    uint32_t header = (uint32_t)(at[12] >> 4) * 4;
    if (header < 20 || header > w->wire)
        return DECAP_CUT;
    segment *s = w->segment;
    s->source.port = read16(at);
    s->destination.port = read16(at + 2);
    s->sequence = read32(at + 4);
    s->acknowledgment = read32(at + 8);
    s->flags = at[13];
    s->window = read16(at + 14);
    /* The snaplen may have cut within the options: the segment is known all the same. */
    uint32_t options_end = header < w->captured ? header : w->captured;
    s->data = at + options_end;
    s->len = w->captured - options_end;
    s->missing = w->wire - header - s->len;
    return DECAP_TCP;
}

/* --- the table --- */

static const struct {
    layer layer;
    uint32_t number;
    header_reader *read;
} headers[] = {
    /* The most usual first. */
    {LAYER_PROTOCOL, 6, tcp_header},
    {LAYER_ETHERTYPE, ETHERTYPE_IPV4, read_ipv4},
    {LAYER_LINK, 1, read_ethernet},
    {LAYER_ETHERTYPE, ETHERTYPE_IPV6, read_ipv6},
    {LAYER_PROTOCOL, 17, read_udp},
    {LAYER_LINK, 276, read_linux_cooked_2},
    {LAYER_LINK, 113, read_linux_cooked},

    {LAYER_LINK, 0, read_loopback},
    {LAYER_LINK, 108, read_loopback},
    {LAYER_LINK, LINK_RAW, read_raw_ip},
    {LAYER_LINK, 12, read_raw_ip}, /* 12 and 14: DLT_RAW of some systems, in files as it is */
    {LAYER_LINK, 14, read_raw_ip},
    {LAYER_LINK, 228, read_ipv4_inside},
    {LAYER_LINK, 229, read_ipv6_inside},
    {LAYER_LINK, LINK_PPP, read_ppp_link},
    {LAYER_LINK, 50, read_ppp_link},
    {LAYER_LINK, 51, read_pppoe},
    {LAYER_LINK, 104, read_cisco_hdlc},
    {LAYER_LINK, 166, read_ppp_with_direction},
    {LAYER_LINK, 204, read_ppp_with_direction},
    {LAYER_LINK, 219, read_mpls},
    {LAYER_LINK, 239, read_nflog},

    {LAYER_ETHERTYPE, 0x8100, read_vlan_tag},
    {LAYER_ETHERTYPE, 0x88a8, read_vlan_tag},
    {LAYER_ETHERTYPE, 0x9100, read_vlan_tag},
    {LAYER_ETHERTYPE, ETHERTYPE_MPLS, read_mpls},
    {LAYER_ETHERTYPE, 0x8848, read_mpls},
    {LAYER_ETHERTYPE, 0x8864, read_pppoe},
    {LAYER_ETHERTYPE, ETHERTYPE_ETHERNET, read_ethernet},
    {LAYER_ETHERTYPE, 0x22eb, read_erspan_3},
    {LAYER_ETHERTYPE, 4, read_llc}, /* Linux cooked calls it so */
    {LAYER_LLC, 0, read_llc},

    {LAYER_PPP, 0x0021, read_ipv4_inside},
    {LAYER_PPP, 0x0057, read_ipv6_inside},
    {LAYER_PPP, 0x0281, read_mpls_inside},
    {LAYER_PPP, 0x0283, read_mpls_inside},

    {LAYER_PROTOCOL, 0, read_ipv6_extension},
    {LAYER_PROTOCOL, 43, read_ipv6_extension},
    {LAYER_PROTOCOL, 60, read_ipv6_extension},
    {LAYER_PROTOCOL, 135, read_ipv6_extension},
    {LAYER_PROTOCOL, 139, read_ipv6_extension},
    {LAYER_PROTOCOL, 44, read_ipv6_fragment},
    {LAYER_PROTOCOL, 51, read_authentication},

    {LAYER_PROTOCOL, 4, read_ipv4_inside},
    {LAYER_PROTOCOL, 41, read_ipv6_inside},
    {LAYER_PROTOCOL, 47, read_gre},
    {LAYER_PROTOCOL, 97, read_ethernet_over_ip},
    {LAYER_PROTOCOL, 137, read_mpls_inside},

    {LAYER_UDP, 4789, read_vxlan},
    {LAYER_UDP, 8472, read_vxlan}, /* the kernel's number before there was a registered one */
    {LAYER_UDP, 4790, read_vxlan_gpe},
    {LAYER_UDP, 6081, read_geneve},
    {LAYER_UDP, 6635, read_mpls_inside},
    {LAYER_UDP, 2152, read_gtp},
};

header_reader *reader_of(layer in, uint32_t number)
{
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        if (headers[i].number == number && headers[i].layer == in)
            return headers[i].read;
    return NULL;
}

bool decap_knows_link(uint32_t link)
{
    return reader_of(LAYER_LINK, link) != NULL;
}

/* --- the public face --- */

/* What is missing of a segment may end where known bytes begin again, behind a fragment that the
 * snaplen cut: those are its rest. */
static void find_rest(const fragments *pieces, segment *s)
{
    uint32_t hole = fragments_unknown(pieces, s->data + s->len, s->missing);
    s->rest = s->missing - hole;
    s->missing = hole;
    if (s->rest > 0) {
        s->rest_flags = s->flags & (TCP_FIN | TCP_PSH);
        s->flags &= (uint8_t)~s->rest_flags;
    }
}

bool decap_rest(const fragments *pieces, segment *s)
{
    if (s->rest == 0)
        return false;
    uint32_t done = s->len + s->missing;
    s->sequence += done + (s->flags & TCP_SYN ? 1 : 0);
    s->data += done;
    s->len = fragments_known(pieces, s->data, s->rest);
    s->missing = s->rest - s->len;
    s->flags = (uint8_t)((s->flags & ~TCP_SYN) | s->rest_flags);
    s->rest = 0;
    if (s->missing > 0)
        find_rest(pieces, s);
    return true;
}

decap_result decap(const packet *p, fragments *pieces, segment *s)
{
    if (pieces)
        fragments_begin(pieces, p->number);
    memset(s, 0, sizeof *s);
    walk w = {.at = p->data,
              .captured = p->captured,
              .wire = p->original > p->captured ? p->original : p->captured,
              .layer = LAYER_LINK,
              .next = p->link,
              .pieces = pieces,
              .time_ns = p->time_ns,
              .segment = s};
    header_reader *read = reader_of(w.layer, w.next);
    int result = read ? read(&w) : DECAP_LINK;
    /* Ends: each header either takes bytes or hands on to one that does, and how often fragments
     * bring new ones is limited. */
    while (result == GO_ON) {
        read = reader_of(w.layer, w.next);
        result = read ? read(&w) : DECAP_OTHER;
    }
    if (result == DECAP_TCP && s->missing > 0 && pieces)
        find_rest(pieces, s);
    return (decap_result)result;
}
