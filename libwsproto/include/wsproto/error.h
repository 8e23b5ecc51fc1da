/*
 * Error codes: what a function returns when its caller asked for something impossible.
 *
 * Bytes from the network never cause an error: a decoder gives an event for any input and says
 * separately, as a set of violations (violation.h) or faults (handshake.h), which rules it breaks.
 */
#ifndef WSPROTO_ERROR_H
#define WSPROTO_ERROR_H

#include "wsproto/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All codes are negative, so that a function can return a size or an error in one int. */
typedef enum wsp_error {
    WSP_OK = 0,
    WSP_ERR_RANGE = -1,     /* a number does not fit the field it is for */
    WSP_ERR_SPACE = -2,     /* the output buffer is too small; nothing useful was written */
    WSP_ERR_VALUE = -3,     /* a text may not be written there: CR, LF, NUL, or not a token */
    WSP_ERR_LIMIT = -4,     /* an HTTP head is longer than the caller's limits allow */
    WSP_ERR_STATE = -5,     /* the connection is closing, has failed or has ended */
    WSP_ERR_ORDER = -6,     /* a message inside another, or a continuation where none is open */
    WSP_ERR_MASK = -7,      /* a client's frame without a masking key, */
    WSP_ERR_EXTENSION = -8, /* a compressed frame where that was not agreed */
} wsp_error;

/*
 * The name of a code, e.g. "WSP_ERR_RANGE". Static text, never NULL; "WSP_ERR_UNKNOWN" for a
 * number that is no code.
 */
WSP_API const char *wsp_error_name(int error);

/* One sentence on a code for people. Static text, never NULL. */
WSP_API const char *wsp_error_text(int error);

#ifdef __cplusplus
}
#endif

#endif
