#include "data.h"

#include "seed.h"

#include <string.h>

/* One PIECE: fixed bytes or a number of random ones, and how often. */
typedef struct piece {
    GByteArray *fixed; /* NULL: random */
    bool hex;          /* it was written as hex: */
    uint64_t random;
    uint64_t times;
} piece;

struct data {
    GArray *pieces;
    uint64_t len;
};

static void clear_piece(void *p)
{
    if (((piece *)p)->fixed)
        g_byte_array_unref(((piece *)p)->fixed);
}

void data_free(data *d)
{
    if (d) {
        g_array_unref(d->pieces);
        g_free(d);
    }
}

/* The place of a character inside the word `at`. */
static unsigned column_of(const word *at, const char *c)
{
    return at->column + (unsigned)(c - at->text);
}

/* One escape at **c (behind the backslash): append its byte, step over it. */
static bool read_escape(const words *w, const word *at, const char **c, GByteArray *out,
                        GError **error)
{
    static const char names[] = "nrt0\"\\", bytes[] = "\n\r\t\0\"\\";
    const char *known = **c ? strchr(names, **c) : NULL;
    uint8_t byte = 0;
    if (known) {
        byte = (uint8_t)bytes[known - names];
        *c += 1;
    } else if (**c == 'x' && g_ascii_isxdigit((*c)[1]) && g_ascii_isxdigit((*c)[2])) {
        byte = (uint8_t)(g_ascii_xdigit_value((*c)[1]) * 16 + g_ascii_xdigit_value((*c)[2]));
        *c += 3;
    } else {
        return words_wrong(w, column_of(at, *c - 1), error,
                           "no such escape; there is \\n \\r \\t \\0 \\\" \\\\ \\xHH");
    }
    g_byte_array_append(out, &byte, 1);
    return true;
}

/* "..." at *c: append its bytes, step over it. The end of the quote is there: words_split saw it.
 */
static bool read_quoted(const words *w, const word *at, const char **c, GByteArray *out,
                        GError **error)
{
    for (*c += 1; **c && **c != '"';) {
        if (**c != '\\') {
            g_byte_array_append(out, (const uint8_t *)*c, 1);
            *c += 1;
            continue;
        }
        *c += 1;
        if (!read_escape(w, at, c, out, error))
            return false;
    }
    if (**c)
        *c += 1;
    return true;
}

static bool read_hex(const words *w, const word *at, const char **c, GByteArray *out,
                     GError **error)
{
    for (*c += strlen("hex:"); **c; *c += 2) {
        if (!g_ascii_isxdigit((*c)[0]) || !g_ascii_isxdigit((*c)[1]))
            return words_wrong(w, column_of(at, *c), error,
                               "hex: takes pairs of the digits 0-9 a-f");
        uint8_t byte =
            (uint8_t)(g_ascii_xdigit_value((*c)[0]) * 16 + g_ascii_xdigit_value((*c)[1]));
        g_byte_array_append(out, &byte, 1);
    }
    return true;
}

/* Digits at *c up to `stop`. */
static bool read_count(const words *w, const word *at, const char **c, char stop, uint64_t *count,
                       GError **error)
{
    char *end = NULL;
    unsigned column = column_of(at, *c);
    *count = g_ascii_isdigit(**c) ? g_ascii_strtoull(*c, &end, 10) : 0;
    if (!end || *end != stop)
        return words_wrong(w, column, error, "a number is missing here");
    if (*count > DATA_MAX)
        return words_wrong(w, column, error, "too much: DATA is at most 64 MiB");
    *c = end;
    return true;
}

static bool read_one(const words *w, const word *at, const char *c, piece *one, GError **error)
{
    if (g_str_has_prefix(c, "random:")) {
        c += strlen("random:");
        return read_count(w, at, &c, '\0', &one->random, error);
    }
    one->fixed = g_byte_array_new();
    if (g_str_has_prefix(c, "hex:")) {
        one->hex = true;
        return read_hex(w, at, &c, one->fixed, error);
    }
    if (*c != '"')
        return words_wrong(w, column_of(at, c), error,
                           "no data; it is \"text\", hex:00ff, random:N or N*one of them");
    if (!read_quoted(w, at, &c, one->fixed, error))
        return false;
    return *c == '\0' ||
           words_wrong(w, column_of(at, c), error, "a space is missing behind the text");
}

/* Read a word and add it to d. */
static bool read_piece(data *d, const words *w, const word *at, GError **error)
{
    piece one = {.times = 1};
    const char *c = at->text;
    if (g_ascii_isdigit(*c)) {
        if (!read_count(w, at, &c, '*', &one.times, error))
            return false;
        c++;
    }
    bool ok = read_one(w, at, c, &one, error);
    uint64_t len = one.fixed ? one.fixed->len : one.random;
    if (ok && len > 0 && one.times > (DATA_MAX - d->len) / len)
        ok = words_wrong(w, at->column, error, "too much: DATA is at most 64 MiB");
    d->len += ok ? len * one.times : 0;
    g_array_append_val(d->pieces, one); /* also a wrong one: it is freed with d */
    return ok;
}

static data *new_data(void)
{
    data *d = g_new0(data, 1);
    d->pieces = g_array_new(FALSE, FALSE, sizeof(piece));
    g_array_set_clear_func(d->pieces, clear_piece);
    return d;
}

data *data_read_word(const words *w, const word *at, GError **error)
{
    data *d = new_data();
    if (read_piece(d, w, at, error))
        return d;
    data_free(d);
    return NULL;
}

data *data_read(const words *w, size_t first, GError **error)
{
    data *d = new_data();
    bool ok = first < words_count(w) ||
              words_wrong(w, words_at(w, first)->column, error,
                          "data is missing: \"text\", hex:00ff, random:N or N*one of them");
    for (size_t i = first; ok && i < words_count(w); i++)
        ok = read_piece(d, w, words_at(w, i), error);
    if (ok)
        return d;
    data_free(d);
    return NULL;
}

static uint8_t *add_room(GByteArray *out, uint64_t len)
{
    const guint before = out->len;
    g_byte_array_set_size(out, before + (guint)len);
    return out->data + before;
}

GByteArray *data_bytes(const data *d, uint64_t seed_number)
{
    GByteArray *out = g_byte_array_sized_new((guint)d->len);
    for (guint i = 0; i < d->pieces->len; i++) {
        const piece *p = &g_array_index(d->pieces, piece, i);
        g_autoptr(GByteArray) once = p->fixed ? g_byte_array_ref(p->fixed) : g_byte_array_new();
        if (!p->fixed) {
            g_byte_array_set_size(once, (guint)p->random);
            seed_bytes(&(seed){seed_number}, once->data, once->len);
        }
        if (once->len == 1) { /* 1048576*"a" */
            memset(add_room(out, p->times), once->data[0], p->times);
            continue;
        }
        for (uint64_t n = 0; n < p->times; n++)
            g_byte_array_append(out, once->data, once->len);
    }
    return out;
}

static void describe_text(GString *out, const GByteArray *text)
{
    enum { SHOWN = 32 };
    const bool single = text->len == 1;
    g_string_append_c(out, single ? '\'' : '"');
    for (guint i = 0; i < text->len && i < SHOWN; i++) {
        const uint8_t c = text->data[i];
        if (c >= 0x20 && c != 0x7F)
            g_string_append_c(out, (char)c);
        else
            g_string_append_printf(out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\x%02x", c);
    }
    g_string_append(out, text->len > SHOWN ? "...\"" : single ? "'" : "\"");
    if (!g_utf8_validate(out->str, (gssize)out->len, NULL)) { /* cut inside a character, or bytes */
        g_autofree char *valid = g_utf8_make_valid(out->str, (gssize)out->len);
        g_string_assign(out, valid);
    }
}

static void describe_hex(GString *out, const GByteArray *bytes)
{
    enum { SHOWN = 10 };
    g_string_append(out, "hex");
    for (guint i = 0; i < bytes->len && i < SHOWN; i++)
        g_string_append_printf(out, " %02x", bytes->data[i]);
    if (bytes->len > SHOWN)
        g_string_append_printf(out, " ... (%u bytes)", bytes->len);
}

char *data_describe(const data *d)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < d->pieces->len; i++) {
        const piece *p = &g_array_index(d->pieces, piece, i);
        g_string_append(out, i > 0 ? " + " : "");
        if (p->times != 1)
            g_string_append_printf(out, "%" G_GUINT64_FORMAT " x ", p->times);
        if (!p->fixed)
            g_string_append_printf(out, "%" G_GUINT64_FORMAT " random bytes", p->random);
        else if (p->hex)
            describe_hex(out, p->fixed);
        else if (p->fixed->len == 0)
            g_string_append(out, "\"\"");
        else
            describe_text(out, p->fixed);
    }
    return g_string_free(out, FALSE);
}

char *data_quoted(const words *w, const word *at, GError **error)
{
    g_autoptr(GByteArray) text = g_byte_array_new();
    const char *c = at->text;
    if (*c != '"') {
        words_wrong(w, at->column, error, "a text in \"...\" is missing here");
        return NULL;
    }
    if (!read_quoted(w, at, &c, text, error))
        return NULL;
    if (*c || memchr(text->data ? text->data : (const uint8_t *)"", 0, text->len)) {
        words_wrong(w, column_of(at, c), error, "one text in \"...\" without \\0 belongs here");
        return NULL;
    }
    return g_strndup((const char *)text->data, text->len);
}
