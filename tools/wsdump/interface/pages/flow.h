/*
 * A flow: text that is written into lines, as wide as may be, and goes on in a further line where
 * there is no room. Columns are counted as a terminal does: wide characters take two, those that
 * combine with the one before take none.
 */
#ifndef WSDUMP_INTERFACE_FLOW_H
#define WSDUMP_INTERFACE_FLOW_H

#include "lines.h"

typedef struct flow {
    lines *out;
    int width;       /* columns, at least FLOW_WIDTH_MIN */
    int indent;      /* columns before a line that goes on; at most two thirds of the
                        width are used */
    bool backslash;  /* one in somebody else's bytes becomes two, as in text that quotes them */
    int column;      /* at which the last line ends */
    int marks;       /* that combine with the last character, FLOW_MARKS where none may */
    GString *escape; /* of one character */
} flow;

enum {
    FLOW_WIDTH_MIN = 32,
    FLOW_MARKS = 4, /* more on one character are written as numbers: a terminal's cell has no room
                       for them */
};

void flow_init(flow *f, lines *out, int width);
void flow_clear(flow *f);

/* Begin a line at column 0. Its indentation stands for the lines that go on from it. */
void flow_line(flow *f, int indent);

/* Append our own words, broken between them. */
void flow_words(flow *f, style s, const char *words);
void flow_wordsf(flow *f, style s, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Append spaces up to this column, if it is not reached yet. */
void flow_to(flow *f, int column);

/* Append somebody else's bytes, broken anywhere. What cannot be shown as it is, because it would
 * harm (escape.h), or has no width that is known, is written as escape_text does, in STYLE_DIM. */
void flow_bytes(flow *f, style s, const void *data, size_t len);

/* Columns of a character that is not harmful: 0, 1, 2; -1 = not known: it is not
 * assigned, or terminals differ on it. */
int flow_character_columns(gunichar c);

/* Columns of a text that a line holds. */
int flow_text_columns(const char *text, size_t len);

#endif
