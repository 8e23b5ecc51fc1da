/* What the files of the endpoint share: conn.c, conn_send.c, conn_deflate.c. Private. */
#ifndef WSPROTO_SRC_ENDPOINT_H
#define WSPROTO_SRC_ENDPOINT_H

#include "wsproto/conn.h"

/* The close handshake or a failure begins now, unless it has begun already. Call it before the
 * flag is set. */
void wsp_conn_note_closing(wsp_conn *c, uint64_t now);

/* What is known of a frame that may be sent, before anything is changed. */
typedef struct wsp_conn_plan {
    wsp_utf8 utf8; /* where its text ends */
    uint8_t header[WSP_FRAME_HEADER_MAX];
    size_t header_len;
} wsp_conn_plan;

/* May `f` be sent now? WSP_OK, or what wsp_conn_send returns; *plan gets the text's end. */
int wsp_conn_plan_check(const wsp_conn *c, const wsp_conn_frame *f, wsp_conn_plan *plan);

/* Write the header of `f` with `len` bytes of payload to the plan. */
void wsp_conn_plan_header(const wsp_conn *c, const wsp_conn_frame *f, size_t len,
                          wsp_conn_plan *plan);

/* The frame is sent: note what follows from that. */
void wsp_conn_note_sent(wsp_conn *c, uint64_t now, const wsp_conn_frame *f,
                        const wsp_conn_plan *plan);

#endif
