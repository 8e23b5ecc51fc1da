/* Bytes to frames. See reader.h for how it is used. */
#include "wsproto/reader.h"

#include "frame_header.h"
#include "internal.h"

#include <string.h>

void wsp_reader_init(wsp_reader *r, const wsp_frame_rules *rules)
{
    memset(r, 0, sizeof *r);
    r->rules = *rules;
}

/* Judge the frame, and keep track of whether a message is open and whether a Close has passed. */
static uint32_t judge(wsp_reader *r)
{
    const wsp_frame_header *h = &r->frame;
    uint32_t set = check_header(h, &r->rules);
    if (r->message_unsure)
        set &= ~(WSP_V_CONTINUATION_UNEXPECTED | WSP_V_CONTINUATION_EXPECTED);
    if (r->close_seen)
        set |= WSP_V_AFTER_CLOSE;
    if (h->opcode == WSP_OPCODE_CLOSE)
        r->close_seen = true;
    if (!wsp_opcode_is_control(h->opcode)) {
        r->rules.in_message = !h->fin;
        r->message_unsure = false;
    }
    return set;
}

/* Give the next piece of payload, as much as there is. Returns its length. */
static inline size_t give_payload(wsp_reader *r, uint64_t left, const uint8_t *in, size_t len,
                                  wsp_event *ev)
{
    size_t piece = len < left ? len : (size_t)left;
    ev->frame = &r->frame;
    ev->bytes_left = left - piece;
    ev->data = in;
    ev->len = piece;
    r->bytes_left = left - piece;
    r->in_payload = left > piece;
    return piece;
}

/* r->frame is whole, and its header ends with the first `used` bytes of `in`: give the frame. */
static inline size_t give_frame(wsp_reader *r, uint64_t at, const uint8_t *in, size_t len,
                                size_t used, uint32_t violations, wsp_event *ev)
{
    ev->type = WSP_EVENT_FRAME;
    ev->at = at;
    ev->violations = violations;
    ev->offset = 0;
    used += give_payload(r, r->frame.payload_length, in + used, len - used, ev);
    r->at += used;
    return used;
}

/* The payload goes on. */
static size_t go_on(wsp_reader *r, const uint8_t *in, size_t len, wsp_event *ev)
{
    ev->type = WSP_EVENT_PAYLOAD;
    ev->at = r->at;
    ev->violations = 0;
    ev->offset = r->frame.payload_length - r->bytes_left;
    r->end_hidden = false;
    size_t used = give_payload(r, r->bytes_left, in, len, ev);
    r->at += used;
    return used;
}

/* A header in pieces: put the next bytes behind those that came before, and try again. */
static size_t join_header(wsp_reader *r, const uint8_t *in, size_t len, wsp_event *ev)
{
    size_t before = r->header_len;
    size_t room = sizeof r->header - before;
    size_t taken = len < room ? len : room;
    memcpy(r->header + before, in, taken);
    int size = decode_header(&r->frame, r->header, before + taken);
    if (size > 0) {
        r->header_len = 0;
        return give_frame(r, r->at - before, in, len, (size_t)size - before, judge(r), ev);
    }
    r->header_len = (uint8_t)(before + taken);
    *ev = (wsp_event){.at = r->at - before};
    r->at += taken;
    return taken;
}

WSP_APART static size_t next_of_any(wsp_reader *r, const uint8_t *in, size_t len, wsp_event *ev)
{
    if (len == 0 && !r->end_hidden) {
        *ev = (wsp_event){.at = r->at};
        return 0;
    }
    if (r->in_payload)
        return go_on(r, in, len, ev);
    r->lost = false;
    int size = r->header_len == 0 ? decode_header(&r->frame, in, len) : 0;
    if (size == 0)
        return join_header(r, in, len, ev);
    return give_frame(r, r->at, in, len, (size_t)size, judge(r), ev);
}

/*
 * Most frames are plain: a message of data in one frame, between messages, masked as it should be,
 * less than 64 KiB. Such a frame breaks no rule and changes nothing, so it takes the short way.
 */
static inline bool is_plain(const wsp_reader *r, const uint8_t *in, size_t len)
{
    if (len < WSP_FRAME_HEADER_MAX || r->header_len || r->in_payload || r->close_seen ||
        r->message_unsure || r->rules.in_message || r->rules.max_payload)
        return false;
    if (in[0] != (0x80 | WSP_OPCODE_TEXT) && in[0] != (0x80 | WSP_OPCODE_BINARY))
        return false;
    uint8_t length = in[1] & 127;
    wsp_sender sender = in[1] & 0x80 ? WSP_FROM_CLIENT : WSP_FROM_SERVER;
    return r->rules.sender == sender &&
           (length < LENGTH_IN_16 || (length == LENGTH_IN_16 && (in[2] || in[3] > 125)));
}

size_t wsp_reader_next(wsp_reader *r, const uint8_t *in, size_t len, wsp_event *ev)
{
    if (!is_plain(r, in, len))
        return next_of_any(r, in, len, ev);
    int size = decode_header(&r->frame, in, WSP_FRAME_HEADER_MAX);
    return give_frame(r, r->at, in, len, (size_t)size, 0, ev);
}

void wsp_reader_gap(wsp_reader *r, uint64_t bytes)
{
    r->at += bytes;
    if (r->in_payload && bytes && bytes < r->bytes_left) {
        r->bytes_left -= bytes;
        return;
    }
    bool exact = r->in_payload && bytes && bytes == r->bytes_left;
    if (r->in_payload) {
        r->bytes_left = 0;
        r->end_hidden = true;
    }
    if (exact)
        return;
    r->header_len = 0;
    r->lost = true;
    r->message_unsure = true;
}

bool wsp_reader_lost(const wsp_reader *r)
{
    return r->lost;
}

uint32_t wsp_reader_end(const wsp_reader *r)
{
    return r->header_len || (r->in_payload && r->bytes_left) ? WSP_V_TRUNCATED : 0;
}
