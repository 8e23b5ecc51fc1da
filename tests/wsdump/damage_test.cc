// The bundled captures without their beginning, or without packets here and there: every message
// whose bytes are all there comes out, and not one that nobody sent.
#include "damage.h"

#include <gtest/gtest.h>

#include <random>

namespace
{

using namespace damage;

void add(Score &sum, const Score &s)
{
    sum.expected += s.expected;
    sum.told += s.told;
    sum.frames += s.frames;
    sum.wrong_frames += s.wrong_frames;
    sum.wrong_messages += s.wrong_messages;
    sum.faults.insert(sum.faults.end(), s.faults.begin(), s.faults.end());
}

std::string faults_of(const Score &s)
{
    std::string text;
    for (const std::string &fault : s.faults)
        text += fault + "\n";
    return text;
}

// Each packet is lost once in `rarity` times.
Score with_losses(const std::vector<Packet> &packets, unsigned rarity, unsigned rounds)
{
    const Streams truth = truth_of(packets);
    Score sum;
    for (unsigned seed = 1; seed <= rounds; seed++) {
        std::mt19937 random(seed);
        const auto kept = without(packets, [&](size_t) { return random() % rarity == 0; });
        add(sum, score(truth, kept, decode(kept)));
    }
    return sum;
}

class Damage : public testing::TestWithParam<std::string>
{
protected:
    std::vector<Packet> packets() const
    {
        return read_capture(capture_path(GetParam()));
    }
    bool has_messages() const
    {
        return capture_name(GetParam()) != "http";
    }
};

TEST_P(Damage, NoneShowsAll)
{
    const auto all = packets();
    const Score s = score(truth_of(all), all, decode(all));
    EXPECT_EQ(s.told, s.expected) << faults_of(s);
    EXPECT_EQ(s.wrong_frames + s.wrong_messages, 0u) << faults_of(s);
    EXPECT_EQ(s.expected > 0, has_messages());
}

TEST_P(Damage, ByLossLeavesAllOtherMessages)
{
    for (unsigned rarity : {100, 30, 10}) {
        const Score s = with_losses(packets(), rarity, 20);
        EXPECT_EQ(s.told, s.expected) << faults_of(s);
        EXPECT_EQ(s.wrong_frames + s.wrong_messages, 0u) << faults_of(s);
        EXPECT_EQ(s.expected > 0, has_messages());
    }
}

TEST_P(Damage, ByLossOfShortSegmentsInventsNothing)
{
    const Score s = with_losses(cut_to(packets(), 1448), 100, 20);
    EXPECT_EQ(s.told, s.expected) << faults_of(s);
    EXPECT_EQ(s.wrong_frames + s.wrong_messages, 0u) << faults_of(s);
    const Score many = with_losses(cut_to(packets(), 300), 100, 20);
    EXPECT_EQ(many.wrong_frames + many.wrong_messages, 0u) << faults_of(many);
    EXPECT_GE(many.told * 1000, many.expected * 998) << faults_of(many);
}

// Only where next to nothing is left of a connection may it be too little to tell.
TEST_P(Damage, OfTheBeginningLeavesEveryMessageBehindIt)
{
    const auto all = packets();
    const Streams truth = truth_of(all);
    Score sum;
    for (size_t n : {4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 30, 50, 75}) {
        if (n + 20 > all.size())
            break;
        const auto kept = without(all, [n](size_t i) { return i < n; });
        const Account account = decode(kept);
        const Score s = score(truth, kept, account);
        EXPECT_LE(s.expected - s.told, account.totals.suspected) << n << "\n" << faults_of(s);
        EXPECT_EQ(s.wrong_frames + s.wrong_messages, 0u) << n << "\n" << faults_of(s);
        add(sum, s);
    }
    EXPECT_EQ(sum.told > 0, has_messages());
}

TEST_P(Damage, OfOneDirectionLeavesTheOther)
{
    const auto all = packets();
    const Streams truth = truth_of(all);
    for (bool servers : {false, true}) {
        const auto kept = without(all, [&](size_t i) {
            return i < 8 ||
                   (all[i].s.source.port == 8080 || all[i].s.source.port == 9000) != servers;
        });
        const Score s = score(truth, kept, decode(kept));
        EXPECT_EQ(s.wrong_frames + s.wrong_messages, 0u) << faults_of(s);
        EXPECT_GE(s.told * 10, s.expected * 9) << faults_of(s);
    }
}

std::string name_of_case(const testing::TestParamInfo<std::string> &info)
{
    return capture_name(info.param);
}

INSTANTIATE_TEST_SUITE_P(Bundled, Damage, testing::ValuesIn(bundled_captures()), name_of_case);

} // namespace
