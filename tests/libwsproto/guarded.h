// Memory that ends where a forbidden page begins: reading or writing one byte past it crashes.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

class Guarded
{
public:
    // `size` zero bytes, to be written to.
    explicit Guarded(size_t size) : size_(size)
    {
        const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
        const size_t usable = (size + page - 1) / page * page;
        mapped_ = usable + page;
        map_ = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (map_ == MAP_FAILED)
            std::abort();
        uint8_t *end = static_cast<uint8_t *>(map_) + usable;
        if (mprotect(end, page, PROT_NONE) != 0)
            std::abort();
        bytes_ = end - size;
    }

    // A copy of `size` bytes, to be read.
    Guarded(const void *bytes, size_t size) : Guarded(size)
    {
        if (size > 0)
            std::memcpy(bytes_, bytes, size);
    }

    explicit Guarded(std::string_view text) : Guarded(text.data(), text.size()) {}

    ~Guarded()
    {
        munmap(map_, mapped_);
    }

    Guarded(const Guarded &) = delete;
    Guarded &operator=(const Guarded &) = delete;

    uint8_t *data()
    {
        return bytes_;
    }
    const uint8_t *data() const
    {
        return bytes_;
    }
    char *chars()
    {
        return reinterpret_cast<char *>(bytes_);
    }
    const char *chars() const
    {
        return reinterpret_cast<const char *>(bytes_);
    }
    size_t size() const
    {
        return size_;
    }
    std::string_view view() const
    {
        return {chars(), size_};
    }

private:
    size_t size_;
    size_t mapped_;
    void *map_;
    uint8_t *bytes_;
};
