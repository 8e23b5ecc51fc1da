/*
 * The parts that the heads of a handshake are made of: what is well-formed. Private: shared by
 * those who parse, those who judge and those who write.
 */
#ifndef WSPROTO_SRC_PARTS_H
#define WSPROTO_SRC_PARTS_H

#include "wsproto/http.h"

#ifdef __cplusplus
extern "C" {
#endif

/* wsp_accept_key without the processor's own SHA-1; the tests call both. */
int wsp_accept_key_portable(char out[29], const char *key, size_t len);

/* Sec-WebSocket-Key: 16 bytes in base64 (RFC 6455 4.1). */
bool wsp_is_key(wsp_text text);

/* host [":" port], as in Host (RFC 3986 3.2). */
bool wsp_is_authority(wsp_text text);

/* The port that http, ws, https and wss have unless another is said; -1 for other schemes. */
int wsp_default_port(wsp_text scheme);

/* Header lines, of which those with this name are meant: a part of a head. */
typedef struct wsp_lines {
    wsp_text name;
    const wsp_http_header *headers;
    size_t count;
} wsp_lines;

/* What wsp_http_list_next and wsp_http_list_has do with the lines of a whole head. */
bool wsp_lines_next(const wsp_lines *lines, wsp_http_list_place *at, wsp_text *element);
bool wsp_lines_have(const wsp_lines *lines, wsp_text token);

/* Are these lines of Sec-WebSocket-Protocol or -Extensions well-formed, if there are any? */
bool wsp_are_subprotocols(const wsp_lines *lines);
bool wsp_are_extensions(const wsp_lines *lines);

#ifdef __cplusplus
}
#endif

#endif
