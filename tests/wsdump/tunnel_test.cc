// decap: a TCP segment is found in every link and tunnel that is known, the innermost one, and none
// where what is around it is broken.
#include "../libwsproto/guarded.h"
#include "tunnels.h"

#include <gtest/gtest.h>

extern "C" {
#include "decap.h"
}

using build::Bytes;
using build::carried;
using build::ethernet;
using build::gre;
using build::mpls_label;
using build::number;
using build::udp;
using build::operator+;

namespace
{

enum Link : uint32_t { ETHERNET = 1, RAW = 101 };

Bytes ip4()
{
    return build::ipv4(build::Ipv4{}, build::tcp(build::Tcp{}, build::text("hello")));
}

Bytes ip6()
{
    return build::ipv6(build::Ipv6{}, build::tcp(build::Tcp{}, build::text("hello")));
}

Bytes frame()
{
    return ethernet(0x0800, ip4());
}

decap_result decode(uint32_t link, const Bytes &bytes, segment *s)
{
    packet p = {};
    p.link = link;
    p.captured = p.original = static_cast<uint32_t>(bytes.size());
    p.data = bytes.data();
    return decap(&p, nullptr, s);
}

// "from: payload", with a "+" for bytes that are missing, or the number of the result.
std::string seen(uint32_t link, const Bytes &bytes)
{
    segment s;
    const decap_result result = decode(link, bytes, &s);
    if (result != DECAP_TCP)
        return std::to_string(result);
    char from[ENDPOINT_TEXT];
    endpoint_format(from, &s.source);
    return std::string(from) + ": " + std::string(s.data, s.data + s.len) +
           (s.missing ? "+" + std::to_string(s.missing) : "");
}

const std::string hello4 = "192.0.2.1:40000: hello", hello6 = "[2001:db8::1]:40000: hello";
const std::string other = std::to_string(DECAP_OTHER), cut = std::to_string(DECAP_CUT);

TEST(Tunnel, CarriesEitherIpInEitherIp)
{
    EXPECT_EQ(seen(RAW, carried(4, ip4())), hello4);
    EXPECT_EQ(seen(RAW, carried(41, ip6())), hello6);
    build::Ipv6 six;
    six.next = 4;
    EXPECT_EQ(seen(RAW, build::ipv6(six, ip4())), hello4); // no byte of the outer address is left
    six.next = 41;
    EXPECT_EQ(seen(RAW, build::ipv6(six, ip6())), hello6);
    EXPECT_EQ(seen(RAW, carried(4, ip6())), cut) << "the version contradicts the protocol";
}

TEST(Tunnel, LeavesNothingOfTheOuterAddresses)
{
    build::Ipv6 six;
    six.next = 4;
    const Bytes bytes = build::ipv6(six, ip4());
    segment s;
    ASSERT_EQ(decode(RAW, bytes, &s), DECAP_TCP);
    for (int i = 4; i < 16; i++)
        EXPECT_EQ(s.source.address[i] | s.destination.address[i], 0);
}

TEST(Tunnel, GreWithEveryOptionalField)
{
    for (const unsigned flags : {0u, 0x8000u, 0x2000u, 0x1000u, 0xa000u, 0x3000u, 0xb000u}) {
        const auto bits = static_cast<uint16_t>(flags);
        EXPECT_EQ(seen(RAW, carried(47, gre(bits, 0x0800, ip4()))), hello4) << flags;
        EXPECT_EQ(seen(RAW, carried(47, gre(bits, 0x86dd, ip6()))), hello6) << flags;
        EXPECT_EQ(seen(RAW, carried(47, gre(bits, 0x6558, frame()))), hello4) << flags;
    }
    EXPECT_EQ(seen(RAW, carried(47, gre(0, 0x8847, mpls_label(16, true, ip4())))), hello4);
}

TEST(Tunnel, PassesByOtherVersionsOfGre)
{
    EXPECT_EQ(seen(RAW, carried(47, gre(0x3001, 0x880b, ip4()))), other); // PPTP
    EXPECT_EQ(seen(RAW, carried(47, gre(0x4000, 0x0800, ip4()))), other); // routing
    EXPECT_EQ(seen(RAW, carried(47, gre(0, 0, {}))), other);              // a keepalive
}

TEST(Tunnel, ErspanOfAllThreeTypes)
{
    EXPECT_EQ(seen(RAW, carried(47, gre(0, 0x88be, frame()))), hello4);
    EXPECT_EQ(seen(RAW, carried(47, gre(0x1000, 0x88be, Bytes(8, 0x10) + frame()))), hello4);
    EXPECT_EQ(seen(RAW, carried(47, gre(0x1000, 0x22eb, Bytes(12, 0x20) + frame()))), hello4);
    EXPECT_EQ(seen(RAW, carried(47, gre(0x1000, 0x22eb, Bytes(11, 0x20) + Bytes(9, 1) + frame()))),
              hello4);
}

TEST(Tunnel, VxlanOnBothPorts)
{
    for (const uint16_t port : {uint16_t{4789}, uint16_t{8472}})
        EXPECT_EQ(seen(RAW, carried(17, udp(port, build::vxlan(frame())))), hello4);
    const Bytes tagged = ethernet(0x8100, build::vlan(0x86dd, ip6()));
    EXPECT_EQ(seen(RAW, carried(17, udp(4789, build::vxlan(tagged)))), hello6);
    Bytes without = build::vxlan(frame());
    without[0] = 0;
    EXPECT_EQ(seen(RAW, carried(17, udp(4789, without))), other);
    EXPECT_EQ(seen(RAW, carried(17, udp(53, build::vxlan(frame())))), other);
}

TEST(Tunnel, VxlanThatSaysWhatIsInside)
{
    const auto inside = [](uint8_t flags, uint8_t what, const Bytes &payload) {
        return seen(RAW, carried(17, udp(4790, Bytes{flags, 0, 0, what, 0, 0, 42, 0} + payload)));
    };
    EXPECT_EQ(inside(0x0c, 1, ip4()), hello4);
    EXPECT_EQ(inside(0x0c, 2, ip6()), hello6);
    EXPECT_EQ(inside(0x0c, 3, frame()), hello4);
    EXPECT_EQ(inside(0x0c, 5, mpls_label(16, true, ip4())), hello4);
    EXPECT_EQ(inside(0x08, 0, frame()), hello4);
    for (const uint8_t unknown : Bytes{0, 4, 6, 255})
        EXPECT_EQ(inside(0x0c, unknown, frame()), other);
}

TEST(Tunnel, GeneveWithAndWithoutOptions)
{
    for (const uint8_t words : {uint8_t{0}, uint8_t{3}, uint8_t{63}}) {
        EXPECT_EQ(seen(RAW, carried(17, udp(6081, build::geneve(0x6558, words, frame())))), hello4);
        EXPECT_EQ(seen(RAW, carried(17, udp(6081, build::geneve(0x86dd, words, ip6())))), hello6);
    }
    Bytes later = build::geneve(0x6558, 0, frame());
    later[0] |= 0x40; // version 1
    EXPECT_EQ(seen(RAW, carried(17, udp(6081, later))), other);
}

TEST(Tunnel, GtpWithItsExtensionHeaders)
{
    const auto gtp = [](uint8_t flags, const Bytes &more) {
        return seen(RAW, carried(17, udp(2152, Bytes{flags, 255, 0, 0, 0, 0, 0, 1} + more)));
    };
    EXPECT_EQ(gtp(0x30, ip4()), hello4);
    EXPECT_EQ(gtp(0x32, Bytes{0, 7, 0, 0x85} + ip6()), hello6); // a number; the type means nothing
    EXPECT_EQ(gtp(0x34, Bytes{0, 0, 0, 0x85, 1, 0, 9, 0} + ip4()), hello4);
    EXPECT_EQ(gtp(0x34, Bytes{0, 0, 0, 0x85, 2, 0, 0, 0, 0, 0, 0, 0x40, 1, 0, 0, 0} + ip4()),
              hello4);
    EXPECT_EQ(gtp(0x34, Bytes{0, 0, 0, 0x85, 0, 0, 0, 0} + ip4()), cut) << "would never end";
    EXPECT_EQ(seen(RAW, carried(17, udp(2152, Bytes{0x30, 1, 0, 0, 0, 0, 0, 1}))), other); // echo
    EXPECT_EQ(gtp(0x10, ip4()), other); // GTP' of accounting
}

TEST(Tunnel, EthernetAndMplsInIpAndUdp)
{
    EXPECT_EQ(seen(RAW, carried(97, Bytes{0x30, 0} + frame())), hello4);
    EXPECT_EQ(seen(RAW, carried(97, Bytes{0x40, 0} + frame())), other);
    EXPECT_EQ(seen(RAW, carried(137, mpls_label(3, true, ip4()))), hello4);
    EXPECT_EQ(seen(RAW, carried(17, udp(6635, mpls_label(99, true, ip6())))), hello6);
}

TEST(Tunnel, StacksOfMplsLabels)
{
    for (const uint16_t type : {uint16_t{0x8847}, uint16_t{0x8848}}) {
        EXPECT_EQ(seen(ETHERNET, ethernet(type, mpls_label(16, true, ip4()))), hello4);
        EXPECT_EQ(
            seen(ETHERNET,
                 ethernet(type, mpls_label(0xfffff, false,
                                           mpls_label(0, false, mpls_label(2, true, ip6()))))),
            hello6);
    }
    // A pseudowire: a control word, then an Ethernet frame.
    EXPECT_EQ(seen(ETHERNET, ethernet(0x8847, mpls_label(16, true, Bytes(4, 0) + frame()))),
              hello4);
    EXPECT_EQ(seen(ETHERNET, ethernet(0x8847, mpls_label(16, true, Bytes(4, 0x10) + frame()))),
              other);
    EXPECT_EQ(seen(219, mpls_label(16, true, ip4())), hello4);
}

TEST(Tunnel, PppoeSessions)
{
    EXPECT_EQ(seen(ETHERNET, ethernet(0x8864, build::pppoe(number(0x0021, 2) + ip4()))), hello4);
    EXPECT_EQ(seen(ETHERNET, ethernet(0x8864, build::pppoe(number(0x0057, 2) + ip6()))), hello6);
    EXPECT_EQ(seen(ETHERNET,
                   ethernet(0x8864, build::pppoe(number(0x0281, 2) + mpls_label(16, true, ip4())))),
              hello4);
    EXPECT_EQ(
        seen(ETHERNET, ethernet(0x8864, build::pppoe(number(0x0021, 2) + ip4()) + Bytes(9, 0xee))),
        hello4)
        << "padding";
    EXPECT_EQ(seen(ETHERNET, ethernet(0x8864, build::pppoe(number(0xc021, 2) + Bytes(8, 1)))),
              other);                                                     // LCP
    EXPECT_EQ(seen(ETHERNET, ethernet(0x8863, build::pppoe({}))), other); // discovery
    EXPECT_EQ(seen(51, build::pppoe(number(0x0021, 2) + ip4())), hello4);
}

TEST(Tunnel, LinksOfPpp)
{
    const Bytes address = number(0xff03, 2), full = number(0x0021, 2) + ip4();
    for (const uint32_t link : {9u, 50u}) {
        EXPECT_EQ(seen(link, address + full), hello4);
        EXPECT_EQ(seen(link, full), hello4);
        EXPECT_EQ(seen(link, address + Bytes{0x57} + ip6()), hello6);
        EXPECT_EQ(seen(link, number(0x0f000800, 4) + ip4()), hello4) << "Cisco's HDLC";
    }
    EXPECT_EQ(seen(104, number(0x8f0086dd, 4) + ip6()), hello6);
    for (const uint8_t direction : {uint8_t{0}, uint8_t{1}}) {
        EXPECT_EQ(seen(166, Bytes{direction, 3} + full), hello4);
        EXPECT_EQ(seen(204, Bytes{direction} + address + full), hello4);
    }
}

TEST(Tunnel, NflogInBothByteOrders)
{
    for (const bool big_endian : {false, true}) {
        const auto field = [&](uint16_t len, uint16_t type, const Bytes &content) {
            return number(len, 2, big_endian) + number(type, 2, big_endian) + content;
        };
        const Bytes head = {2, 0, 0, 7};
        EXPECT_EQ(seen(239, head + field(4 + 45, 9, ip4())), hello4);
        EXPECT_EQ(seen(239, head + field(10, 10, Bytes(8, 'x')) + field(8, 1, Bytes(4, 1)) +
                                field(4 + 65, 9, ip6())),
                  hello6);
        EXPECT_EQ(seen(239, head + field(8, 1, Bytes(4, 1))), cut) << "no packet";
        EXPECT_EQ(seen(239, head + field(0, 1, Bytes(4, 1)) + field(0, 1, {})), cut) << "endless";
        EXPECT_EQ(seen(239, head + field(65535, 1, Bytes(4, 1))), cut);
    }
}

TEST(Tunnel, EthernetWithALengthInsteadOfAType)
{
    using build::snap;
    EXPECT_EQ(seen(ETHERNET, build::ieee_802_3(snap(0x0800, ip4()))), hello4);
    EXPECT_EQ(seen(ETHERNET, ethernet(0x8100, build::vlan(0x86dd, ip6()))), hello6);
    EXPECT_EQ(seen(113, build::linux_cooked(4, snap(0x86dd, ip6()))), hello6);
    EXPECT_EQ(seen(ETHERNET, build::ieee_802_3(Bytes{0x42, 0x42, 3} + Bytes(40, 0))), other); // STP
    Bytes cisco = snap(0x0800, ip4());
    cisco[5] = 0x0c; // another organisation's numbers
    EXPECT_EQ(seen(ETHERNET, build::ieee_802_3(cisco)), other);
}

TEST(Tunnel, StepsOverAuthentication)
{
    for (const uint8_t words : {uint8_t{1}, uint8_t{4}, uint8_t{255}}) {
        Bytes header(8 + (words - 0u) * 4, 0);
        header[0] = 6;
        header[1] = words;
        const Bytes tcp = build::tcp(build::Tcp{}, build::text("hello"));
        EXPECT_EQ(seen(RAW, carried(51, header + tcp)), "198.51.100.1:40000: hello");
    }
    build::Ipv6 six;
    six.next = 135; // mobility; its length counts as those of the options do
    EXPECT_EQ(
        seen(RAW, build::ipv6(six, build::ipv6_extension(
                                       6, 1, build::tcp(build::Tcp{}, build::text("hello"))))),
        hello6);
    EXPECT_EQ(seen(RAW, carried(50, Bytes(40, 0))), other) << "ESP hides what is in it";
}

TEST(Tunnel, CutsPaddingByTheInnermostLength)
{
    const Bytes padded = ethernet(0x0800, ip4() + Bytes(9, 0xee));
    EXPECT_EQ(seen(ETHERNET,
                   ethernet(0x0800, carried(17, udp(4789, build::vxlan(padded))) + Bytes(7, 0xdd))),
              hello4);
}

TEST(Tunnel, CountsWhatTheSnaplenCutOffTheInnerSegment)
{
    const Bytes whole = carried(17, udp(4789, build::vxlan(frame())));
    const Bytes shorter(whole.begin(), whole.end() - 3);
    EXPECT_EQ(seen(RAW, shorter), "192.0.2.1:40000: he+3");
}

// Seven tunnels are more than anyone has; a packet that goes on like that is an attack.
TEST(Tunnel, LimitsTheirDepth)
{
    Bytes packet = ip4();
    for (int headers = 2; headers <= 8; headers++) {
        packet = carried(4, packet);
        ASSERT_EQ(seen(RAW, packet), hello4) << headers;
    }
    EXPECT_EQ(seen(RAW, carried(4, packet)), other);
    Bytes mixed = frame();
    for (int headers = 2; headers <= 9; headers++)
        mixed = ethernet(0x0800, carried(17, udp(4789, build::vxlan(mixed))));
    EXPECT_EQ(seen(ETHERNET, mixed), other);
}

// Each packet cut to each length, placed where the next byte is forbidden.
TEST(Tunnel, ReadsNothingBeyondAPacketOfAnyLength)
{
    build::Ipv6 six;
    six.next = 51;
    const struct {
        uint32_t link;
        Bytes bytes;
    } cases[] = {
        {RAW, carried(4, carried(41, ip6()))},
        {RAW, carried(47, gre(0xb000, 0x6558, frame()))},
        {RAW, carried(47, gre(0x1000, 0x88be, Bytes(8, 0x10) + frame()))},
        {RAW, carried(47, gre(0x1000, 0x22eb, Bytes(11, 0x20) + Bytes(9, 1) + frame()))},
        {RAW, carried(17, udp(4789, build::vxlan(frame())))},
        {RAW, carried(17, udp(4790, Bytes{12, 0, 0, 1, 0, 0, 42, 0} + ip4()))},
        {RAW, carried(17, udp(6081, build::geneve(0x6558, 2, frame())))},
        {RAW, carried(17, udp(2152, Bytes{0x34, 255, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0, 9, 0} +
                                        ip4()))},
        {RAW, carried(97, Bytes{0x30, 0} + frame())},
        {ETHERNET, ethernet(0x8847, mpls_label(1, false, mpls_label(16, true, ip4())))},
        {ETHERNET, ethernet(0x8847, mpls_label(16, true, Bytes(4, 0) + frame()))},
        {ETHERNET, ethernet(0x8864, build::pppoe(number(0x0021, 2) + ip4()))},
        {ETHERNET, build::ieee_802_3(build::snap(0x0800, ip4()))},
        {239, Bytes{2, 0, 0, 7, 8, 0, 1, 0, 1, 1, 1, 1, 49, 0, 9, 0} + ip4()},
        {50, number(0xff03, 2) + number(0x0021, 2) + ip4()},
        {104, number(0x0f000800, 4) + ip4()},
        {204, Bytes{1} + number(0xff03, 2) + Bytes{0x21} + ip4()},
        {RAW, build::ipv6(six, Bytes{6, 1} + Bytes(10, 0) +
                                   build::tcp(build::Tcp{}, build::text("hello")))},
    };
    for (const auto &c : cases) {
        const size_t tcp_at = c.bytes.size() - 25;
        for (size_t len = 0; len <= c.bytes.size(); len++) {
            Guarded memory(c.bytes.data(), len);
            packet p = {};
            p.link = c.link;
            p.captured = static_cast<uint32_t>(len);
            p.original = static_cast<uint32_t>(c.bytes.size());
            p.data = memory.data();
            segment s;
            const decap_result result = decap(&p, nullptr, &s);
            ASSERT_EQ(result, len < tcp_at + 20 ? DECAP_CUT : DECAP_TCP)
                << &c - cases << " " << len;
            if (result == DECAP_TCP) {
                ASSERT_EQ(s.len + s.missing, 5u) << &c - cases << " " << len;
            }
        }
    }
}

} // namespace
