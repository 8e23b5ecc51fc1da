// Endpoints that agreed to permessage-deflate (RFC 7692): which messages are compressed, what
// limits hold, and what may be shared.
#include "endpoint.h"

#include <wsproto/deflate.h>
#include <wsproto/error.h>

#include <gtest/gtest.h>

#include <memory>

namespace
{
using Log = std::vector<std::string>;

// An endpoint with an inflater and a deflater of its own.
struct Compressing {
    std::unique_ptr<wsp_inflater, void (*)(wsp_inflater *)> inflater;
    std::unique_ptr<wsp_deflater, void (*)(wsp_deflater *)> deflater;
    Endpoint e;

    explicit Compressing(wsp_role role, bool alone = false, const wsp_message_rules &limits = {})
        : inflater(wsp_inflater_new(15, alone, nullptr), wsp_inflater_free),
          deflater(wsp_deflater_new(15, alone, 6, 0, nullptr), wsp_deflater_free),
          e(options(role, alone, limits))
    {
    }

    wsp_conn_options options(wsp_role role, bool alone, const wsp_message_rules &limits)
    {
        wsp_conn_options o = options_of(role);
        o.message = limits;
        o.message.inflater = inflater.get();
        o.deflater = deflater.get();
        o.compress_alone = alone;
        return o;
    }

    int64_t send_deflated(int opcode, const std::string &payload, size_t room = 1 << 16)
    {
        Bytes out(room);
        wsp_conn_frame f = {};
        f.opcode = static_cast<uint8_t>(opcode);
        f.masking_key = e.key();
        f.payload = payload.data();
        f.len = payload.size();
        const int64_t n = wsp_conn_send_deflated(&e.conn, 0, &f, out.data(), out.size());
        if (n > 0)
            e.wire.insert(e.wire.end(), out.begin(), out.begin() + n);
        return n;
    }
};

const std::string story(300, 's');

TEST(ConnDeflate, CompressedAndPlainMessagesAlternateInBothRolesHoweverCut)
{
    for (wsp_role role : {WSP_SERVER, WSP_CLIENT})
        for (size_t piece : {size_t(1), size_t(3), size_t(1000)})
            for (size_t room : {size_t(1), size_t(100), size_t(4096)}) {
                Compressing from(role), to(role == WSP_SERVER ? WSP_CLIENT : WSP_SERVER);
                to.e.room = room;
                EXPECT_GT(from.send_deflated(1, story), 0);
                EXPECT_GT(from.e.send(1, "plain"), 0);
                EXPECT_GT(from.e.send(9, "ping"), 0);
                EXPECT_GT(from.send_deflated(2, story), 0);
                EXPECT_GT(from.send_deflated(1, ""), 0);
                to.e.feed_in_pieces(from.e.take_wire(), piece);
                EXPECT_EQ(to.e.log, (Log{"compressed text " + story, "text plain", "ping ping",
                                         "compressed binary " + story, "compressed text "}))
                    << "piece " << piece << " room " << room;
            }
}

TEST(ConnDeflate, TheWindowIsKeptUnlessMessagesAreCompressedAlone) // RFC 7692 7.1.1
{
    std::string varied;
    for (int i = 0; i < 200; i++)
        varied += static_cast<char>(i * i * 7 % 95 + 32);
    Compressing kept(WSP_SERVER), alone(WSP_SERVER, true);
    const int64_t first = kept.send_deflated(1, varied);
    EXPECT_LT(kept.send_deflated(1, varied), first / 2);
    EXPECT_EQ(alone.send_deflated(1, varied), alone.send_deflated(1, varied));
}

TEST(ConnDeflate, WhatIsRefusedDoesNotTouchTheWindow)
{
    Compressing from(WSP_SERVER), to(WSP_CLIENT);
    wsp_conn_frame f = {WSP_OPCODE_TEXT, true, false, nullptr, "a", 1};
    Bytes out(4096);
    EXPECT_EQ(wsp_conn_send_deflated(&from.e.conn, 0, &f, out.data(), out.size()), WSP_ERR_RANGE);
    EXPECT_EQ(from.send_deflated(9, "ping"), WSP_ERR_RANGE);
    EXPECT_EQ(from.send_deflated(1, "\xff"), WSP_ERR_VALUE);
    EXPECT_EQ(from.send_deflated(0, "a"), WSP_ERR_RANGE);
    EXPECT_EQ(from.send_deflated(1, story, 20), WSP_ERR_SPACE);
    EXPECT_GT(from.send_deflated(1, story), 0);
    from.e.close(1000);
    EXPECT_EQ(from.send_deflated(1, story), WSP_ERR_STATE);
    to.e.feed(from.e.wire);
    EXPECT_EQ(to.e.log, (Log{"compressed text " + story, "close 1000 "}));

    Endpoint without(WSP_SERVER);
    f.more = false;
    EXPECT_EQ(wsp_conn_send_deflated(&without.conn, 0, &f, out.data(), out.size()),
              WSP_ERR_EXTENSION);
    EXPECT_EQ(wsp_conn_send_deflated(&without.conn, 0, &f, out.data(), 0), WSP_ERR_EXTENSION);
    f.payload = "\xff";
    EXPECT_EQ(wsp_conn_send_deflated(&without.conn, 0, &f, out.data(), 0), WSP_ERR_VALUE)
        << "a rule comes before the deflater and the room";
}

TEST(ConnDeflate, FragmentsAreCompressedByTheCaller) // RFC 7692 7.2.1
{
    Compressing from(WSP_CLIENT), to(WSP_SERVER);
    const std::string halves[] = {story, "end"};
    for (bool last : {false, true}) {
        Bytes out(4096);
        size_t in_len = halves[last].size(), out_len = out.size();
        wsp_deflate(from.deflater.get(), reinterpret_cast<const uint8_t *>(halves[last].data()),
                    &in_len, last, out.data(), &out_len);
        wsp_conn_frame f = {};
        f.opcode = last ? WSP_OPCODE_CONTINUATION : WSP_OPCODE_TEXT;
        f.more = f.compressed = !last;
        f.payload = out.data();
        f.len = out_len;
        EXPECT_GT(from.e.send(f), 0);
    }
    to.e.feed(from.e.wire);
    EXPECT_EQ(to.e.log, Log{"compressed text " + story + "end"});
}

TEST(ConnDeflate, LimitsLookAtInflatedBytes)
{
    for (size_t piece : {size_t(1), size_t(100000)}) {
        wsp_message_rules limits = {};
        limits.max_inflated = 1000;
        Compressing from(WSP_CLIENT), to(WSP_SERVER, false, limits);
        EXPECT_GT(from.send_deflated(2, std::string(1000, 'b')), 0);
        EXPECT_GT(from.send_deflated(2, std::string(1001, 'b')), 0);
        to.e.feed_in_pieces(from.e.wire, piece);
        ASSERT_EQ(to.e.log.size(), 2u);
        EXPECT_EQ(to.e.log[0], "compressed binary " + std::string(1000, 'b'));
        EXPECT_EQ(to.e.log[1].substr(0, 24), "fail 1009 limit-inflated");
        limits.max_inflated = 0;
        limits.max_ratio = 20;
        Compressing bomb(WSP_CLIENT), victim(WSP_SERVER, false, limits);
        EXPECT_GT(bomb.send_deflated(2, std::string(40000, 'b')), 0);
        victim.e.feed_in_pieces(bomb.e.wire, piece);
        ASSERT_EQ(victim.e.log.size(), 1u);
        EXPECT_EQ(victim.e.log[0].substr(0, 21), "fail 1009 limit-ratio");
    }
}

TEST(ConnDeflate, InflatedTextIsCheckedAndWrongDataFails) // RFC 6455 8.1, RFC 7692 7.2.2
{
    Compressing from(WSP_SERVER), to(WSP_CLIENT), other(WSP_CLIENT);
    from.send_deflated(2, "a\xff");
    Bytes as_text = from.e.take_wire();
    as_text[0] = 0xc1;
    to.e.feed(as_text);
    ASSERT_EQ(to.e.log.size(), 1u);
    EXPECT_EQ(to.e.log[0].substr(0, 19), "fail 1007 text-utf8");
    other.e.feed(Frame(1, "\xff\xff\xff\xff").rsv(4));
    ASSERT_EQ(other.e.log.size(), 1u);
    EXPECT_EQ(other.e.log[0].substr(0, 22), "fail 1007 deflate-data");
}

TEST(ConnDeflate, Rsv1OnControlAndContinuationFramesFails) // RFC 7692 6
{
    for (const Bytes &in :
         {Bytes(Frame(9, "x").rsv(4)), stream({Frame(1, "").not_final(), Frame(0, "").rsv(4)})}) {
        Compressing to(WSP_CLIENT);
        to.e.feed(in);
        ASSERT_FALSE(to.e.log.empty());
        EXPECT_EQ(to.e.log.back().substr(0, 26), "fail 1002 rsv-unnegotiated");
    }
}

TEST(ConnDeflate, AFrameCompressedAloneIsForEveryone)
{
    std::unique_ptr<wsp_deflater, void (*)(wsp_deflater *)> once(
        wsp_deflater_new(15, true, 6, 0, nullptr), wsp_deflater_free);
    Bytes payload(4096), frame(4096);
    size_t in_len = story.size(), len = payload.size();
    wsp_deflate(once.get(), reinterpret_cast<const uint8_t *>(story.data()), &in_len, true,
                payload.data(), &len);
    wsp_conn_frame f = {WSP_OPCODE_TEXT, false, true, nullptr, payload.data(), len};
    const int64_t n = wsp_conn_shared_encode(&f, frame.data(), frame.size());
    ASSERT_GT(n, 0);
    frame.resize(static_cast<size_t>(n));
    for (const bool after_another : {false, true}) {
        Compressing from(WSP_SERVER, true), to(WSP_CLIENT, true);
        if (after_another)
            from.send_deflated(1, "x" + story);
        EXPECT_EQ(wsp_conn_shared_send(&from.e.conn, 0, frame.data(), frame.size()), WSP_OK);
        from.e.wire = from.e.wire + frame;
        from.send_deflated(1, story);
        to.e.feed(from.e.wire);
        ASSERT_GE(to.e.log.size(), 2u);
        EXPECT_EQ(to.e.log.back(), "compressed text " + story);
        EXPECT_EQ(to.e.log[to.e.log.size() - 2], "compressed text " + story);
    }
    Compressing window(WSP_SERVER);
    EXPECT_EQ(wsp_conn_shared_send(&window.e.conn, 0, frame.data(), frame.size()),
              WSP_ERR_EXTENSION);
}

// What is wrong first is what the connection fails for, also when more is wrong in the same bytes.
TEST(ConnDeflate, AFailureIsTheSameHoweverCut)
{
    wsp_message_rules limits = {};
    limits.max_inflated = 16;
    const std::string stored_1("\x00\x01\x00\xfe\xff", 5), stored_17("\x00\x11\x00\xee\xff", 5),
        stored_18("\x00\x12\x00\xed\xff", 5), no_block = "\x07";
    const struct {
        const char *why;
        std::string payload, expected;
    } cases[] = {
        {"wrong text, then wrong data", stored_1 + "\xff" + no_block, "fail 1007 text-utf8 at 0"},
        {"limit, then wrong data", stored_17 + std::string(17, 'x') + no_block,
         "fail 1009 limit-inflated at 0"},
        {"wrong text, then limit", stored_18 + "\xff" + std::string(17, 'x') + '\0',
         "fail 1007 text-utf8 at 0"},
    };
    for (const auto &c : cases)
        for (size_t piece : {size_t(1), size_t(3), size_t(1000)})
            for (size_t room : {size_t(1), size_t(16), size_t(4096)}) {
                Compressing to(WSP_CLIENT, false, limits);
                to.e.room = room;
                to.e.feed_in_pieces(Frame(1, c.payload).rsv(4), piece);
                EXPECT_EQ(to.e.log, Log{c.expected})
                    << c.why << ", piece " << piece << " room " << room;
            }
}
} // namespace
