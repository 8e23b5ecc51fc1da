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

/* Put the next bytes of a header behind those that came before, and try again. */
static size_t join_header(wsp_reader *r, const uint8_t *in, size_t len, bool *whole)
{
    size_t before = r->header_len;
    size_t room = sizeof r->header - before;
    size_t taken = len < room ? len : room;
    memcpy(r->header + before, in, taken);
    int size = wsp_frame_header_decode(&r->frame, r->header, before + taken);
    *whole = size > 0;
    r->header_len = *whole ? 0 : (uint8_t)(before + taken);
    return *whole ? (size_t)size - before : taken;
}

/*
 * Decode the header at the front of `in`, whose first bytes may have come with an earlier call.
 * Returns how many bytes of `in` were used and sets *whole, or keeps them all.
 */
static size_t read_header(wsp_reader *r, const uint8_t *in, size_t len, bool *whole)
{
    if (r->header_len == 0) { /* nearly always: nothing is copied */
        int size = wsp_frame_header_decode(&r->frame, in, len);
        *whole = size > 0;
        if (*whole)
            return (size_t)size;
    }
    return join_header(r, in, len, whole);
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
    if (len == 0 && !r->end_hidden) {
        *ev = (wsp_event){.at = r->at};
        return 0;
    }
    if (r->in_payload) {
        ev->type = WSP_EVENT_PAYLOAD;
        ev->at = r->at;
        ev->violations = 0;
        r->end_hidden = false;
        return give_payload(r, in, len, ev);
    }

    uint64_t at = r->at - r->header_len;
    bool whole;
    size_t used = read_header(r, in, len, &whole);
    r->at += used;
    r->lost = false;
    if (!whole) {
        *ev = (wsp_event){.at = at};
        return used;
    }
    ev->type = WSP_EVENT_FRAME;
    ev->at = at;
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
