// Statistics: what is counted of each record, and what the steps of the histograms stand for.
#include "records.h"

#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <vector>

extern "C" {
#include "statistics.h"
}

namespace
{

using namespace sample;

class Statistics : public testing::Test
{
protected:
    void add(const record &r)
    {
        statistics_add(s_.get(), &r);
    }
    void add_pong(int64_t rtt)
    {
        record r = some_message(WSP_OPCODE_PONG, "");
        r.message.rtt_ns = rtt;
        add(r);
    }
    const statistics &get() const
    {
        return *s_;
    }
    const statistics_side &server() const
    {
        return s_->sides[WSP_FROM_SERVER];
    }

private:
    std::unique_ptr<statistics> s_ = std::make_unique<statistics>();
};

TEST_F(Statistics, CountConnectionsByTheirHandshakeAndEnd)
{
    for (record_handshake h : {HANDSHAKE_SEEN, HANDSHAKE_PARTIAL, HANDSHAKE_MISSING,
                               HANDSHAKE_REFUSED, HANDSHAKE_REFUSED})
        add(some_open(h, nullptr, nullptr));
    record end = some(RECORD_END);
    end.end.how = ENDED_RST;
    add(end);
    EXPECT_EQ(get().connections, 5u);
    EXPECT_EQ(get().refused, 2u);
    EXPECT_EQ(get().joined, 1u);
    EXPECT_EQ(get().ended, 1u);
    EXPECT_EQ(get().hows[ENDED_RST], 1u);
}

TEST_F(Statistics, CountFramesAndMessagesByOpcodeAndSide)
{
    add(some_frame(bare_header, 0));
    add(some_message(WSP_OPCODE_TEXT, "abc"));
    record m = some_message(WSP_OPCODE_PING, "ab");
    m.from = WSP_FROM_CLIENT;
    m.message.wire_length = 9;
    m.message.complete = false;
    m.message.guessed = true;
    add(m);
    EXPECT_EQ(server().frames[bare_header.opcode], 1u);
    EXPECT_EQ(server().types[WSP_OPCODE_TEXT], 1u);
    EXPECT_EQ(server().messages, 1u);
    EXPECT_EQ(server().bytes, 3u);
    const statistics_side &client_side = get().sides[WSP_FROM_CLIENT];
    EXPECT_EQ(client_side.types[WSP_OPCODE_PING], 1u);
    EXPECT_EQ(client_side.bytes, 2u);
    EXPECT_EQ(client_side.wire_bytes, 9u);
    EXPECT_EQ(get().incomplete, 1u);
    EXPECT_EQ(get().guessed, 1u);
}

TEST_F(Statistics, CompareInflatedBytesWithThoseOnTheWire)
{
    record m = some_message(WSP_OPCODE_TEXT, "abcdef");
    m.message.compressed = true;
    m.message.wire_length = 4;
    add(m);
    m.message.data = nullptr; // not inflated: nothing to compare
    add(m);
    add(some_message(WSP_OPCODE_TEXT, "plain"));
    EXPECT_EQ(server().compressed_messages, 1u);
    EXPECT_EQ(server().compressed_from, 6u);
    EXPECT_EQ(server().compressed_to, 4u);
}

TEST_F(Statistics, CountSizesOfDataMessagesByPowerOfTwo)
{
    EXPECT_EQ(statistics_size_from(0), 0u);
    for (int step = 1; step < STATISTICS_SIZES; step++) {
        const uint64_t from = uint64_t{1} << (step - 1);
        EXPECT_EQ(statistics_size_from(step), from);
        record m = some_message(WSP_OPCODE_BINARY, "");
        for (const uint64_t length : {from, 2 * from - 1}) {
            m.message.length = length;
            add(m);
        }
        EXPECT_EQ(server().sizes[step], 2u) << step;
    }
    record m = some_message(WSP_OPCODE_BINARY, "");
    m.message.length = UINT64_MAX;
    add(m);
    EXPECT_EQ(server().sizes[STATISTICS_SIZES - 1], 3u);
    add(some_message(WSP_OPCODE_TEXT, ""));
    add(some_message(WSP_OPCODE_PING, ""));
    EXPECT_EQ(server().sizes[0], 1u);
}

TEST_F(Statistics, HaveRoundTripsWithinAFifth)
{
    EXPECT_EQ(statistics_rtt(&get(), 0.5), -1);
    const int64_t us = 1000, ms = 1000000, s = 1000000000;
    for (int64_t ns : {50 * us, 700 * us, 3 * ms, 40 * ms, 2 * s})
        add_pong(ns);
    add_pong(-1); // answers nothing
    EXPECT_EQ(get().rtt_count, 5u);
    const auto near = [&](double share, int64_t expected) {
        const int64_t told = statistics_rtt(&get(), share);
        EXPECT_GE(told, expected) << share;
        EXPECT_LE(told, expected + expected / 5) << share;
    };
    near(0, 50 * us);
    near(0.2, 50 * us);
    near(0.5, 3 * ms);
    near(0.8, 40 * ms);
    near(1, 2 * s);
}

TEST_F(Statistics, TellRulesApartUntilThereAreTooMany)
{
    std::vector<std::string> names;
    for (int i = 0; i < STATISTICS_RULES + 5; i++)
        names.push_back("rule-" + std::to_string(i));
    record v = some(RECORD_VIOLATION);
    for (int round = 0; round < 2; round++)
        for (const std::string &name : names) {
            v.violation.rule = name.c_str();
            add(v);
        }
    EXPECT_STREQ(get().rules[0].rule, "rule-0");
    EXPECT_EQ(get().rules[0].count, 2u);
    EXPECT_STREQ(get().rules[STATISTICS_RULES - 1].rule, "other");
    EXPECT_EQ(get().rules[STATISTICS_RULES - 1].count, 2u * 6);
}

TEST_F(Statistics, TellCloseCodesApartUntilThereAreTooMany)
{
    record m = some_message(WSP_OPCODE_CLOSE, "");
    add(m);
    for (int32_t code = 3000; code < 3000 + STATISTICS_CODES; code++) {
        m.message.close_code = code;
        add(m);
        add(m);
    }
    EXPECT_EQ(get().codes[0].code, -1);
    EXPECT_EQ(get().codes[0].count, 1u);
    EXPECT_EQ(get().codes[1].code, 3000);
    EXPECT_EQ(get().codes[1].count, 2u);
    EXPECT_EQ(get().codes[STATISTICS_CODES - 1].code, STATISTICS_OTHER_CODE);
    EXPECT_EQ(get().codes[STATISTICS_CODES - 1].count, 2u * 2);
}

TEST_F(Statistics, AddUpGapsOfKnownLength)
{
    record gap = some(RECORD_GAP);
    for (uint64_t bytes : {0, 7, 5}) {
        gap.gap.bytes = bytes;
        add(gap);
    }
    EXPECT_EQ(get().gaps, 3u);
    EXPECT_EQ(get().gap_bytes, 12u);
}

TEST_F(Statistics, CountMessagesPerSecondByTheCapturesClock)
{
    const int64_t second = 1000000000, begin = 1763550000;
    record m = some_message(WSP_OPCODE_TEXT, "");
    for (int64_t at : {0, 1, 1, 4, 3}) {
        m.time_ns = (begin + at) * second;
        add(m);
    }
    m.from = WSP_FROM_CLIENT;
    add(m);
    EXPECT_EQ(get().rates_second, begin + 4);
    const uint64_t *newest = &server().rates[STATISTICS_RATES - 1];
    EXPECT_EQ((std::vector<uint64_t>(newest - 5, newest + 1)),
              (std::vector<uint64_t>{0, 1, 2, 0, 1, 1}));
    EXPECT_EQ(get().sides[WSP_FROM_CLIENT].rates[STATISTICS_RATES - 2], 1u);
    m.time_ns = (begin + 4 + STATISTICS_RATES) * second;
    add(m);
    EXPECT_EQ(std::accumulate(server().rates, newest + 1, uint64_t{0}), 0u);
    EXPECT_EQ(get().first_ns, begin * second);
    EXPECT_EQ(get().last_ns, m.time_ns);
}

TEST_F(Statistics, KnowTheLongestSilenceBetweenMessages)
{
    record m = some_message(WSP_OPCODE_TEXT, "");
    for (int64_t at : {100, 130, 120, 135, 136}) {
        m.time_ns = at;
        add(m);
    }
    record end = some(RECORD_END); // no message
    end.time_ns = 1000;
    add(end);
    EXPECT_EQ(get().longest_silence_ns, 30);
}

} // namespace
