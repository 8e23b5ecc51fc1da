/* A payload as text: wrapped by columns, its newlines begin lines, what would harm is escaped. */
#ifndef WSDUMP_INTERFACE_PAGE_TEXT_H
#define WSDUMP_INTERFACE_PAGE_TEXT_H

#include "lines.h"
#include "record.h"

/*
 * Append the page of a message for a screen of `width` columns.
 *
 * Of a Close it is the reason: the code before it is no text. Unknown bytes are [N unknown bytes].
 * The first byte that is not UTF-8 has STYLE_VIOLATION in what must be, and a line above says where
 * it is; one that was only cut off, by a limit or before unknown bytes, is none.
 */
void page_text(lines *out, const record *message, int width);

#endif
