// Plain frames, whole messages that arrive in one piece, take a short way through the reader and
// the message layer. What it gives must be what the long way gives, which all of them take when
// they arrive byte by byte.
#include "observer.h"

#include <gtest/gtest.h>

#include <random>

namespace
{

struct Setting {
    const char *name;
    wsp_frame_rules rules;
    wsp_message_rules limits;
};

Setting setting(const char *name, wsp_sender sender, uint64_t max_payload = 0,
                uint64_t max_message = 0, uint64_t max_fragments = 0)
{
    Setting s = {name, {}, {}};
    s.rules.sender = sender;
    s.rules.max_payload = max_payload;
    s.limits.max_message = max_message;
    s.limits.max_fragments = max_fragments;
    return s;
}

const Setting settings[] = {
    setting("client", WSP_FROM_CLIENT),
    setting("server", WSP_FROM_SERVER),
    setting("unknown", WSP_FROM_UNKNOWN),
    setting("frame limit", WSP_FROM_CLIENT, 40),
    setting("message limit", WSP_FROM_CLIENT, 0, 40),
    setting("fragment limit", WSP_FROM_CLIENT, 0, 0, 1),
};

// Most are plain and long enough for the short way; the others are what may stand before them.
Frame any_frame(std::mt19937 &random)
{
    static const char *const texts[] = {"0123456789abcdef", "ein schöner Text — 東京 😀, und weiter",
                                        "not UTF-8: \xc3\x28 ........", "cut off: ....... \xe2\x82",
                                        ""};
    const bool rare = random() % 8 == 0;
    const int opcodes[] = {0, 1, 2, 3, 8, 9};
    const int opcode = rare ? opcodes[random() % 6] : 1 + static_cast<int>(random() % 2);
    std::string text = texts[rare ? random() % 5 : random() % 2];
    if (random() % 4 == 0)
        text.append(200, '.');
    Frame frame(opcode, text);
    if (random() % 16)
        frame.masked();
    if (rare && random() % 3 == 0)
        frame.not_final();
    if (rare && random() % 3 == 0)
        frame.rsv(4);
    if (rare && random() % 3 == 0 && text.size() < 126)
        frame.form(16);
    return frame;
}

void expect_same(Observer &whole, Observer &bytewise)
{
    EXPECT_EQ(whole.frames, bytewise.frames);
    EXPECT_EQ(whole.messages, bytewise.messages);
    EXPECT_EQ(whole.violations, bytewise.violations);
    EXPECT_EQ(whole.reader.at, bytewise.reader.at);
}

TEST(Plain, FramesGiveWholeWhatTheyGiveByteByByteWhateverIsAmongThem)
{
    for (const Setting &s : settings) {
        SCOPED_TRACE(s.name);
        std::mt19937 random(4);
        for (int run = 0; run < 100 && !testing::Test::HasFailure(); run++) {
            Bytes in;
            for (int i = 0; i < 12; i++)
                in = in + stream({any_frame(random)});
            Observer whole(s.rules, s.limits), bytewise(s.rules, s.limits);
            whole.feed(in);
            bytewise.feed_bytewise(in);
            whole.end();
            bytewise.end();
            expect_same(whole, bytewise);
        }
    }
}

TEST(Plain, FramesBehindAGapAreJudgedAsTheLongWayJudgesThem)
{
    const Bytes ping = stream({Frame(9, "boundary found, message unsure").masked()});
    const Bytes text = stream({Frame(1, "a text that is long enough").masked()});
    const Bytes rest = stream({Frame(0, "a continuation of nothing").masked()});
    Observer whole, bytewise;
    for (const Bytes &first : {Bytes(), ping}) {
        whole.gap(0);
        bytewise.gap(0);
        whole.feed(first);
        bytewise.feed_bytewise(first);
        whole.feed(text); // settles what is open
        bytewise.feed_bytewise(text);
        EXPECT_FALSE(wsp_reader_lost(&whole.reader));
        whole.feed(rest);
        bytewise.feed_bytewise(rest);
        expect_same(whole, bytewise);
    }
    EXPECT_EQ(whole.violations.size(), 2U) << "each continuation has nothing to continue";
}

// The reader's event for a frame that is all there.
struct OneEvent {
    explicit OneEvent(Bytes frame) : bytes(std::move(frame))
    {
        const wsp_frame_rules rules = {};
        wsp_reader_init(&reader, &rules);
        wsp_message_init(&message, nullptr);
        wsp_reader_next(&reader, bytes.data(), bytes.size(), &event);
    }
    Bytes next(uint8_t *out, size_t size)
    {
        wsp_message_next(&message, &event, out, size, &mev);
        return Bytes(mev.data, mev.data + mev.len);
    }
    Bytes bytes;
    wsp_reader reader;
    wsp_message message;
    wsp_event event;
    wsp_message_event mev;
};

TEST(Plain, MessageThatFoundTooLittleRoomGoesOnWhereItStopped)
{
    OneEvent e(stream({Frame(2, "0123456789").masked()}));
    uint8_t out[64];
    EXPECT_EQ(e.next(out, 4), from_text("0123"));
    EXPECT_TRUE(e.mev.more);
    EXPECT_EQ(e.next(out, sizeof out), from_text("456789"));
    EXPECT_FALSE(e.mev.first);
    EXPECT_TRUE(e.mev.last);
}

TEST(Plain, MessageWithoutAnyRoomTakesNothing)
{
    OneEvent e(stream({Frame(2, "0123456789").masked()}));
    EXPECT_EQ(e.next(nullptr, SIZE_MAX), Bytes());
    EXPECT_TRUE(e.mev.more);
}

TEST(Plain, WrongTextInPlaceIsCutBehindItsFirstWrongByteAndLeavesTheRestMasked)
{
    OneEvent e(stream({Frame(1, "good \xc3\x28 masked").masked()}));
    const Bytes before = e.bytes;
    auto *in_place = const_cast<uint8_t *>(e.event.data);
    EXPECT_EQ(e.next(in_place, SIZE_MAX), from_text("good \xc3\x28"));
    EXPECT_EQ(e.mev.violations, WSP_V_TEXT_UTF8);
    EXPECT_EQ(e.mev.violation_at, 12U);
    EXPECT_EQ(Bytes(e.bytes.begin() + 13, e.bytes.end()), Bytes(before.begin() + 13, before.end()));
    EXPECT_EQ(e.next(in_place, SIZE_MAX), from_text(" masked"));
}

TEST(Plain, LastPieceOfAnAbandonedMessageIsNoMessage)
{
    Bytes in = stream({Frame(1, "0123456789abcdef").masked()});
    const uint8_t last = in.back();
    in.pop_back();
    OneEvent e(in);
    uint8_t out[64];
    e.next(out, sizeof out);
    wsp_message_abandon(&e.message);
    wsp_reader_next(&e.reader, &last, 1, &e.event);
    e.next(out, sizeof out);
    EXPECT_FALSE(e.mev.first);
}

} // namespace
