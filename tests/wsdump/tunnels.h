// Headers of links and tunnels around the packets of packets.h; each takes what comes after it.
#pragma once

#include "packets.h"

namespace build
{

inline Bytes udp(uint16_t destination, const Bytes &payload)
{
    return number(50000, 2) + number(destination, 2) + number(8 + payload.size(), 2) +
           number(0, 2) + payload;
}

// IPv4 between two other machines, with anything inside.
inline Bytes carried(uint8_t protocol, const Bytes &payload)
{
    Ipv4 ip;
    ip.source = {198, 51, 100, 1};
    ip.destination = {198, 51, 100, 2};
    ip.protocol = protocol;
    return ipv4(ip, payload);
}

// The fields that the flags announce are filled with ee.
inline Bytes gre(uint16_t flags, uint16_t protocol, const Bytes &payload)
{
    Bytes fields;
    for (const unsigned flag : {0x8000u, 0x2000u, 0x1000u})
        if (flags & flag)
            fields = fields + Bytes(4, 0xee);
    return number(flags, 2) + number(protocol, 2) + fields + payload;
}

inline Bytes vxlan(const Bytes &frame)
{
    return Bytes{0x08, 0, 0, 0, 0, 0, 42, 0} + frame;
}

inline Bytes geneve(uint16_t ethertype, uint8_t option_words, const Bytes &payload)
{
    return Bytes{option_words, 0} + number(ethertype, 2) + Bytes{0, 0, 42, 0} +
           Bytes(option_words * 4u, 0xee) + payload;
}

inline Bytes mpls_label(uint32_t label, bool last, const Bytes &payload)
{
    return number(label << 12 | (last ? 0x100 : 0) | 64, 4) + payload;
}

inline Bytes pppoe(const Bytes &ppp)
{
    return Bytes{0x11, 0} + number(9, 2) + number(ppp.size(), 2) + ppp;
}

inline Bytes snap(uint16_t ethertype, const Bytes &payload)
{
    return Bytes{0xaa, 0xaa, 3, 0, 0, 0} + number(ethertype, 2) + payload;
}

// Ethernet with a length instead of a type.
inline Bytes ieee_802_3(const Bytes &payload)
{
    return ethernet(static_cast<uint16_t>(payload.size()), payload);
}

} // namespace build
