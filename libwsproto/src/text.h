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

/* The same bytes? Absent and empty are the same here. */
static inline bool text_same(wsp_text a, wsp_text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool text_same_nocase(wsp_text a, wsp_text b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) /* mostly they are the same in case too */
        if (a.data[i] != b.data[i] && ascii_lower(a.data[i]) != ascii_lower(b.data[i]))
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

/* RFC 9110 5.6.2: letters, digits and !#$%&'*+-.^_`|~; one bit for each of ASCII. */
static inline bool is_token_char(char c)
{
    static const uint64_t token[4] = {UINT64_C(0x03ff6cfa00000000), UINT64_C(0x57ffffffc7fffffe)};
    unsigned char byte = (unsigned char)c;
    return token[byte >> 6] >> (byte & 63) & 1;
}

/* All characters are looked at, wrong ones or not: such a loop becomes vectors. */
static inline bool text_all(wsp_text text, bool (*is_kind)(char))
{
    unsigned char all = 1;
    for (size_t i = 0; i < text.len; i++)
        all &= (unsigned char)is_kind(text.data[i]);
    return all;
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
