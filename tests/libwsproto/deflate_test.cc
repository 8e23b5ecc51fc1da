// The two directions of permessage-deflate (RFC 7692 7.2) by themselves, against plain zlib.
#include "deflated.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace
{

// ---- Driving the two directions

// The message that a payload inflates to, in pieces of `step` bytes through `room` bytes of output.
// `ok` is false when the data was called wrong.
struct Inflated {
    bool ok = true;
    Bytes data;
};

Inflated inflate_all(wsp_inflater *inflater, const Bytes &payload, size_t step = SIZE_MAX,
                     size_t room = 4096)
{
    Inflated result;
    if (!inflater->begin(inflater))
        return {false, {}};
    Bytes out(room);
    size_t at = 0;
    for (bool end = false; !end;) {
        size_t left = std::min(step, payload.size() - at);
        end = at + left == payload.size();
        const Bytes piece(payload.begin() + static_cast<ptrdiff_t>(at),
                          payload.begin() + static_cast<ptrdiff_t>(at + left));
        at += left;
        const uint8_t *in = piece.data();
        for (int status = 1; status == 1;) {
            size_t used = left, got = room;
            status = inflater->inflate(inflater, in, &used, end, out.data(), &got);
            in += used;
            left -= used;
            result.data.insert(result.data.end(), out.begin(),
                               out.begin() + static_cast<ptrdiff_t>(got));
            if (status < 0)
                return {false, result.data};
            EXPECT_TRUE(status == 1 || left == 0) << "what is done took all";
        }
    }
    return result;
}

Bytes deflate_all(wsp_deflater *deflater, const Bytes &message, size_t step = SIZE_MAX,
                  size_t room = 4096)
{
    Bytes payload, out(room);
    size_t at = 0;
    for (bool end = false; !end;) {
        size_t left = std::min(step, message.size() - at);
        end = at + left == message.size();
        const uint8_t *in = message.data() + at;
        at += left;
        for (int status = 1; status == 1;) {
            size_t used = left, got = room;
            status = wsp_deflate(deflater, in, &used, end, out.data(), &got);
            in += used;
            left -= used;
            payload.insert(payload.end(), out.begin(), out.begin() + static_cast<ptrdiff_t>(got));
        }
        EXPECT_EQ(left, 0U);
    }
    return payload;
}

void expect_inflates(wsp_inflater *inflater, const Bytes &payload, const Bytes &message)
{
    const Inflated result = inflate_all(inflater, payload);
    EXPECT_TRUE(result.ok) << to_hex(payload);
    EXPECT_EQ(result.data, message) << to_hex(payload);
}

void expect_inflates_alone(const char *payload, std::string_view message)
{
    for (size_t step : {size_t(1), SIZE_MAX})
        for (size_t room : {size_t(1), size_t(100)}) {
            const Inflater inflater = new_inflater();
            const Inflated result = inflate_all(inflater.get(), from_hex(payload), step, room);
            EXPECT_TRUE(result.ok) << payload;
            EXPECT_EQ(result.data, from_text(message)) << payload;
        }
}

void expect_wrong(const char *payload)
{
    for (size_t step : {size_t(1), SIZE_MAX})
        for (size_t room : {size_t(1), size_t(100)}) {
            const Inflater inflater = new_inflater();
            EXPECT_FALSE(inflate_all(inflater.get(), from_hex(payload), step, room).ok) << payload;
        }
}

// ---- RFC 7692 7.2.3

TEST(DeflateExamples, OneCompressedMessage) // 7.2.3.1
{
    expect_inflates_alone("f248cdc9c90700", "Hello");
    const Deflater deflater = new_deflater();
    EXPECT_EQ(to_hex(deflate_all(deflater.get(), from_text("Hello"))), "f248cdc9c90700");
}

TEST(DeflateExamples, SharingTheWindow) // 7.2.3.2
{
    const Deflater deflater = new_deflater();
    const Inflater inflater = new_inflater();
    for (const char *payload : {"f248cdc9c90700", "f200110000"}) {
        EXPECT_EQ(to_hex(deflate_all(deflater.get(), from_text("Hello"))), payload);
        expect_inflates(inflater.get(), from_hex(payload), from_text("Hello"));
    }
    const Deflater forgets = new_deflater(15, true);
    for (int i = 0; i < 2; i++)
        EXPECT_EQ(to_hex(deflate_all(forgets.get(), from_text("Hello"))), "f248cdc9c90700");
}

TEST(DeflateExamples, BlockWithoutCompression) // 7.2.3.3
{
    expect_inflates_alone("000500faff48656c6c6f00", "Hello");
}

TEST(DeflateExamples, FinalBlock) // 7.2.3.4
{
    expect_inflates_alone("f348cdc9c9070000", "Hello");
}

TEST(DeflateExamples, TwoBlocksInOneMessage) // 7.2.3.5
{
    expect_inflates_alone("f248050000 00ffffcac9c90700", "Hello");
}

TEST(DeflateExamples, EmptyMessage) // 7.2.3.6
{
    expect_inflates_alone("00", "");
    const Deflater deflater = new_deflater();
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(to_hex(deflate_all(deflater.get(), {}, SIZE_MAX, 1)), "00");
    EXPECT_EQ(to_hex(deflate_all(deflater.get(), from_text("Hello"))), "f248cdc9c90700");
    EXPECT_EQ(to_hex(deflate_all(deflater.get(), {})), "00");
}

// ---- Inflating

TEST(Inflater, KeepsTheWindowOverFinalBlocks) // 7.2.3.4
{
    // "Hello" in a final block, then a match that reaches back over its end; also twice and three
    // times in one message, and in the next message.
    const std::string first = "f348cdc9c90700", match = "f20011 0000";
    for (const std::string &payload :
         {first + match, first + first + match, "0300" + first + "0300" + match}) {
        const Inflater inflater = new_inflater();
        const Inflated result = inflate_all(inflater.get(), from_hex(payload), 1, 1);
        EXPECT_TRUE(result.ok) << payload;
        EXPECT_EQ(result.data.size() % 5, 0U);
        EXPECT_GE(result.data.size(), 10U);
        expect_inflates(inflater.get(), from_hex(match), from_text("Hello"));
    }
}

TEST(Inflater, TakesMessagesThatEndRightBehindAFinalBlock)
{
    expect_inflates_alone("f348cdc9c90700", "Hello"); // the last 00 belongs to the block
    expect_inflates_alone("0300", "");
    expect_inflates_alone("01", ""); // an empty stored block that is final
    const Inflater inflater = new_inflater();
    expect_inflates(inflater.get(), from_hex("f348cdc9c90700"), from_text("Hello"));
    expect_inflates(inflater.get(), from_hex("01"), {});
    expect_inflates(inflater.get(), from_hex("f200110000"), from_text("Hello"));
}

TEST(Inflater, CallsWrongWhatDoesNotEndInAnEmptyBlock) // 7.2.1, 7.2.2
{
    expect_wrong("");                         // the empty message is 00
    expect_wrong("f248cdc9c907");             // its last byte is missing
    expect_wrong("f248cdc9");                 // inside a block
    expect_wrong("f248cdc9c90700000000ffff"); // the four bytes were not taken off
    expect_wrong("000400fbff");               // a stored block would swallow the four bytes
    expect_wrong("010400fbff");
    expect_wrong("00ff");
    // The end of a block, a code of all ones, lies inside the last of the four bytes.
    expect_wrong("ecc621040000000020fcffffffffffffffffffffffffffffef51");
}

TEST(Inflater, CallsWrongWhatIsNoDeflate) // RFC 1951
{
    expect_wrong("07"); // block type 3
    expect_wrong("ff");
    expect_wrong("000500faf048"); // a length and what should be its complement
    expect_wrong("f20011 0000");  // a match before the beginning
    expect_wrong("050000000000");
}

TEST(Inflater, IsNotTrustedWithAWindowAfterWrongData)
{
    const Inflater keeps = new_inflater(), forgets = new_inflater(15, true);
    for (wsp_inflater *inflater : {keeps.get(), forgets.get()}) {
        expect_inflates(inflater, from_hex("f248cdc9c90700"), from_text("Hello"));
        EXPECT_FALSE(inflate_all(inflater, from_hex("ff")).ok);
    }
    EXPECT_FALSE(keeps->begin(keeps.get()));
    EXPECT_FALSE(keeps->begin(keeps.get())) << "for good";
    expect_inflates(forgets.get(), from_hex("f248cdc9c90700"), from_text("Hello"));
}

TEST(Inflater, IsNotTrustedWithAWindowAfterAGap)
{
    const Inflater keeps = new_inflater(), forgets = new_inflater(15, true);
    for (wsp_inflater *inflater : {keeps.get(), forgets.get()})
        inflater->lost(inflater);
    EXPECT_FALSE(keeps->begin(keeps.get()));
    expect_inflates(forgets.get(), from_hex("f248cdc9c90700"), from_text("Hello"));
}

TEST(Inflater, IsNotTrustedWithAWindowAfterAnAbandonedMessage)
{
    const Inflater keeps = new_inflater(), forgets = new_inflater(15, true);
    for (wsp_inflater *inflater : {keeps.get(), forgets.get()}) {
        EXPECT_TRUE(inflater->begin(inflater));
        const uint8_t part[2] = {0xf2, 0x48};
        uint8_t out[8];
        size_t used = 2, got = 8;
        EXPECT_EQ(inflater->inflate(inflater, part, &used, false, out, &got), 0);
    }
    EXPECT_FALSE(keeps->begin(keeps.get()));
    expect_inflates(forgets.get(), from_hex("f248cdc9c90700"), from_text("Hello"));
}

TEST(Inflater, ForgetsItsWindowWhereThatWasAgreed)
{
    const Inflater inflater = new_inflater(15, true);
    expect_inflates(inflater.get(), from_hex("f248cdc9c90700"), from_text("Hello"));
    EXPECT_FALSE(inflate_all(inflater.get(), from_hex("f200110000")).ok)
        << "this message refers to the one before";
}

TEST(Inflater, Of15BitsReadsEveryLegalSender)
{
    for (int bits = 9; bits <= 15; bits++)
        for (bool forgets : {false, true}) {
            const Inflater inflater = new_inflater();
            const Deflater deflater = new_deflater(bits, forgets);
            for (unsigned i = 0; i < 5; i++) {
                const Bytes message = words(3000, i);
                expect_inflates(inflater.get(), deflate_all(deflater.get(), message), message);
            }
        }
}

TEST(Inflater, GivesTheSameHoweverItIsFed)
{
    Deflated sender;
    Bytes payload = sender.flushed(words(300, 1), Z_FULL_FLUSH);
    payload = payload + sender.flushed(noise(200), Z_SYNC_FLUSH);
    payload = payload + sender.message(words(300, 2));
    const Bytes message = words(300, 1) + noise(200) + words(300, 2);
    for (size_t step = 1; step <= payload.size(); step++)
        for (size_t room : {size_t(1), size_t(2), size_t(7), size_t(258), size_t(10000)}) {
            const Inflater inflater = new_inflater();
            const Inflated result = inflate_all(inflater.get(), payload, step, room);
            ASSERT_TRUE(result.ok) << step << " " << room;
            ASSERT_EQ(result.data, message) << step << " " << room;
        }
}

// ---- Deflating

TEST(Deflater, GivesTheSameHoweverLittleRoomThereIs)
{
    for (size_t size : {0, 1, 5, 100, 5000})
        for (size_t step : {size_t(1), size_t(100), SIZE_MAX}) {
            const Deflater whole = new_deflater();
            const Bytes expected = deflate_all(whole.get(), words(size), step);
            for (size_t room : {1, 2, 3, 4, 5, 6, 7, 8, 64}) {
                const Deflater deflater = new_deflater();
                ASSERT_EQ(deflate_all(deflater.get(), words(size), step, room), expected)
                    << size << " " << step << " " << room;
            }
        }
}

TEST(Deflater, GivesWhatZlibGivesLessTheFourBytes)
{
    Deflated zlib(15);
    const Deflater deflater = new_deflater(15, false, 6);
    for (size_t size : {0, 1, 2, 3, 50, 1000, 33000, 70000, 10}) {
        EXPECT_EQ(deflate_all(deflater.get(), words(size)), zlib.message(words(size))) << size;
        EXPECT_EQ(deflate_all(deflater.get(), noise(size)), zlib.message(noise(size))) << size;
    }
}

TEST(Deflater, MessagesOfAnySizeComeBack)
{
    for (int bits : {8, 9, 12, 15})
        for (bool forgets : {false, true}) {
            const Deflater deflater = new_deflater(bits, forgets);
            const Inflater inflater = new_inflater(bits, forgets);
            for (size_t size = 0; size <= 70000; size = size * 5 / 4 + 1)
                for (const Bytes &message : {words(size), noise(size), Bytes(size)})
                    expect_inflates(inflater.get(), deflate_all(deflater.get(), message), message);
        }
}

TEST(Deflater, ForEveryWindowLevelAndMemLevelComesBack)
{
    const Bytes message = words(2000);
    for (int bits = 8; bits <= 15; bits++)
        for (int level : {-1, 1, 2, 3, 4, 5, 6, 7, 8, 9})
            for (int mem_level = 1; mem_level <= 9; mem_level++) {
                const Deflater deflater = new_deflater(bits, false, level, mem_level);
                const Inflater inflater = new_inflater(bits);
                ASSERT_TRUE(deflater);
                for (int i = 0; i < 2; i++)
                    expect_inflates(inflater.get(), deflate_all(deflater.get(), message), message);
            }
}

// zlib's smallest window is 9 bits, but it never refers to the last 262 bytes of it.
TEST(Deflater, Of8BitsReachesBack250BytesAtMost)
{
    for (int level = 1; level <= 9; level++) {
        const Deflater deflater = new_deflater(8, false, level);
        const Inflater inflater = new_inflater(8);
        const Bytes block = noise(251);
        for (const Bytes &message : {words(20000), block + block, Bytes(600), words(700)}) {
            const Bytes payload = deflate_all(deflater.get(), message);
            // With one byte of room zlib has nothing but its window of 256 bytes to copy from.
            const Inflated result = inflate_all(inflater.get(), payload, SIZE_MAX, 1);
            ASSERT_TRUE(result.ok) << level;
            ASSERT_EQ(result.data, message);
        }
    }
    const Bytes near = noise(250, 1), far = noise(251, 2);
    const Deflater deflater = new_deflater(8);
    EXPECT_LT(deflate_all(deflater.get(), near + near).size(), 300U) << "it does reach back";
    EXPECT_GT(deflate_all(deflater.get(), far + far).size(), 500U) << "but not 251 bytes";
}

TEST(Deflater, BoundSuffices)
{
    for (int bits : {8, 9, 12, 15})
        for (int mem_level : {1, 8, 9})
            for (int level : {1, 6, 9}) {
                const Deflater deflater = new_deflater(bits, false, level, mem_level);
                for (size_t size : {0, 1, 10, 100, 1000, 16000, 70000})
                    for (size_t step : {size_t(333), SIZE_MAX}) {
                        const size_t length = deflate_all(deflater.get(), noise(size), step).size();
                        EXPECT_LE(length, wsp_deflate_bound(deflater.get(), size))
                            << bits << " " << mem_level << " " << level << " " << size;
                    }
            }
}

TEST(Deflater, MessagesSentPlainLeaveNothingBehind)
{
    const Deflater deflater = new_deflater();
    const Inflater inflater = new_inflater();
    for (unsigned i = 0; i < 10; i++)
        if (i % 3) // the others go uncompressed, past both
            expect_inflates(inflater.get(), deflate_all(deflater.get(), words(100, i)),
                            words(100, i));
}

// ---- Numbers, memory

TEST(DeflateNumbers, OutOfRangeAreRefused)
{
    for (int bits : {0, 7, 16, 255}) {
        EXPECT_FALSE(new_inflater(bits)) << bits;
        EXPECT_FALSE(new_deflater(bits)) << bits;
    }
    for (int level : {-2, 0, 10})
        EXPECT_FALSE(new_deflater(15, false, level)) << level;
    for (int mem_level : {-1, 10})
        EXPECT_FALSE(new_deflater(15, false, -1, mem_level)) << mem_level;
    wsp_inflater_free(nullptr);
    wsp_deflater_free(nullptr);
}

TEST(DeflateMemory, ThatRunsOutAnywhereGivesNothingAndLeaksNothing)
{
    int refused = 0;
    for (int fail_at = 1; fail_at < 20; fail_at++) {
        CountingMemory memory(fail_at);
        {
            const Inflater inflater = new_inflater(15, false, &memory.mem);
            EXPECT_EQ(bool(inflater), memory.calls < fail_at);
            refused += !inflater;
        }
        EXPECT_EQ(memory.used, 0U);
        CountingMemory other(fail_at);
        {
            const Deflater deflater = new_deflater(15, false, -1, 0, &other.mem);
            EXPECT_EQ(bool(deflater), other.calls < fail_at);
            refused += !deflater;
        }
        EXPECT_EQ(other.used, 0U);
    }
    EXPECT_GE(refused, 6) << "the test has reached every allocation";
}

TEST(DeflateMemory, IsTakenOnceAndIsAsTheHeaderSays)
{
    for (int bits = 8; bits <= 15; bits++) {
        CountingMemory in, out;
        const Inflater inflater = new_inflater(bits, false, &in.mem);
        const Deflater deflater = new_deflater(bits, false, -1, 0, &out.mem);
        const size_t in_used = in.used, out_used = out.used;
        const int in_calls = in.calls, out_calls = out.calls;
        for (unsigned i = 0; i < 3; i++)
            expect_inflates(inflater.get(), deflate_all(deflater.get(), words(70000, i)),
                            words(70000, i));
        EXPECT_EQ(in.calls, in_calls);
        EXPECT_EQ(out.calls, out_calls);
        EXPECT_EQ(in.used, in_used);
        const size_t window = size_t(1) << bits;
        EXPECT_LE(in_used, window + (8 << 10)) << bits;
        const size_t for_deflate = (size_t(1) << (std::max(bits, 9) + 2)) + (size_t(1) << 17);
        EXPECT_LE(out_used, for_deflate + (7 << 10)) << bits;
        if (bits == 15)
            RecordProperty("bytes", std::to_string(in_used) + " " + std::to_string(out_used));
    }
}

// What deflate.h says about memory per connection, to the KiB either way.
TEST(DeflateMemory, IsTheHeadersSumForEveryWindowAndMemLevel)
{
    const auto expect_about = [](size_t used, size_t said) {
        EXPECT_LE(used, said + 1024);
        EXPECT_GE(used + 1024, said);
    };
    for (int bits = 8; bits <= 15; bits++)
        for (bool forgets : {false, true}) {
            SCOPED_TRACE(bits);
            CountingMemory in;
            const Inflater inflater = new_inflater(bits, forgets, &in.mem);
            expect_about(in.used, (size_t(7) << 10) + (size_t(1) << bits));
            for (int mem_level = 1; mem_level <= 9; mem_level++) {
                SCOPED_TRACE(mem_level);
                CountingMemory out;
                const Deflater deflater = new_deflater(bits, forgets, -1, mem_level, &out.mem);
                expect_about(out.used, (size_t(6) << 10) + (size_t(1) << (bits + 2)) +
                                           (size_t(1) << (mem_level + 9)));
            }
        }
}

} // namespace
