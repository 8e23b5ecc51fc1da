/*
 * Output that cannot harm: payload is somebody else's bytes, and a terminal obeys some of them.
 * Nothing written here holds a control character (C0, DEL, C1), a bidi control, a line or
 * paragraph separator, or a byte that is not part of valid UTF-8.
 */
#ifndef WSDUMP_ESCAPE_H
#define WSDUMP_ESCAPE_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/* Append `data` as the inside of a JSON string: \n, \", \u001b. Invalid bytes become U+FFFD. */
void escape_json(GString *out, const void *data, size_t len);

/* Append `data` for people: \n, \", \x1b for a byte, \u{202e} for a character. */
void escape_text(GString *out, const void *data, size_t len);

/* How escape_text_step wrote a character. */
typedef enum escape_how {
    ESCAPE_AS_IT_IS,
    ESCAPE_CHARACTER, /* it is harmful: \n, \x1b, \u{202e} */
    ESCAPE_BYTE,      /* the byte is no part of valid UTF-8: \xff */
} escape_how;

/*
 * Append the first character of `data` (len > 0) for people, as escape_text does, but " and \ as
 * they are. For who wants to know where a line may be broken. Returns the bytes that it had.
 */
size_t escape_text_step(GString *out, const void *data, size_t len, escape_how *how);

/* Append a character for people as its number: \x07, \u{301}. */
void escape_text_number(GString *out, gunichar c);

/* Append `data` as lower-case hexadecimal digits. */
void escape_hex(GString *out, const void *data, size_t len);

/* Append `data` in base64. */
void escape_base64(GString *out, const void *data, size_t len);

#endif
