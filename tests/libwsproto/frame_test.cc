// One frame header (RFC 6455 5.2): decode, encode, and the judgement of every combination of
// fields.
#include "guarded.h"
#include "wire.h"

#include <wsproto/error.h>
#include <wsproto/frame.h>

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace
{
wsp_frame_header decode(const Bytes &bytes)
{
    wsp_frame_header h;
    EXPECT_EQ(wsp_frame_header_decode(&h, bytes.data(), bytes.size()),
              static_cast<int>(bytes.size()))
        << to_hex(bytes);
    return h;
}

bool same(const wsp_frame_header &a, const wsp_frame_header &b)
{
    return a.fin == b.fin && a.rsv == b.rsv && a.opcode == b.opcode && a.masked == b.masked &&
           a.length_form == b.length_form && a.payload_length == b.payload_length &&
           std::memcmp(a.masking_key, b.masking_key, 4) == 0;
}

// ---- Decoding

TEST(FrameHeader, DecodesTheExamplesOfTheRfc) // 5.7
{
    const wsp_frame_header hello = decode(from_hex("81 05"));
    EXPECT_EQ(hello.fin, 1);
    EXPECT_EQ(hello.rsv, 0);
    EXPECT_EQ(hello.opcode, WSP_OPCODE_TEXT);
    EXPECT_EQ(hello.masked, 0);
    EXPECT_EQ(hello.length_form, 7);
    EXPECT_EQ(hello.payload_length, 5U);

    const wsp_frame_header masked = decode(from_hex("81 85 37fa213d"));
    EXPECT_EQ(masked.masked, 1);
    EXPECT_EQ(masked.payload_length, 5U);
    EXPECT_EQ(std::memcmp(masked.masking_key, test_key, 4), 0);

    EXPECT_EQ(decode(from_hex("01 03")).fin, 0);
    EXPECT_EQ(decode(from_hex("80 02")).opcode, WSP_OPCODE_CONTINUATION);

    const wsp_frame_header medium = decode(from_hex("82 7e 0100"));
    EXPECT_EQ(medium.length_form, 16);
    EXPECT_EQ(medium.payload_length, 256U);

    const wsp_frame_header large = decode(from_hex("82 7f 0000000000010000"));
    EXPECT_EQ(large.length_form, 64);
    EXPECT_EQ(large.payload_length, 65536U);
}

TEST(FrameHeader, KeepsEveryRawBitOfTheFirstTwoBytes)
{
    for (int first = 0; first < 256; first++)
        for (int second = 0; second < 256; second++) {
            Bytes bytes(14, 0x5a);
            bytes[0] = static_cast<uint8_t>(first);
            bytes[1] = static_cast<uint8_t>(second);
            wsp_frame_header h;
            const int size = wsp_frame_header_decode(&h, bytes.data(), bytes.size());
            const int field = second % 128;
            ASSERT_EQ(size, 2 + (field == 126 ? 2 : field == 127 ? 8 : 0) + (second > 127 ? 4 : 0));
            ASSERT_EQ(h.fin, first / 128);
            ASSERT_EQ(h.rsv, first / 16 % 8);
            ASSERT_EQ(h.opcode, first % 16);
            ASSERT_EQ(h.masked, second / 128);
            ASSERT_EQ(h.length_form, field == 126 ? 16 : field == 127 ? 64 : 7);
            ASSERT_EQ(h.payload_length, field == 126   ? 0x5a5aU
                                        : field == 127 ? UINT64_C(0x5a5a5a5a5a5a5a5a)
                                                       : static_cast<uint64_t>(field));
            ASSERT_EQ(wsp_frame_header_size(&h), size);
        }
}

TEST(FrameHeader, LengthIsInNetworkByteOrderAndKeepsAll64Bits)
{
    EXPECT_EQ(decode(from_hex("82 7e 0102")).payload_length, 0x0102U);
    EXPECT_EQ(decode(from_hex("82 7f 0102030405060708")).payload_length,
              UINT64_C(0x0102030405060708));
    EXPECT_EQ(decode(from_hex("82 7f ffffffffffffffff")).payload_length, UINT64_MAX);
    EXPECT_EQ(decode(from_hex("82 7f 8000000000000001")).payload_length,
              UINT64_C(0x8000000000000001));
}

TEST(FrameHeader, KeyOfAnUnmaskedFrameIsZero)
{
    wsp_frame_header h;
    std::memset(&h, 0xff, sizeof h);
    const Bytes bytes = from_hex("82 05 11223344");
    EXPECT_EQ(wsp_frame_header_decode(&h, bytes.data(), bytes.size()), 2);
    EXPECT_EQ(std::memcmp(h.masking_key, "\0\0\0\0", 4), 0);
}

// Every one of the six shapes of a header.
std::vector<Bytes> shapes()
{
    std::vector<Bytes> all;
    for (int form : {7, 16, 64})
        for (bool masked : {false, true}) {
            Frame frame(WSP_OPCODE_BINARY, "");
            frame.form(form).declaring(form == 7 ? 100 : 0x7fff);
            all.push_back(masked ? frame.masked().header() : frame.header());
        }
    return all;
}

TEST(FrameHeader, TruncatedAnywhereMeansNeedMoreAndReadsNoFurther)
{
    for (const Bytes &whole : shapes())
        for (size_t len = 0; len < whole.size(); len++) {
            const Guarded cut(whole.data(), len);
            wsp_frame_header h;
            EXPECT_EQ(wsp_frame_header_decode(&h, cut.data(), len), 0)
                << to_hex(whole) << " cut to " << len;
        }
}

TEST(FrameHeader, DecodeReadsNoByteBehindTheHeader)
{
    for (const Bytes &whole : shapes()) {
        const Guarded exact(whole.data(), whole.size());
        wsp_frame_header h;
        EXPECT_EQ(wsp_frame_header_decode(&h, exact.data(), 4096), static_cast<int>(whole.size()));
    }
}

// ---- Encoding

TEST(FrameHeader, EncodesTheShortestFormWhenNoneIsAskedFor) // 5.2: "the minimal number of bytes"
{
    const struct {
        uint64_t length;
        const char *hex;
    } rows[] = {
        {0, "8200"},
        {125, "827d"},
        {126, "827e007e"},
        {65535, "827effff"},
        {65536, "827f0000000000010000"},
        {UINT64_MAX, "827fffffffffffffffff"},
    };
    for (const auto &row : rows) {
        wsp_frame_header h = {1, 0, WSP_OPCODE_BINARY, 0, 0, {9, 9, 9, 9}, row.length};
        uint8_t out[WSP_FRAME_HEADER_MAX];
        const int n = wsp_frame_header_encode(out, &h);
        ASSERT_GT(n, 0);
        EXPECT_EQ(to_hex(Bytes(out, out + n)), row.hex);
    }
}

TEST(FrameHeader, WritesIllegalHeadersOnPurpose)
{
    const struct {
        wsp_frame_header h;
        const char *hex;
    } rows[] = {
        {{0, 7, 15, 0, 0, {}, 0}, "7f00"},
        {{1, 0, 1, 0, 16, {}, 5}, "817e0005"},
        {{1, 0, 1, 0, 64, {}, 5}, "817f0000000000000005"},
        {{1, 0, 9, 1, 64, {1, 2, 3, 4}, UINT64_C(1) << 63}, "89ff800000000000000001020304"},
        {{200, 0, 1, 77, 0, {1, 2, 3, 4}, 5}, "818501020304"}, /* not 0 counts as 1 */
    };
    for (const auto &row : rows) {
        uint8_t out[WSP_FRAME_HEADER_MAX];
        const int n = wsp_frame_header_encode(out, &row.h);
        ASSERT_GT(n, 0) << row.hex;
        EXPECT_EQ(to_hex(Bytes(out, out + n)), row.hex);
    }
}

TEST(FrameHeader, RefusesWhatDoesNotFitItsFieldAndWritesNothing)
{
    const wsp_frame_header rows[] = {
        {1, 8, 1, 0, 0, {}, 0},      {1, 255, 1, 0, 0, {}, 0},         {1, 0, 16, 0, 0, {}, 0},
        {1, 0, 255, 0, 0, {}, 0},    {1, 0, 1, 0, 7, {}, 126},         {1, 0, 1, 0, 7, {}, 65536},
        {1, 0, 1, 0, 16, {}, 65536}, {1, 0, 1, 0, 16, {}, UINT64_MAX}, {1, 0, 1, 0, 1, {}, 0},
        {1, 0, 1, 0, 8, {}, 0},      {1, 0, 1, 0, 32, {}, 0},          {1, 0, 1, 0, 63, {}, 0},
        {1, 0, 1, 0, 65, {}, 0},     {1, 0, 1, 0, 255, {}, 0},         {1, 0, 1, 0, 6, {}, 0},
        {1, 0, 1, 0, 17, {}, 0},
    };
    for (const wsp_frame_header &h : rows) {
        uint8_t out[WSP_FRAME_HEADER_MAX];
        std::memset(out, 0xaa, sizeof out);
        EXPECT_EQ(wsp_frame_header_encode(out, &h), WSP_ERR_RANGE)
            << "rsv " << +h.rsv << " opcode " << +h.opcode << " form " << +h.length_form;
        EXPECT_EQ(Bytes(out, out + sizeof out), Bytes(sizeof out, 0xaa));
    }
}

TEST(FrameHeader, EncodeWritesOnlyTheHeader)
{
    for (const Bytes &whole : shapes()) {
        const wsp_frame_header h = decode(whole);
        uint8_t out[WSP_FRAME_HEADER_MAX];
        std::memset(out, 0xaa, sizeof out);
        ASSERT_EQ(wsp_frame_header_encode(out, &h), static_cast<int>(whole.size()));
        EXPECT_EQ(Bytes(out, out + whole.size()), whole);
        EXPECT_EQ(Bytes(out + whole.size(), out + sizeof out),
                  Bytes(sizeof out - whole.size(), 0xaa));
    }
}

TEST(FrameHeader, DecodeGivesBackWhatWasEncoded)
{
    std::mt19937_64 random(6455);
    const uint8_t forms[] = {7, 16, 64};
    for (int i = 0; i < 200000; i++) {
        wsp_frame_header h = {};
        const uint64_t bits = random();
        h.fin = bits & 1;
        h.rsv = bits >> 1 & 7;
        h.opcode = bits >> 4 & 15;
        h.masked = bits >> 8 & 1;
        h.length_form = forms[bits >> 9 & 1 ? 2 : (bits >> 10) % 3];
        const uint64_t most[] = {125, 65535, UINT64_MAX};
        const uint64_t max = most[h.length_form == 7 ? 0 : h.length_form == 16 ? 1 : 2];
        h.payload_length = random() >> (random() % 64);
        if (h.payload_length > max)
            h.payload_length %= max + 1;
        const uint64_t key = random();
        if (h.masked)
            std::memcpy(h.masking_key, &key, 4);
        uint8_t out[WSP_FRAME_HEADER_MAX];
        const int n = wsp_frame_header_encode(out, &h);
        ASSERT_EQ(n, wsp_frame_header_size(&h));
        ASSERT_TRUE(same(decode(Bytes(out, out + n)), h)) << to_hex(Bytes(out, out + n));
    }
}

// ---- Judging

struct Rule {
    uint32_t bit;
    const char *sentence;
    bool (*broken)(const wsp_frame_header &h, const wsp_frame_rules &r);
};

bool is_one_of(int value, std::set<int> values)
{
    return values.count(value) > 0;
}

// The rules as the RFC words them, one by one. Slow and plain on purpose.
const Rule rules[] = {
    {WSP_V_RSV_UNNEGOTIATED,
     "5.2: RSV1, RSV2, RSV3 MUST be 0 unless an extension is negotiated that defines meanings for "
     "non-zero values. RFC 7692 6: RSV1 is defined for the first frame of a data message.",
     [](const wsp_frame_header &h, const wsp_frame_rules &r) {
         const bool rsv1 = h.rsv >= 4, rsv2 = h.rsv / 2 % 2 == 1, rsv3 = h.rsv % 2 == 1;
         const bool may1 = r.rsv_allowed >= 4, may2 = r.rsv_allowed / 2 % 2 == 1,
                    may3 = r.rsv_allowed % 2 == 1;
         const bool first_of_data = h.opcode >= 1 && h.opcode <= 7;
         return (rsv1 && !(may1 && first_of_data)) || (rsv2 && !may2) || (rsv3 && !may3);
     }},
    {WSP_V_OPCODE_RESERVED,
     "5.2: %x3-7 and %xB-F are reserved; if an unknown opcode is received, "
     "the receiving endpoint MUST fail the connection.",
     [](const wsp_frame_header &h, const wsp_frame_rules &) {
         return is_one_of(h.opcode, {3, 4, 5, 6, 7, 11, 12, 13, 14, 15});
     }},
    {WSP_V_MASK_MISSING, "5.1: a client MUST mask all frames that it sends to the server.",
     [](const wsp_frame_header &h, const wsp_frame_rules &r) {
         return r.sender == WSP_FROM_CLIENT && h.masked == 0;
     }},
    {WSP_V_MASK_UNEXPECTED, "5.1: a server MUST NOT mask any frames that it sends to the client.",
     [](const wsp_frame_header &h, const wsp_frame_rules &r) {
         return r.sender == WSP_FROM_SERVER && h.masked == 1;
     }},
    {WSP_V_LENGTH_NOT_MINIMAL,
     "5.2: the minimal number of bytes MUST be used to encode the length.",
     [](const wsp_frame_header &h, const wsp_frame_rules &) {
         return (h.length_form == 16 && h.payload_length < 126) ||
                (h.length_form == 64 && h.payload_length < 65536);
     }},
    {WSP_V_LENGTH_MSB, "5.2: a 64-bit unsigned integer (the most significant bit MUST be 0).",
     [](const wsp_frame_header &h, const wsp_frame_rules &) {
         return h.payload_length > UINT64_C(9223372036854775807);
     }},
    {WSP_V_CONTROL_FRAGMENTED, "5.5: all control frames MUST NOT be fragmented.",
     [](const wsp_frame_header &h, const wsp_frame_rules &) {
         return h.opcode >= 8 && h.fin == 0;
     }},
    {WSP_V_CONTROL_TOO_LONG,
     "5.5: all control frames MUST have a payload length of 125 bytes or less.",
     [](const wsp_frame_header &h, const wsp_frame_rules &) {
         return h.opcode >= 8 && h.payload_length > 125;
     }},
    {WSP_V_CONTINUATION_UNEXPECTED,
     "5.4: a continuation belongs to a message that a frame with another opcode has begun.",
     [](const wsp_frame_header &h, const wsp_frame_rules &r) {
         return h.opcode == 0 && !r.in_message;
     }},
    {WSP_V_CONTINUATION_EXPECTED,
     "5.4: the fragments of one message MUST NOT be interleaved between those of another.",
     [](const wsp_frame_header &h, const wsp_frame_rules &r) {
         return h.opcode >= 1 && h.opcode <= 7 && r.in_message;
     }},
    {WSP_V_LIMIT_FRAME, "The caller's limit on a frame's payload.",
     [](const wsp_frame_header &h, const wsp_frame_rules &r) {
         return r.max_payload != 0 && h.payload_length > r.max_payload;
     }},
};

const struct {
    int form;
    std::vector<uint64_t> lengths;
} lengths_of_forms[] = {
    {7, {0, 1, 124, 125}},
    {16, {0, 1, 125, 126, 127, 65535}},
    {64,
     {0, 125, 126, 65535, 65536, UINT64_C(0xffffffff), UINT64_C(0x100000000),
      UINT64_C(0x7fffffffffffffff), UINT64_C(0x8000000000000000), UINT64_MAX}},
};

// Judge one frame under every state and compare with the sentences above, rule by rule.
void check_under_all_rules(const wsp_frame_header &h)
{
    for (wsp_sender sender : {WSP_FROM_CLIENT, WSP_FROM_SERVER, WSP_FROM_UNKNOWN})
        for (uint8_t rsv_allowed = 0; rsv_allowed < 8; rsv_allowed++)
            for (bool in_message : {false, true})
                for (uint64_t max_payload : {UINT64_C(0), UINT64_C(126)}) {
                    const wsp_frame_rules r = {sender, rsv_allowed, in_message, max_payload};
                    const uint32_t set = wsp_frame_header_check(&h, &r);
                    uint32_t expected = 0;
                    for (const Rule &rule : rules)
                        expected |= rule.broken(h, r) ? rule.bit : 0;
                    if (set == expected)
                        continue;
                    for (const Rule &rule : rules)
                        EXPECT_EQ((set & rule.bit) != 0, rule.broken(h, r)) << rule.sentence;
                    FAIL() << "fin " << +h.fin << " rsv " << +h.rsv << " opcode " << +h.opcode
                           << " masked " << +h.masked << " form " << +h.length_form << " length "
                           << h.payload_length << " sender " << sender << " rsv_allowed "
                           << +rsv_allowed << " in_message " << in_message << ": " << set;
                }
}

class FrameCheck : public testing::TestWithParam<int>
{
};

TEST_P(FrameCheck, EveryCombinationOfFieldsAndStatesBreaksWhatTheRfcSays)
{
    for (int fin = 0; fin < 2; fin++)
        for (int rsv = 0; rsv < 8; rsv++)
            for (bool masked : {false, true})
                for (const auto &form : lengths_of_forms)
                    for (uint64_t length : form.lengths) {
                        Frame frame(GetParam(), "");
                        frame.rsv(rsv).form(form.form).declaring(length);
                        if (!fin)
                            frame.not_final();
                        if (masked)
                            frame.masked();
                        check_under_all_rules(decode(frame.header()));
                        if (HasFatalFailure())
                            return;
                    }
}

INSTANTIATE_TEST_SUITE_P(Opcode, FrameCheck, testing::Range(0, 16));

TEST(FrameCheck, OneHeaderReportsAllTheRulesThatItBreaks)
{
    // A ping: no FIN, RSV2, unmasked from a client, 5 written in 64 bits, the top bit set.
    const wsp_frame_header h =
        decode(Frame(WSP_OPCODE_PING, "").not_final().rsv(2).form(64).declaring(5).header());
    const wsp_frame_rules client = {WSP_FROM_CLIENT, 0, false, 4};
    EXPECT_EQ(wsp_frame_header_check(&h, &client),
              WSP_V_CONTROL_FRAGMENTED | WSP_V_RSV_UNNEGOTIATED | WSP_V_MASK_MISSING |
                  WSP_V_LENGTH_NOT_MINIMAL | WSP_V_LIMIT_FRAME);
}

TEST(FrameCheck, LimitIsTheLargestPayloadThatIsStillAllowed)
{
    const wsp_frame_rules limited = {WSP_FROM_UNKNOWN, 0, false, 1000};
    const wsp_frame_header at = decode(Frame(2, "").declaring(1000).header());
    const wsp_frame_header past = decode(Frame(2, "").declaring(1001).header());
    EXPECT_EQ(wsp_frame_header_check(&at, &limited), 0U);
    EXPECT_EQ(wsp_frame_header_check(&past, &limited), WSP_V_LIMIT_FRAME);
}

TEST(FrameCheck, HeaderThatLeavesTheLengthFormToTheEncoderIsMinimal)
{
    const wsp_frame_header h = {1, 0, WSP_OPCODE_TEXT, 0, 0, {}, 5};
    const wsp_frame_rules server = {WSP_FROM_SERVER, 0, false, 0};
    EXPECT_EQ(wsp_frame_header_check(&h, &server), 0U);
}

// ---- Names

TEST(Opcode, EveryOpcodeHasItsName) // 11.8
{
    const char *const names[] = {"continuation", "text",       "binary",     "reserved-3",
                                 "reserved-4",   "reserved-5", "reserved-6", "reserved-7",
                                 "close",        "ping",       "pong",       "reserved-b",
                                 "reserved-c",   "reserved-d", "reserved-e", "reserved-f"};
    for (int opcode = 0; opcode < 256; opcode++)
        EXPECT_STREQ(wsp_opcode_name(static_cast<uint8_t>(opcode)), names[opcode % 16]);
}

TEST(Opcode, ControlFramesAreThoseWithTheTopBitSet) // 5.5
{
    for (uint8_t opcode = 0; opcode < 16; opcode++)
        EXPECT_EQ(wsp_opcode_is_control(opcode), opcode > 7) << +opcode;
}
} // namespace
