// What the benchmarks share. A name is SUBJECT/WHO or SUBJECT/WHO/SIZE: `run` puts those of one
// subject and size beside each other.
#ifndef WSKIT_BENCH_H
#define WSKIT_BENCH_H

#include <wsproto/wsproto.h>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

using Bytes = std::vector<uint8_t>;

// `size` bytes of the repeated sample, cut between characters and filled up with dots.
inline Bytes text_of(const std::string &sample, size_t size)
{
    std::string text;
    while (text.size() + 4 <= size)
        text += sample;
    text.resize(size);
    size_t cut = size;
    while (cut > 0 && (text[cut - 1] & 0xc0) == 0x80)
        cut--;
    if (cut > 0 && (text[cut - 1] & 0x80))
        cut--;
    for (; cut < size; cut++)
        text[cut] = '.';
    return {text.begin(), text.end()};
}

template <typename Run>
void add(const std::string &subject, const char *who, int64_t size, Run run)
{
    benchmark::RegisterBenchmark((subject + "/" + who).c_str(), run)->Arg(size);
}

inline size_t size_of(const benchmark::State &state)
{
    return static_cast<size_t>(state.range(0));
}

// The time of one item out of `count` in each iteration is what `run` shows.
inline void count_items(benchmark::State &state, size_t count)
{
    state.SetItemsProcessed(static_cast<int64_t>(count) * state.iterations());
}

// Several places to work at, with other offsets each: on one small buffer in turn after turn a
// processor waits for its own stores, and copying depends on how source and destination lie.
class Places
{
public:
    explicit Places(size_t size, size_t headroom = 16)
        : memory_(size <= 4096 ? count : 4, Bytes(size + headroom + 64))
    {
    }
    uint8_t *next()
    {
        size_t i = next_++ & (memory_.size() - 1);
        return memory_[i].data() + (i * 6 & 31);
    }

private:
    static constexpr size_t count = 16; // a power of two, as 4 is
    std::vector<Bytes> memory_;
    size_t next_ = 0;
};

void add_decode();
void add_encode();
void add_deflate();

#endif
