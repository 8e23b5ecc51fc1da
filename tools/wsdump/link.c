/* Headers of links, and what lies between a link and IP: tags, labels, PPP. */
#include "walk.h"

#include <stddef.h>

/* --- Ethernet --- */

int read_ethernet(walk *w)
{
    enum { MAX_LENGTH = 1500 }; /* more is an ethertype */
    if (w->captured < 14)
        return DECAP_CUT;
    uint32_t type = read16(w->at + 12);
    return type <= MAX_LENGTH ? go_on(w, 14, LAYER_LLC, 0) : go_on(w, 14, LAYER_ETHERTYPE, type);
}

int read_vlan_tag(walk *w)
{
    return w->captured < 4 ? DECAP_CUT : go_on(w, 4, LAYER_ETHERTYPE, read16(w->at + 2));
}

/* Logical link control, IEEE 802.2: only with the SNAP header (RFC 1042) is it IP. */
int read_llc(walk *w)
{
    if (w->captured < 3)
        return DECAP_CUT;
    if (w->at[0] != 0xaa || w->at[1] != 0xaa || w->at[2] != 3)
        return DECAP_OTHER;
    if (w->captured < 8)
        return DECAP_CUT;
    uint32_t organisation = read32(w->at + 2) & 0xffffff;
    return organisation == 0 ? go_on(w, 8, LAYER_ETHERTYPE, read16(w->at + 6)) : DECAP_OTHER;
}

/* --- what the capturing system made up --- */

int read_linux_cooked(walk *w)
{
    return w->captured < 16 ? DECAP_CUT : go_on(w, 16, LAYER_ETHERTYPE, read16(w->at + 14));
}

int read_linux_cooked_2(walk *w)
{
    return w->captured < 20 ? DECAP_CUT : go_on(w, 20, LAYER_ETHERTYPE, read16(w->at));
}

/* Loopback: the address family as the capturing system counts, in its byte order or the other. */
int read_loopback(walk *w)
{
    static const struct {
        uint8_t family;
        uint16_t ethertype;
    } families[] = {
        {2, ETHERTYPE_IPV4},  {10, ETHERTYPE_IPV6}, {23, ETHERTYPE_IPV6},
        {24, ETHERTYPE_IPV6}, {28, ETHERTYPE_IPV6}, {30, ETHERTYPE_IPV6},
    };
    if (w->captured < 4)
        return DECAP_CUT;
    uint32_t family = read32(w->at);
    if ((family & 0xffffff) == 0) /* little-endian: a family fits in a byte */
        family >>= 24;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (family == families[i].family)
            return go_on(w, 4, LAYER_ETHERTYPE, families[i].ethertype);
    return DECAP_OTHER;
}

/*
 * Linux's log of packets: family, version, group, then fields, of which number 9 is the packet. A
 * field's length, itself and its number included, and its number are in the byte order of the
 * capturing machine; numbers are below 256. The next begins at a multiple of four.
 */
int read_nflog(walk *w)
{
    enum { PACKET = 9 };
    uint32_t at = 4;
    while (at <= w->captured && w->captured - at >= 4) {
        const uint8_t *field = w->at + at;
        bool big_endian = field[2] == 0 && field[3] != 0;
        uint32_t len = (uint32_t)(big_endian ? field[0] << 8 | field[1] : field[1] << 8 | field[0]);
        if (len < 4)
            return DECAP_CUT;
        if ((big_endian ? field[3] : field[2]) == PACKET)
            return go_on(w, at + 4, LAYER_LINK, LINK_RAW);
        at += (len + 3) & ~UINT32_C(3);
    }
    return DECAP_CUT;
}

/* No link header: the version is in the first four bits of either IP. */
int read_raw_ip(walk *w)
{
    if (w->captured < 1)
        return DECAP_CUT;
    switch (w->at[0] >> 4) {
    case 4: return go_on(w, 0, LAYER_ETHERTYPE, ETHERTYPE_IPV4);
    case 6: return go_on(w, 0, LAYER_ETHERTYPE, ETHERTYPE_IPV6);
    default: return DECAP_OTHER;
    }
}

/* --- PPP --- */

/* The protocol; one byte when the peers agreed to leave out a leading zero (RFC 1661 6.5). */
static int read_ppp(walk *w)
{
    if (w->captured < 1)
        return DECAP_CUT;
    if (w->at[0] & 1)
        return go_on(w, 1, LAYER_PPP, w->at[0]);
    return w->captured < 2 ? DECAP_CUT : go_on(w, 2, LAYER_PPP, read16(w->at));
}

int read_cisco_hdlc(walk *w)
{
    return w->captured < 4 ? DECAP_CUT : go_on(w, 4, LAYER_ETHERTYPE, read16(w->at + 2));
}

/* A link's address and control field may be there, left out, or Cisco's (0f unicast, 8f multicast,
 * then 0). */
int read_ppp_link(walk *w)
{
    if (w->captured < 2)
        return DECAP_CUT;
    switch (read16(w->at)) {
    case 0xff03: return go_on(w, 2, LAYER_LINK, LINK_PPP);
    case 0x0f00:
    case 0x8f00: return read_cisco_hdlc(w);
    default: return read_ppp(w);
    }
}

/* One byte for the direction, before the frame or instead of its address. */
int read_ppp_with_direction(walk *w)
{
    if (w->captured < 2)
        return DECAP_CUT;
    return go_on(w, w->at[1] == 0x03 ? 2 : 1, LAYER_LINK, LINK_PPP);
}

/* Version 1, type 1, code 0 (session data), session, length: IP has one of its own. */
int read_pppoe(walk *w)
{
    if (w->captured < 6)
        return DECAP_CUT;
    if (read16(w->at) != 0x1100)
        return DECAP_OTHER;
    return go_on(w, 6, LAYER_LINK, LINK_PPP);
}

/* --- MPLS --- */

/* Nothing says what is under the last label: IP shows its version, a pseudowire (RFC 4385) begins
 * with a control word whose first four bits are 0, an Ethernet frame behind it. */
static int under_labels(walk *w)
{
    if (w->captured < 1)
        return DECAP_CUT;
    return w->at[0] >> 4 == 0 ? go_on(w, 4, LAYER_ETHERTYPE, ETHERTYPE_ETHERNET) : read_raw_ip(w);
}

int read_mpls(walk *w)
{
    if (w->captured < 4)
        return DECAP_CUT;
    bool last = w->at[2] & 1;
    int result = go_on(w, 4, LAYER_ETHERTYPE, ETHERTYPE_MPLS);
    return last ? under_labels(w) : result;
}
