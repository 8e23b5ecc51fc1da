/* A payload as text. */
#include "page_text.h"

#include "page.h"

#include <string.h>

/* Where the text begins. */
static size_t text_begin(const record_message *m)
{
    return m->opcode == WSP_OPCODE_CLOSE ? MIN(m->data_len, 2) : 0;
}

/* The first byte of `in` that is not UTF-8, or `len`. `cut`: its last character may go on. */
static size_t first_invalid(const uint8_t *in, size_t len, bool cut)
{
    for (size_t i = 0; i < len;) {
        const char *stop;
        if (g_utf8_validate_len((const char *)in + i, len - i, &stop))
            return len;
        i = (size_t)((const uint8_t *)stop - in);
        if (in[i] != 0) { /* which GLib does not like, and UTF-8 does */
            gunichar c = g_utf8_get_char_validated(stop, (gssize)(len - i));
            return cut && c == (gunichar)-2 ? len : i;
        }
        i++;
    }
    return len;
}

/* Bytes at the front that may be the end of a character whose beginning is not known. */
static size_t torn(const uint8_t *in, size_t len)
{
    size_t n = 0;
    while (n < MIN(len, 3) && (in[n] & 0xc0) == 0x80)
        n++;
    return n;
}

/* The offset of the first byte that cannot be UTF-8; data_len if there is none. */
static size_t find_invalid(const record_message *m)
{
    size_t hole = 0, end;
    bool known = true, after_hole = false;
    for (size_t at = text_begin(m); at < m->data_len; at = end) {
        end = page_part(m, at, &hole, &known);
        if (known) {
            size_t skip = after_hole ? torn(m->data + at, end - at) : 0;
            bool cut = end < m->data_len || m->truncated;
            size_t invalid = at + skip + first_invalid(m->data + at + skip, end - at - skip, cut);
            if (invalid < end)
                return invalid;
        }
        after_hole = !known;
    }
    return m->data_len;
}

/* Bytes that are known; a newline ends its line. */
static void add_part(flow *f, style s, const uint8_t *in, size_t len)
{
    while (len) {
        const uint8_t *newline = memchr(in, '\n', len);
        size_t n = newline ? (size_t)(newline - in) : len;
        flow_bytes(f, s, in, n);
        if (newline)
            flow_line(f, 0);
        in += n + (newline != NULL);
        len -= n + (newline != NULL);
    }
}

static void add_text(flow *f, const record_message *m, size_t mark, style marked)
{
    size_t hole = 0, end;
    bool known;
    flow_line(f, 0);
    for (size_t at = text_begin(m); at < m->data_len; at = end) {
        end = page_part(m, at, &hole, &known);
        if (!known) {
            flow_wordsf(f, STYLE_UNKNOWN, "[%zu unknown bytes]", end - at);
        } else if (at <= mark && mark < end) {
            add_part(f, STYLE_NORMAL, m->data + at, mark - at);
            f->backslash = false; /* this one is ours */
            flow_wordsf(f, marked, "\\x%02x", m->data[mark]);
            f->backslash = true;
            add_part(f, STYLE_NORMAL, m->data + mark + 1, end - mark - 1);
        } else {
            add_part(f, STYLE_NORMAL, m->data + at, end - at);
        }
    }
}

void page_text(lines *out, const record *message, int width)
{
    const record_message *m = &message->message;
    flow f;
    flow_init(&f, out, width);
    f.backslash = true;
    if (page_has_payload(&f, m)) {
        size_t mark = find_invalid(m);
        bool wrong = m->opcode == WSP_OPCODE_TEXT || m->opcode == WSP_OPCODE_CLOSE;
        style s = wrong ? STYLE_VIOLATION : STYLE_DIM;
        page_note_parts(&f, m);
        if (mark < m->data_len) {
            flow_line(&f, 0);
            flow_wordsf(&f, s, "Not UTF-8: byte %zu (%02x) begins no valid character.", mark,
                        m->data[mark]);
        }
        if (m->opcode == WSP_OPCODE_CLOSE && m->data_len <= 2)
            page_note(&f, STYLE_DIM, "The Close has no reason.");
        else
            add_text(&f, m, mark, s);
    }
    flow_clear(&f);
}
