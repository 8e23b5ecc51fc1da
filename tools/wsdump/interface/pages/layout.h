/*
 * Layout: lines that fit. Who makes a page writes lines as long as they like into lines of its own,
 * and brings them over from there: cut, or beside each other. Styles come along. (flow.h wraps.)
 *
 * Widths are display columns, as in flow.h.
 */
#ifndef WSDUMP_INTERFACE_LAYOUT_H
#define WSDUMP_INTERFACE_LAYOUT_H

#include "lines.h"

/* Columns of the last line. */
int layout_used(const lines *l);

/* The bytes of as many of the first characters as fit. *used gets their columns. */
size_t layout_fit(const char *text, size_t len, int columns, int *used);

/* Append blanks to the last line until it has `columns`. */
void layout_pad(lines *l, int columns);

/* Append harmless text to the last line, in exactly `columns`: padded on its right, or on its left
 * (layout_add_right), or cut. */
void layout_add_left(lines *l, style s, const char *text, int columns);
void layout_add_right(lines *l, style s, const char *text, int columns);

/* Append all of a line to the last line of `out`, which are not the lines that it is in. */
void layout_append(lines *out, line in);

/* Each line of `in` as a line of `out` that has at most `width` columns: cut, with a sign. */
void layout_clip(lines *out, const lines *in, int width, bool ascii);

/* Two columns: lines of `left`, which have at most `left_width` columns, a vertical line, lines of
 * `right`; as many as the longer one has. */
void layout_beside(lines *out, const lines *left, int left_width, const lines *right, bool ascii);

/* What layout_beside puts between the two, in columns. */
enum { LAYOUT_BETWEEN = 3 };

#endif
