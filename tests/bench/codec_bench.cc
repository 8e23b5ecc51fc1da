// The codec beside its peers and beside memcpy: masking, UTF-8 and the handshake are here;
// decoding, encoding and compression have files of their own.
#include "bench.h"
#include "internal.h"

#include <glib.h>

#include <cstring>

namespace
{

const uint8_t key[4] = {0x37, 0xfa, 0x21, 0x3d};

// ---- Masking

template <typename Apply>
void add_mask(const char *who, int64_t size, Apply apply)
{
    add("mask in place", who, size, [apply](benchmark::State &state) {
        const size_t len = size_of(state);
        Places places(len);
        for (auto _ : state) {
            uint8_t *data = places.next();
            apply(data, len);
            benchmark::ClobberMemory();
        }
    });
}

void add_masking()
{
    for (int64_t size : {16, 125, 1024, 65536}) {
        add_mask("wsproto", size,
                 [](uint8_t *data, size_t len) { wsp_mask(data, data, len, key, 0); });
        add_mask("portable", size,
                 [](uint8_t *data, size_t len) { wsp_mask_portable(data, data, len, key, 0); });
        add_mask("byte loop", size, [](uint8_t *data, size_t len) {
            for (size_t i = 0; i < len; i++)
                data[i] ^= key[i & 3];
        });
        add("mask in place", "memcpy", size, [](benchmark::State &state) {
            Places from(size_of(state)), to(size_of(state));
            for (auto _ : state) {
                memcpy(to.next(), from.next(), size_of(state));
                benchmark::ClobberMemory();
            }
        });
    }
}

// ---- UTF-8

template <typename Check>
void add_check(const char *script, const Bytes &text, const char *who, Check check)
{
    add(std::string("UTF-8, ") + script, who, static_cast<int64_t>(text.size()),
        [text, check](benchmark::State &state) {
            for (auto _ : state) {
                bool valid = check(text);
                benchmark::DoNotOptimize(valid);
                if (!valid)
                    state.SkipWithError("valid text was refused");
            }
        });
}

void add_utf8()
{
    const struct {
        const char *name, *sample;
    } scripts[] = {
        {"ASCII", "{\"seq\":1042,\"price\":\"65000.12\",\"side\":\"buy\"} "},
        {"Latin", "Grüße aus Köln, à bientôt, señor Núñez "},
        {"Cyrillic", "цена заявки выросла "},
        {"CJK", "価格は六万五千円です"},
        {"emoji", "😀🚀👍🎉"},
    };
    for (const auto &script : scripts)
        for (size_t size : {16, 125, 1024, 65536}) {
            const Bytes text = text_of(script.sample, size);
            add_check(script.name, text, "wsproto", [](const Bytes &t) {
                wsp_utf8 u = {};
                return wsp_utf8_feed(&u, t.data(), t.size()) == t.size() && wsp_utf8_done(&u);
            });
            add_check(script.name, text, "portable", [](const Bytes &t) {
                wsp_utf8 u = {};
                return wsp_utf8_feed_portable(&u, t.data(), t.size()) == t.size() &&
                       wsp_utf8_done(&u);
            });
            add_check(script.name, text, "GLib", [](const Bytes &t) -> bool {
                return g_utf8_validate(reinterpret_cast<const char *>(t.data()),
                                       static_cast<gssize>(t.size()), nullptr);
            });
        }
}

// ---- Handshake

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

void handshake(benchmark::State &state)
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

// What no server can do without, by GLib.
void glib_accept_key(benchmark::State &state)
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

void own_accept_key(benchmark::State &state)
{
    for (auto _ : state) {
        char accept[29];
        wsp_accept_key(accept, "dGhlIHNhbXBsZSBub25jZQ==", 24);
        benchmark::DoNotOptimize(accept);
    }
}

void add_handshake()
{
    benchmark::RegisterBenchmark("handshake, a browser's request answered/wsproto", handshake);
    benchmark::RegisterBenchmark("accept key alone/wsproto", own_accept_key);
    benchmark::RegisterBenchmark("accept key alone/GLib", glib_accept_key);
}

} // namespace

int main(int argc, char **argv)
{
    add_masking();
    add_utf8();
    add_decode();
    add_encode();
    add_handshake();
#ifdef WSPROTO_DEFLATE
    add_deflate();
#endif
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
