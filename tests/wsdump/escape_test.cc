// Escaping: every character survives, and none that could harm a terminal or its reader passes.
#include "json.h"

#include <glib.h>
#include <gtest/gtest.h>

extern "C" {
#include "escape.h"
}

namespace
{

using Escape = void (*)(GString *, const void *, size_t);

std::string escaped(Escape escape, const std::string &text)
{
    GString *out = g_string_new(nullptr);
    escape(out, text.data(), text.size());
    std::string copy(out->str, out->len);
    g_string_free(out, TRUE);
    return copy;
}

std::string utf8(gunichar c)
{
    char bytes[6];
    return std::string(bytes, static_cast<size_t>(g_unichar_to_utf8(c, bytes)));
}

bool is_surrogate(gunichar c)
{
    return c >= 0xd800 && c <= 0xdfff;
}

// What a terminal obeys, and what turns text around or breaks its line.
bool harms(gunichar c)
{
    const GUnicodeType type = g_unichar_type(c);
    const bool bidi = c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
                      (c >= 0x2066 && c <= 0x2069);
    return type == G_UNICODE_CONTROL || type == G_UNICODE_LINE_SEPARATOR ||
           type == G_UNICODE_PARAGRAPH_SEPARATOR || bidi;
}

// Also checks that it is UTF-8 at all.
void expect_harmless(const std::string &text)
{
    ASSERT_TRUE(g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr)) << text;
    for (const char *at = text.c_str(); *at; at = g_utf8_next_char(at))
        ASSERT_FALSE(harms(g_utf8_get_char(at))) << text;
}

// All characters, some hundreds a time; U+F8FE is how json.h writes NUL.
template <typename Check>
void for_all_characters(const Check &check)
{
    std::string text;
    for (gunichar c = 0; c <= 0x10ffff; c++) {
        if (!is_surrogate(c) && c != 0xf8fe)
            text += utf8(c);
        if (c % 256 == 255)
            check(std::exchange(text, ""));
    }
}

TEST(EscapeJson, BringsEveryCharacterThroughAnotherReader)
{
    for_all_characters([](const std::string &text) {
        const Json value = Json::parse("[\"" + escaped(escape_json, text) + "\"]");
        ASSERT_EQ(value[size_t(0)].text(), text);
    });
}

TEST(EscapeJson, LetsNothingHarmfulPass)
{
    for_all_characters(
        [](const std::string &text) { expect_harmless(escaped(escape_json, text)); });
}

// Bytes are looked at 64 together and copied 16 together: none may slip through among plain ones.
TEST(Escape, WritesAByteAmongPlainOnesAsItWritesItAlone)
{
    std::string plain;
    for (int i = 0; i < 150; i++)
        plain += static_cast<char>('A' + i % 26);
    for (Escape escape : {escape_json, escape_text})
        for (int byte = 0; byte < 256; byte++)
            for (size_t at = 0; at <= plain.size(); at++) {
                const std::string alone(1, static_cast<char>(byte));
                ASSERT_EQ(escaped(escape, plain.substr(0, at) + alone + plain.substr(at)),
                          plain.substr(0, at) + escaped(escape, alone) + plain.substr(at))
                    << "byte " << byte << " at " << at;
            }
}

TEST(Escape, WritesQuotesWhereverTheyLie)
{
    uint64_t quotes = 1;
    for (size_t size = 300; size > 0; size--) { // what a longer one left behind must not matter
        std::string text, expected;
        for (size_t i = 0; i < size; i++) {
            quotes = quotes * 6364136223846793005 + 1442695040888963407;
            text += quotes >> 62 ? 'x' : '"';
            expected += quotes >> 62 ? "x" : "\\\"";
        }
        ASSERT_EQ(escaped(escape_json, text), expected);
        ASSERT_EQ(escaped(escape_text, text), expected);
    }
}

TEST(EscapeText, LetsNothingHarmfulPass)
{
    for_all_characters(
        [](const std::string &text) { expect_harmless(escaped(escape_text, text)); });
}

TEST(EscapeText, IsDifferentForDifferentTexts)
{
    EXPECT_EQ(escaped(escape_text, "\x1b[31m"), "\\x1b[31m");
    EXPECT_EQ(escaped(escape_text, "\\x1b[31m"), "\\\\x1b[31m");
    EXPECT_EQ(escaped(escape_text, "\xc2\x9b"), "\\u{9b}");
    EXPECT_EQ(escaped(escape_text, "\x9b"), "\\x9b");
    EXPECT_EQ(escaped(escape_text, utf8(0x202e)), "\\u{202e}");
    EXPECT_EQ(escaped(escape_text, std::string("\0\x7f", 2)), "\\x00\\x7f");
    EXPECT_EQ(escaped(escape_text, "\"\n\r\t"), "\\\"\\n\\r\\t");
}

TEST(EscapeJson, UsesTheEscapesOfTheFormat)
{
    EXPECT_EQ(escaped(escape_json, "\"\\/\n\r\t\b\f"), "\\\"\\\\/\\n\\r\\t\\u0008\\u000c");
    EXPECT_EQ(escaped(escape_json, std::string("\0\x1b\x7f", 3)), "\\u0000\\u001b\\u007f");
    EXPECT_EQ(escaped(escape_json, utf8(0xe0001)), "\\udb40\\udc01");
}

TEST(Escape, LeavesReadableTextAlone)
{
    for (const char *text : {"", "plain",
                             "Gr\xc3\xbc\xc3\x9f"
                             "e",
                             "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x98\x80"}) {
        EXPECT_EQ(escaped(escape_json, text), text);
        EXPECT_EQ(escaped(escape_text, text), text);
    }
}

// Overlong forms, surrogates, what is above U+10FFFF, and what is cut off.
TEST(Escape, MarksEveryByteThatIsNoUtf8)
{
    const std::string replacement = "\\ufffd";
    const std::string wrong[] = {"\xff",
                                 "\x80",
                                 "\xc0\x80",
                                 "\xed\xa0\x80",
                                 "\xf4\x90\x80\x80",
                                 "\xf8\x88\x80\x80\x80",
                                 "\xc3",
                                 "\xe2\x82",
                                 "\xf0\x9f\x98"};
    for (const std::string &bytes : wrong) {
        std::string in_json, in_text;
        for (char byte : bytes) {
            char hex[8];
            snprintf(hex, sizeof hex, "\\x%02x", static_cast<unsigned char>(byte));
            in_json += replacement;
            in_text += hex;
        }
        for (const std::string &before : {std::string(), std::string("a")}) {
            for (const std::string &after :
                 {std::string(), std::string("b"), std::string(1, '\0')}) {
                const std::string text = before + bytes + after;
                EXPECT_EQ(escaped(escape_json, text),
                          before + in_json + escaped(escape_json, after));
                EXPECT_EQ(escaped(escape_text, text),
                          before + in_text + escaped(escape_text, after));
            }
        }
    }
}

TEST(Escape, MakesAnyTwoBytesHarmless)
{
    for (int first = 0; first < 256; first++) {
        for (int second = 0; second < 256; second++) {
            const std::string bytes = {static_cast<char>(first), static_cast<char>(second)};
            expect_harmless(escaped(escape_json, bytes));
            expect_harmless(escaped(escape_text, bytes));
        }
    }
}

TEST(EscapeBase64, AgreesWithAnotherWriter)
{
    std::string bytes;
    for (int len = 0; len < 600; len++) {
        char *expected = g_base64_encode(reinterpret_cast<const guchar *>(bytes.data()),
                                         static_cast<gsize>(bytes.size()));
        EXPECT_EQ(escaped(escape_base64, bytes), expected);
        g_free(expected);
        bytes += static_cast<char>(len * 7);
    }
}

TEST(EscapeHex, WritesTwoDigitsAByte)
{
    EXPECT_EQ(escaped(escape_hex, std::string("\0\x0f\xf0\xff", 4)), "000ff0ff");
}

} // namespace
