/* The window of permessage-deflate (RFC 7692 7.1.2): 2^8 to 2^15 bytes. Private. */
#ifndef WSPROTO_WINDOW_BITS_H
#define WSPROTO_WINDOW_BITS_H

#include <stdbool.h>
#include <stdint.h>

static inline bool window_bits_legal(uint8_t bits)
{
    return bits >= 8 && bits <= 15;
}

#endif
