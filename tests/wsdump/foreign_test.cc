// Real traffic of other protocols, whole and damaged: there is no WebSocket in it.
#include "damage.h"

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
