/*
 * Sec-WebSocket-Key and Sec-WebSocket-Accept: base64 and SHA-1, for these two headers and nothing
 * else. SHA-1 is broken for signatures; here it only proves that the server read the key.
 */
#include "parts.h"
#include "wsproto/error.h"
#include "wsproto/handshake.h"

#include <string.h>

/* Can the processor's own SHA-1 be compiled? Whether it may run, the processor says at run time.
   (clang has no word for that question in __builtin_cpu_supports; 14 refuses "sha".) */
#if defined(__x86_64__) && !defined(__clang__) && defined(__GNUC__) && __GNUC__ >= 11
#define HAVE_SHA_NI 1
#include <immintrin.h>
#endif

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

/* ---- SHA-1 by the processor ---------------------------------------------------------------- */

#ifdef HAVE_SHA_NI
#define SHA_NI __attribute__((target("sha,ssse3")))

/* Four rounds of a stage; the processor wants its number in the instruction. */
SHA_NI static inline __m128i sha1_rounds_ni(int stage, __m128i abcd, __m128i e)
{
    switch (stage) {
    case 0: return _mm_sha1rnds4_epu32(abcd, e, 0);
    case 1: return _mm_sha1rnds4_epu32(abcd, e, 1);
    case 2: return _mm_sha1rnds4_epu32(abcd, e, 2);
    default: return _mm_sha1rnds4_epu32(abcd, e, 3);
    }
}

/* The next four words of the message schedule, of which only the last 16 are kept (6.1.3). */
SHA_NI static inline __m128i sha1_words_ni(__m128i w[4], int t)
{
    if (t >= 4) {
        __m128i sum = _mm_sha1msg1_epu32(w[t & 3], w[(t - 3) & 3]);
        sum = _mm_xor_si128(sum, w[(t - 2) & 3]);
        w[t & 3] = _mm_sha1msg2_epu32(sum, w[(t - 1) & 3]);
    }
    return w[t & 3];
}

/* sha1_block with the processor's instructions for it, to which the first word is the top one. */
SHA_NI static void sha1_block_ni(uint32_t h[5], const uint8_t *block)
{
    enum { REVERSED = 0x1b };
    const __m128i big_endian = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
    const __m128i abcd_before = _mm_shuffle_epi32(_mm_loadu_si128((const void *)h), REVERSED);
    const __m128i e_before = _mm_set_epi32((int)h[4], 0, 0, 0);

    __m128i w[4];
    for (int i = 0; i < 4; i++)
        w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const void *)(block + 16 * i)), big_endian);

    __m128i abcd = abcd_before;
    __m128i e = _mm_add_epi32(e_before, w[0]);
#pragma GCC unroll 20
    for (int t = 0; t < 20; t++) {
        __m128i a = abcd; /* whose rotation becomes the next e */
        abcd = sha1_rounds_ni(t / 5, abcd, e);
        e = _mm_sha1nexte_epu32(a, t < 19 ? sha1_words_ni(w, t + 1) : e_before);
    }
    abcd = _mm_add_epi32(abcd, abcd_before);
    _mm_storeu_si128((void *)h, _mm_shuffle_epi32(abcd, REVERSED));
    uint32_t last[4];
    _mm_storeu_si128((void *)last, e);
    h[4] = last[3];
}
#endif

/* ---- The digest of a text ------------------------------------------------------------------ */

typedef void sha1_block_function(uint32_t h[5], const uint8_t *block);

static sha1_block_function *sha1_block_here(void)
{
#ifdef HAVE_SHA_NI
    if (__builtin_cpu_supports("sha") && __builtin_cpu_supports("ssse3"))
        return sha1_block_ni;
#endif
    return sha1_block;
}

/*
 * The digest of text[0..len), in whose memory there is room for the padding of FIPS 180-4 5.1.1 (a
 * one bit, zeros, the length in bits at the end of a block): up to BLOCK + LENGTH_FIELD bytes.
 */
static void sha1(uint8_t digest[DIGEST], uint8_t *text, size_t len, sha1_block_function *block)
{
    size_t padded = (len + LENGTH_FIELD + BLOCK) / BLOCK * BLOCK;
    text[len] = 0x80;
    memset(text + len + 1, 0, padded - len - 1);
    for (size_t i = 1; i <= sizeof len; i++)
        text[padded - i] = (uint8_t)(len * 8 >> (8 * (i - 1)));

    uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    for (size_t i = 0; i < padded; i += BLOCK)
        block(h, text + i);
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

static int accept_key(char out[29], const char *key, size_t len, sha1_block_function *block)
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
    sha1(digest, text, len + GUID, block);
    base64(out, digest, DIGEST);
    return 28;
}

int wsp_accept_key_portable(char out[29], const char *key, size_t len)
{
    return accept_key(out, key, len, sha1_block);
}

int wsp_accept_key(char out[29], const char *key, size_t len)
{
    return accept_key(out, key, len, sha1_block_here());
}

void wsp_handshake_key(char out[25], const uint8_t nonce[16])
{
    base64(out, nonce, 16);
}
