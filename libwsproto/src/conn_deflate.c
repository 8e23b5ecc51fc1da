/* Compressed sending. Apart from conn_send.c because it needs deflate.c, and with it zlib. */
#include "endpoint.h"
#include "wsproto/conn.h"
#include "wsproto/deflate.h"
#include "wsproto/error.h"
#include "wsproto/mask.h"

#include <string.h>

static int check_room(const wsp_deflater *deflater, size_t len, size_t size)
{
    bool fits = size >= WSP_FRAME_HEADER_MAX &&
                size - WSP_FRAME_HEADER_MAX >= wsp_deflate_bound(deflater, len);
    return fits ? WSP_OK : WSP_ERR_SPACE;
}

int64_t wsp_conn_send_deflated(wsp_conn *c, uint64_t now, const wsp_conn_frame *f, uint8_t *out,
                               size_t size)
{
    bool begins = f->opcode == WSP_OPCODE_TEXT || f->opcode == WSP_OPCODE_BINARY;
    if (!begins || f->more || f->compressed)
        return WSP_ERR_RANGE;
    wsp_deflater *deflater = c->options.deflater;
    int error = deflater ? check_room(deflater, f->len, size) : WSP_ERR_EXTENSION;
    error = wsp_conn_admit(c, now, f, error); /* judges the text before it is compressed */
    if (error)
        return error;
    uint8_t *deflated = out + WSP_FRAME_HEADER_MAX;
    size_t in_len = f->len, len = size - WSP_FRAME_HEADER_MAX;
    (void)wsp_deflate(deflater, f->payload, &in_len, true, deflated, &len);

    wsp_conn_frame sent = *f;
    sent.compressed = true;
    uint8_t *payload = out + wsp_conn_write_header(c, &sent, len, out);
    memmove(payload, deflated, len);
    if (c->options.role == WSP_CLIENT)
        wsp_mask(payload, payload, len, f->masking_key, 0);
    return payload - out + (int64_t)len;
}
