/* Numbers and columns without printf. */
#include "print.h"

#include <string.h>

enum { MAX_DIGITS = 20 };

void print_unsigned(GString *out, uint64_t value, int width, char fill)
{
    char digits[MAX_DIGITS];
    int i = MAX_DIGITS;
    do
        digits[--i] = (char)('0' + value % 10);
    while (value /= 10);
    for (int n = MAX_DIGITS - i; n < width; n++)
        g_string_append_c(out, fill);
    g_string_append_len(out, digits + i, MAX_DIGITS - i);
}

void print_padded(GString *out, const char *text, int width)
{
    int len = (int)strlen(text);
    g_string_append_len(out, text, len);
    for (; len < width; len++)
        g_string_append_c(out, ' ');
}
