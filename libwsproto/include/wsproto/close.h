/* The payload of a Close frame: a status code and a reason (RFC 6455 5.5.1 and 7.4). */
#ifndef WSPROTO_CLOSE_H
#define WSPROTO_CLOSE_H

#include "wsproto/api.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The longest reason: 125 bytes of control payload less the two of the code. */
#define WSP_CLOSE_REASON_MAX 123

/*
 * May `code` appear on the wire? True for 1000 to 1003, 1007 to 1014 and 3000 to 4999: what the
 * RFC and the IANA registry define plus what is left to libraries and applications. False for
 * 1004, 1005, 1006 and 1015, which exist but must not be sent, and for everything else.
 */
WSP_API bool wsp_close_code_valid(uint16_t code);

/*
 * A short name of a registered code, e.g. "going away" for 1001, with 1005, 1006 and 1015 too;
 * "registered by a library" for 3000 to 3999, "private use" for 4000 to 4999; NULL for any other.
 * Static text.
 */
WSP_API const char *wsp_close_code_name(uint16_t code);

/*
 * Write the payload of a Close frame: 2 bytes of code, then the reason.
 *
 * `reason` is `reason_len` bytes of UTF-8, the caller's; may be NULL when reason_len is 0. Returns
 * the bytes written, 2 to 125; or, with nothing written, WSP_ERR_RANGE when the code may not be on
 * the wire or the reason is longer than WSP_CLOSE_REASON_MAX, WSP_ERR_VALUE when the reason is not
 * valid UTF-8, WSP_ERR_SPACE when `size` is too small.
 */
WSP_API int wsp_close_encode(uint8_t *out, size_t size, uint16_t code, const char *reason,
                             size_t reason_len);

/*
 * Judge the whole, unmasked payload of a Close frame: a set of WSP_V_CLOSE_SHORT, _CODE and _UTF8,
 * 0 = legal. *code gets the code, or 0 when the payload has fewer than 2 bytes; the reason is what
 * follows the first two bytes. An empty payload is legal.
 */
WSP_API uint32_t wsp_close_check(const uint8_t *payload, size_t len, uint16_t *code);

#ifdef __cplusplus
}
#endif

#endif
