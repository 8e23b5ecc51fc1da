/*
 * Lines: styled text that a screen shows and scrolls, a page that is longer than the terminal. What
 * makes them (a message's hex, its JSON, a frame's header bit by bit, a handshake explained) knows
 * nothing of the terminal, and is tested without one.
 */
#ifndef WSDUMP_INTERFACE_LINES_H
#define WSDUMP_INTERFACE_LINES_H

#include "style.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From byte `at` of the text to the next span, or the end of the line. */
typedef struct span {
    uint32_t at;
    enum style style;
} span;

/* One line, as lines_get shows it: text and spans are valid until something is added. */
typedef struct line {
    const char *text; /* valid UTF-8 that cannot harm a terminal (escape.h), without newlines;
                         NUL-terminated */
    size_t len;
    const span *spans; /* rising; before the first STYLE_NORMAL */
    size_t span_count;
    unsigned fold;  /* depth of a foldable part that begins here, from 1; 0 = none begins */
    unsigned depth; /* foldable parts that it is in; a line that begins one is outside of it */
} line;

/* All texts are in one piece of memory, and so are all spans: a payload may have a line per byte.
 */
typedef struct lines lines;

lines *lines_new(void);
void lines_free(lines *l); /* NULL is fine */

/* Begin a new line, which is then the last one, as deep as the one before. */
void lines_begin(lines *l);

/* Say of the last line how deep it is, and whether a foldable part begins in it. */
void lines_fold(lines *l, unsigned fold, unsigned depth);

/* Append to the last line. The text must already be harmless: literals, numbers, our own words. */
void lines_add(lines *l, style s, const char *text);
void lines_add_len(lines *l, style s, const char *text, size_t len);
void lines_addf(lines *l, style s, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Append somebody else's bytes: escaped for people. */
void lines_add_bytes(lines *l, style s, const void *data, size_t len);

size_t lines_count(const lines *l);
line lines_get(const lines *l, size_t n); /* n < lines_count */

#endif
