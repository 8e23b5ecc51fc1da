// What is no WebSocket is not taken for one, without any handshake or beginning of the connection
// to go by.
#include "traffic.h"

#include <gtest/gtest.h>

#include <cstring>

namespace
{

// xorshift64*: fast enough for gigabytes in a debug build, the same everywhere.
class Random
{
public:
    explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u | 1) {}
    uint64_t next()
    {
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return state_ * 0x2545f4914f6cdd1du;
    }
    size_t below(size_t n)
    {
        return static_cast<size_t>((next() >> 33) % n);
    }

private:
    uint64_t state_;
};

constexpr size_t stream_size = 65536;

void fill_random(Random &random, uint8_t *out)
{
    for (size_t i = 0; i < stream_size; i += 8) {
        const uint64_t value = random.next();
        std::memcpy(out + i, &value, 8);
    }
}

// Words of several scripts and encodings, and what logs and scripts are made of.
void fill_text(Random &random, uint8_t *out)
{
    static const std::vector<std::string> words = {
        "the",
        "quick ",
        "brown\r\n",
        "A",
        "B",
        "AB",
        "BA~",
        "{\"a\":",
        "42",
        "}\n",
        "<p>",
        "</p>\r\n",
        "0x81",
        "key=value&",
        "\xc3\xbc",
        "Gr\xc3\xbc\xc3\x9f"
        "e ",
        "\xd1\x81\xd1\x82\xd0\xbe ",
        "\xe3\x81\x82\xe3\x81\x84",
        "\xe3\x82\x8a\xe3\x81\x82",
        "\xe6\x97\xa5\xe6\x9c\xac",
        "\xf0\x9f\x98\x80",
        "\xc1\xc2 ",
        "\xc2\xc1\xd0\xc1",
        " ",
        "\n",
        "\r\n",
        "\t",
        "BIND ",
        "ACK ",
        "AUTH ",
    };
    // Each stream has words of its own, so that some are nothing but the worst of them.
    const size_t first = random.below(words.size()), kinds = 1 + random.below(words.size());
    for (size_t at = 0; at < stream_size;) {
        const std::string &word = words[(first + random.below(kinds)) % words.size()];
        const size_t n = std::min(word.size(), stream_size - at);
        std::memcpy(out + at, word.data(), n);
        at += n;
    }
}

// Segments as bulk data has them, or small ones; from one side, or each half from another.
uint64_t websockets_in(Random &random, const uint8_t *stream)
{
    Traffic t;
    const size_t most = random.below(8) == 0 ? 1 + random.below(500) : 1448;
    const size_t half = random.below(2) == 0 ? stream_size / 2 : 0;
    const size_t begin[2] = {0, half}, end[2] = {half, stream_size};
    size_t at[2] = {begin[0], begin[1]};
    while (at[0] < end[0] || at[1] < end[1]) {
        const size_t side = at[0] == end[0] ? 1 : at[1] == end[1] ? 0 : random.below(2);
        const size_t n =
            std::min(most == 1448 ? most : 1 + random.below(most), end[side] - at[side]);
        t.say_borrowed(static_cast<int>(side), stream + at[side], n);
        at[side] += n;
    }
    t.end(TCP_END_FIN);
    EXPECT_EQ(t.records(), Lines{});
    return t.totals().websockets;
}

#ifdef __SANITIZE_ADDRESS__
constexpr uint64_t streams = 5000; // they are slow there, and the same
#else
constexpr uint64_t streams = 100000;
#endif

TEST(NoWebSocket, Is100000RandomZeroAndTextStreams)
{
    std::vector<uint8_t> stream(stream_size);
    uint64_t found = 0;
    for (uint64_t seed = 1; seed <= streams; seed++) {
        Random random(seed);
        if (seed % 5 < 3)
            fill_random(random, stream.data());
        else if (seed % 5 == 3)
            fill_text(random, stream.data());
        else if (seed % 50 == 4)
            std::fill(stream.begin(), stream.end(), 0);
        found += websockets_in(random, stream.data());
        if (::testing::Test::HasFailure())
            GTEST_FAIL() << "seed " << seed;
    }
    EXPECT_EQ(found, 0u);
}

} // namespace
