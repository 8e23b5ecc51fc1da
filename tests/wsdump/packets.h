// Builds packets and capture files for the tests of wsdump, so that each test shows the bytes it
// is about and no others.
#pragma once

#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace build
{

using Bytes = std::vector<uint8_t>;

inline Bytes text(std::string_view s)
{
    return Bytes(s.begin(), s.end());
}

// `width` bytes of a number; the most significant first unless told otherwise.
inline Bytes number(uint64_t value, int width, bool big_endian = true)
{
    Bytes out;
    for (int i = 0; i < width; i++)
        out.push_back(static_cast<uint8_t>(value >> (8 * (big_endian ? width - 1 - i : i))));
    return out;
}

inline Bytes operator+(Bytes a, const Bytes &b)
{
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

// --- headers; each takes what comes after it ---

struct Tcp {
    uint16_t source = 40000, destination = 80;
    uint32_t sequence = 1, acknowledgment = 1;
    uint8_t flags = 0x10; // ACK
    Bytes options = {};   // padded by the caller to a multiple of 4
};

inline Bytes tcp(const Tcp &h, const Bytes &payload)
{
    const auto offset = static_cast<uint8_t>((20 + h.options.size()) / 4 << 4);
    return number(h.source, 2) + number(h.destination, 2) + number(h.sequence, 4) +
           number(h.acknowledgment, 4) + Bytes{offset, h.flags} + number(65535, 2) + number(0, 4) +
           h.options + payload;
}

struct Ipv4 {
    std::array<uint8_t, 4> source = {192, 0, 2, 1}, destination = {192, 0, 2, 2};
    uint8_t protocol = 6;
    uint16_t fragment = 0; // flags and offset
    Bytes options = {};
    int total_length = -1; // -1 = the right one
};

inline Bytes ipv4(const Ipv4 &h, const Bytes &payload)
{
    const size_t header = 20 + h.options.size();
    const size_t total =
        h.total_length >= 0 ? static_cast<size_t>(h.total_length) : header + payload.size();
    return Bytes{static_cast<uint8_t>(0x40 | header / 4), 0} + number(total, 2) + number(7, 2) +
           number(h.fragment, 2) + Bytes{64, h.protocol} + number(0, 2) +
           Bytes(h.source.begin(), h.source.end()) +
           Bytes(h.destination.begin(), h.destination.end()) + h.options + payload;
}

struct Ipv6 {
    uint8_t next = 6;
    int payload_length = -1; // -1 = the right one
};

// From 2001:db8::1 to 2001:db8::2.
inline Bytes ipv6(const Ipv6 &h, const Bytes &payload)
{
    Bytes address = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    Bytes source = address, destination = address;
    source[15] = 1;
    destination[15] = 2;
    const size_t length =
        h.payload_length >= 0 ? static_cast<size_t>(h.payload_length) : payload.size();
    return number(0x60000000, 4) + number(length, 2) + Bytes{h.next, 64} + source + destination +
           payload;
}

// Hop-by-hop options, a routing header or destination options, (eights + 1) * 8 bytes long.
inline Bytes ipv6_extension(uint8_t next, uint8_t eights, const Bytes &payload)
{
    Bytes header(8 + 8u * eights, 0);
    header[0] = next;
    header[1] = eights;
    return header + payload;
}

inline Bytes ipv6_fragment(uint8_t next, uint16_t offset_and_more, const Bytes &payload)
{
    return Bytes{next, 0} + number(offset_and_more, 2) + number(99, 4) + payload;
}

inline Bytes ethernet(uint16_t ethertype, const Bytes &payload)
{
    return Bytes{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1} + number(ethertype, 2) + payload;
}

// A VLAN tag; its own ethertype stands in the header before it.
inline Bytes vlan(uint16_t ethertype, const Bytes &payload)
{
    return number(42, 2) + number(ethertype, 2) + payload;
}

inline Bytes linux_cooked(uint16_t ethertype, const Bytes &payload)
{
    return number(0, 2) + number(1, 2) + number(6, 2) + Bytes(8, 0) + number(ethertype, 2) +
           payload;
}

inline Bytes linux_cooked_2(uint16_t ethertype, const Bytes &payload)
{
    return number(ethertype, 2) + number(0, 2) + number(3, 4) + number(1, 2) + Bytes{0, 6} +
           Bytes(8, 0) + payload;
}

// The most usual packet there is.
inline Bytes packet(const Tcp &h, const Bytes &payload)
{
    return ethernet(0x0800, ipv4(Ipv4{}, tcp(h, payload)));
}

// --- a whole connection ---

// A client on 192.0.2.1:40000 and a server on 192.0.2.2:80 talk; each call adds Ethernet packets.
class Dialogue
{
public:
    enum { CLIENT, SERVER };

    explicit Dialogue(uint16_t client_port = 40000, uint16_t server_port = 80)
        : port_{client_port, server_port}
    {
    }

    void open()
    {
        add(CLIENT, 0x02, {});
        add(SERVER, 0x12, {});
        add(CLIENT, 0x10, {});
    }
    void say(int who, const Bytes &data)
    {
        add(who, 0x18, data);
    }
    void close()
    {
        add(CLIENT, 0x11, {});
        add(SERVER, 0x11, {});
        add(CLIENT, 0x10, {});
    }
    void reset(int who)
    {
        add(who, 0x14, {});
    }
    const std::vector<Bytes> &packets() const
    {
        return packets_;
    }

private:
    void add(int who, uint8_t flags, const Bytes &data)
    {
        const int peer = 1 - who;
        Tcp h{port_[who], port_[peer], next_[who], next_[peer], flags};
        Ipv4 ip;
        if (who == SERVER)
            std::swap(ip.source, ip.destination);
        packets_.push_back(ethernet(0x0800, ipv4(ip, tcp(h, data))));
        next_[who] += static_cast<uint32_t>(data.size()) + (flags & 0x03 ? 1 : 0);
    }

    uint16_t port_[2];
    uint32_t next_[2] = {1000, 5000};
    std::vector<Bytes> packets_;
};

// --- capture files ---

class PcapFile
{
public:
    explicit PcapFile(uint32_t link = 1, bool big_endian = false, bool nanoseconds = false,
                      uint32_t snaplen = 262144)
        : big_endian_(big_endian), nanoseconds_(nanoseconds)
    {
        bytes = n(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 4) + n(2, 2) + n(4, 2) + n(0, 4) +
                n(0, 4) + n(snaplen, 4) + n(link, 4);
    }

    void add(int64_t time_ns, const Bytes &data, size_t original = 0)
    {
        const auto time = static_cast<uint64_t>(time_ns);
        bytes = bytes + n(time / 1000000000, 4) +
                n(time % 1000000000 / (nanoseconds_ ? 1 : 1000), 4) + n(data.size(), 4) +
                n(original ? original : data.size(), 4) + data;
    }

    Bytes bytes;

private:
    Bytes n(uint64_t value, int width) const
    {
        return number(value, width, big_endian_);
    }

    bool big_endian_, nanoseconds_;
};

class PcapngFile
{
public:
    explicit PcapngFile(bool big_endian = false)
    {
        section(big_endian);
    }

    void section(bool big_endian)
    {
        big_endian_ = big_endian;
        block(0x0a0d0d0a, n(0x1a2b3c4d, 4) + n(1, 2) + n(0, 2) + n(UINT64_MAX, 8));
    }

    void block(uint32_t type, const Bytes &body)
    {
        Bytes padded = body;
        padded.resize((body.size() + 3) / 4 * 4);
        bytes = bytes + n(type, 4) + n(padded.size() + 12, 4) + padded + n(padded.size() + 12, 4);
    }

    Bytes option(uint16_t code, const Bytes &value) const
    {
        Bytes padded = value;
        padded.resize((value.size() + 3) / 4 * 4);
        return n(code, 2) + n(value.size(), 2) + padded;
    }

    void interface(uint16_t link, uint32_t snaplen = 0, const Bytes &options = {})
    {
        block(1, n(link, 2) + n(0, 2) + n(snaplen, 4) + options);
    }

    void enhanced(uint32_t interface, uint64_t ticks, const Bytes &data, size_t original = 0)
    {
        block(6, n(interface, 4) + n(ticks >> 32, 4) + n(ticks & 0xffffffff, 4) +
                     n(data.size(), 4) + n(original ? original : data.size(), 4) + data);
    }

    void old(uint16_t interface, uint64_t ticks, const Bytes &data)
    {
        const uint16_t drops = 3;
        block(2, n(interface, 2) + n(drops, 2) + n(ticks >> 32, 4) + n(ticks & 0xffffffff, 4) +
                     n(data.size(), 4) + n(data.size(), 4) + data);
    }

    void simple(const Bytes &data, size_t original = 0)
    {
        block(3, n(original ? original : data.size(), 4) + data);
    }

    // A number in the byte order of the section.
    Bytes n(uint64_t value, int width) const
    {
        return number(value, width, big_endian_);
    }

    Bytes bytes;

private:
    bool big_endian_ = false;
};

// A file that is there for as long as the object.
class TempFile
{
public:
    explicit TempFile(const Bytes &content)
    {
        const char *folder = std::getenv("TMPDIR");
        path_ = std::string(folder ? folder : "/tmp") + "/wskit-test-XXXXXX";
        const int fd = mkstemp(path_.data());
        FILE *file = fd < 0 ? nullptr : fdopen(fd, "wb");
        if (!file)
            std::abort();
        for (const uint8_t byte : content)
            putc(byte, file);
        fclose(file);
    }
    ~TempFile()
    {
        unlink(path_.c_str());
    }
    TempFile(const TempFile &) = delete;
    TempFile &operator=(const TempFile &) = delete;

    const char *path() const
    {
        return path_.c_str();
    }

private:
    std::string path_;
};

} // namespace build
