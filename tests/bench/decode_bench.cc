// Decoding whole messages: a stream of masked frames of one size is copied piece by piece into a
// read buffer, as recv does, and decoded there: unmasked, text checked, each message handed on
// whole. The copy alone stands beside it: nobody can be faster.
#include "bench.h"

#include <cstring>
#include <random>
#ifdef HAVE_WSLAY
#include <wslay/wslay.h>
#endif

namespace
{

struct Stream {
    Bytes bytes;
    size_t frames;
};

struct Kind {
    const char *name;
    uint8_t opcode;
    const char *sample; // repeated
};

const char ascii[] = "{\"name\":\"Alice\",\"text\":\"hello, how are you?\",\"room\":17} ";
const char mixed[] = "{\"name\":\"Zoë\",\"text\":\"привет, как дела? 😀\",\"город\":\"東京\"} ";
const Kind kinds[] = {{"binary", WSP_OPCODE_BINARY, mixed},
                      {"ASCII text", WSP_OPCODE_TEXT, ascii},
                      {"mixed text", WSP_OPCODE_TEXT, mixed}};

Stream stream_of(const Kind &kind, size_t size)
{
    const size_t frames = size <= 1024 ? 524288 / (size + 8) : size <= 65536 ? 16 : 4;
    std::mt19937 random(7);
    Stream stream{{}, frames};
    const Bytes payload = text_of(kind.sample, size);
    for (size_t i = 0; i < frames; i++) {
        wsp_frame_header h = {};
        h.fin = 1;
        h.opcode = kind.opcode;
        h.masked = 1;
        h.payload_length = size;
        for (uint8_t &byte : h.masking_key)
            byte = static_cast<uint8_t>(random());
        uint8_t header[WSP_FRAME_HEADER_MAX];
        const int n = wsp_frame_header_encode(header, &h);
        stream.bytes.insert(stream.bytes.end(), header, header + n);
        const size_t at = stream.bytes.size();
        stream.bytes.resize(at + size);
        wsp_mask(stream.bytes.data() + at, payload.data(), size, h.masking_key, 0);
    }
    return stream;
}

// ---- wsproto

class Decoder
{
public:
    Decoder()
    {
        const wsp_frame_rules rules = {};
        wsp_reader_init(&reader_, &rules);
        wsp_message_init(&message_, nullptr);
    }
    void feed(uint8_t *in, size_t len)
    {
        wsp_event event;
        for (;;) {
            const size_t n = wsp_reader_next(&reader_, in, len, &event);
            in += n;
            len -= n;
            if (event.type == WSP_EVENT_NONE)
                return;
            take(event);
        }
    }
    size_t messages() const
    {
        return messages_;
    }

private:
    // A message in one piece is unmasked where it is; one in several is collected.
    void take(const wsp_event &event)
    {
        wsp_message_event piece;
        do {
            wsp_message_next(&message_, &event, const_cast<uint8_t *>(event.data), SIZE_MAX,
                             &piece);
            if (piece.first && piece.last) {
                messages_++;
                continue;
            }
            kept_.insert(kept_.end(), piece.data, piece.data + piece.len);
            if (piece.last) {
                messages_++;
                kept_.clear();
            }
        } while (piece.more);
    }

    wsp_reader reader_;
    wsp_message message_;
    Bytes kept_;
    size_t messages_ = 0;
};

void decode_wsproto(benchmark::State &state, const Kind &kind, size_t piece)
{
    const Stream stream = stream_of(kind, size_of(state));
    Bytes buffer(piece);
    Decoder decoder;
    for (auto _ : state) {
        for (size_t at = 0; at < stream.bytes.size(); at += piece) {
            const size_t n = std::min(piece, stream.bytes.size() - at);
            memcpy(buffer.data(), stream.bytes.data() + at, n);
            decoder.feed(buffer.data(), n);
        }
    }
    if (decoder.messages() != stream.frames * static_cast<size_t>(state.iterations()))
        state.SkipWithError("messages were lost");
    count_items(state, stream.frames);
}

void decode_memcpy(benchmark::State &state, const Kind &kind, size_t piece)
{
    const Stream stream = stream_of(kind, size_of(state));
    Bytes buffer(piece);
    for (auto _ : state)
        for (size_t at = 0; at < stream.bytes.size(); at += piece) {
            memcpy(buffer.data(), stream.bytes.data() + at,
                   std::min(piece, stream.bytes.size() - at));
            benchmark::ClobberMemory();
        }
    count_items(state, stream.frames);
}

// ---- wslay: the event API, which assembles messages and checks UTF-8

#ifdef HAVE_WSLAY
struct Source {
    const Bytes *bytes;
    size_t piece, at, messages;
};

ssize_t receive(wslay_event_context_ptr context, uint8_t *buffer, size_t len, int, void *user)
{
    auto *source = static_cast<Source *>(user);
    size_t n = std::min(len, source->bytes->size() - source->at);
    n = std::min(n, source->piece - source->at % source->piece);
    if (n == 0) {
        wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    memcpy(buffer, source->bytes->data() + source->at, n);
    source->at += n;
    return static_cast<ssize_t>(n);
}

void take_message(wslay_event_context_ptr, const wslay_event_on_msg_recv_arg *, void *user)
{
    static_cast<Source *>(user)->messages++;
}

void decode_wslay(benchmark::State &state, const Kind &kind, size_t piece)
{
    const Stream stream = stream_of(kind, size_of(state));
    wslay_event_callbacks callbacks = {};
    callbacks.recv_callback = receive;
    callbacks.on_msg_recv_callback = take_message;
    for (auto _ : state) {
        Source source{&stream.bytes, piece, 0, 0};
        wslay_event_context_ptr context;
        wslay_event_context_server_init(&context, &callbacks, &source);
        wslay_event_config_set_max_recv_msg_length(context, 1U << 24);
        wslay_event_recv(context);
        wslay_event_context_free(context);
        if (source.messages != stream.frames)
            state.SkipWithError("messages were lost");
    }
    count_items(state, stream.frames);
}
#endif

} // namespace

void add_decode()
{
    const struct {
        const char *name;
        size_t size;
    } pieces[] = {{"512 KiB", 524288}, {"16 KiB", 16384}, {"1,448 B", 1448}};
    for (const auto &piece : pieces)
        for (const Kind &kind : kinds)
            for (int64_t size : {0, 16, 125, 1024, 65536, 1048576}) {
                const std::string subject =
                    std::string("decode ") + kind.name + ", reads of " + piece.name;
                const auto with = [&](auto decode) {
                    return [decode, &kind, len = piece.size](benchmark::State &state) {
                        decode(state, kind, len);
                    };
                };
                add(subject, "wsproto", size, with(decode_wsproto));
#ifdef HAVE_WSLAY
                add(subject, "wslay", size, with(decode_wslay));
#endif
                add(subject, "memcpy", size, with(decode_memcpy));
            }
}
