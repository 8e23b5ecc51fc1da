/* Numbers and columns without printf. */
#include "print.h"

enum { ROOM = 20 }; /* the digits of 2^64; no column is wider */

void print_unsigned(GString *out, uint64_t value, int width, char fill)
{
    char text[ROOM];
    int i = ROOM;
    do
        text[--i] = (char)('0' + value % 10);
    while (value /= 10);
    while (ROOM - i < width && i > 0)
        text[--i] = fill;
    print_bytes(out, text + i, (size_t)(ROOM - i));
}

void print_padded(GString *out, const char *text, int width)
{
    static const char blanks[] = "                    ";
    int len = (int)strlen(text);
    print_bytes(out, text, (size_t)len);
    if (len < width)
        print_bytes(out, blanks, (size_t)MIN(width - len, (int)sizeof blanks - 1));
}
