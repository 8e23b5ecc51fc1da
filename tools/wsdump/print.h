/* Numbers on the hot path, where printf would cost more than all the decoding. */
#ifndef WSDUMP_PRINT_H
#define WSDUMP_PRINT_H

#include <glib.h>
#include <stdint.h>

/* Append `value`, right-aligned in `width` columns of `fill`, at most 20; wider if it needs more.
 */
void print_unsigned(GString *out, uint64_t value, int width, char fill);

/* Append text, left-aligned in `width` columns, at most 20. */
void print_padded(GString *out, const char *text, int width);

#endif
