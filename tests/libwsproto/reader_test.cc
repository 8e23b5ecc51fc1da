// The reader: bytes to frames, the same however they are cut, and with holes in them.
#include "guarded.h"
#include "observer.h"

#include <wsproto/reader.h>

#include <gtest/gtest.h>

#include <random>

namespace
{
wsp_frame_rules from(wsp_sender sender)
{
    wsp_frame_rules rules = {};
    rules.sender = sender;
    return rules;
}

const wsp_frame_rules server = from(WSP_FROM_SERVER), client = from(WSP_FROM_CLIENT),
                      unknown = from(WSP_FROM_UNKNOWN);

wsp_reader reader_for(const wsp_frame_rules &rules)
{
    wsp_reader r;
    wsp_reader_init(&r, &rules);
    return r;
}

// The violations of every frame of a stream, in order.
std::vector<uint32_t> judged(const Bytes &in, const wsp_frame_rules &rules)
{
    std::vector<uint32_t> sets;
    for (const SeenFrame &frame : observe(in, rules).frames)
        sets.push_back(frame.violations);
    return sets;
}

using Sets = std::vector<uint32_t>;

// ---- One call, one event

TEST(Reader, WholeSmallFrameIsOneCallAndOneEvent)
{
    const Bytes in = Frame(WSP_OPCODE_TEXT, "Hello");
    wsp_reader r = reader_for(server);
    wsp_event ev;
    EXPECT_EQ(wsp_reader_next(&r, in.data(), in.size(), &ev), 7U);
    EXPECT_EQ(ev.type, WSP_EVENT_FRAME);
    EXPECT_EQ(ev.at, 0U);
    EXPECT_EQ(ev.violations, 0U);
    EXPECT_EQ(ev.frame->opcode, WSP_OPCODE_TEXT);
    EXPECT_EQ(ev.offset, 0U);
    EXPECT_EQ(ev.bytes_left, 0U);
    EXPECT_EQ(ev.len, 5U);
    EXPECT_EQ(ev.data, in.data() + 2) << "payload is not copied";
    EXPECT_EQ(wsp_reader_next(&r, in.data() + 7, 0, &ev), 0U);
    EXPECT_EQ(ev.type, WSP_EVENT_NONE);
}

TEST(Reader, EventEndsWithItsFrameAndLeavesTheNextOneUnconsumed)
{
    const Bytes in = stream({Frame(1, "ab"), Frame(9, ""), Frame(2, "c")});
    wsp_reader r = reader_for(server);
    wsp_event ev;
    EXPECT_EQ(wsp_reader_next(&r, in.data(), in.size(), &ev), 4U);
    EXPECT_EQ(wsp_reader_next(&r, in.data() + 4, in.size() - 4, &ev), 2U);
    EXPECT_EQ(ev.at, 4U);
    EXPECT_EQ(ev.frame->opcode, WSP_OPCODE_PING);
    EXPECT_EQ(ev.len, 0U);
    EXPECT_EQ(wsp_reader_next(&r, in.data() + 6, in.size() - 6, &ev), 3U);
    EXPECT_EQ(ev.at, 6U);
}

TEST(Reader, NoInputIsNoEvent)
{
    wsp_reader r = reader_for(server);
    wsp_event ev;
    EXPECT_EQ(wsp_reader_next(&r, nullptr, 0, &ev), 0U);
    EXPECT_EQ(ev.type, WSP_EVENT_NONE);
    EXPECT_EQ(ev.data, nullptr);
    EXPECT_EQ(ev.len, 0U);
}

TEST(Reader, LaterPiecesOfAPayloadCarryTheirPlaceInIt)
{
    const Bytes in = Frame(WSP_OPCODE_BINARY, "abcdefgh");
    wsp_reader r = reader_for(server);
    wsp_event ev;
    EXPECT_EQ(wsp_reader_next(&r, in.data(), 5, &ev), 5U);
    EXPECT_EQ(ev.type, WSP_EVENT_FRAME);
    EXPECT_EQ(ev.len, 3U);
    EXPECT_EQ(ev.bytes_left, 5U);
    EXPECT_EQ(wsp_reader_next(&r, in.data() + 5, 0, &ev), 0U);
    EXPECT_EQ(ev.type, WSP_EVENT_NONE) << "the payload goes on later";
    EXPECT_EQ(wsp_reader_next(&r, in.data() + 5, 2, &ev), 2U);
    EXPECT_EQ(ev.type, WSP_EVENT_PAYLOAD);
    EXPECT_EQ(ev.at, 5U);
    EXPECT_EQ(ev.offset, 3U);
    EXPECT_EQ(ev.bytes_left, 3U);
    EXPECT_EQ(ev.frame->payload_length, 8U);
    EXPECT_EQ(wsp_reader_next(&r, in.data() + 7, 3, &ev), 3U);
    EXPECT_EQ(ev.offset, 5U);
    EXPECT_EQ(ev.bytes_left, 0U);
}

TEST(Reader, HeaderAloneIsAnEventWithoutPayload)
{
    const Bytes in = Frame(WSP_OPCODE_TEXT, "Hello");
    wsp_reader r = reader_for(server);
    wsp_event ev;
    EXPECT_EQ(wsp_reader_next(&r, in.data(), 2, &ev), 2U);
    EXPECT_EQ(ev.type, WSP_EVENT_FRAME);
    EXPECT_EQ(ev.len, 0U);
    EXPECT_EQ(ev.bytes_left, 5U);
}

TEST(Reader, HeaderInPiecesIsConsumedAndKept)
{
    const Bytes in = Frame(WSP_OPCODE_BINARY, "payload").masked().form(64);
    wsp_reader r = reader_for(client);
    wsp_event ev;
    for (size_t i = 0; i < 13; i++) {
        const Guarded byte(in.data() + i, 1);
        EXPECT_EQ(wsp_reader_next(&r, byte.data(), 1, &ev), 1U);
        EXPECT_EQ(ev.type, WSP_EVENT_NONE);
    }
    EXPECT_EQ(wsp_reader_next(&r, in.data() + 13, in.size() - 13, &ev), in.size() - 13);
    EXPECT_EQ(ev.type, WSP_EVENT_FRAME);
    EXPECT_EQ(ev.at, 0U) << "the offset of the header's first byte";
    EXPECT_EQ(ev.len, 7U);
}

TEST(Reader, ReadsNoByteBehindItsInput)
{
    const Bytes in = stream({Frame(1, "Hello").masked(), Frame(2, std::string(200, 'x')),
                             Frame(2, "y").form(64).masked()});
    for (size_t len = 0; len <= in.size(); len++) {
        const Guarded part(in.data(), len);
        wsp_reader r = reader_for(unknown);
        wsp_event ev;
        size_t used = 0;
        do
            used += wsp_reader_next(&r, part.data() + used, len - used, &ev);
        while (ev.type != WSP_EVENT_NONE);
        EXPECT_EQ(used, len) << "NONE means that all input is consumed";
    }
}

TEST(Reader, RulesAreCopied)
{
    wsp_frame_rules rules = server;
    wsp_reader r;
    wsp_reader_init(&r, &rules);
    rules.sender = WSP_FROM_CLIENT;
    const Bytes in = Frame(1, "a");
    wsp_event ev;
    wsp_reader_next(&r, in.data(), in.size(), &ev);
    EXPECT_EQ(ev.violations, 0U);
}

// ---- Split-blind

// Legal and illegal frames of every shape.
Bytes motley()
{
    return stream({
        Frame(1, "Hel").not_final().masked(),
        Frame(9, "ping").masked(),
        Frame(0, "lo").masked(),
        Frame(1, "unmasked"),
        Frame(0, "nothing to continue").masked(),
        Frame(2, "").form(16),
        Frame(2, std::string(130, 'm')).masked(),
        Frame(3, "reserved").rsv(7),
        Frame(9, std::string(126, 'p')).not_final(),
        Frame(2, "abc").form(64).masked(),
        Frame(1, "one").not_final(),
        Frame(1, "two").masked(),
        Frame(8, from_hex("03e8")).masked(),
        Frame(1, "late").masked(),
    });
}

TEST(Reader, SameFramesOffsetsAndViolationsHoweverTheBytesAreCut)
{
    const Bytes in = motley();
    for (const wsp_frame_rules &rules : {client, server, unknown}) {
        const Observer whole = observe(in, rules);
        ASSERT_EQ(whole.frames.size(), 14U);
        observe_all_cuts(in, rules, {}, [&](Observer &o, const std::string &cut) {
            EXPECT_EQ(o.frames, whole.frames) << cut;
            EXPECT_EQ(o.violations, whole.violations) << cut;
            EXPECT_EQ(o.consumed, in.size()) << cut;
        });
    }
}

TEST(Reader, RandomBytesGiveTheSameFramesHoweverTheyAreCut)
{
    std::mt19937 random(5);
    for (int round = 0; round < 2000; round++) {
        Bytes in(random() % 80);
        for (uint8_t &byte : in)
            byte = static_cast<uint8_t>(random() % 3 ? random() % 12 : random());
        const Observer whole = observe(in, client);
        Observer cut(client);
        for (size_t from = 0; from < in.size();) {
            const size_t len = std::min<size_t>(random() % 9, in.size() - from);
            cut.feed(in.data() + from, len);
            from += len;
        }
        ASSERT_EQ(cut.frames, whole.frames) << to_hex(in);
        ASSERT_EQ(cut.violations, whole.violations) << to_hex(in);
    }
}

TEST(Reader, CopyIsASnapshotThatContinuesIdentically)
{
    const Bytes in = motley();
    const Observer whole = observe(in, client);
    for (size_t cut = 0; cut < in.size(); cut++) {
        Observer original(client);
        original.feed(in.data(), cut);
        Observer copy = original;
        original.feed(from_hex("88820000000003e8ffffffffffffffffffff"));
        std::memset(&original.reader, 0xff, sizeof original.reader);
        copy.feed(in.data() + cut, in.size() - cut);
        ASSERT_EQ(copy.frames, whole.frames) << "copied at " << cut;
    }
}

// ---- Lengths

TEST(Reader, LengthKeepsAll64Bits)
{
    const uint64_t length = (UINT64_C(1) << 32) + 5;
    Observer o(server);
    o.feed(Frame(2, "").declaring(length).header());
    const Bytes million(1 << 20, 'x');
    for (int i = 0; i < 4096; i++) {
        wsp_event ev;
        ASSERT_EQ(wsp_reader_next(&o.reader, million.data(), million.size(), &ev), million.size());
        ASSERT_EQ(ev.type, WSP_EVENT_PAYLOAD);
        ASSERT_EQ(ev.offset, static_cast<uint64_t>(i) << 20);
        ASSERT_EQ(ev.bytes_left, length - (static_cast<uint64_t>(i + 1) << 20));
    }
    wsp_event ev;
    EXPECT_EQ(wsp_reader_next(&o.reader, million.data(), million.size(), &ev), 5U)
        << "the frame ends 5 bytes past 4 GiB";
    EXPECT_EQ(ev.bytes_left, 0U);
}

TEST(Reader, LargestLengthsAreOnlyNumbers)
{
    for (uint64_t length : {UINT64_C(0x7fffffffffffffff), UINT64_MAX}) {
        wsp_reader r = reader_for(server);
        const Bytes in = Frame(2, "abc").declaring(length);
        wsp_event ev;
        EXPECT_EQ(wsp_reader_next(&r, in.data(), in.size(), &ev), in.size());
        EXPECT_EQ(ev.len, 3U);
        EXPECT_EQ(ev.bytes_left, length - 3);
        EXPECT_EQ(wsp_reader_end(&r), WSP_V_TRUNCATED);
    }
}

TEST(Reader, FrameLimitIsSeenAtTheHeader)
{
    wsp_frame_rules rules = server;
    rules.max_payload = 1000;
    EXPECT_EQ(judged(Frame(2, "").declaring(1000).header(), rules), Sets{0});
    EXPECT_EQ(judged(Frame(2, "").declaring(1001).header(), rules), Sets{WSP_V_LIMIT_FRAME});
}

TEST(Reader, TinyFragmentsCostOneCallEach)
{
    Bytes in = Frame(1, "a").not_final();
    for (int i = 0; i < 5000; i++)
        in = std::move(in) + Frame(0, "b").not_final();
    const Observer o = observe(in, server);
    EXPECT_EQ(o.frames.size(), 5001U);
    EXPECT_EQ(o.reader_calls, 5002) << "one for each frame, one that says NONE";
    EXPECT_EQ(o.message_calls, 5001);
}

// ---- Order of frames

TEST(Reader, FragmentsOfAMessageFollowEachOther) // 5.4
{
    const Frame first = Frame(1, "a").not_final(), middle = Frame(0, "b").not_final(),
                last = Frame(0, "c"), whole = Frame(2, "d"), ping = Frame(9, "e"),
                reserved = Frame(3, "f");
    EXPECT_EQ(judged(stream({first, middle, last, whole}), server), (Sets{0, 0, 0, 0}));
    EXPECT_EQ(judged(stream({first, ping, middle, ping, last}), server), (Sets{0, 0, 0, 0, 0}));
    EXPECT_EQ(judged(last, server), Sets{WSP_V_CONTINUATION_UNEXPECTED});
    EXPECT_EQ(judged(stream({whole, last}), server), (Sets{0, WSP_V_CONTINUATION_UNEXPECTED}));
    EXPECT_EQ(judged(stream({first, last, last}), server),
              (Sets{0, 0, WSP_V_CONTINUATION_UNEXPECTED}));
    EXPECT_EQ(judged(stream({first, whole}), server), (Sets{0, WSP_V_CONTINUATION_EXPECTED}));
    EXPECT_EQ(judged(stream({first, reserved}), server),
              (Sets{0, WSP_V_CONTINUATION_EXPECTED | WSP_V_OPCODE_RESERVED}));
}

TEST(Reader, OrderIsJudgedFromTheLatestDataFrameAfterAViolation)
{
    const Frame first = Frame(1, "a").not_final(), middle = Frame(0, "b").not_final(),
                last = Frame(0, "c"), whole = Frame(2, "d");
    EXPECT_EQ(judged(stream({first, whole, last}), server),
              (Sets{0, WSP_V_CONTINUATION_EXPECTED, WSP_V_CONTINUATION_UNEXPECTED}))
        << "the new message took the place of the open one, and ended";
    EXPECT_EQ(judged(stream({first, first, last}), server),
              (Sets{0, WSP_V_CONTINUATION_EXPECTED, 0}));
    EXPECT_EQ(judged(stream({middle, last}), server), (Sets{WSP_V_CONTINUATION_UNEXPECTED, 0}));
}

TEST(Reader, FragmentedControlFrameDoesNotDisturbTheMessage)
{
    EXPECT_EQ(judged(stream({Frame(1, "a").not_final(), Frame(9, "b").not_final(), Frame(0, "c"),
                             Frame(0, "d")}),
                     server),
              (Sets{0, WSP_V_CONTROL_FRAGMENTED, 0, WSP_V_CONTINUATION_UNEXPECTED}));
}

TEST(Reader, UnmaskedFrameAfterAMaskedOneIsJudgedByItself) // 5.1
{
    EXPECT_EQ(
        judged(stream({Frame(1, "a").masked(), Frame(1, "b"), Frame(1, "c").masked()}), client),
        (Sets{0, WSP_V_MASK_MISSING, 0}));
    EXPECT_EQ(judged(stream({Frame(1, "a").masked(), Frame(1, "b")}), server),
              (Sets{WSP_V_MASK_UNEXPECTED, 0}));
    EXPECT_EQ(judged(stream({Frame(1, "a").masked(), Frame(1, "b")}), unknown), (Sets{0, 0}));
}

TEST(Reader, Rsv1IsForTheFirstFrameOfAMessageOnly) // RFC 7692 6
{
    wsp_frame_rules deflate = server;
    deflate.rsv_allowed = WSP_RSV1;
    EXPECT_EQ(judged(stream({Frame(1, "a").rsv(4).not_final(), Frame(9, "b").rsv(4),
                             Frame(0, "c").rsv(4)}),
                     deflate),
              (Sets{0, WSP_V_RSV_UNNEGOTIATED, WSP_V_RSV_UNNEGOTIATED}));
}

TEST(Reader, EveryFrameBehindACloseIsReported) // 5.5.1
{
    const Frame close = Frame(8, from_hex("03e8")), text = Frame(1, "a"), pong = Frame(10, "");
    EXPECT_EQ(judged(stream({text, close, text, pong, close}), server),
              (Sets{0, 0, WSP_V_AFTER_CLOSE, WSP_V_AFTER_CLOSE, WSP_V_AFTER_CLOSE}));
    EXPECT_EQ(judged(stream({close, Frame(0, "b")}), server),
              (Sets{0, WSP_V_AFTER_CLOSE | WSP_V_CONTINUATION_UNEXPECTED}))
        << "beside what else is wrong";
    EXPECT_EQ(judged(stream({Frame(8, "x").not_final(), text}), server),
              (Sets{WSP_V_CONTROL_FRAGMENTED, WSP_V_AFTER_CLOSE}))
        << "a Close that breaks a rule is a Close";
}

// ---- The end of the stream

TEST(Reader, EndInsideAFrameIsTruncated)
{
    const Bytes header = Frame(2, "abc").masked().header(), in = Frame(2, "abc").masked();
    for (size_t len = 0; len <= in.size(); len++) {
        wsp_reader r = reader_for(client);
        wsp_event ev;
        for (size_t used = 0; used < len;)
            used += wsp_reader_next(&r, in.data() + used, len - used, &ev);
        const bool inside = len != 0 && len != in.size();
        EXPECT_EQ(wsp_reader_end(&r), inside ? WSP_V_TRUNCATED : 0U) << len;
        EXPECT_EQ(wsp_reader_end(&r), inside ? WSP_V_TRUNCATED : 0U) << "asking changes nothing";
    }
}

// ---- Holes

// A reader that has seen the first `len` bytes of `in`.
wsp_reader after(const Bytes &in, size_t len, const wsp_frame_rules &rules = unknown)
{
    wsp_reader r = reader_for(rules);
    wsp_event ev;
    size_t used = 0;
    do
        used += wsp_reader_next(&r, in.data() + used, len - used, &ev);
    while (ev.type != WSP_EVENT_NONE);
    return r;
}

// The next event, of all of `in`.
wsp_event next(wsp_reader &r, const Bytes &in)
{
    wsp_event ev;
    wsp_reader_next(&r, in.data(), in.size(), &ev);
    return ev;
}

// Does the next frame break a rule of order?
uint32_t order_of(wsp_reader &r, const Bytes &frame)
{
    return next(r, frame).violations &
           (WSP_V_CONTINUATION_EXPECTED | WSP_V_CONTINUATION_UNEXPECTED);
}

const Bytes ten = Frame(2, "0123456789");            // header 2, payload 10
const Bytes open_text = Frame(1, "abc").not_final(); // a message begins
const Bytes more_text = Frame(0, "def").not_final();
const Bytes last_text = Frame(0, "ghi");
const Bytes whole_text = Frame(1, "jkl");

TEST(ReaderGap, InsideAPayloadIsCountedDown)
{
    wsp_reader r = after(ten, 5);
    wsp_reader_gap(&r, 4);
    EXPECT_FALSE(wsp_reader_lost(&r));
    const Bytes none;
    EXPECT_EQ(next(r, none).type, WSP_EVENT_NONE);
    const wsp_event ev = next(r, from_text("789"));
    EXPECT_EQ(ev.type, WSP_EVENT_PAYLOAD);
    EXPECT_EQ(ev.at, 9U);
    EXPECT_EQ(ev.offset, 7U);
    EXPECT_EQ(ev.len, 3U);
    EXPECT_EQ(ev.bytes_left, 0U);
    EXPECT_EQ(order_of(r, last_text), WSP_V_CONTINUATION_UNEXPECTED) << "nothing was forgotten";
}

TEST(ReaderGap, SeveralInOnePayloadAddUp)
{
    wsp_reader r = after(ten, 2);
    wsp_reader_gap(&r, 3);
    wsp_reader_gap(&r, 2);
    wsp_event ev = next(r, from_text("5"));
    EXPECT_EQ(ev.offset, 5U);
    EXPECT_EQ(ev.bytes_left, 4U);
    wsp_reader_gap(&r, 3);
    ev = next(r, from_text("9"));
    EXPECT_EQ(ev.offset, 9U);
    EXPECT_EQ(ev.bytes_left, 0U);
    EXPECT_EQ(r.at, ten.size());
}

TEST(ReaderGap, ThatEndsWithThePayloadGivesAnEmptyLastPieceAndLosesNothing)
{
    wsp_reader r = after(ten, 5);
    wsp_reader_gap(&r, 7);
    EXPECT_FALSE(wsp_reader_lost(&r));
    EXPECT_EQ(wsp_reader_end(&r), 0U);
    wsp_event ev = next(r, whole_text);
    EXPECT_EQ(ev.type, WSP_EVENT_PAYLOAD);
    EXPECT_EQ(ev.len, 0U);
    EXPECT_EQ(ev.offset, 10U);
    EXPECT_EQ(ev.bytes_left, 0U);
    EXPECT_EQ(ev.at, 12U);
    ev = next(r, whole_text);
    EXPECT_EQ(ev.type, WSP_EVENT_FRAME);
    EXPECT_EQ(ev.at, 12U);
    EXPECT_EQ(ev.len, 3U);
}

TEST(ReaderGap, EmptyLastPieceComesWithoutInputAndOnce)
{
    wsp_reader r = after(ten, 5);
    wsp_reader_gap(&r, 7);
    wsp_event ev;
    EXPECT_EQ(wsp_reader_next(&r, nullptr, 0, &ev), 0U);
    EXPECT_EQ(ev.type, WSP_EVENT_PAYLOAD);
    EXPECT_EQ(wsp_reader_next(&r, nullptr, 0, &ev), 0U);
    EXPECT_EQ(ev.type, WSP_EVENT_NONE);
}

TEST(ReaderGap, ThatEndsWithThePayloadKeepsTheOrderOfFramesKnown)
{
    wsp_reader r = after(open_text, 3);
    wsp_reader_gap(&r, 2);
    next(r, {});
    EXPECT_EQ(order_of(r, last_text), 0U);
    r = after(open_text, 3);
    wsp_reader_gap(&r, 2);
    next(r, {});
    EXPECT_EQ(order_of(r, whole_text), WSP_V_CONTINUATION_EXPECTED);
}

TEST(ReaderGap, PastThePayloadGivesAnEmptyLastPieceAndLosesTheBoundary)
{
    for (uint64_t bytes : {UINT64_C(8), UINT64_C(100), UINT64_C(0)}) { // 0: nobody knows
        wsp_reader r = after(ten, 5);
        wsp_reader_gap(&r, bytes);
        EXPECT_TRUE(wsp_reader_lost(&r)) << bytes;
        wsp_event ev = next(r, {});
        EXPECT_EQ(ev.type, WSP_EVENT_PAYLOAD) << bytes;
        EXPECT_EQ(ev.len, 0U);
        EXPECT_EQ(ev.bytes_left, 0U);
        EXPECT_TRUE(wsp_reader_lost(&r)) << "no byte has been fed yet";
        ev = next(r, whole_text);
        EXPECT_EQ(ev.type, WSP_EVENT_FRAME) << bytes;
        EXPECT_EQ(ev.at, 5 + bytes);
        EXPECT_FALSE(wsp_reader_lost(&r));
    }
}

TEST(ReaderGap, BetweenFramesLosesTheBoundary)
{
    for (uint64_t bytes : {UINT64_C(0), UINT64_C(1), UINT64_C(1) << 40}) {
        wsp_reader r = after(ten, ten.size());
        wsp_reader_gap(&r, bytes);
        EXPECT_TRUE(wsp_reader_lost(&r));
        EXPECT_EQ(next(r, {}).type, WSP_EVENT_NONE) << "no payload was hidden";
        EXPECT_TRUE(wsp_reader_lost(&r));
        EXPECT_EQ(next(r, whole_text).at, ten.size() + bytes);
    }
}

TEST(ReaderGap, InsideAHeaderForgetsItsFirstBytes)
{
    const Bytes masked = Frame(2, "abc").masked();
    for (size_t len = 1; len < 6; len++) {
        wsp_reader r = after(masked, len);
        wsp_reader_gap(&r, 1);
        EXPECT_TRUE(wsp_reader_lost(&r));
        EXPECT_EQ(wsp_reader_end(&r), 0U);
        const wsp_event ev = next(r, whole_text);
        EXPECT_EQ(ev.type, WSP_EVENT_FRAME);
        EXPECT_EQ(ev.at, len + 1);
        EXPECT_EQ(ev.frame->opcode, WSP_OPCODE_TEXT);
    }
}

TEST(ReaderGap, LostEndsWithTheFirstByteFedEvenIfTheHeaderIsNotWhole)
{
    wsp_reader r = after(ten, ten.size());
    wsp_reader_gap(&r, 0);
    EXPECT_EQ(next(r, {0x81}).type, WSP_EVENT_NONE);
    EXPECT_FALSE(wsp_reader_lost(&r));
}

TEST(ReaderGap, BehindAHiddenEndLosesTheBoundaryButGivesOneLastPiece)
{
    wsp_reader r = after(ten, 5);
    wsp_reader_gap(&r, 7);
    wsp_reader_gap(&r, 1);
    EXPECT_TRUE(wsp_reader_lost(&r));
    EXPECT_EQ(next(r, {}).type, WSP_EVENT_PAYLOAD);
    EXPECT_EQ(next(r, {}).type, WSP_EVENT_NONE);
    EXPECT_EQ(next(r, whole_text).at, 13U);
}

TEST(ReaderGap, NoContinuationIsJudgedUntilADataFrameSettlesWhatIsOpen)
{
    const struct {
        Bytes settled_by, next;
        uint32_t expected;
    } rows[] = {
        {{}, last_text, 0},
        {{}, whole_text, 0},
        {last_text, last_text, WSP_V_CONTINUATION_UNEXPECTED},
        {last_text, whole_text, 0},
        {whole_text, last_text, WSP_V_CONTINUATION_UNEXPECTED},
        {open_text, whole_text, WSP_V_CONTINUATION_EXPECTED},
        {open_text, last_text, 0},
        {more_text, whole_text, WSP_V_CONTINUATION_EXPECTED},
        {Frame(9, ""), last_text, 0},
        {Frame(9, ""), whole_text, 0},
    };
    for (const Bytes &before : {whole_text, open_text})
        for (const auto &row : rows) {
            wsp_reader r = after(before, before.size());
            wsp_reader_gap(&r, 3);
            if (!row.settled_by.empty()) {
                EXPECT_EQ(order_of(r, row.settled_by), 0U) << to_hex(row.settled_by);
            }
            EXPECT_EQ(order_of(r, row.next), row.expected)
                << to_hex(before) << " gap " << to_hex(row.settled_by) << " " << to_hex(row.next);
        }
}

TEST(ReaderGap, OtherRulesAreJudgedAsEver)
{
    wsp_reader r = after(whole_text, whole_text.size(), server);
    wsp_reader_gap(&r, 0);
    EXPECT_EQ(next(r, Frame(3, "").masked().rsv(1).form(16)).violations,
              WSP_V_OPCODE_RESERVED | WSP_V_MASK_UNEXPECTED | WSP_V_RSV_UNNEGOTIATED |
                  WSP_V_LENGTH_NOT_MINIMAL);
}

TEST(ReaderGap, CloseIsRemembered)
{
    const Bytes close = Frame(8, "");
    wsp_reader r = after(close, close.size());
    wsp_reader_gap(&r, 0);
    EXPECT_EQ(next(r, whole_text).violations, WSP_V_AFTER_CLOSE);
}

TEST(ReaderGap, StreamThatEndsInsideAPayloadBehindAHoleIsTruncated)
{
    wsp_reader r = after(ten, 5);
    wsp_reader_gap(&r, 6);
    EXPECT_EQ(wsp_reader_end(&r), WSP_V_TRUNCATED);
}

TEST(ReaderGap, HasAll64Bits)
{
    const uint64_t length = UINT64_C(1) << 40;
    wsp_reader r = reader_for(server);
    next(r, Frame(2, "").declaring(length).header());
    wsp_reader_gap(&r, length - 2);
    EXPECT_FALSE(wsp_reader_lost(&r));
    const wsp_event ev = next(r, from_text("yz"));
    EXPECT_EQ(ev.offset, length - 2);
    EXPECT_EQ(ev.at, 10 + length - 2);
    EXPECT_EQ(ev.bytes_left, 0U);
}
} // namespace
