// Error codes: every one is negative, has its own name and a sentence.
#include <wsproto/error.h>

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace
{
const struct {
    int code;
    const char *name;
} codes[] = {
    {WSP_OK, "WSP_OK"},
    {WSP_ERR_RANGE, "WSP_ERR_RANGE"},
    {WSP_ERR_SPACE, "WSP_ERR_SPACE"},
    {WSP_ERR_VALUE, "WSP_ERR_VALUE"},
    {WSP_ERR_LIMIT, "WSP_ERR_LIMIT"},
    {WSP_ERR_STATE, "WSP_ERR_STATE"},
    {WSP_ERR_ORDER, "WSP_ERR_ORDER"},
    {WSP_ERR_MASK, "WSP_ERR_MASK"},
    {WSP_ERR_EXTENSION, "WSP_ERR_EXTENSION"},
};

TEST(Error, EveryCodeHasItsOwnNameAndSentence)
{
    std::set<std::string> texts;
    for (const auto &row : codes) {
        EXPECT_STREQ(wsp_error_name(row.code), row.name);
        EXPECT_STRNE(wsp_error_text(row.code), "");
        texts.insert(wsp_error_text(row.code));
    }
    EXPECT_EQ(texts.size(), std::size(codes));
}

TEST(Error, AllErrorsAreNegativeSoThatSizesAndErrorsShareAnInt)
{
    for (const auto &row : codes)
        EXPECT_EQ(row.code < 0, row.code != WSP_OK) << row.name;
}

TEST(Error, NumberThatIsNoCodeIsNamedUnknown)
{
    for (int number : {1, -500, -1000, 2147483647}) {
        EXPECT_STREQ(wsp_error_name(number), "WSP_ERR_UNKNOWN");
        EXPECT_STRNE(wsp_error_text(number), "");
    }
}
} // namespace
