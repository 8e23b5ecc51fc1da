// The endpoint: events and proposals, what may be sent in which state, the close handshake, and
// deadlines (RFC 6455 5 to 7); the same however its input is cut.
#include "endpoint.h"
#include "guarded.h"

#include <wsproto/close.h>
#include <wsproto/error.h>
#include <wsproto/mask.h>

#include <gtest/gtest.h>

namespace
{
using Log = std::vector<std::string>;
using Wires = std::vector<Bytes>;

Bytes close_payload(int code, const std::string &reason = "")
{
    return Bytes{static_cast<uint8_t>(code >> 8), static_cast<uint8_t>(code)} + from_text(reason);
}

// As a peer of `role` gets it: a client's frames are masked.
Bytes from_peer_of(wsp_role role, std::vector<Frame> frames)
{
    Bytes bytes;
    for (Frame &frame : frames)
        bytes = bytes + (role == WSP_SERVER ? frame.masked() : frame);
    return bytes;
}

// Whole, cut at every byte, byte by byte, in place, and with one byte of room: always these events
// and these replies.
void expect(const wsp_conn_options &options, const Bytes &in, const Log &log,
            const Wires &replies = {})
{
    auto check = [&](Endpoint &e, const std::string &how) {
        EXPECT_EQ(e.log, log) << how << ": " << to_hex(in);
        EXPECT_EQ(e.replies, replies) << how << ": " << to_hex(in);
        EXPECT_EQ(e.consumed, in.size()) << how;
        EXPECT_TRUE(e.all_consumed) << how;
    };
    for (const bool in_place : {false, true})
        for (size_t cut = 0; cut <= in.size(); cut++) {
            Endpoint e(options);
            e.in_place = in_place;
            e.feed(in.data(), cut);
            e.feed(in.data() + cut, in.size() - cut);
            check(e, (in_place ? "in place, cut at " : "cut at ") + std::to_string(cut));
        }
    for (size_t room : {size_t(1), size_t(2), size_t(7), size_t(4096)}) {
        Endpoint whole(options), bytewise(options);
        whole.room = bytewise.room = room;
        whole.feed(in);
        check(whole, "whole, room " + std::to_string(room));
        bytewise.feed_in_pieces(in, 1);
        check(bytewise, "byte by byte, room " + std::to_string(room));
    }
}

void expect_both(const std::vector<Frame> &frames, const Log &log,
                 const std::vector<Frame> &replies)
{
    for (wsp_role role : {WSP_SERVER, WSP_CLIENT}) {
        Wires wires;
        for (Frame reply : replies)
            wires.push_back(role == WSP_CLIENT ? reply.masked() : reply);
        expect(options_of(role), from_peer_of(role, frames), log, wires);
    }
}

// ---- Receiving

TEST(Conn, GivesMessagesWithTheirTypeAndFragmentsJoined) // 5.4, 5.6
{
    expect_both({Frame(1, "Hello"), Frame(2, ""), Frame(2, "a").not_final(),
                 Frame(0, "").not_final(), Frame(0, "bc")},
                {"text Hello", "binary ", "binary abc"}, {});
}

TEST(Conn, PingProposesAPongWithItsPayloadAlsoBetweenFragments) // 5.4, 5.5.2, 5.5.3
{
    const std::string longest(125, 'p');
    expect_both(
        {Frame(1, "a").not_final(), Frame(9, "x"), Frame(0, "b"), Frame(9, ""), Frame(9, longest)},
        {"ping x", "text ab", "ping ", "ping " + longest},
        {Frame(10, "x"), Frame(10, ""), Frame(10, longest)});
}

TEST(Conn, PongThatNobodyAskedForIsGivenAndNotAnswered) // 5.5.3
{
    expect_both({Frame(10, "x"), Frame(1, "a")}, {"pong x", "text a"}, {});
}

TEST(Conn, CloseProposesTheEchoOfItsCode) // 5.5.1
{
    expect_both({Frame(8, close_payload(1001, "going"))}, {"close 1001 going"},
                {Frame(8, close_payload(1001))});
    expect_both({Frame(8, close_payload(4999, std::string(123, 'r')))},
                {"close 4999 " + std::string(123, 'r')}, {Frame(8, close_payload(4999))});
}

TEST(Conn, EmptyCloseIsAnsweredByAnEmptyCloseAndCalled1005) // 5.5.1, 7.1.5
{
    expect_both({Frame(8, "")}, {"close 1005 "}, {Frame(8, "")});
}

TEST(Conn, WhateverFollowsACloseIsDropped) // 1.4
{
    expect_both({Frame(1, "open").not_final(), Frame(8, close_payload(1000)), Frame(9, "late"),
                 Frame(8, close_payload(1005)), Frame(3, "wrong")},
                {"close 1000 "}, {Frame(8, close_payload(1000))});
}

TEST(Conn, WhateverFollowsAFailureIsDropped) // 7.1.7
{
    Endpoint e(WSP_SERVER);
    e.feed(Frame(1, "unmasked"));
    e.feed(Frame(1, "fine").masked());
    e.feed(Frame(8, close_payload(1000)).masked());
    EXPECT_EQ(e.log, Log{"fail 1002 mask-missing at 0"});
    EXPECT_EQ(e.state(), WSP_STATE_CLOSED);
}

TEST(Conn, EveryCloseCodeAndReasonIsJudged) // 7.4
{
    for (int code = 0; code <= 65535; code += code < 5100 ? 1 : 97) {
        Endpoint e(WSP_SERVER);
        e.feed(Frame(8, close_payload(code)).masked());
        const std::string name = wsp_close_code_valid(static_cast<uint16_t>(code))
                                     ? "close " + std::to_string(code) + " "
                                     : "fail 1002 close-code at 7";
        EXPECT_EQ(e.log, Log{name}) << code;
    }
}

// The peer's wrong bytes, the answer's code, and at which byte.
const struct {
    const char *what;
    wsp_role role;
    Bytes in;
    const char *log;
} failures[] = {
    {"unmasked after masked", WSP_SERVER, stream({Frame(1, "a").masked(), Frame(1, "b")}),
     "fail 1002 mask-missing at 7"},
    {"masked by a server", WSP_CLIENT, Frame(1, "a").masked(), "fail 1002 mask-unexpected at 0"},
    {"RSV1 without an extension", WSP_CLIENT, Frame(1, "a").rsv(4),
     "fail 1002 rsv-unnegotiated at 0"},
    {"RSV3", WSP_CLIENT, Frame(1, "a").rsv(1), "fail 1002 rsv-unnegotiated at 0"},
    {"reserved data opcode", WSP_CLIENT, Frame(3, "a"), "fail 1002 opcode-reserved at 0"},
    {"reserved control opcode", WSP_CLIENT, Frame(15, "a"), "fail 1002 opcode-reserved at 0"},
    {"length not minimal", WSP_CLIENT, Frame(2, "a").form(64), "fail 1002 length-not-minimal at 0"},
    {"length with the top bit", WSP_CLIENT, Frame(2, "").declaring(UINT64_MAX),
     "fail 1002 length-msb at 0"},
    {"ping in fragments", WSP_CLIENT, Frame(9, "a").not_final(),
     "fail 1002 control-fragmented at 0"},
    {"long ping", WSP_CLIENT, Frame(9, std::string(126, 'p')), "fail 1002 control-too-long at 0"},
    {"huge ping", WSP_CLIENT, Frame(9, "").declaring(1 << 30), "fail 1002 control-too-long at 0"},
    {"continuation first", WSP_CLIENT, Frame(0, "a"), "fail 1002 continuation-unexpected at 0"},
    {"message inside a message", WSP_CLIENT, stream({Frame(1, "a").not_final(), Frame(1, "b")}),
     "fail 1002 continuation-expected at 3"},
    {"Close of one byte", WSP_CLIENT, Frame(8, "x"), "fail 1002 close-short at 0"},
    {"Close 1005", WSP_CLIENT, Frame(8, close_payload(1005)), "fail 1002 close-code at 3"},
    {"Close 1006", WSP_CLIENT, Frame(8, close_payload(1006)), "fail 1002 close-code at 3"},
    {"Close 1015", WSP_CLIENT, Frame(8, close_payload(1015)), "fail 1002 close-code at 3"},
    {"reason not UTF-8", WSP_CLIENT, Frame(8, close_payload(1000, "a\xff")),
     "fail 1007 close-utf8 at 5"},
    {"reason ends inside a character", WSP_CLIENT, Frame(8, close_payload(1000, "\xc3")),
     "fail 1007 close-utf8 at 4"},
    {"text not UTF-8", WSP_CLIENT, Frame(1, "ab\xff..."), "fail 1007 text-utf8 at 4"},
    {"surrogate over fragments", WSP_CLIENT,
     stream({Frame(1, "\xed").not_final(), Frame(9, ""), Frame(0, "\xa0\x80")}),
     nullptr}, // a ping before it: see the test
    {"text ends inside a character", WSP_CLIENT, Frame(1, "\xe2\x82"), "fail 1007 text-utf8 at 3"},
    {"all wrong", WSP_SERVER, Frame(11, "a").rsv(7).not_final(),
     "fail 1002 rsv-unnegotiated,opcode-reserved,mask-missing,control-fragmented at 0"},
};

TEST(Conn, EveryViolationFailsTheConnectionWithItsCode) // 7.1.7, 7.4.1
{
    for (const auto &row : failures) {
        SCOPED_TRACE(row.what);
        Endpoint e(row.role);
        e.feed(row.in);
        ASSERT_FALSE(e.log.empty());
        const std::string log = row.log ? row.log : "fail 1007 text-utf8 at 7";
        EXPECT_EQ(e.log.back(), log);
        ASSERT_FALSE(e.replies.empty());
        Log whole = e.log;
        expect(options_of(row.role), row.in, whole, e.replies);
    }
}

TEST(Conn, TheAnswerToAViolationIsALegalCloseWithASentence)
{
    for (uint32_t bit = 1; bit < WSP_V_TRUNCATED; bit <<= 1) {
        const wsp_violation *v = wsp_violation_first(bit);
        ASSERT_NE(v, nullptr);
        EXPECT_LE(std::string(v->text).size(), size_t(WSP_CLOSE_REASON_MAX)) << v->name;
        EXPECT_TRUE(wsp_close_code_valid(v->close_code)) << v->name;
    }
    Endpoint server(WSP_SERVER), client(WSP_CLIENT);
    server.feed(Frame(1, "a"));
    client.feed(server.take_wire());
    EXPECT_EQ(client.log, Log{"close 1002 a client must mask every frame it sends"});
}

TEST(Conn, SixtyFourBitLengthIsNotCutTo32)
{
    Endpoint e(WSP_CLIENT);
    e.feed(Frame(2, "").declaring((UINT64_C(1) << 32) + 1).header());
    e.feed(from_text("ab"));
    EXPECT_EQ(e.log, Log{});
    EXPECT_EQ(e.state(), WSP_STATE_OPEN);
    e.end();
    EXPECT_EQ(e.log, Log{"end 1006 truncated"});
}

TEST(Conn, LimitsAreJudgedAtTheByteWhereTheyAreKnown)
{
    wsp_conn_options options = options_of(WSP_CLIENT);
    options.max_frame = 4;
    expect(options, stream({Frame(2, "1234"), Frame(9, "ping"), Frame(2, "").declaring(5)}),
           {"binary 1234", "ping ping", "fail 1009 limit-frame at 12"},
           {Frame(10, "ping").masked(),
            Frame(8, close_payload(1009, "a frame declares more payload than the limit allows"))
                .masked()});
    options.max_frame = 0;
    options.message.max_message = 4;
    const Bytes too_long =
        Frame(8, close_payload(1009, "a message is longer than the limit allows")).masked();
    expect(options, stream({Frame(2, "12").not_final(), Frame(0, "34"), Frame(2, "").declaring(5)}),
           {"binary 1234", "fail 1009 limit-message at 8"}, {too_long});
    expect(options, stream({Frame(2, "123").not_final(), Frame(0, "").declaring(UINT64_MAX / 2)}),
           {"fail 1009 limit-message at 5"}, {too_long});
    options.message.max_fragments = 2;
    Endpoint e(options);
    e.feed(stream({Frame(2, "").not_final(), Frame(0, ""), Frame(2, "").not_final(),
                   Frame(0, "").not_final(), Frame(0, "")}));
    EXPECT_EQ(e.log, (Log{"binary ", "fail 1008 limit-fragments at 8"}));
}

TEST(Conn, WhatTheHeaderTellsComesBeforeWhatThePayloadTells)
{
    wsp_conn_options options = options_of(WSP_CLIENT);
    options.message.max_message = 4;
    expect(options, Frame(1, "\xff....").operator Bytes(), {"fail 1009 limit-message at 0"},
           {Frame(8, close_payload(1009, "a message is longer than the limit allows")).masked()});
}

TEST(Conn, PiecesDoNotDependOnRoomAndMayPointIntoTheInput)
{
    const std::string text(1000, 't');
    Endpoint client(WSP_CLIENT);
    wsp_conn_event ev;
    const Bytes in = Frame(1, text);
    EXPECT_EQ(wsp_conn_receive(&client.conn, 0, in.data(), in.size(), nullptr, 0, &ev), in.size());
    EXPECT_EQ(ev.type, WSP_CONN_DATA);
    EXPECT_EQ(ev.data, in.data() + 4);
    EXPECT_TRUE(ev.first && ev.last);

    for (wsp_role role : {WSP_SERVER, WSP_CLIENT}) {
        Endpoint e(role);
        e.room = 10;
        e.feed(from_peer_of(role, {Frame(1, text)}));
        EXPECT_EQ(e.log, Log{"text " + text});
        EXPECT_EQ(e.data_events, 100u);
    }
}

TEST(Conn, MessageCanBeCollectedInABufferInBothRoles)
{
    const Bytes frames = stream({Frame(2, "collect").not_final(), Frame(0, ""), Frame(2, "")});
    const Bytes masked = stream({Frame(2, "collect").not_final().masked(), Frame(0, "").masked()});
    for (wsp_role role : {WSP_SERVER, WSP_CLIENT}) {
        Endpoint e(role);
        const Bytes &in = role == WSP_SERVER ? masked : frames;
        std::string message(7, '.');
        auto *out = reinterpret_cast<uint8_t *>(message.data());
        size_t len = 0;
        for (uint8_t byte : in) {
            wsp_conn_event ev;
            wsp_conn_receive(&e.conn, 0, &byte, 1, out + len, 7 - len, &ev);
            if (ev.type == WSP_CONN_DATA && ev.opcode == WSP_OPCODE_BINARY)
                len += ev.len;
            if (ev.last)
                break;
        }
        EXPECT_EQ(message, "collect");
    }
}

TEST(Conn, APieceThatIsHeldWaitsForAllItsBytes)
{
    Endpoint e(WSP_SERVER);
    const Bytes in = Frame(2, "abcdef").masked();
    uint8_t out[2];
    wsp_conn_event ev;
    EXPECT_EQ(wsp_conn_receive(&e.conn, 0, in.data(), in.size(), out, 2, &ev), 0u);
    EXPECT_EQ(std::string(out, out + 2), "ab");
    EXPECT_EQ(wsp_conn_receive(&e.conn, 0, in.data(), 5, out, 2, &ev), 0u);
    EXPECT_EQ(ev.type, WSP_CONN_NONE);
    const Bytes more = in + Bytes(Frame(9, "").masked());
    EXPECT_EQ(wsp_conn_receive(&e.conn, 0, more.data(), more.size(), out, 2, &ev), 0u);
    EXPECT_EQ(std::string(out, out + 2), "cd");
    EXPECT_EQ(wsp_conn_receive(&e.conn, 0, more.data(), more.size(), out, 2, &ev), in.size());
    EXPECT_EQ(std::string(out, out + 2), "ef");
    EXPECT_TRUE(ev.last);
}

TEST(Conn, ACopyIsASnapshot)
{
    Endpoint a(WSP_SERVER);
    const Bytes in = stream({Frame(9, "split ping").masked(), Frame(1, "x").masked()});
    a.feed(in.data(), 9);
    Endpoint b = a;
    a.feed(Frame(8, "").masked());
    b.feed(in.data() + 9, in.size() - 9);
    EXPECT_EQ(b.log, (Log{"ping split ping", "text x"}));
}

TEST(Conn, NothingIsReadOrWrittenPastTheCallersMemory)
{
    Endpoint e(WSP_SERVER);
    const Bytes bytes = Frame(1, "guarded").masked();
    const Guarded in(bytes.data(), bytes.size());
    Guarded out(7);
    wsp_conn_event ev;
    EXPECT_EQ(wsp_conn_receive(&e.conn, 0, in.data(), in.size(), out.data(), 7, &ev), in.size());
    EXPECT_EQ(out.view(), "guarded");
    Guarded frame(9);
    wsp_conn_frame f = {WSP_OPCODE_TEXT, false, false, nullptr, out.data(), 7};
    EXPECT_EQ(wsp_conn_send(&e.conn, 0, &f, frame.data(), 9), 9);
}

// ---- Sending

TEST(Conn, FramesAreShortestAndMaskedByAClientOnly) // 5.2, 5.3
{
    for (size_t len : {0, 1, 125, 126, 65535, 65536}) {
        const std::string payload(len, 'x');
        for (int opcode : {1, 2}) {
            Endpoint server(WSP_SERVER), client(WSP_CLIENT);
            server.send(opcode, payload);
            client.send(opcode, payload);
            EXPECT_EQ(server.wire, Bytes(Frame(opcode, payload))) << len;
            EXPECT_EQ(client.wire, Bytes(Frame(opcode, payload).masked())) << len;
        }
    }
}

TEST(Conn, HeaderAloneLeavesAServersPayloadAlone)
{
    const std::string payload(300, 'x');
    for (wsp_role role : {WSP_SERVER, WSP_CLIENT}) {
        Endpoint e(role);
        uint8_t header[WSP_FRAME_HEADER_MAX];
        std::string own = payload; // masked where it lies
        wsp_conn_frame f = {WSP_OPCODE_BINARY, false, false, e.key(), own.data(), own.size()};
        const int n =
            wsp_conn_send_header(&e.conn, 0, &f, header, reinterpret_cast<uint8_t *>(own.data()));
        Frame expected(2, payload);
        if (role == WSP_CLIENT)
            expected.masked();
        EXPECT_EQ(Bytes(header, header + n), expected.header());
        EXPECT_EQ(from_text(own), expected.payload_on_wire());
        EXPECT_EQ(own == payload, role == WSP_SERVER);
    }
}

TEST(Conn, PingMaskedInPlaceStillKnowsItsPong)
{
    Endpoint e(WSP_CLIENT);
    uint8_t payload[] = {'a', 'b'}, header[WSP_FRAME_HEADER_MAX];
    wsp_conn_frame f = {WSP_OPCODE_PING, false, false, test_key, payload, 2};
    ASSERT_EQ(wsp_conn_send_header(&e.conn, 0, &f, header, payload), 6);
    e.now = 5;
    e.feed(Frame(10, "ab"));
    EXPECT_EQ(e.log, Log{"pong after 5 ab"});
}

// What is refused in an open connection that is sending no message, and with which error.
const struct {
    const char *what;
    int opcode;
    std::string payload;
    bool more, compressed;
    int error;
} refused[] = {
    {"reserved data opcode", 3, "", false, false, WSP_ERR_RANGE},
    {"reserved control opcode", 11, "", false, false, WSP_ERR_RANGE},
    {"no opcode", 16, "", false, false, WSP_ERR_RANGE},
    {"ping of 126 bytes", 9, std::string(126, 'p'), false, false, WSP_ERR_RANGE},
    {"ping in fragments", 9, "", true, false, WSP_ERR_RANGE},
    {"Close in fragments", 8, "", true, false, WSP_ERR_RANGE},
    {"Close of one byte", 8, "x", false, false, WSP_ERR_RANGE},
    {"Close 1006", 8, "\x03\xee", false, false, WSP_ERR_RANGE},
    {"Close 5000", 8, "\x13\x88", false, false, WSP_ERR_RANGE},
    {"reason not UTF-8", 8, "\x03\xe8\xff", false, false, WSP_ERR_VALUE},
    {"text not UTF-8", 1, "\xff", false, false, WSP_ERR_VALUE},
    {"fragment of text not UTF-8", 1, "\xed\xa0", true, false, WSP_ERR_VALUE},
    {"text ends inside a character", 1, "\xe2\x82", false, false, WSP_ERR_VALUE},
    {"continuation of nothing", 0, "", false, false, WSP_ERR_ORDER},
    {"compressed without agreement", 1, "", false, true, WSP_ERR_EXTENSION},
    {"compressed ping", 9, "", false, true, WSP_ERR_EXTENSION},
};

TEST(Conn, IllegalFramesAreRefusedAndChangeNothing)
{
    for (wsp_role role : {WSP_SERVER, WSP_CLIENT})
        for (const auto &row : refused) {
            Endpoint e(role);
            wsp_conn_frame f = {};
            f.opcode = static_cast<uint8_t>(row.opcode);
            f.more = row.more;
            f.compressed = row.compressed;
            f.payload = row.payload.data();
            f.len = row.payload.size();
            EXPECT_EQ(e.send(f), row.error) << row.what;
            f.masking_key = e.key();
            uint8_t header[WSP_FRAME_HEADER_MAX];
            EXPECT_EQ(wsp_conn_send(&e.conn, 0, &f, nullptr, 0), row.error)
                << row.what << ": that comes before the lack of room";
            EXPECT_EQ(wsp_conn_send_header(&e.conn, 0, &f, header, nullptr), row.error) << row.what;
            EXPECT_EQ(e.state(), WSP_STATE_OPEN) << row.what;
            EXPECT_GT(e.send(1, "still fine"), 0) << row.what;
            EXPECT_GT(e.close(1000), 0) << row.what;
        }
}

TEST(Conn, FragmentsComeInOrderWithControlFramesBetween) // 5.4
{
    Endpoint e(WSP_SERVER), peer(WSP_CLIENT);
    EXPECT_GT(e.send(1, "\xe2\x82", true), 0); // half a character
    EXPECT_EQ(e.send(2, "x"), WSP_ERR_ORDER);
    EXPECT_EQ(e.send(1, "x"), WSP_ERR_ORDER);
    EXPECT_EQ(e.send(0, "("), WSP_ERR_VALUE);
    EXPECT_GT(e.send(9, "between"), 0);
    EXPECT_GT(e.send(10, "unasked"), 0);
    EXPECT_EQ(e.send(0, ""), WSP_ERR_VALUE); // would end inside the character
    EXPECT_GT(e.send(0, "", true), 0);
    EXPECT_GT(e.send(0, "\xac"), 0);
    EXPECT_EQ(e.send(0, ""), WSP_ERR_ORDER);
    EXPECT_GT(e.send(2, "\xff", true), 0); // binary is any bytes
    EXPECT_GT(e.send(0, "\xff"), 0);
    peer.feed(e.wire);
    EXPECT_EQ(peer.log,
              (Log{"ping between", "pong unasked", "text \xe2\x82\xac", "binary \xff\xff"}));
}

TEST(Conn, AClientNeedsAKeyAndRoomForWhatItMasks) // 5.3
{
    Endpoint e(WSP_CLIENT);
    uint8_t out[64], header[WSP_FRAME_HEADER_MAX];
    wsp_conn_frame f = {WSP_OPCODE_TEXT, false, false, nullptr, "a", 1};
    EXPECT_EQ(wsp_conn_send(&e.conn, 0, &f, out, sizeof out), WSP_ERR_MASK);
    EXPECT_EQ(wsp_conn_close(&e.conn, 0, 1000, nullptr, 0, nullptr, out, sizeof out), WSP_ERR_MASK);
    EXPECT_EQ(wsp_conn_ping(&e.conn, 0, nullptr, out, sizeof out), WSP_ERR_MASK);
    f.masking_key = test_key;
    EXPECT_EQ(wsp_conn_send_header(&e.conn, 0, &f, header, nullptr), WSP_ERR_MASK);
    f.len = 0;
    EXPECT_EQ(wsp_conn_send_header(&e.conn, 0, &f, header, nullptr), 6);
}

TEST(Conn, TooLittleRoomChangesNothing)
{
    for (wsp_role role : {WSP_SERVER, WSP_CLIENT}) {
        Endpoint e(role);
        const size_t size = role == WSP_CLIENT ? 14 : 10;
        uint8_t payload[] = {0x03, 0xe8, 'r', 'e', 'a', 's', 'o', 'n'}, out[32];
        wsp_conn_frame f = {WSP_OPCODE_CLOSE, false, false, e.key(), payload, 8};
        for (size_t room = 0; room < size; room++)
            EXPECT_EQ(wsp_conn_send(&e.conn, 0, &f, out, room), WSP_ERR_SPACE);
        EXPECT_EQ(e.state(), WSP_STATE_OPEN);
        EXPECT_EQ(wsp_conn_send(&e.conn, 0, &f, out, size), static_cast<int64_t>(size));
        EXPECT_EQ(e.state(), WSP_STATE_CLOSE_SENT);
    }
}

TEST(Conn, RoomIsCountedToTheByte)
{
    for (wsp_role role : {WSP_SERVER, WSP_CLIENT})
        for (int opcode : {1, 2})
            for (size_t len : {0, 125, 126, 65535, 65536}) {
                const std::string payload(len, 'x');
                Endpoint e(role);
                wsp_conn_frame f = {};
                f.opcode = static_cast<uint8_t>(opcode);
                f.masking_key = e.key();
                f.payload = payload.data();
                f.len = len;
                const size_t size = (role == WSP_CLIENT ? Bytes(Frame(opcode, payload).masked())
                                                        : Bytes(Frame(opcode, payload)))
                                        .size();
                Guarded out(size);
                EXPECT_EQ(wsp_conn_send(&e.conn, 0, &f, out.data(), size - 1), WSP_ERR_SPACE);
                EXPECT_EQ(wsp_conn_send(&e.conn, 0, &f, out.data(), 1), WSP_ERR_SPACE);
                EXPECT_EQ(wsp_conn_send(&e.conn, 0, &f, out.data(), size),
                          static_cast<int64_t>(size));
            }
}

// ---- The close handshake: every state and what it allows

void bring_to(Endpoint &e, wsp_conn_state state)
{
    const wsp_role role = e.conn.options.role;
    e.answering = false;
    if (state == WSP_STATE_CLOSE_SENT || state == WSP_STATE_CLOSED)
        e.close(1000);
    if (state == WSP_STATE_CLOSE_RECEIVED || state == WSP_STATE_CLOSED)
        e.feed(from_peer_of(role, {Frame(8, close_payload(1000))}));
    if (state == WSP_STATE_FAILED)
        e.feed(from_peer_of(role, {Frame(3, "")}));
    ASSERT_EQ(e.state(), state);
    e.log.clear();
}

const struct {
    wsp_conn_state state;
    bool data, close; // may be sent
    const char *ping; // what is said of a ping received: nullptr = dropped
    bool answered;
    const char *close_event; // what is said of a Close 1001 received
    wsp_conn_state after_close;
    const char *end; // of the stream
} states[] = {
    {WSP_STATE_OPEN, true, true, "ping x", true, "close 1001 ", WSP_STATE_CLOSE_RECEIVED,
     "end 1006"},
    {WSP_STATE_CLOSE_SENT, false, false, "ping x", false, "close 1001 ", WSP_STATE_CLOSED,
     "end 1006"},
    {WSP_STATE_CLOSE_RECEIVED, true, true, nullptr, false, nullptr, WSP_STATE_CLOSE_RECEIVED,
     "end 1000"},
    {WSP_STATE_FAILED, false, true, nullptr, false, nullptr, WSP_STATE_FAILED, "end 1006"},
    {WSP_STATE_CLOSED, false, false, nullptr, false, nullptr, WSP_STATE_CLOSED, "clean end 1000"},
};

TEST(Conn, EveryStateAllowsWhatItShould) // 5.5.1, 7.1
{
    for (wsp_role role : {WSP_SERVER, WSP_CLIENT})
        for (const auto &row : states) {
            SCOPED_TRACE(testing::Message() << "state " << row.state << " role " << role);
            Endpoint e(role);
            bring_to(e, row.state);
            const int error = WSP_ERR_STATE;
            for (int opcode : {1, 2, 9, 10}) {
                Endpoint other = e;
                EXPECT_EQ(other.send(opcode, "x") > 0, row.data) << opcode;
                EXPECT_TRUE(row.data || other.send(opcode, "x") == error) << opcode;
            }
            Endpoint closing = e;
            EXPECT_EQ(closing.close(1000) > 0, row.close);
            EXPECT_EQ(closing.close(1000), error) << "a second Close";
            EXPECT_EQ(closing.send(1, "x"), error) << "data after Close";

            Endpoint receiving = e;
            receiving.feed(from_peer_of(role, {Frame(1, "m"), Frame(9, "x")}));
            EXPECT_EQ(receiving.log, row.ping ? (Log{"text m", row.ping}) : Log{});
            Endpoint answering = e;
            answering.answering = true;
            answering.feed(from_peer_of(role, {Frame(9, "x")}));
            EXPECT_EQ(answering.replies.size(), row.answered ? 1u : 0u);
            e.feed(from_peer_of(role, {Frame(8, close_payload(1001))}));
            EXPECT_EQ(e.log, row.close_event ? Log{row.close_event} : Log{});
            EXPECT_EQ(e.state(), row.after_close);
        }
}

TEST(Conn, EndOfStreamInEveryStateIsFinalAndSaysHowItEnded) // 7.1.4, 7.1.5
{
    for (wsp_role role : {WSP_SERVER, WSP_CLIENT})
        for (const auto &row : states) {
            Endpoint e(role);
            bring_to(e, row.state);
            e.end();
            e.end();
            EXPECT_EQ(e.log, (Log{row.end, row.end})) << row.state;
            EXPECT_EQ(e.state(), WSP_STATE_CLOSED);
            EXPECT_EQ(e.tcp(), WSP_TCP_CLOSE);
            EXPECT_EQ(e.send(1, "x"), WSP_ERR_STATE);
            EXPECT_EQ(e.close(1000), WSP_ERR_STATE);
            e.feed(from_peer_of(role, {Frame(1, "late")}));
            EXPECT_EQ(e.log.size(), 2u);
            EXPECT_TRUE(e.all_consumed);
            EXPECT_EQ(wsp_conn_deadline(&e.conn), WSP_NEVER);
        }
}

TEST(Conn, EndInsideAFrameOrAMessageIsTruncated)
{
    Endpoint header(WSP_CLIENT), payload(WSP_CLIENT), message(WSP_CLIENT), after_close(WSP_CLIENT);
    header.feed(from_hex("81"));
    payload.feed(from_hex("8102 61"));
    message.feed(Frame(1, "a").not_final());
    after_close.feed(Frame(8, close_payload(1000)));
    for (Endpoint *e : {&header, &payload, &message}) {
        e->end();
        EXPECT_EQ(e->log.back(), "end 1006 truncated");
    }
    after_close.end();
    EXPECT_EQ(after_close.log.back(), "clean end 1000");
}

TEST(Conn, TheServerEndsTcpFirstAndTheClientWaits) // 7.1.1
{
    for (wsp_role role : {WSP_SERVER, WSP_CLIENT}) {
        Endpoint e(role);
        EXPECT_EQ(e.tcp(), WSP_TCP_KEEP);
        e.close(1000);
        EXPECT_EQ(e.tcp(), WSP_TCP_KEEP);
        e.feed(from_peer_of(role, {Frame(8, close_payload(1000))}));
        EXPECT_EQ(e.tcp(), role == WSP_SERVER ? WSP_TCP_FINISH : WSP_TCP_KEEP);
        e.end();
        EXPECT_EQ(e.tcp(), WSP_TCP_CLOSE);
    }
}

TEST(Conn, WhoFailsTheConnectionEndsTcpWhenItsCloseIsSent) // 7.1.7
{
    for (wsp_role role : {WSP_SERVER, WSP_CLIENT}) {
        Endpoint e(role);
        bring_to(e, WSP_STATE_FAILED);
        EXPECT_EQ(e.tcp(), WSP_TCP_KEEP);
        EXPECT_GT(e.close(1002), 0);
        EXPECT_EQ(e.tcp(), WSP_TCP_FINISH);

        Endpoint late(role); // our Close was sent before: nothing more may be said
        late.close(1000);
        late.feed(from_peer_of(role, {Frame(3, "")}));
        EXPECT_EQ(late.replies.size(), 0u);
        EXPECT_EQ(late.tcp(), WSP_TCP_FINISH);
    }
}

TEST(Conn, MessagesStillArriveAfterOurClose) // 1.4
{
    Endpoint e(WSP_CLIENT);
    e.close(1000);
    e.feed(stream({Frame(1, "on its way"), Frame(8, close_payload(1000))}));
    EXPECT_EQ(e.log, (Log{"text on its way", "close 1000 "}));
    EXPECT_EQ(e.replies.size(), 0u);
    EXPECT_EQ(e.state(), WSP_STATE_CLOSED);
}

TEST(Conn, BothMayCloseAtOnce) // 7.1.3
{
    Endpoint a(WSP_SERVER), b(WSP_CLIENT);
    a.close(1001, "server");
    b.close(3000, "client");
    const Bytes of_a = a.take_wire(), of_b = b.take_wire();
    a.feed(of_b);
    b.feed(of_a);
    EXPECT_EQ(a.log, Log{"close 3000 client"});
    EXPECT_EQ(b.log, Log{"close 1001 server"});
    EXPECT_TRUE(a.take_wire().empty() && b.take_wire().empty());
    EXPECT_EQ(a.state(), WSP_STATE_CLOSED);
    EXPECT_EQ(b.state(), WSP_STATE_CLOSED);
}

TEST(Conn, CloseRefusesWhatMayNotBeOnTheWire)
{
    for (int code : {1, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535}) {
        Endpoint e(WSP_SERVER);
        EXPECT_EQ(e.close(code), WSP_ERR_RANGE) << code;
        EXPECT_EQ(e.state(), WSP_STATE_OPEN);
    }
    Endpoint e(WSP_SERVER);
    EXPECT_EQ(e.close(0, "reason without a code"), WSP_ERR_RANGE);
    EXPECT_EQ(e.close(1000, std::string(124, 'r')), WSP_ERR_RANGE);
    EXPECT_EQ(e.close(1000, "\xff"), WSP_ERR_VALUE);
    EXPECT_EQ(e.close(0), 2);
    EXPECT_EQ(e.wire, Bytes(Frame(8, "")));
}

// ---- Two endpoints joined

TEST(Conn, ClientAndServerUnderstandEachOtherHoweverTheBytesAreCut)
{
    for (size_t piece = 1; piece <= 40; piece++) {
        Endpoint server(WSP_SERVER), client(WSP_CLIENT);
        auto turn = [&](Endpoint &from, Endpoint &to) {
            to.feed_in_pieces(from.take_wire(), piece);
        };
        client.send(1, "Hel", true);
        client.send(9, "are you there?");
        client.send(0, "lo");
        turn(client, server);
        server.send(2, std::string(300, 'b'));
        turn(server, client);
        client.close(1000, "done");
        turn(client, server);
        turn(server, client);
        server.end();
        client.end();
        EXPECT_EQ(server.log,
                  (Log{"ping are you there?", "text Hello", "close 1000 done", "clean end 1000"}));
        EXPECT_EQ(client.log, (Log{"pong after 0 are you there?", "binary " + std::string(300, 'b'),
                                   "close 1000 ", "clean end 1000"}));
    }
}

// ---- One frame for many connections

TEST(Conn, ASharedFrameGoesToEveryConnectionThatMaySendNow)
{
    Bytes out(64);
    wsp_conn_frame f = {WSP_OPCODE_TEXT, false, false, nullptr, "news", 4};
    const int64_t n = wsp_conn_shared_encode(&f, out.data(), out.size());
    out.resize(static_cast<size_t>(n));
    EXPECT_EQ(out, Bytes(Frame(1, "news")));

    Endpoint open(WSP_SERVER), inside(WSP_SERVER), closing(WSP_SERVER), client(WSP_CLIENT);
    inside.send(1, "a", true);
    closing.close(1000);
    EXPECT_EQ(wsp_conn_shared_send(&open.conn, 0, out.data(), out.size()), WSP_OK);
    EXPECT_EQ(wsp_conn_shared_send(&inside.conn, 0, out.data(), out.size()), WSP_ERR_ORDER);
    EXPECT_EQ(wsp_conn_shared_send(&closing.conn, 0, out.data(), out.size()), WSP_ERR_STATE);
    EXPECT_EQ(wsp_conn_shared_send(&client.conn, 0, out.data(), out.size()), WSP_ERR_MASK);
    EXPECT_EQ(open.send(0, "x"), WSP_ERR_ORDER) << "a shared message is whole";
}

TEST(Conn, ASharedCloseAndPingAreNotedInEveryConnection)
{
    Bytes out(64);
    const Bytes payload = close_payload(1001, "restart");
    wsp_conn_frame close = {WSP_OPCODE_CLOSE, false,          false,
                            nullptr,          payload.data(), payload.size()};
    wsp_conn_frame ping = {WSP_OPCODE_PING, false, false, nullptr, "p", 1};
    Endpoint e(WSP_SERVER);
    int64_t n = wsp_conn_shared_encode(&ping, out.data(), out.size());
    EXPECT_EQ(wsp_conn_shared_send(&e.conn, 10, out.data(), static_cast<size_t>(n)), WSP_OK);
    e.now = 13;
    e.feed(Frame(10, "p").masked());
    EXPECT_EQ(e.log, Log{"pong after 3 p"});
    n = wsp_conn_shared_encode(&close, out.data(), out.size());
    EXPECT_EQ(wsp_conn_shared_send(&e.conn, 10, out.data(), static_cast<size_t>(n)), WSP_OK);
    EXPECT_EQ(e.state(), WSP_STATE_CLOSE_SENT);
    EXPECT_EQ(wsp_conn_shared_send(&e.conn, 10, out.data(), static_cast<size_t>(n)), WSP_ERR_STATE);
}

TEST(Conn, ASharedCompressedFrameNeedsMessagesCompressedAlone) // RFC 7692 7.1.1
{
    Bytes out(64);
    wsp_conn_frame f = {WSP_OPCODE_TEXT, false, true, nullptr, "\xf2\x48\xcd\xc9\xc9\x07", 6};
    const int64_t n = wsp_conn_shared_encode(&f, out.data(), out.size());
    ASSERT_EQ(n, 8);
    EXPECT_EQ(out[0], 0xc1);
    wsp_conn_options options = options_of(WSP_SERVER);
    Endpoint plain(options);
    options.deflater = reinterpret_cast<wsp_deflater *>(&out); // not used: its window is kept
    Endpoint window(options);
    options.compress_alone = true;
    Endpoint alone(options);
    EXPECT_EQ(wsp_conn_shared_send(&plain.conn, 0, out.data(), 8), WSP_ERR_EXTENSION);
    EXPECT_EQ(wsp_conn_shared_send(&window.conn, 0, out.data(), 8), WSP_ERR_EXTENSION);
    EXPECT_EQ(wsp_conn_shared_send(&alone.conn, 0, out.data(), 8), WSP_OK);
}

TEST(Conn, WhatIsNotAWholeLegalFrameIsNotShared)
{
    Bytes out(64);
    wsp_conn_frame fragment = {WSP_OPCODE_TEXT, true, false, nullptr, "a", 1};
    wsp_conn_frame rest = {WSP_OPCODE_CONTINUATION, false, false, nullptr, "a", 1};
    wsp_conn_frame latin = {WSP_OPCODE_TEXT, false, false, nullptr, "\xe4", 1};
    wsp_conn_frame text = {WSP_OPCODE_TEXT, false, false, nullptr, "a", 1};
    EXPECT_EQ(wsp_conn_shared_encode(&fragment, out.data(), 64), WSP_ERR_RANGE);
    EXPECT_EQ(wsp_conn_shared_encode(&rest, out.data(), 64), WSP_ERR_RANGE);
    EXPECT_EQ(wsp_conn_shared_encode(&latin, out.data(), 64), WSP_ERR_VALUE);
    EXPECT_EQ(wsp_conn_shared_encode(&text, out.data(), 2), WSP_ERR_SPACE);
    Endpoint e(WSP_SERVER);
    for (const Bytes &frame :
         {Bytes(), Bytes{0x81}, Bytes(Frame(1, "a").not_final()), Bytes(Frame(0, "a")),
          Bytes(Frame(1, "a").masked()), Bytes(Frame(1, "a").declaring(2)), Bytes(Frame(3, "a")),
          Bytes(Frame(1, "a").rsv(2)), Bytes(Frame(8, "x")),
          stream({Frame(1, "a"), Frame(1, "b")})})
        EXPECT_EQ(wsp_conn_shared_send(&e.conn, 0, frame.data(), frame.size()), WSP_ERR_RANGE)
            << to_hex(frame);
    EXPECT_EQ(e.state(), WSP_STATE_OPEN);
}

// ---- Deadlines

wsp_conn_options keepalive()
{
    wsp_conn_options options = options_of(WSP_SERVER);
    options.ping_interval = 30;
    options.pong_timeout = 10;
    options.idle_timeout = 100;
    options.close_timeout = 5;
    return options;
}

const Bytes a_byte = {0x81};

TEST(Conn, WithoutTimeoutsThereIsNoDeadline)
{
    Endpoint e(WSP_SERVER);
    e.ping();
    e.close(1000);
    EXPECT_EQ(wsp_conn_deadline(&e.conn), WSP_NEVER);
    EXPECT_EQ(wsp_conn_due(&e.conn, UINT64_MAX), WSP_TASK_NONE);
}

TEST(Conn, PingIsDueWhenNothingCameForItsInterval)
{
    Endpoint e(keepalive());
    EXPECT_EQ(wsp_conn_deadline(&e.conn), 30u);
    EXPECT_EQ(wsp_conn_due(&e.conn, 29), WSP_TASK_NONE);
    EXPECT_EQ(wsp_conn_due(&e.conn, 30), WSP_TASK_PING);
    e.now = 20;
    e.feed(a_byte); // also half a header is life
    EXPECT_EQ(wsp_conn_deadline(&e.conn), 50u);
    e.feed(nullptr, 0); // but nothing is not
    EXPECT_EQ(wsp_conn_deadline(&e.conn), 50u);
}

TEST(Conn, PingWithoutASignOfLifeIsDeathAndLaterPingsDoNotPutItOff)
{
    Endpoint e(keepalive());
    e.now = 30;
    EXPECT_EQ(e.ping(), 10);
    EXPECT_EQ(wsp_conn_deadline(&e.conn), 40u);
    e.now = 35;
    e.send(9, "another");
    EXPECT_EQ(wsp_conn_deadline(&e.conn), 40u);
    EXPECT_EQ(wsp_conn_due(&e.conn, 39), WSP_TASK_NONE);
    EXPECT_EQ(wsp_conn_due(&e.conn, 40), WSP_TASK_DEAD);
    e.now = 39;
    e.feed(a_byte); // not a pong, but life
    EXPECT_EQ(wsp_conn_due(&e.conn, 40), WSP_TASK_NONE);
    EXPECT_EQ(wsp_conn_deadline(&e.conn), 69u);
}

TEST(Conn, IdleTimeoutCountsFromTheLastByteWhateverWeSend)
{
    wsp_conn_options options = keepalive();
    options.ping_interval = options.pong_timeout = 0;
    Endpoint e(options);
    e.now = 60;
    e.send(1, "we talk");
    EXPECT_EQ(wsp_conn_deadline(&e.conn), 100u);
    EXPECT_EQ(wsp_conn_due(&e.conn, 100), WSP_TASK_DEAD);
    e.feed(a_byte);
    EXPECT_EQ(wsp_conn_deadline(&e.conn), 160u);
}

TEST(Conn, CloseTimeoutCountsFromTheFirstStepAndThereAreNoMorePings) // 7.1.1
{
    for (int first : {0, 1, 2}) {
        Endpoint e(keepalive());
        e.answering = false;
        e.now = 10;
        if (first == 0)
            e.close(1000);
        else
            e.feed(first == 1 ? Frame(8, "").masked() : Frame(8, ""));
        EXPECT_EQ(wsp_conn_deadline(&e.conn), 15u) << first;
        e.now = 14;
        e.feed(a_byte);
        e.close(1000);
        EXPECT_EQ(wsp_conn_deadline(&e.conn), 15u) << first;
        EXPECT_EQ(wsp_conn_due(&e.conn, 14), WSP_TASK_NONE);
        EXPECT_EQ(wsp_conn_due(&e.conn, 15), WSP_TASK_CLOSE);
        EXPECT_EQ(wsp_conn_due(&e.conn, 1000), WSP_TASK_CLOSE);
        e.end();
        EXPECT_EQ(wsp_conn_due(&e.conn, 1000), WSP_TASK_NONE);
    }
}

TEST(Conn, WhoIsClosingSendsNoPings)
{
    wsp_conn_options options = options_of(WSP_SERVER);
    options.ping_interval = 30;
    for (wsp_conn_state state :
         {WSP_STATE_CLOSE_SENT, WSP_STATE_CLOSE_RECEIVED, WSP_STATE_FAILED, WSP_STATE_CLOSED}) {
        Endpoint e(options);
        EXPECT_EQ(wsp_conn_deadline(&e.conn), 30u);
        bring_to(e, state);
        EXPECT_EQ(wsp_conn_deadline(&e.conn), WSP_NEVER) << state;
    }
}

TEST(Conn, DeadlineAndTaskAgreeAtEveryTime)
{
    Endpoint e(keepalive());
    for (uint64_t now = 0; now < 300; now++) {
        e.now = now;
        EXPECT_EQ(wsp_conn_due(&e.conn, now) != WSP_TASK_NONE, wsp_conn_deadline(&e.conn) <= now)
            << now;
        if (wsp_conn_due(&e.conn, now) == WSP_TASK_PING) {
            EXPECT_GT(e.ping(), 0);
        }
        if (now % 37 == 36 && now < 150)
            e.feed(a_byte);
        if (now == 200)
            e.close(1000);
    }
}

TEST(Conn, TimeAtTheEndOfItsRangeDoesNotWrap)
{
    wsp_conn_options options = keepalive();
    options.idle_timeout = UINT64_MAX;
    Endpoint e(options);
    e.now = UINT64_MAX - 3;
    e.feed(a_byte);
    e.ping();
    EXPECT_EQ(wsp_conn_deadline(&e.conn), WSP_NEVER);
    EXPECT_EQ(wsp_conn_due(&e.conn, UINT64_MAX), WSP_TASK_NONE);
}

TEST(Conn, OnlyThePongOfTheLastPingTellsTheRoundTripAndOnlyOnce) // 5.5.3
{
    Endpoint e(keepalive()), peer(WSP_CLIENT);
    e.now = 30;
    e.ping();
    peer.feed(e.take_wire());
    const Bytes old_pong = peer.take_wire();
    e.now = 33;
    e.ping();
    peer.feed(e.take_wire());
    const Bytes pong = peer.take_wire();
    const std::string one("\0\0\0\0\0\0\0\1", 8), two("\0\0\0\0\0\0\0\2", 8);
    e.now = 40;
    e.feed(old_pong);
    e.feed(pong);
    e.feed(pong);
    EXPECT_EQ(e.log, (Log{"pong " + one, "pong after 7 " + two, "pong " + two}));
}

TEST(Conn, DeadlinesChangeNothing)
{
    Endpoint e(keepalive());
    e.now = 30;
    e.ping();
    for (uint64_t now : {uint64_t(0), uint64_t(40), uint64_t(1000), UINT64_MAX})
        wsp_conn_due(&e.conn, now);
    EXPECT_EQ(wsp_conn_deadline(&e.conn), 40u);
    EXPECT_EQ(e.state(), WSP_STATE_OPEN);
}
} // namespace
