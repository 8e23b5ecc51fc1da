/*
 * Incremental UTF-8 validation (RFC 3629; RFC 6455 8.1): text may be cut anywhere, also inside a
 * character, and the first wrong byte is found as soon as it arrives.
 */
#ifndef WSPROTO_UTF8_H
#define WSPROTO_UTF8_H

#include "wsproto/api.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where a validation stands. All zero = ready for a new text. */
typedef struct wsp_utf8 {
    uint8_t needed; /* 0 between characters; inside one, what must come next (utf8.c's numbers) */
} wsp_utf8;

/*
 * Feed the next `len` bytes of a text.
 *
 * Returns `len` when all of them can be part of valid UTF-8; otherwise the index of the first byte
 * that no valid text can have there: E2 28 gives 1, ED A0 gives 1 (a surrogate), F5 gives 0. After
 * a wrong byte *u is reset, ready for whatever follows that byte.
 */
WSP_API size_t wsp_utf8_feed(wsp_utf8 *u, const uint8_t *in, size_t len);

/* May the text end here? False inside a character. */
WSP_API bool wsp_utf8_done(const wsp_utf8 *u);

#ifdef __cplusplus
}
#endif

#endif
