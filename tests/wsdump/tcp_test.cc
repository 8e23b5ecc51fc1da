// tcp: whatever the network and the capture did to the segments, the streams come out as they were
// sent, each byte once, and what is lost is a gap of known length.
#include "packets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

extern "C" {
#include "tcp.h"
}

using Log = std::vector<std::string>;

namespace
{

enum { CLIENT, SERVER };

const char *const end_names[] = {"fin", "rst", "timeout", "eof"};

// Feeds segments and writes down every event, e.g. "0 data hello".
class Reassembly
{
public:
    explicit Reassembly(size_t max_buffered = 0, size_t max_connections = 0,
                        budget *memory = nullptr)
    {
        const tcp_limits limits = {max_buffered, max_connections, memory};
        tcp_ = tcp_new(&limits, sink, this);
    }
    ~Reassembly()
    {
        tcp_free(tcp_);
    }
    Reassembly(const Reassembly &) = delete;
    Reassembly &operator=(const Reassembly &) = delete;

    // A segment from `who`; the client is on 10.0.0.1:port, the server on 10.0.0.2:80.
    void segment_from(int who, uint32_t sequence, uint8_t flags, std::string_view data = {},
                      uint32_t missing = 0, uint32_t acknowledgment = 0)
    {
        endpoint side[2] = {{4, {10, 0, 0, 1}, port}, {4, {10, 0, 0, 2}, 80}};
        segment s = {};
        s.source = side[who];
        s.destination = side[1 - who];
        s.sequence = sequence;
        s.acknowledgment = acknowledgment;
        s.flags = flags;
        s.data = reinterpret_cast<const uint8_t *>(data.data());
        s.len = static_cast<uint32_t>(data.size());
        s.missing = missing;
        given_ = data;
        packets_++;
        time_ns += 1000;
        tcp_segment(tcp_, &s, packets_, time_ns);
    }
    // Says nothing of what has come from the other side.
    void data(int who, uint32_t sequence, std::string_view data, uint32_t missing = 0)
    {
        segment_from(who, sequence, TCP_PSH, data, missing);
    }
    // From `who`, whose next byte is `sequence`: everything before `acknowledgment` has come.
    void acknowledge(int who, uint32_t sequence, uint32_t acknowledgment)
    {
        segment_from(who, sequence, TCP_ACK, {}, 0, acknowledgment);
    }
    // Time passes; then a packet of nobody's comes.
    void wait(double seconds)
    {
        time_ns += static_cast<int64_t>(seconds * 1e9) - 1000;
        const uint16_t own = std::exchange(port, uint16_t{1});
        segment_from(CLIENT, 1, TCP_ACK);
        port = own;
    }
    // Time passes without a packet, since the last one.
    void pass(double seconds)
    {
        tcp_pass(tcp_, time_ns + static_cast<int64_t>(seconds * 1e9));
    }
    void handshake(uint32_t client = 100, uint32_t server = 500)
    {
        segment_from(CLIENT, client, TCP_SYN);
        segment_from(SERVER, server, TCP_SYN | TCP_ACK, {}, 0, client + 1);
        segment_from(CLIENT, client + 1, TCP_ACK, {}, 0, server + 1);
    }
    void finish()
    {
        tcp_finish(tcp_);
    }

    // The events since the last call.
    Log log()
    {
        return std::exchange(log_, {});
    }

    const tcp_totals &totals() const
    {
        return *tcp_get_totals(tcp_);
    }

    uint16_t port = 40000;
    int64_t time_ns = 0;      // of the last packet
    std::string stream[2];    // a gap of n bytes is n times '?'
    int copied = 0;           // DATA events whose bytes are not the segment's own
    int syn_side = -2;        // of the last OPEN
    uint64_t last_packet = 0; // of the last event
    int64_t last_time = 0;
    std::vector<bool> starts; // segment_start of each DATA
    int open = 0;             // connections without END

private:
    static void sink(void *user, const tcp_event *e)
    {
        static_cast<Reassembly *>(user)->take(e);
    }

    void take(const tcp_event *e)
    {
        const std::string side = std::to_string(e->side) + " ";
        last_packet = e->packet;
        last_time = e->time_ns;
        switch (e->type) {
        case TCP_EVENT_OPEN:
            EXPECT_EQ(e->connection->user, nullptr);
            e->connection->user = this;
            syn_side = e->connection->syn_side;
            open++;
            log_.push_back("open");
            break;
        case TCP_EVENT_DATA: take_data(e, side); break;
        case TCP_EVENT_GAP:
            EXPECT_GT(e->len, 0u);
            log_.push_back(side + "gap " + std::to_string(e->len));
            if (e->len < 1 << 24)
                stream[e->side].append(e->len, '?');
            break;
        case TCP_EVENT_CONFLICT: log_.push_back(side + "conflict " + std::to_string(e->len)); break;
        case TCP_EVENT_FIN: log_.push_back(side + "fin"); break;
        case TCP_EVENT_END:
            open--;
            log_.push_back(std::string("end ") + end_names[e->end] +
                           (e->end == TCP_END_RST ? " by " + std::to_string(e->side) : ""));
            break;
        }
        EXPECT_EQ(e->connection->user, this);
    }

    void take_data(const tcp_event *e, const std::string &side)
    {
        EXPECT_GT(e->len, 0u);
        const std::string_view data(reinterpret_cast<const char *>(e->data), e->len);
        if (data.data() < given_.data() || data.data() >= given_.data() + given_.size())
            copied++;
        starts.push_back(e->segment_start);
        stream[e->side] += data;
        log_.push_back(side + "data " + std::string(data));
    }

    tcp *tcp_;
    Log log_;
    std::string_view given_;
    uint64_t packets_ = 0;
};

// --- the normal course ---

TEST(Tcp, DeliversAConnectionFromSynToFin)
{
    Reassembly r;
    r.handshake();
    EXPECT_EQ(r.syn_side, 0);
    r.data(CLIENT, 101, "hello");
    r.data(SERVER, 501, "world");
    r.segment_from(CLIENT, 106, TCP_FIN | TCP_ACK, "!");
    r.segment_from(SERVER, 506, TCP_FIN | TCP_ACK);
    r.segment_from(CLIENT, 108, TCP_ACK);
    EXPECT_EQ(r.log(), (Log{"open", "0 data hello", "1 data world", "0 data !", "0 fin", "1 fin",
                            "end fin"}));
    r.finish();
    EXPECT_EQ(r.log(), Log{});
    EXPECT_EQ(r.copied, 0);
}

TEST(Tcp, StampsEventsWithThePacketThatMadeThemPossible)
{
    Reassembly r;
    r.handshake(0);
    r.data(CLIENT, 1, "a");
    EXPECT_EQ(r.last_packet, 4u);
    r.data(CLIENT, 3, "c");
    EXPECT_EQ(r.last_packet, 4u);
    r.data(CLIENT, 2, "b");
    EXPECT_EQ(r.last_packet, 6u);
    EXPECT_EQ(r.last_time, 6000);
}

TEST(Tcp, HandsOnInOrderBytesWithoutCopyingThem)
{
    Reassembly r;
    r.handshake(0);
    for (uint32_t i = 0; i < 10; i++)
        r.data(CLIENT, 1 + i * 4, "abcd");
    EXPECT_EQ(r.stream[0].size(), 40u);
    EXPECT_EQ(r.copied, 0);
}

TEST(Tcp, SaysWhereRunsBeginWithASegment)
{
    Reassembly r;
    r.handshake(0);
    r.data(CLIENT, 1, "ab");
    r.data(CLIENT, 2, "bc");  // its second half only
    r.data(CLIENT, 6, "fg");  // waits
    r.data(CLIENT, 4, "def"); // overlaps what waits
    EXPECT_EQ(r.stream[0], "abcdefg");
    EXPECT_EQ(r.starts, (std::vector<bool>{true, false, true, true}));
}

TEST(Tcp, KeepsConnectionsApart)
{
    Reassembly r;
    r.handshake(0);
    r.data(CLIENT, 1, "a");
    r.port++;
    r.handshake(76, 4);
    r.data(CLIENT, 77, "x");
    r.data(SERVER, 5, "y");
    r.port--;
    r.data(CLIENT, 2, "b");
    EXPECT_EQ(r.log(), (Log{"open", "0 data a", "open", "0 data x", "1 data y", "0 data b"}));
}

TEST(Tcp, FollowsSequenceNumbersAcrossTheirWrap)
{
    Reassembly r;
    r.handshake(0xfffffffc, 0xffffffff);
    r.data(CLIENT, 0xfffffffd, "ab");
    r.data(CLIENT, 0x00000001, "ef"); // out of order, beyond the wrap
    r.data(CLIENT, 0xffffffff, "cd");
    r.data(SERVER, 0, "xy");
    r.segment_from(CLIENT, 3, TCP_FIN | TCP_ACK);
    EXPECT_EQ(r.log(), (Log{"open", "0 data ab", "0 data cd", "0 data ef", "1 data xy", "0 fin"}));
}

// --- reordered, repeated, overlapping ---

TEST(Tcp, PutsSegmentsInOrder)
{
    Reassembly r;
    r.handshake();
    r.data(CLIENT, 110, "cccc");
    r.data(CLIENT, 114, "dddd");
    r.data(CLIENT, 106, "bbbb");
    EXPECT_EQ(r.log(), (Log{"open"}));
    r.data(CLIENT, 101, "aaaaa");
    EXPECT_EQ(r.stream[0], "aaaaabbbbccccdddd");
}

TEST(Tcp, GivesNothingTwiceWhenEveryPacketComesTwice)
{
    Reassembly r;
    for (int i = 0; i < 2; i++)
        r.segment_from(CLIENT, 100, TCP_SYN);
    for (int i = 0; i < 2; i++)
        r.segment_from(SERVER, 500, TCP_SYN | TCP_ACK, {}, 0, 101);
    for (int i = 0; i < 2; i++)
        r.data(CLIENT, 101, "ab");
    for (int i = 0; i < 2; i++)
        r.data(CLIENT, 105, "ef"); // waits
    for (int i = 0; i < 2; i++)
        r.data(CLIENT, 103, "cd");
    for (int i = 0; i < 2; i++)
        r.segment_from(CLIENT, 107, TCP_FIN | TCP_ACK, "g");
    for (int i = 0; i < 2; i++)
        r.segment_from(SERVER, 501, TCP_FIN | TCP_ACK);
    EXPECT_EQ(r.log(), (Log{"open", "0 data ab", "0 data cd", "0 data ef", "0 data g", "0 fin",
                            "1 fin", "end fin"}));
}

TEST(Tcp, TrimsRetransmissionsThatReachFurther)
{
    Reassembly r;
    r.handshake();
    r.data(CLIENT, 101, "abcd");
    r.data(CLIENT, 101, "ab");
    r.data(CLIENT, 102, "bcd");
    r.data(CLIENT, 101, "abcdef");
    r.data(CLIENT, 103, "cdefgh");
    EXPECT_EQ(r.log(), (Log{"open", "0 data abcd", "0 data ef", "0 data gh"}));
}

TEST(Tcp, LetsTheFirstBytesWinWhereSegmentsOverlap)
{
    Reassembly before_hole, beside_waiting;
    before_hole.handshake();
    before_hole.data(CLIENT, 101, "aaaa");
    before_hole.data(CLIENT, 103, "BBBB");
    EXPECT_EQ(before_hole.stream[0], "aaaaBB");

    beside_waiting.handshake();
    beside_waiting.data(CLIENT, 104, "cc");
    beside_waiting.data(CLIENT, 108, "dd");
    beside_waiting.data(CLIENT, 103, "XXXXXXXXX"); // around both
    beside_waiting.data(CLIENT, 101, "YYYYYYYYYYYYY");
    EXPECT_EQ(beside_waiting.stream[0], "YYXccXXddXXYY");
}

TEST(Tcp, KeepsWaitingBytesWhenTheHoleIsFilledBeyond)
{
    Reassembly r;
    r.handshake();
    r.data(CLIENT, 103, "cc");
    r.data(CLIENT, 107, "dd");
    r.data(CLIENT, 101, "XXXXXXXX");
    EXPECT_EQ(r.stream[0], "XXccXXdd");
    EXPECT_EQ(r.starts, (std::vector<bool>{true, true, false, true}));
}

TEST(Tcp, TakesNoHarmFromProbes)
{
    Reassembly r;
    r.handshake();
    r.data(CLIENT, 101, "ab");
    r.segment_from(CLIENT, 102, TCP_ACK);  // keep-alive without a byte
    r.data(CLIENT, 102, "Z");              // keep-alive with a garbage byte
    r.segment_from(CLIENT, 7777, TCP_ACK); // nothing, anywhere
    r.data(CLIENT, 103, "c");              // zero-window probe: a real byte
    r.data(CLIENT, 103, "cd");             // and the byte sent again with its follower
    r.finish();
    EXPECT_EQ(r.log(), (Log{"open", "0 data ab", "0 data c", "0 data d", "end eof"}));
}

// --- how connections begin ---

TEST(Tcp, OpensNothingForPureAcksResetsAndFins)
{
    Reassembly r;
    r.segment_from(CLIENT, 1, TCP_ACK);
    r.segment_from(SERVER, 1, TCP_RST);
    r.segment_from(SERVER, 1, TCP_RST | TCP_SYN);
    r.segment_from(SERVER, 1, TCP_FIN | TCP_ACK);
    r.finish();
    EXPECT_EQ(r.log(), Log{});
}

// It may as well be the beginning, captured out of order; that shows within a tenth of a second, or
// sixteen packets. The bytes still count as of when they came.
TEST(Tcp, JoinsMidStreamAtTheFirstSegmentOfEachSide)
{
    Reassembly r;
    r.data(SERVER, 5000, "ab");
    r.data(CLIENT, 9000, "x");
    EXPECT_EQ(r.log(), Log{"open"});
    r.wait(0.2);
    EXPECT_EQ(r.last_packet, 2u);
    EXPECT_EQ(r.last_time, 2000);
    r.data(SERVER, 5002, "c");
    r.data(SERVER, 4998, "zzab"); // older than what is known
    EXPECT_EQ(r.syn_side, -1);
    EXPECT_EQ(r.log(), (Log{"0 data ab", "1 data x", "0 data c"}));
}

TEST(Tcp, JoinsMidStreamAfterSixteenPacketsHoweverQuickTheyCome)
{
    Reassembly r;
    for (uint32_t i = 0; i < 17; i++)
        r.data(SERVER, 1000 + i, "a");
    EXPECT_EQ(r.stream[0], std::string(17, 'a'));
}

TEST(Tcp, BeginsWhereItBeganThoughTheHandshakeWasCapturedLast)
{
    Reassembly r;
    r.data(SERVER, 504, "def");
    r.data(CLIENT, 105, "EFG");
    r.data(SERVER, 501, "abc");
    r.data(CLIENT, 101, "ABCD");
    r.segment_from(SERVER, 500, TCP_SYN | TCP_ACK, {}, 0, 101);
    r.segment_from(CLIENT, 100, TCP_SYN);
    EXPECT_EQ(r.stream[0], "abcdef");
    EXPECT_EQ(r.stream[1], "ABCDEFG");
}

TEST(Tcp, LearnsWhereAStreamBeginsFromWhatAcknowledgesItsSyn)
{
    Reassembly r;
    r.segment_from(CLIENT, 100, TCP_SYN);
    r.data(SERVER, 504, "def");
    r.acknowledge(CLIENT, 101, 501);
    r.data(SERVER, 501, "abc");
    EXPECT_EQ(r.stream[1], "abcdef");
}

TEST(Tcp, DoesNotTakeALaterAcknowledgmentForThatOfTheSyn)
{
    Reassembly later, late;
    later.segment_from(CLIENT, 100, TCP_SYN);
    later.acknowledge(CLIENT, 150, 510);
    later.data(SERVER, 501, "abc");
    later.finish();
    EXPECT_EQ(later.stream[1], "abc");

    late.segment_from(CLIENT, 100, TCP_SYN);
    late.data(SERVER, 501, "abc");
    late.acknowledge(CLIENT, 101, 504);
    late.finish();
    EXPECT_EQ(late.stream[1], "abc");
}

TEST(Tcp, IsNotConfusedByNumbersFarApartWhereAStreamIsJoined)
{
    Reassembly r;
    r.data(CLIENT, 1000, "a");
    r.data(CLIENT, 0xf0000000, "?");
    r.data(CLIENT, 0x80000000, "?");
    r.data(CLIENT, 1001, "b");
    r.wait(0.2);
    EXPECT_EQ(r.stream[0], "ab");
}

TEST(Tcp, IgnoresAFinBeforeDataOfAStreamWhoseBeginningIsNotKnownYet)
{
    Reassembly r;
    r.segment_from(SERVER, 502, TCP_FIN);
    r.data(SERVER, 501, "a");
    r.data(SERVER, 502, "bc");
    r.segment_from(SERVER, 500, TCP_SYN | TCP_ACK, {}, 0, 101);
    r.data(SERVER, 504, "d");
    EXPECT_EQ(r.stream[0], "abcd");
}

TEST(Tcp, WaitsWithAFinUntilItIsKnownWhereTheStreamBegins)
{
    Reassembly r;
    r.segment_from(CLIENT, 100, TCP_SYN);
    r.segment_from(SERVER, 504, TCP_FIN);
    r.data(SERVER, 501, "abc");
    r.segment_from(SERVER, 500, TCP_SYN | TCP_ACK, {}, 0, 101);
    EXPECT_EQ(r.log(), (Log{"open", "1 data abc", "1 fin"}));
}

TEST(Tcp, JoinsOneDirectionOnly)
{
    Reassembly r;
    r.handshake();
    r.data(SERVER, 501, "a");
    r.data(SERVER, 502, "b");
    r.segment_from(SERVER, 503, TCP_FIN | TCP_ACK);
    r.finish();
    EXPECT_EQ(r.log(), (Log{"open", "1 data a", "1 data b", "1 fin", "end eof"}));
}

TEST(Tcp, LearnsFromASynAckWhoOpened)
{
    Reassembly r;
    r.segment_from(SERVER, 500, TCP_SYN | TCP_ACK, {}, 0, 101);
    EXPECT_EQ(r.syn_side, 1); // the server's packet was first: it is side 0
    r.data(CLIENT, 101, "a");
    r.data(SERVER, 501, "b");
    EXPECT_EQ(r.log(), (Log{"open", "1 data a", "0 data b"}));
}

TEST(Tcp, DeliversDataOnTheSyn)
{
    Reassembly r;
    r.segment_from(CLIENT, 100, TCP_SYN, "abc");
    r.segment_from(CLIENT, 100, TCP_SYN); // once more, without
    r.segment_from(SERVER, 500, TCP_SYN | TCP_ACK, "x", 0, 104);
    r.data(CLIENT, 104, "d");
    r.data(SERVER, 502, "y");
    EXPECT_EQ(r.log(), (Log{"open", "0 data abc", "1 data x", "0 data d", "1 data y"}));
}

TEST(Tcp, AcceptsDataCapturedBeforeItsSyn)
{
    Reassembly r;
    r.data(CLIENT, 101, "a");
    r.segment_from(CLIENT, 100, TCP_SYN);
    r.data(CLIENT, 102, "b");
    r.data(SERVER, 501, "x");
    r.segment_from(SERVER, 500, TCP_SYN | TCP_ACK, {}, 0, 101);
    r.data(SERVER, 502, "y");
    EXPECT_EQ(r.log(), (Log{"open", "0 data a", "0 data b", "1 data x", "1 data y"}));
}

TEST(Tcp, TakesTheLastAnswerOfAServerThatAnswersTheSynTwice)
{
    Reassembly r;
    r.segment_from(CLIENT, 100, TCP_SYN);
    r.segment_from(SERVER, 500, TCP_SYN | TCP_ACK, {}, 0, 101);
    r.segment_from(SERVER, 900, TCP_SYN | TCP_ACK, {}, 0, 101);
    r.data(SERVER, 901, "a");
    r.segment_from(SERVER, 500, TCP_SYN | TCP_ACK, {}, 0, 101); // late
    r.data(SERVER, 902, "b");
    EXPECT_EQ(r.log(), (Log{"open", "1 data a", "1 data b"}));
}

// --- how they end ---

TEST(Tcp, HoldsAFinBackUntilItsTurn)
{
    Reassembly r;
    r.handshake();
    r.segment_from(CLIENT, 105, TCP_FIN | TCP_ACK, "ef");
    r.segment_from(CLIENT, 300, TCP_FIN | TCP_ACK); // the first one counts
    r.segment_from(SERVER, 501, TCP_FIN | TCP_ACK);
    EXPECT_EQ(r.log(), (Log{"open", "1 fin"}));
    r.data(CLIENT, 101, "abcd");
    EXPECT_EQ(r.log(), (Log{"0 data abcd", "0 data ef", "0 fin", "end fin"}));
}

TEST(Tcp, GoesOnWithTheOtherSideAfterAFin)
{
    Reassembly r;
    r.handshake();
    r.segment_from(CLIENT, 101, TCP_FIN | TCP_ACK);
    r.data(SERVER, 501, "still");
    r.data(SERVER, 506, " here");
    EXPECT_EQ(r.log(), (Log{"open", "0 fin", "1 data still", "1 data  here"}));
}

TEST(Tcp, IgnoresDataAfterAFin)
{
    Reassembly r;
    r.handshake();
    r.segment_from(CLIENT, 101, TCP_FIN | TCP_ACK, "a");
    r.data(CLIENT, 102, "b");
    r.data(CLIENT, 103, "c");
    r.data(CLIENT, 101, "abc");
    EXPECT_EQ(r.log(), (Log{"open", "0 data a", "0 fin"}));
}

TEST(Tcp, IgnoresAFinThatDataSeenBeforeGoesBeyond)
{
    Reassembly r;
    r.handshake();
    r.data(CLIENT, 104, "def");
    r.segment_from(CLIENT, 103, TCP_FIN | TCP_ACK);
    r.data(CLIENT, 101, "abc");
    r.finish();
    EXPECT_EQ(r.log(), (Log{"open", "0 data abc", "0 data def", "end eof"}));
}

// Data may have been captured after the reset that was sent after it: that takes a tenth of a
// second to be sure of, and a second where something is missing. The end is still of when the reset
// came.
TEST(Tcp, EndsWithAReset)
{
    Reassembly r;
    r.handshake();
    r.data(CLIENT, 101, "a");
    r.segment_from(SERVER, 501, TCP_RST | TCP_ACK, "go away");
    EXPECT_EQ(r.log(), (Log{"open", "0 data a"}));
    r.wait(0.2);
    EXPECT_EQ(r.log(), (Log{"end rst by 1"}));
    EXPECT_EQ(r.last_packet, 5u);
    EXPECT_EQ(r.last_time, 5000);
    r.data(CLIENT, 102, "new");
    r.segment_from(SERVER, 501, TCP_RST);
    EXPECT_EQ(r.log(), Log{});
}

TEST(Tcp, TakesWhatWasCapturedAfterTheResetThatFollowedIt)
{
    Reassembly r;
    r.handshake();
    r.segment_from(SERVER, 504, TCP_RST | TCP_ACK, {}, 0, 101);
    r.data(SERVER, 501, "abc");
    r.data(CLIENT, 101, "x");
    r.wait(0.2);
    EXPECT_EQ(r.log(), (Log{"open", "1 data abc", "0 data x", "end rst by 1"}));
    EXPECT_EQ(r.last_packet, 6u);
}

TEST(Tcp, WaitsLongerWhenMoreWasSentBeforeAReset)
{
    Reassembly r;
    r.handshake();
    r.segment_from(SERVER, 504, TCP_RST | TCP_ACK, {}, 0, 101);
    r.wait(0.5);
    r.data(SERVER, 501, "abc");
    r.wait(0.2);
    EXPECT_EQ(r.log(), (Log{"open", "1 data abc", "end rst by 1"}));
}

TEST(Tcp, LeavesGapsAtAReset)
{
    Reassembly r;
    r.handshake();
    r.data(CLIENT, 103, "c");
    r.data(SERVER, 504, "z");
    r.segment_from(SERVER, 505, TCP_RST | TCP_ACK, {}, 0, 101);
    r.wait(0.5);
    EXPECT_EQ(r.log(), (Log{"open"}));
    r.wait(0.6);
    EXPECT_EQ(r.log(), (Log{"0 gap 2", "0 data c", "1 gap 3", "1 data z", "end rst by 1"}));
}

// What the peer has received was sent, even if nothing that follows it was captured.
TEST(Tcp, TellsFromAcknowledgmentsWhatWasLostAtTheEnd)
{
    Reassembly r;
    r.handshake();
    r.data(CLIENT, 101, "ab");
    r.acknowledge(SERVER, 501, 110);
    r.finish();
    EXPECT_EQ(r.log(), (Log{"open", "0 data ab", "0 gap 7", "end eof"}));
}

TEST(Tcp, TakesNoLostFinForALostByte)
{
    Reassembly alone, with_data;
    alone.handshake();
    alone.data(CLIENT, 101, "ab");
    alone.acknowledge(SERVER, 501, 104);
    alone.finish();
    EXPECT_EQ(alone.log(), (Log{"open", "0 data ab", "end eof"}));

    with_data.handshake();
    with_data.data(CLIENT, 101, "ab");
    with_data.segment_from(SERVER, 501, TCP_FIN | TCP_ACK, {}, 0, 108);
    with_data.finish();
    EXPECT_EQ(with_data.log(), (Log{"open", "0 data ab", "1 fin", "0 gap 4", "end eof"}));
}

TEST(Tcp, IgnoresAResetFarOutsideTheWindow)
{
    Reassembly r;
    r.handshake();
    r.segment_from(SERVER, 501 + 0x200000, TCP_RST);
    r.segment_from(SERVER, 501u - 0x200000, TCP_RST);
    r.wait(2);
    EXPECT_EQ(r.log(), (Log{"open"}));
    r.segment_from(SERVER, 501 + 0x80000, TCP_RST);
    r.wait(2);
    EXPECT_EQ(r.log(), (Log{"end rst by 1"}));
}

TEST(Tcp, EndsARefusedConnection)
{
    Reassembly r;
    r.segment_from(CLIENT, 100, TCP_SYN);
    r.segment_from(SERVER, 0, TCP_RST | TCP_ACK, {}, 0, 101);
    r.wait(0.2);
    EXPECT_EQ(r.log(), (Log{"open", "end rst by 1"}));
}

// By the capture's clock, with the next connection that begins.
TEST(Tcp, ForgetsAnEndedConnectionAfterFourMinutes)
{
    budget memory = {1000000, 0};
    Reassembly r(0, 0, &memory);
    r.port = 1;
    r.handshake();
    r.segment_from(CLIENT, 101, TCP_FIN | TCP_ACK, "a");
    r.segment_from(SERVER, 501, TCP_FIN | TCP_ACK);
    const uint64_t one = memory.used;
    EXPECT_GT(one, 0u);
    for (double seconds : {239.0, 2.0}) {
        r.wait(seconds);
        r.port++;
        r.segment_from(CLIENT, 100, TCP_SYN);
        EXPECT_EQ(memory.used, 2 * one) << r.port; // the first and this; then both SYNs
    }
    r.finish();
    EXPECT_EQ(memory.used, 0u);
}

TEST(Tcp, SwallowsLateSegmentsOfAnEndedConnection)
{
    Reassembly r;
    r.handshake();
    r.segment_from(CLIENT, 101, TCP_FIN | TCP_ACK, "a");
    r.segment_from(SERVER, 501, TCP_FIN | TCP_ACK);
    r.log();
    r.segment_from(CLIENT, 101, TCP_FIN | TCP_ACK, "a");
    r.segment_from(CLIENT, 100, TCP_SYN);
    r.segment_from(SERVER, 500, TCP_SYN | TCP_ACK, {}, 0, 101);
    r.segment_from(SERVER, 501, TCP_FIN | TCP_ACK);
    r.segment_from(SERVER, 502, TCP_RST);
    r.finish();
    EXPECT_EQ(r.log(), Log{});
}

TEST(Tcp, SwallowsAnAnswerThatComesAfterTheReset)
{
    Reassembly r;
    r.segment_from(CLIENT, 100, TCP_SYN);
    r.segment_from(CLIENT, 101, TCP_RST);
    r.segment_from(SERVER, 500, TCP_SYN | TCP_ACK, {}, 0, 101);
    r.wait(0.2);
    r.segment_from(SERVER, 500, TCP_SYN | TCP_ACK, {}, 0, 101);
    EXPECT_EQ(r.log(), (Log{"open", "end rst by 0"}));
}

TEST(Tcp, KnowsASynThatWasCapturedAfterTheWholeConnection)
{
    Reassembly r;
    r.segment_from(SERVER, 500, TCP_SYN | TCP_ACK, {}, 0, 101);
    r.segment_from(CLIENT, 101, TCP_FIN | TCP_ACK, "a", 0, 501);
    r.segment_from(SERVER, 501, TCP_FIN | TCP_ACK, {}, 0, 103);
    EXPECT_EQ(r.log().back(), "end fin");
    r.segment_from(CLIENT, 100, TCP_SYN);
    EXPECT_EQ(r.log(), Log{});
}

TEST(Tcp, BeginsAnewWhenPortsAreUsedAgain)
{
    Reassembly r;
    r.handshake(100, 500);
    r.segment_from(CLIENT, 101, TCP_RST);
    r.handshake(70000, 90000); // before the reset is certain
    r.data(CLIENT, 70001, "b");
    EXPECT_EQ(r.log(), (Log{"open", "end rst by 0", "open", "0 data b"}));
    r.handshake(200000, 300000); // while it is still open
    r.data(SERVER, 300001, "c");
    EXPECT_EQ(r.log(), (Log{"end timeout", "open", "1 data c"}));
    r.segment_from(SERVER, 400000, TCP_SYN | TCP_ACK, {}, 0, 600000); // the SYN itself was missed
    r.data(CLIENT, 600000, "d");
    EXPECT_EQ(r.log(), (Log{"end timeout", "open", "1 data d"}));
}

TEST(Tcp, BeginsAnewAfterAMidStreamConnection)
{
    Reassembly r;
    r.data(CLIENT, 5000000, "a");
    r.handshake(100, 500);
    r.data(CLIENT, 101, "b");
    EXPECT_EQ(r.log(), (Log{"open", "0 data a", "end timeout", "open", "0 data b"}));
}

TEST(Tcp, BeginsAnewAfterAResetEvenWhenTheNumbersAreClose)
{
    Reassembly r;
    r.data(CLIENT, 5000, "a");
    r.segment_from(CLIENT, 5001, TCP_RST);
    r.wait(0.2);
    r.handshake(4000, 500);
    r.data(CLIENT, 4001, "b");
    EXPECT_EQ(r.log(), (Log{"open", "0 data a", "end rst by 0", "open", "0 data b"}));
}

TEST(Tcp, CallsItAFinWhenBothWereSeenBehindHoles)
{
    Reassembly r;
    r.handshake();
    r.segment_from(CLIENT, 103, TCP_FIN | TCP_ACK, "c");
    r.segment_from(SERVER, 503, TCP_FIN | TCP_ACK);
    r.finish();
    EXPECT_EQ(r.log(),
              (Log{"open", "0 gap 2", "0 data c", "0 fin", "1 gap 2", "1 fin", "end fin"}));
}

TEST(Tcp, BeginsAnewAfterItsFinish)
{
    Reassembly r;
    r.data(CLIENT, 1, "a");
    r.finish();
    r.data(CLIENT, 2, "b");
    r.finish();
    EXPECT_EQ(r.log(), (Log{"open", "0 data a", "end eof", "open", "0 data b", "end eof"}));
}

TEST(Tcp, EndsOpenConnectionsInTheOrderTheyBegan)
{
    Reassembly r;
    r.handshake(0);
    r.data(CLIENT, 1, "a");
    r.port++;
    r.handshake(0);
    r.data(CLIENT, 1, "b");
    r.data(CLIENT, 3, "d");
    r.port--;
    r.data(CLIENT, 2, "a"); // the first is now the most recently active
    r.data(CLIENT, 5, "c");
    r.segment_from(CLIENT, 8, TCP_FIN | TCP_ACK);
    r.log();
    r.finish();
    EXPECT_EQ(r.log(), (Log{"0 gap 2", "0 data c", "0 gap 2", "0 fin", "end eof", "0 gap 1",
                            "0 data d", "end eof"}));
    EXPECT_EQ(r.open, 0);
}

// --- what is lost ---

TEST(Tcp, TurnsTheSnaplensCutIntoAGapWhereItIs)
{
    Reassembly r;
    r.handshake();
    r.data(CLIENT, 101, "ab", 3);
    r.data(CLIENT, 106, "c");
    EXPECT_EQ(r.log(), (Log{"open", "0 data ab", "0 gap 3", "0 data c"}));
    r.data(CLIENT, 106, "c", 2); // sent again with more, of which nothing was captured
    r.segment_from(CLIENT, 109, TCP_FIN | TCP_ACK, "", 2);
    EXPECT_EQ(r.log(), (Log{"0 gap 2", "0 gap 2", "0 fin"}));
}

TEST(Tcp, FillsTheSnaplensCutWithBytesThatWait)
{
    Reassembly r;
    r.handshake();
    r.data(CLIENT, 104, "de");
    r.data(CLIENT, 101, "a", 6); // cut: bcdefg
    EXPECT_EQ(r.log(), (Log{"open", "0 data a", "0 gap 2", "0 data de", "0 gap 2"}));
    r.data(CLIENT, 112, "", 4); // waits, with nothing but its length
    r.data(CLIENT, 112, "", 4);
    r.data(CLIENT, 112, "jk"); // sent again in smaller pieces
    r.data(CLIENT, 108, "fghi");
    EXPECT_EQ(r.log(), (Log{"0 data fghi", "0 data jk", "0 gap 2"}));
}

TEST(Tcp, KeepsTheSnaplensCutOfASegmentThatOverlapsOneThatWaits)
{
    Reassembly r;
    r.handshake();
    r.data(CLIENT, 103, "cd");
    r.data(CLIENT, 103, "cd", 2);
    r.data(CLIENT, 102, "b", 9); // 103 to 111
    r.data(CLIENT, 101, "a");
    EXPECT_EQ(r.log(), (Log{"open", "0 data a", "0 data b", "0 data cd", "0 gap 7"}));
}

TEST(Tcp, GivesUpAHoleWhenTooMuchWaitsBehindIt)
{
    Reassembly r(400);
    r.handshake();
    const std::string hundred(100, 'x');
    r.data(CLIENT, 111, hundred);
    r.data(CLIENT, 211, hundred);
    EXPECT_EQ(r.log(), (Log{"open"}));
    r.data(CLIENT, 321, hundred); // a second hole; 3 * (100 + 64) bytes wait
    EXPECT_EQ(r.log(), (Log{"0 gap 10", "0 data " + hundred, "0 data " + hundred}));
    r.data(CLIENT, 311, "yyyyyyyyyy");
    EXPECT_EQ(r.log(), (Log{"0 data yyyyyyyyyy", "0 data " + hundred}));
}

TEST(Tcp, BoundsTheCostOfTinyPieces)
{
    Reassembly r(64 * 1024);
    r.handshake();
    for (uint32_t i = 0; i < 4000; i++)
        r.data(CLIENT, 103 + 2 * i, "x");
    EXPECT_GT(r.stream[0].size(), 5000u);
}

TEST(Tcp, GoesOnAfterALossOfMoreThanSequenceNumbersCanTell)
{
    for (uint32_t distance : {0x50000000u, 0x90000000u, 0xf0000000u}) {
        Reassembly r;
        r.handshake();
        r.data(CLIENT, 101, "a");
        r.data(CLIENT, 101 + distance - 500, "one that is alone");
        r.data(CLIENT, 102, "b");
        for (uint32_t i = 0; i < 16; i++) { // each twice, as on "any"
            r.data(CLIENT, 101 + distance + 2 * i, "xy");
            r.data(CLIENT, 101 + distance + 2 * i, "xy");
        }
        const Log log = r.log();
        ASSERT_EQ(log.size(), 4u + 9u) << distance;
        EXPECT_EQ(log[3], "0 gap " + std::to_string(distance + 14 - 2));
        EXPECT_EQ(log[12], "0 data xy");
    }
}

TEST(Tcp, IsNotLedAstrayWhileTheStreamGoesOn)
{
    Reassembly r;
    r.handshake();
    for (uint32_t i = 0; i < 50; i++) {
        r.data(CLIENT, 101 + i, "a");
        r.data(CLIENT, 0x60000000 + i, "?");
    }
    EXPECT_EQ(r.stream[0], std::string(50, 'a'));
}

TEST(Tcp, RefusesSegmentsOfImpossibleLength)
{
    Reassembly r;
    r.handshake();
    r.data(CLIENT, 101, "a", 0xffffffff);
    r.data(CLIENT, 101, "b");
    EXPECT_EQ(r.log(), (Log{"open", "0 data b"}));
}

// --- bounds ---

TEST(Tcp, ForgetsTheLeastRecentlyActiveConnectionFirst)
{
    Reassembly r(0, 3);
    for (uint16_t port = 1; port <= 3; port++) {
        r.port = port;
        r.handshake(0);
        r.data(CLIENT, 1, std::to_string(port));
    }
    r.port = 1;
    r.data(CLIENT, 2, "again");
    r.data(CLIENT, 9, "later");
    r.log();
    r.port = 4;
    r.handshake(0); // 2 goes
    EXPECT_EQ(r.log(), (Log{"end timeout", "open"}));
    r.data(CLIENT, 1, "4");
    r.port = 1;
    r.segment_from(CLIENT, 7, TCP_RST);
    r.wait(2);
    EXPECT_EQ(r.log(), (Log{"0 data 4", "0 gap 2", "0 data later", "end rst by 0"}));
    r.port = 5;
    r.handshake(0); // 1 goes, which had ended
    r.data(CLIENT, 1, "5");
    EXPECT_EQ(r.log(), (Log{"open", "0 data 5"}));
    r.port = 6;
    r.handshake(0); // 3 goes
    EXPECT_EQ(r.log(), (Log{"end timeout", "open"}));
    EXPECT_EQ(r.totals().forgotten, 2u);
    EXPECT_EQ(r.totals().forgotten_silent, 0u);
}

TEST(Tcp, ForgetsConnectionsWithoutDataBeforeThoseThatTalk)
{
    Reassembly r(0, 100);
    r.handshake(0);
    r.data(CLIENT, 1, "a");
    const uint16_t own = r.port;
    for (r.port = 1; r.port < 5000; r.port++)
        r.segment_from(CLIENT, 1000, TCP_SYN);
    EXPECT_EQ(r.open, 27); // a quarter, the newest, and the one that talks
    EXPECT_EQ(r.totals().forgotten, 0u);
    EXPECT_EQ(r.totals().forgotten_silent, 4999u - 26u);
    r.port = own;
    r.log();
    r.data(CLIENT, 2, "b");
    EXPECT_EQ(r.log(), (Log{"0 data b"}));
}

TEST(Tcp, TellsThousandsOfConnectionsApart)
{
    Reassembly r;
    for (uint16_t round = 0; round < 3; round++)
        for (uint16_t port = 1000; port < 6000; port++) {
            r.port = port;
            r.data(round == 1 ? SERVER : CLIENT, 1 + round * 2u, "ab");
        }
    EXPECT_EQ(r.open, 5000);
    r.finish();
    EXPECT_EQ(r.open, 0);
    EXPECT_EQ(r.stream[0].size(), 30000u); // two bytes, a gap of two, two more
    EXPECT_EQ(r.stream[1].size(), 10000u);
}

TEST(Tcp, SharesItsMemoryWithOthers)
{
    budget memory = {10000, 7000}; // others have taken 7000
    Reassembly r(0, 0, &memory);
    r.handshake();
    r.data(CLIENT, 111, std::string(1000, 'x'));
    r.port++;
    r.handshake();
    EXPECT_EQ(r.log(), (Log{"open", "open"}));
    EXPECT_GT(memory.used, 8000u);
    r.data(CLIENT, 106, std::string(1000, 'y')); // too much: the older hole becomes a gap
    EXPECT_EQ(r.log(), (Log{"0 gap 10", "0 data " + std::string(1000, 'x')}));
    EXPECT_EQ(r.totals().given_up, 10u);
    r.port++;
    r.data(CLIENT, 5000, "joined");
    r.wait(1);
    r.finish();
    EXPECT_EQ(memory.used, 7000u);
}

TEST(Tcp, ForgetsConnectionsWhenMemoryIsShort)
{
    budget memory = {50000, 0};
    Reassembly r(0, 0, &memory);
    for (r.port = 1; r.port < 1000; r.port++) {
        r.handshake(0);
        r.data(CLIENT, 1, "a");
        ASSERT_LE(memory.used, 50000u);
    }
    EXPECT_LT(r.open, 150);
    EXPECT_EQ(r.totals().forgotten, 999u - static_cast<unsigned>(r.open));
}

// --- when a hole is given up ---

TEST(Tcp, GivesUpAHoleSixtyFourPacketsAfterItWasAcknowledged)
{
    Reassembly r;
    r.handshake();
    r.data(CLIENT, 103, "c");
    for (int i = 0; i < 100; i++)
        r.acknowledge(SERVER, 501, 102); // the first byte of two
    EXPECT_EQ(r.log(), (Log{"open"}));
    for (int i = 0; i < 64; i++)
        r.acknowledge(SERVER, 501, 103);
    EXPECT_EQ(r.log(), Log{});
    r.acknowledge(SERVER, 501, 103);
    EXPECT_EQ(r.log(), (Log{"0 gap 2", "0 data c"}));
}

TEST(Tcp, DoesNotGiveUpTheNextHoleBeforeItIsAcknowledged)
{
    Reassembly r;
    r.handshake();
    r.data(CLIENT, 103, "c");
    r.data(CLIENT, 106, "f");
    for (int i = 0; i < 200; i++)
        r.acknowledge(SERVER, 501, 104);
    EXPECT_EQ(r.log(), (Log{"open", "0 gap 2", "0 data c"}));
    r.data(CLIENT, 104, "de");
    EXPECT_EQ(r.log(), (Log{"0 data de", "0 data f"}));
}

TEST(Tcp, GivesUpAHoleASecondAfterItWasAcknowledged)
{
    Reassembly r;
    r.handshake();
    r.data(CLIENT, 103, "c");
    r.wait(0.9);
    r.acknowledge(SERVER, 501, 104);
    r.wait(0.9);
    EXPECT_EQ(r.log(), (Log{"open"}));
    r.wait(0.2); // by a packet of another connection
    EXPECT_EQ(r.log(), (Log{"0 gap 2", "0 data c"}));
}

TEST(Tcp, GivesUpAHoleWhenItsTimePassesWithoutAPacket)
{
    Reassembly r;
    r.handshake();
    r.data(CLIENT, 103, "c");
    r.pass(2);
    r.acknowledge(SERVER, 501, 104);
    r.pass(0.9);
    EXPECT_EQ(r.log(), (Log{"open"}));
    r.pass(1.1);
    r.pass(1);
    EXPECT_EQ(r.log(), (Log{"0 gap 2", "0 data c"}));
    EXPECT_EQ(r.last_packet, 5u) << "the last packet there was";
    EXPECT_EQ(r.last_time, r.time_ns);
    r.data(CLIENT, 104, "d");
    EXPECT_EQ(r.log(), (Log{"0 data d"}));
}

TEST(Tcp, EndsWhatWasResetWhenItsTimePassesWithoutAPacket)
{
    Reassembly r;
    r.handshake();
    r.data(CLIENT, 101, "ab");
    r.segment_from(SERVER, 501, TCP_RST | TCP_ACK, {}, 0, 103);
    r.pass(0.05);
    EXPECT_EQ(r.log(), (Log{"open", "0 data ab"}));
    r.pass(0.2);
    EXPECT_EQ(r.log(), (Log{"end rst by 1"}));
}

TEST(Tcp, WaitsForWhatComesAfterItsAcknowledgment)
{
    Reassembly r;
    r.handshake();
    r.acknowledge(SERVER, 501, 107);
    r.data(CLIENT, 103, "cd");
    for (int i = 0; i < 60; i++)
        r.acknowledge(SERVER, 501, 107);
    r.data(CLIENT, 101, "ab");
    EXPECT_EQ(r.stream[0], "abcd");
}

TEST(Tcp, GivesUpAHoleAfterThreeSecondsOfTheCapture)
{
    Reassembly r;
    r.handshake();
    r.data(CLIENT, 103, "c");
    r.data(CLIENT, 105, "e");
    r.wait(2.9);
    EXPECT_EQ(r.log(), (Log{"open"}));
    r.wait(0.2);
    EXPECT_EQ(r.log(), (Log{"0 gap 2", "0 data c", "0 gap 1", "0 data e"}));
}

TEST(Tcp, TakesABelatedSegmentThoughItsTimeIsOver)
{
    Reassembly r;
    r.handshake();
    r.data(CLIENT, 103, "c");
    r.time_ns += 60000000000; // nothing happened meanwhile
    r.data(CLIENT, 101, "ab");
    EXPECT_EQ(r.stream[0], "abc");
}

TEST(Tcp, TakesTimesAtTheEndOfTime)
{
    Reassembly r;
    r.handshake();
    r.time_ns = INT64_MAX - 5000;
    r.data(CLIENT, 103, "c");
    r.data(CLIENT, 101, "ab");
    EXPECT_EQ(r.stream[0], "abc");
}

TEST(Tcp, GivesUpAHoleBeforeAFinAsWell)
{
    Reassembly r;
    r.handshake();
    r.segment_from(CLIENT, 106, TCP_FIN | TCP_ACK);
    r.wait(4);
    EXPECT_EQ(r.log(), (Log{"open", "0 gap 5", "0 fin"}));
}

TEST(Tcp, GivesUpHolesOfThousandsOfConnectionsInOrder)
{
    Reassembly r;
    for (r.port = 1000; r.port < 4000; r.port++) {
        r.handshake(0);
        r.data(CLIENT, 5, "e");
    }
    r.wait(3.0);
    const size_t before = r.stream[0].size();
    EXPECT_GT(before, 0u); // those that began early enough
    r.wait(1);
    EXPECT_EQ(r.stream[0].size(), 3000u * 5);
    EXPECT_EQ(r.open, 3000);
}

// A stray segment does not make a hole of what simply has not been sent yet.
TEST(Tcp, DoesNotGiveUpWhatIsStillBeingSent)
{
    Reassembly r;
    r.handshake();
    r.data(CLIENT, 50000, "?");
    for (uint32_t i = 0; i < 10; i++) {
        r.wait(2);
        r.data(CLIENT, 101 + i, "a");
    }
    EXPECT_EQ(r.stream[0], std::string(10, 'a'));
}

TEST(Tcp, GivesUpAHoleLargerThanAnyWindowSoon)
{
    Reassembly r;
    r.handshake();
    for (uint32_t i = 0; i < 20; i++)
        r.data(CLIENT, 101 + 20000000 + i, "x");
    ASSERT_EQ(r.log()[1], "0 gap 20000000");
}

// Ten lost segments in a hundred, everything acknowledged: the gaps come as the stream goes on.
TEST(Tcp, KeepsUpWithManyLosses)
{
    Reassembly r;
    r.handshake();
    for (uint32_t i = 0; i < 5000; i++) {
        if (i % 10)
            r.data(CLIENT, 101 + i * 2, "ab");
        r.acknowledge(SERVER, 501, 101 + (i + 1) * 2);
        if (i > 200) {
            ASSERT_GT(r.stream[0].size(), i * 2 - 200);
        }
    }
}

// --- which of the two spoke first ---

TEST(Tcp, DeliversAnAnswerAfterWhatItAnswers)
{
    Reassembly r;
    r.handshake();
    r.segment_from(SERVER, 501, TCP_ACK, "answer", 0, 109);
    EXPECT_EQ(r.log(), (Log{"open"}));
    r.segment_from(CLIENT, 101, TCP_ACK, "question", 0, 501);
    EXPECT_EQ(r.log(), (Log{"0 data question", "1 data answer"}));
    r.segment_from(SERVER, 507, TCP_ACK, "yes", 0, 112); // once more, when both have talked
    r.segment_from(CLIENT, 109, TCP_ACK, "and", 0, 507);
    EXPECT_EQ(r.log(), (Log{"0 data and", "1 data yes"}));
}

TEST(Tcp, DoesNotWaitLongForAQuestion)
{
    Reassembly r;
    r.handshake();
    r.segment_from(SERVER, 501, TCP_ACK, "ab", 0, 109);
    r.wait(0.2);
    EXPECT_EQ(r.log(), (Log{"open", "1 data ab"}));
    EXPECT_EQ(r.last_packet, 4u);                       // as of when it came
    r.segment_from(SERVER, 503, TCP_ACK, "cd", 0, 209); // the client is not in the capture
    EXPECT_EQ(r.log(), (Log{"1 data cd"}));
}

TEST(Tcp, DeliversWhatWasCapturedDirectionByDirection)
{
    Reassembly r;
    r.segment_from(CLIENT, 100, TCP_SYN);
    for (uint32_t i = 0; i < 100; i++)
        r.segment_from(CLIENT, 101 + i, TCP_ACK, "a", 0, 501 + i);
    r.segment_from(CLIENT, 201, TCP_FIN | TCP_ACK, {}, 0, 601);
    r.segment_from(SERVER, 500, TCP_SYN | TCP_ACK, {}, 0, 101);
    for (uint32_t i = 0; i < 100; i++)
        r.segment_from(SERVER, 501 + i, TCP_ACK, "b", 0, 102 + i);
    r.segment_from(SERVER, 601, TCP_FIN | TCP_ACK, {}, 0, 202);
    EXPECT_EQ(r.stream[0], std::string(100, 'a'));
    EXPECT_EQ(r.stream[1], std::string(100, 'b'));
    EXPECT_EQ(r.log().back(), "end fin");
}

// --- sent twice, with different content ---

TEST(Tcp, SaysHowManyBytesCameAgainWithOtherContent)
{
    Reassembly r;
    r.handshake();
    r.data(CLIENT, 101, "abcd");
    r.data(CLIENT, 105, "efgh");
    r.data(CLIENT, 103, "cXeYgh"); // over both
    EXPECT_EQ(r.log(), (Log{"open", "0 data abcd", "0 data efgh", "0 conflict 2"}));
    r.data(CLIENT, 107, "ghij"); // the same, and more
    EXPECT_EQ(r.log(), (Log{"0 data ij"}));
    r.data(CLIENT, 113, "mn"); // waits
    r.data(CLIENT, 113, "Mn");
    EXPECT_EQ(r.log(), (Log{"0 conflict 1"}));
    r.data(CLIENT, 111, "klmN");
    EXPECT_EQ(r.log(), (Log{"0 data kl", "0 conflict 1", "0 data mn"}));
}

TEST(Tcp, ComparesOnlyWhatItStillRemembers)
{
    Reassembly r;
    r.handshake();
    const std::string much(1000, 'x');
    for (uint32_t i = 0; i < 1000; i++)
        r.data(CLIENT, 101 + i * 1000, much);
    r.log();
    r.data(CLIENT, 101 + 998, "y"); // long ago
    r.data(CLIENT, 101 + 999 * 1000 + 997, "yy");
    r.data(CLIENT, 101 + 900 * 1000 + 997, "yyy");
    r.data(CLIENT, 101 + 950 * 1000, std::string(1000, 'y'));
    EXPECT_EQ(r.log(), (Log{"0 conflict 2", "0 conflict 3", "0 conflict 256"}));
}

TEST(Tcp, ComparesNothingWithWhatTookThePlaceOfOldBytes)
{
    Reassembly r;
    r.handshake();
    r.data(CLIENT, 101, "abcd");
    r.port++;
    r.handshake();
    std::string much; // looks like what is remembered of sequence number 101
    for (uint32_t i = 0; i < 16; i++)
        for (uint32_t value : {0, 0, 101, 4})
            much.append(reinterpret_cast<const char *>(&value), 4);
    for (uint32_t i = 0; i < 1000; i++)
        r.data(CLIENT, 101 + i * 256, much);
    r.port--;
    r.log();
    r.data(CLIENT, 101, "ab?d");
    EXPECT_EQ(r.log(), Log{});
}

TEST(Tcp, TellsTheStreamsApartThatItRemembers)
{
    Reassembly r;
    for (r.port = 1; r.port < 100; r.port++) {
        r.handshake();
        r.data(CLIENT, 101, std::to_string(r.port));
    }
    r.log();
    for (r.port = 1; r.port < 100; r.port++)
        r.data(CLIENT, 101, std::to_string(r.port));
    EXPECT_EQ(r.log(), Log{});
}

// --- odds and ends ---

TEST(Tcp, TakesUrgentBytesAsPartOfTheStream)
{
    Reassembly r;
    r.handshake();
    r.segment_from(CLIENT, 101, 0x20 | TCP_PSH, "ab");
    r.data(CLIENT, 103, "c");
    EXPECT_EQ(r.stream[0], "abc");
}

TEST(Tcp, TakesSegmentsOfSixtyFourKilobytes)
{
    Reassembly r;
    r.handshake();
    const std::string large(65483, 'x');
    r.data(CLIENT, 101 + 65483, large);
    r.data(CLIENT, 101, large);
    r.data(CLIENT, 101, large);
    EXPECT_EQ(r.stream[0].size(), 2 * large.size());
    EXPECT_EQ(r.log().size(), 3u);
}

// --- at random ---

// A stream cut into segments at random, shuffled within a window, repeated, overlapping with other
// splits, with keep-alives and duplicates between them, across the wrap: it comes out as it was.
TEST(Tcp, ReassemblesWhateverOrderAndSplitsTheBytesComeIn)
{
    for (uint32_t seed = 1; seed <= 300; seed++) {
        std::mt19937 random(seed);
        const auto below = [&random](uint32_t n) { return static_cast<uint32_t>(random() % n); };
        std::string sent[2];
        uint32_t first[2];
        struct Piece {
            int who;
            uint32_t at, len;
            bool fin;
        };
        std::vector<Piece> pieces;
        for (int who : {CLIENT, SERVER}) {
            for (uint32_t i = 0, len = 200 + below(1500); i < len; i++)
                sent[who].push_back(static_cast<char>(random()));
            first[who] = 0u - below(1200);
            const auto size = static_cast<uint32_t>(sent[who].size());
            for (int split = 0; split < 2; split++) // two ways to cut the same bytes
                for (uint32_t at = 0; at < size;) {
                    const uint32_t len = std::min(size - at, 1 + below(90));
                    if (split == 0 || below(2))
                        pieces.push_back({who, at, len, at + len == size});
                    at += len;
                }
        }
        // Shuffle within a distance of about forty segments.
        std::vector<std::pair<uint32_t, Piece>> order;
        for (const Piece &p : pieces)
            for (uint32_t copies = 1 + below(2); copies > 0; copies--)
                order.push_back({p.at * 2 + below(3000), p});
        std::stable_sort(order.begin(), order.end(),
                         [](const auto &a, const auto &b) { return a.first < b.first; });

        Reassembly r;
        r.handshake(first[CLIENT] - 1, first[SERVER] - 1);
        for (const auto &[key, p] : order) {
            r.segment_from(p.who, first[p.who] + p.at, p.fin ? TCP_FIN : 0,
                           std::string_view(sent[p.who]).substr(p.at, p.len));
            if (below(10) == 0) // what a keep-alive carries never counts: the byte is known
                r.segment_from(p.who, first[p.who] - 1, 0, "K");
        }
        ASSERT_EQ(r.stream[0], sent[0]) << "seed " << seed;
        ASSERT_EQ(r.stream[1], sent[1]) << "seed " << seed;
        ASSERT_EQ(r.log().back(), "end fin") << "seed " << seed;
        r.finish();
        ASSERT_EQ(r.log(), Log{});
    }
}

// The same with lost and cut segments: the stream keeps its length, and every byte of it is either
// the one that was sent or part of a gap.
TEST(Tcp, NeverMovesABytePastALoss)
{
    for (uint32_t seed = 1; seed <= 300; seed++) {
        std::mt19937 random(seed);
        const auto below = [&random](uint32_t n) { return static_cast<uint32_t>(random() % n); };
        std::string sent;
        for (uint32_t i = 0; i < 3000; i++)
            sent.push_back(static_cast<char>('a' + below(26)));
        const uint32_t first = 0u - below(3000);
        Reassembly r(1 + below(2000));
        r.segment_from(CLIENT, first - 1, TCP_SYN);
        std::vector<std::pair<uint32_t, uint32_t>> segments; // order key, offset
        for (uint32_t at = 0; at < 3000; at += 30)
            for (uint32_t copies = below(3); copies > 0; copies--)
                segments.push_back({at + below(200), at});
        std::sort(segments.begin(), segments.end());
        for (const auto &[key, at] : segments) {
            const uint32_t len = below(4) ? 30 : below(30);
            r.data(CLIENT, first + at, std::string_view(sent).substr(at, len), 30 - len);
        }
        r.segment_from(CLIENT, first + 3000, TCP_FIN | TCP_ACK);
        r.finish();
        ASSERT_EQ(r.stream[0].size(), sent.size()) << "seed " << seed;
        for (size_t i = 0; i < sent.size(); i++)
            ASSERT_TRUE(r.stream[0][i] == sent[i] || r.stream[0][i] == '?') << seed << " " << i;
    }
}

} // namespace
