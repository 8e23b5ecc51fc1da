// Compressed messages of the deliberately faulty codec: an inflater without zlib, which begins the
// message anew with each fragment that has come. Slow, but there is no state to get wrong.
#pragma once

#include "faulty_codec.h"

namespace faulty
{
class Inflation
{
public:
    Inflation(Fault fault, bool forgets, uint64_t max_inflated, uint64_t max_ratio)
        : fault_(fault), forgets_(forgets), max_inflated_(max_inflated), max_ratio_(max_ratio)
    {
    }

    // What `so_far`, the payload of a message up to the end of a frame, inflates to. False when it
    // is wrong, or passes a limit.
    bool inflate(const Bytes &so_far, bool last, Bytes *text);

private:
    bool has(Fault fault) const
    {
        return fault_ == fault;
    }
    void blocks(bool last);
    void stored();
    void coded(bool fixed);
    void copy(size_t length, size_t distance);
    void put(uint8_t byte);
    bool within_limits() const;
    bool within_ratio() const;
    size_t bits(int count);
    void align();

    Fault fault_;
    bool forgets_;
    uint64_t max_inflated_, max_ratio_;
    uint64_t inflated_before_ = 0, wire_before_ = 0; // of earlier messages
    size_t frame_begin_ = 0, frame_given_ = 0;       // of the payload, of what it inflates to
    size_t forgotten_ = 0; // bytes of text_ that nothing may refer to: deflate_final_forgets_window
    bool last_ = false;

    Bytes wire_;           // of this message
    size_t wire_size_ = 0; // without the tail
    size_t at_ = 0;        // the next bit
    Bytes window_, text_;
};
} // namespace faulty
