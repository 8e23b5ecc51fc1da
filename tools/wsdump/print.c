/* Numbers and columns without printf. */
#include "print.h"

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                            "25262728293031323334353637383940414243444546474849"
                            "50515253545556575859606162636465666768697071727374"
                            "75767778798081828384858687888990919293949596979899";

/* From bits to decimal digits, less one where it is the smaller number of those with so many bits.
 * 1233 / 4096 is the logarithm of 2, near enough for 64 bits. */
static size_t count_digits(uint64_t value)
{
    static const uint64_t smallest[PRINT_DIGITS] = {
        0,
        UINT64_C(10),
        UINT64_C(100),
        UINT64_C(1000),
        UINT64_C(10000),
        UINT64_C(100000),
        UINT64_C(1000000),
        UINT64_C(10000000),
        UINT64_C(100000000),
        UINT64_C(1000000000),
        UINT64_C(10000000000),
        UINT64_C(100000000000),
        UINT64_C(1000000000000),
        UINT64_C(10000000000000),
        UINT64_C(100000000000000),
        UINT64_C(1000000000000000),
        UINT64_C(10000000000000000),
        UINT64_C(100000000000000000),
        UINT64_C(1000000000000000000),
        UINT64_C(10000000000000000000),
    };
    const size_t bits = 64 - (size_t)__builtin_clzll(value | 1), digits = bits * 1233 >> 12;
    return digits + (value >= smallest[digits]);
}

char *print_last_digits(char *to, uint64_t value, size_t digits)
{
    size_t left = digits;
    for (; left >= 2; value /= 100) {
        left -= 2;
        memcpy(to + left, pairs + value % 100 * 2, 2);
    }
    if (left)
        *to = (char)('0' + value % 10);
    return to + digits;
}

char *print_digits(char *to, uint64_t value)
{
    return print_last_digits(to, value, count_digits(value));
}

void print_unsigned(GString *out, uint64_t value, int width, char fill)
{
    const size_t digits = count_digits(value), len = MAX(digits, (size_t)width);
    char *to = print_room(out, len);
    memset(to, fill, len - digits);
    print_wrote_to(out, print_last_digits(to + len - digits, value, digits));
}

void print_padded(GString *out, const char *text, int width)
{
    static const char blanks[] = "                    ";
    int len = (int)strlen(text);
    print_bytes(out, text, (size_t)len);
    if (len < width)
        print_bytes(out, blanks, (size_t)MIN(width - len, (int)sizeof blanks - 1));
}
