// Connections whose handshake is not in the capture: when they are taken for WebSockets, and what
// is said of them then.
#include "traffic.h"

#include <gtest/gtest.h>

namespace
{

enum { CLIENT = Traffic::CLIENT, SERVER = Traffic::SERVER };

const std::string missing = "1 open missing 192.0.2.1:40000 > 192.0.2.2:80";

Bytes masked(int opcode, const std::string &text)
{
    return Frame(opcode, text).masked();
}

Bytes open_frame(int opcode, const std::string &text)
{
    return Frame(opcode, text);
}

TEST(Join, SaysNothingUntilItIsSureAndThenEverythingInOrder)
{
    Traffic t;
    t.frames = true;
    t.say(CLIENT, masked(1, "hello, server"));
    t.say(SERVER, open_frame(1, "hello, dear client"));
    EXPECT_EQ(t.records(), Lines{});
    t.say(CLIENT, masked(1, "how are you?"));
    EXPECT_EQ(t.records(),
              (Lines{missing, "1 client frame 1 FIN text 13 guessed",
                     "1 client text 1 length 13 'hello, server' guessed",
                     "1 server frame 2 FIN text 18 guessed",
                     "1 server text 2 length 18 'hello, dear client' guessed",
                     "1 client frame 3 FIN text 12", "1 client text 3 length 12 'how are you?'"}));
    t.say(SERVER, open_frame(2, "fine"));
    t.say(SERVER, open_frame(1, "and you, dear client?"));
    t.say(SERVER, open_frame(1, "?"));
    const Lines records = t.records();
    EXPECT_EQ(records.back(), "1 server text 6 length 1 '?'");
    EXPECT_EQ(t.totals().joined, 1u);
}

TEST(Join, TellsTheTimesAndPacketsOfTheCapture)
{
    Traffic t;
    t.say(CLIENT, masked(1, "hello, server"));
    t.say(SERVER, open_frame(1, "hello, dear client"));
    t.say(SERVER, Bytes(Frame(1, "").declaring(100)));
    EXPECT_EQ(t.records().size(), 3u);
    EXPECT_EQ(t.last_packet, 2u);
    EXPECT_EQ(t.last_time, 2000000);
}

TEST(Join, KnowsTheClientByItsMasks)
{
    Traffic t;
    t.say(SERVER, masked(1, "hello, server"));
    t.say(CLIENT, open_frame(1, "hello, dear client"));
    t.end(TCP_END_FIN);
    const Lines records = t.records();
    ASSERT_GE(records.size(), 3u);
    EXPECT_EQ(records[0], "1 open missing 192.0.2.2:80 > 192.0.2.1:40000");
}

TEST(Join, NeedsOneDirectionOnly)
{
    for (int side : {CLIENT, SERVER}) {
        Traffic t;
        for (const char *text : {"one message", "another message", "and one more of them", "4"})
            t.say(side, side == CLIENT ? masked(1, text) : open_frame(1, text));
        t.end(TCP_END_EOF);
        const Lines records = t.records();
        ASSERT_EQ(records.size(), 6u) << side;
        EXPECT_EQ(records[0], missing);
        EXPECT_EQ(records[1].find("'one message'") == std::string::npos, false);
    }
}

TEST(Join, BeginsAtTheFirstSegmentThatBeginsWithAFrame)
{
    Traffic t;
    t.say(SERVER, "the end of a message whose beginning nobody has seen");
    t.say(CLIENT, masked(1, "hello, server"));
    t.say(SERVER, open_frame(1, "hello, dear client"));
    t.say(CLIENT, masked(1, "how are you?"));
    t.end(TCP_END_EOF);
    const Lines records = t.records();
    ASSERT_GE(records.size(), 4u);
    EXPECT_EQ(records[1], "1 client text 1 length 13 'hello, server' guessed");
    EXPECT_EQ(t.totals().undecoded_bytes, 52u);
}

TEST(Join, IsSureWhenAPingIsEchoed)
{
    Traffic t;
    t.say(SERVER, open_frame(9, "0123"));
    t.say(CLIENT, masked(10, "0123"));
    t.end(TCP_END_EOF);
    const Lines records = t.records();
    ASSERT_EQ(records.size(), 4u);
    EXPECT_EQ(records[2], "1 client pong 2 length 4 rtt 1000000 '0123' guessed");
}

// A stored block, and the empty one whose end is not sent (RFC 7692 7.2.3.3).
Bytes stored(const std::string &text)
{
    const auto len = static_cast<uint8_t>(text.size());
    const Bytes header = {0, len, 0, static_cast<uint8_t>(~len), 0xff};
    return header + from_text(text) + Bytes{0};
}

TEST(Join, InflatesCompressedMessages)
{
    Traffic t;
    t.frames = true;
    for (const char *text : {"one", "second", "and three", "the fourth"}) {
        t.say(CLIENT, Bytes(Frame(1, stored(text)).masked().rsv(4)));
        t.say(SERVER, Bytes(Frame(2, stored(text)).rsv(4)));
    }
    t.end(TCP_END_EOF);
    const Lines records = t.records();
    ASSERT_GT(records.size(), 16u);
    EXPECT_EQ(records[1], "1 client frame 1 FIN text 9 guessed");
    EXPECT_EQ(records[2], "1 client text 1 length 3 wire 9 compressed 'one' guessed");
    EXPECT_EQ(t.totals().violations, 0u);
}

TEST(Join, DoesNotBlameFramesForWhatItOnlyAssumed)
{
    Traffic t;
    for (int i = 0; i < 4; i++) { // RSV1 may belong to an extension that is no permessage-deflate
        t.say(CLIENT,
              Bytes(Frame(1, Bytes{0xca, 0x48, static_cast<uint8_t>(i), 7, 0}).masked().rsv(4)));
        t.say(SERVER, Bytes(Frame(2, Bytes(static_cast<size_t>(i) + 5, 0xca)).rsv(4)));
    }
    t.end(TCP_END_EOF);
    ASSERT_EQ(t.records().size(), 10u);
    EXPECT_EQ(t.totals().violations, 0u);
}

TEST(Join, TellsOfGapsInWhatItKept)
{
    Traffic t;
    const Bytes large = Frame(2, Bytes(3000, 'x')).masked();
    const auto at = [&](size_t from, size_t to) {
        return Bytes(large.begin() + static_cast<std::ptrdiff_t>(from),
                     large.begin() + static_cast<std::ptrdiff_t>(to));
    };
    t.say(CLIENT, at(0, 1000));
    t.lose(CLIENT, 1000);
    t.say(CLIENT, at(2000, large.size()));
    t.say(CLIENT, masked(1, "hello, server"));
    t.say(SERVER, open_frame(1, "hello, dear client"));
    t.end(TCP_END_EOF);
    const Lines records = t.records();
    ASSERT_GE(records.size(), 4u);
    EXPECT_EQ(records[1], "1 client gap 1000");
    EXPECT_EQ(records[2].substr(0, 61),
              "1 client binary 1 length 3000 incomplete missing 992+1000 'xx");
}

TEST(Join, KeepsOneMebibyteAndCountsTheRest)
{
    Traffic t(10);
    const Bytes large = Frame(2, Bytes(3 << 20, 'x')).masked();
    t.say_in_pieces(CLIENT, large, 1 << 16);
    t.say(CLIENT, masked(1, "behind it"));
    t.say(SERVER, open_frame(1, "hello, dear client"));
    t.end(TCP_END_EOF);
    const Lines records = t.records();
    ASSERT_GE(records.size(), 3u);
    EXPECT_EQ(records[1].substr(0, 54), "1 client binary 1 length 3145728 incomplete missing 98");
    EXPECT_EQ(records[2], "1 client text 2 length 9 'behind it'");
}

TEST(Join, IsNotMisledByTheBeginningOfOtherProtocols)
{
    for (const char *beginning : {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
                                  "SSH-2.0-x\r\n", "\x16\x03\x01\x02", "PRI * HTTP/2.0\r\n\r\n"}) {
        Traffic t;
        t.say(CLIENT, std::string(beginning));
        for (int i = 0; i < 5; i++) {
            t.say(CLIENT, masked(1, "number " + std::to_string(i)));
            t.say(SERVER, open_frame(1, "number " + std::to_string(i * 100)));
        }
        t.end(TCP_END_EOF);
        EXPECT_EQ(t.records(), Lines{}) << beginning;
    }
}

TEST(Join, NeedsBothSidesToAgreeOnWhoMasks)
{
    Traffic t; // as DNS over TCP, or whatever has its length in front
    for (int i = 0; i < 50; i++) {
        t.say(CLIENT, open_frame(2, "query " + std::string(static_cast<size_t>(i), 'q')));
        t.say(SERVER, open_frame(2, "answer " + std::string(static_cast<size_t>(i), 'a')));
    }
    t.end(TCP_END_EOF);
    EXPECT_EQ(t.records(), Lines{});
}

TEST(Join, TakesLengthsInFrontOfMessagesForNoEvidence)
{
    Traffic t; // 16 bits of length, most of them 0
    for (int i = 0; i < 100; i++)
        t.say(SERVER, Bytes(Frame(0, std::string(static_cast<size_t>(i), 'q')).not_final()));
    t.end(TCP_END_EOF);
    EXPECT_EQ(t.records(), Lines{});
    EXPECT_EQ(t.totals().suspected, 0u);
}

TEST(Join, SuspectsWhereThereIsTooLittleToTell)
{
    Traffic t;
    t.say(CLIENT, masked(1, "hello, server"));
    t.end(TCP_END_EOF);
    EXPECT_EQ(t.records(), Lines{});
    EXPECT_EQ(t.totals().suspected, 1u);
}

TEST(Join, GoesOnFromARequestWhoseAnswerIsLost)
{
    Traffic t;
    t.say(CLIENT, request());
    t.lose(SERVER, 129);
    t.say(CLIENT, masked(1, "hello"));
    t.say(CLIENT, masked(2, "again"));
    t.say(SERVER, open_frame(1, "hello, dear client"));
    t.end(TCP_END_EOF);
    const Lines records = t.records();
    ASSERT_EQ(records.size(), 5u);
    EXPECT_EQ(records[0], "1 open partial 192.0.2.1:40000 > 192.0.2.2:80 /chat");
    EXPECT_EQ(records[1], "1 client text 1 length 5 'hello'");
    EXPECT_EQ(records[2], "1 client binary 2 length 5 'again'");
    EXPECT_EQ(records[3], "1 server text 3 length 18 'hello, dear client' guessed");
}

TEST(Join, GoesOnFromARequestWhenOnlyTheClientIsCaptured)
{
    Traffic t;
    t.say(CLIENT, request());
    t.say(CLIENT, masked(1, "hello"));
    t.say(CLIENT, masked(2, "again"));
    EXPECT_EQ(t.records(), Lines{}); // the answer may still come
    t.end(TCP_END_EOF);
    EXPECT_EQ(t.records().size(), 4u);
}

TEST(Join, ComesTooLateForAHandshake)
{
    Traffic t;
    t.say(CLIENT, request());
    t.say(CLIENT, masked(1, "too early"));
    t.say(CLIENT, masked(2, "too early"));
    t.say(SERVER, accepted());
    EXPECT_EQ(t.records(), (Lines{"1 open seen 192.0.2.1:40000 > 192.0.2.2:80 /chat 101",
                                  "1 client text 1 length 9 'too early'",
                                  "1 client binary 2 length 9 'too early'"}));
}

} // namespace
