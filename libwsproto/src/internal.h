/* The portable twins of code that has a wider path too; the tests call both. Not installed. */
#ifndef WSPROTO_INTERNAL_H
#define WSPROTO_INTERNAL_H

#include "wsproto/utf8.h"

#include <stddef.h>
#include <stdint.h>

/* Can the wider paths be compiled? Whether they may run, the processor says at run time. */
#if defined(__GNUC__) && defined(__x86_64__)
#define WSP_HAVE_AVX2 1
#endif
/* Vectors as a language extension. */
#if defined(__GNUC__)
#define WSP_HAVE_BLOCKS 1
#endif

/* For what is rare beside its caller: kept out of it, so that the common way stays short. */
#if defined(__GNUC__)
#define WSP_APART __attribute__((noinline))
#else
#define WSP_APART
#endif

#ifdef __cplusplus
extern "C" {
#endif

void wsp_mask_portable(uint8_t *dst, const uint8_t *src, size_t len, const uint8_t key[4],
                       uint64_t offset);
size_t wsp_utf8_feed_portable(wsp_utf8 *u, const uint8_t *in, size_t len);

#ifdef __cplusplus
}
#endif

#endif
