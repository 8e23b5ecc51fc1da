/* The tokens of JSON (RFC 8259). Each function gives the bytes of its token, 0 = it is none. */
#include "json_token.h"

#include <glib.h>
#include <string.h>

static size_t blank(const uint8_t *in, size_t len)
{
    size_t i = 0;
    while (i < len && (in[i] == ' ' || in[i] == '\t' || in[i] == '\n' || in[i] == '\r'))
        i++;
    return i;
}

static size_t digits(const uint8_t *in, size_t len)
{
    size_t i = 0;
    while (i < len && g_ascii_isdigit(in[i]))
        i++;
    return i;
}

/* Section 6: -? (0 | 1-9 and digits) and, if it has them, a fraction and an exponent. */
static size_t number(const uint8_t *in, size_t len)
{
    size_t i = in[0] == '-', n = digits(in + i, len - i);
    if (n == 0)
        return 0;
    i += in[i] == '0' ? 1 : n;
    if (i < len && in[i] == '.' && (n = digits(in + i + 1, len - i - 1)))
        i += 1 + n;
    if (i < len && (in[i] | 0x20) == 'e') {
        size_t sign = i + 1 < len && (in[i + 1] == '+' || in[i + 1] == '-');
        n = digits(in + i + 1 + sign, len - i - 1 - sign);
        i += n ? 1 + sign + n : 0;
    }
    return i;
}

/* What follows a backslash. */
static size_t escape(const uint8_t *in, size_t len)
{
    if (len == 0)
        return 0;
    if (in[0] != 'u')
        return in[0] && strchr("\"\\/bfnrt", in[0]) ? 1 : 0;
    size_t i = 1;
    while (i < MIN(len, 5) && g_ascii_isxdigit(in[i]))
        i++;
    return i == 5 ? 5 : 0;
}

/* Section 7. */
static size_t string(const uint8_t *in, size_t len)
{
    for (size_t i = 1; i < len; i++) {
        if (in[i] == '"')
            return i + 1;
        if (in[i] < ' ')
            return 0;
        if (in[i] == '\\') {
            size_t n = escape(in + i + 1, len - i - 1);
            if (n == 0)
                return 0;
            i += n;
        }
    }
    return 0;
}

static size_t word(const uint8_t *in, size_t len)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        size_t n = strlen(words[i]);
        if (len >= n && memcmp(in, words[i], n) == 0)
            return n;
    }
    return 0;
}

json_kind json_token(const uint8_t *in, size_t len, size_t *size)
{
    *size = 1;
    switch (in[0]) {
    case '{':
    case '[': return JSON_OPEN;
    case '}':
    case ']': return JSON_CLOSE;
    case ',': return JSON_COMMA;
    case ':': return JSON_COLON;
    default: break;
    }
    static const struct {
        size_t (*size)(const uint8_t *in, size_t len);
        json_kind kind;
    } others[] = {{blank, JSON_BLANK}, {number, JSON_NUMBER}, {word, JSON_WORD}};
    if (in[0] == '"')
        return (*size = string(in, len)) ? JSON_STRING : JSON_NONE;
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        if ((*size = others[i].size(in, len)))
            return others[i].kind;
    return JSON_NONE;
}
