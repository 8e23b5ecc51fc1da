/* Masking: XOR with a repeated 4-byte key, near memory speed (RFC 6455 5.3). */
#include "wsproto/mask.h"

#include "internal.h"

#include <string.h>

/* The key, turned so that it starts at `offset`, repeated to 8 bytes in memory order. */
static uint64_t key_word(const uint8_t key[4], uint64_t offset)
{
    uint32_t once;
    memcpy(&once, key, 4);
    uint64_t word = (uint64_t)once << 32 | once;
    unsigned turn = (unsigned)(offset & 3) * 8;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return word << turn | word >> ((64 - turn) & 63);
#else
    return word >> turn | word << ((64 - turn) & 63);
#endif
}

static uint64_t load_word(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, 8);
    return word;
}

static void store_word(uint8_t *p, uint64_t word)
{
    memcpy(p, &word, 8);
}

static void mask_bytes(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t key[4],
                       uint64_t offset)
{
    for (size_t i = 0; i < len; i++)
        dst[i] = src[i] ^ key[(offset + i) & 3];
}

/* The turns of a loop do not depend on each other: the compiler may do several at once. */
#if defined(__GNUC__) && !defined(__clang__)
#define INDEPENDENT _Pragma("GCC ivdep")
#else
#define INDEPENDENT
#endif

/*
 * Whole words from the front, then one word that ends exactly at the end. That last word may
 * overlap the one before; it is loaded before anything is stored, so in place is safe.
 */
static inline void mask_words(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t key[4],
                              uint64_t offset)
{
    size_t tail = len - 8;
    uint64_t tail_word = load_word(src + tail) ^ key_word(key, offset + tail);
    uint64_t word = key_word(key, offset);
    store_word(dst, load_word(src) ^ word);
    INDEPENDENT
    for (size_t i = 8; i < tail; i += 8)
        store_word(dst + i, load_word(src + i) ^ word);
    store_word(dst + tail, tail_word);
}

static inline void mask_any(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t key[4],
                            uint64_t offset)
{
    if (len < 8)
        mask_bytes(dst, src, len, key, offset);
    else
        mask_words(dst, src, len, key, offset);
}

void wsp_mask_portable(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t key[4],
                       uint64_t offset)
{
    mask_any(dst, src, len, key, offset);
}

#ifdef WSP_HAVE_AVX2
__attribute__((target("avx2"))) static void
mask_words_avx2(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t key[4], uint64_t offset)
{
    mask_words(dst, src, len, key, offset);
}
#endif

void wsp_mask(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t key[4], uint64_t offset)
{
#ifdef WSP_HAVE_AVX2
    if (len >= 32 && __builtin_cpu_supports("avx2")) {
        mask_words_avx2(dst, src, len, key, offset);
        return;
    }
#endif
    mask_any(dst, src, len, key, offset);
}
