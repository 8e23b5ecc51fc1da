/*
 * One frame header: bytes to fields, fields to bytes, and which rules the fields break.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-------+-+-------------+-------------------------------+
 *     |F|R|R|R| opcode|M| length 0-125|   length, 16 bits (if 126)    |
 *     |I|S|S|S|  (4)  |A| or 126, 127 |   length, 64 bits (if 127)    |
 *     |N|V|V|V|       |S|             |                               |
 *     | |1|2|3|       |K|             |   masking key (if MASK = 1)   |
 *     +-+-+-+-+-------+-+-------------+-------------------------------+
 *
 * RFC 6455 5.2. Decoding and judging are apart: wsp_frame_header_decode keeps whatever the bytes
 * say, legal or not; wsp_frame_header_check is a pure function that names every broken rule.
 */
#ifndef WSPROTO_FRAME_H
#define WSPROTO_FRAME_H

#include "wsproto/api.h"
#include "wsproto/violation.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* RFC 6455 11.8. 0x3 to 0x7 are reserved for further data frames, 0xB to 0xF for control frames. */
typedef enum wsp_opcode {
    WSP_OPCODE_CONTINUATION = 0x0,
    WSP_OPCODE_TEXT = 0x1,
    WSP_OPCODE_BINARY = 0x2,
    WSP_OPCODE_CLOSE = 0x8,
    WSP_OPCODE_PING = 0x9,
    WSP_OPCODE_PONG = 0xA,
} wsp_opcode;

/* Bits of wsp_frame_header.rsv. */
#define WSP_RSV1 \
    4 /* "this message is compressed" where permessage-deflate is in use (RFC 7692 6) */
#define WSP_RSV2 2
#define WSP_RSV3 1

/* The longest header: 2 bytes, 8 of extended length, 4 of masking key. */
#define WSP_FRAME_HEADER_MAX 14
/* The longest legal payload of a control frame (RFC 6455 5.5). */
#define WSP_CONTROL_PAYLOAD_MAX 125

typedef struct wsp_frame_header {
    uint8_t fin;             /* 0 or 1: last (or only) frame of its message */
    uint8_t rsv;             /* 0 to 7, RSV1 = 4, RSV2 = 2, RSV3 = 1 */
    uint8_t opcode;          /* 0 to 15, raw: reserved ones too */
    uint8_t masked;          /* 0 or 1: a masking key follows */
    uint8_t length_form;     /* bits of the length field: 7, 16 or 64 as on the wire; 0 when
                                encoding = the shortest that fits */
    uint8_t masking_key[4];  /* in wire order; all zero when not masked */
    uint64_t payload_length; /* bytes; all 64 bits, even the top one that must be 0 */
} wsp_frame_header;

/* Who sent the bytes: clients must mask, servers must not (RFC 6455 5.1). */
typedef enum wsp_sender {
    WSP_FROM_CLIENT,
    WSP_FROM_SERVER,
    WSP_FROM_UNKNOWN, /* the mask rule is off */
} wsp_sender;

/* What is legal right now. All zero = a client's bytes, no extension, between messages, no limit.
 */
typedef struct wsp_frame_rules {
    wsp_sender sender;
    uint8_t rsv_allowed;  /* bits that a negotiated extension gave a meaning */
    bool in_message;      /* a fragmented message is open: a continuation must come next */
    uint64_t max_payload; /* bytes; 0 = no limit */
} wsp_frame_rules;

/*
 * Decode the header at the start of `in`.
 *
 * Takes `len` bytes that stay the caller's; reads no byte past the header. Every byte sequence
 * decodes. Returns the header's size, 2 to 14, and fills *h; or 0 when `len` bytes do not hold the
 * whole header yet (*h is then unspecified: call again with more bytes).
 */
WSP_API int wsp_frame_header_decode(wsp_frame_header *h, const uint8_t *in, size_t len);

/*
 * Encode `h` into `out`. Illegal headers are encoded as asked (any rsv, opcode, mask bit, length
 * form longer than needed, top bit of the length), so that tests can speak wrongly on purpose.
 *
 * fin and masked count as 1 when not 0. Returns the number of bytes written, 2 to 14; or
 * WSP_ERR_RANGE, with `out` untouched, when rsv > 7, opcode > 15, length_form is none of
 * 0, 7, 16, 64, or payload_length does not fit length_form.
 */
WSP_API int wsp_frame_header_encode(uint8_t out[WSP_FRAME_HEADER_MAX], const wsp_frame_header *h);

/*
 * Which rules does `h` break under `r`? A set of WSP_V_* bits, 0 = legal. Pure: no state.
 * All broken rules are in the set, not only the first.
 */
WSP_API uint32_t wsp_frame_header_check(const wsp_frame_header *h, const wsp_frame_rules *r);

/* Is this opcode a control frame's (0x8 to 0xF, RFC 6455 5.5)? */
static inline bool wsp_opcode_is_control(uint8_t opcode)
{
    return (opcode & 0x8) != 0;
}

/* The size of a decoded header on the wire, 2 to 14 bytes. */
static inline int wsp_frame_header_size(const wsp_frame_header *h)
{
    return 2 + (h->length_form == 64 ? 8 : h->length_form == 16 ? 2 : 0) + (h->masked ? 4 : 0);
}

/*
 * "continuation", "text", "binary", "close", "ping", "pong"; for a reserved opcode
 * "reserved-3" … "reserved-f". Static text, never NULL; only the low 4 bits of `opcode` count.
 */
WSP_API const char *wsp_opcode_name(uint8_t opcode);

#ifdef __cplusplus
}
#endif

#endif
