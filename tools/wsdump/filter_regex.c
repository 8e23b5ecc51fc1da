/* GRegex with limits. See filter_regex.h. */
#include "filter_regex.h"

#include <string.h>

enum { BY_BYTES, BY_CHARACTERS, UNITS };

/*
 * In front of every pattern. GRegex has no way to set limits but PCRE's own syntax: so many steps
 * at one place of the text, so many KiB to remember them. The comment ends these settings, so that
 * the pattern itself cannot change any. The longer the text, the more places, and the fewer steps
 * at each: so all of them together take seconds at worst, where they would take hours.
 */
static const struct {
    size_t longest; /* text, in bytes */
    const char *limits;
} classes[] = {
    {4096, "(*LIMIT_MATCH=1000000)(*LIMIT_HEAP=32768)(?#)"},
    {65536, "(*LIMIT_MATCH=5000)(*LIMIT_HEAP=32768)(?#)"},
    {SIZE_MAX, "(*LIMIT_MATCH=500)(*LIMIT_HEAP=32768)(?#)"},
};

enum { CLASSES = G_N_ELEMENTS(classes) };

/* A pattern with the limits of one class. */
typedef struct limited {
    GRegex *fast[UNITS];     /* machine code, which may give up early for want of stack */
    GRegex *thorough[UNITS]; /* asked then. BY_BYTES may be NULL: \x{20ac} is no byte */
} limited;

struct filter_regex {
    limited classes[CLASSES];
    uint64_t given_up;
};

/* Where an error is and what, out of the message that GRegex makes; its first word may be in any
 * language, but it quotes the pattern and then has the character's number. */
static void take_apart(const char *message, const char *pattern, size_t own, char **reason,
                       size_t *at)
{
    const char *quoted = strstr(message, pattern);
    const char *number = quoted ? quoted + strlen(pattern) : message + strlen(message);
    while (*number && !g_ascii_isdigit(*number))
        number++;
    char *end;
    size_t characters = (size_t)g_ascii_strtoull(number, &end, 10);
    size_t all = (size_t)g_utf8_strlen(pattern, -1);
    *at = 0;
    if (*number && characters >= own)
        *at = (size_t)(g_utf8_offset_to_pointer(pattern, (glong)MIN(characters, all)) - pattern) -
              own;
    const char *colon = *number ? strchr(end, ':') : NULL;
    *reason = colon ? g_strchug(g_strdup(colon + 1)) : g_strdup("it is wrong");
}

/* False with what filter_regex_new says of a wrong pattern. */
static bool compile(limited *l, const char *limits, const char *pattern, char **reason, size_t *at)
{
    g_autofree char *whole = g_strconcat(limits, pattern, NULL);
    g_autoptr(GError) error = NULL;
    l->thorough[BY_CHARACTERS] = g_regex_new(whole, 0, 0, &error);
    if (!l->thorough[BY_CHARACTERS]) {
        take_apart(error->message, whole, strlen(limits), reason, at);
        return false;
    }
    l->thorough[BY_BYTES] = g_regex_new(whole, G_REGEX_RAW, 0, NULL);
    l->fast[BY_CHARACTERS] = g_regex_new(whole, G_REGEX_OPTIMIZE, 0, NULL);
    l->fast[BY_BYTES] = g_regex_new(whole, G_REGEX_OPTIMIZE | G_REGEX_RAW, 0, NULL);
    for (int unit = 0; unit < UNITS; unit++)
        if (l->fast[unit]) /* GLib makes the machine code with the first match */
            g_regex_match(l->fast[unit], "", 0, NULL);
    return true;
}

filter_regex *filter_regex_new(const char *pattern, char **reason, size_t *at)
{
    filter_regex *regex = g_new0(filter_regex, 1);
    for (size_t i = 0; i < CLASSES; i++) {
        if (compile(&regex->classes[i], classes[i].limits, pattern, reason, at))
            continue;
        filter_regex_free(regex);
        return NULL;
    }
    return regex;
}

static bool search(filter_regex *regex, int unit, const char *data, size_t len)
{
    size_t i = 0;
    while (len > classes[i].longest)
        i++;
    const limited *l = &regex->classes[i];
    g_autoptr(GError) error = NULL;
    bool found =
        l->fast[unit] && g_regex_match_full(l->fast[unit], data, (gssize)len, 0, 0, NULL, &error);
    if (!error && l->fast[unit])
        return found;
    g_clear_error(&error);
    found = g_regex_match_full(l->thorough[unit], data, (gssize)len, 0, 0, NULL, &error);
    regex->given_up += error != NULL;
    return found;
}

bool filter_regex_matches(filter_regex *regex, const char *data, size_t len, bool utf8)
{
    if (utf8 || regex->classes[0].thorough[BY_BYTES])
        return search(regex, utf8 ? BY_CHARACTERS : BY_BYTES, data, len);
    g_autofree char *valid = g_utf8_make_valid(data, (gssize)len);
    return search(regex, BY_CHARACTERS, valid, strlen(valid));
}

uint64_t filter_regex_given_up(const filter_regex *regex)
{
    return regex->given_up;
}

void filter_regex_free(filter_regex *regex)
{
    for (size_t i = 0; i < CLASSES; i++)
        for (int unit = 0; unit < UNITS; unit++) {
            g_clear_pointer(&regex->classes[i].fast[unit], g_regex_unref);
            g_clear_pointer(&regex->classes[i].thorough[unit], g_regex_unref);
        }
    g_free(regex);
}
