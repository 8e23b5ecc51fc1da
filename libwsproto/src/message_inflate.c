/* The payload of compressed messages, through the inflater of the rules. See message.h. */
#include "message_inflate.h"

#include "wsproto/mask.h"

/* Masked DEFLATE is unmasked here, so much at a time, on its way to the inflater. */
enum { UNMASKED_AT_ONCE = 4096 };
/* A ratio is judged from so many inflated bytes on. */
enum { RATIO_FROM = 1024 };
/* No byte of DEFLATE inflates to more: a match of 258 bytes takes at least 2 bits. */
enum { INFLATED_PER_BYTE = 1032 };

static const uint8_t nothing[1];

typedef struct wsp_message_inflating inflating;

/* No one byte of a compressed message breaks a rule: the first byte of the frame stands for it. */
static void report(const wsp_message *m, wsp_message_event *mev, uint32_t rules)
{
    mev->violations |= rules;
    mev->violation_at = m->inflated.frame_at;
}

void wsp_message_tear(wsp_message *m, open_message *o)
{
    m->inflated.torn = true;
    m->inflated.full = false;
    o->check_utf8 = false;
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
        wsp_message_tear(m, o);
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
    return mev->more && !mev->violations; /* what comes behind a violation is another event's */
}

void wsp_message_inflate(wsp_message *m, open_message *o, const wsp_event *ev, uint8_t *out,
                         size_t size, wsp_message_event *mev)
{
    inflating *i = &m->inflated;
    size_t room = out && out != ev->data ? size : 0;
    if (o->before + ev->offset + m->taken != o->next && !i->torn) { /* a gap */
        m->rules.inflater->lost(m->rules.inflater);
        wsp_message_tear(m, o);
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
