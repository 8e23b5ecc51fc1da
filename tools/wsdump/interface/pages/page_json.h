/* A payload that is JSON: indented and coloured, its objects and arrays foldable. */
#ifndef WSDUMP_INTERFACE_PAGE_JSON_H
#define WSDUMP_INTERFACE_PAGE_JSON_H

#include "lines.h"
#include "record.h"

enum {
    PAGE_JSON_BYTES =
        4 << 20, /* more is shown as text; so is what is nested deeper than JSON_DEPTH */
};

/*
 * Append the page of a message for a screen of `width` columns.
 *
 * True: it is JSON. Every token has its original bytes (numbers, escapes and the order of members,
 * twice the same name too), but for characters that would harm; only blanks are put elsewhere. An
 * object or array that is not empty begins a foldable part, and its closing bracket is the last
 * line of that part.
 *
 * False: it is not, or that cannot be told because not all of it is known. A line says why, and the
 * rest is that of page_text.
 */
bool page_json(lines *out, const record *message, int width);

#endif
