/* Frames to messages. See message.h for how it is used. */
#include "wsproto/message.h"

#include "internal.h"
#include "message_inflate.h"
#include "wsproto/close.h"
#include "wsproto/mask.h"

#include <string.h>

static const uint8_t nothing[1];

void wsp_message_init(wsp_message *m, const wsp_message_rules *rules)
{
    memset(m, 0, sizeof *m);
    if (rules)
        m->rules = *rules;
}

static void begin(wsp_message *m, open_message *o, const wsp_frame_header *h)
{
    /* RFC 7692 6: RSV1 says so on the first frame of a data message, and nowhere else. */
    o->opcode = h->opcode;
    o->compressed = (h->rsv & WSP_RSV1) && !wsp_opcode_is_control(h->opcode) &&
                    h->opcode != WSP_OPCODE_CONTINUATION;
    o->inflating = false;
    if (o->compressed && m->rules.inflater) {
        o->inflating = m->rules.inflater->begin(m->rules.inflater);
        m->inflated = (struct wsp_message_inflating){0};
    }
    o->check_utf8 = (h->opcode == WSP_OPCODE_TEXT && o->compressed == o->inflating) ||
                    h->opcode == WSP_OPCODE_CLOSE;
    o->utf8.needed = 0;
    o->frames = o->before = o->next = 0;
}

/* What a frame's header tells about the message that it belongs to. A limit is passed only once. */
static uint32_t judge_header(const wsp_message *m, const open_message *o, const wsp_frame_header *h)
{
    if (h->opcode == WSP_OPCODE_CLOSE)
        return h->payload_length == 1 ? WSP_V_CLOSE_SHORT : 0;
    if (wsp_opcode_is_control(h->opcode))
        return 0;
    uint32_t set = 0;
    uint64_t max = m->rules.max_message;
    if (max && !o->compressed && o->before <= max && h->payload_length > max - o->before)
        set |= WSP_V_LIMIT_MESSAGE;
    if (m->rules.max_fragments && o->frames - 1 == m->rules.max_fragments)
        set |= WSP_V_LIMIT_FRAGMENTS;
    return set;
}

/* A frame begins: with it a message, unless it continues one. */
static void begin_frame(wsp_message *m, open_message *o, const wsp_event *ev,
                        wsp_message_event *mev)
{
    const wsp_frame_header *h = ev->frame;
    bool control = wsp_opcode_is_control(h->opcode);
    if (control || h->opcode != WSP_OPCODE_CONTINUATION || !m->data_open) {
        begin(m, o, h);
        mev->first = true;
    } else {
        o->before = o->next;
    }
    if (!control)
        m->data_open = true;
    if (o->inflating)
        m->inflated.frame_at = ev->at;
    o->frames++;
    mev->violations |= judge_header(m, o, h);
}

/* Cut the event behind byte `i` of its data, which breaks `rule`. */
static void cut_at(wsp_message_event *mev, uint64_t stream_at, size_t i, uint32_t rule)
{
    mev->len = i + 1;
    mev->violations |= rule;
    mev->violation_at = stream_at + i;
}

/* The first two bytes of a Close are the code (5.5.1); its reason begins behind them. */
static size_t check_close_code(wsp_message *m, wsp_message_event *mev, uint64_t stream_at)
{
    size_t i = 0;
    for (; i < mev->len && mev->offset + i < 2; i++) {
        if (mev->offset + i == 0) {
            m->close_high = mev->data[i];
        } else if (!wsp_close_code_valid((uint16_t)(m->close_high << 8 | mev->data[i]))) {
            cut_at(mev, stream_at, i, WSP_V_CLOSE_CODE);
            return mev->len;
        }
    }
    return i;
}

/* Look at the bytes of the event; cut it behind the first wrong one. */
static void check_payload(wsp_message *m, open_message *o, wsp_message_event *mev,
                          uint64_t stream_at)
{
    if (mev->offset != o->next) /* a gap: what the missing bytes were is unknown */
        o->check_utf8 = false;
    if (o->check_utf8 && mev->len) {
        size_t from = 0;
        if (o->opcode == WSP_OPCODE_CLOSE)
            from = check_close_code(m, mev, stream_at);
        size_t good = from + wsp_utf8_feed(&o->utf8, mev->data + from, mev->len - from);
        if (good < mev->len) {
            uint32_t rule = o->opcode == WSP_OPCODE_CLOSE ? WSP_V_CLOSE_UTF8 : WSP_V_TEXT_UTF8;
            cut_at(mev, stream_at, good, rule);
            o->check_utf8 = false;
        }
    }
    o->next = mev->offset + mev->len;
}

/*
 * Unmask what there is of the event's bytes from m->taken on, judge it, and cut it behind a wrong
 * byte. What was unmasked past the cut in the caller's own input is masked again for the next call.
 */
static void take_payload(wsp_message *m, open_message *o, const wsp_event *ev, uint8_t *out,
                         size_t size, uint64_t stream_at, wsp_message_event *mev)
{
    const uint8_t *in = ev->len ? ev->data + m->taken : nothing;
    size_t len = ev->len - m->taken;
    uint64_t offset = ev->offset + m->taken;
    bool masked = ev->frame->masked;
    if (out && out == ev->data) /* in place: each byte where it lies */
        out += m->taken;
    size_t room = out ? size : 0;
    if (masked && len > room)
        len = room;
    if (masked)
        wsp_mask(out, in, len, ev->frame->masking_key, offset);
    mev->offset = o->before + offset;
    mev->data = masked && len ? out : in;
    mev->len = len;
    check_payload(m, o, mev, stream_at);
    if (masked && out == in && mev->len < len)
        wsp_mask(out + mev->len, in + mev->len, len - mev->len, ev->frame->masking_key,
                 offset + mev->len);
    m->taken += mev->len;
    mev->more = m->taken < ev->len;
}

/* ---- An event ------------------------------------------------------------------------------ */

/* The message ends here. Where text ends inside a character, byte `at` of the stream is to blame.
 */
static void end_message(wsp_message *m, open_message *o, wsp_message_event *mev, uint64_t at)
{
    mev->last = true;
    if (o == &m->data)
        m->data_open = false;
    m->closed |= o->opcode == WSP_OPCODE_CLOSE;
    if (o->check_utf8 && !wsp_utf8_done(&o->utf8)) {
        mev->violations |= o->opcode == WSP_OPCODE_CLOSE ? WSP_V_CLOSE_UTF8 : WSP_V_TEXT_UTF8;
        mev->violation_at = at;
    }
}

/* Any event. */
WSP_APART static void take_any(wsp_message *m, const wsp_event *ev, uint8_t *out, size_t size,
                               wsp_message_event *mev)
{
    const wsp_frame_header *h = ev->frame;
    open_message *o = wsp_opcode_is_control(h->opcode) ? &m->control : &m->data;
    uint64_t stream_at = ev->at + m->taken;

    *mev = (wsp_message_event){0};
    if (ev->type == WSP_EVENT_FRAME) {
        stream_at += (uint64_t)wsp_frame_header_size(h);
        if (!m->frame_begun)
            begin_frame(m, o, ev, mev);
    }
    mev->opcode = o->opcode;
    mev->compressed = o->compressed;
    mev->raw = o->compressed && !o->inflating;
    mev->frames = o->frames;
    if (o->inflating) {
        wsp_message_inflate(m, o, ev, out, size, mev);
        mev->torn = m->inflated.torn;
    } else {
        take_payload(m, o, ev, out, size, stream_at, mev);
    }
    mev->wire_length = o->next;

    m->frame_begun = mev->more;
    if (mev->more)
        return;
    m->taken = 0;
    if (is_end(ev))
        end_message(m, o, mev, o->inflating ? m->inflated.frame_at : stream_at + mev->len - 1);
}

/*
 * Most events are plain: a frame that is a whole uncompressed message, for which there is room.
 * Unless its text is wrong there is nothing to say about it, so it takes the short way.
 */
static inline bool is_plain(const wsp_message *m, const wsp_event *ev, const uint8_t *out,
                            size_t size)
{
    const wsp_frame_header *h = ev->frame;
    if (h->opcode != WSP_OPCODE_TEXT && h->opcode != WSP_OPCODE_BINARY)
        return false;
    return h->fin && !h->rsv && ev->type == WSP_EVENT_FRAME && !ev->bytes_left && !m->data_open &&
           (!h->masked || (out && ev->len <= size)) &&
           (!m->rules.max_message || ev->len <= m->rules.max_message);
}

WSP_APART static void take_plain_text(wsp_message *m, const wsp_event *ev, uint8_t *out,
                                      size_t size, wsp_message_event *mev)
{
    const wsp_frame_header *h = ev->frame;
    wsp_utf8 utf8 = {0};
    if (h->masked)
        wsp_mask(out, ev->data, ev->len, h->masking_key, 0);
    if (wsp_utf8_feed(&utf8, mev->data, ev->len) == ev->len && wsp_utf8_done(&utf8))
        return;
    if (h->masked && out == ev->data) /* as it came, for the long way */
        wsp_mask(out, ev->data, ev->len, h->masking_key, 0);
    take_any(m, ev, out, size, mev);
}

void wsp_message_next(wsp_message *m, const wsp_event *ev, uint8_t *out, size_t size,
                      wsp_message_event *mev)
{
    if (!is_plain(m, ev, out, size)) {
        take_any(m, ev, out, size, mev);
        return;
    }
    const wsp_frame_header *h = ev->frame;
    *mev = (wsp_message_event){.opcode = h->opcode,
                               .first = true,
                               .last = true,
                               .frames = 1,
                               .wire_length = ev->len,
                               .data = h->masked ? out : ev->data,
                               .len = ev->len};
    if (h->opcode == WSP_OPCODE_TEXT && ev->len)
        take_plain_text(m, ev, out, size, mev);
    else if (h->masked)
        wsp_mask(out, ev->data, ev->len, h->masking_key, 0);
}

void wsp_message_abandon(wsp_message *m)
{
    m->data_open = false;
    if (!m->rules.inflater)
        return;
    m->rules.inflater->lost(m->rules.inflater); /* compressed frames may be among what is lost */
    if (m->data.inflating)
        wsp_message_tear(m, &m->data);
}

uint32_t wsp_message_end(const wsp_message *m)
{
    return m->data_open && !m->closed ? WSP_V_TRUNCATED : 0;
}
