/* Lines of styled text: one text, one array of spans, and where in them each line begins. */
#include "lines.h"

#include "escape.h"
#include "print.h"

typedef struct row {
    size_t text, spans; /* where it begins */
    unsigned fold, depth;
} row;

struct lines {
    GString *text; /* of all lines, a NUL behind each but the last */
    GArray *spans; /* of span */
    GArray *rows;  /* of row */
};

lines *lines_new(void)
{
    lines *l = g_new(lines, 1);
    l->text = g_string_new(NULL);
    l->spans = g_array_sized_new(FALSE, FALSE, sizeof(span), 64); /* never NULL */
    l->rows = g_array_new(FALSE, FALSE, sizeof(row));
    return l;
}

void lines_free(lines *l)
{
    if (!l)
        return;
    g_string_free(l->text, TRUE);
    g_array_unref(l->spans);
    g_array_unref(l->rows);
    g_free(l);
}

static row *last(const lines *l)
{
    return &g_array_index(l->rows, row, l->rows->len - 1);
}

void lines_begin(lines *l)
{
    row next = {0};
    if (l->rows->len) {
        next.depth = last(l)->depth;
        g_string_append_c(l->text, '\0');
    }
    next.text = l->text->len;
    next.spans = l->spans->len;
    g_array_append_val(l->rows, next);
}

void lines_fold(lines *l, unsigned fold, unsigned depth)
{
    last(l)->fold = fold;
    last(l)->depth = depth;
}

/* What is appended to the last line from here on has this style. */
static void begin_span(lines *l, style s)
{
    bool first = l->spans->len == last(l)->spans;
    style now = first ? STYLE_NORMAL : g_array_index(l->spans, span, l->spans->len - 1).style;
    if (s == now)
        return;
    span next = {(uint32_t)(l->text->len - last(l)->text), s};
    g_array_append_val(l->spans, next);
}

void lines_add_len(lines *l, style s, const char *text, size_t len)
{
    if (len == 0)
        return;
    begin_span(l, s);
    print_bytes(l->text, text, len);
}

void lines_add(lines *l, style s, const char *text)
{
    lines_add_len(l, s, text, strlen(text));
}

void lines_addf(lines *l, style s, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    begin_span(l, s);
    g_string_append_vprintf(l->text, format, arguments);
    va_end(arguments);
}

void lines_add_bytes(lines *l, style s, const void *data, size_t len)
{
    if (len == 0)
        return;
    begin_span(l, s);
    escape_text(l->text, data, len);
}

size_t lines_count(const lines *l)
{
    return l->rows->len;
}

line lines_get(const lines *l, size_t n)
{
    const row *at = &g_array_index(l->rows, row, n);
    bool is_last = n + 1 == l->rows->len;
    size_t text_end = is_last ? l->text->len : at[1].text - 1;
    size_t spans_end = is_last ? l->spans->len : at[1].spans;
    return (line){
        .text = l->text->str + at->text,
        .len = text_end - at->text,
        .spans = &g_array_index(l->spans, span, at->spans),
        .span_count = spans_end - at->spans,
        .fold = at->fold,
        .depth = at->depth,
    };
}
