/*
 * ASCII for the HTTP side of the library: what kind of character is this, is it all of that kind.
 * Private. Nothing here asks the locale, and a byte from 0x80 up is never a letter.
 */
#ifndef WSPROTO_SRC_TEXT_H
#define WSPROTO_SRC_TEXT_H

#include "wsproto/http.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline wsp_text text_of(const char *string)
{
    return (wsp_text){string, string ? strlen(string) : 0};
}

static inline char ascii_lower(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c;
}

static inline uint64_t load_bytes(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* A word with this in each of its bytes. */
static inline uint64_t each_byte(uint8_t byte)
{
    return byte * UINT64_C(0x0101010101010101);
}

/* ascii_lower of each byte. Seven bits and at most 0x80 are never more than the byte can hold. */
static inline uint64_t ascii_lower_each(uint64_t word)
{
    uint64_t low = word & each_byte(0x7f);
    uint64_t from_a = low + each_byte(0x80 - 'A');
    uint64_t behind_z = low + each_byte(0x80 - 'Z' - 1);
    uint64_t upper = from_a & ~behind_z & ~word & each_byte(0x80);
    return word + (upper >> 2); /* 0x80 becomes 0x20, the distance from 'A' to 'a' */
}

/* The same bytes? Absent and empty are the same here. */
static inline bool text_same(wsp_text a, wsp_text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool same_nocase_8(const char *a, const char *b)
{
    uint64_t x = load_bytes(a), y = load_bytes(b);
    return x == y || ascii_lower_each(x) == ascii_lower_each(y); /* mostly the case is the same */
}

/* By words, the last of which ends where the texts do. */
static inline bool text_same_nocase(wsp_text a, wsp_text b)
{
    if (a.len != b.len)
        return false;
    if (a.data == b.data)
        return true;
    if (a.len >= 8) {
        for (size_t i = 0; i < a.len - 8; i += 8)
            if (!same_nocase_8(a.data + i, b.data + i))
                return false;
        return same_nocase_8(a.data + a.len - 8, b.data + a.len - 8);
    }
    for (size_t i = 0; i < a.len; i++)
        if (ascii_lower(a.data[i]) != ascii_lower(b.data[i]))
            return false;
    return true;
}

static inline bool is_alpha(char c)
{
    return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Optional white space inside a line. */
static inline bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* White space in a value, whose folds are still in it. */
static inline bool is_space(char c)
{
    return is_blank(c) || c == '\r' || c == '\n';
}

/* RFC 9110 5.5: visible characters, blanks, and bytes from 0x80 up, which have no meaning. No ||
 * and no &&: see text_all. */
static inline bool is_value_char(char c)
{
    bool control = ((unsigned char)c < 0x20) | (c == 0x7f);
    return !control | (c == '\t');
}

/* A request target has no white space, no fragment (RFC 6455 3), nothing outside ASCII. */
static inline bool is_target_char(char c)
{
    return c > ' ' && c < 0x7f && c != '#';
}

/* What a character can be part of, one bit each. */
enum {
    KIND_TOKEN = 1,  /* RFC 9110 5.6.2: letters, digits and !#$%&'*+-.^_`|~ */
    KIND_HOST = 2,   /* RFC 3986 3.2.2: letters, digits, -._~ and !$&'()*+,;= and % */
    KIND_BASE64 = 4, /* RFC 4648 4: letters, digits, + and / */
};

static inline unsigned char_kinds(char c)
{
    enum { O = 0, T = KIND_TOKEN, H = KIND_HOST, B = KIND_BASE64, M = T | H, A = T | H | B };
    static const uint8_t kinds[256] = {
        O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, /* control characters */
        O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, /* control characters */
        O, M, O, T, M, M, M, M, H, H, M, A, H, M, M, B, /*   ! " # $ % & ' ( ) * + , - . / */
        A, A, A, A, A, A, A, A, A, A, O, H, O, H, O, O, /* 0 1 2 3 4 5 6 7 8 9 : ; < = > ? */
        O, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, /* @ A B C D E F G H I J K L M N O */
        A, A, A, A, A, A, A, A, A, A, A, O, O, O, T, M, /* P Q R S T U V W X Y Z [ \ ] ^ _ */
        T, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, /* ` a b c d e f g h i j k l m n o */
        A, A, A, A, A, A, A, A, A, A, A, O, T, O, M, O, /* p q r s t u v w x y z { | } ~   */
    };
    return kinds[(unsigned char)c];
}

static inline bool is_token_char(char c)
{
    return char_kinds(c) & KIND_TOKEN;
}

/* Not '@': what is before it is not the host. */
static inline bool is_host_char(char c)
{
    return char_kinds(c) & KIND_HOST;
}

static inline bool is_base64_digit(char c)
{
    return char_kinds(c) & KIND_BASE64;
}

/* All characters are looked at, wrong ones or not: such a loop becomes vectors. */
static inline bool text_all(wsp_text text, bool (*is_kind)(char))
{
    unsigned char all = 1;
    for (size_t i = 0; i < text.len; i++)
        all &= (unsigned char)is_kind(text.data[i]);
    return all;
}

/* How many characters of this kind does the text begin with? */
static inline size_t text_front(wsp_text text, bool (*is_kind)(char))
{
    size_t n = 0;
    while (n < text.len && is_kind(text.data[n]))
        n++;
    return n;
}

static inline bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

/*
 * Names and values are walked 16 bytes at a time where every processor can. That only finds the
 * place from where on the characters are judged one by one.
 */
#ifdef __SSE2__
static inline __m128i bytes_from_to(__m128i bytes, char first, char last)
{
    __m128i above = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
    return _mm_cmpeq_epi8(above, _mm_min_epu8(above, _mm_set1_epi8((char)(last - first))));
}

/* Anything but letters, digits and '-', of which nearly all tokens are. True is a byte of ones. */
static inline __m128i stops_name(__m128i bytes)
{
    __m128i letters = bytes_from_to(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 'z');
    __m128i dashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-'));
    __m128i common = _mm_or_si128(_mm_or_si128(letters, dashes), bytes_from_to(bytes, '0', '9'));
    return _mm_cmpeq_epi8(common, _mm_setzero_si128());
}

/* Control characters. */
static inline __m128i stops_value(__m128i bytes)
{
    return _mm_or_si128(bytes_from_to(bytes, 0, 0x1f), bytes_from_to(bytes, 0x7f, 0x7f));
}

/* The place of the first stop from `at` on; if there is none, fewer than 16 bytes before the end.
 */
static inline size_t skip_16(wsp_text text, size_t at, __m128i (*stops)(__m128i))
{
    for (; text.len - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const void *)(text.data + at));
        unsigned found = (unsigned)_mm_movemask_epi8(stops(bytes));
        if (found != 0)
            return at + (size_t)__builtin_ctz(found);
    }
    return at;
}
#endif

/* How many characters of a token does the text begin with? */
static inline size_t token_front(wsp_text text)
{
    size_t n = 0;
#ifdef __SSE2__
    n = skip_16(text, n, stops_name);
#endif
    while (n < text.len && is_token_char(text.data[n]))
        n++;
    return n;
}

/* Where is the next control character, HTAB included, from `at` on? The end if there is none. */
static inline size_t text_until_control(wsp_text text, size_t at)
{
#ifdef __SSE2__
    at = skip_16(text, at, stops_value);
#endif
    while (at < text.len && !is_control(text.data[at]))
        at++;
    return at;
}

/* The text without the characters of this kind at its two ends. */
static inline wsp_text text_trim(wsp_text text, bool (*is_kind)(char))
{
    while (text.len > 0 && is_kind(text.data[0])) {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && is_kind(text.data[text.len - 1]))
        text.len--;
    return text;
}

/* Cut the first `n` characters off; they are returned. */
static inline wsp_text text_cut(wsp_text *text, size_t n)
{
    wsp_text front = {text->data, n};
    if (n > 0) /* an absent text has no address to count from */
        text->data += n;
    text->len -= n;
    return front;
}

#endif
