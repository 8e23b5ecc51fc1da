/* Numbers and columns without printf. */
#include "print.h"

enum { ROOM = 20 }; /* the digits of 2^64; no column is wider */

static size_t count_digits(uint64_t value)
{
    size_t digits = 1;
    for (uint64_t limit = 10; digits < ROOM && value >= limit; limit *= 10)
        digits++;
    return digits;
}

void print_unsigned(GString *out, uint64_t value, int width, char fill)
{
    const size_t digits = count_digits(value), len = MAX(digits, (size_t)width);
    char *begin = print_room(out, len), *at = begin + len;
    do
        *--at = (char)('0' + value % 10);
    while (value /= 10);
    while (at > begin)
        *--at = fill;
    print_wrote(out, len);
}

void print_padded(GString *out, const char *text, int width)
{
    static const char blanks[] = "                    ";
    int len = (int)strlen(text);
    print_bytes(out, text, (size_t)len);
    if (len < width)
        print_bytes(out, blanks, (size_t)MIN(width - len, (int)sizeof blanks - 1));
}
