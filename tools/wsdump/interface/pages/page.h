/* What pages have in common: labels, broken rules, and why there is no payload to show. */
#ifndef WSDUMP_INTERFACE_PAGE_H
#define WSDUMP_INTERFACE_PAGE_H

#include "flow.h"
#include "record.h"

enum { PAGE_LABEL = 14 }; /* columns of a label and what is between it and its text */

/* Begin a line with a label; its text goes on below itself. "" = as in the line before. */
void page_label(flow *f, const char *label);

/* Append a broken rule, with its sign. */
void page_violation(flow *f, const char *rule, const char *clause, const char *text, bool ascii);

/* Begin a line with a sentence of ours. */
void page_note(flow *f, style s, const char *sentence);

/* Is there a payload to show? Otherwise a line says why not. */
bool page_has_payload(flow *f, const record_message *m);

/* If the payload is not known as a whole, lines that say which parts of it there are. */
void page_note_parts(flow *f, const record_message *m);

/* Where the next part of the payload ends that is known, or unknown, as a whole: behind `from`, at
 * most data_len. Which of the two it is goes to *known. `hole` is kept for the next call, which
 * goes on from where this one ended, and is 0 for the first. */
size_t page_part(const record_message *m, size_t from, size_t *hole, bool *known);

#endif
