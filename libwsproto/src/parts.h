/*
 * The parts that the heads of a handshake are made of: what is well-formed. Private: shared by
 * those who judge and those who write.
 */
#ifndef WSPROTO_SRC_PARTS_H
#define WSPROTO_SRC_PARTS_H

#include "wsproto/http.h"

/* Sec-WebSocket-Key: 16 bytes in base64 (RFC 6455 4.1). */
bool wsp_is_key(wsp_text text);

/* host [":" port], as in Host (RFC 3986 3.2). */
bool wsp_is_authority(wsp_text text);

/* The port that http, ws, https and wss have unless another is said; -1 for other schemes. */
int wsp_default_port(wsp_text scheme);

/* Are the Sec-WebSocket-Protocol and -Extensions header lines well-formed, if there are any? */
bool wsp_are_subprotocols(const wsp_http_head *head);
bool wsp_are_extensions(const wsp_http_head *head);

#endif
