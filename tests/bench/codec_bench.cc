// The codec beside its peers: names are SUBJECT/WHO/SIZE, and `run` prints the ratios between WHO
// and the first WHO of each subject. Buffers rotate, so that no pass finds its own stores in the
// store buffer.
#include <wsproto/wsproto.h>

#include <benchmark/benchmark.h>
#include <glib.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>
#ifdef HAVE_WSLAY
#include <wslay/wslay.h>
#endif

namespace
{

using Bytes = std::vector<uint8_t>;

const uint8_t key[4] = {0x37, 0xfa, 0x21, 0x3d};

Bytes text_of(size_t size)
{
    static const char phrase[] = "{\"seq\":1042,\"price\":\"65000.12\",\"side\":\"buy\"} ";
    Bytes bytes(size);
    for (size_t i = 0; i < size; i++)
        bytes[i] = static_cast<uint8_t>(phrase[i % (sizeof phrase - 1)]);
    return bytes;
}

// Half of it Cyrillic, two bytes a letter.
Bytes mixed_text_of(size_t size)
{
    std::string text;
    while (text.size() + 8 <= size)
        text += "\u0446\u0435\u043d\u0430";
    text.resize(size, 'x');
    return {text.begin(), text.end()};
}

void set_throughput(benchmark::State &state, size_t bytes)
{
    state.SetBytesProcessed(static_cast<int64_t>(bytes) * state.iterations());
}

// ---- Masking
// -------------------------------------------------------------------------------------

template <typename Mask>
void mask(benchmark::State &state, Mask apply)
{
    size_t size = static_cast<size_t>(state.range(0));
    size_t buffers = size <= 1024 ? 16 : 2;
    std::vector<Bytes> all(buffers, Bytes(size + 64));
    size_t next = 0;
    for (auto _ : state) {
        uint8_t *data = all[next++ % buffers].data() + 6; // behind a masked header
        apply(data, size);
        benchmark::DoNotOptimize(data);
        benchmark::ClobberMemory();
    }
    set_throughput(state, size);
}

void mask_wsproto(benchmark::State &state)
{
    mask(state, [](uint8_t *data, size_t size) { wsp_mask(data, data, size, key, 0); });
}

void mask_byte_loop(benchmark::State &state)
{
    mask(state, [](uint8_t *data, size_t size) {
        for (size_t i = 0; i < size; i++)
            data[i] ^= key[i & 3];
    });
}

// ---- UTF-8
// ---------------------------------------------------------------------------------------

template <typename Check>
void utf8(benchmark::State &state, const Bytes &text, Check check)
{
    for (auto _ : state) {
        bool valid = check(text);
        if (!valid)
            state.SkipWithError("valid text was refused");
    }
    set_throughput(state, text.size());
}

bool check_wsproto(const Bytes &text)
{
    wsp_utf8 u = {};
    return wsp_utf8_feed(&u, text.data(), text.size()) == text.size() && wsp_utf8_done(&u);
}

bool check_glib(const Bytes &text)
{
    return g_utf8_validate(reinterpret_cast<const char *>(text.data()),
                           static_cast<gssize>(text.size()), nullptr);
}

void utf8_ascii_wsproto(benchmark::State &state)
{
    utf8(state, text_of(static_cast<size_t>(state.range(0))), check_wsproto);
}
void utf8_ascii_glib(benchmark::State &state)
{
    utf8(state, text_of(static_cast<size_t>(state.range(0))), check_glib);
}
void utf8_mixed_wsproto(benchmark::State &state)
{
    utf8(state, mixed_text_of(static_cast<size_t>(state.range(0))), check_wsproto);
}
void utf8_mixed_glib(benchmark::State &state)
{
    utf8(state, mixed_text_of(static_cast<size_t>(state.range(0))), check_glib);
}

// ---- Decoding whole messages
// ----------------------------------------------------------------------- A stream of masked frames
// of one size, copied into a read buffer in chunks (as recv does) and decoded there: unmasked,
// UTF-8 checked, handed on whole.

struct Stream {
    Bytes bytes;
    size_t frames;
};

Stream stream_of(uint8_t opcode, size_t size)
{
    size_t frames = size <= 1024 ? 524288 / (size + 8) : 16;
    std::mt19937 random(7);
    Stream stream{{}, frames};
    Bytes payload = text_of(size);
    for (size_t i = 0; i < frames; i++) {
        wsp_frame_header h = {};
        h.fin = 1;
        h.opcode = opcode;
        h.masked = 1;
        h.payload_length = size;
        for (uint8_t &byte : h.masking_key)
            byte = static_cast<uint8_t>(random());
        uint8_t header[WSP_FRAME_HEADER_MAX];
        int n = wsp_frame_header_encode(header, &h);
        stream.bytes.insert(stream.bytes.end(), header, header + n);
        size_t at = stream.bytes.size();
        stream.bytes.resize(at + size);
        wsp_mask(stream.bytes.data() + at, payload.data(), size, h.masking_key, 0);
    }
    return stream;
}

constexpr size_t chunk = 524288;

struct Delivered {
    size_t messages = 0, bytes = 0;
};

// A message in one piece is unmasked where it is; one in several is collected.
void decode_chunk(wsp_reader &reader, wsp_message &message, Bytes &kept, uint8_t *in, size_t len,
                  Delivered &delivered)
{
    wsp_event event;
    wsp_message_event piece;
    for (;;) {
        size_t n = wsp_reader_next(&reader, in, len, &event);
        in += n;
        len -= n;
        if (event.type == WSP_EVENT_NONE)
            return;
        do {
            uint8_t *place = const_cast<uint8_t *>(event.data);
            wsp_message_next(&message, &event, place, SIZE_MAX, &piece);
            if (!(piece.first && piece.last))
                kept.insert(kept.end(), piece.data, piece.data + piece.len);
            if (piece.last) {
                delivered.messages++;
                delivered.bytes += kept.empty() ? piece.len : kept.size();
                kept.clear();
            }
        } while (piece.more);
    }
}

void decode_wsproto(benchmark::State &state, uint8_t opcode)
{
    Stream stream = stream_of(opcode, static_cast<size_t>(state.range(0)));
    Bytes buffer(chunk), kept;
    for (auto _ : state) {
        wsp_frame_rules rules = {};
        wsp_reader reader;
        wsp_message message;
        wsp_reader_init(&reader, &rules);
        wsp_message_init(&message, nullptr);
        Delivered delivered;
        for (size_t at = 0; at < stream.bytes.size(); at += chunk) {
            size_t n = std::min(chunk, stream.bytes.size() - at);
            memcpy(buffer.data(), stream.bytes.data() + at, n);
            decode_chunk(reader, message, kept, buffer.data(), n, delivered);
        }
        if (delivered.messages != stream.frames)
            state.SkipWithError("messages were lost");
    }
    state.SetItemsProcessed(static_cast<int64_t>(stream.frames) * state.iterations());
    set_throughput(state, stream.frames * static_cast<size_t>(state.range(0)));
}

#ifdef HAVE_WSLAY
struct WslaySource {
    const Bytes *bytes;
    size_t at;
    Delivered delivered;
};

ssize_t wslay_recv(wslay_event_context_ptr context, uint8_t *buffer, size_t len, int, void *user)
{
    auto *source = static_cast<WslaySource *>(user);
    size_t n = std::min(len, source->bytes->size() - source->at);
    if (n == 0) {
        wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    memcpy(buffer, source->bytes->data() + source->at, n);
    source->at += n;
    return static_cast<ssize_t>(n);
}

void wslay_message(wslay_event_context_ptr, const wslay_event_on_msg_recv_arg *message, void *user)
{
    auto *source = static_cast<WslaySource *>(user);
    source->delivered.messages++;
    source->delivered.bytes += message->msg_length;
}

void decode_wslay(benchmark::State &state, uint8_t opcode)
{
    Stream stream = stream_of(opcode, static_cast<size_t>(state.range(0)));
    wslay_event_callbacks callbacks = {};
    callbacks.recv_callback = wslay_recv;
    callbacks.on_msg_recv_callback = wslay_message;
    for (auto _ : state) {
        WslaySource source{&stream.bytes, 0, {}};
        wslay_event_context_ptr context;
        wslay_event_context_server_init(&context, &callbacks, &source);
        wslay_event_config_set_max_recv_msg_length(context, 1u << 24);
        wslay_event_recv(context);
        wslay_event_context_free(context);
        if (source.delivered.messages != stream.frames)
            state.SkipWithError("messages were lost");
    }
    state.SetItemsProcessed(static_cast<int64_t>(stream.frames) * state.iterations());
    set_throughput(state, stream.frames * static_cast<size_t>(state.range(0)));
}
#endif

// ---- Handshake
// -------------------------------------------------------------------------------------

const char browser_request[] =
    "GET /chat?room=42 HTTP/1.1\r\n"
    "Host: chat.example.org:8080\r\n"
    "Connection: Upgrade\r\n"
    "Pragma: no-cache\r\n"
    "Cache-Control: no-cache\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Safari/537.36\r\n"
    "Upgrade: websocket\r\n"
    "Origin: https://chat.example.org\r\n"
    "Sec-WebSocket-Version: 13\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: en-US,en;q=0.9\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    "Sec-WebSocket-Protocol: chat.v2, chat.v1\r\n"
    "\r\n";

void handshake_wsproto(benchmark::State &state)
{
    char out[512];
    for (auto _ : state) {
        wsp_http_scanner scan;
        wsp_http_scan_init(&scan, nullptr);
        const auto *in = reinterpret_cast<const uint8_t *>(browser_request);
        int64_t n = wsp_http_scan(&scan, in, sizeof browser_request - 1);
        wsp_http_header headers[64];
        wsp_http_head head;
        wsp_http_parse(&head, in, static_cast<size_t>(n), headers, 64);
        wsp_handshake_request request;
        if (wsp_handshake_request_check(&request, &head))
            state.SkipWithError("a good request was refused");
        wsp_handshake_answer answer = {};
        answer.key = request.key;
        int written = wsp_handshake_accept_write(out, sizeof out, &answer);
        benchmark::DoNotOptimize(written);
    }
}

// The part that no server can do without: the accept key by GLib's SHA-1 and base64.
void handshake_glib_accept_key(benchmark::State &state)
{
    for (auto _ : state) {
        GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA1);
        static const char text[] = "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
        g_checksum_update(sum, reinterpret_cast<const guchar *>(text), sizeof text - 1);
        guint8 digest[20];
        gsize len = sizeof digest;
        g_checksum_get_digest(sum, digest, &len);
        gchar *accept = g_base64_encode(digest, len);
        benchmark::DoNotOptimize(accept);
        g_free(accept);
        g_checksum_free(sum);
    }
}

void sizes(benchmark::internal::Benchmark *b)
{
    for (int64_t size : {16, 125, 1024, 65536})
        b->Arg(size);
}

// Several rounds, the subjects in turn: `run` takes the medians.
BENCHMARK(mask_wsproto)->Name("mask/wsproto")->Apply(sizes);
BENCHMARK(mask_byte_loop)->Name("mask/byte loop")->Apply(sizes);
BENCHMARK(utf8_ascii_wsproto)->Name("utf8 ascii/wsproto")->Apply(sizes);
BENCHMARK(utf8_ascii_glib)->Name("utf8 ascii/GLib")->Apply(sizes);
BENCHMARK(utf8_mixed_wsproto)->Name("utf8 Cyrillic/wsproto")->Apply(sizes);
BENCHMARK(utf8_mixed_glib)->Name("utf8 Cyrillic/GLib")->Apply(sizes);
BENCHMARK_CAPTURE(decode_wsproto, binary, WSP_OPCODE_BINARY)
    ->Name("decode binary/wsproto")
    ->Apply(sizes);
#ifdef HAVE_WSLAY
BENCHMARK_CAPTURE(decode_wslay, binary, WSP_OPCODE_BINARY)
    ->Name("decode binary/wslay")
    ->Apply(sizes);
#endif
BENCHMARK_CAPTURE(decode_wsproto, text, WSP_OPCODE_TEXT)->Name("decode text/wsproto")->Apply(sizes);
#ifdef HAVE_WSLAY
BENCHMARK_CAPTURE(decode_wslay, text, WSP_OPCODE_TEXT)->Name("decode text/wslay")->Apply(sizes);
#endif
BENCHMARK(handshake_wsproto)->Name("handshake/wsproto");
BENCHMARK(handshake_glib_accept_key)->Name("handshake/GLib, accept key alone");

} // namespace
