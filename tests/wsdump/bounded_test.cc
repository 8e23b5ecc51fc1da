// --memory holds whatever the traffic: wsdump as a whole, by the memory that it really takes; and
// what that costs is said.
#include "feed.h"
#include "json.h"

#include <gtest/gtest.h>

#include <functional>

namespace
{

using namespace feed;

// What wsdump takes besides: its code, libraries, buffers, and what is of a fixed size in its
// stages.
constexpr long own_kib = 10 * 1024;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true; // most of the memory is not wsdump's own then
#else
constexpr bool sanitized = false;
#endif

constexpr long mib = 16;

std::vector<std::string> with_little_memory(std::vector<std::string> more)
{
    more.insert(more.end(), {"--json", "--memory", std::to_string(mib)});
    return more;
}

void expect_within(const Wsdump::Result &result, long limit_mib = mib)
{
    EXPECT_EQ(result.status, 0) << result.err;
    ::testing::Test::RecordProperty("peak_kib", static_cast<int>(result.peak_kib));
    if (!sanitized) {
        EXPECT_LT(result.peak_kib, limit_mib * 1024 + own_kib) << result.err;
    }
}

void expect_said(const Wsdump::Result &result, const std::string &what)
{
    EXPECT_NE(result.err.find(what), std::string::npos) << what << " is not in\n" << result.err;
}

constexpr uint64_t begin_us = 1700000000000000;

uint16_t port_of(uint32_t n)
{
    return static_cast<uint16_t>(1024 + n % 60000);
}

// Connections that are opened one after the other, and stay open.
void open_many(Wsdump &w, uint32_t count, const std::function<void(Connection &, uint64_t)> &each)
{
    for (uint32_t n = 0; n < count; n++) {
        Connection c(w, 1 + n / 60000, port_of(n));
        const uint64_t time = begin_us + n * 100;
        c.open(time);
        each(c, time);
    }
}

// As text, since it has zeros in it.
template <size_t N>
std::string bytes(const char (&text)[N])
{
    return std::string(text, N - 1);
}

struct Crowd {
    const char *name;
    uint32_t connections;
    const char *said; // of what was dropped
    std::function<void(Connection &, uint64_t)> each;
};

void PrintTo(const Crowd &crowd, std::ostream *out)
{
    *out << crowd.name;
}

class BoundedWithCrowd : public testing::TestWithParam<Crowd>
{
};

// More than 10,000 connections that each keep something back.
TEST_P(BoundedWithCrowd, StaysWithinMemory)
{
    Wsdump w(with_little_memory({"--show", "end"}));
    open_many(w, GetParam().connections, GetParam().each);
    const auto result = w.finish();
    expect_within(result);
    expect_said(result, GetParam().said);
}

const char forgotten[] = " idle connections were forgotten, to keep memory bounded";
const char not_waited_for[] = " bytes were not waited for any longer, to keep memory bounded";
const char cut_short[] = " messages only the beginning was kept, to keep memory bounded";
const char not_inflated[] = " messages were not inflated, to keep memory bounded";
const char not_kept[] =
    " bytes of connections that may be WebSockets were not kept, to keep memory bounded";

const std::string head = "GET / HTTP/1.1\r\nUpgrade: websocket\r\n";
const std::string huge_frame = bytes("\x82\x7f\0\0\0\x01\0\0\0\0");

std::string times(int count, const std::string &text)
{
    std::string all;
    for (int i = 0; i < count; i++)
        all += text;
    return all;
}

void say_twice_compressed(Connection &c, uint64_t t)
{
    c.handshake(t, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    c.say(t, true, bytes("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"));
    c.say(t, false, bytes("\xc1\x87\0\0\0\0\xf2\x48\xcd\xc9\xc9\x07\x00"));
}

void lose_the_beginnings_of_frames(Connection &c, uint64_t t)
{
    c.handshake(t);
    for (int i = 0; i < 16; i++)
        c.say(t, true, "\x82\x7e\x27\x10 some", 6000);
}

std::vector<Crowd> crowds()
{
    std::vector<Crowd> all;
    const auto add = [&all](const char *name, uint32_t connections, const char *said,
                            std::function<void(Connection &, uint64_t)> each) {
        all.push_back({name, connections, said, std::move(each)});
    };
    add("IdleConnections", 60000, forgotten, [](Connection &c, uint64_t t) { c.handshake(t); });
    add("HeadsThatDoNotEnd", 10000, forgotten,
        [](Connection &c, uint64_t t) { c.say(t, false, head + "X: " + std::string(30000, 'x')); });
    add("RequestsWithoutAnswer", 10000, not_kept, [](Connection &c, uint64_t t) {
        c.say(t, false, head + "\r\n");
        c.say(t, false, std::string(30000, 'x'));
    });
    add("MessagesThatDoNotEnd", 10000, cut_short, [](Connection &c, uint64_t t) {
        c.handshake(t);
        c.say(t, true, "\x02\x7e\x4e\x20" + std::string(20000, 'x'));
    });
    add("PiecesBehindHoles", 10000, not_waited_for, [](Connection &c, uint64_t t) {
        c.handshake(t);
        for (int i = 0; i < 20; i++) {
            c.lose(true, 10);
            c.say(t, true, "some");
        }
    });
    add("StreamsThatMayBeWebSockets", 30000, forgotten, [](Connection &c, uint64_t t) {
        c.say(t, true, huge_frame + std::string(1000, 'x'));
        c.say(t, false, huge_frame + std::string(1000, 'x'));
    });
    add("PingsWithoutPong", 20000, forgotten, [](Connection &c, uint64_t t) {
        c.handshake(t);
        c.say(t, true, times(20, bytes("\x89\0")));
        c.say(t, false, times(20, bytes("\x89\x80\0\0\0\0")));
    });
    add("StreamsInWhichFramesAreLookedFor", 20000, forgotten, lose_the_beginnings_of_frames);
#ifdef WSPROTO_DEFLATE
    add("CompressedConnections", 10000, not_inflated, say_twice_compressed);
#endif
    return all;
}

INSTANTIATE_TEST_SUITE_P(Of, BoundedWithCrowd, testing::ValuesIn(crowds()),
                         [](const auto &crowd) { return std::string(crowd.param.name); });

TEST(Bounded, ByTheDisplayFilterToo)
{
    // Thousands of comparisons are as many bits of each connection.
    std::string filter = "status==1";
    while (filter.size() < 65000)
        filter += "||status==1";
    Wsdump w(with_little_memory({"-Y", filter}));
    open_many(w, 20000, [](Connection &c, uint64_t t) { c.handshake(t); });
    expect_within(w.finish());
}

TEST(Bounded, WithThePacketsThatAreHeldBackForWriting)
{
    const build::TempFile file({});
    Wsdump w(with_little_memory({"--show", "end", "-w", file.path()}));
    open_many(w, 20000, [](Connection &c, uint64_t t) {
        c.say(t, false, std::string(5000, 'x'));
        c.say(t, true, huge_frame + std::string(5000, 'x'));
    });
    expect_within(w.finish());
}

TEST(Bounded, InAFloodOfSynsToJunkPorts)
{
    Wsdump w(with_little_memory({"--show", "end"}));
    for (uint32_t n = 0; n < 1000000; n++) {
        Segment s;
        s.client = 1 + n / 60000;
        s.port = port_of(n);
        s.sequence = n;
        s.flags = SYN;
        w.packet(begin_us + n, s);
    }
    const auto result = w.finish();
    expect_within(result);
    expect_said(result, " connections without data were forgotten, to keep memory bounded");
}

// The snaplen leaves 16 bytes of each of 65,536 packets.
TEST(Bounded, ByAMessageOf4GiB)
{
    constexpr uint64_t length = uint64_t{1} << 32;
    Wsdump w(with_little_memory({"--show", "message"}));
    open_many(w, 1, [](Connection &c, uint64_t t) {
        c.handshake(t);
        c.say(t, true, huge_frame); // of 1 << 32 bytes
        uint64_t left = length;
        while (left > 0) {
            const auto n = static_cast<uint32_t>(std::min<uint64_t>(left, 65000));
            c.say(++t, true, std::string_view("0123456789abcdef", std::min(n, 16u)),
                  n - std::min(n, 16u));
            left -= n;
        }
        c.say(t, true, "\x81\x05hello");
    });
    const auto result = w.finish();
    expect_within(result);
    expect_said(result, cut_short);
    const auto records = Json::parse_lines(result.out);
    ASSERT_EQ(records.size(), 2u);
    EXPECT_EQ(records[size_t{0}]["length"].number(), static_cast<int64_t>(length));
    EXPECT_FALSE(records[size_t{0}]["complete"].flag());
    EXPECT_TRUE(records[size_t{0}]["truncated"].flag());
    EXPECT_EQ(records[1]["data"].text(), "hello");
}

// Where no more holes of a message can be listed, the last one covers what comes.
TEST(Bounded, ByAMessageOfAMillionHoles)
{
    constexpr int holes = 1000000;
    Wsdump w(with_little_memory({"--show", "message"}));
    open_many(w, 1, [](Connection &c, uint64_t t) {
        c.handshake(t);
        c.say(t, true, huge_frame);
        for (int i = 0; i < holes; i++)
            c.say(++t, true, "some", 40);
    });
    const auto result = w.finish();
    expect_within(result);
    const auto records = Json::parse_lines(result.out);
    ASSERT_EQ(records.size(), 1u);
    const Json missing = records[size_t{0}]["missing"];
    ASSERT_GT(missing.size(), 1000u);
    const Json last = missing[missing.size() - 1];
    EXPECT_EQ(last[size_t{0}].number() + last[size_t{1}].number(), int64_t{44} * (holes - 1));
}

// Each byte of it is six in the output.
TEST(Bounded, WhileALongMessageIsPrinted)
{
    Wsdump w({"--json", "--show", "message", "--memory", "8"});
    open_many(w, 1, [](Connection &c, uint64_t t) {
        c.handshake(t);
        c.say(t, true, bytes("\x81\x7f\0\0\0\0\0\x3d\x09\0")); // 4,000,000 bytes
        for (int i = 0; i < 80; i++)
            c.say(t, true, std::string(50000, '\x01'));
    });
    const auto result = w.finish();
    expect_within(result, 8);
    EXPECT_GT(result.out.size(), 6u * 4000000);
}

// Connections open and close all day; one stays. What is remembered of those that are over, and
// the heap's own waste, may not add up.
TEST(Bounded, OverADay)
{
    constexpr uint32_t hours = 24, each_hour = 3600;
    Wsdump w({"--json", "--show", "end", "-l"});
    Connection lasting(w, 99, 7777);
    lasting.open(begin_us);
    lasting.handshake(begin_us);
    long after_an_hour = 0, at_the_end = 0;
    for (uint32_t n = 0; n < hours * each_hour; n++) {
        const uint64_t time = begin_us + n * uint64_t{1000000};
        Connection c(w, 1 + n / 60000, port_of(n));
        c.open(time);
        c.handshake(time);
        c.say(time, true, "\x81\x05hello");
        c.say(time, false, std::string("\x82\xfe\x03\xe8") + std::string(1004, 'x'));
        lasting.say(time, true, "\x81\x05hello");
        c.close(time + 1000);
        if (n == each_hour)
            after_an_hour = w.kib("VmRSS");
        if (n + 1 == hours * each_hour)
            at_the_end = w.kib("VmRSS");
    }
    const auto result = w.finish();
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(lines_of(result.out).size(), hours * each_hour + 1);
    ASSERT_GT(after_an_hour, 0);
    if (!sanitized) {
        EXPECT_LT(at_the_end, after_an_hour + 512) << "KiB";
    }
}

} // namespace
