// The session stage after the 101: frames, messages, broken rules, and what is said where bytes are
// lost.
#include "traffic.h"

#include <gtest/gtest.h>

#include <random>

namespace
{

enum { CLIENT = Traffic::CLIENT, SERVER = Traffic::SERVER };

const char deflate[] = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

// Behind its handshake.
class Conversation : public Traffic
{
public:
    explicit Conversation(const std::string &headers = "", uint64_t max_data = 0,
                          uint64_t memory = 0)
        : Traffic(max_data, memory)
    {
        handshake(headers);
        records();
    }
    // Also what the end of the connection says.
    Lines records_to_end(tcp_end how)
    {
        end(how);
        return records();
    }
};

Lines without_end(Lines records)
{
    EXPECT_EQ(records.back().substr(0, 6), "1 end ");
    records.pop_back();
    return records;
}

Bytes part(const Bytes &bytes, size_t from, size_t to = SIZE_MAX)
{
    const auto begin = bytes.begin();
    return Bytes(begin + static_cast<std::ptrdiff_t>(from),
                 begin + static_cast<std::ptrdiff_t>(std::min(to, bytes.size())));
}

// --- messages ---

TEST(Conversation, TellsOfMessagesOfEveryType)
{
    Conversation t;
    t.say(CLIENT, stream({Frame(1, "text").masked(), Frame(2, "binary").masked(),
                          Frame(9, "ping").masked(), Frame(10, "pong").masked(),
                          Frame(8, from_hex("03e8") + from_text("bye")).masked()}));
    EXPECT_EQ(t.records(),
              (Lines{"1 client text 1 length 4 'text'", "1 client binary 2 length 6 'binary'",
                     "1 client ping 3 length 4 'ping'", "1 client pong 4 length 4 'pong'",
                     "1 client close 5 length 5 code 1000 '\\03\\e8bye'"}));
}

TEST(Conversation, NumbersMessagesAndFramesOfBothSidesTogether)
{
    Conversation t;
    t.frames = true;
    t.say(SERVER, Frame(1, "a"));
    t.say(CLIENT, Bytes(Frame(1, "b").masked()));
    t.say(SERVER, Frame(2, ""));
    EXPECT_EQ(t.records(),
              (Lines{"1 server frame 1 FIN text 1", "1 server text 1 length 1 'a'",
                     "1 client frame 2 FIN text 1", "1 client text 2 length 1 'b'",
                     "1 server frame 3 FIN binary 0", "1 server binary 3 length 0 ''"}));
}

TEST(Conversation, JoinsFragmentsAndKeepsControlFramesApart)
{
    Conversation t;
    t.say(CLIENT, stream({Frame(1, "one ").masked().not_final(), Frame(9, "!").masked(),
                          Frame(0, "").masked().not_final(), Frame(0, "two").masked()}));
    EXPECT_EQ(t.records(), (Lines{"1 client ping 1 length 1 '!'",
                                  "1 client text 2 length 7 frames 3 'one two'"}));
}

TEST(Conversation, StampsRecordsWithThePacketThatCompletedThem)
{
    Conversation t; // its handshake is packets 1 and 2
    t.frames = true;
    const Bytes frame = Frame(1, "hello").masked();
    t.say(CLIENT, part(frame, 0, 3));
    t.say(CLIENT, part(frame, 3, 8));
    t.say(CLIENT, part(frame, 8));
    EXPECT_EQ(t.records().size(), 2u);
    EXPECT_EQ(t.last_packet, 4u); // of the header
    EXPECT_EQ(t.last_time, 5000000);
}

TEST(Conversation, ReadsMessagesThatAreLargerThanAnyBuffer)
{
    Conversation t;
    const Bytes payload(200001, 'x');
    t.say_in_pieces(CLIENT, Frame(2, payload).masked(), 1460);
    t.say(CLIENT, Bytes(Frame(2, payload).masked()));
    const std::string expected = " length 200001 '" + std::string(200001, 'x') + "'";
    EXPECT_EQ(t.records(), (Lines{"1 client binary 1" + expected, "1 client binary 2" + expected}));
}

TEST(Conversation, MeasuresRoundTripsOfPings)
{
    Conversation t;
    t.say(CLIENT, Bytes(Frame(9, "a").masked())); // packet 3
    t.say(CLIENT, Bytes(Frame(9, "b").masked()));
    t.say(SERVER, Frame(9, "a")); // no answer: the same side's pings only
    t.say(SERVER, Frame(10, "b"));
    t.say(SERVER, Frame(10, "a")); // answered together with b
    t.say(SERVER, Frame(10, "unasked"));
    t.say(CLIENT, Bytes(Frame(10, "a").masked()));
    EXPECT_EQ(t.records(),
              (Lines{"1 client ping 1 length 1 'a'", "1 client ping 2 length 1 'b'",
                     "1 server ping 3 length 1 'a'", "1 server pong 4 length 1 rtt 2000000 'b'",
                     "1 server pong 5 length 1 'a'", "1 server pong 6 length 7 'unasked'",
                     "1 client pong 7 length 1 rtt 4000000 'a'"}));
}

TEST(Conversation, RemembersTheNewestPings)
{
    Conversation t;
    for (int i = 0; i < 17; i++)
        t.say(CLIENT, Bytes(Frame(9, std::string(1, static_cast<char>('a' + i))).masked()));
    t.records();
    t.say(SERVER, Frame(10, "a"));
    t.say(SERVER, Frame(10, "b"));
    EXPECT_EQ(t.records(), (Lines{"1 server pong 18 length 1 'a'",
                                  "1 server pong 19 length 1 rtt 17000000 'b'"}));
}

TEST(Conversation, TellsOfMessagesThatWereAbandoned)
{
    Conversation t;
    t.say(SERVER, stream({Frame(1, "never ").not_final(), Frame(2, "next")}));
    EXPECT_EQ(t.records(), (Lines{"1 server violation continuation-expected frame 2",
                                  "1 server text 1 length 6 incomplete 'never '",
                                  "1 server binary 2 length 4 'next'"}));
}

TEST(Conversation, CallsNothingCompressedThatWasNotNegotiated)
{
    Conversation t;
    t.say(SERVER, Frame(1, "hello").rsv(4));
    EXPECT_EQ(t.records(), (Lines{"1 server violation rsv-unnegotiated frame 1",
                                  "1 server text 1 length 5 'hello'"}));
}

// Nobody has judged those bytes yet: compressed text would have been no UTF-8 either.
TEST(Conversation, TakesNoTextForUtf8BecauseNothingWasSaidOfIt)
{
    Conversation t;
    t.say(SERVER, Frame(1, "a\xc3(b").rsv(4));
    EXPECT_EQ(t.records(), (Lines{"1 server violation rsv-unnegotiated frame 1",
                                  "1 server text 1 length 4 not-utf8 'a\\c3(b'"}));
}

// RFC 7692 7.2.3: "Hello", and once more with a reference to the first.
const Bytes hello = from_hex("f248cdc9c90700"), again = from_hex("f200110000");

#ifdef WSPROTO_DEFLATE

TEST(ConversationInflate, InflatesEachSideWithItsOwnWindow)
{
    Conversation t(deflate);
    t.say(SERVER, stream({Frame(1, hello).rsv(4), Frame(1, "plain"), Frame(1, again).rsv(4)}));
    t.say(CLIENT, stream({Frame(1, hello).rsv(4).masked(), Frame(9, "p").masked(),
                          Frame(1, from_hex("f200")).rsv(4).masked().not_final()}));
    t.say(CLIENT, stream({Frame(9, "p").masked(), Frame(0, from_hex("110000")).masked()}));
    EXPECT_EQ(t.records(), (Lines{"1 server text 1 length 5 wire 7 compressed 'Hello'",
                                  "1 server text 2 length 5 'plain'",
                                  "1 server text 3 length 5 compressed 'Hello'",
                                  "1 client text 4 length 5 wire 7 compressed 'Hello'",
                                  "1 client ping 5 length 1 'p'", "1 client ping 6 length 1 'p'",
                                  "1 client text 7 length 5 frames 2 compressed 'Hello'"}));
}

TEST(ConversationInflate, NeedsNoParameters)
{
    // The server forgets its window although only the client said so, and with less than 15 bits.
    Conversation t("Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; "
                   "server_max_window_bits=9\r\n");
    t.say(SERVER, stream({Frame(1, hello).rsv(4), Frame(1, hello).rsv(4)}));
    t.say(CLIENT, stream({Frame(1, hello).rsv(4).masked(), Frame(1, again).rsv(4).masked()}));
    const Lines records = t.records();
    ASSERT_EQ(records.size(), 4u);
    for (const std::string &record : records)
        EXPECT_NE(record.find("'Hello'"), std::string::npos) << record;
}

TEST(ConversationInflate, ReadsMessagesThatAreLargerThanAnyBuffer)
{
    // Stored blocks: 3 times 65535 bytes of 'x', then the empty one.
    Bytes payload;
    for (int i = 0; i < 3; i++)
        payload = payload + from_hex("00ffff0000") + Bytes(65535, 'x');
    payload.push_back(0);
    Conversation t(deflate);
    t.say_in_pieces(CLIENT, Frame(2, payload).rsv(4).masked(), 1460);
    EXPECT_EQ(t.records(), (Lines{"1 client binary 1 length 196605 wire 196621 compressed '" +
                                  std::string(196605, 'x') + "'"}));
}

TEST(ConversationInflate, KeepsOfABombWhatTheLimitsLet)
{
    wsp_deflater *deflater = wsp_deflater_new(15, false, 9, 0, nullptr);
    const Bytes zeros(10 << 20);
    Bytes bomb(wsp_deflate_bound(deflater, zeros.size()));
    size_t in_len = zeros.size(), out_len = bomb.size();
    ASSERT_EQ(wsp_deflate(deflater, zeros.data(), &in_len, true, bomb.data(), &out_len), 0);
    bomb.resize(out_len);
    wsp_deflater_free(deflater);

    Conversation t(deflate, 0, 1 << 20);
    t.say_in_pieces(SERVER, Frame(2, bomb).rsv(4), 1460);
    const Lines records = t.records();
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(records[0].substr(0, 33), "1 server binary 1 length 10485760");
    EXPECT_NE(records[0].find("truncated"), std::string::npos);
    const size_t kept = (records[0].size() - 60) / 3; // a zero is printed as \\00
    EXPECT_LT(kept, size_t(1) << 20);
    EXPECT_GT(kept, size_t(1) << 19);
}

TEST(ConversationInflate, TellsOfWrongDataAndGoesOnWithWhatIsCertain)
{
    Conversation t(deflate);
    t.say(SERVER, stream({Frame(1, hello).rsv(4), Frame(1, from_hex("000200fdff6162ff")).rsv(4),
                          Frame(1, again).rsv(4), Frame(1, "plain")}));
    EXPECT_EQ(t.records(), (Lines{"1 server text 1 length 5 wire 7 compressed 'Hello'",
                                  "1 server violation deflate-data frame 2",
                                  "1 server text 2 length 2 wire 8 compressed incomplete 'ab'",
                                  "1 server text 3 length 5 compressed incomplete missing 1+4 "
                                  "'H\\00\\00\\00\\00'",
                                  "1 server text 4 length 5 'plain'"}));
}

TEST(ConversationInflate, GoesOnBehindWrongDataWhereNoWindowIsKept)
{
    Conversation t("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n");
    t.say(SERVER, stream({Frame(1, hello).rsv(4), Frame(1, from_hex("ff")).rsv(4),
                          Frame(1, hello).rsv(4)}));
    EXPECT_EQ(t.records(), (Lines{"1 server text 1 length 5 wire 7 compressed 'Hello'",
                                  "1 server violation deflate-data frame 2",
                                  "1 server text 2 length 0 wire 1 compressed incomplete ''",
                                  "1 server text 3 length 5 wire 7 compressed 'Hello'"}));
}

TEST(ConversationInflate, GivesWhatCameBeforeAGap)
{
    Conversation t(deflate);
    const Bytes frame = Frame(1, from_hex("000500faff48656c6c6f00")).rsv(4);
    t.say(SERVER, part(frame, 0, 9));
    t.lose(SERVER, 2);
    t.say(SERVER, part(frame, 11));
    t.say(SERVER, Frame(1, again).rsv(4));
    EXPECT_EQ(t.records(), (Lines{"1 server gap 2",
                                  "1 server text 1 length 2 wire 11 compressed incomplete 'He'",
                                  "1 server text 2 length 5 compressed incomplete missing 1+4 "
                                  "'H\\00\\00\\00\\00'"}));
}

TEST(ConversationInflate, TellsOfTextThatIsNotUtf8)
{
    Conversation t(deflate);
    t.say(SERVER, Frame(1, from_hex("000400fbff61c3286200")).rsv(4));
    EXPECT_EQ(t.records(),
              (Lines{"1 server violation text-utf8 frame 1",
                     "1 server text 1 length 4 wire 10 compressed not-utf8 'a\\c3(b'"}));
}

TEST(ConversationInflate, CountsInflatersAsMemory)
{
    Conversation t(deflate, 0, 60000); // room for none of them
    t.say(SERVER, stream({Frame(1, hello).rsv(4), Frame(1, "plain")}));
    EXPECT_EQ(t.records(), (Lines{"1 server text 1 length 7 compressed not-inflated",
                                  "1 server text 2 length 5 'plain'"}));
    Conversation one(deflate, 0, 120000);
    one.say(SERVER, Frame(1, hello).rsv(4));
    one.say(CLIENT, Bytes(Frame(1, hello).rsv(4).masked()));
    EXPECT_EQ(one.records(), (Lines{"1 server text 1 length 5 wire 7 compressed 'Hello'",
                                    "1 client text 2 length 7 compressed not-inflated"}));
}

#else

TEST(ConversationInflate, DoesNotInflateWithoutZlib)
{
    Conversation t(deflate);
    t.say(SERVER, stream({Frame(1, hello).rsv(4), Frame(1, "plain"),
                          Frame(2, "abc").rsv(4).not_final(), Frame(0, "de")}));
    EXPECT_EQ(t.records(), (Lines{"1 server text 1 length 7 compressed not-inflated",
                                  "1 server text 2 length 5 'plain'",
                                  "1 server binary 3 length 5 frames 2 compressed not-inflated"}));
}

#endif

TEST(Conversation, GivesTextThatIsNotUtf8AsItIs)
{
    Conversation t;
    t.say(SERVER, Frame(1, from_hex("61c32862")));
    EXPECT_EQ(t.records(), (Lines{"1 server violation text-utf8 frame 1",
                                  "1 server text 1 length 4 not-utf8 'a\\c3(b'"}));
}

TEST(Conversation, ReadsCloseFramesOfAnyLength)
{
    const std::pair<Bytes, std::string> cases[] = {
        {{}, "length 0 code -1 ''"},
        {from_hex("03e8"), "length 2 code 1000 '\\03\\e8'"},
        {from_hex("0000"), "length 2 code 0 '\\00\\00'"},
        {from_hex("03"), "length 1 code -1 '\\03'"},
    };
    for (const auto &[payload, expected] : cases) {
        Conversation t;
        t.say(SERVER, Frame(8, payload));
        EXPECT_EQ(t.records().back(), "1 server close 1 " + expected);
    }
}

// --- limits ---

TEST(ConversationLimits, CutWhatIsShownOfAMessage)
{
    const std::pair<Frame, std::string> cases[] = {
        {Frame(2, "abcd"), "binary 1 length 4 'abcd'"},
        {Frame(2, "abcde"), "binary 1 length 5 truncated 'abcd'"},
        {Frame(1, "abc\xc3\xa4"), "text 1 length 5 truncated 'abc'"},
        {Frame(1, "ab\xc3\xa4"), "text 1 length 4 'ab\\c3\\a4'"},
        {Frame(1, "ab\xc3\xa4z"), "text 1 length 5 truncated 'ab\\c3\\a4'"},
        {Frame(1, "\xf0\x9f\x98\x80!"), "text 1 length 5 truncated '\\f0\\9f\\98\\80'"},
        {Frame(1, "a\xf0\x9f\x98\x80"), "text 1 length 5 truncated 'a'"},
        {Frame(9, "ping!"), "ping 1 length 5 truncated 'ping'"},
        {Frame(8, from_hex("03e8") + from_text("bye")),
         "close 1 length 5 code 1000 truncated '\\03\\e8by'"},
    };
    for (const auto &[frame, expected] : cases) {
        Conversation whole("", 4), in_bytes("", 4);
        whole.say(SERVER, frame);
        EXPECT_EQ(whole.records(), Lines{"1 server " + expected});
        in_bytes.say_in_pieces(SERVER, frame, 1);
        EXPECT_EQ(in_bytes.records(), Lines{"1 server " + expected});
    }
}

TEST(ConversationLimits, KeepTheCodeOfACloseAndTheMatchOfPongs)
{
    Conversation t("", 1);
    t.say(SERVER, Frame(8, from_hex("03e8") + from_text("bye")));
    t.say_in_pieces(CLIENT, Frame(9, "ping 1").masked(), 1);
    t.say(CLIENT, Bytes(Frame(9, "ping 2").masked()));
    t.records();
    t.say_in_pieces(SERVER, Frame(10, "ping 1"), 1);
    EXPECT_EQ(t.records().back(), "1 server pong 4 length 6 rtt 9000000 truncated 'p'");
}

TEST(ConversationLimits, FindWrongTextBehindWhatIsShown)
{
    Conversation t("", 2);
    t.say(SERVER, Frame(1, "abcd\xff"));
    EXPECT_EQ(t.records(), (Lines{"1 server violation text-utf8 frame 1",
                                  "1 server text 1 length 5 truncated not-utf8 'ab'"}));
}

TEST(ConversationLimits, BoundTheMemoryOfUnfinishedMessages)
{
    Conversation t("", 0, 65536); // a quarter is TCP's
    t.say(CLIENT, Bytes(Frame(1, std::string(30000, 'c')).masked().not_final()));
    t.say(SERVER, Frame(1, std::string(18000, 's')).not_final());
    t.say(SERVER, Frame(0, "!"));
    const Lines records = t.records();
    ASSERT_EQ(records.size(), 1u);
    const std::string begin = "1 server text 1 length 18001 frames 2 truncated 's";
    EXPECT_EQ(records[0].substr(0, begin.size()), begin);
    EXPECT_GT(records[0].size(), 10000u);
    EXPECT_LT(records[0].size(), 49152u - 32768u);
    EXPECT_EQ(t.totals().cut_short, 1u);
    // What was taken is free again.
    t.say(SERVER, Frame(1, std::string(300, 's')).not_final());
    t.say(SERVER, Frame(0, "!"));
    t.say(CLIENT, Bytes(Frame(0, "!").masked()));
    EXPECT_EQ(t.records(),
              (Lines{"1 server text 2 length 301 frames 2 '" + std::string(300, 's') + "!'",
                     "1 client text 3 length 30001 frames 2 '" + std::string(30000, 'c') + "!'"}));
    EXPECT_EQ(t.totals().cut_short, 1u);
}

TEST(ConversationLimits, KeepNothingWhereThereIsNoRoom)
{
    Conversation t("", 0, 1000); // less than the connection itself takes
    t.say(SERVER, Frame(1, "abc").declaring(100));
    t.lose(SERVER, 50);
    t.say(SERVER, Bytes(47, 'd'));
    EXPECT_EQ(t.records(),
              (Lines{"1 server gap 50",
                     "1 server text 1 length 100 incomplete missing 3+50 truncated ''"}));
    EXPECT_EQ(t.totals().cut_short, 1u);
}

TEST(ConversationLimits, TakeNoMemoryForADeclaredLength)
{
    Conversation t;
    t.say(SERVER, Frame(2, "abc").declaring(uint64_t(1) << 62));
    EXPECT_EQ(without_end(t.records_to_end(TCP_END_EOF)),
              Lines{"1 server binary 1 length 3 incomplete 'abc'"});
}

// --- violations ---

TEST(ConversationViolations, NameTheRuleAndTheFrame)
{
    const struct {
        Bytes server;
        std::string rule;
        uint64_t frame;
    } cases[] = {
        {Frame(1, "a").rsv(2), "rsv-unnegotiated", 1},
        {Frame(3, "a"), "opcode-reserved", 1},
        {Frame(11, "a"), "opcode-reserved", 1},
        {Frame(1, "a").masked(), "mask-unexpected", 1},
        {Frame(1, "a").form(16), "length-not-minimal", 1},
        {Frame(1, "a").form(64), "length-not-minimal", 1},
        {Frame(9, "a").not_final(), "control-fragmented", 1},
        {Frame(9, std::string(126, 'a')), "control-too-long", 1},
        {stream({Frame(1, "a"), Frame(0, "b")}), "continuation-unexpected", 2},
        {stream({Frame(1, "a").not_final(), Frame(1, "b")}), "continuation-expected", 2},
        {stream({Frame(1, "a"), Frame(8, "a")}), "close-short", 2},
        {Frame(8, from_hex("03ec")), "close-code", 1},
        {Frame(8, from_hex("03e8ff")), "close-utf8", 1},
        {stream({Frame(1, "a\xc3").not_final(), Frame(0, "b")}), "text-utf8", 2},
        {stream({Frame(8, ""), Frame(1, "a")}), "after-close", 2},
    };
    for (const auto &c : cases) {
        Conversation t;
        t.frames = true;
        t.say(SERVER, c.server);
        const Lines records = t.records();
        const std::string number = std::to_string(c.frame);
        const std::string expected = "1 server violation " + c.rule + " frame " + number;
        EXPECT_EQ(std::count(records.begin(), records.end(), expected), 1) << c.rule;
        const auto marked = [&](const std::string &line) {
            return line.rfind("1 server frame " + number + " ", 0) == 0 &&
                   line.find(" !" + c.rule) != std::string::npos;
        };
        EXPECT_EQ(std::count_if(records.begin(), records.end(), marked), 1) << c.rule;
        EXPECT_EQ(t.totals().violations, 1u) << c.rule;
        const wsp_violation *v = wsp_violation_named(c.rule.c_str());
        EXPECT_EQ(t.violation, std::string(v->clause) + ": " + v->text);
    }
}

TEST(ConversationViolations, OfAClientAreItsOwn)
{
    Conversation t;
    t.say(CLIENT, Frame(1, "a"));
    EXPECT_EQ(t.records(),
              (Lines{"1 client violation mask-missing frame 1", "1 client text 1 length 1 'a'"}));
}

TEST(ConversationViolations, AreReportedWithoutAMessageWhereThereIsNone)
{
    Conversation t;
    t.frames = true;
    t.say(SERVER, stream({Frame(5, "a"), Frame(15, "b"), Frame(0, "c")}));
    EXPECT_EQ(t.records(), (Lines{"1 server violation opcode-reserved frame 1",
                                  "1 server frame 1 FIN reserved-5 1 !opcode-reserved",
                                  "1 server violation opcode-reserved frame 2",
                                  "1 server frame 2 FIN reserved-f 1 !opcode-reserved",
                                  "1 server violation continuation-unexpected frame 3",
                                  "1 server frame 3 FIN continuation 1 !continuation-unexpected"}));
}

TEST(ConversationViolations, OfWhatIsCutOffArePartOfTheEndThatThePeersMade)
{
    const Bytes half = part(Frame(1, "hello"), 0, 4);
    const std::string incomplete = "1 server text 1 length 2 incomplete 'he'";
    const std::string truncated = "1 server violation truncated frame 1";
    for (tcp_end how : {TCP_END_FIN, TCP_END_RST}) {
        Conversation t;
        t.say(SERVER, half);
        EXPECT_EQ(without_end(t.records_to_end(how)), (Lines{truncated, incomplete}));
    }
    for (tcp_end how : {TCP_END_EOF, TCP_END_TIMEOUT}) {
        Conversation t;
        t.say(SERVER, half);
        EXPECT_EQ(without_end(t.records_to_end(how)), Lines{incomplete});
    }
}

TEST(ConversationViolations, OfAHeaderThatIsCutOffNameNoFrame)
{
    Conversation t;
    t.frames = true;
    t.say(SERVER, stream({Frame(1, "a"), from_hex("81")}));
    EXPECT_EQ(without_end(t.records_to_end(TCP_END_FIN)),
              (Lines{"1 server frame 1 FIN text 1", "1 server text 1 length 1 'a'",
                     "1 server violation truncated frame 0"}));
}

// --- the end ---

TEST(ConversationEnd, ReportsWhatIsUnfinishedOnce)
{
    Conversation t;
    t.frames = true;
    t.say(CLIENT,
          stream({Frame(1, "half").masked().not_final(), part(Frame(9, "ping").masked(), 0, 8)}));
    EXPECT_EQ(without_end(t.records_to_end(TCP_END_EOF)),
              (Lines{"1 client frame 1 text 4", "1 client frame 2 FIN ping 4",
                     "1 client ping 1 length 2 incomplete 'pi'",
                     "1 client text 2 length 4 incomplete 'half'"}));
}

TEST(ConversationEnd, GivesTextThatEndsInsideACharacterAsItIs)
{
    Conversation t;
    t.say(SERVER, Frame(1, "ab\xc3").not_final());
    EXPECT_EQ(without_end(t.records_to_end(TCP_END_EOF)),
              Lines{"1 server text 1 length 3 incomplete not-utf8 'ab\\c3'"});
}

TEST(ConversationEnd, TellsAHeaderWhosePayloadNeverCame)
{
    Conversation t;
    t.frames = true;
    t.say(SERVER, Frame(1, "").declaring(5));
    EXPECT_EQ(without_end(t.records_to_end(TCP_END_EOF)),
              (Lines{"1 server frame 1 FIN text 5", "1 server text 1 length 0 incomplete ''"}));
}

TEST(ConversationEnd, IsACloseWhenBothSidesSentOne)
{
    for (tcp_end how : {TCP_END_FIN, TCP_END_RST, TCP_END_EOF}) {
        Conversation t;
        t.say(CLIENT, Bytes(Frame(8, "").masked()));
        t.say(SERVER, Frame(8, ""));
        EXPECT_EQ(t.records_to_end(how).back().substr(0, 12), "1 end close ");
    }
}

TEST(ConversationEnd, IsNoCloseWhenOneIsMissingOrCutOff)
{
    Conversation one_sided, cut_off;
    one_sided.say(CLIENT, Bytes(Frame(8, "").masked()));
    EXPECT_EQ(one_sided.records_to_end(TCP_END_FIN).back().substr(0, 10), "1 end fin ");
    cut_off.say(CLIENT, Bytes(Frame(8, "").masked()));
    cut_off.say(SERVER, part(Frame(8, from_hex("03e8")), 0, 3));
    EXPECT_EQ(cut_off.records_to_end(TCP_END_FIN).back().substr(0, 10), "1 end fin ");
}

TEST(ConversationEnd, NamesHowTheConnectionEnded)
{
    const std::pair<tcp_end, std::string> hows[] = {{TCP_END_FIN, "fin"},
                                                    {TCP_END_RST, "rst"},
                                                    {TCP_END_TIMEOUT, "timeout"},
                                                    {TCP_END_EOF, "eof"}};
    for (const auto &[how, name] : hows) {
        Conversation t;
        EXPECT_EQ(t.records_to_end(how).back().find("1 end " + name + " "), 0u);
    }
}

TEST(ConversationEnd, CountsFramesMessagesAndBytesOfEachSide)
{
    Conversation t;
    t.say(CLIENT, stream({Frame(1, "ab").masked().not_final(), Frame(9, "").masked(),
                          Frame(0, "cde").masked()})); // 8 + 6 + 9 bytes
    t.say(SERVER, Frame(3, "reserved"));               // 10 bytes, no message
    t.lose(SERVER, 5);
    EXPECT_EQ(t.records_to_end(TCP_END_FIN).back(),
              "1 end fin [3 frames, 2 messages, 5 of 23 bytes]"
              " [1 frames, 0 messages, 0 of 15 bytes]");
    EXPECT_EQ(t.totals().frames, 4u);
    EXPECT_EQ(t.totals().messages, 2u);
}

// --- gaps ---

// A masked text of 20 bytes, of which `count` from `from` on are lost.
Lines with_gap(size_t from, size_t count)
{
    const Bytes header = Frame(1, "abcdefghijklmnopqrst").masked().header();
    const Bytes payload = Frame(1, "abcdefghijklmnopqrst").masked().payload_on_wire();
    Conversation t;
    t.say(CLIENT, header + part(payload, 0, from));
    t.lose(CLIENT, count);
    t.say(CLIENT, part(payload, from + count) + Frame(1, "next").masked());
    return t.records();
}

TEST(ConversationGap, InsideAPayloadIsCountedDown)
{
    EXPECT_EQ(with_gap(3, 6), (Lines{"1 client gap 6",
                                     "1 client text 1 length 20 incomplete missing 3+6 "
                                     "'abc\\00\\00\\00\\00\\00\\00jklmnopqrst'",
                                     "1 client text 2 length 4 'next'"}));
}

TEST(ConversationGap, LeavesTheMaskInPhaseWhateverItsPlace)
{
    for (size_t from = 0; from < 20; from++) {
        for (size_t count = 1; from + count < 20; count++) {
            std::string expected = "abcdefghijklmnopqrst", shown;
            for (size_t i = 0; i < expected.size(); i++)
                shown += i >= from && i < from + count ? "\\00" : expected.substr(i, 1);
            ASSERT_EQ(with_gap(from, count)[1], "1 client text 1 length 20 incomplete missing " +
                                                    std::to_string(from) + "+" +
                                                    std::to_string(count) + " '" + shown + "'");
        }
    }
}

TEST(ConversationGap, ToTheEndOfAFrameLosesNothingElse)
{
    EXPECT_EQ(
        with_gap(18, 2),
        (Lines{"1 client gap 2",
               "1 client text 1 length 20 incomplete missing 18+2 'abcdefghijklmnopqr\\00\\00'",
               "1 client text 2 length 4 'next'"}));
    EXPECT_EQ(
        with_gap(0, 20)[1], "1 client text 1 length 20 incomplete missing 0+20 '" + [] {
            std::string nul;
            for (int i = 0; i < 20; i++)
                nul += "\\00";
            return nul;
        }() + "'");
}

TEST(ConversationGap, SeveralInOneMessageAreListed)
{
    Conversation t;
    const Bytes frame = Frame(2, "abcdefgh");
    t.say(SERVER, stream({Frame(1, "12").not_final(), Frame(0, "").declaring(8).not_final()}));
    t.lose(SERVER, 1);
    t.say(SERVER, from_text("bcd"));
    t.lose(SERVER, 2);
    t.say(SERVER, from_text("gh"));
    t.say(SERVER, Frame(0, "!"));
    EXPECT_EQ(t.records(), (Lines{"1 server gap 1", "1 server gap 2",
                                  "1 server text 1 length 11 frames 3 incomplete missing 2+1 "
                                  "missing 6+2 '12\\00bcd\\00\\00gh!'"}));
}

TEST(ConversationGap, ThatHidesAFrameBoundaryEndsBeforeTheNextFrameThatBeginsASegment)
{
    Conversation t;
    t.frames = true;
    t.say(SERVER, part(Frame(1, "hello"), 0, 4));
    t.lose(SERVER, 4); // one more than the frame has
    t.say(SERVER, from_text("the end of a frame that is lost"));
    t.say(SERVER, Frame(1, "guessed"));
    EXPECT_EQ(t.records(), (Lines{"1 server gap 4", "1 server frame 1 FIN text 5",
                                  "1 server text 1 length 5 incomplete missing 2+3 "
                                  "'he\\00\\00\\00'"}));
    t.say(SERVER, Frame(2, "proven")); // while it is read the one before is over
    t.say(CLIENT, Bytes(Frame(1, "heard").masked()));
    t.say(SERVER, Frame(1, "for sure"));
    EXPECT_EQ(
        t.records(),
        (Lines{"1 server frame 2 FIN text 7 guessed", "1 server text 2 length 7 'guessed' guessed",
               "1 server frame 3 FIN binary 6 guessed",
               "1 server binary 3 length 6 'proven' guessed", "1 client frame 4 FIN text 5",
               "1 client text 4 length 5 'heard'", "1 server frame 5 FIN text 8",
               "1 server text 5 length 8 'for sure'"}));
    EXPECT_EQ(t.records_to_end(TCP_END_FIN), Lines{"1 end fin [1 frames, 1 messages, 5 of 11 bytes]"
                                                   " [4 frames, 4 messages, 26 of 66 bytes]"});
    EXPECT_EQ(t.totals().undecoded_bytes, 31u);
}

TEST(ConversationGap, CarriesTimesAndPacketsOfWhatWaitedForEvidence)
{
    Conversation t;
    t.lose(SERVER, 7);
    t.say(SERVER, Frame(1, "waits"));
    const uint64_t packet = t.packet;
    t.say(CLIENT, Bytes(Frame(1, "").masked().declaring(5)));
    EXPECT_EQ(t.records(), (Lines{"1 server gap 7", "1 server text 1 length 5 'waits' guessed"}));
    EXPECT_EQ(t.last_packet, packet);
    EXPECT_EQ(t.last_time, static_cast<int64_t>(packet) * 1000000);
}

TEST(ConversationGap, EndsAnOpenMessage)
{
    Conversation t;
    t.say(SERVER, Frame(1, "open").not_final());
    t.lose(SERVER, 7);
    t.say(SERVER, Frame(0, "?"));
    EXPECT_EQ(t.records(), (Lines{"1 server gap 7", "1 server text 1 length 4 incomplete 'open'"}));
    EXPECT_EQ(t.records_to_end(TCP_END_FIN).size(), 1u);
}

TEST(ConversationGap, InAHeaderLosesItsFrame)
{
    Conversation t;
    t.say(CLIENT, part(Frame(1, "hello").masked(), 0, 4));
    t.lose(CLIENT, 1);
    t.say(CLIENT, part(Frame(1, "hello").masked(), 5));
    t.say(CLIENT, Bytes(Frame(1, "hello").masked()));
    EXPECT_EQ(without_end(t.records_to_end(TCP_END_FIN)),
              (Lines{"1 client gap 1", "1 client text 1 length 5 'hello' guessed"}));
}

// What follows a gap that hid a boundary, as one segment each.
Lines behind_gap(int side, const std::vector<Bytes> &segments, const std::string &headers = "")
{
    Conversation t(headers);
    t.lose(side, 100);
    for (const Bytes &segment : segments)
        t.say(side, segment);
    Lines records = without_end(t.records_to_end(TCP_END_EOF));
    records.erase(records.begin());
    return records;
}

TEST(ConversationGap, IsNotFollowedByWhatNoFrameIs)
{
    const Bytes text = Frame(1, "hello"), masked = Frame(1, "hello").masked();
    EXPECT_EQ(behind_gap(SERVER, {masked}), Lines{}); // a server does not mask
    EXPECT_EQ(behind_gap(CLIENT, {text}), Lines{});
    EXPECT_EQ(behind_gap(SERVER, {Frame(1, "hello").rsv(2)}), Lines{});
    EXPECT_EQ(behind_gap(SERVER, {Frame(1, "hello").rsv(4)}), Lines{}); // not negotiated
    EXPECT_EQ(behind_gap(SERVER, {Frame(1, hello).rsv(4), Frame(2, hello).rsv(4)}, deflate).back(),
              "1 server binary 2 length 5 wire 7 compressed 'Hello' guessed");
    EXPECT_EQ(behind_gap(SERVER, {Frame(3, "hello")}), Lines{});
    EXPECT_EQ(behind_gap(SERVER, {Frame(1, "hello").form(16)}), Lines{});
    EXPECT_EQ(behind_gap(SERVER, {Frame(1, "\xff\xff\xff\xff\xff")}), Lines{});
    EXPECT_EQ(behind_gap(SERVER, {Frame(8, "?")}), Lines{});
    EXPECT_EQ(behind_gap(SERVER, {Frame(8, from_hex("0000"))}), Lines{});
    EXPECT_EQ(behind_gap(SERVER, {Frame(9, "ping").not_final()}), Lines{});
    EXPECT_EQ(behind_gap(SERVER, {text + from_text("no frame")}), Lines{});
    EXPECT_EQ(behind_gap(SERVER, {Bytes(500, 0), Bytes(500, 0)}), Lines{});
    EXPECT_EQ(behind_gap(SERVER, {text}).size(), 1u);
    EXPECT_EQ(behind_gap(CLIENT, {masked}).size(), 1u);
}

TEST(ConversationGap, TakesBackAGuessThatWasWrong)
{
    // A frame, and then none: what was held of the second is not told, what was told was a guess.
    const Bytes wrong = stream({Frame(2, "hello"), from_text("?")});
    const Lines records = behind_gap(SERVER, {Frame(2, "first"), wrong, Frame(1, "behind it")});
    EXPECT_EQ(records, (Lines{"1 server binary 1 length 5 'first' guessed",
                              "1 server binary 2 length 5 'hello' guessed",
                              "1 server text 3 length 9 'behind it' guessed"}));
}

TEST(ConversationGap, InsideAFrameThatWasFoundIsCountedDown)
{
    Conversation t;
    const Bytes large = Frame(2, Bytes(3000, 'x'));
    t.lose(SERVER, 1);
    t.say(SERVER, part(large, 0, 1000));
    t.lose(SERVER, 1000);
    t.say(SERVER, part(large, 2000));
    t.say(SERVER, Frame(1, "next"));
    t.say(SERVER, Frame(1, "last"));
    const Lines records = t.records();
    EXPECT_EQ(records[0], "1 server gap 1");
    EXPECT_EQ(records[1], "1 server gap 1000");
    EXPECT_EQ(records[2].substr(0, 63),
              "1 server binary 1 length 3000 incomplete missing 996+1000 'xxxx");
    EXPECT_EQ(records[3], "1 server text 2 length 4 'next'");
}

TEST(ConversationGap, InACloseHidesItsCode)
{
    Conversation t;
    t.say(SERVER, Frame(8, "").declaring(5));
    t.lose(SERVER, 1);
    t.say(SERVER, from_hex("e8") + from_text("bye"));
    EXPECT_EQ(t.records().back(),
              "1 server close 1 length 5 code -1 incomplete missing 0+1 '\\00\\e8bye'");
}

TEST(ConversationGap, DoesNotMakeTextWrong)
{
    Conversation t;
    t.say(SERVER, Frame(1, "a\xc3").declaring(5));
    t.lose(SERVER, 2);
    t.say(SERVER, from_text("b"));
    EXPECT_EQ(t.records(),
              (Lines{"1 server gap 2",
                     "1 server text 1 length 5 incomplete missing 2+2 not-utf8 'a\\c3\\00\\00b'"}));
    EXPECT_EQ(t.totals().violations, 0u);
}

// --- splits ---

TEST(ConversationSplits, ChangeNothingButPacketsAndTimes)
{
    const Bytes wire =
        stream({Frame(1, "Gr\xc3\xbc\xc3\x9f"
                         "e")
                    .masked()
                    .not_final(),
                Frame(9, "ping").masked(), Frame(0, std::string(300, 'x')).masked(),
                Frame(2, "").masked(), Frame(1, "wrong \xc3(").masked(), Frame(3, "?").masked(),
                Frame(1, "unmasked").form(64), Frame(2, "z").masked().rsv(4).not_final(),
                Frame(8, from_hex("03e8") + from_text("bye")).masked(), Frame(0, "late").masked(),
                Frame(1, "cut off").masked().declaring(100)});
    const auto told = [&wire](const std::vector<size_t> &cuts) {
        Conversation t(deflate);
        t.frames = true;
        size_t from = 0;
        for (size_t cut : cuts) {
            t.say(CLIENT, part(wire, from, cut));
            from = cut;
        }
        t.say(CLIENT, part(wire, from));
        return t.records_to_end(TCP_END_FIN);
    };
    const Lines expected = told({});
    EXPECT_GT(expected.size(), 20u);
    std::vector<size_t> everywhere;
    for (size_t cut = 1; cut < wire.size(); cut++) {
        ASSERT_EQ(told({cut}), expected) << cut;
        everywhere.push_back(cut);
    }
    EXPECT_EQ(told(everywhere), expected);
    std::mt19937 random(7);
    for (int round = 0; round < 50; round++) {
        std::vector<size_t> cuts;
        for (size_t at = 1 + random() % 40; at < wire.size(); at += 1 + random() % 40)
            cuts.push_back(at);
        ASSERT_EQ(told(cuts), expected);
    }
}

} // namespace
