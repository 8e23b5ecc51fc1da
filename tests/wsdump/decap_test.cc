// decap: every link, IP and TCP header that is known, and none that is broken, gives a segment.
#include "../libwsproto/guarded.h"
#include "packets.h"

#include <gtest/gtest.h>

extern "C" {
#include "decap.h"
}

using build::Bytes;
using build::operator+;

namespace
{

const Bytes payload = build::text("hello");

Bytes segment_bytes()
{
    return build::tcp(build::Tcp{}, payload);
}

Bytes ip4()
{
    return build::ipv4(build::Ipv4{}, segment_bytes());
}

Bytes ip6()
{
    return build::ipv6(build::Ipv6{}, segment_bytes());
}

packet as_packet(uint32_t link, const Bytes &bytes, size_t original = 0)
{
    packet p = {};
    p.link = link;
    p.captured = static_cast<uint32_t>(bytes.size());
    p.original = static_cast<uint32_t>(original ? original : bytes.size());
    p.data = bytes.data();
    return p;
}

decap_result result_of(uint32_t link, const Bytes &bytes)
{
    packet p = as_packet(link, bytes);
    segment s;
    return decap(&p, nullptr, &s);
}

std::string data_of(const segment &s)
{
    return std::string(reinterpret_cast<const char *>(s.data), s.len);
}

// "payload+missing", or the number of the result when there is no segment.
std::string seen(uint32_t link, const Bytes &bytes, size_t original = 0)
{
    packet p = as_packet(link, bytes, original);
    segment s;
    const decap_result result = decap(&p, nullptr, &s);
    if (result != DECAP_TCP)
        return std::to_string(result);
    return data_of(s) + "+" + std::to_string(s.missing);
}

std::string formatted(const endpoint &e)
{
    char out[ENDPOINT_TEXT];
    const int len = endpoint_format(out, &e);
    EXPECT_EQ(static_cast<size_t>(len), std::string(out).size());
    return out;
}

TEST(Decap, GivesEveryFieldOfASegment)
{
    build::Tcp h;
    h.sequence = 0xfedcba98;
    h.acknowledgment = 0x01020304;
    h.flags = TCP_PSH | TCP_ACK;
    const Bytes bytes = build::packet(h, payload);
    packet p = as_packet(1, bytes);
    segment s;
    ASSERT_EQ(decap(&p, nullptr, &s), DECAP_TCP);
    EXPECT_EQ(formatted(s.source), "192.0.2.1:40000");
    EXPECT_EQ(formatted(s.destination), "192.0.2.2:80");
    EXPECT_EQ(s.sequence, 0xfedcba98u);
    EXPECT_EQ(s.acknowledgment, 0x01020304u);
    EXPECT_EQ(s.flags, TCP_PSH | TCP_ACK);
    EXPECT_EQ(s.window, 65535);
    EXPECT_EQ(s.data, p.data + 54);
    EXPECT_EQ(data_of(s), "hello");
    EXPECT_EQ(s.missing, 0u);
}

TEST(Decap, GivesIpv6Endpoints)
{
    const Bytes bytes = build::ethernet(0x86dd, ip6());
    packet p = as_packet(1, bytes);
    segment s;
    ASSERT_EQ(decap(&p, nullptr, &s), DECAP_TCP);
    EXPECT_EQ(formatted(s.source), "[2001:db8::1]:40000");
    EXPECT_EQ(formatted(s.destination), "[2001:db8::2]:80");
    EXPECT_EQ(data_of(s), "hello");
}

TEST(Decap, LeavesUnusedAddressBytesZero)
{
    const Bytes bytes = build::packet(build::Tcp{}, payload);
    packet p = as_packet(1, bytes);
    segment s;
    memset(&s, 0xff, sizeof s);
    ASSERT_EQ(decap(&p, nullptr, &s), DECAP_TCP);
    for (int i = 4; i < 16; i++)
        EXPECT_EQ(s.source.address[i] | s.destination.address[i], 0);
}

TEST(Decap, FormatsTheLongestEndpoint)
{
    endpoint e = {};
    e.version = 6;
    memset(e.address, 0xff, sizeof e.address);
    e.port = 65535;
    EXPECT_EQ(formatted(e), "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

TEST(Decap, StepsOverAnyStackOfVlanTags)
{
    using build::vlan;
    EXPECT_EQ(seen(1, build::ethernet(0x8100, vlan(0x0800, ip4()))), "hello+0");
    EXPECT_EQ(seen(1, build::ethernet(0x88a8, vlan(0x8100, vlan(0x86dd, ip6())))), "hello+0");
    EXPECT_EQ(seen(1, build::ethernet(0x9100, vlan(0x9100, vlan(0x8100, vlan(0x0800, ip4()))))),
              "hello+0");
    EXPECT_EQ(seen(113, build::linux_cooked(0x8100, vlan(0x0800, ip4()))), "hello+0");
    Bytes tags; // as many as fit into the largest block of a capture file: no recursion
    for (int i = 0; i < 4000000; i++)
        tags.insert(tags.end(), {0x00, 0x2a, 0x81, 0x00});
    EXPECT_EQ(seen(1, build::ethernet(0x8100, tags)), std::to_string(DECAP_CUT));
}

TEST(Decap, KnowsLoopbackOfEverySystemInBothByteOrders)
{
    for (uint32_t link : {0u, 108u}) {
        for (bool big_endian : {false, true}) {
            EXPECT_EQ(seen(link, build::number(2, 4, big_endian) + ip4()), "hello+0");
            for (uint32_t family : {24u, 28u, 30u})
                EXPECT_EQ(seen(link, build::number(family, 4, big_endian) + ip6()), "hello+0");
            EXPECT_EQ(result_of(link, build::number(7, 4, big_endian) + ip4()), DECAP_OTHER);
        }
        EXPECT_EQ(result_of(link, build::number(0x02000002, 4) + ip4()), DECAP_OTHER);
    }
}

TEST(Decap, KnowsLinksWithoutAHeader)
{
    for (uint32_t link : {12u, 14u, 101u}) {
        EXPECT_EQ(seen(link, ip4()), "hello+0");
        EXPECT_EQ(seen(link, ip6()), "hello+0");
    }
    EXPECT_EQ(seen(228, ip4()), "hello+0");
    EXPECT_EQ(seen(229, ip6()), "hello+0");
    EXPECT_EQ(result_of(101, Bytes{0x50, 0, 0, 0}), DECAP_OTHER);
}

TEST(Decap, KnowsLinuxCookedBothVersions)
{
    EXPECT_EQ(seen(113, build::linux_cooked(0x0800, ip4())), "hello+0");
    EXPECT_EQ(seen(113, build::linux_cooked(0x86dd, ip6())), "hello+0");
    EXPECT_EQ(seen(276, build::linux_cooked_2(0x0800, ip4())), "hello+0");
    EXPECT_EQ(seen(276, build::linux_cooked_2(0x86dd, ip6())), "hello+0");
}

TEST(Decap, SaysWhenALinkIsNotKnown)
{
    EXPECT_EQ(result_of(105, ip4()), DECAP_LINK);
    EXPECT_EQ(result_of(65536 + 1, build::packet(build::Tcp{}, payload)), DECAP_LINK);
    EXPECT_FALSE(decap_knows_link(105));
    EXPECT_TRUE(decap_knows_link(276));
}

TEST(Decap, PassesByWhatIsNotTcp)
{
    build::Ipv4 udp;
    udp.protocol = 17;
    EXPECT_EQ(result_of(1, build::ethernet(0x0800, build::ipv4(udp, Bytes(20, 0)))), DECAP_OTHER);
    EXPECT_EQ(result_of(1, build::ethernet(0x0806, Bytes(28, 0))), DECAP_OTHER);
    EXPECT_EQ(result_of(1, build::ethernet(100, Bytes(100, 0))), DECAP_OTHER);
    build::Ipv6 icmp;
    icmp.next = 58;
    EXPECT_EQ(result_of(101, build::ipv6(icmp, Bytes(20, 0))), DECAP_OTHER);
}

TEST(Decap, CutsEthernetPaddingByTheIpLength)
{
    build::Tcp h;
    const Bytes ack = build::ipv4(build::Ipv4{}, build::tcp(h, {}));
    EXPECT_EQ(seen(1, build::ethernet(0x0800, ack + Bytes(6, 0xee))), "+0");
    EXPECT_EQ(seen(1, build::ethernet(0x0800, ip4() + Bytes(4, 0xee))), "hello+0");
    EXPECT_EQ(seen(1, build::ethernet(0x86dd, ip6() + Bytes(4, 0xee))), "hello+0");
    // Cut within the padding: nothing of the segment is missing.
    EXPECT_EQ(seen(1, build::ethernet(0x0800, ip4() + Bytes(1, 0xee)), 64), "hello+0");
}

TEST(Decap, StepsOverIpAndTcpOptions)
{
    build::Ipv4 ip;
    ip.options = Bytes(40, 1);
    build::Tcp h;
    h.options = Bytes(40, 1);
    EXPECT_EQ(seen(101, build::ipv4(ip, build::tcp(h, payload))), "hello+0");
}

TEST(Decap, TakesWhatWasCapturedWhenTheLengthIsLeftToTheCard)
{
    build::Ipv4 offloaded;
    offloaded.total_length = 0;
    EXPECT_EQ(seen(101, build::ipv4(offloaded, segment_bytes())), "hello+0");
    EXPECT_EQ(seen(101, build::ipv4(offloaded, segment_bytes()), 50), "hello+5");
    build::Ipv6 jumbo;
    jumbo.payload_length = 0;
    EXPECT_EQ(seen(101, build::ipv6(jumbo, segment_bytes())), "hello+0");
}

TEST(Decap, TakesPacketsOfMoreThan64KiB)
{
    build::Ipv4 offloaded;
    offloaded.total_length = 0;
    const Bytes big(200000, 'x');
    EXPECT_EQ(seen(101, build::ipv4(offloaded, build::tcp(build::Tcp{}, big))),
              std::string(200000, 'x') + "+0");
    build::Ipv6 jumbo;
    jumbo.payload_length = 0;
    jumbo.next = 0;
    EXPECT_EQ(
        seen(101, build::ipv6(jumbo, build::ipv6_extension(6, 0, build::tcp(build::Tcp{}, big)))),
        std::string(200000, 'x') + "+0");
}

TEST(Decap, WalksIpv6ExtensionHeaders)
{
    using build::ipv6_extension;
    build::Ipv6 ip;
    ip.next = 0;
    const Bytes atomic = build::ipv6_fragment(6, 0x0006, segment_bytes()); // reserved bits set
    const Bytes chain = ipv6_extension(43, 0, ipv6_extension(60, 2, ipv6_extension(44, 1, atomic)));
    EXPECT_EQ(seen(101, build::ipv6(ip, chain)), "hello+0");
    ip.next = 60;
    EXPECT_EQ(seen(101, build::ipv6(ip, ipv6_extension(6, 255, segment_bytes()))), "hello+0");
    EXPECT_EQ(result_of(101, build::ipv6(ip, Bytes{6, 9, 0, 0, 0, 0, 0, 0})), DECAP_CUT);
}

TEST(Decap, TellsFragmentsOfTcpFromOthers)
{
    build::Ipv4 ip;
    ip.fragment = 0x2000; // more fragments
    EXPECT_EQ(result_of(101, build::ipv4(ip, segment_bytes())), DECAP_FRAGMENT);
    ip.fragment = 3;
    EXPECT_EQ(result_of(101, build::ipv4(ip, segment_bytes())), DECAP_FRAGMENT);
    ip.protocol = 1; // ICMP
    EXPECT_EQ(result_of(101, build::ipv4(ip, Bytes(8, 0))), DECAP_OTHER);
    ip = {};
    ip.fragment = 0x4000; // don't fragment
    EXPECT_EQ(seen(101, build::ipv4(ip, segment_bytes())), "hello+0");

    build::Ipv6 six;
    six.next = 44;
    EXPECT_EQ(result_of(101, build::ipv6(six, build::ipv6_fragment(6, 1, segment_bytes()))),
              DECAP_FRAGMENT);
    EXPECT_EQ(result_of(101, build::ipv6(six, build::ipv6_fragment(6, 8, segment_bytes()))),
              DECAP_FRAGMENT);
    EXPECT_EQ(result_of(101, build::ipv6(six, build::ipv6_fragment(58, 8, Bytes(8, 0)))),
              DECAP_OTHER);
}

TEST(Decap, RefusesHeadersThatContradictThemselves)
{
    build::Tcp h;
    h.acknowledgment = 0x50000000; // looks like a header's length once it is taken for one
    Bytes bytes = build::ipv4(build::Ipv4{}, build::tcp(h, payload));
    bytes[0] = 0x44; // a header of 16 bytes
    EXPECT_EQ(result_of(101, bytes), DECAP_CUT);
    bytes = ip4();
    bytes[0] = 0x65; // version 6 where the link says 4
    EXPECT_EQ(result_of(1, build::ethernet(0x0800, bytes)), DECAP_CUT);
    bytes = ip6();
    bytes[0] = 0x40;
    EXPECT_EQ(result_of(1, build::ethernet(0x86dd, bytes)), DECAP_CUT);
    build::Ipv4 ip;
    ip.total_length = 19;
    EXPECT_EQ(result_of(101, build::ipv4(ip, segment_bytes())), DECAP_CUT);
    ip.total_length = 39; // ends within the TCP header
    EXPECT_EQ(result_of(101, build::ipv4(ip, segment_bytes())), DECAP_CUT);
    bytes = ip4();
    bytes[32] = 0x40; // a TCP header of 16 bytes
    EXPECT_EQ(result_of(101, bytes), DECAP_CUT);
    bytes[32] = 0xf0; // of 60 bytes, more than the packet has
    EXPECT_EQ(result_of(101, bytes), DECAP_CUT);
}

TEST(Decap, CountsWhatTheSnaplenCutOff)
{
    const Bytes whole = build::packet(build::Tcp{}, payload);
    const Bytes cut(whole.begin(), whole.end() - 3);
    EXPECT_EQ(seen(1, cut, whole.size()), "he+3");
    // The length in the IP header counts, also when the capture file claims there was no more.
    EXPECT_EQ(seen(1, cut), "he+3");
}

TEST(Decap, KnowsASegmentWhoseOptionsAreCut)
{
    build::Tcp h;
    h.options = Bytes(12, 1);
    const Bytes whole = build::packet(h, payload);
    const Bytes cut(whole.begin(), whole.begin() + 14 + 20 + 20 + 4);
    EXPECT_EQ(seen(1, cut, whole.size()), "+5");
}

// Each packet cut to each length, placed where the next byte is forbidden: never read beyond, and
// a segment only if its 20 bytes are there, with captured and missing bytes adding up.
TEST(Decap, ReadsNothingBeyondAPacketOfAnyLength)
{
    build::Ipv4 ip;
    ip.options = Bytes(8, 1);
    build::Tcp h;
    h.options = Bytes(12, 1);
    const Bytes tcp = build::tcp(h, payload);
    build::Ipv6 extended;
    extended.next = 0;
    const Bytes six = build::ipv6(
        extended, build::ipv6_extension(
                      43, 0, build::ipv6_extension(44, 1, build::ipv6_fragment(6, 0, tcp))));
    const struct {
        uint32_t link;
        Bytes bytes;
    } cases[] = {
        {1,
         build::ethernet(0x88a8, build::vlan(0x8100, build::vlan(0x0800, build::ipv4(ip, tcp))))},
        {1, build::ethernet(0x86dd, six)},
        {0, build::number(2, 4) + build::ipv4(ip, tcp)},
        {101, six},
        {113, build::linux_cooked(0x0800, build::ipv4(ip, tcp))},
        {276, build::linux_cooked_2(0x86dd, six)},
    };
    for (const auto &c : cases) {
        const size_t tcp_at = c.bytes.size() - tcp.size();
        for (size_t len = 0; len <= c.bytes.size(); len++) {
            Guarded memory(c.bytes.data(), len);
            packet p = as_packet(c.link, c.bytes);
            p.captured = static_cast<uint32_t>(len);
            p.data = memory.data();
            segment s;
            const decap_result result = decap(&p, nullptr, &s);
            ASSERT_EQ(result, len < tcp_at + 20 ? DECAP_CUT : DECAP_TCP) << c.link << " " << len;
            if (result == DECAP_TCP) {
                ASSERT_LE(s.data + s.len, memory.data() + len);
                ASSERT_EQ(s.len + s.missing, payload.size());
            }
        }
    }
}

} // namespace
