/* Bytes to frames. See reader.h for how it is used. */
#include "wsproto/reader.h"

#include <string.h>

void wsp_reader_init(wsp_reader *r, const wsp_frame_rules *rules)
{
    memset(r, 0, sizeof *r);
    r->rules = *rules;
}

/* Keep track of whether a message is open and whether a Close has passed. */
static void follow(wsp_reader *r, const wsp_frame_header *h)
{
    if (h->opcode == WSP_OPCODE_CLOSE)
        r->close_seen = true;
    if (wsp_opcode_is_control(h->opcode))
        return;
    r->rules.in_message = !h->fin;
    r->message_unsure = false;
}

static uint32_t judge(const wsp_reader *r, const wsp_frame_header *h)
{
    uint32_t set = wsp_frame_header_check(h, &r->rules);
    if (r->message_unsure)
        set &= ~(WSP_V_CONTINUATION_UNEXPECTED | WSP_V_CONTINUATION_EXPECTED);
    if (r->close_seen)
        set |= WSP_V_AFTER_CLOSE;
    return set;
}

/*
 * Decode the header at the front of `in`, whose first bytes may have come with an earlier call.
 * Returns how many bytes of `in` were used and sets *size to the header's size, 0 = not whole yet.
 */
static size_t read_header(wsp_reader *r, const uint8_t *in, size_t len, size_t *size)
{
    if (r->header_len == 0) {
        int whole = wsp_frame_header_decode(&r->frame, in, len);
        *size = (size_t)whole;
        if (whole)
            return (size_t)whole;
    }
    size_t before = r->header_len;
    size_t room = sizeof r->header - before;
    size_t taken = len < room ? len : room;
    memcpy(r->header + before, in, taken);
    *size = (size_t)wsp_frame_header_decode(&r->frame, r->header, before + taken);
    if (*size == 0) {
        r->header_len = (uint8_t)(before + taken);
        return taken;
    }
    r->header_len = 0;
    return *size - before;
}

/* Give the next piece of payload, as much as there is. Returns its length. */
static size_t give_payload(wsp_reader *r, const uint8_t *in, size_t len, wsp_event *ev)
{
    size_t piece = len < r->bytes_left ? len : (size_t)r->bytes_left;
    ev->frame = &r->frame;
    ev->offset = r->frame.payload_length - r->bytes_left;
    r->bytes_left -= piece;
    r->at += piece;
    r->in_payload = r->bytes_left > 0;
    ev->bytes_left = r->bytes_left;
    ev->data = in;
    ev->len = piece;
    return piece;
}

size_t wsp_reader_next(wsp_reader *r, const uint8_t *in, size_t len, wsp_event *ev)
{
    *ev = (wsp_event){.at = r->at};
    if (r->in_payload) {
        if (len == 0 && !r->end_hidden)
            return 0;
        ev->type = WSP_EVENT_PAYLOAD;
        r->end_hidden = false;
        return give_payload(r, in, len, ev);
    }
    if (len == 0)
        return 0;

    ev->at = r->at - r->header_len;
    size_t size;
    size_t used = read_header(r, in, len, &size);
    r->at += used;
    r->lost = false;
    if (size == 0)
        return used;
    ev->type = WSP_EVENT_FRAME;
    ev->violations = judge(r, &r->frame);
    follow(r, &r->frame);
    r->bytes_left = r->frame.payload_length;
    return used + give_payload(r, in + used, len - used, ev);
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
