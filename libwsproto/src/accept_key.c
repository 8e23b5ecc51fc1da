/*
 * Sec-WebSocket-Key and Sec-WebSocket-Accept: base64 and SHA-1, for these two headers and nothing
 * else. SHA-1 is broken for signatures; here it only proves that the server read the key.
 */
#include "wsproto/error.h"
#include "wsproto/handshake.h"

#include <string.h>

/* ---- SHA-1, FIPS 180-4 --------------------------------------------------------------------- */

enum { BLOCK = 64, DIGEST = 20, LENGTH_FIELD = 8 };

typedef struct sha1 {
    uint32_t h[5];
    uint8_t block[BLOCK];
    size_t used;     /* bytes in block */
    uint64_t length; /* bytes so far */
} sha1;

static uint32_t rotate_left(uint32_t x, int n)
{
    return x << n | x >> (32 - n);
}

/* FIPS 180-4 4.1.1 and 4.2.1: the function and the constant of a stage of 20 rounds. */
static inline uint32_t sha1_mix(int stage, uint32_t b, uint32_t c, uint32_t d)
{
    switch (stage) {
    case 0: return ((b & c) | (~b & d)) + UINT32_C(0x5a827999);
    case 1: return (b ^ c ^ d) + UINT32_C(0x6ed9eba1);
    case 2: return ((b & c) | (b & d) | (c & d)) + UINT32_C(0x8f1bbcdc);
    default: return (b ^ c ^ d) + UINT32_C(0xca62c1d6);
    }
}

static inline void sha1_stage(int stage, uint32_t v[5], const uint32_t w[80])
{
    uint32_t a = v[0], b = v[1], c = v[2], d = v[3], e = v[4];
    for (int t = stage * 20; t < stage * 20 + 20; t++) {
        uint32_t next = rotate_left(a, 5) + sha1_mix(stage, b, c, d) + e + w[t];
        e = d;
        d = c;
        c = rotate_left(b, 30);
        b = a;
        a = next;
    }
    v[0] = a, v[1] = b, v[2] = c, v[3] = d, v[4] = e;
}

/* FIPS 180-4 6.1.2. */
static void sha1_block(uint32_t h[5], const uint8_t block[BLOCK])
{
    uint32_t w[80];
    for (int t = 0; t < 16; t++, block += 4)
        w[t] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 |
               block[3];
    for (int t = 16; t < 80; t++)
        w[t] = rotate_left(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);

    uint32_t v[5];
    memcpy(v, h, sizeof v);
    sha1_stage(0, v, w);
    sha1_stage(1, v, w);
    sha1_stage(2, v, w);
    sha1_stage(3, v, w);
    for (int i = 0; i < 5; i++)
        h[i] += v[i];
}

static void sha1_init(sha1 *s)
{
    *s = (sha1){.h = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}};
}

static void sha1_byte(sha1 *s, uint8_t byte)
{
    s->block[s->used++] = byte;
    if (s->used == BLOCK) {
        sha1_block(s->h, s->block);
        s->used = 0;
    }
}

static void sha1_add(sha1 *s, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sha1_byte(s, (uint8_t)text[i]);
    s->length += len;
}

/* FIPS 180-4 5.1.1: a one bit, zeros, and the length in bits at the end of a block. */
static void sha1_finish(sha1 *s, uint8_t digest[DIGEST])
{
    uint64_t bits = s->length * 8;
    sha1_byte(s, 0x80);
    while (s->used != BLOCK - LENGTH_FIELD)
        sha1_byte(s, 0);
    for (int shift = 56; shift >= 0; shift -= 8)
        sha1_byte(s, (uint8_t)(bits >> shift));
    for (int i = 0; i < DIGEST; i++)
        digest[i] = (uint8_t)(s->h[i / 4] >> (24 - 8 * (i % 4)));
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
    if (len > 1024)
        return WSP_ERR_RANGE;
    sha1 s;
    uint8_t digest[DIGEST];
    sha1_init(&s);
    sha1_add(&s, key, len);
    sha1_add(&s, guid, strlen(guid));
    sha1_finish(&s, digest);
    base64(out, digest, DIGEST);
    return 28;
}

void wsp_handshake_key(char out[25], const uint8_t nonce[16])
{
    base64(out, nonce, 16);
}
