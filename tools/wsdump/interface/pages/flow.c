/* Text that is wrapped by display columns. */
#include "flow.h"

#include "escape.h"

#include <string.h>

int flow_character_columns(gunichar c)
{
    if (!g_unichar_isdefined(c) || g_unichar_type(c) == G_UNICODE_FORMAT)
        return -1;
    if (g_unichar_iszerowidth(c))
        return 0;
    return g_unichar_iswide(c) ? 2 : 1;
}

int flow_text_columns(const char *text, size_t len)
{
    int columns = 0;
    for (const char *at = text; at < text + len; at = g_utf8_next_char(at))
        columns += MAX(flow_character_columns(g_utf8_get_char(at)), 0);
    return columns;
}

void flow_init(flow *f, lines *out, int width)
{
    *f = (flow){.out = out, .width = MAX(width, FLOW_WIDTH_MIN), .escape = g_string_new(NULL)};
}

void flow_clear(flow *f)
{
    g_string_free(f->escape, TRUE);
}

void flow_line(flow *f, int indent)
{
    lines_begin(f->out);
    f->indent = indent;
    f->column = 0;
    f->marks = FLOW_MARKS; /* there is nothing yet that one could combine with */
}

void flow_to(flow *f, int column)
{
    if (column <= f->column)
        return;
    static const char blanks[] = "                ";
    for (int n; f->column < column; f->column += n) {
        n = MIN(column - f->column, (int)sizeof blanks - 1);
        lines_add_len(f->out, STYLE_NORMAL, blanks, (size_t)n);
    }
    f->marks = FLOW_MARKS;
}

/* Where lines begin that go on. */
static int margin(const flow *f)
{
    return MIN(f->indent, f->width * 2 / 3);
}

static void go_on(flow *f)
{
    flow_line(f, f->indent);
    flow_to(f, margin(f));
}

/* Append what may not be broken, in a further line if there is no room and that line has more. */
static void put(flow *f, style s, const char *text, size_t len, int columns)
{
    if (f->column + columns > f->width && f->column > margin(f))
        go_on(f);
    lines_add_len(f->out, s, text, len);
    f->column += columns;
}

void flow_words(flow *f, style s, const char *words)
{
    while (*words) {
        size_t spaces = strspn(words, " ");
        size_t len = strcspn(words + spaces, " ");
        int columns = flow_text_columns(words + spaces, len);
        if (f->column + (int)spaces + columns <= f->width) {
            put(f, s, words, spaces + len, (int)spaces + columns);
            f->marks = 0;
        } else { /* broken where the spaces were; a word longer than a line, anywhere */
            if (f->column > margin(f))
                go_on(f);
            flow_bytes(f, s, words + spaces, len);
        }
        words += spaces + len;
    }
}

void flow_wordsf(flow *f, style s, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *words = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    flow_words(f, s, words);
}

/* How many bytes, from the front, are a column each and need no look? */
static size_t plain(const flow *f, const uint8_t *in, size_t len)
{
    size_t i = 0;
    while (i < len && in[i] >= ' ' && in[i] < 0x7f && !(f->backslash && in[i] == '\\'))
        i++;
    return i;
}

/* Columns of the character that escape_text_step left as it is; writes it as a number where there
 * is nothing that it could combine with, too much already, or its width is not known. */
static int judge(flow *f)
{
    gunichar c = g_utf8_get_char(f->escape->str);
    int columns = flow_character_columns(c);
    bool combines = columns == 0 && f->marks < FLOW_MARKS;
    if (columns > 0 || combines) {
        f->marks = combines ? f->marks + 1 : 0;
        return columns;
    }
    g_string_truncate(f->escape, 0);
    escape_text_number(f->escape, c);
    return -1;
}

/* One character that is not plain. Returns its bytes. */
static size_t put_character(flow *f, style s, const uint8_t *in, size_t len)
{
    escape_how how;
    g_string_truncate(f->escape, 0);
    size_t taken = escape_text_step(f->escape, in, len, &how);
    if (f->backslash && in[0] == '\\') {
        how = ESCAPE_CHARACTER;
        g_string_append_c(f->escape, '\\');
    }
    int columns = how == ESCAPE_AS_IT_IS ? judge(f) : -1;
    if (columns < 0) { /* written in ASCII */
        f->marks = 0;
        s = STYLE_DIM;
        columns = (int)f->escape->len;
    }
    put(f, s, f->escape->str, f->escape->len, columns);
    return taken;
}

void flow_bytes(flow *f, style s, const void *data, size_t len)
{
    const uint8_t *in = data;
    for (size_t i = 0; i < len;) {
        size_t n = plain(f, in + i, MIN(len - i, (size_t)MAX(f->width - f->column, 1)));
        if (n) {
            put(f, s, (const char *)in + i, n, (int)n);
            f->marks = 0;
            i += n;
        } else {
            i += put_character(f, s, in + i, len - i);
        }
    }
}
