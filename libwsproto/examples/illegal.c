/* Writes a frame that breaks three rules to stdout, then one that nothing is wrong with. */
#include <wsproto/wsproto.h>

#include <stdio.h>

static void write_frame(const wsp_frame_header *h, const char *payload)
{
    uint8_t bytes[WSP_FRAME_HEADER_MAX];
    int n = wsp_frame_header_encode(bytes, h);
    fwrite(bytes, 1, (size_t)n, stdout);
    fputs(payload, stdout);
}

int main(void)
{
    wsp_frame_header ping = {
        .fin = 0,        /* a control frame in fragments */
        .rsv = WSP_RSV1, /* an extension that nobody agreed to */
        .opcode = WSP_OPCODE_PING,
        .length_form = 64, /* ten bytes of header where two would do */
        .payload_length = 4,
    };
    wsp_frame_header text = {.fin = 1, .opcode = WSP_OPCODE_TEXT, .payload_length = 5};
    write_frame(&ping, "oops");
    write_frame(&text, "Hello");
}
