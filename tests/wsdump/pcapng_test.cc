// pcapng: every kind of packet block in either byte order, and damage that costs nothing before it.
#include "packets.h"

#include <gtest/gtest.h>

extern "C" {
#include "pcapng.h"
}

using build::Bytes;
using build::number;
using build::PcapngFile;
using build::text;
using build::operator+;

namespace
{

struct Seen {
    std::vector<std::string> packets; // "link time/captured of original"
    std::string error;                // "" when the file ended as it should
};

Seen read(const Bytes &bytes)
{
    // fmemopen refuses an empty buffer, and a copy of exact size lets a sanitizer see an overrun.
    FILE *stream = bytes.empty()
                       ? fopen("/dev/null", "rb")
                       : fmemopen(const_cast<uint8_t *>(bytes.data()), bytes.size(), "rb");
    pcapng *reader = pcapng_new(stream);
    Seen seen;
    packet p = {};
    pcapng_status status;
    while ((status = pcapng_next(reader, &p)) == PCAPNG_PACKET) {
        std::string line = std::to_string(p.link) + " " + std::to_string(p.time_ns) + " " +
                           std::string(p.data, p.data + p.captured);
        if (p.original != p.captured)
            line += " of " + std::to_string(p.original);
        seen.packets.push_back(line);
    }
    if (status == PCAPNG_DAMAGED) {
        seen.error = pcapng_error(reader);
        EXPECT_NE(seen.error, "");
        EXPECT_EQ(pcapng_next(reader, &p), PCAPNG_DAMAGED) << "damage does not go away";
    }
    pcapng_free(reader);
    fclose(stream);
    return seen;
}

using Packets = std::vector<std::string>;

// The time of one packet with that count in an interface with these options.
int64_t time_of(uint64_t ticks, int resolution, int64_t offset = 0)
{
    PcapngFile file;
    Bytes options;
    if (resolution >= 0)
        options = options + file.option(9, Bytes{static_cast<uint8_t>(resolution)});
    if (offset)
        options = options + file.option(14, file.n(static_cast<uint64_t>(offset), 8));
    file.interface(1, 0, options + file.option(0, {}));
    file.enhanced(0, ticks, text("x"));
    const Seen seen = read(file.bytes);
    if (seen.packets.size() != 1) {
        ADD_FAILURE() << seen.error;
        return -1;
    }
    return std::stoll(seen.packets[0].substr(2));
}

TEST(Pcapng, ReadsEveryPacketBlockInBothByteOrders)
{
    for (bool big_endian : {false, true}) {
        PcapngFile file(big_endian);
        file.interface(1);
        file.enhanced(0, 1700000000123456, text("enhanced"));
        file.enhanced(0, 5, text("cut"), 1000);
        file.enhanced(0, 6, text("grown"), 1); // nonsense: no less can have been on the wire
        file.old(0, 0x100000000, text("old!!"));
        file.simple(text("simple"));
        const Seen seen = read(file.bytes);
        EXPECT_EQ(seen.error, "");
        EXPECT_EQ(seen.packets,
                  (Packets{"1 1700000000123456000 enhanced", "1 5000 cut of 1000", "1 6000 grown",
                           "1 4294967296000 old!!", "1 4294967296000 simple"}));
    }
}

TEST(Pcapng, KeepsInterfacesOfDifferentLinksAndClocksApart)
{
    PcapngFile file;
    file.interface(1);
    file.interface(101, 0, file.option(9, Bytes{9}));
    file.enhanced(1, 7, text("raw"));
    file.enhanced(0, 7, text("ether"));
    file.interface(276);
    file.enhanced(2, 7, text("cooked"));
    EXPECT_EQ(read(file.bytes).packets, (Packets{"101 7 raw", "1 7000 ether", "276 7000 cooked"}));
}

TEST(Pcapng, BeginsEachSectionAnewInItsOwnByteOrder)
{
    PcapngFile file(false);
    file.interface(1);
    file.enhanced(0, 1, text("little"));
    file.section(true);
    file.interface(101);
    file.enhanced(0, 2, text("big"));
    file.section(false);
    file.enhanced(0, 3, text("nothing described it"));
    const Seen seen = read(file.bytes);
    EXPECT_EQ(seen.packets, (Packets{"1 1000 little", "101 2000 big"}));
    EXPECT_EQ(seen.error, "the block at byte 200 is a packet of interface 0, which was not "
                          "described");
}

TEST(Pcapng, CutsASimplePacketAtTheSnaplen)
{
    PcapngFile file;
    file.interface(1, 5);
    file.simple(text("12345678"), 8);
    file.simple(text("123"), 3);
    file.simple(text("12345"), 900);
    EXPECT_EQ(read(file.bytes).packets, (Packets{"1 0 12345 of 8", "1 0 123", "1 0 12345 of 900"}));
}

TEST(Pcapng, SkipsBlocksItDoesNotKnow)
{
    PcapngFile file;
    file.block(0x0000000a, text("secrets are not read here"));
    file.interface(1);
    file.block(4, Bytes(20, 1));
    file.block(0x80000001, {});
    file.enhanced(0, 1, text("x"));
    file.block(5, Bytes(12, 1));
    const Seen seen = read(file.bytes);
    EXPECT_EQ(seen.packets, Packets{"1 1000 x"});
    EXPECT_EQ(seen.error, "");
}

TEST(Pcapng, CountsTimeInEveryResolution)
{
    EXPECT_EQ(time_of(1500000, -1), 1500000000);
    EXPECT_EQ(time_of(2, 0), 2000000000);
    EXPECT_EQ(time_of(1500, 3), 1500000000);
    EXPECT_EQ(time_of(1700000000123456789, 9), 1700000000123456789);
    EXPECT_EQ(time_of(1234567891999, 12), 1234567891);
    EXPECT_EQ(time_of(UINT64_MAX, 19), 1844674407);
    EXPECT_EQ(time_of(UINT64_MAX, 20), 184467440);
    EXPECT_EQ(time_of(UINT64_MAX, 25), 1844);
    EXPECT_EQ(time_of(UINT64_MAX, 0x7f), 0);
    EXPECT_EQ(time_of(3, 0x80), 3000000000);
    EXPECT_EQ(time_of(3, 0x81), 1500000000);
    EXPECT_EQ(time_of(0x180000000, 0xa0), 1500000000);
    EXPECT_EQ(time_of((uint64_t{7} << 40) + (uint64_t{1} << 38), 0x80 | 40), 7250000000);
    EXPECT_EQ(time_of(UINT64_MAX, 0x80 | 63), 1999999999);
    EXPECT_EQ(time_of(UINT64_MAX, 0x80 | 64), 999999999);
    EXPECT_EQ(time_of(UINT64_MAX, 0xff), 0);
}

TEST(Pcapng, AddsTheInterfacesTimeOffset)
{
    EXPECT_EQ(time_of(5, 6, 1700000000), 1700000000000005000);
    EXPECT_EQ(time_of(1, 0, -3), -2000000000);
    EXPECT_GT(time_of(UINT64_MAX, 0, INT64_MAX), 0) << "no overflow, whatever the clock says";
    EXPECT_LT(time_of(0, 0, INT64_MIN), 0);
}

TEST(Pcapng, ReadsInterfacesWithOddOptions)
{
    PcapngFile file;
    file.interface(1, 0,
                   file.option(9, {}) + file.option(14, Bytes(3, 1)) + file.option(2, text("lo")));
    file.interface(1, 0, file.option(9, Bytes{3}) + file.n(9, 2) + file.n(50, 2)); // runs over
    file.interface(1, 0, file.option(0, {}) + file.option(9, Bytes{0}));           // after the end
    file.interface(1, 0,
                   file.n(14, 2) + file.n(8, 2) + file.n(1, 4)); // its second half is not there
    for (uint32_t i = 0; i < 4; i++)
        file.enhanced(i, 1, text("x"));
    const Seen seen = read(file.bytes);
    EXPECT_EQ(seen.packets, (Packets{"1 1000 x", "1 1000000 x", "1 1000 x", "1 1000 x"}));
    EXPECT_EQ(seen.error, "");
}

TEST(Pcapng, AcceptsLengthsWithoutThePadding)
{
    PcapngFile file;
    file.interface(1);
    const Bytes body = number(0, 4, false) + number(0, 4) + number(1, 4, false) +
                       number(5, 4, false) + number(5, 4, false) + text("hello") + Bytes(3, 0);
    const Bytes length = number(12 + 25, 4, false);
    file.bytes = file.bytes + number(6, 4, false) + length + body + length;
    file.enhanced(0, 2, text("next"));
    EXPECT_EQ(read(file.bytes).packets, (Packets{"1 1000 hello", "1 2000 next"}));
}

// --- damage ---

PcapngFile two_packets()
{
    PcapngFile file;
    file.interface(1);
    file.enhanced(0, 1, text("first"));
    file.enhanced(0, 2, text("second"));
    return file;
}

TEST(Pcapng, DeliversAllPacketsBeforeACutAtAnyByte)
{
    PcapngFile whole;
    whole.interface(1);
    const size_t described = whole.bytes.size();
    whole.enhanced(0, 1, text("first"));
    const size_t after_first = whole.bytes.size();
    whole.enhanced(0, 2, text("second"));
    for (size_t len = 0; len <= whole.bytes.size(); len++) {
        const Seen seen =
            read(Bytes(whole.bytes.begin(), whole.bytes.begin() + static_cast<long>(len)));
        const size_t expected = len == whole.bytes.size() ? 2 : len >= after_first ? 1 : 0;
        ASSERT_EQ(seen.packets.size(), expected) << len;
        const bool between_blocks = len == 0 || len == 28 || len == described ||
                                    len == after_first || len == whole.bytes.size();
        ASSERT_EQ(seen.error.empty(), between_blocks) << len << " " << seen.error;
    }
}

TEST(Pcapng, SaysWhichBlockIsCutOff)
{
    PcapngFile file = two_packets();
    const size_t at = file.bytes.size();
    file.enhanced(0, 3, text("third"));
    file.bytes.pop_back();
    const Seen seen = read(file.bytes);
    EXPECT_EQ(seen.packets.size(), 2u);
    EXPECT_EQ(seen.error,
              "the block at byte " + std::to_string(at) + " is cut off by the end of the file");
}

TEST(Pcapng, RefusesImpossibleLengths)
{
    for (uint64_t length :
         {uint64_t{0}, uint64_t{11}, uint64_t{16 * 1024 * 1024 + 1}, uint64_t{0xffffffff}}) {
        PcapngFile file = two_packets();
        file.bytes = file.bytes + number(6, 4, false) + number(length, 4, false) + Bytes(100, 0);
        const Seen seen = read(file.bytes);
        EXPECT_EQ(seen.packets.size(), 2u);
        EXPECT_NE(seen.error.find("impossible length of " + std::to_string(length)),
                  std::string::npos)
            << seen.error;
    }
}

TEST(Pcapng, RefusesALengthBeyondTheEndOfTheFile)
{
    PcapngFile file = two_packets();
    file.bytes =
        file.bytes + number(6, 4, false) + number(16 * 1024 * 1024, 4, false) + Bytes(100, 0);
    const Seen seen = read(file.bytes);
    EXPECT_EQ(seen.packets.size(), 2u);
    EXPECT_NE(seen.error.find("cut off"), std::string::npos);
}

TEST(Pcapng, RefusesBlocksThatContradictThemselves)
{
    const auto error_after = [](const Bytes &bytes) {
        PcapngFile file = two_packets();
        const Seen seen = read(file.bytes + bytes);
        EXPECT_EQ(seen.packets.size(), 2u);
        return seen.error.substr(seen.error.find("byte") + 5);
    };
    PcapngFile block;
    const auto fresh = [&block]() -> PcapngFile & { return block.bytes.clear(), block; };

    fresh().block(6, Bytes(12, 0));
    EXPECT_EQ(error_after(block.bytes), "128 is a packet block of only 12 bytes");
    fresh().block(2, Bytes(16, 0));
    EXPECT_EQ(error_after(block.bytes), "128 is a packet block of only 16 bytes");
    fresh().block(3, {});
    EXPECT_EQ(error_after(block.bytes), "128 is a packet block of only 0 bytes");
    fresh().block(1, Bytes(4, 0));
    EXPECT_EQ(error_after(block.bytes), "128 is an interface description of only 4 bytes");
    fresh().block(6, Bytes(12, 0) + block.n(9, 4) + block.n(9, 4) + Bytes(8, 0));
    EXPECT_EQ(error_after(block.bytes), "128 is too short for its packet of 9 bytes");
    fresh().block(6, Bytes(12, 0) + block.n(0xffffffff, 4) + Bytes(12, 0));
    EXPECT_EQ(error_after(block.bytes), "128 is too short for its packet of 4294967295 bytes");
    fresh().enhanced(1, 0, text("x"));
    EXPECT_EQ(error_after(block.bytes), "128 is a packet of interface 1, which was not described");
    fresh().block(4, Bytes(4, 0));
    block.bytes.back() = 1;
    EXPECT_EQ(error_after(block.bytes), "128 has different lengths at its two ends");
    fresh().section(false);
    block.bytes[8] = 0;
    EXPECT_EQ(error_after(block.bytes), "128 is a section header without the byte-order magic");
    fresh().section(false);
    block.bytes[12] = 2;
    EXPECT_EQ(error_after(block.bytes),
              "128 begins a section of pcapng version 2; only 1 is known");
    fresh().section(false);
    block.bytes[4] = 12;
    EXPECT_EQ(error_after(block.bytes), "128 declares an impossible length of 12 bytes");
    fresh().block(0x0a0d0d0a, block.n(0x1a2b3c4d, 4) + block.n(1, 4));
    EXPECT_EQ(error_after(block.bytes), "128 is a section header of only 8 bytes");
}

TEST(Pcapng, WantsASectionFirst)
{
    PcapngFile file;
    file.bytes.clear();
    file.interface(1);
    EXPECT_EQ(read(file.bytes).error, "the block at byte 0 comes before any section header");
}

} // namespace
