// The table of rules: ids, clauses and close codes are a contract with JSON, vectors and tools.
#include <wsproto/violation.h>

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace
{
// Written from RFC 6455 (the clause that says "MUST", the code of 7.4.1), not from the library.
const struct {
    uint32_t bit;
    const char *name, *clause;
    int close_code;
} rules[] = {
    {WSP_V_RSV_UNNEGOTIATED, "rsv-unnegotiated", "RFC 6455 5.2", 1002},
    {WSP_V_OPCODE_RESERVED, "opcode-reserved", "RFC 6455 5.2", 1002},
    {WSP_V_MASK_MISSING, "mask-missing", "RFC 6455 5.1", 1002},
    {WSP_V_MASK_UNEXPECTED, "mask-unexpected", "RFC 6455 5.1", 1002},
    {WSP_V_LENGTH_NOT_MINIMAL, "length-not-minimal", "RFC 6455 5.2", 1002},
    {WSP_V_LENGTH_MSB, "length-msb", "RFC 6455 5.2", 1002},
    {WSP_V_CONTROL_FRAGMENTED, "control-fragmented", "RFC 6455 5.5", 1002},
    {WSP_V_CONTROL_TOO_LONG, "control-too-long", "RFC 6455 5.5", 1002},
    {WSP_V_CONTINUATION_UNEXPECTED, "continuation-unexpected", "RFC 6455 5.4", 1002},
    {WSP_V_CONTINUATION_EXPECTED, "continuation-expected", "RFC 6455 5.4", 1002},
    {WSP_V_CLOSE_SHORT, "close-short", "RFC 6455 5.5.1", 1002},
    {WSP_V_CLOSE_CODE, "close-code", "RFC 6455 7.4", 1002},
    {WSP_V_CLOSE_UTF8, "close-utf8", "RFC 6455 5.5.1", 1007},
    {WSP_V_TEXT_UTF8, "text-utf8", "RFC 6455 8.1", 1007},
    {WSP_V_AFTER_CLOSE, "after-close", "RFC 6455 5.5.1", 1002},
    {WSP_V_DEFLATE_DATA, "deflate-data", "RFC 7692 7.2.2", 1007},
    {WSP_V_LIMIT_FRAME, "limit-frame", "limit", 1009},
    {WSP_V_LIMIT_MESSAGE, "limit-message", "limit", 1009},
    {WSP_V_LIMIT_FRAGMENTS, "limit-fragments", "limit", 1008},
    {WSP_V_LIMIT_INFLATED, "limit-inflated", "limit", 1009},
    {WSP_V_LIMIT_RATIO, "limit-ratio", "limit", 1009},
    {WSP_V_TRUNCATED, "truncated", "RFC 6455 5.2", 1006},
};

TEST(Violation, EveryBitHasItsIdClauseSentenceAndCloseCode)
{
    for (const auto &rule : rules) {
        const wsp_violation *v = wsp_violation_first(rule.bit);
        ASSERT_NE(v, nullptr) << rule.name;
        EXPECT_EQ(v->bit, rule.bit);
        EXPECT_STREQ(v->name, rule.name);
        EXPECT_STREQ(v->clause, rule.clause) << rule.name;
        EXPECT_GT(std::strlen(v->text), 10U) << rule.name;
        EXPECT_EQ(v->close_code, rule.close_code) << rule.name;
        EXPECT_EQ(wsp_violation_close_code(rule.bit), rule.close_code) << rule.name;
    }
}

TEST(Violation, IdFindsItsRow)
{
    for (const auto &rule : rules)
        EXPECT_EQ(wsp_violation_named(rule.name), wsp_violation_first(rule.bit)) << rule.name;
    for (const char *no_id : {"", "mask", "mask-missing ", "MASK-MISSING", "mask-missingx"})
        EXPECT_EQ(wsp_violation_named(no_id), nullptr) << no_id;
}

TEST(Violation, WalkVisitsEveryBitOfASetOnceAndInOrder)
{
    uint32_t set = 0;
    std::vector<std::string> expected, walked;
    for (const auto &rule : rules) {
        set |= rule.bit;
        expected.push_back(rule.name);
    }
    for (const wsp_violation *v; (v = wsp_violation_first(set)) != nullptr; set &= ~v->bit)
        walked.push_back(v->name);
    EXPECT_EQ(walked, expected);
    EXPECT_EQ(set, 0U);
}

TEST(Violation, EmptySetAndUnknownBitsHaveNoRowAndNoCloseCode)
{
    for (uint32_t set : {UINT32_C(0), UINT32_C(0x400000), UINT32_C(0x80000000)}) {
        EXPECT_EQ(wsp_violation_first(set), nullptr);
        EXPECT_EQ(wsp_violation_close_code(set), 0);
    }
}

TEST(Violation, CloseCodeIsThatOfTheLowestBit)
{
    EXPECT_EQ(wsp_violation_close_code(WSP_V_TEXT_UTF8 | WSP_V_MASK_MISSING), 1002);
    EXPECT_EQ(wsp_violation_close_code(WSP_V_LIMIT_MESSAGE | WSP_V_TEXT_UTF8), 1007);
    EXPECT_EQ(wsp_violation_close_code(WSP_V_LIMIT_MESSAGE | UINT32_C(0x80000000)), 1009);
}
} // namespace
