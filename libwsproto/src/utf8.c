/*
 * UTF-8 validation (RFC 3629). The portable path is a state machine, a table look-up and a shift
 * per byte; the AVX2 path proves whole blocks right and leaves everything doubtful to the portable
 * one, so that there is one place that says which byte is wrong.
 */
#include "wsproto/utf8.h"

#include "internal.h"

#include <string.h>

/* ---- The state machine ----------------------------------------------------------------------- */

/*
 * What may come next. Each state is six bits of a 64-bit word, and its number says where in the
 * word: what a byte does to all the states fits one word, and a step is `word >> state`. The
 * processor needs no second look-up, and waits for nothing but the shift. WRONG is zero: it stays
 * where it is whatever comes, and a row names only what is allowed.
 */
enum {
    WRONG = 0,
    BETWEEN = 6,   /* a character may begin, or the text may end */
    ONE = 12,      /* a continuation byte must come: 80 to BF */
    TWO = 18,      /* two of them */
    THREE = 24,    /* three of them */
    AFTER_E0 = 30, /* two, the first from A0 on: less would be longer than needed */
    AFTER_ED = 36, /* two, the first up to 9F: more would be the surrogates D800 to DFFF */
    AFTER_F0 = 42, /* three, the first from 90 on: less would be longer than needed */
    AFTER_F4 = 48, /* three, the first up to 8F: more would be past U+10FFFF */
    STATE_BITS = 63,
};

#define GO(state, next) ((uint64_t)(next) << (state))
#define CONTINUES (GO(ONE, BETWEEN) | GO(TWO, ONE) | GO(THREE, TWO))
#define ASCII GO(BETWEEN, BETWEEN)
#define FROM_80 (CONTINUES | GO(AFTER_ED, ONE) | GO(AFTER_F4, TWO))
#define FROM_90 (CONTINUES | GO(AFTER_ED, ONE) | GO(AFTER_F0, TWO))
#define FROM_A0 (CONTINUES | GO(AFTER_E0, ONE) | GO(AFTER_F0, TWO))
#define LEAD(next) GO(BETWEEN, next)
#define X3(x) (x), (x), (x)
#define X4(x) (x), X3(x)
#define X16(x) X4(x), X4(x), X4(x), X4(x)
/* C0 and C1 would be longer than needed. */
#define C0_TO_CF WRONG, WRONG, X3(LEAD(ONE)), X3(LEAD(ONE)), X4(LEAD(ONE)), X4(LEAD(ONE))
#define E0_TO_EF                                                                            \
    LEAD(AFTER_E0), X4(LEAD(TWO)), X4(LEAD(TWO)), X4(LEAD(TWO)), LEAD(AFTER_ED), LEAD(TWO), \
        LEAD(TWO)
/* F5 to FF would be past U+10FFFF. */
#define F0_TO_FF LEAD(AFTER_F0), X3(LEAD(THREE)), LEAD(AFTER_F4), X3(WRONG), X4(WRONG), X4(WRONG)

/* What each byte does, sixteen to a row: The Unicode Standard, table 3-7, as columns. */
static const uint64_t steps[256] = {X16(ASCII),   X16(ASCII),     X16(ASCII),   X16(ASCII),
                                    X16(ASCII),   X16(ASCII),     X16(ASCII),   X16(ASCII),
                                    X16(FROM_80), X16(FROM_90),   X16(FROM_A0), X16(FROM_A0),
                                    C0_TO_CF,     X16(LEAD(ONE)), E0_TO_EF,     F0_TO_FF};

static uint64_t step(uint64_t state, uint8_t byte)
{
    return steps[byte] >> (state & STATE_BITS);
}

/* Texts of fewer bytes are looked at for ASCII before anything else. */
enum { SHORT = 64 };

/* By words, the last of which ends where the bytes do. Fewer than a word are not worth it. */
static inline bool all_ascii(const uint8_t *in, size_t len)
{
    if (len < 8)
        return false;
    uint64_t word, all;
    memcpy(&all, in + len - 8, 8);
    for (size_t i = 0; i + 8 < len; i += 8) {
        memcpy(&word, in + i, 8);
        all |= word;
    }
    return (all & UINT64_C(0x8080808080808080)) == 0;
}

/*
 * All the steps of a block. Returns the state behind it; WRONG, which cannot be left, when there is
 * a wrong byte. A step must wait for the one before it, so the block is walked in two halves at a
 * time, the second of which begins with a character.
 */
static uint64_t walk(uint64_t state, const uint8_t *in, size_t len)
{
    size_t half = len / 2;
    while (half > 0 && (in[half] & 0xc0) == 0x80)
        half--;
    uint64_t second = BETWEEN;
    for (size_t i = 0; i < half; i++) {
        state = step(state, in[i]);
        second = step(second, in[half + i]);
    }
    if (half > 0 && (state & STATE_BITS) != BETWEEN)
        return WRONG;
    if (half == 0)
        second = state;
    for (size_t i = 2 * half; i < len; i++)
        second = step(second, in[i]);
    return second & STATE_BITS;
}

size_t wsp_utf8_feed_portable(wsp_utf8 *u, const uint8_t *in, size_t len)
{
    enum { BLOCK = 64 };
    uint64_t state = u->needed ? u->needed : BETWEEN;
    for (size_t i = 0; i < len;) {
        /* A block is ASCII or it is not: words or bytes would mix in a way nobody can predict. */
        size_t block = len - i < BLOCK ? len - i : BLOCK;
        bool ascii = block == BLOCK ? all_ascii(in + i, BLOCK) : all_ascii(in + i, block);
        if (!ascii || state != BETWEEN) {
            uint64_t after = walk(state, in + i, block);
            if (after == WRONG) { /* where did it begin? */
                while ((state = step(state, in[i]) & STATE_BITS) != WRONG)
                    i++;
                u->needed = 0;
                return i;
            }
            state = after;
        }
        i += block;
    }
    u->needed = state == BETWEEN ? 0 : (uint8_t)state;
    return len;
}

/* ---- Whole blocks, proven right -------------------------------------------------------------- */

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

#define AVX2 __attribute__((target("avx2")))
#define TABLE_AVX2(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)
#define BIT(x) ((char)(x))

AVX2 static inline __m256i load(const uint8_t *in)
{
    return _mm256_loadu_si256((const void *)in);
}

AVX2 static inline bool all_ascii_32(__m256i x)
{
    return _mm256_movemask_epi8(x) == 0;
}

AVX2 static inline bool all_zero(__m256i x)
{
    return _mm256_testz_si256(x, x);
}

/* The errors in 32 bytes, given the bytes one, two and three places before each. */
AVX2 static inline __m256i errors_in(__m256i in, __m256i one_before, __m256i two_before,
                                     __m256i three_before)
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
    __m256i wrong = _mm256_and_si256(
        _mm256_and_si256(
            _mm256_shuffle_epi8(first_high,
                                _mm256_and_si256(_mm256_srli_epi16(one_before, 4), nibble)),
            _mm256_shuffle_epi8(first_low, _mm256_and_si256(one_before, nibble))),
        _mm256_shuffle_epi8(second_high, _mm256_and_si256(_mm256_srli_epi16(in, 4), nibble)));

    /* The third byte of three and the third and fourth of four must be continuations. */
    __m256i third = _mm256_subs_epu8(two_before, _mm256_set1_epi8(BIT(0xe0 - 0x80)));
    __m256i fourth = _mm256_subs_epu8(three_before, _mm256_set1_epi8(BIT(0xf0 - 0x80)));
    __m256i must = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8(BIT(0x80)));
    return _mm256_xor_si256(must, wrong);
}

/* The first 32 bytes of a text. What is before them is as good as ASCII. */
AVX2 static inline __m256i errors_first(const uint8_t *in)
{
    __m256i block = load(in);
    __m256i halves = _mm256_permute2x128_si256(block, block, 0x08); /* zeros, the low half */
    return errors_in(block, _mm256_alignr_epi8(block, halves, 15),
                     _mm256_alignr_epi8(block, halves, 14), _mm256_alignr_epi8(block, halves, 13));
}

/* Any later 32 bytes. Loading again, askew, is cheaper than shifting; and no block waits for the
 * one before it. */
AVX2 static inline __m256i errors_at(const uint8_t *in)
{
    return errors_in(load(in), load(in - 1), load(in - 2), load(in - 3));
}

AVX2 static inline __m256i or_of_128(const uint8_t *in)
{
    return _mm256_or_si256(_mm256_or_si256(load(in), load(in + 32)),
                           _mm256_or_si256(load(in + 64), load(in + 96)));
}

/* Two blocks that may overlap, the second with three bytes before it; and three for what comes
 * before, see below. */
enum { WIDE_MIN = 32 + 3 + 3 };

/* How many bytes from the front are ASCII: all, or whole blocks. Needs 32. */
AVX2 static inline size_t ascii_front(const uint8_t *in, size_t len)
{
    size_t i = 0;
    for (; len - i >= 128; i += 128)
        if (!all_ascii_32(or_of_128(in + i)))
            return i;
    __m256i rest = load(in + len - 32);
    for (size_t j = i; len - j >= 32; j += 32)
        rest = _mm256_or_si256(rest, load(in + j));
    if (all_ascii_32(rest))
        return len;
    while (len - i >= 32 && all_ascii_32(load(in + i)))
        i += 32;
    return i;
}

/* How many bytes from the front are right so far, in whole blocks: a character may be cut there. */
AVX2 static size_t proven(const uint8_t *in, size_t len)
{
    size_t i = ascii_front(in, len);
    if (i == 0) {
        if (!all_zero(errors_first(in)))
            return 0;
        i = 32;
    }
    for (; len - i >= 128; i += 128) {
        /* ASCII, and the three bytes before it too, where a character could have begun? */
        if (all_ascii_32(_mm256_or_si256(or_of_128(in + i), load(in + i - 3))))
            continue;
        __m256i errors = _mm256_setzero_si256();
#pragma GCC unroll 1 /* four at once would not fit the registers */
        for (size_t j = i; j < i + 128; j += 32)
            errors = _mm256_or_si256(errors, errors_at(in + j));
        if (!all_zero(errors))
            return i;
    }
    for (; len - i >= 32; i += 32)
        if (!all_zero(errors_at(in + i)))
            return i;
    /* The rest as one block too, that ends where the text does. */
    return i < len && all_zero(errors_at(in + len - 32)) ? len : i;
}

/* The same, less the bytes of a character that is not whole: all up to there is right. */
static size_t proven_characters(const uint8_t *in, size_t len)
{
    size_t i = proven(in, len);
    for (size_t back = 1; back <= 3 && back <= i && in[i - back] >= 0x80; back++)
        if (in[i - back] >= 0xc0)
            return i - back;
    return i;
}
#endif

#ifdef WSP_HAVE_AVX2
/* From WIDE_MIN bytes on. */
WSP_APART static size_t feed_wide(wsp_utf8 *u, const uint8_t *in, size_t len)
{
    /* First finish a character that an earlier call began. */
    size_t done = 0;
    while (u->needed) {
        if (wsp_utf8_feed_portable(u, in + done, 1) == 0)
            return done;
        done++;
    }
    done += proven_characters(in + done, len - done);
    return done == len ? len : done + wsp_utf8_feed_portable(u, in + done, len - done);
}
#endif

size_t wsp_utf8_feed(wsp_utf8 *u, const uint8_t *in, size_t len)
{
#ifdef WSP_HAVE_AVX2
    if (len >= WIDE_MIN && __builtin_cpu_supports("avx2"))
        return feed_wide(u, in, len);
#endif
    if (u->needed == 0 && len < SHORT && all_ascii(in, len)) /* as short texts mostly are */
        return len;
    return wsp_utf8_feed_portable(u, in, len);
}

bool wsp_utf8_done(const wsp_utf8 *u)
{
    return u->needed == 0;
}
