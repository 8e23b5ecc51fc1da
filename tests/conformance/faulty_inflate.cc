#include "faulty_inflate.h"

#include <algorithm>
#include <functional>

namespace faulty
{
namespace
{
struct NeedMore {
};
struct Wrong {
};

// A canonical Huffman code (RFC 1951 3.2.2).
class Huffman
{
public:
    explicit Huffman(const std::vector<int> &lengths)
    {
        for (int length = 1; length < 16; length++)
            for (size_t symbol = 0; symbol < lengths.size(); symbol++)
                if (lengths[symbol] == length) {
                    symbols_.push_back(symbol);
                    counts_[length]++;
                }
    }

    size_t read(const std::function<size_t(int)> &bits) const
    {
        size_t code = 0, first = 0, index = 0;
        for (int length = 1; length < 16; length++) {
            code |= bits(1);
            if (code < first + counts_[length])
                return symbols_[index + code - first];
            index += counts_[length];
            first = (first + counts_[length]) * 2;
            code *= 2;
        }
        throw Wrong();
    }

private:
    size_t counts_[16] = {};
    std::vector<size_t> symbols_;
};

std::vector<int> fixed_lengths()
{
    std::vector<int> lengths(288, 8);
    std::fill(lengths.begin() + 144, lengths.begin() + 256, 9);
    std::fill(lengths.begin() + 256, lengths.begin() + 280, 7);
    return lengths;
}

// The lengths of the codes of a block that brings its own (RFC 1951 3.2.7).
std::vector<int> read_lengths(const std::function<size_t(int)> &bits, size_t *literals)
{
    static const size_t order[] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                   11, 4,  12, 3, 13, 2, 14, 1, 15};
    *literals = bits(5) + 257;
    const size_t all = *literals + bits(5) + 1, count = bits(4) + 4;
    std::vector<int> of_lengths(19);
    for (size_t i = 0; i < count; i++)
        of_lengths[order[i]] = static_cast<int>(bits(3));
    const Huffman code(of_lengths);
    std::vector<int> lengths;
    while (lengths.size() < all) {
        const size_t symbol = code.read(bits);
        if (symbol == 16 && lengths.empty())
            throw Wrong();
        const size_t times = symbol < 16    ? 1
                             : symbol == 16 ? 3 + bits(2)
                             : symbol == 17 ? 3 + bits(3)
                                            : 11 + bits(7);
        const int length = symbol < 16    ? static_cast<int>(symbol)
                           : symbol == 16 ? lengths.back()
                                          : 0;
        lengths.insert(lengths.end(), times, length);
    }
    return lengths.size() == all ? lengths : throw Wrong();
}
} // namespace

size_t Inflation::bits(int count)
{
    size_t value = 0;
    for (int i = 0; i < count; i++, at_++) {
        if (at_ / 8 >= wire_.size())
            throw NeedMore();
        value |= static_cast<size_t>(wire_[at_ / 8] >> at_ % 8 & 1) << i;
    }
    return value;
}

void Inflation::align()
{
    at_ = (at_ + 7) / 8 * 8;
}

bool Inflation::within_ratio() const
{
    const size_t from = has(Fault::limit_ratio_from_1023)   ? 1023
                        : has(Fault::limit_ratio_from_1025) ? 1025
                                                            : 1024;
    if (max_ratio_ == 0 || text_.size() < from)
        return true;
    if (has(Fault::limit_ratio_of_whole_message) && !last_)
        return true;
    size_t wire = std::min((at_ + 7) / 8, wire_size_);
    if (has(Fault::limit_ratio_of_whole_message))
        wire = wire_size_;
    if (has(Fault::limit_ratio_of_frame))
        wire -= std::min(frame_begin_, wire);
    if (has(Fault::limit_ratio_of_connection))
        wire += wire_before_;
    const uint64_t most = wire * max_ratio_;
    if (has(Fault::limit_ratio_at_refused))
        return text_.size() < most;
    return text_.size() <= most + (has(Fault::limit_ratio_one_more) ? 1 : 0);
}

bool Inflation::within_limits() const
{
    uint64_t size = text_.size();
    if (has(Fault::limit_inflated_of_wire))
        size = wire_size_;
    if (has(Fault::limit_inflated_kept))
        size += inflated_before_;
    if (has(Fault::limit_inflated_of_frame))
        size -= std::min<uint64_t>(frame_given_, size);
    if (has(Fault::limit_inflated_one_more) || has(Fault::limit_inflated_at_refused))
        size += has(Fault::limit_inflated_at_refused) ? 1 : -UINT64_C(1);
    return (max_inflated_ == 0 || size <= max_inflated_) && within_ratio();
}

void Inflation::put(uint8_t byte)
{
    text_.push_back(byte);
    if (!within_limits())
        throw Wrong();
}

void Inflation::copy(size_t length, size_t distance)
{
    for (; length > 0; length--) {
        const size_t here = text_.size() - forgotten_, there = window_.size() + here;
        if (distance > there && !has(Fault::deflate_too_far_accepted))
            throw Wrong();
        if (distance > there)
            put(0);
        else if (distance > here)
            put(window_[there - distance]);
        else
            put(text_[text_.size() - distance]);
    }
}

void Inflation::stored()
{
    align();
    const size_t length = bits(16), inverted = bits(16);
    if ((length ^ inverted) != 0xFFFF && !has(Fault::deflate_stored_length_not_judged))
        throw Wrong();
    for (size_t i = 0; i < length; i++)
        put(static_cast<uint8_t>(bits(8)));
}

// RFC 1951 3.2.5.
void Inflation::coded(bool fixed)
{
    const auto read = [this](int count) { return bits(count); };
    size_t literals = 288;
    std::vector<int> lengths = fixed ? fixed_lengths() : read_lengths(read, &literals);
    if (fixed)
        lengths.insert(lengths.end(), 30, 5);
    const auto border = lengths.begin() + static_cast<ptrdiff_t>(literals);
    const Huffman symbols({lengths.begin(), border}), distances({border, lengths.end()});
    for (size_t symbol; (symbol = symbols.read(read)) != 256;) {
        if (symbol < 256) {
            put(static_cast<uint8_t>(symbol));
            continue;
        }
        if (symbol > 285)
            throw Wrong();
        const size_t short_one = symbol - 257, groups = short_one / 4;
        size_t length = 3 + short_one;
        if (symbol == 285)
            length = 258;
        else if (short_one >= 8)
            length = 3 + ((4 + short_one % 4) << (groups - 1)) + bits(static_cast<int>(groups - 1));
        const size_t far = distances.read(read);
        const int extra = far < 4 ? 0 : static_cast<int>(far / 2 - 1);
        const size_t base = far < 4 ? far : (2 + far % 2) << extra;
        copy(length, 1 + base + bits(extra));
    }
}

void Inflation::blocks(bool last)
{
    while (!last || at_ < wire_.size() * 8) {
        const bool final = bits(1) == 1;
        const size_t kind = bits(2);
        if (kind == 3 && has(Fault::deflate_reserved_block_accepted))
            return;
        if (kind == 3)
            throw Wrong();
        if (kind == 0)
            stored();
        else
            coded(kind == 1);
        if (final && has(Fault::deflate_final_ends_message))
            return;
        if (final && has(Fault::deflate_final_forgets_window)) {
            window_.clear();
            forgotten_ = text_.size();
        }
        if (final &&
            !has(Fault::deflate_final_not_aligned)) // what follows begins in a byte of its own
            align();
    }
}

bool Inflation::inflate(const Bytes &so_far, bool last, Bytes *text)
{
    const Bytes window = window_;
    wire_ = so_far;
    wire_size_ = so_far.size();
    last_ = last;
    if (last)
        wire_.insert(wire_.end(), {0, 0, 0xFF, 0xFF});
    at_ = forgotten_ = 0;
    text_.clear();
    try {
        blocks(last);
    } catch (const NeedMore &) {
        if (last)
            return false;
    } catch (const Wrong &) {
        return false;
    }
    *text = text_;
    frame_begin_ = last ? 0 : so_far.size();
    frame_given_ = last ? 0 : text_.size();
    if (!last) {
        window_ = window;
        return true;
    }
    inflated_before_ += text_.size();
    wire_before_ += so_far.size();
    window_.insert(window_.end(), text_.begin() + static_cast<ptrdiff_t>(forgotten_), text_.end());
    const size_t most = has(Fault::deflate_window_short) ? 32767 : 32768;
    if (window_.size() > most)
        window_.erase(window_.begin(), window_.end() - static_cast<ptrdiff_t>(most));
    if ((forgets_ && !has(Fault::deflate_window_kept)) || has(Fault::deflate_window_forgotten))
        window_.clear();
    return true;
}
} // namespace faulty
