// UTF-8 (RFC 3629): the wide and the portable path against the table of well-formed sequences of
// the Unicode standard, and against GLib.
#include "guarded.h"
#include "internal.h"
#include "wire.h"

#include <wsproto/utf8.h>

#include <glib.h>
#include <gtest/gtest.h>

#include <random>

namespace
{
struct Path {
    const char *name;
    size_t (*feed)(wsp_utf8 *, const uint8_t *, size_t);
};

const Path paths[] = {{"dispatched", wsp_utf8_feed}, {"portable", wsp_utf8_feed_portable}};

// What a validation says: the first wrong byte (or the length), and whether the text may end there.
struct Verdict {
    size_t good;
    bool done;
};

bool operator==(const Verdict &a, const Verdict &b)
{
    return a.good == b.good && a.done == b.done;
}

void PrintTo(const Verdict &v, std::ostream *os)
{
    *os << v.good << (v.done ? ", done" : ", inside a character");
}

// The Unicode Standard, table 3-7: well-formed UTF-8 byte sequences. {0, 0} = no such byte.
struct Range {
    uint8_t first, last;
};
const Range well_formed[][4] = {
    {{0x00, 0x7f}, {0, 0}, {0, 0}, {0, 0}},
    {{0xc2, 0xdf}, {0x80, 0xbf}, {0, 0}, {0, 0}},
    {{0xe0, 0xe0}, {0xa0, 0xbf}, {0x80, 0xbf}, {0, 0}},
    {{0xe1, 0xec}, {0x80, 0xbf}, {0x80, 0xbf}, {0, 0}},
    {{0xed, 0xed}, {0x80, 0x9f}, {0x80, 0xbf}, {0, 0}},
    {{0xee, 0xef}, {0x80, 0xbf}, {0x80, 0xbf}, {0, 0}},
    {{0xf0, 0xf0}, {0x90, 0xbf}, {0x80, 0xbf}, {0x80, 0xbf}},
    {{0xf1, 0xf3}, {0x80, 0xbf}, {0x80, 0xbf}, {0x80, 0xbf}},
    {{0xf4, 0xf4}, {0x80, 0x8f}, {0x80, 0xbf}, {0x80, 0xbf}},
};

bool in(Range range, uint8_t byte)
{
    return byte >= range.first && byte <= range.last;
}

// Walk the table: the byte that leaves no row possible is the first wrong one.
Verdict by_the_table(const Bytes &text)
{
    const Range *row = nullptr;
    size_t column = 0;
    for (size_t i = 0; i < text.size(); i++) {
        if (column == 0) {
            row = nullptr;
            for (const auto &candidate : well_formed)
                if (in(candidate[0], text[i]))
                    row = candidate;
        } else if (!in(row[column], text[i])) {
            row = nullptr;
        }
        if (!row)
            return {i, true};
        column++;
        if (column == 4 || row[column].last == 0)
            column = 0;
    }
    return {text.size(), column == 0};
}

Verdict feed(const Path &path, const uint8_t *text, size_t len)
{
    wsp_utf8 u = {};
    const size_t good = path.feed(&u, text, len);
    return {good, wsp_utf8_done(&u)};
}

Verdict feed(const Path &path, const Bytes &text)
{
    return feed(path, text.data(), text.size());
}

// Feed the text in the pieces that end at `cuts`.
Verdict feed_cut(const Path &path, const Bytes &text, const std::vector<size_t> &cuts)
{
    wsp_utf8 u = {};
    size_t from = 0;
    for (size_t i = 0; i <= cuts.size(); i++) {
        const size_t to = i < cuts.size() ? cuts[i] : text.size();
        const Bytes piece(text.begin() + static_cast<ptrdiff_t>(from),
                          text.begin() + static_cast<ptrdiff_t>(to));
        const size_t good = path.feed(&u, piece.data(), piece.size());
        if (good < piece.size())
            return {from + good, wsp_utf8_done(&u)};
        from = to;
    }
    return {text.size(), wsp_utf8_done(&u)};
}

Bytes repeated(const Bytes &unit, size_t len)
{
    Bytes text;
    while (text.size() < len)
        text = std::move(text) + unit;
    return text;
}

// ---- The rules by example

TEST(Utf8, NamesTheFirstByteThatNoValidTextCanHaveThere)
{
    const struct {
        const char *hex;
        Verdict verdict;
        const char *why;
    } rows[] = {
        {"", {0, true}, "nothing is valid"},
        {"48656c6c6f", {5, true}, "ASCII"},
        {"00", {1, true}, "NUL is a character"},
        {"7f", {1, true}, "the last ASCII character"},
        {"80", {0, true}, "a continuation byte begins nothing"},
        {"bf", {0, true}, "a continuation byte begins nothing"},
        {"c0", {0, true}, "C0 would write 7 bits in two bytes"},
        {"c1", {0, true}, "C1 would write 7 bits in two bytes"},
        {"c280", {2, true}, "U+0080, the first of two bytes"},
        {"dfbf", {2, true}, "U+07FF, the last of two bytes"},
        {"c2", {1, false}, "the second byte is missing"},
        {"c241", {1, true}, "the second byte is ASCII"},
        {"c2c2", {1, true}, "the second byte begins a character"},
        {"e0a080", {3, true}, "U+0800, the first of three bytes"},
        {"e09fbf", {1, true}, "U+07FF in three bytes"},
        {"e228", {1, true}, "the second of three bytes is ASCII"},
        {"e282", {2, false}, "the third byte is missing"},
        {"e282ac", {3, true}, "U+20AC"},
        {"e28228", {2, true}, "the third byte is ASCII"},
        {"ed9fbf", {3, true}, "U+D7FF, before the surrogates"},
        {"eda080", {1, true}, "U+D800, the first surrogate"},
        {"edbfbf", {1, true}, "U+DFFF, the last surrogate"},
        {"ee8080", {3, true}, "U+E000, behind the surrogates"},
        {"efbfbf", {3, true}, "U+FFFF, a noncharacter, is encoded like any other"},
        {"f0908080", {4, true}, "U+10000, the first of four bytes"},
        {"f08fbfbf", {1, true}, "U+FFFF in four bytes"},
        {"f09f9880", {4, true}, "U+1F600"},
        {"f09f98", {3, false}, "the fourth byte is missing"},
        {"f09f9828", {3, true}, "the fourth byte is ASCII"},
        {"f48fbfbf", {4, true}, "U+10FFFF, the last character"},
        {"f4908080", {1, true}, "U+110000"},
        {"f5", {0, true}, "F5 would be beyond U+10FFFF"},
        {"ff", {0, true}, "FF never appears"},
        {"4141e228", {3, true}, "the index counts from the front of the text"},
    };
    for (const auto &row : rows)
        for (const Path &path : paths) {
            const Bytes text = from_hex(row.hex);
            EXPECT_EQ(feed(path, text), row.verdict) << path.name << " " << row.hex << row.why;
            EXPECT_EQ(by_the_table(text), row.verdict) << "the test's own table: " << row.hex;
        }
}

TEST(Utf8, WrongByteLeavesTheStateReadyForWhatFollows)
{
    for (const Path &path : paths) {
        wsp_utf8 u = {};
        const Bytes wrong = from_hex("e228"), right = from_hex("c3a9");
        EXPECT_EQ(path.feed(&u, wrong.data(), 2), 1U);
        EXPECT_TRUE(wsp_utf8_done(&u));
        EXPECT_EQ(path.feed(&u, right.data(), 2), 2U) << path.name;
    }
}

TEST(Utf8, NoBytesNeedNoPointerAndChangeNothing)
{
    for (const Path &path : paths) {
        wsp_utf8 u = {};
        EXPECT_EQ(path.feed(&u, nullptr, 0), 0U);
        const uint8_t lead = 0xe2;
        path.feed(&u, &lead, 1);
        EXPECT_EQ(path.feed(&u, nullptr, 0), 0U);
        EXPECT_FALSE(wsp_utf8_done(&u)) << path.name;
    }
}

// ---- Every sequence, at the places where the wide path joins its blocks

// Lay `sequence` into ASCII so that it begins at `at`, and compare with the table.
void check_at(const uint8_t *sequence, size_t len, size_t at, const Verdict &alone)
{
    uint8_t text[160];
    std::memset(text, 'a', sizeof text);
    std::memcpy(text + at, sequence, len);
    const size_t good = alone.good < len + 3 ? at + alone.good : sizeof text;
    for (const Path &path : paths) {
        wsp_utf8 u = {};
        const size_t found = path.feed(&u, text, sizeof text);
        ASSERT_EQ(found, good) << path.name << ": " << to_hex(Bytes(sequence, sequence + len))
                               << " at " << at;
    }
}

void check_at_all(const uint8_t *sequence, size_t len, const std::vector<size_t> &places)
{
    Bytes alone(sequence, sequence + len);
    alone.insert(alone.end(), 3, 'a');
    const Verdict verdict = by_the_table(alone);
    for (size_t at : places)
        check_at(sequence, len, at, verdict);
}

const std::vector<size_t> around_blocks = {0,  1,  28, 29, 30, 31, 32, 33,  60,  61,  62,
                                           63, 64, 65, 93, 94, 95, 96, 124, 125, 126, 127};

TEST(Utf8, EveryTwoByteSequenceAroundEveryBlockBoundary)
{
    for (unsigned pair = 0; pair < 65536 && !testing::Test::HasFatalFailure(); pair++) {
        const uint8_t sequence[] = {static_cast<uint8_t>(pair >> 8), static_cast<uint8_t>(pair)};
        check_at_all(sequence, 2, around_blocks);
    }
}

TEST(Utf8, EveryThreeByteSequenceAcrossBlockBoundaries)
{
    for (unsigned triple = 0xc20000; triple < 0xf50000 && !testing::Test::HasFatalFailure();
         triple++) {
        const uint8_t sequence[] = {static_cast<uint8_t>(triple >> 16),
                                    static_cast<uint8_t>(triple >> 8),
                                    static_cast<uint8_t>(triple)};
        check_at_all(sequence, 3, {30, 31, 61});
    }
}

TEST(Utf8, FourByteSequencesOfEveryKindAroundEveryBlockBoundary)
{
    const uint8_t kinds[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0,
                             0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff};
    for (unsigned lead = 0xee; lead < 0x100; lead++)
        for (unsigned second = 0; second < 0x100; second++)
            for (uint8_t third : kinds)
                for (uint8_t fourth : kinds) {
                    const uint8_t sequence[] = {static_cast<uint8_t>(lead),
                                                static_cast<uint8_t>(second), third, fourth};
                    check_at_all(sequence, 4, {0, 29, 30, 31, 32, 62, 95});
                    if (testing::Test::HasFatalFailure())
                        return;
                }
}

// The wide path passes over long ASCII without a closer look: not where a character was cut off
// before it.
TEST(Utf8, CharacterCutOffBeforeLongAsciiIsSeen)
{
    for (const char *lead : {"", "é"})
        for (const char *hex : {"c3", "e2", "e282", "f0", "f09f", "f09f98", "80", "e282ac"}) {
            const Bytes sequence = from_text(lead) + from_hex(hex);
            for (size_t at = 0; at < 300; at++) {
                const Bytes text = Bytes(at, 'a') + sequence + Bytes(448, 'a');
                const Verdict verdict = by_the_table(text);
                for (const Path &path : paths)
                    ASSERT_EQ(feed(path, text), verdict) << path.name << " " << hex << " " << at;
            }
        }
}

TEST(Utf8, WrongByteInLongTextOfEveryLengthOfCharacterIsFound)
{
    for (const char *unit : {"é", "€", "😀", "aé€😀"}) {
        const Bytes valid = repeated(from_text(unit), 400);
        for (size_t wrong = 0; wrong < valid.size(); wrong++)
            for (uint8_t byte : from_hex("28 80 c3 e2 f0 ff")) {
                Bytes text = valid;
                text[wrong] = byte;
                const Verdict verdict = by_the_table(text);
                for (const Path &path : paths)
                    ASSERT_EQ(feed(path, text), verdict)
                        << path.name << " " << unit << " at " << wrong;
            }
    }
}

// ---- Cuts

TEST(Utf8, TextCutAnywhereGivesTheSameVerdict)
{
    // Characters of all lengths, long enough for the wide path on both sides of a cut.
    const Bytes valid = repeated(from_text("aé€😀"), 150);
    std::vector<Bytes> texts = {valid};
    for (size_t wrong = 0; wrong < valid.size(); wrong += 5)
        for (uint8_t byte : from_hex("28 80 e2 ff")) {
            texts.push_back(valid);
            texts.back()[wrong] = byte;
        }
    for (const Bytes &text : texts) {
        const Verdict verdict = by_the_table(text);
        for (const Path &path : paths) {
            ASSERT_EQ(feed(path, text), verdict) << path.name << " " << to_hex(text);
            for (size_t cut = 0; cut <= text.size(); cut++)
                ASSERT_EQ(feed_cut(path, text, {cut}), verdict)
                    << path.name << " cut at " << cut << " " << to_hex(text);
        }
    }
}

TEST(Utf8, TextByteByByteGivesTheSameVerdict)
{
    for (const char *hex : {"e282acf09f9880c3a9", "eda080", "f48fbfbf", "f4908080", "c3a9e228"}) {
        const Bytes text = repeated(from_text("aé€😀"), 70) + from_hex(hex);
        std::vector<size_t> cuts;
        for (size_t i = 1; i < text.size(); i++)
            cuts.push_back(i);
        for (const Path &path : paths)
            EXPECT_EQ(feed_cut(path, text, cuts), by_the_table(text)) << path.name << " " << hex;
    }
}

TEST(Utf8, EveryPrefixOfValidTextIsValidSoFar)
{
    const Bytes text = repeated(from_text("aé€😀"), 200);
    for (size_t len = 0; len <= text.size(); len++) {
        const Guarded prefix(text.data(), len); // and nothing behind it is read
        const Verdict verdict =
            by_the_table(Bytes(text.begin(), text.begin() + static_cast<ptrdiff_t>(len)));
        ASSERT_EQ(verdict.good, len);
        for (const Path &path : paths)
            ASSERT_EQ(feed(path, prefix.data(), len), verdict) << path.name << " " << len;
    }
}

// ---- Random texts

// Valid text of random characters; none of them is NUL, which GLib refuses.
Bytes random_text(std::mt19937 &random)
{
    const char *const characters[] = {"a", "Z", " ", "é", "ß", "ह", "€", "한", "\uE000", "😀", "𐍈"};
    const bool mostly_ascii = random() % 2;
    Bytes text;
    for (size_t n = random() % 120; n > 0; n--)
        text = std::move(text) +
               from_text(characters[mostly_ascii && random() % 10 ? 0 : random() % 11]);
    return text;
}

TEST(Utf8, DamagedRandomTextsGiveTheVerdictOfTheTableAndOfGlib)
{
    std::mt19937 random(3629);
    for (int round = 0; round < 60000; round++) {
        Bytes text = random_text(random);
        for (size_t n = random() % 3; n > 0 && !text.empty(); n--)
            text[random() % text.size()] = static_cast<uint8_t>(random() % 255 + 1);
        const Verdict verdict = by_the_table(text);
        const bool valid = g_utf8_validate(reinterpret_cast<const char *>(text.data()),
                                           static_cast<gssize>(text.size()), nullptr);
        ASSERT_EQ(verdict.good == text.size() && verdict.done, valid == TRUE) << to_hex(text);
        const size_t cut = text.empty() ? 0 : random() % text.size();
        for (const Path &path : paths) {
            ASSERT_EQ(feed(path, text), verdict) << path.name << " " << to_hex(text);
            ASSERT_EQ(feed_cut(path, text, {cut}), verdict)
                << path.name << " cut at " << cut << " " << to_hex(text);
        }
    }
}
} // namespace
