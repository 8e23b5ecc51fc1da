/* What the files of the endpoint share: conn.c, conn_send.c, conn_deflate.c. Private. */
#ifndef WSPROTO_SRC_ENDPOINT_H
#define WSPROTO_SRC_ENDPOINT_H

#include "wsproto/conn.h"

/* The close handshake or a failure begins now, unless it has begun already. Call it before the
 * flag is set. */
void wsp_conn_note_closing(wsp_conn *c, uint64_t now);

/*
 * May `f` be sent now? Then note what follows from that: it is as good as sent. `last` is WSP_OK or
 * an error of the caller's own, which comes behind all others. Returns WSP_OK; or, with nothing
 * changed, what wsp_conn_send returns, or `last`.
 */
int wsp_conn_admit(wsp_conn *c, uint64_t now, const wsp_conn_frame *f, int last);

/* Write the header of `f`, which was admitted, but with `len` bytes of payload. Returns its size.
 */
int wsp_conn_write_header(const wsp_conn *c, const wsp_conn_frame *f, size_t len,
                          uint8_t out[WSP_FRAME_HEADER_MAX]);

#endif
