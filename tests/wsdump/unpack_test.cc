// unpack: gzip and zstd give what was packed, however the input is cut, and say when it is damaged.
#include "../libwsproto/guarded.h"
#include "packed.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

extern "C" {
#include "unpack.h"
}

using build::Bytes;
using build::operator+;

namespace
{

struct Unpacked {
    std::string text;
    std::string error; // "" = none
};

// The input in pieces, the output in small ones.
Unpacked unpack(const Bytes &packed, size_t piece = 1 << 20, size_t room = 1 << 16)
{
    Unpacked result;
    const unpack_kind *kind = unpack_recognise(packed.data(), std::min<size_t>(packed.size(), 4));
    if (!kind) {
        result.error = "not packed";
        return result;
    }
    GError *error = nullptr;
    unpacker *u = unpack_new(kind, "x.gz", &error);
    if (!u) {
        result.error = error->message;
        g_error_free(error);
        return result;
    }
    Bytes out(room);
    for (size_t at = 0; at < packed.size(); at += piece) {
        const size_t given = std::min(piece, packed.size() - at);
        const Guarded memory(packed.data() + at, given);
        const uint8_t *in = memory.data();
        size_t len = given;
        for (size_t made; (made = unpack_some(u, &in, &len, out.data(), room)) > 0;)
            result.text.append(out.begin(), out.begin() + static_cast<long>(made));
        if (unpack_error(u))
            break;
        EXPECT_EQ(len, 0u) << "input was left";
        EXPECT_EQ(in, memory.data() + given);
    }
    if (const char *why = unpack_finish(u))
        result.error = why;
    unpack_free(u);
    return result;
}

const Bytes words =
    build::text("The quick brown fox jumps over the lazy dog. The quick brown dog.");
const std::string expected(words.begin(), words.end());

class Unpack : public testing::TestWithParam<Packing>
{
protected:
    Bytes packed(const Bytes &bytes) const
    {
        return GetParam().pack(bytes);
    }
};

TEST_P(Unpack, GivesWhatWasPackedHoweverItIsCut)
{
    const Bytes whole = packed(words);
    for (size_t piece = 1; piece <= whole.size(); piece++)
        for (const size_t room : {1, 7, 1000}) {
            const Unpacked u = unpack(whole, piece, room);
            ASSERT_EQ(u.text, expected) << piece << " " << room;
            ASSERT_EQ(u.error, "") << piece << " " << room;
        }
}

TEST_P(Unpack, TakesNothingForNothing)
{
    EXPECT_EQ(unpack(packed({})).text, "");
    EXPECT_EQ(unpack(packed({})).error, "");
}

TEST_P(Unpack, TakesStreamsBehindEachOtherForOne)
{
    const Bytes one = packed(words), none = packed({});
    for (const size_t piece : {size_t{1}, size_t{3}, size_t{1000}}) {
        const Unpacked u = unpack(one + none + none + one + none, piece);
        EXPECT_EQ(u.text, expected + expected) << piece;
        EXPECT_EQ(u.error, "") << piece;
    }
}

TEST_P(Unpack, SaysThatItIsCutOffAtAnyByte)
{
    const Bytes whole = packed(words);
    const std::string name = GetParam().name;
    for (size_t len = 4; len < whole.size(); len++) {
        const Unpacked u = unpack(Bytes(whole.begin(), whole.begin() + static_cast<long>(len)));
        ASSERT_EQ(u.error, "the " + name + " data is cut off") << len;
        ASSERT_EQ(expected.compare(0, u.text.size(), u.text), 0) << len;
    }
}

// What is unpacked before the damage is noticed may be wrong only where the format cannot know.
TEST_P(Unpack, SaysThatItIsDamaged)
{
    const Bytes whole = packed(words);
    Bytes wrong = whole;
    wrong[whole.size() - 1] ^= 1; // length or checksum
    const std::string name = GetParam().name;
    const Unpacked u = unpack(wrong);
    EXPECT_EQ(u.text, expected);
    EXPECT_EQ(u.error.find("the " + name + " data is damaged ("), 0u) << u.error;
    const Unpacked followed = unpack(whole + build::text("something else"));
    EXPECT_EQ(followed.text, expected);
    EXPECT_EQ(followed.error.find("the " + name + " data is damaged ("), 0u) << followed.error;
}

TEST_P(Unpack, SurvivesAnyDamage)
{
    const Bytes whole = packed(words + words + build::text("and something that is not repeated"));
    for (size_t at = 4; at < whole.size(); at++)
        for (int bit = 0; bit < 8; bit++) {
            Bytes wrong = whole;
            wrong[at] = static_cast<uint8_t>(wrong[at] ^ 1 << bit);
            unpack(wrong, 5, 11);
        }
}

// 1 GiB of zeros in a megabyte, or less.
TEST_P(Unpack, NeedsNoMoreMemoryForABomb)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "the sanitizer's own memory would be measured";
#endif
    const Bytes part = packed(Bytes(64 << 20, 0));
    Bytes bomb;
    for (int i = 0; i < 16; i++)
        bomb = bomb + part;
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    const unpack_kind *kind = unpack_recognise(bomb.data(), 4);
    unpacker *u = unpack_new(kind, "bomb", nullptr);
    const uint8_t *in = bomb.data();
    size_t len = bomb.size(), total = 0;
    Bytes out(1 << 16);
    for (size_t made; (made = unpack_some(u, &in, &len, out.data(), out.size())) > 0;)
        total += made;
    EXPECT_EQ(unpack_finish(u), nullptr);
    unpack_free(u);
    getrusage(RUSAGE_SELF, &after);
    EXPECT_EQ(total, size_t{1} << 30);
    EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 20 << 10) << "KiB";
}

INSTANTIATE_TEST_SUITE_P(Kinds, Unpack, testing::ValuesIn(packings()),
                         [](const auto &parameter) { return parameter.param.name; });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Unpack);

#ifdef WSDUMP_GZIP
TEST(UnpackGzip, SkipsZerosBehindAMember)
{
    EXPECT_EQ(unpack(gzip(words) + Bytes(500, 0)).error, "");
    EXPECT_EQ(unpack(gzip(words) + Bytes(500, 0) + gzip(words)).text, expected + expected);
    EXPECT_NE(unpack(gzip(words) + Bytes(500, 0) + Bytes{1}).error, "");
}
#endif

#ifdef WSDUMP_ZSTD
TEST(UnpackZstd, SkipsFramesWithoutContent)
{
    const Bytes skippable = Bytes{0x53, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4};
    EXPECT_EQ(unpack(skippable + zstd(words) + skippable).text, expected);
    EXPECT_EQ(unpack(skippable + zstd(words) + skippable).error, "");
}

TEST(UnpackZstd, RefusesWindowsOfMoreThan128MiB)
{
    // A frame that declares a window of 256 MiB and holds one empty block.
    const Bytes greedy = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x90, 0x01, 0x00, 0x00};
    EXPECT_EQ(unpack(greedy).error,
              "the zstd data is damaged (Frame requires too much memory for decoding)");
    Bytes modest = greedy;
    modest[5] = 0x88;
    EXPECT_EQ(unpack(modest).error, "");
}
#endif

TEST(UnpackOthers, AreNamedWithTheProgramThatUnpacksThem)
{
    EXPECT_EQ(unpack(Bytes{0xfd, '7', 'z', 'X', 'Z', 0}).error,
              "x.gz is compressed with xz; try: xz -dc FILE | wsdump -r -");
    EXPECT_EQ(unpack(build::text("BZh91AY")).error,
              "x.gz is compressed with bzip2; try: bzip2 -dc FILE | wsdump -r -");
#ifndef WSDUMP_ZSTD
    EXPECT_EQ(unpack(Bytes{0x28, 0xb5, 0x2f, 0xfd}).error,
              "x.gz is compressed with zstd, which this wsdump was built without "
              "(Debian: libzstd-dev); try: zstd -dc FILE | wsdump -r -");
#endif
#ifndef WSDUMP_GZIP
    EXPECT_EQ(unpack(Bytes{0x1f, 0x8b, 8, 0}).error,
              "x.gz is compressed with gzip, which this wsdump was built without "
              "(Debian: zlib1g-dev); try: gzip -dc FILE | wsdump -r -");
#endif
}

TEST(UnpackOthers, AreNotTakenForPacked)
{
    EXPECT_EQ(unpack_recognise(build::PcapFile().bytes.data(), 4), nullptr);
    EXPECT_EQ(unpack_recognise(build::PcapngFile().bytes.data(), 4), nullptr);
    EXPECT_EQ(unpack_recognise(Bytes{0x1f, 0x8b, 8}.data(), 3), nullptr);
}

} // namespace
