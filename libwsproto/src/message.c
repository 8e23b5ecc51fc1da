/* Frames to messages. See message.h for how it is used. */
#include "wsproto/message.h"

#include "wsproto/close.h"
#include "wsproto/mask.h"

#include <string.h>

typedef struct wsp_message_open open_message;

void wsp_message_init(wsp_message *m, const wsp_message_rules *rules)
{
    memset(m, 0, sizeof *m);
    if (rules)
        m->rules = *rules;
}

static void begin(open_message *o, const wsp_frame_header *h)
{
    /* RFC 7692 6: RSV1 says so on the first frame of a data message, and nowhere else. */
    o->opcode = h->opcode;
    o->compressed = (h->rsv & WSP_RSV1) && !wsp_opcode_is_control(h->opcode) &&
                    h->opcode != WSP_OPCODE_CONTINUATION;
    o->check_utf8 =
        (h->opcode == WSP_OPCODE_TEXT && !o->compressed) || h->opcode == WSP_OPCODE_CLOSE;
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
static void begin_frame(wsp_message *m, open_message *o, const wsp_frame_header *h,
                        wsp_message_event *mev)
{
    bool control = wsp_opcode_is_control(h->opcode);
    if (control || h->opcode != WSP_OPCODE_CONTINUATION || !m->data_open) {
        begin(o, h);
        mev->first = true;
    } else {
        o->before = o->next;
    }
    if (!control)
        m->data_open = true;
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

/* The message ends here: `last_byte` is where its last frame does, in the stream. */
static void end_message(wsp_message *m, open_message *o, wsp_message_event *mev, uint64_t last_byte)
{
    mev->last = true;
    if (o == &m->data)
        m->data_open = false;
    if (o->check_utf8 && !wsp_utf8_done(&o->utf8)) {
        mev->violations |= o->opcode == WSP_OPCODE_CLOSE ? WSP_V_CLOSE_UTF8 : WSP_V_TEXT_UTF8;
        mev->violation_at = last_byte;
    }
}

/*
 * Unmask what there is of the event's bytes from m->taken on, judge it, and cut it behind a wrong
 * byte. What was unmasked past the cut in the caller's own input is masked again for the next call.
 */
static void take_payload(wsp_message *m, open_message *o, const wsp_event *ev, uint8_t *out,
                         size_t size, uint64_t stream_at, wsp_message_event *mev)
{
    static const uint8_t nothing[1];
    const uint8_t *in = ev->len ? ev->data + m->taken : nothing;
    size_t len = ev->len - m->taken;
    uint64_t offset = ev->offset + m->taken;
    bool masked = ev->frame->masked;
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
}

void wsp_message_next(wsp_message *m, const wsp_event *ev, uint8_t *out, size_t size,
                      wsp_message_event *mev)
{
    const wsp_frame_header *h = ev->frame;
    bool control = wsp_opcode_is_control(h->opcode);
    open_message *o = control ? &m->control : &m->data;
    uint64_t stream_at = ev->at + m->taken;

    if (out && out == ev->data) /* in place: each byte where it lies */
        out += m->taken;
    *mev = (wsp_message_event){0};
    if (ev->type == WSP_EVENT_FRAME) {
        stream_at += (uint64_t)wsp_frame_header_size(h);
        if (!m->frame_begun)
            begin_frame(m, o, h, mev);
    }
    mev->opcode = o->opcode;
    mev->compressed = o->compressed;
    mev->frames = o->frames;
    take_payload(m, o, ev, out, size, stream_at, mev);

    m->taken += mev->len;
    mev->more = m->taken < ev->len;
    m->frame_begun = mev->more;
    if (mev->more)
        return;
    m->taken = 0;
    if (ev->bytes_left == 0 && (h->fin || control))
        end_message(m, o, mev, stream_at + mev->len - 1);
}

void wsp_message_abandon(wsp_message *m)
{
    m->data_open = false;
}

uint32_t wsp_message_end(const wsp_message *m)
{
    return m->data_open ? WSP_V_TRUNCATED : 0;
}
