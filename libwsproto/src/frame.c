/* One frame header: decode, encode, check (RFC 6455 5.2). */
#include "frame_encode.h"
#include "frame_header.h"

int wsp_frame_header_decode(wsp_frame_header *h, const uint8_t *in, size_t len)
{
    return decode_header(h, in, len);
}

int wsp_frame_header_encode(uint8_t out[WSP_FRAME_HEADER_MAX], const wsp_frame_header *h)
{
    return encode_header(out, h);
}

uint32_t wsp_frame_header_check(const wsp_frame_header *h, const wsp_frame_rules *r)
{
    return check_header(h, r);
}

const char *wsp_opcode_name(uint8_t opcode)
{
    static const char *const names[16] = {"continuation", "text",       "binary",     "reserved-3",
                                          "reserved-4",   "reserved-5", "reserved-6", "reserved-7",
                                          "close",        "ping",       "pong",       "reserved-b",
                                          "reserved-c",   "reserved-d", "reserved-e", "reserved-f"};
    return names[opcode & 15];
}
