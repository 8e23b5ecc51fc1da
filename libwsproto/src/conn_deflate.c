/* Compressed sending. Apart from conn_send.c because it needs deflate.c, and with it zlib. */
#include "endpoint.h"
#include "wsproto/conn.h"
#include "wsproto/deflate.h"
#include "wsproto/error.h"
#include "wsproto/mask.h"

#include <string.h>

int64_t wsp_conn_send_deflated(wsp_conn *c, uint64_t now, const wsp_conn_frame *f, uint8_t *out,
                               size_t size)
{
    wsp_conn_plan plan;
    if (f->more || f->compressed || wsp_opcode_is_control(f->opcode))
        return WSP_ERR_RANGE;
    int error = wsp_conn_plan_check(c, f, &plan); /* judges the text before it is compressed */
    if (error)
        return error;
    wsp_deflater *deflater = c->options.deflater;
    if (!deflater)
        return WSP_ERR_EXTENSION;
    if (size < WSP_FRAME_HEADER_MAX ||
        size - WSP_FRAME_HEADER_MAX < wsp_deflate_bound(deflater, f->len))
        return WSP_ERR_SPACE;
    uint8_t *payload = out + WSP_FRAME_HEADER_MAX;
    size_t in_len = f->len, len = size - WSP_FRAME_HEADER_MAX;
    (void)wsp_deflate(deflater, f->payload, &in_len, true, payload, &len);

    wsp_conn_frame sent = *f;
    sent.compressed = true;
    wsp_conn_plan_header(c, &sent, len, &plan);
    memcpy(out, plan.header, plan.header_len);
    memmove(out + plan.header_len, payload, len);
    if (c->options.role == WSP_CLIENT)
        wsp_mask(out + plan.header_len, out + plan.header_len, len, f->masking_key, 0);
    wsp_conn_note_sent(c, now, &sent, &plan);
    return (int64_t)(plan.header_len + len);
}
