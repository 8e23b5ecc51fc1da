#include "printable.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

static bool is_harmful(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR: return true;
    default: return false;
    }
}

static void put(GString *out, gunichar c)
{
    if (!is_harmful(c))
        g_string_append_unichar(out, c);
    else
        g_string_append_printf(out, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
}

char *printable(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_new(NULL);
    unsigned count = 0;
    const char *c = valid;
    for (; *c && count < PRINTABLE_MAX; c = g_utf8_next_char(c), count++)
        put(out, *c == '\t' ? ' ' : g_utf8_get_char(c));
    return g_string_free(g_string_append(out, *c ? " ..." : ""), FALSE);
}

/* The length of what sets a colour, ESC [ 01;31 m, or clears the rest of a line, ESC [ K; else 0.
 */
static size_t colour_length(const char *text)
{
    if (!g_str_has_prefix(text, "\033["))
        return 0;
    const size_t digits = strspn(text + 2, "0123456789;");
    return text[2 + digits] == 'm' || text[2 + digits] == 'K' ? digits + 3 : 0;
}

char *printable_messages(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_new(NULL);
    for (const char *c = valid; *c;) {
        const size_t kept = *c == '\n' || *c == '\t' ? 1 : colour_length(c);
        g_string_append_len(out, c, (gssize)kept);
        if (kept == 0)
            put(out, g_utf8_get_char(c));
        c = kept ? c + kept : g_utf8_next_char(c);
    }
    return g_string_free(out, FALSE);
}
