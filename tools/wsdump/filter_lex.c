/* The words of a display filter. See filter_lex.h. */
#include "filter_lex.h"

#include <string.h>

/* Longer ones first, where one begins another. */
static const struct {
    const char *text;
    filter_kind kind;
    filter_op op;
    bool negate;
} symbols[] = {
    {"==", FILTER_COMPARE, FILTER_EQUAL, false},
    {"!=", FILTER_COMPARE, FILTER_EQUAL, true},
    {"!~", FILTER_COMPARE, FILTER_MATCHES, true},
    {"<=", FILTER_COMPARE, FILTER_LESS_EQUAL, false},
    {">=", FILTER_COMPARE, FILTER_GREATER_EQUAL, false},
    {"<", FILTER_COMPARE, FILTER_LESS, false},
    {">", FILTER_COMPARE, FILTER_GREATER, false},
    {"~", FILTER_COMPARE, FILTER_MATCHES, false},
    {"&&", FILTER_AND, 0, false},
    {"||", FILTER_OR, 0, false},
    {"!", FILTER_NOT, 0, false},
    {"(", FILTER_PUNCTUATION, FILTER_OPEN, false},
    {")", FILTER_PUNCTUATION, FILTER_CLOSE, false},
    {"{", FILTER_PUNCTUATION, FILTER_BEGIN, false},
    {"}", FILTER_PUNCTUATION, FILTER_FINISH, false},
    {",", FILTER_PUNCTUATION, FILTER_COMMA, false},
    {"..", FILTER_PUNCTUATION, FILTER_TO, false},
};

static const struct {
    const char *text;
    filter_kind kind;
    filter_op op;
} keywords[] = {
    {"and", FILTER_AND, 0},
    {"or", FILTER_OR, 0},
    {"not", FILTER_NOT, 0},
    {"in", FILTER_COMPARE, FILTER_IN},
    {"contains", FILTER_COMPARE, FILTER_CONTAINS},
};

static const struct {
    const char *text;
    filter_unit unit;
    uint64_t scale;
} units[] = {
    {"", FILTER_NO_UNIT, 1},
    {"K", FILTER_SIZE, UINT64_C(1) << 10},
    {"M", FILTER_SIZE, UINT64_C(1) << 20},
    {"G", FILTER_SIZE, UINT64_C(1) << 30},
    {"ns", FILTER_NANOSECONDS, 1},
    {"us", FILTER_NANOSECONDS, 1000},
    {"ms", FILTER_NANOSECONDS, 1000000},
    {"s", FILTER_NANOSECONDS, UINT64_C(1000000000)},
    {"m", FILTER_NANOSECONDS, UINT64_C(60000000000)},
    {"h", FILTER_NANOSECONDS, UINT64_C(3600000000000)},
    {"d", FILTER_NANOSECONDS, UINT64_C(86400000000000)},
};

/* ---- Names ----------------------------------------------------------------------------------- */

/* Rules have dashes in their names, and fields have dots; two dots are a symbol. */
static bool in_name(const char *at)
{
    return g_ascii_isalnum(*at) || *at == '_' || *at == '-' ||
           (*at == '.' && g_ascii_isalpha(at[1]));
}

static void lex_name(filter_token *token)
{
    token->kind = FILTER_NAME;
    while (in_name(token->at + token->len))
        token->len++;
    for (size_t i = 0; i < G_N_ELEMENTS(keywords); i++)
        if (strlen(keywords[i].text) == token->len &&
            memcmp(keywords[i].text, token->at, token->len) == 0) {
            token->kind = keywords[i].kind;
            token->op = keywords[i].op;
        }
}

/* ---- Numbers --------------------------------------------------------------------------------- */

/* Add a digit. False when the number no longer fits. */
static bool add_digit(uint64_t *value, uint64_t base, char digit)
{
    return g_uint64_checked_mul(value, *value, base) &&
           g_uint64_checked_add(value, *value, (guint64)g_ascii_xdigit_value(digit));
}

static const char *lex_digits(const char *at, filter_token *token, bool *fits)
{
    if (at[0] == '0' && at[1] == 'x' && g_ascii_isxdigit(at[2])) {
        for (at += 2; g_ascii_isxdigit(*at); at++)
            *fits &= add_digit(&token->whole, 16, *at);
        return at;
    }
    for (; g_ascii_isdigit(*at); at++)
        *fits &= add_digit(&token->whole, 10, *at);
    if (at[0] != '.' || !g_ascii_isdigit(at[1]))
        return at;
    uint32_t place = 100000000; /* of the first digit, in 1/10^9; further ones count nothing */
    for (at++; g_ascii_isdigit(*at); at++, place /= 10)
        token->nanos += place * (uint32_t)g_ascii_digit_value(*at);
    return at;
}

static bool lex_number(const filter_lexer *l, filter_token *token)
{
    bool fits = true;
    token->kind = FILTER_DIGITS;
    const char *unit = lex_digits(token->at, token, &fits), *end = unit;
    while (g_ascii_isalnum(*end) || *end == '_')
        end++;
    size_t unit_len = (size_t)(end - unit), i = 0;
    token->len = (size_t)(end - token->at);
    while (i < G_N_ELEMENTS(units) &&
           (strlen(units[i].text) != unit_len || memcmp(units[i].text, unit, unit_len) != 0))
        i++;
    if (i == G_N_ELEMENTS(units))
        return filter_wrong_at(
            l, unit, unit_len,
            "no unit: sizes are K, M and G, durations ns, us, ms, s, m, h and d");
    token->unit = units[i].unit;
    token->scale = units[i].scale;
    return fits || filter_wrong(l, token, "the number is too large");
}

bool filter_scale(const filter_token *token, uint64_t scale, bool exact, uint64_t *value)
{
    const uint64_t billion = UINT64_C(1000000000);
    /* Scales above a billion are multiples of it, or at most 2^30. */
    bool large = scale >= billion && scale % billion == 0;
    uint64_t part = large ? token->nanos * (scale / billion) : token->nanos * scale / billion;
    if (exact && !large && token->nanos * scale % billion != 0)
        return false;
    return g_uint64_checked_mul(value, token->whole, scale) &&
           g_uint64_checked_add(value, *value, part);
}

/* ---- Strings --------------------------------------------------------------------------------- */

static bool lex_quoted(const filter_lexer *l, filter_token *token)
{
    const char *end = token->at + 1;
    while (*end && *end != *token->at)
        end += end[0] == '\\' && end[1] ? 2 : 1;
    token->kind = FILTER_QUOTED;
    if (!*end)
        return filter_wrong_at(l, token->at, 1, "this quote has no end");
    token->len = (size_t)(end + 1 - token->at);
    return true;
}

/* The value of up to `max` hexadecimal digits at *at, which moves behind them; -1 without any. */
static int64_t hexadecimal(const char **at, int max)
{
    int64_t value = -1;
    for (; max-- > 0 && g_ascii_isxdigit(**at); (*at)++)
        value = (value < 0 ? 0 : value * 16) + g_ascii_xdigit_value(**at);
    return value;
}

/* \u202e or \u{202e}, `at` behind the u. Returns what is behind it, NULL when it is no character.
 */
static const char *unescape_character(const char *at, GString *out)
{
    bool braces = *at == '{';
    at += braces;
    const char *start = at;
    int64_t value = hexadecimal(&at, braces ? 6 : 4);
    bool closed = braces ? *at == '}' : at == start + 4;
    if (!closed || value < 0 || !g_unichar_validate((gunichar)value))
        return NULL;
    g_string_append_unichar(out, (gunichar)value);
    return at + braces;
}

/* The escape at `at`, behind its backslash. Returns what is behind it, NULL when there is none. */
static const char *unescape(const char *at, GString *out)
{
    static const char letters[] = "nrt\\\"'", meanings[] = "\n\r\t\\\"'";
    const char *letter = strchr(letters, *at);
    if (letter) {
        g_string_append_c(out, meanings[letter - letters]);
        return at + 1;
    }
    if (*at == 'u')
        return unescape_character(at + 1, out);
    if (*at != 'x')
        return NULL;
    const char *start = ++at;
    int64_t byte = hexadecimal(&at, 2);
    if (at != start + 2)
        return NULL;
    g_string_append_c(out, (gchar)byte);
    return at;
}

bool filter_unquote(const filter_lexer *l, GString *out)
{
    const char *at = l->token.at + 1, *end = l->token.at + l->token.len - 1;
    while (at < end) {
        if (*at != '\\') {
            g_string_append_c(out, *at++);
            continue;
        }
        const char *behind = unescape(at + 1, out);
        if (!behind)
            return filter_wrong_at(
                l, at, (size_t)(g_utf8_next_char(at + 1) - at),
                "no escape: there are \\n \\r \\t \\\\ \\\" \\' \\x1b \\u202e \\u{1f600}");
        at = behind;
    }
    return true;
}

/* ---- All of them ----------------------------------------------------------------------------- */

static bool lex_symbol(const filter_lexer *l, filter_token *token)
{
    for (size_t i = 0; i < G_N_ELEMENTS(symbols); i++) {
        if (!g_str_has_prefix(token->at, symbols[i].text))
            continue;
        token->kind = symbols[i].kind;
        token->op = symbols[i].op;
        token->negate = symbols[i].negate;
        token->len = strlen(symbols[i].text);
        return true;
    }
    size_t len = (size_t)(g_utf8_next_char(token->at) - token->at);
    const char *instead = *token->at == '='   ? ": equal is =="
                          : *token->at == '&' ? ": and is &&"
                          : *token->at == '|' ? ": or is ||"
                                              : "";
    return filter_wrong_at(l, token->at, len, "this means nothing here%s", instead);
}

bool filter_advance(filter_lexer *l)
{
    while (g_ascii_isspace(*l->at))
        l->at++;
    l->token = (filter_token){.at = l->at};
    bool good = true;
    if (!*l->at)
        l->token.kind = FILTER_END;
    else if (g_ascii_isalpha(*l->at) || *l->at == '_')
        lex_name(&l->token);
    else if (g_ascii_isdigit(*l->at))
        good = lex_number(l, &l->token);
    else if (*l->at == '"' || *l->at == '\'')
        good = lex_quoted(l, &l->token);
    else
        good = lex_symbol(l, &l->token);
    l->at += l->token.len;
    return good;
}
