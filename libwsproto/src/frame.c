/* One frame header: decode, encode, check (RFC 6455 5.2). */
#include "frame_header.h"
#include "wsproto/error.h"

static void put_big_endian(uint8_t *out, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--, value >>= 8)
        out[i] = (uint8_t)value;
}

int wsp_frame_header_decode(wsp_frame_header *h, const uint8_t *in, size_t len)
{
    return decode_header(h, in, len);
}

int wsp_frame_header_encode(uint8_t out[WSP_FRAME_HEADER_MAX], const wsp_frame_header *h)
{
    uint8_t shortest = shortest_form(h->payload_length);
    uint8_t form = h->length_form ? h->length_form : shortest;
    if (h->rsv > 7 || h->opcode > 15 || (form != 7 && form != 16 && form != 64) || form < shortest)
        return WSP_ERR_RANGE;

    int length_bytes = form == 7 ? 0 : form / 8;
    uint8_t length_field = form == 7    ? (uint8_t)h->payload_length
                           : form == 16 ? LENGTH_IN_16
                                        : LENGTH_IN_64;
    out[0] = (uint8_t)((h->fin ? 0x80 : 0) | h->rsv << 4 | h->opcode);
    out[1] = (uint8_t)((h->masked ? 0x80 : 0) | length_field);
    put_big_endian(out + 2, h->payload_length, length_bytes);
    if (!h->masked)
        return 2 + length_bytes;
    memcpy(out + 2 + length_bytes, h->masking_key, 4);
    return 2 + length_bytes + 4;
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
