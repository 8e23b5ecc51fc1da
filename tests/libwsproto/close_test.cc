// Close codes and the payload of a Close frame (RFC 6455 5.5.1 and 7.4, IANA registry).
#include "guarded.h"
#include "wire.h"

#include <wsproto/close.h>
#include <wsproto/error.h>
#include <wsproto/violation.h>

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace
{
std::set<int> codes_for_the_wire()
{
    // 7.4.1; 1012 to 1014 are the registry's later entries; 3000 to 4999 are 7.4.2's.
    std::set<int> codes = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014};
    for (int code = 3000; code <= 4999; code++)
        codes.insert(code);
    return codes;
}

TEST(CloseCode, ValidAreThoseOfTheRegistryAndNoOther)
{
    const std::set<int> valid = codes_for_the_wire();
    for (int code = 0; code <= 65535; code++)
        ASSERT_EQ(wsp_close_code_valid(static_cast<uint16_t>(code)), valid.count(code) > 0) << code;
}

TEST(CloseCode, NamesOfTheRegistry)
{
    const std::map<int, const char *> names = {
        {1000, "normal closure"},       {1001, "going away"},
        {1002, "protocol error"},       {1003, "unsupported data"},
        {1005, "no status received"},   {1006, "abnormal closure"},
        {1007, "invalid payload data"}, {1008, "policy violation"},
        {1009, "message too big"},      {1010, "mandatory extension"},
        {1011, "internal error"},       {1012, "service restart"},
        {1013, "try again later"},      {1014, "bad gateway"},
        {1015, "TLS handshake failed"},
    };
    for (int code = 0; code <= 65535; code++) {
        const auto row = names.find(code);
        const char *expected = row != names.end()            ? row->second
                               : code >= 3000 && code < 4000 ? "registered by a library"
                               : code >= 4000 && code < 5000 ? "private use"
                                                             : nullptr;
        ASSERT_STREQ(wsp_close_code_name(static_cast<uint16_t>(code)), expected) << code;
    }
}

// ---- Writing

TEST(CloseEncode, WritesTheCodeInNetworkByteOrderThenTheReason)
{
    uint8_t out[125];
    EXPECT_EQ(wsp_close_encode(out, sizeof out, 1001, "bye", 3), 5);
    EXPECT_EQ(Bytes(out, out + 5), from_hex("03e9 627965"));
    EXPECT_EQ(wsp_close_encode(out, 2, 4999, nullptr, 0), 2);
    EXPECT_EQ(Bytes(out, out + 2), from_hex("1387"));
}

TEST(CloseEncode, ReasonMayFillTheControlFrameAndNotMore)
{
    const std::string longest(WSP_CLOSE_REASON_MAX, 'x'), longer(WSP_CLOSE_REASON_MAX + 1, 'x');
    Guarded out(125);
    EXPECT_EQ(wsp_close_encode(out.data(), out.size(), 1000, longest.data(), longest.size()), 125);
    EXPECT_EQ(wsp_close_encode(out.data(), out.size(), 1000, longer.data(), longer.size()),
              WSP_ERR_RANGE);
}

TEST(CloseEncode, RefusesWhatMayNotBeSentAndWritesNothing)
{
    const struct {
        size_t size;
        uint16_t code;
        const char *reason;
        int error;
    } rows[] = {
        {125, 1005, "", WSP_ERR_RANGE},
        {125, 1006, "", WSP_ERR_RANGE},
        {125, 999, "", WSP_ERR_RANGE},
        {125, 5000, "", WSP_ERR_RANGE},
        {125, 1000, "\xff", WSP_ERR_VALUE},
        {125, 1000, "a\xe2\x82", WSP_ERR_VALUE},
        {125, 1000, "\xed\xa0\x80", WSP_ERR_VALUE},
        {1, 1000, "", WSP_ERR_SPACE},
        {0, 1000, "", WSP_ERR_SPACE},
        {4, 1000, "bye", WSP_ERR_SPACE},
    };
    for (const auto &row : rows) {
        uint8_t out[125];
        std::memset(out, 0xaa, sizeof out);
        EXPECT_EQ(wsp_close_encode(out, row.size, row.code, row.reason, std::strlen(row.reason)),
                  row.error)
            << row.code << " " << row.reason;
        EXPECT_EQ(Bytes(out, out + sizeof out), Bytes(sizeof out, 0xaa));
    }
}

// ---- Judging

TEST(CloseCheck, PayloadIsEmptyOrACodeAndAReason) // 5.5.1
{
    const struct {
        const char *hex;
        uint32_t violations;
        int code;
    } rows[] = {
        {"", 0, 0},
        {"03", WSP_V_CLOSE_SHORT, 0},
        {"ff", WSP_V_CLOSE_SHORT, 0},
        {"03e8", 0, 1000},
        {"03e8 c3a9", 0, 1000},
        {"03e8 c3", WSP_V_CLOSE_UTF8, 1000},
        {"03e8 c328", WSP_V_CLOSE_UTF8, 1000},
        {"03e8 eda080", WSP_V_CLOSE_UTF8, 1000},
        {"03ed", WSP_V_CLOSE_CODE, 1005},
        {"0000", WSP_V_CLOSE_CODE, 0},
        {"ffff ff", WSP_V_CLOSE_CODE | WSP_V_CLOSE_UTF8, 65535},
    };
    for (const auto &row : rows) {
        const Bytes bytes = from_hex(row.hex);
        const Guarded payload(bytes.data(), bytes.size());
        uint16_t code = 77;
        EXPECT_EQ(wsp_close_check(payload.data(), payload.size(), &code), row.violations)
            << row.hex;
        EXPECT_EQ(code, row.code) << row.hex;
    }
}

TEST(CloseCheck, JudgesEveryCode)
{
    for (int code = 0; code <= 65535; code++) {
        const uint8_t payload[] = {static_cast<uint8_t>(code >> 8), static_cast<uint8_t>(code)};
        uint16_t found;
        const uint32_t expected =
            wsp_close_code_valid(static_cast<uint16_t>(code)) ? 0 : WSP_V_CLOSE_CODE;
        ASSERT_EQ(wsp_close_check(payload, 2, &found), expected) << code;
        ASSERT_EQ(found, code);
    }
}

TEST(CloseCheck, NoPayloadNeedsNoPointer)
{
    uint16_t code;
    EXPECT_EQ(wsp_close_check(nullptr, 0, &code), 0U);
}
} // namespace
