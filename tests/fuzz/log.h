/* What was seen, in one number (FNV-1a): runs that must see the same are compared by it. */
#ifndef WSKIT_FUZZ_LOG_H
#define WSKIT_FUZZ_LOG_H

#include <stddef.h>
#include <stdint.h>

static inline void note_bytes(uint64_t *log, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        *log = (*log ^ bytes[i]) * UINT64_C(0x100000001b3);
}

/* All eight bytes of a value. */
static inline void note(uint64_t *log, uint64_t value)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++, value >>= 8)
        bytes[i] = (uint8_t)value;
    note_bytes(log, bytes, sizeof bytes);
}

#endif
