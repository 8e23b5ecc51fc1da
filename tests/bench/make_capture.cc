// make_capture KIND FILE: writes a large capture to measure wsdump with, always the same bytes, and
// prints how many messages are in it and how long their payloads are together. The table of kinds
// says what there is; all messages are text, cut at random out of made-up prices.
#include "../wsdump/packets.h"

#include <wsproto/wsproto.h>

#include <pcap/pcap.h>
#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>

namespace
{

using build::Bytes;
using build::Dialogue;

constexpr size_t segment_size = 1448;

enum Manner {
    ECHOED,    // the client's messages come back, each message in packets of its own
    COALESCED, // only the server talks, and fills every packet with frames
    DEFLATED   // as ECHOED, with permessage-deflate and context takeover
};

struct Kind {
    const char *name;
    Manner manner;
    int connections, messages; // the latter of each connection, before they are echoed
    size_t shortest, longest;
};

const Kind kinds[] = {
    {"small", ECHOED, 1, 500000, 16, 125},
    {"coalesced", COALESCED, 1, 1000000, 16, 125},
    {"big", ECHOED, 1, 1000, 65536, 65536},
    {"deflate", DEFLATED, 4, 7500, 200, 4100},
    {"many", ECHOED, 1000, 100, 16, 125},
    // What the figures of those above are compared with: is the work linear?
    {"small_tenth", ECHOED, 1, 50000, 16, 125},
    {"many_40", ECHOED, 1000, 40, 16, 125},
    {"many_10k", ECHOED, 10000, 40, 16, 125},
    {"one_64m", ECHOED, 1, 1, 64 << 20, 64 << 20},
    // For the time that it takes to start.
    {"tiny", ECHOED, 1, 1, 16, 16},
};

class Capture
{
public:
    explicit Capture(const char *path)
        : pcap_(pcap_open_dead(DLT_EN10MB, 262144)), file_(pcap_dump_open(pcap_, path))
    {
    }
    ~Capture()
    {
        if (file_)
            pcap_dump_close(file_);
        pcap_close(pcap_);
    }
    Capture(const Capture &) = delete;
    Capture &operator=(const Capture &) = delete;

    bool is_open() const
    {
        return file_ != nullptr;
    }
    void add(const Bytes &packet)
    {
        pcap_pkthdr header = {};
        header.ts.tv_sec = 1700000000 + count_ / 100000;
        header.ts.tv_usec = count_ % 100000 * 10;
        header.caplen = header.len = static_cast<bpf_u_int32>(packet.size());
        pcap_dump(reinterpret_cast<u_char *>(file_), &header, packet.data());
        count_++;
    }

private:
    pcap_t *pcap_;
    pcap_dumper_t *file_;
    long count_ = 0;
};

// Raw deflate of one direction, a message at a time, as RFC 7692 7.2.1 has it.
class Deflater
{
public:
    Deflater()
    {
        if (deflateInit2(&z_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) !=
            Z_OK)
            throw std::runtime_error("deflateInit2 failed");
    }
    ~Deflater()
    {
        deflateEnd(&z_);
    }
    Deflater(const Deflater &) = delete;
    Deflater &operator=(const Deflater &) = delete;

    Bytes deflate_message(Bytes in)
    {
        Bytes out(deflateBound(&z_, in.size()) + 16);
        z_.next_in = in.data();
        z_.avail_in = static_cast<uInt>(in.size());
        z_.next_out = out.data();
        z_.avail_out = static_cast<uInt>(out.size());
        if (deflate(&z_, Z_SYNC_FLUSH) != Z_OK || z_.avail_out == 0)
            throw std::runtime_error("deflate failed");
        out.resize(out.size() - z_.avail_out - 4); // without 00 00 ff ff
        return out;
    }

private:
    z_stream z_ = {};
};

// What the messages are cut from.
class Prices
{
public:
    explicit Prices(std::mt19937 &random) : random_(random)
    {
        while (text_.size() < 4 << 20)
            text_ += "{\"symbol\":\"" + symbol() + "\",\"bid\":" + price() + ",\"ask\":" + price() +
                     ",\"size\":" + std::to_string(random_() % 500) + "},";
    }
    Bytes cut(size_t size)
    {
        Bytes out;
        for (size_t at = random_() % text_.size(); out.size() < size; at = 0) {
            const size_t n = std::min(size - out.size(), text_.size() - at);
            const char *from = text_.data() + at;
            out.insert(out.end(), from, from + n);
        }
        return out;
    }

private:
    std::string symbol()
    {
        return {letter(), letter(), letter()};
    }
    char letter()
    {
        return static_cast<char>('A' + random_() % 26);
    }
    std::string price()
    {
        return std::to_string(60000 + random_() % 5000) + "." + std::to_string(10 + random_() % 90);
    }

    std::mt19937 &random_;
    std::string text_;
};

Bytes frame(const Bytes &payload, bool masked, bool compressed, std::mt19937 &random)
{
    wsp_frame_header h = {};
    h.fin = 1;
    h.rsv = compressed ? WSP_RSV1 : 0;
    h.opcode = WSP_OPCODE_TEXT;
    h.masked = masked;
    h.payload_length = payload.size();
    for (uint8_t &byte : h.masking_key)
        byte = static_cast<uint8_t>(random());
    Bytes out(WSP_FRAME_HEADER_MAX);
    out.resize(static_cast<size_t>(wsp_frame_header_encode(out.data(), &h)));
    size_t at = out.size();
    out.insert(out.end(), payload.begin(), payload.end());
    if (masked)
        wsp_mask(out.data() + at, out.data() + at, payload.size(), h.masking_key, 0);
    return out;
}

// A connection whose packets go into the capture as soon as they are made.
class Connection
{
public:
    Connection(Capture &capture, const Kind &kind, uint16_t port)
        : capture_(capture), kind_(kind), dialogue_(port, 8080)
    {
        const std::string extension =
            kind.manner == DEFLATED ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : "";
        dialogue_.open();
        say(Dialogue::CLIENT,
            build::text("GET /feed HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                        extension + "\r\n"));
        say(Dialogue::SERVER,
            build::text("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\n"
                        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" +
                        extension + "\r\n"));
        if (kind.manner == DEFLATED)
            for (auto &deflater : deflaters_)
                deflater = std::make_unique<Deflater>();
    }
    // One more message; returns how many that are with its echo.
    int talk(const Bytes &payload, std::mt19937 &random)
    {
        if (kind_.manner == COALESCED) {
            const Bytes more = frame(payload, false, false, random);
            waiting_.insert(waiting_.end(), more.begin(), more.end());
            if (waiting_.size() >= segment_size) {
                Bytes rest(waiting_.begin() + segment_size, waiting_.end());
                waiting_.resize(segment_size);
                say(Dialogue::SERVER, waiting_);
                waiting_ = std::move(rest);
            }
            return 1;
        }
        for (int who : {Dialogue::CLIENT, Dialogue::SERVER}) {
            const bool client = who == Dialogue::CLIENT;
            if (deflaters_[who])
                say(who, frame(deflaters_[who]->deflate_message(payload), client, true, random));
            else
                say(who, frame(payload, client, false, random));
        }
        return 2;
    }
    void close()
    {
        say(Dialogue::SERVER, waiting_);
        dialogue_.close();
        flush();
    }

private:
    void say(int who, const Bytes &bytes)
    {
        for (size_t at = 0; at < bytes.size(); at += segment_size) {
            auto begin = bytes.begin() + static_cast<ptrdiff_t>(at);
            auto end =
                bytes.begin() + static_cast<ptrdiff_t>(std::min(bytes.size(), at + segment_size));
            dialogue_.say(who, Bytes(begin, end));
        }
        flush();
    }
    void flush()
    {
        for (; written_ < dialogue_.packets().size(); written_++)
            capture_.add(dialogue_.packets()[written_]);
    }

    Capture &capture_;
    const Kind &kind_;
    Dialogue dialogue_;
    size_t written_ = 0;
    std::unique_ptr<Deflater> deflaters_[2];
    Bytes waiting_; // COALESCED: less than a packet
};

void fill(Capture &capture, const Kind &kind)
{
    std::mt19937 random(6455);
    Prices prices(random);
    std::vector<Connection> connections;
    connections.reserve(static_cast<size_t>(kind.connections));
    for (int i = 0; i < kind.connections; i++)
        connections.emplace_back(capture, kind, static_cast<uint16_t>(10000 + i));
    long messages = 0, bytes = 0;
    for (int i = 0; i < kind.messages; i++) {
        for (Connection &c : connections) {
            const size_t size = kind.shortest + random() % (kind.longest - kind.shortest + 1);
            const int said = c.talk(prices.cut(size), random);
            messages += said;
            bytes += said * static_cast<long>(size);
        }
    }
    for (Connection &c : connections)
        c.close();
    printf("%ld %ld\n", messages, bytes);
}

} // namespace

int main(int argc, char **argv)
{
    for (const Kind &kind : kinds) {
        if (argc != 3 || strcmp(argv[1], kind.name) != 0)
            continue;
        Capture capture(argv[2]);
        if (!capture.is_open()) {
            fprintf(stderr, "make_capture: cannot write %s\n", argv[2]);
            return 1;
        }
        fill(capture, kind);
        return 0;
    }
    fprintf(stderr, "usage: make_capture KIND FILE, where KIND is one of:\n");
    for (const Kind &kind : kinds)
        fprintf(stderr, "  %s\n", kind.name);
    return 2;
}
