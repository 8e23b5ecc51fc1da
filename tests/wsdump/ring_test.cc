// The ring between capture and analysis: every packet comes out once, whole and in order; memory is
// bounded; who captures waits or drops, as told; nobody waits for ever.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <thread>

extern "C" {
#include "ring.h"
}

namespace
{

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

using Ring = std::unique_ptr<ring, decltype(&ring_free)>;

Ring make(size_t bytes, bool drop)
{
    return Ring(ring_new(bytes, drop), ring_free);
}

// A packet whose bytes tell its number and place.
class Packet
{
public:
    Packet(uint64_t number, size_t size) : data_(size, 0)
    {
        for (size_t i = 0; i < size; i++)
            data_[i] = byte(number, i);
        packet_ = {number,
                   static_cast<int64_t>(number * 1000),
                   101,
                   static_cast<uint32_t>(size),
                   static_cast<uint32_t>(size + 1),
                   reinterpret_cast<const uint8_t *>(data_.data())};
    }
    const packet *get() const
    {
        return &packet_;
    }
    static char byte(uint64_t number, size_t i)
    {
        return static_cast<char>(number * 31 + i);
    }

private:
    std::string data_;
    packet packet_;
};

bool is_whole(const packet &p)
{
    if (p.time_ns != static_cast<int64_t>(p.number * 1000) || p.link != 101 ||
        p.original != p.captured + 1)
        return false;
    for (size_t i = 0; i < p.captured; i++)
        if (p.data[i] != static_cast<uint8_t>(Packet::byte(p.number, i)))
            return false;
    return true;
}

// The next packet, however long it takes; RING_END otherwise.
ring_status get(ring *r, packet *p)
{
    ring_status status;
    while ((status = ring_get(r, p)) == RING_EMPTY)
        ring_wait(r);
    return status;
}

TEST(Ring, HasNothingUntilThereIsSomething)
{
    auto r = make(1 << 20, false);
    packet p;
    EXPECT_EQ(ring_get(r.get(), &p), RING_EMPTY);
    ASSERT_TRUE(ring_put(r.get(), Packet(1, 60).get()));
    ASSERT_EQ(ring_get(r.get(), &p), RING_PACKET);
    EXPECT_EQ(p.number, 1u);
    EXPECT_EQ(p.captured, 60u);
    EXPECT_TRUE(is_whole(p));
    EXPECT_EQ(ring_get(r.get(), &p), RING_EMPTY);
    ring_close(r.get());
    EXPECT_EQ(ring_get(r.get(), &p), RING_END);
}

TEST(Ring, HandsOutWhatThereIsBeforeItsEnd)
{
    auto r = make(1 << 20, false);
    ASSERT_TRUE(ring_put(r.get(), Packet(1, 0).get()));
    ring_close(r.get());
    packet p;
    EXPECT_EQ(ring_get(r.get(), &p), RING_PACKET);
    EXPECT_EQ(ring_get(r.get(), &p), RING_END);
}

void put_many(ring *r, uint64_t count, unsigned seed)
{
    std::mt19937 random(seed);
    for (uint64_t n = 1; n <= count; n++) {
        const size_t size = random() % 1000 ? random() % 3000 : random() % 400000;
        if (!ring_put(r, Packet(n, size).get()))
            break;
        if (random() % 100 == 0)
            ring_flush(r);
    }
    ring_close(r);
}

TEST(Ring, KeepsPacketsOfAllSizesWholeAndInOrder)
{
    for (size_t bytes : {0, 1 << 20}) {
        auto r = make(bytes, false);
        std::thread writer(put_many, r.get(), 20000, 1);
        packet p;
        uint64_t expected = 1;
        for (; get(r.get(), &p) == RING_PACKET; expected++) {
            EXPECT_EQ(p.number, expected);
            EXPECT_TRUE(is_whole(p));
        }
        writer.join();
        EXPECT_EQ(expected, 20001u);
        EXPECT_EQ(ring_drops(r.get()), 0u);
    }
}

TEST(Ring, DropsAndCountsWhenItIsFull)
{
    auto r = make(1 << 20, true);
    const uint64_t offered = 5000;
    for (uint64_t n = 1; n <= offered; n++)
        ASSERT_TRUE(ring_put(r.get(), Packet(n, 1000).get()));
    const uint64_t dropped = ring_drops(r.get());
    EXPECT_GT(dropped, 0u);
    packet p;
    uint64_t kept = 0;
    while (ring_get(r.get(), &p) == RING_PACKET) {
        kept++;
        EXPECT_EQ(p.number, kept); // the first ones
        EXPECT_TRUE(is_whole(p));
    }
    EXPECT_EQ(kept + dropped, offered);
    EXPECT_LE(kept * 1000, 1u << 20);
    EXPECT_GT(kept * 1000, (1u << 20) / 2);
    ASSERT_TRUE(ring_put(r.get(), Packet(offered + 1, 1000).get())); // there is room again
    ASSERT_EQ(ring_get(r.get(), &p), RING_PACKET);
    EXPECT_EQ(p.number, offered + 1);
}

TEST(Ring, WaitsForRoomUntilNobodyWantsMore)
{
    auto r = make(0, false);
    std::atomic<uint64_t> put{0};
    std::thread writer([&] {
        while (ring_put(r.get(), Packet(put + 1, 1000).get()))
            put++;
    });
    std::this_thread::sleep_for(50ms);
    const uint64_t before = put;
    EXPECT_GT(before, 10u);
    EXPECT_LT(before, 100u); // it is full
    const auto begin = Clock::now();
    ring_stop(r.get());
    writer.join();
    EXPECT_LT(Clock::now() - begin, 50ms);
}

TEST(Ring, TellsOfPacketsAtOnceWhenFlushed)
{
    auto fastest = Clock::duration::max(); // the machine may be busy
    for (int i = 0; i < 5; i++) {
        auto r = make(1 << 20, true);
        std::thread writer([&] {
            std::this_thread::sleep_for(10ms);
            ring_put(r.get(), Packet(1, 10).get());
            ring_flush(r.get());
        });
        packet p;
        const auto begin = Clock::now();
        EXPECT_EQ(get(r.get(), &p), RING_PACKET);
        fastest = std::min(fastest, Clock::now() - begin);
        writer.join();
    }
    EXPECT_LT(fastest, 40ms);
}

TEST(Ring, TellsOfPacketsSoonWhenNot)
{
    auto r = make(1 << 20, true);
    std::thread writer([&] {
        std::this_thread::sleep_for(10ms);
        ring_put(r.get(), Packet(1, 10).get());
    });
    packet p;
    const auto begin = Clock::now();
    EXPECT_EQ(get(r.get(), &p), RING_PACKET);
    EXPECT_LT(Clock::now() - begin, 200ms);
    writer.join();
}

TEST(Ring, DoesNotSpinWhileItWaits)
{
    auto r = make(1 << 20, true);
    for (int i = 0; i < 2; i++) {
        const auto begin = Clock::now();
        ring_wait(r.get());
        EXPECT_GE(Clock::now() - begin, 40ms);
    }
}

} // namespace
