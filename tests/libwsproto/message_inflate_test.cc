// Compressed messages through reader and message layer (RFC 7692 6, 7.2.2): inflated, checked and
// limited in the same way however the input is cut.
#include "deflated.h"
#include "guarded.h"
#include "observer.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace
{

const wsp_frame_rules any = rules_of_any_sender();

using Messages = std::vector<SeenMessage>;
using Violations = std::vector<SeenViolation>;

SeenMessage plain(int opcode, const Bytes &data, uint64_t frames = 1)
{
    return {opcode, false, true, frames, data};
}
SeenMessage inflated(int opcode, const Bytes &data, uint64_t frames = 1)
{
    return {opcode, true, true, frames, data};
}
SeenMessage torn(int opcode, const Bytes &data, uint64_t frames = 1)
{
    return {opcode, true, true, frames, data, false, true};
}
SeenMessage raw(int opcode, const Bytes &data, uint64_t frames = 1)
{
    return {opcode, true, true, frames, data, true};
}

// RFC 7692 7.2.3: "Hello", and once more referring to the first.
const Bytes hello = from_hex("f248cdc9c90700"), again = from_hex("f200110000");
const Bytes Hello = from_text("Hello");

Frame first(int opcode, const Bytes &payload)
{
    return Frame(opcode, payload).rsv(4);
}

struct Limits {
    uint64_t inflated = 0;
    uint32_t ratio = 0;
    bool forgets = false;
};

// Whole, cut at every byte, byte by byte, through little room, masked or not: always these
// messages, and these violations at these offsets.
void expect(const Bytes &in, const Messages &messages, const Violations &violations = {},
            const Limits &limits = {})
{
    const auto run = [&](size_t room, size_t cut, bool bytewise) {
        const Inflater inflater = new_inflater(15, limits.forgets);
        wsp_message_rules rules = {};
        rules.max_inflated = limits.inflated;
        rules.max_ratio = limits.ratio;
        rules.inflater = inflater.get();
        Observer o(any, rules, room);
        if (bytewise) {
            o.feed_bytewise(in);
        } else {
            o.feed(in.data(), cut);
            o.feed(in.data() + cut, in.size() - cut);
        }
        const std::string how = "room " + std::to_string(room) + " cut " + std::to_string(cut) +
                                (bytewise ? " byte by byte" : "");
        EXPECT_EQ(o.messages, messages) << how;
        EXPECT_EQ(o.violations, violations) << how;
    };
    const size_t step = in.size() < 300 ? 1 : in.size() / 50;
    for (size_t cut = 0; cut <= in.size(); cut += step)
        run(1 << 16, cut, false);
    for (size_t room : {1, 3, 100, 1 << 16})
        run(room, in.size(), true);
    for (size_t room : {1, 2, 100})
        run(room, in.size() / 2, false);
}

// ---- Joining

TEST(MessageInflate, WholeMessages)
{
    expect(first(1, hello), {inflated(1, Hello)});
    expect(first(2, hello).masked(), {inflated(2, Hello)});
    expect(first(1, from_hex("00")).masked(), {inflated(1, {})});
    expect(stream({first(1, hello).masked(), first(1, again)}),
           {inflated(1, Hello), inflated(1, Hello)});
}

TEST(MessageInflate, FragmentsWithPingsAndEmptyFramesInBetween)
{
    expect(stream({first(1, from_hex("f2")).not_final().masked(), Frame(9, "ping").masked(),
                   Frame(0, Bytes()).not_final(), Frame(0, from_hex("48cdc9")).not_final(),
                   Frame(10, "pong"), Frame(0, from_hex("c90700")).masked(), first(1, again)}),
           {plain(9, from_text("ping")), plain(10, from_text("pong")), inflated(1, Hello, 4),
            inflated(1, Hello)});
    expect(stream({first(1, Bytes()).not_final(), Frame(0, hello).not_final(), Frame(0, Bytes())}),
           {inflated(1, Hello, 3)});
}

TEST(MessageInflate, PlainMessagesInBetweenLeaveTheWindowAlone) // 6
{
    expect(stream({first(1, hello), Frame(1, "plain"), Frame(2, "a").not_final(), Frame(0, "b"),
                   first(1, again).masked()}),
           {inflated(1, Hello), plain(1, from_text("plain")), plain(2, from_text("ab"), 2),
            inflated(1, Hello)});
}

TEST(MessageInflate, Rsv1OnControlOrContinuationFramesArmsNothing) // 6
{
    expect(stream({first(1, hello), Frame(9, "p").rsv(4), first(1, again)}),
           {inflated(1, Hello), plain(9, from_text("p")), inflated(1, Hello)},
           {{"rsv-unnegotiated", 10}});
    expect(stream({Frame(1, "a").not_final(), Frame(0, "b").rsv(4)}),
           {plain(1, from_text("ab"), 2)}, {{"rsv-unnegotiated", 4}});
    expect(stream({first(1, from_hex("f248")).not_final(), Frame(9, "p").rsv(4),
                   Frame(0, from_hex("cdc9c90700")).rsv(4)}),
           {plain(9, from_text("p")), inflated(1, Hello, 2)},
           {{"rsv-unnegotiated", 5}, {"rsv-unnegotiated", 8}});
}

TEST(MessageInflate, FinalBlocksKeepTheWindow) // 7.2.3.4
{
    const Bytes final_block = from_hex("f348cdc9c9070000");
    expect(stream({first(1, final_block).masked(), first(1, again)}),
           {inflated(1, Hello), inflated(1, Hello)});
    expect(first(1, from_hex("f348cdc9c90700") + again), {inflated(1, from_text("HelloHello"))});
}

TEST(MessageInflate, LargeMessagesOfAnyKind)
{
    Deflated sender;
    Bytes in;
    Messages messages;
    for (const Bytes &data : {words(20000), noise(9000), Bytes(20000), Bytes()}) {
        in = in + Bytes(first(2, sender.message(data)).masked());
        messages.push_back(inflated(2, data));
    }
    expect(in, messages);
}

TEST(MessageInflate, ForgetsTheWindowWhereAgreed)
{
    expect(stream({first(1, hello), first(1, hello)}), {inflated(1, Hello), inflated(1, Hello)}, {},
           {0, 0, true});
    expect(stream({first(1, hello), first(1, again), first(1, hello)}),
           {inflated(1, Hello), torn(1, from_text("H")), inflated(1, Hello)}, {{"deflate-data", 9}},
           {0, 0, true});
}

TEST(MessageInflate, WireLengthIsThatOfThePayload)
{
    const Inflater inflater = new_inflater();
    wsp_message_rules rules = {};
    rules.inflater = inflater.get();
    Observer o(any, rules);
    o.feed(stream({first(1, from_hex("f248cd")).not_final(), Frame(9, "ping"),
                   Frame(0, from_hex("c9c90700")).masked(), Frame(2, "plain"),
                   Frame(2, "ab").not_final(), Frame(0, "c")}));
    std::vector<uint64_t> lengths;
    for (const SeenMessage &m : o.messages)
        lengths.push_back(m.wire_length);
    EXPECT_EQ(lengths, (std::vector<uint64_t>{4, 7, 5, 3}));
}

// ---- Text

TEST(MessageInflateText, IsCheckedAfterInflating) // RFC 6455 8.1
{
    Deflated sender;
    const Bytes good = from_text("a\xe2\x82\xac");
    const Bytes payload = sender.message(good);
    expect(first(1, payload).masked(), {inflated(1, good)});
    const Bytes bad = from_text("a\xe2\x28z");
    Deflated other;
    const Bytes wrong = other.message(bad);
    expect(stream({Frame(9, ""), first(1, wrong).masked(), Frame(1, "b")}),
           {plain(9, {}), inflated(1, bad), plain(1, from_text("b"))}, {{"text-utf8", 2}});
    Deflated third;
    expect(first(2, third.message(bad)), {inflated(2, bad)});
}

TEST(MessageInflateText, IsWrongInTheFrameThatBroughtIt)
{
    const Bytes stored = from_hex("000300fcff6162ff00"); // "ab\xff" uncompressed
    expect(stream({first(1, Bytes(stored.begin(), stored.begin() + 7)).not_final(),
                   Frame(0, Bytes(stored.begin() + 7, stored.end()))}),
           {inflated(1, from_text("ab\xff"), 2)}, {{"text-utf8", 9}});
}

TEST(MessageInflateText, ThatEndsInsideACharacterIsWrongInItsLastFrame)
{
    Deflated sender;
    const Bytes payload = sender.message("a\xe2\x82");
    const Bytes part(payload.begin(), payload.end() - 1);
    expect(stream({first(1, part).not_final(), Frame(0, Bytes{payload.back()})}),
           {inflated(1, from_text("a\xe2\x82"), 2)}, {{"text-utf8", part.size() + 2}});
}

// ---- Wrong data and gaps

TEST(MessageInflate, WrongDataTearsTheMessageAndLeavesLaterOnesRaw)
{
    const Bytes wrong = from_hex("000200fdff6162ff00");
    expect(stream({first(1, hello), first(1, wrong).not_final(), Frame(9, "p"), Frame(0, "more"),
                   first(1, again), Frame(1, "plain")}),
           {inflated(1, Hello), plain(9, from_text("p")), torn(1, from_text("ab"), 2),
            raw(1, again), plain(1, from_text("plain"))},
           {{"deflate-data", 9}});
}

TEST(MessageInflate, AMessageThatDoesNotEndAsItMustIsWrongInItsLastFrame) // 7.2.1
{
    expect(stream({first(1, from_hex("f248cdc9c9")).not_final(), Frame(0, from_hex("07"))}),
           {torn(1, Hello, 2)}, {{"deflate-data", 7}});
    expect(stream({first(2, Bytes()).masked(), first(2, hello)}), {torn(2, {}), raw(2, hello)},
           {{"deflate-data", 0}});
}

TEST(MessageInflate, AnAbandonedMessageLeavesLaterOnesRaw)
{
    SeenMessage abandoned = inflated(1, from_text("Hell"));
    abandoned.complete = false;
    expect(stream({first(1, from_hex("f248cdc9c9")).not_final(), first(1, again)}),
           {abandoned, raw(1, again)}, {{"continuation-expected", 8}});
}

TEST(MessageInflate, WithoutAnInflaterEverythingIsRaw)
{
    Observer o(any);
    o.feed(stream({first(1, hello).masked(), Frame(1, "plain")}));
    EXPECT_EQ(o.messages, (Messages{raw(1, hello), plain(1, from_text("plain"))}));
    EXPECT_TRUE(o.violations.empty());
}

Observer with_gap(const Bytes &in, size_t at, size_t size, wsp_inflater *inflater)
{
    wsp_message_rules rules = {};
    rules.inflater = inflater;
    Observer o(any, rules);
    o.feed(in.data(), at);
    o.gap(size);
    if (size)
        o.feed(in.data() + at + size, in.size() - at - size);
    return o;
}

TEST(MessageInflateGap, TearsTheMessageAndLeavesLaterOnesRaw)
{
    // A stored block, so that what comes before the gap is known byte for byte.
    const Bytes in =
        stream({first(1, from_hex("000500faff48656c6c6f00")), first(1, again), Frame(1, "plain")});
    for (size_t size : {1, 2, 4}) // 4: up to the end of the payload
        for (bool forgets : {false, true}) {
            const Inflater inflater = new_inflater(15, forgets);
            const Observer o = with_gap(in, 9, size, inflater.get());
            ASSERT_EQ(o.messages.size(), 3U) << size;
            EXPECT_EQ(o.messages[0], torn(1, from_text("He")));
            EXPECT_EQ(o.messages[0].wire_length, 11U);
            EXPECT_EQ(o.messages[2], plain(1, from_text("plain")));
            if (!forgets) {
                EXPECT_EQ(o.messages[1], raw(1, again));
                EXPECT_TRUE(o.violations.empty()) << "what is missing is no fault of the sender";
            }
        }
}

TEST(MessageInflateGap, InAPlainMessageHarmsNothing)
{
    const Bytes in = stream({first(1, hello), Frame(2, "0123456789"), first(1, again)});
    const Inflater inflater = new_inflater();
    const Observer o = with_gap(in, 13, 3, inflater.get());
    ASSERT_EQ(o.messages.size(), 3U);
    EXPECT_EQ(o.messages[2], inflated(1, Hello));
}

TEST(MessageInflateGap, ThatHidesABoundaryMayHaveHiddenCompressedMessages)
{
    const Inflater inflater = new_inflater();
    Observer o = with_gap(stream({first(1, hello)}), 9, 0, inflater.get());
    o.feed(first(1, again));
    EXPECT_EQ(o.messages, (Messages{inflated(1, Hello), raw(1, again)}));

    const Inflater other = new_inflater();
    Observer inside = with_gap(stream({first(1, hello)}), 4, 0, other.get());
    ASSERT_EQ(inside.messages.size(), 1U);
    EXPECT_TRUE(inside.messages[0].torn);
}

// ---- Limits

TEST(MessageInflateLimit, InflatedMayBeAsLongAsTheLimitAndNotOneByteLonger)
{
    for (size_t size : {1, 5, 100, 5000}) {
        Deflated sender;
        const Bytes in = first(2, sender.message(Bytes(size))).masked();
        expect(in, {inflated(2, Bytes(size))}, {}, {size, 0});
        expect(in, {inflated(2, Bytes(size))}, {}, {size + 1, 0});
        if (size > 1)
            expect(in, {inflated(2, Bytes(size))}, {{"limit-inflated", 0}}, {size - 1, 0});
    }
}

TEST(MessageInflateLimit, IsReportedOnceForAMessageAndEveryMessageAnew)
{
    Deflated sender;
    const Bytes one = sender.message(Bytes(3000)), two = sender.message(Bytes(3000));
    expect(stream({Frame(9, ""), first(2, one), first(2, two)}),
           {plain(9, {}), inflated(2, Bytes(3000)), inflated(2, Bytes(3000))},
           {{"limit-inflated", 2}, {"limit-inflated", one.size() + 4}}, {1000, 0});
}

TEST(MessageInflateLimit, RatioIsJudgedFrom1024InflatedBytesOn)
{
    Deflated sender(15, 9), other(15, 9);
    const Bytes below = first(2, sender.message(Bytes(1023)));
    expect(below, {inflated(2, Bytes(1023))}, {}, {0, 1});
    const Bytes above = first(2, other.message(Bytes(1024)));
    expect(above, {inflated(2, Bytes(1024))}, {{"limit-ratio", 0}}, {0, 1});
}

TEST(MessageInflateLimit, RatioIsThatOfWhatHasComeSoFar)
{
    // 3000 bytes that compress to about 15, then 4000 that do not compress.
    Deflated sender;
    const Bytes zeros = sender.flushed(Bytes(3000), Z_SYNC_FLUSH),
                rest = sender.message(noise(4000));
    const Bytes in = first(2, zeros + rest);
    const Bytes message = Bytes(3000) + noise(4000);
    const uint32_t peak = static_cast<uint32_t>(3000 / zeros.size());
    expect(in, {inflated(2, message)}, {{"limit-ratio", 0}}, {0, peak - 50});
    expect(in, {inflated(2, message)}, {}, {0, 1000});
    // In a frame of its own, at whose end it is at the latest known.
    expect(stream({first(2, Bytes()).not_final(), Frame(0, zeros).not_final(), Frame(0, rest)}),
           {inflated(2, message, 3)}, {{"limit-ratio", 2}}, {0, peak - 50});
}

TEST(MessageInflateLimit, RatioLetsOrdinaryTextPass)
{
    Deflated sender;
    const Bytes text = words(20000);
    expect(first(1, sender.message(text)).masked(), {inflated(1, text)}, {}, {20000, 20});
}

TEST(MessageInflateLimit, BothAreReported)
{
    Deflated sender;
    expect(first(2, sender.message(Bytes(100000))), {inflated(2, Bytes(100000))},
           {{"limit-ratio", 0}, {"limit-inflated", 0}}, {50000, 100});
    Deflated other;
    expect(first(2, other.message(Bytes(9000))), {inflated(2, Bytes(9000))},
           {{"limit-inflated", 0}, {"limit-ratio", 0}}, {1023, 1});
}

// How much of the message in `in` is given before its ratio is found too high, in such a buffer and
// fed in such pieces.
uint64_t given_before_ratio(const Bytes &in, uint32_t ratio, size_t buffer, size_t piece)
{
    const Inflater inflater = new_inflater();
    wsp_message_rules rules = {};
    rules.max_ratio = ratio;
    rules.inflater = inflater.get();
    Observer o(any, rules);
    Bytes out(buffer);
    uint64_t given = 0;
    for (size_t at = 0; at < in.size();) {
        wsp_event ev;
        at += wsp_reader_next(&o.reader, in.data() + at, std::min(piece, in.size() - at), &ev);
        wsp_message_event mev = {};
        mev.more = ev.type != WSP_EVENT_NONE;
        while (mev.more) {
            wsp_message_next(&o.message, &ev, out.data(), out.size(), &mev);
            given += mev.len;
            if (mev.violations == WSP_V_LIMIT_RATIO)
                return given;
        }
    }
    ADD_FAILURE() << "the ratio was never too high";
    return 0;
}

TEST(MessageInflateLimit, RatioIsTooHighAtTheSameByteWhateverTheBufferAndTheCuts)
{
    Deflated sender;
    const Bytes in = first(2, sender.message(words(3000) + Bytes(20000) + words(3000))).masked();
    const uint64_t bytewise = given_before_ratio(in, 8, 70000, 1);
    EXPECT_GE(bytewise, 1023U);
    for (size_t piece : {size_t(1), size_t(3), in.size()})
        for (size_t buffer : {1, 2, 7, 64, 257, 4096, 70000})
            EXPECT_EQ(given_before_ratio(in, 8, buffer, piece), bytewise) << buffer << ' ' << piece;
}

// 1 GiB of zeros, of which the endpoint sees no more than its limit.
TEST(MessageInflateLimit, StopsABombWithinOneBuffer)
{
    Deflated sender(15, 9);
    const Bytes payload = sender.message(Bytes(64 << 20));
    for (const Limits &limits : {Limits{5000, 0}, Limits{0, 10}}) {
        const Bytes in = first(2, payload).masked();
        const Inflater inflater = new_inflater();
        wsp_message_rules rules = {};
        rules.max_inflated = limits.inflated;
        rules.max_ratio = limits.ratio;
        rules.inflater = inflater.get();
        Observer o(any, rules);
        wsp_event ev;
        wsp_reader_next(&o.reader, in.data(), in.size(), &ev);
        Guarded out(5000); // a byte past the limit would be a crash
        wsp_message_event mev;
        wsp_message_next(&o.message, &ev, out.data(), out.size(), &mev);
        EXPECT_LE(mev.len, 5000U);
        EXPECT_EQ(mev.violations, limits.ratio ? WSP_V_LIMIT_RATIO : WSP_V_LIMIT_INFLATED);
        EXPECT_TRUE(mev.more) << "an observer may go on";
    }
}

// ---- The caller's buffers

TEST(MessageInflateBuffer, OfNoSizeTakesNothingAndBeginsNothingTwice)
{
    const Bytes in = first(1, hello).masked();
    const Inflater inflater = new_inflater();
    wsp_message_rules rules = {};
    rules.inflater = inflater.get();
    Observer o(any, rules);
    wsp_event ev;
    wsp_reader_next(&o.reader, in.data(), in.size(), &ev);
    wsp_message_event mev;
    for (uint8_t *no_room : {static_cast<uint8_t *>(nullptr), const_cast<uint8_t *>(ev.data)}) {
        wsp_message_next(&o.message, &ev, no_room, no_room ? ev.len : 0, &mev);
        EXPECT_TRUE(mev.more);
        EXPECT_EQ(mev.len, 0U);
    }
    Guarded out(6);
    wsp_message_next(&o.message, &ev, out.data(), out.size(), &mev);
    EXPECT_FALSE(mev.more);
    EXPECT_TRUE(mev.last);
    EXPECT_EQ(mev.frames, 1U);
    EXPECT_EQ(Bytes(mev.data, mev.data + mev.len), Hello);
    EXPECT_EQ(Bytes(ev.data, ev.data + ev.len), Bytes(in.begin() + 6, in.end()))
        << "the input is as it was";
}

} // namespace
