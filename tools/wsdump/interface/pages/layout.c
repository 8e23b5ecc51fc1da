/* Lines that fit. See layout.h. */
#include "layout.h"

#include "flow.h"
#include "glyphs.h"

#include <string.h>

size_t layout_fit(const char *text, size_t len, int columns, int *used)
{
    size_t at = 0;
    *used = 0;
    while (at < len) {
        gunichar c = g_utf8_get_char(text + at);
        int more = MAX(flow_character_columns(c), 0);
        if (*used + more > columns)
            break;
        *used += more;
        at += (size_t)g_unichar_to_utf8(c, NULL);
    }
    return at;
}

int layout_used(const lines *l)
{
    line last = lines_get(l, lines_count(l) - 1);
    return flow_text_columns(last.text, last.len);
}

static void add_blanks(lines *l, style s, int count)
{
    if (count > 0)
        lines_addf(l, s, "%*s", count, "");
}

void layout_pad(lines *l, int columns)
{
    add_blanks(l, STYLE_NORMAL, columns - layout_used(l));
}

static int add_cut(lines *l, style s, const char *text, int columns)
{
    int used;
    size_t fits = layout_fit(text, strlen(text), columns, &used);
    lines_add_len(l, s, text, fits);
    return used;
}

void layout_add_left(lines *l, style s, const char *text, int columns)
{
    add_blanks(l, s, columns - add_cut(l, s, text, columns));
}

void layout_add_right(lines *l, style s, const char *text, int columns)
{
    add_blanks(l, s, columns - flow_text_columns(text, strlen(text)));
    add_cut(l, s, text, columns);
}

/* The first `to` bytes of a line. */
static void append_part(lines *out, line in, size_t to)
{
    style s = STYLE_NORMAL;
    size_t from = 0;
    for (size_t i = 0; i < in.span_count && in.spans[i].at < to; i++) {
        lines_add_len(out, s, in.text + from, in.spans[i].at - from);
        from = in.spans[i].at;
        s = in.spans[i].style;
    }
    lines_add_len(out, s, in.text + from, to - from);
}

void layout_append(lines *out, line in)
{
    append_part(out, in, in.len);
}

void layout_clip(lines *out, const lines *in, int width, bool ascii)
{
    for (size_t i = 0; i < lines_count(in); i++) {
        line l = lines_get(in, i);
        int used;
        size_t fits = layout_fit(l.text, l.len, width, &used);
        bool cut = fits < l.len;
        if (cut)
            fits = layout_fit(l.text, l.len, width - 1, &used);
        lines_begin(out);
        append_part(out, l, fits);
        if (cut)
            lines_add(out, STYLE_DIM, glyphs_get(ascii)->cut);
    }
}

void layout_beside(lines *out, const lines *left, int left_width, const lines *right, bool ascii)
{
    size_t rows = MAX(lines_count(left), lines_count(right));
    for (size_t i = 0; i < rows; i++) {
        lines_begin(out);
        if (i < lines_count(left))
            layout_append(out, lines_get(left, i));
        layout_pad(out, left_width);
        lines_addf(out, STYLE_DIM, " %s ", glyphs_get(ascii)->bar);
        if (i < lines_count(right))
            layout_append(out, lines_get(right, i));
    }
}
