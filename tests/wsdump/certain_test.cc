// Inflating messages whose beginnings refer to what was not captured: every length exact, every
// byte right or listed as unknown. The messages are plain zlib's.
#include "../libwsproto/deflated.h"

#include <gtest/gtest.h>

extern "C" {
#include "certain.h"
}

#include <algorithm>
#include <functional>

namespace
{

struct Seen {
    bool inflated = false;
    Bytes data;
    std::vector<bool> known;
};

// An observer of one direction.
class Joined
{
public:
    explicit Joined(bool from_the_start = false, certain_memory *memory = nullptr,
                    size_t room = 65536)
        : certain_(certain_new(memory ? memory : &plenty_, from_the_start)), room_(room)
    {
    }
    ~Joined()
    {
        certain_free(certain_);
    }
    Joined(const Joined &) = delete;
    Joined &operator=(const Joined &) = delete;

    Seen message(const Bytes &compressed)
    {
        wsp_inflater *inflater = certain_inflater(certain_);
        Seen seen;
        if (!inflater->begin(inflater))
            return seen;
        seen.inflated = give(compressed, true, seen.data);
        seen.known = known(seen.data.size());
        return seen;
    }
    // A message of which only the beginning comes.
    void torn(const Bytes &beginning)
    {
        wsp_inflater *inflater = certain_inflater(certain_);
        Bytes data;
        ASSERT_TRUE(inflater->begin(inflater));
        give(beginning, false, data);
        inflater->lost(inflater);
    }

private:
    bool give(const Bytes &compressed, bool end, Bytes &data)
    {
        wsp_inflater *inflater = certain_inflater(certain_);
        Bytes out(room_);
        for (size_t used = 0;;) {
            size_t in_len = compressed.size() - used, out_len = out.size();
            const int result = inflater->inflate(inflater, compressed.data() + used, &in_len, end,
                                                 out.data(), &out_len);
            used += in_len;
            data.insert(data.end(), out.begin(),
                        out.begin() + static_cast<std::ptrdiff_t>(out_len));
            if (result <= 0)
                return result == 0;
        }
    }
    std::vector<bool> known(size_t len)
    {
        std::vector<bool> bytes(len, true);
        const GArray *ranges = certain_unknown(certain_);
        uint64_t end = 0;
        for (guint i = 0; i < ranges->len; i++) {
            const record_missing &r = g_array_index(ranges, record_missing, i);
            EXPECT_TRUE(i == 0 || r.offset > end) << "ranges are in order, and apart";
            end = r.offset + r.len;
            EXPECT_LE(end, len);
            std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(r.offset),
                      bytes.begin() + static_cast<std::ptrdiff_t>(end), false);
        }
        return bytes;
    }

    certain_memory plenty_ = {UINT64_MAX, 0, nullptr};
    certain *certain_;
    size_t room_;
};

// Every known byte is the true one, every unknown one is zero. Returns how many are known.
size_t expect_right(const Seen &seen, const Bytes &truth)
{
    EXPECT_TRUE(seen.inflated);
    EXPECT_EQ(seen.data.size(), truth.size());
    size_t known = 0;
    for (size_t i = 0; i < std::min(seen.data.size(), truth.size()); i++) {
        EXPECT_EQ(seen.data[i], seen.known[i] ? truth[i] : 0) << "byte " << i;
        known += seen.known[i];
    }
    return known;
}

Bytes tick(std::mt19937 &random)
{
    return from_text("{\"symbol\":\"ACME\",\"price\":" + std::to_string(random() % 100000) +
                     ",\"size\":" + std::to_string(random() % 1000) + ",\"side\":\"buy\"}");
}

TEST(Certain, AllIsKnownFromTheStart)
{
    Deflated sender;
    Joined observer(true);
    for (const char *text : {"Hello", "Hello", "Hello, hello"}) {
        const Bytes truth = from_text(text);
        EXPECT_EQ(expect_right(observer.message(sender.message(truth)), truth), truth.size());
    }
}

TEST(Certain, JoinedMidStreamEveryLengthIsExactAndNoByteIsWrong)
{
    for (const int bits : {9, 12, 15}) {
        for (const size_t room : {1U, 100U, 65536U}) {
            std::mt19937 random(1);
            Deflated sender(bits);
            for (int i = 0; i < 20; i++)
                sender.message(tick(random));
            Joined observer(false, nullptr, room);
            size_t known = 0;
            for (int i = 0; i < 100; i++) {
                const Bytes truth = tick(random);
                known += expect_right(observer.message(sender.message(truth)), truth);
            }
            EXPECT_GT(known, 0U) << "the numbers";
        }
    }
}

TEST(Certain, MessagesThatStandForThemselvesAreKnownWhole)
{
    Joined observer;
    for (int i = 0; i < 3; i++) {
        Deflated sender; // a new window each time: no_context_takeover
        const Bytes truth = from_text("message message message " + std::to_string(i));
        EXPECT_EQ(expect_right(observer.message(sender.message(truth)), truth), truth.size());
    }
}

TEST(Certain, AllIsKnownAgainWhenAWholeWindowWasKnown)
{
    std::mt19937 random(2);
    Bytes noise(40000);
    std::generate(noise.begin(), noise.end(), [&] { return static_cast<uint8_t>(random()); });
    Deflated sender;
    sender.message("a beginning that nobody saw");
    certain_memory memory = {UINT64_MAX, 0, nullptr};
    Joined observer(false, &memory);
    const Bytes reference = from_text("a beginning that nobody saw");
    EXPECT_LT(expect_right(observer.message(sender.message(reference)), reference),
              reference.size());
    EXPECT_EQ(expect_right(observer.message(sender.message(noise)), noise), noise.size());
    const uint64_t two = memory.used;
    EXPECT_EQ(expect_right(observer.message(sender.message(noise)), noise), noise.size());
    EXPECT_LT(memory.used, two * 2 / 3) << "one inflater is enough";
}

TEST(Certain, BehindALossTheNextMessageIsInflatedAsFarAsItIsKnown)
{
    Deflated sender;
    Joined observer(true);
    const Bytes text = from_text("nobody knows what was lost here");
    sender.message("before");
    const Bytes lost = sender.message(text);
    observer.torn(Bytes(lost.begin(), lost.begin() + 5));
    const Bytes truth = from_text("here is new: nobody knows what was lost here");
    const size_t known = expect_right(observer.message(sender.message(truth)), truth);
    EXPECT_GT(known, 0U);
    EXPECT_LT(known, truth.size());
}

TEST(Certain, BehindWrongDataTheNextMessageIsInflated)
{
    Deflated sender;
    Joined observer(true);
    EXPECT_FALSE(observer.message(from_hex("ffffffff")).inflated);
    const Bytes truth = from_text("right again");
    EXPECT_EQ(expect_right(observer.message(sender.message(truth)), truth), truth.size());
}

TEST(Certain, EmptyMessagesAndFinalBlocksAreNoSurprise) // RFC 7692 7.2.3.4, 7.2.3.6
{
    Joined observer;
    EXPECT_EQ(expect_right(observer.message(from_hex("00")), Bytes()), 0U);
    const Bytes hello = from_text("Hello");
    EXPECT_EQ(expect_right(observer.message(from_hex("f348cdc9c9070000")), hello), 5U);
    EXPECT_EQ(expect_right(observer.message(from_hex("f200110000")), hello), 5U);
}

// Each match takes three bytes from in front of the stream, and a literal follows.
TEST(Certain, RangesOfAMessageAreBoundedAndTheRestCountsAsUnknown)
{
    Deflated sender(15, 9, Z_DEFAULT_STRATEGY);
    std::mt19937 random(3);
    Bytes start(30000);
    std::generate(start.begin(), start.end(), [&] { return static_cast<uint8_t>(random()); });
    sender.message(start);
    Bytes truth;
    for (size_t i = 0; i + 8 < start.size(); i += 8) { // 4 bytes from there, one that is new
        truth.insert(truth.end(), start.begin() + static_cast<std::ptrdiff_t>(i),
                     start.begin() + static_cast<std::ptrdiff_t>(i + 4));
        truth.push_back(static_cast<uint8_t>(start[i + 4] + 1));
    }
    truth.insert(truth.end(), truth.begin(), truth.end());
    truth.resize(30000);
    Joined observer;
    const Seen seen = observer.message(sender.message(truth));
    expect_right(seen, truth);
    EXPECT_EQ(std::count(seen.known.end() - 1000, seen.known.end(), true), 0);
}

TEST(Certain, WithoutMemoryForTheSecondInflaterAMessageIsNotInflatedButTheNextMayBe)
{
    Deflated sender;
    certain_memory memory = {UINT64_MAX, 0, nullptr};
    Joined observer(false, &memory);
    memory.max = memory.used * 3 / 2;
    EXPECT_FALSE(observer.message(sender.message("first")).inflated);
    memory.max = UINT64_MAX;
    const Bytes truth = from_text("second");
    EXPECT_GT(expect_right(observer.message(sender.message(truth)), truth), 0U);
}

TEST(Certain, GivesAllMemoryBack)
{
    certain_memory memory = {UINT64_MAX, 0, nullptr};
    {
        Joined observer(false, &memory);
        Deflated sender;
        observer.message(sender.message("text"));
        EXPECT_GT(memory.used, 0U);
    }
    EXPECT_EQ(memory.used, 0U);
    certain_free(nullptr);
}

} // namespace
