/*
 * Sec-WebSocket-Key and Sec-WebSocket-Accept: base64 and SHA-1, for these two headers and nothing
 * else. SHA-1 is broken for signatures; here it only proves that the server read the key.
 */
#include "wsproto/error.h"
#include "wsproto/handshake.h"

#include <string.h>

/* ---- SHA-1, FIPS 180-4 --------------------------------------------------------------------- */

enum { BLOCK = 64, DIGEST = 20, LENGTH_FIELD = 8 };

static uint32_t rotate_left(uint32_t x, int n)
{
    return x << n | x >> (32 - n);
}

/* FIPS 180-4 4.1.1 and 4.2.1: the function and the constant of a stage of 20 rounds. */
static inline uint32_t sha1_mix(int stage, uint32_t b, uint32_t c, uint32_t d)
{
    switch (stage) {
    case 0: return (d ^ (b & (c ^ d))) + UINT32_C(0x5a827999);
    case 1: return (b ^ c ^ d) + UINT32_C(0x6ed9eba1);
    case 2: return ((b & c) | (d & (b | c))) + UINT32_C(0x8f1bbcdc);
    default: return (b ^ c ^ d) + UINT32_C(0xca62c1d6);
    }
}

/* The next word of the message schedule, of which only the last 16 are kept (6.1.3). */
static inline uint32_t sha1_word(uint32_t w[16], int t)
{
    if (t >= 16)
        w[t & 15] =
            rotate_left(w[(t - 3) & 15] ^ w[(t - 8) & 15] ^ w[(t - 14) & 15] ^ w[t & 15], 1);
    return w[t & 15];
}

static inline void sha1_stage(int stage, uint32_t v[5], uint32_t w[16])
{
    uint32_t a = v[0], b = v[1], c = v[2], d = v[3], e = v[4];
#pragma GCC unroll 20 /* written out, the five words change their names instead of their places */
    for (int t = 0; t < 20; t++) {
        uint32_t next =
            rotate_left(a, 5) + sha1_mix(stage, b, c, d) + e + sha1_word(w, stage * 20 + t);
        e = d;
        d = c;
        c = rotate_left(b, 30);
        b = a;
        a = next;
    }
    v[0] = a, v[1] = b, v[2] = c, v[3] = d, v[4] = e;
}

/* FIPS 180-4 6.1.2. */
static void sha1_block(uint32_t h[5], const uint8_t *block)
{
    uint32_t w[16];
    for (int t = 0; t < 16; t++, block += 4)
        w[t] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 |
               block[3];

    uint32_t v[5];
    memcpy(v, h, sizeof v);
    sha1_stage(0, v, w);
    sha1_stage(1, v, w);
    sha1_stage(2, v, w);
    sha1_stage(3, v, w);
    for (int i = 0; i < 5; i++)
        h[i] += v[i];
}

/*
 * The digest of text[0..len), in whose memory there is room for the padding of FIPS 180-4 5.1.1 (a
 * one bit, zeros, the length in bits at the end of a block): up to BLOCK + LENGTH_FIELD bytes.
 */
static void sha1(uint8_t digest[DIGEST], uint8_t *text, size_t len)
{
    size_t padded = (len + LENGTH_FIELD + BLOCK) / BLOCK * BLOCK;
    text[len] = 0x80;
    memset(text + len + 1, 0, padded - len - 1);
    for (size_t i = 1; i <= sizeof len; i++)
        text[padded - i] = (uint8_t)(len * 8 >> (8 * (i - 1)));

    uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    for (size_t i = 0; i < padded; i += BLOCK)
        sha1_block(h, text + i);
    for (int i = 0; i < DIGEST; i++)
        digest[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

/* ---- Base64, RFC 4648 4 -------------------------------------------------------------------- */

static void base64(char *out, const uint8_t *in, size_t len)
{
    enum { PADDING = 64 };
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    for (size_t i = 0; i < len; i += 3, out += 4) {
        size_t have = len - i < 3 ? len - i : 3;
        uint32_t bits = (uint32_t)in[i] << 16;
        if (have > 1)
            bits |= (uint32_t)in[i + 1] << 8;
        if (have > 2)
            bits |= in[i + 2];
        for (size_t k = 0; k < 4; k++)
            out[k] = digits[k <= have ? bits >> (18 - 6 * k) & 63 : PADDING];
    }
    *out = '\0';
}

/* ---- The two headers ----------------------------------------------------------------------- */

int wsp_accept_key(char out[29], const char *key, size_t len)
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455 1.3 */
    enum { KEY_MAX = 1024, GUID = sizeof guid - 1 };
    uint8_t text[KEY_MAX + GUID + BLOCK + LENGTH_FIELD];
    uint8_t digest[DIGEST];
    if (len > KEY_MAX)
        return WSP_ERR_RANGE;
    if (len > 0) /* `key` may be NULL */
        memcpy(text, key, len);
    memcpy(text + len, guid, GUID);
    sha1(digest, text, len + GUID);
    base64(out, digest, DIGEST);
    return 28;
}

void wsp_handshake_key(char out[25], const uint8_t nonce[16])
{
    base64(out, nonce, 16);
}
