// permessage-deflate beside bare zlib: what the library adds to it.
#include "bench.h"

#include <zlib.h>

#include <cstring>
#include <random>

namespace
{

constexpr size_t messages = 64;
const uint8_t tail[4] = {0, 0, 0xff, 0xff}; // RFC 7692 7.2.1: cut off by the sender

std::vector<Bytes> json_messages(size_t size)
{
    std::mt19937 random(7692);
    std::vector<Bytes> all;
    for (size_t i = 0; i < messages; i++) {
        std::string text = "{\"room\":\"general\",\"messages\":[";
        while (text.size() < size)
            text += "{\"id\":" + std::to_string(random() % 1000000) + ",\"user\":\"user" +
                    std::to_string(random() % 100) +
                    "\",\"price\":" + std::to_string(random() % 100000) + ".5,\"side\":\"buy\"},";
        text.resize(size);
        all.emplace_back(text.begin(), text.end());
    }
    return all;
}

// zlib's own stream, with the settings that the library uses too.
class Zlib
{
public:
    explicit Zlib(bool takeover) : takeover_(takeover)
    {
        deflateInit2(&deflate_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
        inflateInit2(&inflate_, -15);
    }
    ~Zlib()
    {
        deflateEnd(&deflate_);
        inflateEnd(&inflate_);
    }
    Zlib(const Zlib &) = delete;
    Zlib &operator=(const Zlib &) = delete;

    // The whole output, tail included. `out` is large enough.
    size_t compress(const Bytes &in, Bytes &out)
    {
        if (!takeover_)
            deflateReset(&deflate_);
        return run(deflate, deflate_, in, out);
    }
    size_t decompress(const Bytes &in, Bytes &out)
    {
        if (!takeover_)
            inflateReset(&inflate_);
        return run(inflate, inflate_, in, out);
    }

private:
    static size_t run(int (*step)(z_stream *, int), z_stream &z, const Bytes &in, Bytes &out)
    {
        z.next_in = const_cast<uint8_t *>(in.data());
        z.avail_in = static_cast<uInt>(in.size());
        z.next_out = out.data();
        z.avail_out = static_cast<uInt>(out.size());
        step(&z, Z_SYNC_FLUSH);
        return out.size() - z.avail_out;
    }

    bool takeover_;
    z_stream deflate_ = {}, inflate_ = {};
};

std::vector<Bytes> compressed(const std::vector<Bytes> &plain, bool takeover)
{
    Zlib zlib(takeover);
    std::vector<Bytes> all;
    for (const Bytes &message : plain) {
        Bytes out(message.size() + 256);
        out.resize(zlib.compress(message, out));
        all.push_back(out);
    }
    return all;
}

// One stream for all rounds: what a message refers to is in the same stream, round after round.
void inflate_zlib(benchmark::State &state, bool takeover)
{
    const auto all = compressed(json_messages(size_of(state)), takeover);
    Bytes out(size_of(state) + 256);
    Zlib zlib(takeover);
    for (auto _ : state)
        for (const Bytes &message : all)
            if (zlib.decompress(message, out) != size_of(state))
                state.SkipWithError("a message was not inflated");
    count_items(state, all.size());
}

// The way of all messages: frames to the reader, events to the message layer, which inflates.
void inflate_wsproto(benchmark::State &state, bool takeover)
{
    Bytes stream;
    for (const Bytes &message : compressed(json_messages(size_of(state)), takeover)) {
        wsp_frame_header h = {};
        h.fin = 1;
        h.rsv = WSP_RSV1;
        h.opcode = WSP_OPCODE_BINARY;
        h.payload_length = message.size() - sizeof tail;
        uint8_t header[WSP_FRAME_HEADER_MAX];
        const int n = wsp_frame_header_encode(header, &h);
        stream.insert(stream.end(), header, header + n);
        stream.insert(stream.end(), message.begin(), message.end() - sizeof tail);
    }
    wsp_frame_rules rules = {};
    rules.sender = WSP_FROM_SERVER;
    rules.rsv_allowed = WSP_RSV1;
    wsp_message_rules message_rules = {};
    message_rules.inflater = wsp_inflater_new(15, !takeover, nullptr);
    wsp_reader reader;
    wsp_message message;
    wsp_reader_init(&reader, &rules);
    wsp_message_init(&message, &message_rules);
    Bytes out(size_of(state) + 256);
    for (auto _ : state) {
        size_t whole = 0;
        wsp_event event;
        wsp_message_event piece;
        for (size_t at = 0;;) {
            at += wsp_reader_next(&reader, stream.data() + at, stream.size() - at, &event);
            if (event.type == WSP_EVENT_NONE)
                break;
            do {
                wsp_message_next(&message, &event, out.data(), out.size(), &piece);
                whole += piece.last && piece.offset + piece.len == size_of(state);
            } while (piece.more);
        }
        if (whole != messages)
            state.SkipWithError("a message was not inflated");
    }
    wsp_inflater_free(message_rules.inflater);
    count_items(state, messages);
}

void deflate_zlib(benchmark::State &state, bool takeover)
{
    const auto all = json_messages(size_of(state));
    Bytes out(size_of(state) + 256);
    Zlib zlib(takeover);
    for (auto _ : state)
        for (const Bytes &message : all)
            benchmark::DoNotOptimize(zlib.compress(message, out));
    count_items(state, all.size());
}

void deflate_wsproto(benchmark::State &state, bool takeover)
{
    const auto all = json_messages(size_of(state));
    wsp_deflater *deflater = wsp_deflater_new(15, !takeover, -1, 0, nullptr);
    Bytes out(wsp_deflate_bound(deflater, size_of(state)));
    for (auto _ : state)
        for (const Bytes &message : all) {
            size_t in_len = message.size(), out_len = out.size();
            if (wsp_deflate(deflater, message.data(), &in_len, true, out.data(), &out_len) != 0)
                state.SkipWithError("a message was not deflated");
        }
    wsp_deflater_free(deflater);
    count_items(state, all.size());
}

} // namespace

void add_deflate()
{
    for (bool takeover : {true, false})
        for (int64_t size : {200, 4096}) {
            const std::string with = takeover ? "with takeover" : "without takeover";
            const auto run = [takeover](auto work) {
                return [work, takeover](benchmark::State &state) { work(state, takeover); };
            };
            add("inflate JSON, " + with, "wsproto", size, run(inflate_wsproto));
            add("inflate JSON, " + with, "zlib", size, run(inflate_zlib));
            add("deflate JSON, " + with, "wsproto", size, run(deflate_wsproto));
            add("deflate JSON, " + with, "zlib", size, run(deflate_zlib));
        }
}
