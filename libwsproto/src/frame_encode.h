/*
 * Encoding one frame header, inline: frame.c gives it to everybody, and an endpoint, which does it
 * for every frame, has it without a call.
 */
#ifndef WSPROTO_FRAME_ENCODE_H
#define WSPROTO_FRAME_ENCODE_H

#include "frame_header.h"
#include "wsproto/error.h"

/* Returns `bytes`. */
static inline int put_big_endian(uint8_t *out, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--, value >>= 8)
        out[i] = (uint8_t)value;
    return bytes;
}

static inline int encode_header(uint8_t out[WSP_FRAME_HEADER_MAX], const wsp_frame_header *h)
{
    uint8_t shortest = shortest_form(h->payload_length);
    uint8_t form = h->length_form ? h->length_form : shortest;
    if (h->rsv > 7 || h->opcode > 15 || form < shortest)
        return WSP_ERR_RANGE;

    int size = 2;
    uint8_t length_field = (uint8_t)h->payload_length;
    switch (form) {
    case 7: break;
    case 16: /* apart from 64: a fixed number of bytes is one store */
        length_field = LENGTH_IN_16;
        size += put_big_endian(out + size, h->payload_length, 2);
        break;
    case 64:
        length_field = LENGTH_IN_64;
        size += put_big_endian(out + size, h->payload_length, 8);
        break;
    default: return WSP_ERR_RANGE;
    }
    out[0] = (uint8_t)((h->fin ? 0x80 : 0) | h->rsv << 4 | h->opcode);
    out[1] = (uint8_t)((h->masked ? 0x80 : 0) | length_field);
    if (!h->masked)
        return size;
    memcpy(out + size, h->masking_key, 4);
    return size + 4;
}

#endif
