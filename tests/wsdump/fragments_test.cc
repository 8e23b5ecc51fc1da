// fragments: pieces of IP packets in any order, and what becomes of those that never are whole.
// decap: the segment in them, stamped with the packet that completed it.
#include "tunnels.h"

#include <glib.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

extern "C" {
#include "decap.h"
#include "fragments.h"
}

using build::Bytes;
using build::operator+;

namespace
{

const int64_t second = 1000000000;

// The next packet's bytes, never the same.
Bytes numbered(size_t len, uint8_t seed = 1)
{
    Bytes out(len);
    uint32_t state = seed;
    for (uint8_t &byte : out)
        byte = static_cast<uint8_t>((state = state * 1664525 + 1013904223) >> 27); // never a '?'
    return out;
}

class Fragments : public testing::Test
{
protected:
    explicit Fragments(size_t max_bytes = 0, size_t max_packets = 0)
        : limits{max_bytes, max_packets}, f(fragments_new(&limits))
    {
    }
    ~Fragments() override
    {
        fragments_free(f);
    }

    // "" while it is not whole; else its bytes, "?" where they are not known.
    std::string add(uint32_t id, size_t offset, bool more, const Bytes &data, size_t wire = 0)
    {
        fragment piece = {};
        piece.key.version = 4;
        piece.key.id = id;
        piece.offset = static_cast<uint32_t>(offset);
        piece.more = more;
        piece.next = next;
        const Bytes exact(data.begin(), data.end());
        piece.data = exact.data();
        piece.captured = static_cast<uint32_t>(data.size());
        piece.wire = static_cast<uint32_t>(wire ? wire : data.size());
        piece.time_ns = now;
        if (!fragments_add(f, &piece, &whole))
            return "";
        std::string text(whole.len, '?');
        for (uint32_t at = 0; at < whole.len;) {
            const uint32_t known = fragments_known(f, whole.data + at, whole.len - at);
            for (uint32_t i = at; i < at + known; i++)
                text[i] = static_cast<char>(whole.data[i]);
            at += known;
            at += fragments_unknown(f, whole.data + at, whole.len - at);
        }
        EXPECT_EQ(whole.known, std::min(text.find('?'), text.size()));
        return text;
    }
    std::string add(uint32_t id, size_t offset, bool more, const std::string &data, size_t wire = 0)
    {
        return add(id, offset, more, build::text(data), wire);
    }
    fragments_totals totals() const
    {
        return fragments_get_totals(f);
    }

    fragment_limits limits;
    fragments *f;
    fragments_whole whole = {};
    int64_t now = 0;
    uint8_t next = 6;
};

TEST_F(Fragments, ArePutTogetherInAnyOrder)
{
    const std::string parts[] = {"01234567", "89abcdef", "ghijklmn", "op"};
    int order[] = {0, 1, 2, 3};
    uint32_t id = 0;
    do {
        std::string result;
        for (int i = 0; i < 4; i++) {
            EXPECT_EQ(result, "");
            result = add(id, static_cast<size_t>(order[i]) * 8, order[i] < 3, parts[order[i]]);
        }
        EXPECT_EQ(result, "0123456789abcdefghijklmnop");
        id++;
    } while (std::next_permutation(order, order + 4));
    EXPECT_EQ(totals().whole, 24u);
    EXPECT_EQ(totals().waiting, 0u);
}

TEST_F(Fragments, OfDifferentPacketsStayApart)
{
    fragment piece = {};
    const auto give = [&](const char *data, bool more) {
        piece.data = reinterpret_cast<const uint8_t *>(data);
        piece.captured = piece.wire = 8;
        piece.offset = more ? 0 : 8;
        piece.more = more;
        return fragments_add(f, &piece, &whole);
    };
    uint8_t *const fields[] = {&piece.key.addresses[0], &piece.key.addresses[31],
                               &piece.key.protocol, &piece.key.version,
                               reinterpret_cast<uint8_t *>(&piece.key.id)};
    EXPECT_FALSE(give("first...", true));
    for (uint8_t *field : fields) {
        *field = 1;
        EXPECT_FALSE(give("another.", false));
        *field = 0;
    }
    EXPECT_TRUE(give("the end.", false));
    EXPECT_EQ(std::string(whole.data, whole.data + whole.len), "first...the end.");
    EXPECT_EQ(totals().waiting, 5u);
}

TEST_F(Fragments, KeepTheBytesThatCameFirstWhereTheyOverlap)
{
    add(1, 8, true, "BBBBBBBB");
    EXPECT_EQ(add(1, 0, false, "cccccccccccccccccccccccc"), "ccccccccBBBBBBBBcccccccc");
    add(2, 0, true, "aaaaaaaaaaaaaaaa");
    add(2, 24, true, "dddddddddddddddd");
    EXPECT_EQ(add(2, 8, false, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxyy"),
              "aaaaaaaaaaaaaaaaxxxxxxxxddddddddddddddddyy");
    add(3, 0, true, "same....");
    add(3, 0, true, "other...");
    EXPECT_EQ(add(3, 8, false, "end"), "same....end");
}

// Against an array of bytes, each of which the first fragment that had it wrote.
TEST_F(Fragments, OverlapAnyhow)
{
    std::mt19937 random(4);
    for (uint32_t id = 0; id < 300; id++) {
        const size_t len = 8 * (1 + random() % 12);
        std::string expected(len, '\0'), result;
        for (char letter = 'a'; expected.find('\0') != std::string::npos; letter++) {
            EXPECT_EQ(result, "");
            const size_t begin = random() % (len / 8) * 8;
            const size_t end = std::min(len, begin + 8 * (1 + random() % 4));
            for (size_t i = begin; i < end; i++)
                expected[i] = expected[i] ? expected[i] : letter;
            result = add(id, begin, end < len, std::string(end - begin, letter));
        }
        ASSERT_EQ(result, expected);
    }
}

TEST_F(Fragments, IgnoreThoseThatContradictTheirPacket)
{
    add(1, 8, false, "the end.");
    EXPECT_EQ(add(1, 16, true, "beyond.."), "");
    EXPECT_EQ(add(1, 24, false, "another."), "");
    EXPECT_EQ(add(1, 0, false, "another."), "");
    EXPECT_EQ(add(1, 0, true, "begin..."), "begin...the end.");
    add(2, 16, true, "middle..");
    EXPECT_EQ(add(2, 8, false, "too soon"), "");
    EXPECT_EQ(add(2, 24, false, "the end."), "");
    EXPECT_EQ(add(2, 0, true, "begin..."), "");
    EXPECT_EQ(add(2, 8, true, "more...."), "begin...more....middle..the end.");
    EXPECT_EQ(add(3, 65528, false, "far too long to be"), "");
    EXPECT_EQ(add(3, 0, true, ""), "");
    EXPECT_EQ(totals().waiting, 0u);
}

TEST_F(Fragments, AreOfTheLargestPacketToo)
{
    const Bytes data = numbered(65535);
    const std::string expected(data.begin(), data.end());
    std::vector<size_t> order(8192);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), std::mt19937(1));
    std::string result;
    for (const size_t i : order) {
        ASSERT_EQ(result, "");
        result = add(1, i * 8, i < 8191, expected.substr(i * 8, 8));
    }
    EXPECT_TRUE(result == expected);
}

TEST_F(Fragments, SayTheProtocolOfTheFirst)
{
    next = 60;
    add(1, 8, false, "the end.");
    next = 17;
    EXPECT_NE(add(1, 0, true, "begin..."), "");
    EXPECT_EQ(whole.next, 17);
    add(2, 0, true, "begin...");
    next = 60;
    EXPECT_NE(add(2, 8, false, "the end."), "");
    EXPECT_EQ(whole.next, 17);
}

TEST_F(Fragments, CutByTheSnaplenLeaveHoles)
{
    add(1, 8, true, "89", 8);
    add(1, 16, false, "ghi", 8);
    EXPECT_EQ(add(1, 0, true, "01234567"), "0123456789??????ghi?????");
    add(2, 0, true, "", 8);
    EXPECT_EQ(add(2, 8, false, "end"), "????????end");
    EXPECT_EQ(whole.known, 0u);
    add(3, 0, true, "first...");
    EXPECT_EQ(add(3, 0, false, "another.the ", 16), "first...the ????");
}

TEST_F(Fragments, WaitForThirtySecondsOfTheCapturesClock)
{
    add(1, 0, true, "begin...");
    now = 30 * second;
    EXPECT_EQ(add(1, 8, false, "end"), "begin...end");
    add(2, 0, true, "begin...");
    now += 30 * second + 1;
    EXPECT_EQ(add(2, 8, false, "end"), "");
    EXPECT_EQ(totals().lacking, 1u);
    EXPECT_EQ(totals().waiting, 1u);
    now = INT64_MIN; // goes back: nothing is late
    EXPECT_EQ(add(2, 0, true, "another."), "another.end");
    now = INT64_MAX;
    EXPECT_EQ(add(3, 0, true, "begin..."), "");
    EXPECT_EQ(totals().lacking, 1u);
}

TEST_F(Fragments, ThatComeAgainBeginNoPacket)
{
    // Each packet is captured twice: as it comes in, and as it goes out.
    add(1, 0, true, "begin...");
    add(1, 0, true, "begin...");
    EXPECT_EQ(add(1, 8, false, "end"), "begin...end");
    EXPECT_EQ(add(1, 8, false, "end"), "");
    EXPECT_EQ(totals().waiting, 0u);
    // Its number is used again: the end of the first is not the end of this.
    EXPECT_EQ(add(1, 0, true, "another."), "");
    EXPECT_EQ(add(1, 8, false, "one"), "another.one");
    // A packet with the same beginning.
    EXPECT_EQ(add(1, 0, true, "another."), "");
    EXPECT_EQ(add(1, 8, false, "time"), "");
    EXPECT_EQ(add(1, 0, true, "another."), "another.time");
}

class LimitedFragments : public Fragments
{
protected:
    LimitedFragments() : Fragments(2000, 3) {}
};

TEST_F(LimitedFragments, GiveUpTheOldestPacketForMemory)
{
    add(1, 0, true, numbered(800));
    add(2, 0, true, numbered(800));
    EXPECT_EQ(totals().evicted, 1u); // 2 * 800 bytes, and 2 * 256 for the packets and pieces
    EXPECT_EQ(add(1, 800, false, "end"), "");
    EXPECT_NE(add(2, 800, false, "end"), "");
    EXPECT_EQ(totals().evicted, 1u) << "what is whole makes room first";
}

TEST_F(LimitedFragments, GiveUpWhatIsWholeBeforeWhatWaits)
{
    add(1, 0, true, numbered(800));
    add(2, 0, true, numbered(8));
    EXPECT_NE(add(1, 800, false, "end"), "");
    add(3, 0, true, numbered(800));
    EXPECT_EQ(totals().evicted, 0u);
    EXPECT_EQ(totals().waiting, 2u);
}

TEST_F(LimitedFragments, GiveUpTheOldestPacketForTheNumberOfThem)
{
    for (uint32_t id = 1; id <= 4; id++)
        add(id, 0, true, "begin...");
    EXPECT_EQ(totals().evicted, 1u);
    EXPECT_EQ(totals().waiting, 3u);
    EXPECT_EQ(add(1, 8, false, "end"), "");
    EXPECT_EQ(add(4, 8, false, "end"), "begin...end");
}

TEST_F(LimitedFragments, KeepOnePacketThatIsLargerThanAll)
{
    for (size_t at = 0; at < 40000; at += 8000)
        EXPECT_EQ(add(1, at, true, numbered(8000)), "");
    EXPECT_EQ(add(1, 40000, false, "end").size(), 40003u);
}

TEST_F(LimitedFragments, StayBoundedWhateverComes)
{
    std::mt19937 random(7);
    for (int i = 0; i < 100000; i++) {
        add(static_cast<uint32_t>(random() % 100), random() % 50 * 8, random() % 4 != 0,
            numbered(8 + random() % 64));
        ASSERT_LE(totals().waiting, 3u);
        now += second / 10;
    }
}

// --- through decap ---

struct Seen {
    uint64_t packet; // that completed it
    std::string from;
    uint32_t sequence;
    std::string data; // "+n" at the end for what is missing of it
    uint8_t flags;
};

bool operator==(const Seen &a, const Seen &b)
{
    return a.packet == b.packet && a.from == b.from && a.sequence == b.sequence &&
           a.data == b.data && a.flags == b.flags;
}

std::ostream &operator<<(std::ostream &out, const Seen &s)
{
    return out << s.packet << " " << s.from << " " << s.sequence << " " << s.data << " flags "
               << int{s.flags};
}

class Decoder
{
public:
    ~Decoder()
    {
        fragments_free(pieces_);
    }

    // An IP packet; `snaplen` bytes of it are captured.
    void take(const Bytes &ip, size_t snaplen = 262144)
    {
        const Bytes exact(ip.begin(), ip.begin() + static_cast<long>(std::min(ip.size(), snaplen)));
        packet p = {};
        p.number = ++packets_;
        p.link = 101;
        p.captured = static_cast<uint32_t>(exact.size());
        p.original = static_cast<uint32_t>(ip.size());
        p.data = exact.data();
        segment s;
        result = decap(&p, pieces_, &s);
        if (result != DECAP_TCP)
            return;
        do {
            char from[ENDPOINT_TEXT];
            endpoint_format(from, &s.source);
            std::string data(s.data, s.data + s.len);
            if (s.missing)
                data += "+" + std::to_string(s.missing);
            segments.push_back({p.number, from, s.sequence, data, s.flags});
        } while (decap_rest(pieces_, &s));
    }

    std::vector<Seen> segments;
    decap_result result = DECAP_OTHER;

private:
    fragments *pieces_ = fragments_new(nullptr);
    uint64_t packets_ = 0;
};

// `payload` of an IPv4 packet in pieces of `size` bytes.
std::vector<Bytes> in_fragments(build::Ipv4 ip, const Bytes &payload, size_t size)
{
    std::vector<Bytes> out;
    for (size_t at = 0; at < payload.size(); at += size) {
        const size_t end = std::min(payload.size(), at + size);
        ip.fragment = static_cast<uint16_t>(at / 8 | (end < payload.size() ? 0x2000 : 0));
        out.push_back(build::ipv4(ip, Bytes(payload.begin() + static_cast<long>(at),
                                            payload.begin() + static_cast<long>(end))));
    }
    return out;
}

std::vector<Bytes> in_fragments6(uint8_t next, const Bytes &payload, size_t size)
{
    build::Ipv6 ip;
    ip.next = 44;
    std::vector<Bytes> out;
    for (size_t at = 0; at < payload.size(); at += size) {
        const size_t end = std::min(payload.size(), at + size);
        const auto place = static_cast<uint16_t>(at | (end < payload.size() ? 1 : 0));
        out.push_back(
            build::ipv6(ip, build::ipv6_fragment(next, place,
                                                 Bytes(payload.begin() + static_cast<long>(at),
                                                       payload.begin() + static_cast<long>(end)))));
    }
    return out;
}

Bytes segment_bytes(const std::string &data, uint8_t flags = TCP_ACK)
{
    build::Tcp h;
    h.sequence = 1000;
    h.flags = flags;
    return build::tcp(h, build::text(data));
}

const std::string text = "The quick brown fox jumps over the lazy dog, and the dog does not care.";

TEST(FragmentedSegment, IsStampedWithThePacketThatCompletedIt)
{
    for (const auto &pieces :
         {in_fragments({}, segment_bytes(text), 24), in_fragments6(6, segment_bytes(text), 24)}) {
        ASSERT_EQ(pieces.size(), 4u);
        Decoder d;
        for (const int i : {2, 0, 3})
            d.take(pieces[static_cast<size_t>(i)]);
        EXPECT_TRUE(d.segments.empty());
        EXPECT_EQ(d.result, DECAP_FRAGMENT);
        d.take(pieces[1]);
        const std::string from = pieces[0][0] == 0x45 ? "192.0.2.1:40000" : "[2001:db8::1]:40000";
        EXPECT_EQ(d.segments, (std::vector<Seen>{{4, from, 1000, text, TCP_ACK}}));
    }
}

TEST(FragmentedSegment, MayHaveItsHeaderInTwoPieces)
{
    Decoder d;
    for (const Bytes &piece : in_fragments({}, segment_bytes(text), 8))
        d.take(piece);
    ASSERT_EQ(d.segments.size(), 1u);
    EXPECT_EQ(d.segments[0].data, text);
}

// Two packets of the same addresses, their pieces by turns.
TEST(FragmentedSegment, IsToldFromOthersByProtocolAndNumber)
{
    Decoder four;
    build::Ipv4 datagram;
    datagram.protocol = 17; // the same number counts for itself there
    const auto others = in_fragments(datagram, build::udp(53, Bytes(71, 0xee)), 24);
    const auto pieces = in_fragments({}, segment_bytes(text), 24);
    ASSERT_EQ(others.size(), pieces.size());
    for (size_t i = 0; i < pieces.size(); i++) {
        four.take(others[i]);
        four.take(pieces[i]);
    }
    ASSERT_EQ(four.segments.size(), 1u);
    EXPECT_EQ(four.segments[0].data, text);

    Decoder six;
    const auto first = in_fragments6(6, segment_bytes(text), 24);
    auto other = in_fragments6(6, segment_bytes(std::string(text.size(), 'x')), 24);
    for (size_t i = 0; i < first.size(); i++) {
        other[i][40 + 7]++; // the last byte of the identification
        six.take(first[i]);
        six.take(other[i]);
    }
    ASSERT_EQ(six.segments.size(), 2u);
    EXPECT_EQ(six.segments[0].data, text);
    EXPECT_EQ(six.segments[1].data, std::string(text.size(), 'x'));
}

TEST(FragmentedSegment, IsFoundInATunnelWhoseOuterPacketIsInFragments)
{
    const Bytes inner = build::ethernet(0x0800, build::ipv4({}, segment_bytes(text)));
    build::Ipv4 outer;
    outer.protocol = 17;
    Decoder d;
    for (const Bytes &piece : in_fragments(outer, build::udp(4789, build::vxlan(inner)), 40))
        d.take(piece);
    ASSERT_EQ(d.segments.size(), 1u);
    EXPECT_EQ(d.segments[0].data, text);
}

TEST(FragmentedSegment, MayBeInFragmentsInsideAndOutside)
{
    Decoder d;
    build::Ipv4 outer;
    outer.protocol = 47;
    outer.source = {198, 51, 100, 9};
    for (const Bytes &inner : in_fragments({}, segment_bytes(text), 40))
        for (const Bytes &piece : in_fragments(outer, build::gre(0, 0x0800, inner), 24))
            d.take(piece);
    EXPECT_EQ(d.segments, (std::vector<Seen>{{8, "192.0.2.1:40000", 1000, text, TCP_ACK}}));
}

// Whatever the snaplen leaves of each fragment is decoded, each run of bytes as a segment.
TEST(FragmentedSegment, HasItsKnownBytesOnBothSidesOfAHole)
{
    Decoder d;
    for (const Bytes &piece : in_fragments({}, segment_bytes(text, TCP_ACK | TCP_FIN), 32))
        d.take(piece, 20 + 30); // 2 bytes of each fragment of 32 are missing
    EXPECT_EQ(d.segments, (std::vector<Seen>{
                              {3, "192.0.2.1:40000", 1000, text.substr(0, 10) + "+2", TCP_ACK},
                              {3, "192.0.2.1:40000", 1012, text.substr(12, 30) + "+2", TCP_ACK},
                              {3, "192.0.2.1:40000", 1044, text.substr(44), TCP_ACK | TCP_FIN},
                          }));
}

TEST(FragmentedSegment, CountsASynBeforeTheHole)
{
    Decoder d;
    for (const Bytes &piece : in_fragments({}, segment_bytes(text, TCP_SYN), 64))
        d.take(piece, 20 + 60);
    EXPECT_EQ(d.segments, (std::vector<Seen>{
                              {2, "192.0.2.1:40000", 1000, text.substr(0, 40) + "+4", TCP_SYN},
                              {2, "192.0.2.1:40000", 1045, text.substr(44), 0},
                          }));
}

TEST(FragmentedSegment, NeedsItsHeader)
{
    Decoder d;
    for (const Bytes &piece : in_fragments({}, segment_bytes(text), 32))
        d.take(piece, 20 + 10);
    EXPECT_EQ(d.result, DECAP_CUT);
}

TEST(FragmentedSegment, IsNotMadeOfItself)
{
    // A packet whose content is the next fragment header, again and again.
    Decoder d;
    Bytes chain = segment_bytes(text);
    for (int i = 0; i < 100; i++) {
        build::Ipv6 ip;
        ip.next = 44;
        Bytes tail = build::ipv6_fragment(44, static_cast<uint16_t>(8), chain);
        tail[7] = static_cast<uint8_t>(i);
        Bytes head = build::ipv6_fragment(44, 1, Bytes{44, 0, 0, 8, 0, 0, 0, 0});
        head[7] = static_cast<uint8_t>(i);
        d.take(build::ipv6(ip, head));
        chain = tail;
    }
    build::Ipv6 ip;
    ip.next = 44;
    d.take(build::ipv6(ip, chain));
    EXPECT_TRUE(d.segments.empty());
}

} // namespace
