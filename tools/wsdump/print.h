/* Text and numbers on the hot path, where printf would cost more than all the decoding, and a call
 * for each comma nearly as much. */
#ifndef WSDUMP_PRINT_H
#define WSDUMP_PRINT_H

#include <glib.h>
#include <stdint.h>
#include <string.h>

/* Where `len` more bytes and a NUL can be written; print_wrote then says how many were. */
static inline char *print_room(GString *out, size_t len)
{
    if (len >= out->allocated_len - out->len) {
        gsize before = out->len;
        g_string_set_size(out, before + len);
        out->len = before;
    }
    return out->str + out->len;
}

static inline void print_wrote(GString *out, size_t len)
{
    out->len += len;
    out->str[out->len] = '\0';
}

/* The same for who wrote up to `end`. */
static inline void print_wrote_to(GString *out, const char *end)
{
    print_wrote(out, (size_t)(end - out->str) - out->len);
}

/* As g_string_append_len, in place where there is room, as there nearly always is. */
static inline void print_bytes(GString *out, const char *bytes, size_t len)
{
    memcpy(print_room(out, len), bytes, len);
    print_wrote(out, len);
}

static inline void print_text(GString *out, const char *text)
{
    print_bytes(out, text, strlen(text));
}

static inline void print_char(GString *out, char c)
{
    print_bytes(out, &c, 1);
}

/* The digits of `value` at `to`, where there is room for PRINT_DIGITS; and the last `digits` of
 * them, with zeros in front. Both return the end. */
enum { PRINT_DIGITS = 20 };
char *print_digits(char *to, uint64_t value);
char *print_last_digits(char *to, uint64_t value, size_t digits);

/* Append `value`, right-aligned in `width` columns of `fill`, at most 20; wider if it needs more.
 */
void print_unsigned(GString *out, uint64_t value, int width, char fill);

/* Append text, left-aligned in `width` columns, at most 20. */
void print_padded(GString *out, const char *text, int width);

#endif
