/* Masking and unmasking a payload (RFC 6455 5.3): the same XOR both ways. */
#ifndef WSPROTO_MASK_H
#define WSPROTO_MASK_H

#include "wsproto/api.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * dst[i] = src[i] XOR key[(offset + i) mod 4], for `len` bytes.
 *
 * `offset` is the position of src[0] in its payload: a payload that arrives in pieces is unmasked
 * piece by piece. dst may be src; otherwise the two must not overlap. Neither needs an alignment.
 * Returns nothing and cannot fail; with len = 0 the pointers are not used.
 */
WSP_API void wsp_mask(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t key[4],
                      uint64_t offset);

#ifdef __cplusplus
}
#endif

#endif
