/*
 * Decoding and judging one frame header (RFC 6455 5.2), inline: frame.c gives both to everybody,
 * and the reader, which does both for every frame, has them without a call.
 */
#ifndef WSPROTO_FRAME_HEADER_H
#define WSPROTO_FRAME_HEADER_H

#include "wsproto/frame.h"

#include <string.h>

/* What the 7-bit length field says: up to 125 is the length itself, the rest announce more bytes.
 */
enum { LENGTH_IN_16 = 126, LENGTH_IN_64 = 127 };

static inline uint64_t get_big_endian(const uint8_t *in, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | in[i];
    return value;
}

static inline uint8_t shortest_form(uint64_t payload_length)
{
    return payload_length <= 125 ? 7 : payload_length <= 0xffff ? 16 : 64;
}

static inline int decode_header(wsp_frame_header *h, const uint8_t *in, size_t len)
{
    if (len < 2)
        return 0;
    uint8_t first = in[0], second = in[1];
    h->fin = first >> 7;
    h->rsv = first >> 4 & 7;
    h->opcode = first & 15;
    h->masked = second >> 7;

    uint8_t length_field = second & 127;
    size_t length_bytes = length_field == LENGTH_IN_64 ? 8 : length_field == LENGTH_IN_16 ? 2 : 0;
    size_t key_at = 2 + length_bytes;
    size_t size = h->masked ? key_at + 4 : key_at;
    if (len < size)
        return 0;

    if (h->masked)
        memcpy(h->masking_key, in + key_at, 4);
    else
        memset(h->masking_key, 0, 4);
    h->length_form = length_bytes ? (uint8_t)(length_bytes * 8) : 7;
    h->payload_length = length_bytes ? get_big_endian(in + 2, length_bytes) : length_field;
    return (int)size;
}

/* 5.5: control frames are whole, short, and interrupt a fragmented message freely. */
static inline uint32_t check_control(const wsp_frame_header *h)
{
    uint32_t set = 0;
    if (!h->fin)
        set |= WSP_V_CONTROL_FRAGMENTED;
    if (h->payload_length > WSP_CONTROL_PAYLOAD_MAX)
        set |= WSP_V_CONTROL_TOO_LONG;
    return set;
}

/* 5.4: a message's frames follow each other: first its opcode, then only continuations. */
static inline uint32_t check_order(const wsp_frame_header *h, bool in_message)
{
    bool continuation = h->opcode == WSP_OPCODE_CONTINUATION;
    if (continuation && !in_message)
        return WSP_V_CONTINUATION_UNEXPECTED;
    if (!continuation && in_message)
        return WSP_V_CONTINUATION_EXPECTED;
    return 0;
}

/* 5.2 and RFC 7692 6: a bit that an extension gave a meaning. RSV1 belongs to the first frame of a
 * data message. */
static inline uint32_t check_rsv(const wsp_frame_header *h, uint8_t rsv_allowed)
{
    if (wsp_opcode_is_control(h->opcode) || h->opcode == WSP_OPCODE_CONTINUATION)
        rsv_allowed &= (uint8_t)~WSP_RSV1;
    return h->rsv & ~rsv_allowed ? WSP_V_RSV_UNNEGOTIATED : 0;
}

/* 5.1 and 5.3: who masks. */
static inline uint32_t check_mask(const wsp_frame_header *h, wsp_sender sender)
{
    if (h->masked)
        return sender == WSP_FROM_SERVER ? WSP_V_MASK_UNEXPECTED : 0;
    return sender == WSP_FROM_CLIENT ? WSP_V_MASK_MISSING : 0;
}

/* 5.2: the shortest form of the length, and 63 bits at most. */
static inline uint32_t check_length(const wsp_frame_header *h)
{
    uint32_t set = 0;
    if (h->length_form > shortest_form(h->payload_length))
        set |= WSP_V_LENGTH_NOT_MINIMAL;
    if (h->payload_length >> 63)
        set |= WSP_V_LENGTH_MSB;
    return set;
}

static inline uint32_t check_header(const wsp_frame_header *h, const wsp_frame_rules *r)
{
    bool control = wsp_opcode_is_control(h->opcode);
    uint32_t set = control ? check_control(h) : check_order(h, r->in_message);
    if (h->rsv)
        set |= check_rsv(h, r->rsv_allowed);
    if ((h->opcode & 7) > 2) /* 3 to 7 and B to F */
        set |= WSP_V_OPCODE_RESERVED;
    set |= check_mask(h, r->sender);
    if (h->payload_length > 125 || h->length_form != 7) /* else it fits the shortest form */
        set |= check_length(h);
    if (r->max_payload && h->payload_length > r->max_payload)
        set |= WSP_V_LIMIT_FRAME;
    return set;
}

#endif
