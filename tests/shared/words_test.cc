// The words of a line and its data: what is read, and where an error points to.
#include "data.h"
#include "seed.h"
#include "words.h"

#include <gtest/gtest.h>

#include <string>

namespace
{
struct Line {
    explicit Line(const char *text)
    {
        good = words_split(&w, "a.case", 7, text, &error);
    }
    ~Line()
    {
        words_clear(&w);
        g_clear_error(&error);
    }
    words w = {};
    GError *error = nullptr;
    bool good = false;
};

size_t word_count(const char *text)
{
    const Line line(text);
    return words_count(&line.w);
}

// The bytes of a line of DATA, or the error.
std::string bytes(const std::string &text, uint64_t seed_number = 1)
{
    Line line(text.c_str());
    data *d = line.good ? data_read(&line.w, 0, &line.error) : nullptr;
    if (!d)
        return line.error->message;
    GByteArray *array = data_bytes(d, seed_number);
    const std::string result(reinterpret_cast<const char *>(array->data), array->len);
    g_byte_array_unref(array);
    data_free(d);
    return result;
}

std::string described(const char *text)
{
    Line line(text);
    data *d = data_read(&line.w, 0, &line.error);
    char *told = data_describe(d);
    const std::string result = told;
    g_free(told);
    data_free(d);
    return result;
}
} // namespace

TEST(Words, SplitAtSpacesOutsideOfQuotes)
{
    Line line("send a  text 3*\"no \\\"\" \"b\"\tfin=no no-header=X retry_ms=*\n");
    ASSERT_TRUE(line.good);
    ASSERT_EQ(words_count(&line.w), 5u);
    EXPECT_STREQ(words_at(&line.w, 3)->text, "3*\"no \\\"\"");
    EXPECT_EQ(words_at(&line.w, 3)->column, 14u);
    EXPECT_STREQ(words_option(&line.w, "fin")->text, "no");
    EXPECT_STREQ(words_option(&line.w, "no-header")->text, "X");
    EXPECT_STREQ(words_option(&line.w, "retry_ms")->text, "*");
    EXPECT_EQ(words_option(&line.w, "mask"), nullptr);
    EXPECT_STREQ(words_at(&line.w, 9)->text, "");
}

TEST(Words, CommentAndEmptyLineHaveNone)
{
    EXPECT_EQ(word_count("  # say it"), 0u);
    EXPECT_EQ(word_count("\r\n"), 0u);
    EXPECT_EQ(word_count("a #1"), 2u);
}

TEST(Words, ATextWithoutEndIsShown)
{
    Line line("\tsend a \"b c");
    ASSERT_FALSE(line.good);
    EXPECT_STREQ(line.error->message, "a.case:7:9: this text has no end; close it with \"\n"
                                      "  \tsend a \"b c\n"
                                      "  \t       ^");
}

TEST(Words, UnknownOptionAndTooManyWords)
{
    Line line("send a fan=no b");
    EXPECT_FALSE(words_only(&line.w, "fin rsv", 3, &line.error));
    EXPECT_STREQ(line.error->message, "a.case:7:8: no option fan= here; there is: fin rsv\n"
                                      "  send a fan=no b\n"
                                      "         ^");
    g_clear_error(&line.error);
    EXPECT_FALSE(words_only(&line.w, "fan", 2, &line.error));
    EXPECT_STREQ(line.error->message, "a.case:7:15: one word too many\n"
                                      "  send a fan=no b\n"
                                      "                ^");
}

TEST(Words, Numbers)
{
    Line line("repeat 12x");
    uint64_t number = 0;
    EXPECT_FALSE(
        words_number(&line.w, words_at(&line.w, 1), "how often", 1, 9, &number, &line.error));
    EXPECT_STREQ(line.error->message, "a.case:7:8: how often is a whole number from 1 to 9\n"
                                      "  repeat 12x\n"
                                      "         ^");
}

TEST(Data, TextHexRepeatsJoined)
{
    EXPECT_EQ(bytes(R"("a\n\x41" hex:00fF 3*"xy" 2*hex:01 "" 0*"q")"),
              std::string("a\nA\0\xffxyxyxy\1\1", 13));
}

TEST(Data, RandomFollowsFromTheSeedAndIsTheSameEverywhere)
{
    EXPECT_EQ(bytes("random:20"), bytes("random:20"));
    EXPECT_EQ(bytes("random:20 \"x\"").substr(0, 20), bytes("random:20"));
    EXPECT_NE(bytes("random:20", 1), bytes("random:20", 2));
    EXPECT_EQ(bytes("random:4", 7), "\xD7\x0D\x32\x59")
        << "SplitMix64 of 7 begins with 63cbe1e459320dd7";
}

TEST(Data, ErrorsPointIntoTheWord)
{
    EXPECT_EQ(bytes(R"("a\q")"), "a.case:7:3: no such escape; there is \\n \\r \\t \\0 \\\" \\\\ "
                                 "\\xHH\n  \"a\\q\"\n    ^");
    EXPECT_EQ(bytes("hex:0g"),
              "a.case:7:5: hex: takes pairs of the digits 0-9 a-f\n  hex:0g\n      ^");
    EXPECT_EQ(bytes("3\"a\""), "a.case:7:1: a number is missing here\n  3\"a\"\n  ^");
    EXPECT_EQ(bytes("random:x"), "a.case:7:8: a number is missing here\n  random:x\n         ^");
    EXPECT_EQ(bytes("\"a\"b"), "a.case:7:4: a space is missing behind the text\n  \"a\"b\n     ^");
    EXPECT_EQ(bytes("abc"), "a.case:7:1: no data; it is \"text\", hex:00ff, random:N or N*one of "
                            "them\n  abc\n  ^");
    EXPECT_EQ(bytes(""), "a.case:7:1: data is missing: \"text\", hex:00ff, random:N or N*one of "
                         "them\n  \n  ^");
    EXPECT_EQ(bytes("99999999*random:99999999").substr(0, 50),
              "a.case:7:1: too much: DATA is at most 64 MiB\n  999");
    EXPECT_EQ(bytes("67108864*\"a\"").size(), 67108864u);
}

TEST(Data, DescribedForPeople)
{
    EXPECT_EQ(described("4096*\"a\""), "4096 x 'a'");
    EXPECT_EQ(described("\"hi\\n\" hex:00ff random:16 \"\""),
              "\"hi\\n\" + hex 00 ff + 16 random bytes + \"\"");
    EXPECT_EQ(described("\"0123456789012345678901234567890123456789\""),
              "\"01234567890123456789012345678901...\"");
}
