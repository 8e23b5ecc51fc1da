// Masking (RFC 6455 5.3): both paths against a loop that is the RFC's own formula.
#include "guarded.h"
#include "internal.h"
#include "wire.h"

#include <wsproto/mask.h>

#include <gtest/gtest.h>

#include <random>

namespace
{
struct Path {
    const char *name;
    void (*mask)(uint8_t *, const uint8_t *, size_t, const uint8_t[4], uint64_t);
};

void PrintTo(const Path &path, std::ostream *os)
{
    *os << path.name;
}

class Mask : public testing::TestWithParam<Path>
{
protected:
    void mask(uint8_t *dst, const uint8_t *src, size_t len, uint64_t offset) const
    {
        GetParam().mask(dst, src, len, test_key, offset);
    }
};

INSTANTIATE_TEST_SUITE_P(Paths, Mask,
                         testing::Values(Path{"dispatched", wsp_mask},
                                         Path{"portable", wsp_mask_portable}),
                         [](const auto &path) { return path.param.name; });

// "j = i MOD 4; transformed-octet-i = original-octet-i XOR masking-key-octet-j"
Bytes expected(const Bytes &in, uint64_t offset)
{
    Bytes out;
    for (size_t i = 0; i < in.size(); i++)
        out.push_back(in[i] ^ test_key[(offset % 4 + i) % 4]);
    return out;
}

Bytes noise(size_t len)
{
    std::mt19937 random(static_cast<uint32_t>(len));
    Bytes bytes(len);
    for (uint8_t &byte : bytes)
        byte = static_cast<uint8_t>(random());
    return bytes;
}

TEST_P(Mask, UnmasksTheExampleOfTheRfc) // 5.7
{
    Bytes bytes = from_hex("7f9f4d5158");
    mask(bytes.data(), bytes.data(), bytes.size(), 0);
    EXPECT_EQ(bytes, from_text("Hello"));
}

// Into a buffer at `alignment` with eight bytes around it that must stay as they are.
Bytes apart(const Path &path, const Bytes &in, uint64_t offset, size_t alignment)
{
    Bytes buffer(in.size() + 16, 0xaa);
    Bytes source(8 + in.size());
    std::copy(in.begin(), in.end(), source.begin() + static_cast<ptrdiff_t>(7 - alignment));
    path.mask(buffer.data() + alignment, source.data() + 7 - alignment, in.size(), test_key,
              offset);
    EXPECT_EQ(Bytes(buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(alignment)),
              Bytes(alignment, 0xaa));
    const auto end = buffer.begin() + static_cast<ptrdiff_t>(alignment + in.size());
    EXPECT_EQ(Bytes(end, buffer.end()), Bytes(16 - alignment, 0xaa));
    return Bytes(buffer.begin() + static_cast<ptrdiff_t>(alignment), end);
}

Bytes in_place(const Path &path, const Bytes &in, uint64_t offset, size_t alignment)
{
    Bytes buffer(in.size() + 16, 0xaa);
    const auto begin = buffer.begin() + static_cast<ptrdiff_t>(alignment);
    std::copy(in.begin(), in.end(), begin);
    path.mask(buffer.data() + alignment, buffer.data() + alignment, in.size(), test_key, offset);
    EXPECT_EQ(Bytes(buffer.begin(), begin), Bytes(alignment, 0xaa));
    const auto end = begin + static_cast<ptrdiff_t>(in.size());
    EXPECT_EQ(Bytes(end, buffer.end()), Bytes(16 - alignment, 0xaa));
    return Bytes(begin, end);
}

TEST_P(Mask, EveryLengthOffsetAndAlignmentInPlaceAndApart)
{
    for (size_t len = 0; len <= 300; len++) {
        const Bytes in = noise(len);
        for (uint64_t offset = 0; offset < 8; offset++) {
            const Bytes right = expected(in, offset);
            for (size_t alignment = 0; alignment < 8; alignment++) {
                ASSERT_EQ(apart(GetParam(), in, offset, alignment), right)
                    << len << " bytes at offset " << offset << ", alignment " << alignment;
                ASSERT_EQ(in_place(GetParam(), in, offset, alignment), right)
                    << len << " bytes at offset " << offset << ", alignment " << alignment;
            }
        }
    }
}

TEST_P(Mask, NeitherReadsNorWritesPastTheEnd)
{
    for (size_t len = 0; len <= 300; len++) {
        const Bytes in = noise(len);
        const Guarded src(in.data(), len);
        Guarded dst(len);
        mask(dst.data(), src.data(), len, 3);
        ASSERT_EQ(Bytes(dst.data(), dst.data() + len), expected(in, 3)) << len;
        mask(dst.data(), dst.data(), len, 3);
        ASSERT_EQ(Bytes(dst.data(), dst.data() + len), in) << len;
    }
}

TEST_P(Mask, PayloadInPiecesKeepsThePhaseOfTheKey)
{
    const Bytes in = noise(200), right = expected(in, 0);
    for (size_t first = 0; first <= in.size(); first++)
        for (size_t second = first; second <= in.size(); second += 7) {
            Bytes bytes = in;
            const size_t cuts[] = {0, first, second, in.size()};
            for (int i = 0; i < 3; i++)
                mask(bytes.data() + cuts[i], bytes.data() + cuts[i], cuts[i + 1] - cuts[i],
                     cuts[i]);
            ASSERT_EQ(bytes, right) << "cut at " << first << " and " << second;
        }
}

TEST_P(Mask, OffsetHas64Bits)
{
    const Bytes in = noise(100);
    for (uint64_t base : {UINT64_C(0xfffffffe), UINT64_C(0x100000000), UINT64_C(0x7ffffffffffffffd),
                          UINT64_MAX - 7, UINT64_MAX}) {
        Bytes bytes = in;
        mask(bytes.data(), bytes.data(), bytes.size(), base);
        EXPECT_EQ(bytes, expected(in, base)) << base;
    }
}

TEST_P(Mask, NoBytesNeedNoPointers)
{
    mask(nullptr, nullptr, 0, 5);
}

TEST_P(Mask, TwiceIsTheIdentity)
{
    const Bytes in = noise(1 << 20);
    Bytes bytes = in;
    mask(bytes.data(), bytes.data(), bytes.size(), 1);
    ASSERT_NE(bytes, in);
    mask(bytes.data(), bytes.data(), bytes.size(), 1);
    EXPECT_EQ(bytes, in);
}
} // namespace
