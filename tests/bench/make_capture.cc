// make_capture KIND FILE: writes a large capture to measure wsdump with. Always the same bytes.
//
//   small  one connection, 100,000 messages of 16 to 125 bytes of text, each echoed
//   many   1000 connections, interleaved, 100 such messages each, each echoed
//   big    one connection, 1000 messages of 64 KiB, each echoed, in segments of 1448 bytes
#include "../wsdump/packets.h"

#include <wsproto/wsproto.h>

#include <pcap/pcap.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <random>

namespace
{

using build::Bytes;
using build::Dialogue;

constexpr size_t segment_size = 1448;

struct Kind {
    const char *name;
    int connections, messages;
    size_t shortest, longest;
};

const Kind kinds[] = {
    {"small", 1, 100000, 16, 125},
    {"many", 1000, 100, 16, 125},
    {"big", 1, 1000, 65536, 65536},
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

Bytes frame(const Bytes &payload, bool masked, std::mt19937 &random)
{
    wsp_frame_header h = {};
    h.fin = 1;
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
    Connection(Capture &capture, uint16_t port) : capture_(capture), dialogue_(port, 8080) {}
    Dialogue &operator*()
    {
        return dialogue_;
    }
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

private:
    Capture &capture_;
    Dialogue dialogue_;
    size_t written_ = 0;
};

void shake_hands(Connection &c)
{
    (*c).open();
    c.say(Dialogue::CLIENT,
          build::text("GET /feed HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\n"
                      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
    c.say(Dialogue::SERVER,
          build::text("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                      "Connection: Upgrade\r\n"
                      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"));
}

void talk(const Kind &kind, Capture &capture)
{
    std::mt19937 random(6455);
    std::vector<Connection> connections;
    for (int i = 0; i < kind.connections; i++) {
        connections.emplace_back(capture, static_cast<uint16_t>(10000 + i));
        shake_hands(connections.back());
    }
    for (int i = 0; i < kind.messages; i++) {
        for (Connection &c : connections) {
            size_t size = kind.shortest + random() % (kind.longest - kind.shortest + 1);
            Bytes payload(size);
            for (size_t j = 0; j < size; j++)
                payload[j] = static_cast<uint8_t>("{\"price\": 65000.12, \"seq\": 17} "[j % 31]);
            c.say(Dialogue::CLIENT, frame(payload, true, random));
            c.say(Dialogue::SERVER, frame(payload, false, random));
        }
    }
    for (Connection &c : connections) {
        (*c).close();
        c.flush();
    }
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
        talk(kind, capture);
        return 0;
    }
    fprintf(stderr, "usage: make_capture small|many|big FILE\n");
    return 2;
}
