/* Tunnels: headers that carry another packet, or a whole Ethernet frame, inside IP or UDP. */
#include "walk.h"

int read_ipv4_inside(walk *w)
{
    return go_on(w, 0, LAYER_ETHERTYPE, ETHERTYPE_IPV4);
}

int read_ipv6_inside(walk *w)
{
    return go_on(w, 0, LAYER_ETHERTYPE, ETHERTYPE_IPV6);
}

int read_mpls_inside(walk *w)
{
    return go_on(w, 0, LAYER_ETHERTYPE, ETHERTYPE_MPLS);
}

/* EtherIP (RFC 3378): version 3 and 12 bits of 0. */
int read_ethernet_over_ip(walk *w)
{
    if (w->captured < 2)
        return DECAP_CUT;
    return read16(w->at) == 0x3000 ? go_on(w, 2, LAYER_ETHERTYPE, ETHERTYPE_ETHERNET) : DECAP_OTHER;
}

/*
 * GRE (RFC 2784, 2890): a checksum, a key and a sequence number, four bytes each, are there when
 * their bits say so. Version 1 is PPTP's, whose content is compressed and enciphered as a rule;
 * routing (RFC 1701) was never used. ERSPAN, the Ethernet frames that a switch's mirror port sends,
 * has no header of its own in its first type, which has no sequence number, and 8 bytes in its
 * second.
 */
int read_gre(walk *w)
{
    enum {
        CHECKSUM = 0x8000,
        ROUTING = 0x4000,
        KEY = 0x2000,
        SEQUENCE = 0x1000,
        VERSION = 0x0007,
        ERSPAN = 0x88be,
    };
    if (w->captured < 4)
        return DECAP_CUT;
    uint32_t flags = read16(w->at), protocol = read16(w->at + 2);
    if (flags & (ROUTING | VERSION))
        return DECAP_OTHER;
    uint32_t len = 4;
    len += flags & CHECKSUM ? 4 : 0;
    len += flags & KEY ? 4 : 0;
    len += flags & SEQUENCE ? 4 : 0;
    if (protocol == ERSPAN)
        return go_on(w, len + (flags & SEQUENCE ? 8 : 0), LAYER_ETHERTYPE, ETHERTYPE_ETHERNET);
    return go_on(w, len, LAYER_ETHERTYPE, protocol);
}

/* The third type: 12 bytes, and 8 more that depend on the platform when the last bit says so. */
int read_erspan_3(walk *w)
{
    if (w->captured < 12)
        return DECAP_CUT;
    uint32_t len = w->at[11] & 1 ? 20 : 12;
    return go_on(w, len, LAYER_ETHERTYPE, ETHERTYPE_ETHERNET);
}

/* VXLAN (RFC 7348): the flag that says a network's number is there has to be set. */
int read_vxlan(walk *w)
{
    if (w->captured < 8)
        return DECAP_CUT;
    return w->at[0] & 0x08 ? go_on(w, 8, LAYER_ETHERTYPE, ETHERTYPE_ETHERNET) : DECAP_OTHER;
}

/* Its generic form says what is inside, in numbers of its own. */
int read_vxlan_gpe(walk *w)
{
    static const uint16_t ethertypes[] = {0, ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_ETHERNET,
                                          0, ETHERTYPE_MPLS};
    if (w->captured < 8)
        return DECAP_CUT;
    bool told = w->at[0] & 0x04;
    uint32_t inside = told ? w->at[3] : 3;
    if (inside >= sizeof ethertypes / sizeof *ethertypes || !ethertypes[inside])
        return DECAP_OTHER;
    return go_on(w, 8, LAYER_ETHERTYPE, ethertypes[inside]);
}

/* Geneve (RFC 8926): version 0, options in fours, an ethertype. */
int read_geneve(walk *w)
{
    if (w->captured < 8)
        return DECAP_CUT;
    if (w->at[0] >> 6 != 0)
        return DECAP_OTHER;
    return go_on(w, 8 + (w->at[0] & 0x3fu) * 4, LAYER_ETHERTYPE, read16(w->at + 2));
}

/*
 * GTP-U of mobile networks (3GPP TS 29.281): version 1, message type 255 carries a packet. If any
 * of three flags is set, four bytes follow, the last of them the type of the first extension
 * header; of each of those, the first byte is its length in fours and the last the type of the
 * next, 0 = no more.
 */
int read_gtp(walk *w)
{
    if (w->captured < 8)
        return DECAP_CUT;
    if (w->at[0] >> 4 != 3 || w->at[1] != 255)
        return DECAP_OTHER;
    uint32_t len = 8;
    if (w->at[0] & 7) {
        if (w->captured < 12)
            return DECAP_CUT;
        len = 12;
        for (uint8_t type = w->at[0] & 4 ? w->at[11] : 0; type != 0;) {
            uint32_t extension = len < w->captured ? w->at[len] * 4u : 0;
            if (extension == 0 || extension > w->captured - len)
                return DECAP_CUT;
            len += extension;
            type = w->at[len - 1];
        }
    }
    return go_on(w, len, LAYER_LINK, LINK_RAW);
}
