/* Shows what is wrong with a display filter, and where. See filter_lex.h. */
#include "filter_lex.h"

#include <string.h>

/* A filter is shown whole up to so many columns; else what surrounds the place. */
enum { SHOWN = 76, SHOWN_BEFORE = 50 };

/* What stands for a character on a terminal that must not be told anything: itself if it prints. */
static gunichar printable(gunichar c)
{
    return g_unichar_isprint(c) ? c : g_unichar_isspace(c) ? ' ' : '?';
}

static int columns(gunichar c)
{
    c = printable(c);
    return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

/* Append the characters of [at, end) as far as `room` columns go; returns what is left of them. */
static int show(GString *out, const char *at, const char *end, int room)
{
    for (; at < end; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        room -= columns(c);
        if (room < 0) {
            g_string_append(out, "…");
            return 0;
        }
        g_string_append_unichar(out, printable(c));
    }
    return room;
}

static int width(const char *at, const char *end)
{
    int sum = 0;
    for (; at < end; at = g_utf8_next_char(at))
        sum += columns(g_utf8_get_char(at));
    return sum;
}

static void show_place(GString *out, const char *text, const char *at, size_t len)
{
    const char *end = text + strlen(text), *from = text;
    if (width(text, end) > SHOWN)
        for (from = at; from > text && width(from, at) < SHOWN_BEFORE;)
            from = g_utf8_prev_char(from);
    g_string_append(out, "\n  ");
    if (from > text)
        g_string_append(out, "…");
    show(out, from, end, SHOWN);
    g_string_append_printf(out, "\n  %*s", width(from, at) + (from > text), "");
    int carets = MIN(width(at, at + len), SHOWN - SHOWN_BEFORE);
    do
        g_string_append_c(out, '^');
    while (--carets > 0);
}

bool filter_wrong_at(const filter_lexer *l, const char *at, size_t len, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    GString *message = g_string_new("-Y: ");
    g_string_append_vprintf(message, format, args);
    va_end(args);
    show_place(message, l->text, at, len);
    g_set_error_literal(l->error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, message->str);
    g_string_free(message, TRUE);
    return false;
}
