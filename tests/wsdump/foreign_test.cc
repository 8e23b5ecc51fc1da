// Real traffic of other protocols, whole and damaged: there is no WebSocket in it.
#include "damage.h"
#include "traffic.h"

#include <gtest/gtest.h>

#include <random>

namespace
{

using namespace damage;

class Foreign : public testing::TestWithParam<std::string>
{
};

void expect_none(const std::vector<Packet> &packets)
{
    const Account account = decode(packets);
    ASSERT_EQ(account.totals.websockets, 0u);
    ASSERT_EQ(account.totals.messages, 0u);
}

TEST_P(Foreign, HasNoWebSocket)
{
    const auto all = read_capture(capture_path("foreign/" + GetParam()));
    EXPECT_GT(all.size(), 50u);
    EXPECT_GT(decode(all).totals.connections, 0u);
    expect_none(all);
}

TEST_P(Foreign, HasNoneWithoutItsBeginning)
{
    const auto all = read_capture(capture_path("foreign/" + GetParam()));
    const size_t step = 1 + all.size() / 60;
    for (size_t n = 1; n < all.size(); n += step)
        expect_none(without(all, [n](size_t i) { return i < n; }));
}

TEST_P(Foreign, HasNoneWithLosses)
{
    const auto all = read_capture(capture_path("foreign/" + GetParam()));
    for (unsigned seed = 1; seed <= 20; seed++) {
        std::mt19937 random(seed);
        expect_none(without(all, [&](size_t) { return random() % 20 == 0; }));
    }
}

TEST_P(Foreign, HasNoneInOneDirection)
{
    const auto all = read_capture(capture_path("foreign/" + GetParam()));
    for (bool up : {false, true})
        expect_none(without(all, [&](size_t i) {
            return i < 6 || (all[i].s.source.port < all[i].s.destination.port) == up;
        }));
}

// The bytes of each direction of each connection.
std::vector<std::vector<uint8_t>> streams_of(const std::vector<Packet> &packets)
{
    Streams streams;
    for (const Packet &p : packets) {
        Stream &stream = streams[{name_of(p.s.source), name_of(p.s.destination)}];
        if (p.s.flags & TCP_SYN)
            stream.start = p.s.sequence + 1;
        else
            put(stream, p);
    }
    std::vector<std::vector<uint8_t>> all;
    for (const auto &[direction, stream] : streams)
        all.push_back(stream.bytes);
    return all;
}

// Some segments from there on, as if the capture had begun with them, and the rest of the message
// that was under way did not say what protocol it is. Small ones end where a frame may end.
uint64_t websockets_from(const std::vector<uint8_t> &stream, size_t at)
{
    Traffic t;
    const size_t size = at % 2 ? 1448 : 1 + at % 97;
    for (int segment = 0; segment < 8 && at < stream.size(); segment++) {
        const size_t n = std::min(size, stream.size() - at);
        t.say_borrowed(0, stream.data() + at, n);
        at += n;
    }
    t.end(TCP_END_EOF);
    return t.totals().websockets;
}

// Some hundred thousand places, of which one in twenty may begin a frame.
TEST_P(Foreign, HasNoneWhereverItIsCut)
{
    size_t tried = 0;
    for (const auto &stream : streams_of(read_capture(capture_path("foreign/" + GetParam())))) {
        for (size_t at = 0; at < stream.size(); at++, tried++)
            ASSERT_EQ(websockets_from(stream, at), 0u) << "byte " << at;
    }
    EXPECT_GT(tried, 40000u);
}

std::vector<std::string> captures()
{
    return {"http.pcapng", "tls.pcapng", "ssh.pcapng", "redis.pcapng", "postgresql.pcapng"};
}

std::string name_of_case(const testing::TestParamInfo<std::string> &info)
{
    return capture_name(info.param);
}

INSTANTIATE_TEST_SUITE_P(Protocols, Foreign, testing::ValuesIn(captures()), name_of_case);

} // namespace
