// permessage-deflate made with plain zlib, so that what a test expects does not come from the code
// that it tests; and memory that counts, and runs out where the test wants it.
#pragma once

#include "wire.h"

#include <wsproto/deflate.h>

#include <zlib.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>

// One direction's sender. Each message continues the window of the one before.
class Deflated
{
public:
    explicit Deflated(int bits = 15, int level = 6, int strategy = Z_DEFAULT_STRATEGY)
    {
        if (deflateInit2(&z_, level, Z_DEFLATED, -bits, 8, strategy) != Z_OK)
            throw std::runtime_error("deflateInit2");
    }
    ~Deflated()
    {
        deflateEnd(&z_);
    }
    Deflated(const Deflated &) = delete;
    Deflated &operator=(const Deflated &) = delete;

    // RFC 7692 7.2.1.
    Bytes message(const Bytes &text)
    {
        Bytes out = flushed(text, Z_SYNC_FLUSH);
        if (out.empty()) // zlib does not flush twice in a row
            return {0};
        out.resize(out.size() - 4);
        return out;
    }
    Bytes message(std::string_view text)
    {
        return message(from_text(text));
    }
    // All that zlib gives for `text` and a flush.
    Bytes flushed(const Bytes &text, int flush)
    {
        Bytes out(deflateBound(&z_, text.size()) + 64);
        z_.next_in = const_cast<Bytef *>(text.data());
        z_.avail_in = static_cast<uInt>(text.size());
        z_.next_out = out.data();
        z_.avail_out = static_cast<uInt>(out.size());
        deflate(&z_, flush);
        out.resize(out.size() - z_.avail_out);
        return out;
    }

private:
    z_stream z_ = {};
};

// Counts what is taken, and has none left when asked for the `fail_at`th time (from 1; 0 = never).
class CountingMemory
{
public:
    explicit CountingMemory(int fail_at = 0) : fail_at_(fail_at)
    {
        mem.alloc = [](void *user, size_t size) -> void * {
            return static_cast<CountingMemory *>(user)->take(size);
        };
        mem.free = [](void *user, void *memory) {
            static_cast<CountingMemory *>(user)->give_back(memory);
        };
        mem.user = this;
    }

    wsp_mem mem = {};
    size_t used = 0;
    int calls = 0;

private:
    void *take(size_t size)
    {
        if (++calls == fail_at_)
            return nullptr;
        void *memory = std::malloc(size);
        sizes_[memory] = size;
        used += size;
        return memory;
    }
    void give_back(void *memory)
    {
        if (!memory)
            return;
        used -= sizes_.at(memory); // freed twice, or never given: throws
        sizes_.erase(memory);
        std::free(memory);
    }

    int fail_at_;
    std::map<void *, size_t> sizes_;
};

using Inflater = std::unique_ptr<wsp_inflater, decltype(&wsp_inflater_free)>;
inline Inflater new_inflater(int bits = 15, bool no_context_takeover = false,
                             const wsp_mem *mem = nullptr)
{
    return {wsp_inflater_new(static_cast<uint8_t>(bits), no_context_takeover, mem),
            wsp_inflater_free};
}

using Deflater = std::unique_ptr<wsp_deflater, decltype(&wsp_deflater_free)>;
inline Deflater new_deflater(int bits = 15, bool no_context_takeover = false, int level = -1,
                             int mem_level = 0, const wsp_mem *mem = nullptr)
{
    return {
        wsp_deflater_new(static_cast<uint8_t>(bits), no_context_takeover, level, mem_level, mem),
        wsp_deflater_free};
}

// Text that compresses about as well as JSON does.
inline Bytes words(size_t size, unsigned seed = 7692)
{
    static const char *const some[] = {"price", "volume", "{\"id\":", "},", "null", "12.5", "\n"};
    std::mt19937 chance(seed);
    std::string text;
    while (text.size() < size)
        text += some[chance() % 7] + std::to_string(chance() % 100);
    text.resize(size);
    return from_text(text);
}

inline Bytes noise(size_t size, unsigned seed = 7692)
{
    std::mt19937 chance(seed);
    Bytes bytes(size);
    for (uint8_t &byte : bytes)
        byte = static_cast<uint8_t>(chance());
    return bytes;
}
