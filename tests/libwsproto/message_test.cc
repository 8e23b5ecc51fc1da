// The message layer: frames to messages, and what is wrong with their payload (RFC 6455 5.4, 5.5,
// 7.4, 8.1), found at the same byte however the input is cut.
#include "guarded.h"
#include "observer.h"

#include <wsproto/message.h>

#include <gtest/gtest.h>

namespace
{
const wsp_frame_rules any = rules_of_any_sender();

SeenMessage message(int opcode, std::string_view data, uint64_t frames = 1)
{
    return {opcode, false, true, frames, from_text(data)};
}

using Messages = std::vector<SeenMessage>;
using Violations = std::vector<SeenViolation>;

// Whole, cut at every byte, byte by byte, and through an output buffer of one byte: always these
// messages, and these violations at these offsets.
void expect(const Bytes &in, const Messages &messages, const Violations &violations = {},
            const wsp_message_rules &limits = {})
{
    observe_all_cuts(in, any, limits, [&](Observer &o, const std::string &cut) {
        EXPECT_EQ(o.messages, messages) << cut << ": " << to_hex(in);
        EXPECT_EQ(o.violations, violations) << cut << ": " << to_hex(in);
    });
    Observer tiny(any, limits, 1);
    tiny.feed(in);
    EXPECT_EQ(tiny.messages, messages) << "one byte of room: " << to_hex(in);
    EXPECT_EQ(tiny.violations, violations) << "one byte of room: " << to_hex(in);
}

// ---- Joining

TEST(Message, WholeFrameIsAMessage)
{
    expect(Frame(1, "Hello"), {message(1, "Hello")});
    expect(Frame(2, "Hello").masked(), {message(2, "Hello")});
    expect(Frame(1, ""), {message(1, "")});
    expect(Frame(9, "").masked(), {message(9, "")});
}

TEST(Message, FragmentsAreJoined) // 5.4, 5.7
{
    expect(stream({Frame(1, "Hel").not_final(), Frame(0, "lo")}), {message(1, "Hello", 2)});
    expect(stream({Frame(2, "").not_final().masked(), Frame(0, "").not_final(),
                   Frame(0, "a").masked(), Frame(2, "b")}),
           {message(2, "a", 3), message(2, "b")});
}

TEST(Message, ControlFramesBetweenFragmentsAreMessagesOfTheirOwn) // 5.4
{
    expect(stream({Frame(1, "a").not_final().masked(), Frame(9, "ping").masked(),
                   Frame(0, "b").not_final().masked(), Frame(10, "pong").masked(),
                   Frame(0, "c").masked()}),
           {message(9, "ping"), message(10, "pong"), message(1, "abc", 3)});
}

TEST(Message, CloseBetweenFragmentsIsGivenAndTheMessageStaysOpen)
{
    Observer o(any);
    o.feed(stream({Frame(1, "a").not_final(), Frame(8, from_hex("03e8"))}));
    EXPECT_EQ(o.messages, (Messages{{8, false, true, 1, from_hex("03e8")}}));
    o.feed(Frame(0, "b")); // AFTER_CLOSE is the reader's to say
    ASSERT_EQ(o.messages.size(), 2U);
    EXPECT_EQ(o.messages[1], message(1, "ab", 2));
}

TEST(Message, EveryFrameIsUnmaskedWithItsOwnKeyAndPhase) // 5.3
{
    const std::string eleven = "elevenbytes", seven = "seven!!";
    expect(
        stream({Frame(2, eleven).masked().not_final(), Frame(0, seven).masked(), Frame(2, eleven)}),
        {message(2, eleven + seven, 2), message(2, eleven)});
}

TEST(Message, PhaseOfTheKeyHolds64Bits)
{
    Observer o(any);
    o.feed(Frame(2, "").masked().declaring(UINT64_MAX).header());
    o.gap((UINT64_C(1) << 33) + 1);
    const Bytes wire = from_hex("aabbccdd");
    wsp_event ev;
    wsp_reader_next(&o.reader, wire.data(), wire.size(), &ev);
    uint8_t out[4];
    wsp_message_event mev;
    wsp_message_next(&o.message, &ev, out, sizeof out, &mev);
    EXPECT_EQ(mev.offset, (UINT64_C(1) << 33) + 1);
    for (size_t i = 0; i < 4; i++)
        EXPECT_EQ(out[i], wire[i] ^ test_key[(i + 1) % 4]);
}

TEST(Message, ContinuationWithoutABeginningIsAMessageOfUnknownType)
{
    expect(stream({Frame(0, "a\xff").not_final(), Frame(0, "b"), Frame(1, "c")}),
           {message(0,
                    "a\xff"
                    "b",
                    2),
            message(1, "c")},
           {{"continuation-unexpected", 1}});
}

TEST(Message, NewMessageAbandonsTheOpenOne) // 5.4
{
    SeenMessage abandoned = message(1, "ab", 2);
    abandoned.complete = false;
    expect(stream({Frame(1, "a").not_final(), Frame(0, "b").not_final(), Frame(2, "c")}),
           {abandoned, message(2, "c")}, {{"continuation-expected", 7}});
}

TEST(Message, AbandonedTextLeavesNoHalfCharacterBehind)
{
    SeenMessage abandoned = message(1, "\xe2\x82");
    abandoned.complete = false;
    expect(stream({Frame(1, "\xe2\x82").not_final(), Frame(1, "a")}), {abandoned, message(1, "a")},
           {{"continuation-expected", 5}});
}

TEST(Message, ReservedOpcodesAreMessagesToo)
{
    expect(stream({Frame(3, "a").not_final(), Frame(0, "b"), Frame(11, "c")}),
           {message(3, "ab", 2), message(11, "c")},
           {{"opcode-reserved", 1}, {"opcode-reserved", 7}});
}

TEST(Message, FragmentedControlFrameIsStillOneMessage)
{
    expect(stream({Frame(1, "a").not_final(), Frame(9, "b").not_final(), Frame(0, "c")}),
           {message(9, "b"), message(1, "ac", 2)}, {{"control-fragmented", 4}});
}

TEST(Message, FirstAndLastMarkItsEnds)
{
    Observer o(any);
    const Bytes in = stream({Frame(1, "ab").not_final(), Frame(0, "cd")});
    wsp_message_event mev;
    wsp_event ev;
    size_t used = wsp_reader_next(&o.reader, in.data(), 3, &ev);
    wsp_message_next(&o.message, &ev, nullptr, 0, &mev);
    EXPECT_TRUE(mev.first);
    EXPECT_FALSE(mev.last);
    EXPECT_EQ(mev.data, in.data() + 2) << "unmasked payload is not copied";
    used += wsp_reader_next(&o.reader, in.data() + used, in.size() - used, &ev);
    wsp_message_next(&o.message, &ev, nullptr, 0, &mev);
    EXPECT_FALSE(mev.first);
    EXPECT_FALSE(mev.last) << "the frame is over, the message is not";
    EXPECT_EQ(mev.offset, 1U);
    wsp_reader_next(&o.reader, in.data() + used, in.size() - used, &ev);
    wsp_message_next(&o.message, &ev, nullptr, 0, &mev);
    EXPECT_FALSE(mev.first);
    EXPECT_TRUE(mev.last);
    EXPECT_EQ(mev.offset, 2U);
    EXPECT_EQ(mev.frames, 2U);
    EXPECT_EQ(mev.opcode, WSP_OPCODE_TEXT);
}

// ---- Text

TEST(Text, CharacterSplitOverFragmentsIsValid) // 8.1
{
    expect(stream({Frame(1, "\xe2").not_final().masked(), Frame(0, "\x82").not_final(),
                   Frame(9, "\xff"), Frame(0, "\xac").masked()}),
           {message(9, "\xff"), message(1, "\xe2\x82\xac", 3)});
}

TEST(Text, FailsAtTheFirstByteThatCannotBeUtf8)
{
    expect(Frame(1, "ab\xff"
                    "cd"),
           {message(1, "ab\xff"
                       "cd")},
           {{"text-utf8", 4}});
    expect(Frame(1, "\xe2\x28").masked(), {message(1, "\xe2\x28")}, {{"text-utf8", 7}});
    expect(Frame(1, "\xed\xa0\x80"), {message(1, "\xed\xa0\x80")}, {{"text-utf8", 3}});
    expect(stream({Frame(1, "\xf4").not_final(), Frame(9, ""), Frame(0, "\x90")}),
           {message(9, ""), message(1, "\xf4\x90", 2)}, {{"text-utf8", 7}});
}

TEST(Text, FailsBeforeTheMessageIsWhole)
{
    Observer o(any);
    o.feed(Frame(1, "a\xc0").declaring(1000));
    EXPECT_EQ(o.violations, (Violations{{"text-utf8", 5}}));
    EXPECT_TRUE(o.messages.empty());
}

TEST(Text, IsReportedOnceForAMessageAndEveryMessageAnew)
{
    expect(stream({Frame(1, "\xff\xff").not_final(), Frame(0, "\xff"), Frame(1, "\xff")}),
           {message(1, "\xff\xff\xff", 2), message(1, "\xff")},
           {{"text-utf8", 2}, {"text-utf8", 9}});
}

TEST(Text, ThatEndsInsideACharacterFailsAtItsLastByte)
{
    expect(Frame(1, "a\xe2\x82"), {message(1, "a\xe2\x82")}, {{"text-utf8", 4}});
    expect(Frame(1, "\xc3").masked(), {message(1, "\xc3")}, {{"text-utf8", 6}});
    expect(stream({Frame(1, "\xc3").not_final(), Frame(0, "")}), {message(1, "\xc3", 2)},
           {{"text-utf8", 4}}); // the header of the empty last frame ends there
}

TEST(Text, BinaryIsNotChecked)
{
    expect(stream({Frame(2, "\xff").not_final(), Frame(0, "\xc3")}), {message(2, "\xff\xc3", 2)});
}

TEST(Text, PingAndPongAreNotChecked)
{
    expect(stream({Frame(9, "\xff"), Frame(10, "\xc3")}),
           {message(9, "\xff"), message(10, "\xc3")});
}

TEST(Text, CompressedIsNotText) // RFC 7692 6
{
    SeenMessage deflated = message(1, "\xff\xc3", 2);
    deflated.compressed = deflated.raw = true;
    expect(stream({Frame(1, "\xff").rsv(4).not_final(), Frame(0, "\xc3"), Frame(1, "\xff")}),
           {deflated, message(1, "\xff")}, {{"text-utf8", 8}});
}

TEST(Text, Rsv1OnAControlOrContinuationFrameCompressesNothing) // RFC 7692 6
{
    expect(stream({Frame(1, "a").not_final(), Frame(9, "p").rsv(4), Frame(0, "\xff").rsv(4)}),
           {message(9, "p"), message(1, "a\xff", 2)},
           {{"rsv-unnegotiated", 4}, {"rsv-unnegotiated", 7}, {"text-utf8", 8}});
    expect(Frame(0, "a").rsv(4), {message(0, "a")},
           {{"rsv-unnegotiated", 1}, {"continuation-unexpected", 1}});
}

// ---- Close

TEST(Close, PayloadIsACodeAndAReason) // 5.5.1
{
    for (const char *hex : {"", "03e8", "03e8 627965", "0fa0 c3a9", "03f6", "0bb8", "1387"})
        expect(Frame(8, from_hex(hex)).masked(), {{8, false, true, 1, from_hex(hex)}});
}

TEST(Close, OneByteIsKnownFromTheHeader)
{
    expect(Frame(8, from_hex("03")), {{8, false, true, 1, from_hex("03")}}, {{"close-short", 1}});
    Observer o(any);
    o.feed(Frame(8, from_hex("03")).header());
    EXPECT_EQ(o.violations, (Violations{{"close-short", 1}}));
}

TEST(Close, CodeIsJudgedAtItsSecondByte) // 7.4
{
    for (const char *hex : {"03ed", "03ee", "03f7", "0000", "03e7", "03ec", "0bb7", "1388", "ffff"})
        expect(Frame(8, from_hex(hex) + from_text("why")),
               {{8, false, true, 1, from_hex(hex) + from_text("why")}}, {{"close-code", 3}});
}

TEST(Close, ReasonIsUtf8ByteByByte) // 5.5.1
{
    expect(Frame(8, from_hex("03e8 61 c3 28 62")), {{8, false, true, 1, from_hex("03e861c32862")}},
           {{"close-utf8", 6}});
    expect(Frame(8, from_hex("03e8 e282")), {{8, false, true, 1, from_hex("03e8e282")}},
           {{"close-utf8", 5}});
    expect(Frame(8, from_hex("03e8 ff")).masked(), {{8, false, true, 1, from_hex("03e8ff")}},
           {{"close-utf8", 8}});
}

TEST(Close, WrongCodeAndWrongReasonAreBothReported)
{
    expect(Frame(8, from_hex("03ed 61 ff 62")).masked(),
           {{8, false, true, 1, from_hex("03ed61ff62")}}, {{"close-code", 7}, {"close-utf8", 9}});
}

TEST(Close, BytesOfTheCodeAreNotText)
{
    expect(Frame(8, from_hex("0fa0 61")), {{8, false, true, 1, from_hex("0fa061")}});
}

TEST(Close, DoesNotDisturbTheOpenText)
{
    expect(
        stream({Frame(1, "\xc3").not_final(), Frame(8, from_hex("03e8 e282ac")), Frame(0, "\xa9")}),
        {{8, false, true, 1, from_hex("03e8e282ac")}, message(1, "\xc3\xa9", 2)},
        {{"after-close", 11}});
}

// ---- Limits

wsp_message_rules limits(uint64_t max_message, uint64_t max_fragments)
{
    wsp_message_rules rules = {};
    rules.max_message = max_message;
    rules.max_fragments = max_fragments;
    return rules;
}

TEST(Limit, MessageMayBeAsLongAsTheLimitAndNotOneByteLonger)
{
    expect(Frame(2, "12345"), {message(2, "12345")}, {}, limits(5, 0));
    expect(Frame(2, "123456"), {message(2, "123456")}, {{"limit-message", 1}}, limits(5, 0));
    expect(stream({Frame(2, "123").not_final(), Frame(0, "45")}), {message(2, "12345", 2)}, {},
           limits(5, 0));
    expect(stream({Frame(2, "123").not_final(), Frame(0, "456")}), {message(2, "123456", 2)},
           {{"limit-message", 6}}, limits(5, 0));
}

TEST(Limit, MessageIsSeenAtTheHeaderBeforeAnyPayload)
{
    for (uint64_t length : {UINT64_C(6), UINT64_C(1) << 63, UINT64_MAX}) {
        Observer o(any, limits(5, 0));
        o.feed(Frame(2, "x").not_final());
        o.feed(Frame(0, "").declaring(length).header());
        ASSERT_FALSE(o.violations.empty());
        EXPECT_EQ(o.violations.back().name, "limit-message") << length;
    }
}

TEST(Limit, MessageIsReportedOnceAndCountsEveryMessageAnew)
{
    expect(stream({Frame(2, "123456").not_final(), Frame(0, "7").not_final(), Frame(0, ""),
                   Frame(2, "12345"), Frame(2, "123456")}),
           {message(2, "1234567", 3), message(2, "12345"), message(2, "123456")},
           {{"limit-message", 1}, {"limit-message", 21}}, limits(5, 0));
}

TEST(Limit, MessageIsReportedOnceEvenIfTheLargestLengthFollows)
{
    Observer o(any, limits(5, 0));
    o.feed(Frame(2, "1234567").not_final());
    o.feed(Frame(0, "").declaring(UINT64_MAX).header());
    EXPECT_EQ(o.violations, (Violations{{"limit-message", 1}, {"length-msb", 18}}));
}

TEST(Limit, MessageDoesNotCountControlFrames)
{
    expect(stream({Frame(2, "123").not_final(), Frame(9, "pingping"), Frame(0, "45")}),
           {message(9, "pingping"), message(2, "12345", 2)}, {}, limits(5, 0));
}

TEST(Limit, MessageIsForTheInflatedSizeWhereItIsCompressed)
{
    SeenMessage deflated = message(2, "123456");
    deflated.compressed = deflated.raw = true;
    expect(Frame(2, "123456").rsv(4), {deflated}, {}, limits(5, 0));
}

TEST(Limit, FragmentsMayBeAsManyAsTheLimitAndNotOneMore)
{
    const Frame first = Frame(2, "").not_final(), middle = Frame(0, "").not_final(),
                last = Frame(0, "");
    expect(stream({first, middle, last}), {message(2, "", 3)}, {}, limits(0, 3));
    expect(stream({first, middle, middle, last}), {message(2, "", 4)}, {{"limit-fragments", 7}},
           limits(0, 3));
    expect(stream({first, middle, middle, middle, last, first, Frame(9, ""), middle, last}),
           {message(2, "", 5), message(9, ""), message(2, "", 3)}, {{"limit-fragments", 7}},
           limits(0, 3));
}

// ---- The caller's buffers

// Everything that a stream gives when it is unmasked where it lies. `follow` = the caller passes
// the place where the message goes on, otherwise the place where the event's data begins.
Observer in_place(Bytes in, bool follow)
{
    Observer seen(any);
    size_t used = 0;
    for (wsp_event ev;;) {
        used += wsp_reader_next(&seen.reader, in.data() + used, in.size() - used, &ev);
        if (ev.type == WSP_EVENT_NONE)
            return seen;
        const size_t begin = used - ev.len;
        SeenMessage m;
        wsp_message_event mev;
        size_t taken = 0;
        do {
            uint8_t *out = in.data() + begin + (follow ? taken : 0);
            const size_t room = ev.len - (follow ? taken : 0);
            wsp_message_next(&seen.message, &ev, out, room, &mev);
            taken += mev.len;
            m.data.insert(m.data.end(), mev.data, mev.data + mev.len);
            for (uint32_t set = mev.violations; set; set &= set - 1)
                seen.violations.push_back({wsp_violation_first(set)->name, mev.violation_at});
        } while (mev.more);
        EXPECT_EQ(Bytes(in.begin() + static_cast<ptrdiff_t>(begin),
                        in.begin() + static_cast<ptrdiff_t>(used)),
                  m.data)
            << "the message lies where its payload lay";
        m.opcode = mev.opcode;
        m.complete = mev.last;
        m.frames = mev.frames;
        seen.messages.push_back(m);
    }
}

TEST(InPlace, GivesWhatApartGives)
{
    const Bytes streams[] = {
        Frame(1, "Hello").masked(),
        Frame(2, std::string(1000, 'x')).masked(),
        Frame(1, "wrong\xff" + std::string(300, 'y')).masked(),
        Frame(1, "\xff").masked(),
        Frame(8, from_hex("03ed 61 ff 62 63 64 65 66 67 68")).masked(),
        stream({Frame(1, "\xe2\x28"
                         "abc")
                    .masked(),
                Frame(2, "d").masked(), Frame(1, "e")}),
    };
    for (const Bytes &in : streams)
        for (bool follow : {false, true}) {
            const Observer apart = observe(in, any);
            const Observer here = in_place(in, follow);
            EXPECT_EQ(here.messages, apart.messages) << follow << " " << to_hex(in);
            EXPECT_EQ(here.violations, apart.violations) << follow << " " << to_hex(in);
        }
}

TEST(Buffer, IsNotWrittenPastItsSize)
{
    const Bytes in = Frame(1, "0123456789"
                              "0123456789"
                              "0123456789"
                              "0123456789")
                         .masked();
    for (size_t size = 1; size <= 41; size++) {
        Guarded out(size);
        Observer o(any);
        wsp_event ev;
        wsp_reader_next(&o.reader, in.data(), in.size(), &ev);
        std::string text;
        wsp_message_event mev;
        do {
            wsp_message_next(&o.message, &ev, out.data(), out.size(), &mev);
            EXPECT_LE(mev.len, size);
            EXPECT_EQ(mev.offset, text.size());
            EXPECT_EQ(mev.first, text.empty());
            text.append(reinterpret_cast<const char *>(mev.data), mev.len);
            EXPECT_EQ(mev.last, !mev.more);
        } while (mev.more);
        EXPECT_EQ(text, "0123456789012345678901234567890123456789") << size;
    }
}

TEST(Buffer, OfNoSizeTakesNothingAndBeginsNothingTwice)
{
    const Bytes in = Frame(1, "abc").masked();
    Observer o(any);
    wsp_event ev;
    wsp_reader_next(&o.reader, in.data(), in.size(), &ev);
    wsp_message_event mev;
    wsp_message_next(&o.message, &ev, nullptr, 0, &mev);
    EXPECT_TRUE(mev.first);
    EXPECT_TRUE(mev.more);
    EXPECT_EQ(mev.len, 0U);
    wsp_message_next(&o.message, &ev, nullptr, 100, &mev);
    EXPECT_FALSE(mev.first) << "no buffer is no room";
    EXPECT_TRUE(mev.more);
    EXPECT_EQ(mev.len, 0U);
    uint8_t out[3];
    wsp_message_next(&o.message, &ev, out, sizeof out, &mev);
    EXPECT_FALSE(mev.more);
    EXPECT_TRUE(mev.last);
    EXPECT_EQ(mev.frames, 1U);
    EXPECT_EQ(Bytes(out, out + 3), from_text("abc"));
}

TEST(Buffer, CopyOfTheStructIsASnapshot)
{
    const Bytes in = stream({Frame(1, "\xe2\x82").not_final().masked(), Frame(0, "\xac!").masked(),
                             Frame(8, from_hex("03ed ff")).masked()});
    const Observer whole = observe(in, any);
    for (size_t cut = 0; cut < in.size(); cut++) {
        Observer original(any);
        original.feed(in.data(), cut);
        Observer copy = original;
        std::memset(&original.message, 0xff, sizeof original.message);
        copy.feed(in.data() + cut, in.size() - cut);
        EXPECT_EQ(copy.messages, whole.messages) << cut;
        EXPECT_EQ(copy.violations, whole.violations) << cut;
    }
}

// ---- Holes and ends

TEST(MessageGap, HoleLeavesTheRestOfThePayloadAtItsOffsetAndUnmasked)
{
    const Bytes in = Frame(2, "0123456789").masked();
    Observer o(any);
    o.feed(in.data(), 9);
    o.gap(4);
    o.feed(in.data() + 13, 3);
    EXPECT_EQ(o.messages, (Messages{message(2, std::string_view("012\0\0\0\0"
                                                                "789",
                                                                10))}));
}

TEST(MessageGap, HoleInATextEndsItsCheck)
{
    const Bytes in = Frame(1, "a\xe2\x82\xac\xff");
    Observer o(any);
    o.feed(in.data(), 4); // up to the first byte of the euro sign
    o.gap(1);
    o.feed(in.data() + 5, 2);
    EXPECT_TRUE(o.violations.empty()) << "what the lost byte was is unknown";
    ASSERT_EQ(o.messages.size(), 1U);
    o.feed(Frame(1, "\xff"));
    EXPECT_EQ(o.violations.size(), 1U) << "the next message is checked again";
}

TEST(MessageGap, HiddenEndOfATextIsNoHalfCharacter)
{
    const Bytes in = Frame(1, "a\xe2\x82\xac");
    Observer o(any);
    o.feed(in.data(), 4);
    o.gap(2);
    EXPECT_TRUE(o.violations.empty());
    ASSERT_EQ(o.messages.size(), 1U);
    EXPECT_TRUE(o.messages[0].complete) << "its end is known, though not its bytes";
}

TEST(MessageGap, HoleInACloseLeavesItsCodeUnjudged)
{
    const Bytes in = Frame(8, from_hex("03ed ff"));
    Observer o(any);
    o.feed(in.data(), 2);
    o.gap(1);
    o.feed(in.data() + 3, 2);
    EXPECT_TRUE(o.violations.empty());
}

TEST(MessageGap, ContinuationGoesOnBehindAHoleInTheFrameBefore)
{
    const Bytes first = Frame(2, "abcd").not_final();
    Observer o(any);
    o.feed(first.data(), 3);
    o.gap(3);
    o.feed(Frame(0, "ef"));
    EXPECT_EQ(o.messages, (Messages{message(2,
                                            std::string_view("a\0\0\0"
                                                             "ef",
                                                             6),
                                            2)}));
    EXPECT_TRUE(o.violations.empty());
}

TEST(MessageGap, LostBoundaryAbandonsTheOpenMessage)
{
    Observer o(any);
    o.feed(Frame(1, "\xe2").not_final());
    o.gap(0);
    EXPECT_EQ(wsp_message_end(&o.message), 0U);
    o.feed(Frame(0, "\xff"));
    ASSERT_EQ(o.messages.size(), 2U);
    EXPECT_FALSE(o.messages[0].complete);
    EXPECT_EQ(o.messages[1], message(0, "\xff"));
    EXPECT_TRUE(o.violations.empty());
}

TEST(MessageEnd, InsideAFragmentedMessageIsTruncated)
{
    Observer o(any);
    EXPECT_EQ(wsp_message_end(&o.message), 0U);
    o.feed(Frame(1, "a").not_final());
    EXPECT_EQ(wsp_message_end(&o.message), WSP_V_TRUNCATED);
    o.feed(Frame(9, ""));
    EXPECT_EQ(wsp_message_end(&o.message), WSP_V_TRUNCATED);
    o.feed(Frame(0, "b"));
    EXPECT_EQ(wsp_message_end(&o.message), 0U);
}

TEST(MessageEnd, BehindACloseThatCutAMessageOffIsNotTruncated)
{
    Observer o(any);
    o.feed(Frame(1, "a").not_final());
    o.feed(Frame(8, "\x03\xe9"));
    EXPECT_EQ(wsp_message_end(&o.message), 0U);
}

TEST(MessageEnd, BetweenHeaderAndPayloadOfAMessageIsTruncated)
{
    Observer o(any);
    o.feed(Frame(1, "abc").header());
    EXPECT_EQ(wsp_message_end(&o.message), WSP_V_TRUNCATED);
}

TEST(MessageInit, NoRulesAreNoLimits)
{
    wsp_message with, without;
    const wsp_message_rules none = {};
    wsp_message_init(&with, &none);
    wsp_message_init(&without, nullptr);
    EXPECT_EQ(without.rules.max_message, with.rules.max_message);
    EXPECT_EQ(without.rules.max_fragments, 0U);
}
} // namespace
