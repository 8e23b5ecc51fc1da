/*
 * The elements of Sec-WebSocket-Extensions: names with parameters (RFC 6455 9.1).
 *
 *     permessage-deflate; client_max_window_bits; server_max_window_bits="10", x-other
 *
 * A real tokenizer: a quoted value may hold commas, semicolons and escaped characters, and the
 * list may be spread over several header lines (wsp_http_list_next joins them).
 */
#ifndef WSPROTO_EXTENSION_H
#define WSPROTO_EXTENSION_H

#include "wsproto/api.h"
#include "wsproto/http.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One extension of an offer or an answer. Points into the header it was read from. */
typedef struct wsp_extension {
    wsp_text name;       /* "permessage-deflate" */
    wsp_text parameters; /* the rest, unread: "; client_max_window_bits; …"; may be empty */
} wsp_extension;

typedef struct wsp_extension_parameter {
    wsp_text name;  /* "server_max_window_bits" */
    wsp_text value; /* between the quotes if quoted, escapes as written; data = NULL when none */
    bool quoted;
} wsp_extension_parameter;

/*
 * Read one element of the header's list. Returns true and fills *extension when the whole element
 * has the form of RFC 6455 9.1: a token, then parameters that are each a token, or a token, "=" and
 * a token or a quoted string that unescapes to a token. Returns false (and an endpoint fails the
 * handshake, RFC 6455 9.1) when it does not; then only extension->name may be set.
 */
WSP_API bool wsp_extension_parse(wsp_extension *extension, wsp_text element);

/*
 * Walk the parameters of an extension that wsp_extension_parse accepted: *rest starts as
 * extension->parameters and is shortened. Returns false at the end.
 */
WSP_API bool wsp_extension_parameter_next(wsp_text *rest, wsp_extension_parameter *parameter);

/*
 * Copy a parameter's value with its escapes undone into out, NUL-terminated. Returns its length;
 * 0 when it has none; WSP_ERR_SPACE when `size` is too small for it and the NUL.
 */
WSP_API int wsp_extension_parameter_value(char *out, size_t size,
                                          const wsp_extension_parameter *parameter);

#ifdef __cplusplus
}
#endif

#endif
