// Bytes as they stand on the wire, for tests: hex texts, and frames put together by hand, so that
// what a test expects does not come from the code that it tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using Bytes = std::vector<uint8_t>;

// The masking key of the examples in RFC 6455 5.7.
constexpr uint8_t test_key[4] = {0x37, 0xfa, 0x21, 0x3d};

inline Bytes operator+(Bytes a, const Bytes &b)
{
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

inline Bytes from_text(std::string_view text)
{
    return Bytes(text.begin(), text.end());
}

inline int hex_digit(char c)
{
    const size_t at = std::string_view("0123456789abcdef").find(c);
    if (at == std::string_view::npos)
        throw std::invalid_argument("not hex");
    return static_cast<int>(at);
}

// "81 05" or "8105"; spaces are skipped.
inline Bytes from_hex(std::string_view text)
{
    std::string digits;
    for (char c : text)
        if (c != ' ')
            digits += c;
    if (digits.size() % 2 != 0)
        throw std::invalid_argument("half a byte");
    Bytes bytes;
    for (size_t i = 0; i < digits.size(); i += 2)
        bytes.push_back(static_cast<uint8_t>(hex_digit(digits[i]) * 16 + hex_digit(digits[i + 1])));
    return bytes;
}

inline std::string to_hex(const Bytes &bytes)
{
    std::string text;
    for (uint8_t byte : bytes) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

// A frame to be written down: a whole, unmasked one unless told otherwise.
class Frame
{
public:
    Frame(int opcode, Bytes payload)
        : opcode_(opcode), payload_(std::move(payload)), declared_(payload_.size())
    {
    }
    Frame(int opcode, std::string_view payload) : Frame(opcode, from_text(payload)) {}

    Frame &not_final()
    {
        fin_ = 0;
        return *this;
    }
    Frame &rsv(int bits)
    {
        rsv_ = bits;
        return *this;
    }
    Frame &masked()
    {
        masked_ = true;
        return *this;
    }
    // Write the length in 16 or 64 bits although it may need fewer.
    Frame &form(int bits)
    {
        form_ = bits;
        return *this;
    }
    // Say another length than the payload has.
    Frame &declaring(uint64_t length)
    {
        declared_ = length;
        return *this;
    }

    // RFC 6455 5.2, field by field.
    Bytes header() const
    {
        const int form = form_ ? form_ : declared_ < 126 ? 7 : declared_ < 65536 ? 16 : 64;
        const int length = form == 7 ? static_cast<int>(declared_) : form == 16 ? 126 : 127;
        Bytes bytes = {static_cast<uint8_t>(fin_ * 128 + rsv_ * 16 + opcode_),
                       static_cast<uint8_t>((masked_ ? 128 : 0) + length)};
        for (int shift = form == 7 ? 0 : form; shift > 0; shift -= 8)
            bytes.push_back(static_cast<uint8_t>(declared_ >> (shift - 8) & 255));
        if (masked_)
            bytes.insert(bytes.end(), test_key, test_key + 4);
        return bytes;
    }

    Bytes payload_on_wire() const
    {
        Bytes bytes = payload_;
        for (size_t i = 0; masked_ && i < bytes.size(); i++)
            bytes[i] ^= test_key[i % 4];
        return bytes;
    }

    operator Bytes() const
    {
        return header() + payload_on_wire();
    }

private:
    int opcode_;
    Bytes payload_;
    uint64_t declared_;
    int fin_ = 1, rsv_ = 0, form_ = 0;
    bool masked_ = false;
};

// Several frames in a row.
inline Bytes stream(std::initializer_list<Bytes> frames)
{
    Bytes bytes;
    for (const Bytes &frame : frames)
        bytes = std::move(bytes) + frame;
    return bytes;
}
