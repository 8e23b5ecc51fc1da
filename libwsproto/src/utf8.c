/*
 * UTF-8 validation (RFC 3629). The portable path decides byte by byte, after skipping ASCII in
 * words; the AVX2 path proves whole blocks right and leaves everything doubtful to the portable
 * one, so that there is one place that says which byte is wrong.
 */
#include "wsproto/utf8.h"

#include "internal.h"

#include <string.h>

/* Take a byte that begins a character. False when none begins with it. */
static bool begin(wsp_utf8 *u, uint8_t byte)
{
    if (byte < 0x80)
        return true;
    u->low = 0x80;
    u->high = 0xbf;
    if (byte < 0xc2) /* a continuation byte, or C0 and C1: longer than needed */
        return false;
    if (byte < 0xe0) {
        u->needed = 1;
    } else if (byte < 0xf0) {
        u->needed = 2;
        if (byte == 0xe0) /* longer than needed */
            u->low = 0xa0;
        if (byte == 0xed) /* the surrogates D800 to DFFF */
            u->high = 0x9f;
    } else if (byte < 0xf5) {
        u->needed = 3;
        if (byte == 0xf0) /* longer than needed */
            u->low = 0x90;
        if (byte == 0xf4) /* past U+10FFFF */
            u->high = 0x8f;
    } else {
        return false;
    }
    return true;
}

/* How many bytes from the front are ASCII, in steps of 8. */
static size_t skip_ascii(const uint8_t *in, size_t len)
{
    size_t i = 0;
    for (uint64_t word; i + 8 <= len; i += 8) {
        memcpy(&word, in + i, 8);
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    return i;
}

size_t wsp_utf8_feed_portable(wsp_utf8 *u, const uint8_t *in, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (u->needed) {
            if (in[i] < u->low || in[i] > u->high) {
                u->needed = 0;
                return i;
            }
            u->needed--;
            u->low = 0x80;
            u->high = 0xbf;
            continue;
        }
        i += skip_ascii(in + i, len - i);
        if (i < len && !begin(u, in[i]))
            return i;
    }
    return len;
}

#ifdef WSP_HAVE_AVX2
#include <immintrin.h>

/*
 * Classification by three table look-ups per byte (Keiser and Lemire, "Validating UTF-8 in less
 * than one instruction per byte", 2021): each bit is one way in which a byte and the one before it
 * can be wrong; the AND of the three look-ups keeps a bit only where all agree that it is.
 */
enum {
    TOO_SHORT = 1 << 0,  /* a lead byte is not followed by a continuation */
    TOO_LONG = 1 << 1,   /* a continuation follows ASCII */
    OVERLONG_3 = 1 << 2, /* E0 80..9F */
    TOO_LARGE = 1 << 3,  /* F4 90.. and beyond */
    SURROGATE = 1 << 4,  /* ED A0.. */
    OVERLONG_2 = 1 << 5, /* C0, C1 */
    OVERLONG_4 = 1 << 6, /* F0 80..8F; shares its bit with too large from 1000h on */
    TWO_CONTS = 1 << 7,  /* two continuations: right only as the end of 3 or 4 bytes */
    CARRY = TOO_SHORT | TOO_LONG | TWO_CONTS,
};

#define TABLE_AVX2(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)
#define BIT(x) ((char)(x))

/* `in` shifted by n bytes, filled from the end of the block before it. */
#define PREVIOUS(in, before, n) \
    _mm256_alignr_epi8(in, _mm256_permute2x128_si256(before, in, 0x21), 16 - (n))

__attribute__((target("avx2"))) static __m256i block_errors(__m256i in, __m256i before)
{
    const __m256i first_high = TABLE_AVX2(
        BIT(TOO_LONG), BIT(TOO_LONG), BIT(TOO_LONG), BIT(TOO_LONG), BIT(TOO_LONG), BIT(TOO_LONG),
        BIT(TOO_LONG), BIT(TOO_LONG), BIT(TWO_CONTS), BIT(TWO_CONTS), BIT(TWO_CONTS),
        BIT(TWO_CONTS), BIT(TOO_SHORT | OVERLONG_2), BIT(TOO_SHORT),
        BIT(TOO_SHORT | OVERLONG_3 | SURROGATE), BIT(TOO_SHORT | TOO_LARGE | OVERLONG_4));
    const __m256i first_low = TABLE_AVX2(
        BIT(CARRY | OVERLONG_3 | OVERLONG_2 | OVERLONG_4), BIT(CARRY | OVERLONG_2), BIT(CARRY),
        BIT(CARRY), BIT(CARRY | TOO_LARGE), BIT(CARRY | TOO_LARGE | OVERLONG_4),
        BIT(CARRY | TOO_LARGE | OVERLONG_4), BIT(CARRY | TOO_LARGE | OVERLONG_4),
        BIT(CARRY | TOO_LARGE | OVERLONG_4), BIT(CARRY | TOO_LARGE | OVERLONG_4),
        BIT(CARRY | TOO_LARGE | OVERLONG_4), BIT(CARRY | TOO_LARGE | OVERLONG_4),
        BIT(CARRY | TOO_LARGE | OVERLONG_4), BIT(CARRY | TOO_LARGE | OVERLONG_4 | SURROGATE),
        BIT(CARRY | TOO_LARGE | OVERLONG_4), BIT(CARRY | TOO_LARGE | OVERLONG_4));
    const __m256i second_high =
        TABLE_AVX2(BIT(TOO_SHORT), BIT(TOO_SHORT), BIT(TOO_SHORT), BIT(TOO_SHORT), BIT(TOO_SHORT),
                   BIT(TOO_SHORT), BIT(TOO_SHORT), BIT(TOO_SHORT),
                   BIT(TOO_LONG | OVERLONG_2 | TWO_CONTS | OVERLONG_3 | OVERLONG_4),
                   BIT(TOO_LONG | OVERLONG_2 | TWO_CONTS | OVERLONG_3 | TOO_LARGE),
                   BIT(TOO_LONG | OVERLONG_2 | TWO_CONTS | SURROGATE | TOO_LARGE),
                   BIT(TOO_LONG | OVERLONG_2 | TWO_CONTS | SURROGATE | TOO_LARGE), BIT(TOO_SHORT),
                   BIT(TOO_SHORT), BIT(TOO_SHORT), BIT(TOO_SHORT));
    const __m256i nibble = _mm256_set1_epi8(15);
    __m256i one_before = PREVIOUS(in, before, 1);
    __m256i wrong = _mm256_and_si256(
        _mm256_and_si256(
            _mm256_shuffle_epi8(first_high,
                                _mm256_and_si256(_mm256_srli_epi16(one_before, 4), nibble)),
            _mm256_shuffle_epi8(first_low, _mm256_and_si256(one_before, nibble))),
        _mm256_shuffle_epi8(second_high, _mm256_and_si256(_mm256_srli_epi16(in, 4), nibble)));

    /* The third byte of three and the third and fourth of four must be continuations. */
    __m256i third = _mm256_subs_epu8(PREVIOUS(in, before, 2), _mm256_set1_epi8(BIT(0xe0 - 0x80)));
    __m256i fourth = _mm256_subs_epu8(PREVIOUS(in, before, 3), _mm256_set1_epi8(BIT(0xf0 - 0x80)));
    __m256i must = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8(BIT(0x80)));
    return _mm256_xor_si256(must, wrong);
}

/*
 * The index before which everything is proven right and a character begins: a multiple of 32, less
 * the bytes of a character that is not whole there.
 */
__attribute__((target("avx2"))) static size_t proven_prefix(const uint8_t *in, size_t len)
{
    __m256i before = _mm256_setzero_si256();
    size_t i = 0;
    for (; i + 32 <= len; i += 32) {
        __m256i block = _mm256_loadu_si256((const void *)(in + i));
        bool ascii = _mm256_movemask_epi8(_mm256_or_si256(block, before)) == 0;
        if (!ascii) {
            __m256i errors = block_errors(block, before);
            if (!_mm256_testz_si256(errors, errors))
                break;
        }
        before = block;
    }
    for (size_t back = 1; back <= 3 && back <= i; back++) {
        uint8_t byte = in[i - back];
        if (byte >= 0xc0)
            return i - back;
        if (byte < 0x80)
            break;
    }
    return i;
}
#endif

size_t wsp_utf8_feed(wsp_utf8 *u, const uint8_t *in, size_t len)
{
    if (len == 0) /* `in` may be NULL */
        return 0;
    size_t done = 0;
#ifdef WSP_HAVE_AVX2
    if (len >= 64 && __builtin_cpu_supports("avx2")) {
        /* First finish a character that an earlier call began. */
        while (u->needed && done < 3) {
            if (wsp_utf8_feed_portable(u, in + done, 1) == 0)
                return done;
            done++;
        }
        done += proven_prefix(in + done, len - done);
    }
#endif
    return done + wsp_utf8_feed_portable(u, in + done, len - done);
}

bool wsp_utf8_done(const wsp_utf8 *u)
{
    return u->needed == 0;
}
