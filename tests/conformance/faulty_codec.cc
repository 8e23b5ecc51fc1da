// The frames of the deliberately faulty codec; its handshake is in faulty_handshake.cc.
#include "faulty_codec.h"

#include <algorithm>

namespace faulty
{
// ---- UTF-8 -----------------------------------------------------------------------------------

bool Utf8::lead(uint8_t b)
{
    const auto has = [&](Fault fault) { return fault_ == fault; };
    character_ = b & 0x0F;
    if (b < 0x80)
        return b > 0 || !has(Fault::utf8_nul_refused);
    if ((b == 0xC0 || b == 0xC1) && has(Fault::utf8_overlong_2_accepted))
        return expect(1, 0x80, 0xBF);
    if (b >= 0xC2 && b <= 0xDF)
        return expect(1, 0x80, 0xBF);
    if (b == 0xE0)
        return expect(2, has(Fault::utf8_overlong_3_accepted) ? 0x80 : 0xA0, 0xBF);
    if (b == 0xED)
        return expect(2, 0x80, has(Fault::utf8_surrogates_accepted) ? 0xBF : 0x9F);
    if (b >= 0xE1 && b <= 0xEF)
        return expect(2, 0x80, 0xBF);
    if (b == 0xF0)
        return expect(3, has(Fault::utf8_overlong_4_accepted) ? 0x80 : 0x90, 0xBF);
    if (b >= 0xF1 && b <= 0xF3)
        return expect(3, 0x80, 0xBF);
    if (b == 0xF4)
        return expect(3, 0x80, has(Fault::utf8_beyond_10ffff_accepted) ? 0xBF : 0x8F);
    if (b >= 0xF5 && b <= 0xF7 && has(Fault::utf8_beyond_10ffff_accepted))
        return expect(3, 0x80, 0xBF);
    if (b >= 0xF8 && b <= 0xFD && has(Fault::utf8_five_bytes_accepted))
        return expect(b < 0xFC ? 4 : 5, 0x80, 0xBF);
    return false;
}

// ---- Bytes to frames -------------------------------------------------------------------------

bool Codec::receive(const uint8_t *in, size_t len)
{
    begin_read(&in, &len);
    for (; len > 0 && !failed_; in++, len--)
        failed_ = !take(*in);
    return !failed_;
}

// What goes wrong where the stream is cut.
void Codec::begin_read(const uint8_t **in, size_t *len)
{
    read_at_ = got_;
    if (*len == 0)
        return;
    if (has(Fault::header_forgotten_at_cut) && header_.size() >= 2)
        header_.clear();
    if (has(Fault::byte_after_frame_lost) && frames_ > 0 && header_.empty() && !in_payload_) {
        ++*in;
        --*len;
    }
    if (has(Fault::utf8_of_each_read))
        utf8_.reset();
    if (has(Fault::payload_of_one_read_only) && in_payload_ && got_ > 0)
        (is_control() ? control_ : message_).clear();
}

bool Codec::take(uint8_t byte)
{
    if (closed_ && has(Fault::after_close_dropped))
        return true;
    return in_payload_ ? take_payload_byte(byte) : take_header_byte(byte);
}

size_t Codec::header_size() const
{
    if (header_.size() < 2)
        return 2;
    const int field = header_[1] & 127;
    return size_t(field == 127 ? 10 : field == 126 ? 4 : 2) + (header_[1] & 0x80 ? 4 : 0);
}

bool Codec::take_header_byte(uint8_t byte)
{
    header_.push_back(byte);
    if (header_.size() < header_size())
        return true;
    read_header();
    if (!header_legal())
        return false;
    begin_frame();
    return length_ > 0 || end_frame();
}

void Codec::read_header()
{
    fin_ = header_[0] & 0x80;
    rsv_ = header_[0] >> 4 & 7;
    opcode_ = header_[0] & 15;
    masked_ = header_[1] & 0x80;
    const int field = header_[1] & 127;
    form_ = field == 127 ? 64 : field == 126 ? 16 : 7;
    length_ = form_ == 7 ? static_cast<uint64_t>(field) : 0;
    for (int i = 2; i < (form_ == 64 ? 10 : form_ == 16 ? 4 : 2); i++)
        length_ = length_ << 8 | header_[static_cast<size_t>(i)];
    if (has(Fault::length_cut_to_32_bits))
        length_ &= UINT32_MAX;
    if (has(Fault::length_16_swapped) && form_ == 16)
        length_ = (length_ & 255) << 8 | length_ >> 8;
    std::copy_n(masked_ ? header_.end() - 4 : header_.begin(), masked_ ? 4 : 0, key_);
    if (frames_ == 0)
        std::copy_n(key_, 4, first_key_);
}

// ---- Which headers are legal -----------------------------------------------------------------

bool Codec::header_legal() const
{
    if (closed_ && !has(Fault::after_close_delivered))
        return false;
    return rsv_legal() && mask_legal() && length_legal() && control_legal() && order_legal() &&
           limits_legal();
}

bool Codec::rsv_legal() const
{
    if (has(Fault::rsv_ignored) || (has(Fault::rsv_ignored_on_control) && is_control()))
        return true;
    if (has(Fault::rsv_all_with_extension) && rsv_allowed_)
        return true;
    const bool first = opcode_ == 1 || opcode_ == 2;
    if (has(Fault::rsv1_on_continuation) && opcode_ == 0)
        return (rsv_ & ~rsv_allowed_) == 0;
    return (rsv_ & ~(first ? rsv_allowed_ : 0)) == 0;
}

bool Codec::mask_legal() const
{
    if (has(Fault::mask_key_zero_refused) && masked_ && std::count(key_, key_ + 4, 0) == 4)
        return false;
    if (!from_client_)
        return !masked_ || has(Fault::masked_accepted);
    return masked_ || has(Fault::unmasked_accepted) ||
           (has(Fault::unmasked_accepted_when_empty) && length_ == 0) ||
           (has(Fault::unmasked_accepted_later) && frames_ > 0);
}

bool Codec::length_legal() const
{
    if (form_ == 64 && length_ >> 63 && !has(Fault::length_msb_accepted))
        return false;
    if (has(Fault::length_signed_32_bits) && length_ > INT32_MAX)
        return false;
    if (form_ == 16 && !has(Fault::length_16_swapped))
        return length_ >= 126 || has(Fault::length_not_minimal_16);
    return form_ != 64 || length_ >= 65536 || has(Fault::length_not_minimal_64) ||
           has(Fault::length_cut_to_32_bits);
}

bool Codec::control_legal() const
{
    if (!is_control())
        return true;
    if (opcode_ > 10)
        return has(Fault::reserved_control_accepted);
    if (!fin_ && !has(Fault::control_fragmented_accepted))
        return false;
    if (opcode_ == 10 && has(Fault::pong_unsolicited_refused))
        return false;
    if (opcode_ == 8 && length_ == 0 && has(Fault::close_empty_refused))
        return false;
    if (opcode_ == 8 && length_ == 1 && !has(Fault::close_one_byte_accepted))
        return false;
    if (has(Fault::control_16_bits_accepted))
        return form_ < 64;
    const uint64_t most = has(Fault::control_126_accepted)  ? 126
                          : has(Fault::control_125_refused) ? 124
                                                            : 125;
    return length_ <= most;
}

bool Codec::order_legal() const
{
    if (is_control())
        return true;
    if (opcode_ > 2 && !has(Fault::reserved_data_accepted))
        return false;
    if (length_ == 0 && !(fin_ && opcode_ > 0) && has(Fault::empty_fragment_refused))
        return false;
    return opcode_ == 0 ? in_message_ || has(Fault::continuation_without_start)
                        : !in_message_ || has(Fault::new_message_inside);
}

bool Codec::limits_legal() const
{
    if (limits_.frame && length_ > limits_.frame + (has(Fault::limit_frame_off_by_one) ? 1 : 0))
        return false;
    const bool goes_on = in_message_ || has(Fault::limit_fragments_counts_control);
    const bool counted = !is_control() || has(Fault::limit_fragments_counts_control);
    if (limits_.fragments && counted && !has(Fault::limit_fragments_not_judged) &&
        (goes_on ? fragments_ : 0) + 1 > limits_.fragments)
        return false;
    if (has(Fault::limit_inflated_for_plain) && limits_.inflated && !(rsv_ & 4) &&
        length_ > limits_.inflated)
        return false;
    if (is_control() || !limits_.message)
        return true;
    const bool before =
        (in_message_ && !has(Fault::limit_message_of_frame_only)) || has(Fault::limit_message_kept);
    const uint64_t had = before ? message_length_ : 0;
    return length_ <= limits_.message && had <= limits_.message - length_;
}

// ---- Frames to messages ----------------------------------------------------------------------

void Codec::begin_frame()
{
    header_.clear();
    frames_++;
    in_payload_ = length_ > 0;
    got_ = read_at_ = 0;
    if (has(Fault::limit_fragments_counts_control) && is_control())
        fragments_++;
    if (is_control()) {
        control_.clear();
        reason_utf8_.reset();
        if (has(Fault::control_ends_message))
            in_message_ = false;
        if (has(Fault::utf8_reset_by_control))
            utf8_.reset();
        return;
    }
    if (!in_message_) {
        fragments_ = has(Fault::limit_fragments_counts_control) ? fragments_ : 0;
        message_length_ = has(Fault::limit_message_kept) ? message_length_ : 0;
        message_masked_ = 0;
        message_.clear();
        utf8_.reset();
        compressed_ = inflate && (rsv_ & 4 || has(Fault::deflate_for_plain)) &&
                      !has(Fault::deflate_delivered_raw);
        judged_ = 0;
        inflated_.clear();
    }
    if (!in_message_ || (has(Fault::type_of_last_frame) && fin_))
        message_opcode_ = opcode_;
    fragments_++;
    message_length_ += length_;
    frame_begin_ = message_.size();
    in_message_ = true;
}

bool Codec::take_payload_byte(uint8_t byte)
{
    const uint8_t *key = has(Fault::mask_key_of_first_frame) ? first_key_ : key_;
    uint64_t phase = got_++;
    if (has(Fault::mask_phase_of_read))
        phase -= read_at_;
    if (has(Fault::mask_phase_of_message) && !is_control())
        phase = message_masked_++;
    if (masked_)
        byte ^= key[phase % 4];
    const bool joins = has(Fault::control_joins_message) && in_message_ && opcode_ != 8;
    (is_control() && !joins ? control_ : message_).push_back(byte);

    bool legal = true;
    if (opcode_ == 8)
        legal = judge_close_byte(byte);
    else if (!is_control() && (message_opcode_ == 1 || has(Fault::utf8_for_binary)) &&
             (!compressed_ || has(Fault::utf8_of_deflated_on_wire)))
        legal = has(Fault::utf8_not_judged) || has(Fault::utf8_late) || utf8_.take(byte);
    return legal && (got_ < length_ || end_frame());
}

bool Codec::judge_close_byte(uint8_t byte)
{
    if (got_ == 2)
        return close_code_legal(control_[0] << 8 | control_[1]);
    if (got_ < 2 || has(Fault::close_reason_not_judged))
        return true;
    if (has(Fault::close_reason_must_be_ascii))
        return byte < 0x80;
    return reason_utf8_.take(byte);
}

bool Codec::close_code_legal(int code) const
{
    const auto within = [code](int low, int high) { return code >= low && code <= high; };
    const struct {
        Fault fault;
        bool codes;
        bool legal;
    } mistakes[] = {
        {Fault::close_1004_to_1006_accepted, within(1004, 1006), true},
        {Fault::close_1015_accepted, code == 1015, true},
        {Fault::close_unassigned_accepted, within(1016, 2999), true},
        {Fault::close_below_1000_accepted, within(0, 999), true},
        {Fault::close_1012_to_1014_refused, within(1012, 1014), false},
        {Fault::close_1007_to_1011_refused, within(1007, 1011), false},
        {Fault::close_private_refused, within(4000, 4999), false},
    };
    for (const auto &mistake : mistakes)
        if (has(mistake.fault) && mistake.codes)
            return mistake.legal;
    return within(1000, 1003) || within(1007, 1014) || within(3000, 4999);
}

bool Codec::end_frame()
{
    in_payload_ = false;
    if (opcode_ == 8) {
        closed_ = true;
        if (!reason_utf8_.done() && !has(Fault::close_reason_not_judged))
            return false;
    }
    if (is_control()) {
        deliver(opcode_, control_);
        return true;
    }
    const bool last = fin_ || (length_ == 0 && has(Fault::empty_fragment_ends_message));
    if (compressed_ && !inflate_so_far(last))
        return false;
    if (has(Fault::utf8_of_each_frame) && !utf8_.done())
        return false;
    return !last || end_message();
}

// A message as it were compressed.
static Bytes stored_block(const Bytes &text)
{
    const uint8_t low = static_cast<uint8_t>(text.size()), high = text.size() >> 8 & 255;
    Bytes block = {0, low, high, static_cast<uint8_t>(~low), static_cast<uint8_t>(~high)};
    block.insert(block.end(), text.begin(), text.end());
    block.push_back(0);
    return block;
}

bool Codec::inflate_so_far(bool last)
{
    if (has(Fault::deflate_empty_refused) && last && message_ == Bytes{0})
        return false;
    if (has(Fault::deflate_of_each_frame)) {
        const Bytes frame(message_.begin() + static_cast<ptrdiff_t>(frame_begin_), message_.end());
        Bytes text;
        if (!inflate(frame, true, &text))
            return false;
        inflated_.insert(inflated_.end(), text.begin(), text.end());
    } else if (!inflate(message_, last, &inflated_)) {
        return false;
    }
    const bool judged = (message_opcode_ == 1 || has(Fault::utf8_for_binary)) &&
                        !has(Fault::utf8_not_judged) && !has(Fault::utf8_late) &&
                        !has(Fault::utf8_of_deflated_not_judged) &&
                        !has(Fault::utf8_of_deflated_on_wire);
    for (; judged && judged_ < inflated_.size(); judged_++)
        if (!utf8_.take(inflated_[judged_]))
            return false;
    if (last)
        message_ = inflated_;
    return true;
}

bool Codec::end_message()
{
    in_message_ = false;
    if (has(Fault::utf8_late) && message_opcode_ == 1)
        for (uint8_t byte : message_)
            if (!utf8_.take(byte))
                return false;
    if (message_opcode_ == 1 && !utf8_.done() && !has(Fault::utf8_end_not_judged))
        return false;
    if (has(Fault::deflate_plain_enters_window) && inflate && !compressed_)
        inflate(stored_block(message_), true, &inflated_);
    if (!message_.empty() || !has(Fault::empty_message_dropped))
        deliver(message_opcode_, message_);
    return true;
}

void Codec::deliver(int opcode, const Bytes &payload)
{
    if (opcode > 10 || (opcode > 2 && opcode < 8)) // a reserved one that was let through
        return;
    if (has(Fault::control_after_message) && in_message_ && opcode != 8) {
        kept_.emplace_back(opcode, payload);
        return;
    }
    on_message(opcode, payload);
    for (const auto &kept : std::exchange(kept_, {}))
        on_message(kept.first, kept.second);
}

bool Codec::finish() const
{
    if (has(Fault::end_not_judged))
        return true;
    return header_.empty() && !in_payload_ &&
           (!in_message_ || closed_ || has(Fault::end_in_message_not_judged));
}

// ---- Writing ---------------------------------------------------------------------------------

Bytes write_frame(bool client, int opcode, const Bytes &payload)
{
    static const uint8_t key[4] = {0xA1, 0x0B, 0xC3, 0x2D};
    const uint8_t mask_bit = client ? 0x80 : 0;
    const size_t n = payload.size();
    Bytes out = {static_cast<uint8_t>(0x80 | opcode)};
    const int form = n < 126 ? 7 : n < 65536 ? 16 : 64;
    out.push_back(static_cast<uint8_t>(mask_bit | (form == 7 ? n : form == 16 ? 126 : 127)));
    for (int shift = form - 8; form > 7 && shift >= 0; shift -= 8)
        out.push_back(static_cast<uint8_t>(static_cast<uint64_t>(n) >> shift));
    if (client)
        out.insert(out.end(), key, key + 4);
    for (size_t i = 0; i < n; i++)
        out.push_back(client ? payload[i] ^ key[i % 4] : payload[i]);
    return out;
}
} // namespace faulty
