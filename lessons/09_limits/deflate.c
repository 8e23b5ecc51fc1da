/*
 * Given: permessage-deflate (RFC 7692), for a server with many clients. Usually each connection has
 * a deflater of its own, which remembers what was sent: 260 KiB for each, and each message is
 * compressed for each member of a room. Here a message is compressed once, on its own, and all who
 * agreed get the same bytes. That compresses less, and costs next to nothing.
 */
#include "09_limits/usage.h"

#include <wsproto/deflate.h>

/* WINDOW bits are enough for what a chat says: what is repeated in a message is near. They cost
 * 4 KiB for what a client sends, instead of 32. */
enum { WINDOW = 12, SMALLEST = 100, LEVEL = 6 };

static const wsp_deflate_policy policy = {.server_no_context_takeover = true,
                                          .client_no_context_takeover = true,
                                          .server_max_window_bits = WINDOW,
                                          .client_max_window_bits = WINDOW};

void deflate_agree(conn *c, const wsp_http_head *head, wsp_conn_options *decoder,
                   wsp_handshake_answer *answer)
{
    static _Thread_local char granted[WSP_DEFLATE_TEXT];
    usage *u = c->usage;
    wsp_deflate_params agreed;
    if (!limits.deflate || !wsp_deflate_choose(&agreed, &policy, head))
        return;
    u->inflater = wsp_inflater_new(agreed.client_max_window_bits, true, NULL);
    if (!u->inflater)
        return; /* no memory: go on without */
    wsp_deflate_answer_write(granted, sizeof granted, &agreed);
    u->window = agreed.server_max_window_bits;
    decoder->message.inflater = u->inflater;
    answer->extensions = granted;
}

/* A frame with this text, compressed; NULL when that is not shorter. */
static GBytes *compress(const uint8_t *text, size_t len)
{
    static wsp_deflater *deflater; /* of the hub's thread; it forgets each message */
    if (!deflater)
        deflater = wsp_deflater_new(WINDOW, true, LEVEL, 0, NULL);
    g_autofree uint8_t *out = deflater ? g_malloc(wsp_deflate_bound(deflater, len)) : NULL;
    if (!out)
        return NULL;
    size_t used = len, written = wsp_deflate_bound(deflater, len);
    wsp_deflate(deflater, text, &used, true, out, &written);
    if (written >= len)
        return NULL;
    const wsp_conn_frame f = {
        .opcode = WSP_OPCODE_TEXT, .compressed = true, .payload = out, .len = written};
    uint8_t *frame = g_malloc(written + WSP_FRAME_HEADER_MAX);
    const int64_t size = wsp_conn_shared_encode(&f, frame, written + WSP_FRAME_HEADER_MAX);
    return g_bytes_new_take(frame, (size_t)size);
}

/* The compressed twin of a frame. A message goes to all members of a room one after the other, so
 * it is enough to remember the last one. */
static GBytes *twin_of(GBytes *frame)
{
    static GBytes *last, *twin;
    if (frame != last) {
        size_t size;
        wsp_frame_header h;
        const uint8_t *bytes = g_bytes_get_data(frame, &size);
        const int header = wsp_frame_header_decode(&h, bytes, size);
        g_clear_pointer(&last, g_bytes_unref);
        g_clear_pointer(&twin, g_bytes_unref);
        last = g_bytes_ref(frame);
        twin = compress(bytes + header, size - (size_t)header);
    }
    return g_bytes_ref(twin ? twin : frame);
}

GBytes *deflate_dress(const conn *c, GBytes *frame)
{
    const usage *u = c->usage;
    const uint8_t *bytes = g_bytes_get_data(frame, NULL);
    const bool is_text = (bytes[0] & 15) == WSP_OPCODE_TEXT;
    if (!is_text || !u || u->window < WINDOW || g_bytes_get_size(frame) < SMALLEST)
        return g_bytes_ref(frame);
    return twin_of(frame);
}
