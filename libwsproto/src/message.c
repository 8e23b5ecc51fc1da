/* Frames to messages. See message.h for how it is used. */
#include "wsproto/message.h"

#include "wsproto/close.h"
#include "wsproto/mask.h"

#include <string.h>

typedef struct wsp_message_open open_message;

/* Masked DEFLATE is unmasked here, so much at a time, on its way to the inflater. */
enum { UNMASKED_AT_ONCE = 4096 };
/* A ratio is judged from so many inflated bytes on. */
enum { RATIO_FROM = 1024 };
/* No byte of DEFLATE inflates to more: a match of 258 bytes takes at least 2 bits. */
enum { INFLATED_PER_BYTE = 1032 };

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

/* ---- Inflating ----------------------------------------------------------------------------- */

typedef struct wsp_message_inflating inflating;

/* No one byte of a compressed message breaks a rule: the first byte of the frame stands for it. */
static void report(const wsp_message *m, wsp_message_event *mev, uint32_t rules)
{
    mev->violations |= rules;
    mev->violation_at = m->inflated.frame_at;
}

/* From here on nothing of the message is known. */
static void tear(wsp_message *m, open_message *o)
{
    m->inflated.torn = true;
    m->inflated.full = false;
    o->check_utf8 = false;
}

/* Does this event end the message? */
static bool is_end(const wsp_event *ev)
{
    return ev->bytes_left == 0 && (ev->frame->fin || wsp_opcode_is_control(ev->frame->opcode));
}

/*
 * How long the message may be once `wire` bytes of it are inflated: the lowest limit that was not
 * reported yet, and in *rules the one or two that say so.
 */
static uint64_t inflated_limit(const wsp_message *m, uint64_t wire, uint32_t *rules)
{
    uint64_t by_size = UINT64_MAX, by_ratio = UINT64_MAX, ratio = m->rules.max_ratio;
    if (m->rules.max_inflated && !(m->inflated.exceeded & WSP_V_LIMIT_INFLATED))
        by_size = m->rules.max_inflated;
    if (ratio && !(m->inflated.exceeded & WSP_V_LIMIT_RATIO)) {
        by_ratio = wire > UINT64_MAX / ratio ? UINT64_MAX : wire * ratio;
        if (by_ratio < RATIO_FROM)
            by_ratio = RATIO_FROM - 1;
    }
    *rules = (by_size <= by_ratio ? WSP_V_LIMIT_INFLATED : 0) |
             (by_ratio <= by_size ? WSP_V_LIMIT_RATIO : 0);
    return by_size < by_ratio ? by_size : by_ratio;
}

/*
 * How many of the next `len` bytes can go to the inflater together, so that the ratio is judged as
 * if they went one by one: as many as cannot exceed it, whatever they are, or else one.
 */
static size_t judged_at_once(const wsp_message *m, uint64_t wire, size_t len)
{
    if (!m->rules.max_ratio || (m->inflated.exceeded & WSP_V_LIMIT_RATIO) || len == 0)
        return len;
    uint32_t rules;
    uint64_t limit = inflated_limit(m, wire, &rules);
    uint64_t sure = limit > m->inflated.given ? (limit - m->inflated.given) / INFLATED_PER_BYTE : 0;
    if (sure <= 3) /* 2: what may wait in bits that the inflater has already */
        return 1;
    return len < sure - 2 ? len : (size_t)(sure - 2);
}

/* Give the inflater *n of the event's bytes from m->taken on, unmasked. */
static int inflate_some(const wsp_message *m, const wsp_event *ev, size_t *n, bool end,
                        uint8_t *out, size_t *room)
{
    wsp_inflater *inflater = m->rules.inflater;
    if (*n == 0 || !ev->frame->masked)
        return inflater->inflate(inflater, *n ? ev->data + m->taken : nothing, n, end, out, room);
    uint8_t unmasked[UNMASKED_AT_ONCE];
    wsp_mask(unmasked, ev->data + m->taken, *n, ev->frame->masking_key, ev->offset + m->taken);
    return inflater->inflate(inflater, unmasked, n, end, out, room);
}

/* How many of the event's bytes the next turn of the inflater takes. */
static size_t next_input(const wsp_message *m, const open_message *o, const wsp_event *ev,
                         size_t room)
{
    if (m->inflated.full) /* it is emptied first: what a byte inflates to is judged with it */
        return 0;
    size_t n = ev->len - m->taken;
    if (ev->frame->masked && n > UNMASKED_AT_ONCE)
        n = UNMASKED_AT_ONCE;
    if (ev->frame->masked && n > room && n - room > 64) /* or the same bytes are unmasked again */
        n = room + 64;
    return judged_at_once(m, o->before + ev->offset + m->taken, n);
}

/* One turn of the inflater. False when the event ends here: no room, a limit, or all is done. */
static bool take_turn(wsp_message *m, open_message *o, const wsp_event *ev, uint8_t *out,
                      size_t room, wsp_message_event *mev)
{
    inflating *i = &m->inflated;
    uint32_t rules;
    size_t n = next_input(m, o, ev, room);
    bool end = is_end(ev) && n == ev->len - m->taken;
    uint64_t limit = inflated_limit(m, o->before + ev->offset + m->taken + n, &rules);
    bool beyond = i->given >= limit; /* is there a byte past the limit? */
    if (beyond)
        out = &i->beyond;
    size_t got = beyond ? 1 : limit - i->given < room ? (size_t)(limit - i->given) : room;
    if (got == 0)
        return false;

    int result = inflate_some(m, ev, &n, end, out, &got);
    m->taken += n;
    i->full = result > 0;
    if (o->check_utf8 && wsp_utf8_feed(&o->utf8, out, got) < got) {
        o->check_utf8 = false;
        report(m, mev, WSP_V_TEXT_UTF8);
    }
    if (result < 0) {
        tear(m, o);
        report(m, mev, WSP_V_DEFLATE_DATA);
    }
    if (beyond && got) {
        i->held = true;
        i->exceeded |= rules;
        report(m, mev, rules);
        return false;
    }
    i->given += got;
    mev->len += got;
    mev->more = result > 0 || m->taken < ev->len;
    return mev->more && !i->torn;
}

/* Inflate what there is of the event's bytes from m->taken on, as far as there is room. */
static void take_inflated(wsp_message *m, open_message *o, const wsp_event *ev, uint8_t *out,
                          size_t size, wsp_message_event *mev)
{
    inflating *i = &m->inflated;
    size_t room = out && out != ev->data ? size : 0;
    if (o->before + ev->offset + m->taken != o->next && !i->torn) { /* a gap */
        m->rules.inflater->lost(m->rules.inflater);
        tear(m, o);
    }
    mev->offset = i->given;
    mev->data = room ? out : nothing;
    if (!room)
        out = &i->beyond; /* somewhere to point to */
    if (i->held && room) {
        out[0] = i->beyond;
        i->held = false;
        i->given++;
        mev->len = 1;
    }
    mev->more = i->full || m->taken < ev->len || is_end(ev);
    while (mev->more && !i->torn && !i->held)
        if (!take_turn(m, o, ev, out + mev->len, room - mev->len, mev))
            break;
    if (i->torn) { /* the rest is passed over */
        m->taken = ev->len;
        mev->more = i->held;
    }
    o->next = o->before + ev->offset + m->taken;
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

void wsp_message_next(wsp_message *m, const wsp_event *ev, uint8_t *out, size_t size,
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
        take_inflated(m, o, ev, out, size, mev);
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

void wsp_message_abandon(wsp_message *m)
{
    m->data_open = false;
    if (!m->rules.inflater)
        return;
    m->rules.inflater->lost(m->rules.inflater); /* compressed frames may be among what is lost */
    if (m->data.inflating)
        tear(m, &m->data);
}

uint32_t wsp_message_end(const wsp_message *m)
{
    return m->data_open && !m->closed ? WSP_V_TRUNCATED : 0;
}
