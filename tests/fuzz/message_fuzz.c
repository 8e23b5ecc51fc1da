/*
 * A stream of any bytes through reader and message layer: the same messages and violations however
 * it is cut, whatever the size of the buffer, in place or apart; and what is said byte by byte
 * about texts and Closes is what is said about them whole.
 */
#include "stream.h"

#include <wsproto/close.h>

static const uint32_t of_payload = WSP_V_CLOSE_CODE | WSP_V_CLOSE_UTF8 | WSP_V_TEXT_UTF8;

/* A message as it is collected; room for a whole input. */
typedef struct collected {
    uint8_t *bytes;
    size_t len;
    uint32_t violations;
    bool known; /* seen from its beginning and without a hole */
} collected;

typedef struct assembly {
    wsp_message message;
    size_t out_size; /* 0 = in place */
    uint8_t *out;    /* so many bytes */
    collected data, control;
} assembly;

static bool is_utf8(const collected *c)
{
    wsp_utf8 u = {0};
    return wsp_utf8_feed(&u, c->bytes, c->len) == c->len && wsp_utf8_done(&u);
}

/* The message is whole: judge it at once. */
static void check_whole(const collected *c, const wsp_message_event *mev)
{
    if (!c->known)
        return;
    uint16_t code;
    uint32_t expected = 0;
    if (mev->opcode == WSP_OPCODE_CLOSE)
        expected = wsp_close_check(c->bytes, c->len, &code) & of_payload;
    else if (mev->opcode == WSP_OPCODE_TEXT && !mev->compressed && !is_utf8(c))
        expected = WSP_V_TEXT_UTF8;
    CHECK((c->violations & of_payload) == expected);
}

static void collect(collected *c, const wsp_message_event *mev, bool control, bool hole)
{
    if (mev->first) {
        c->len = 0;
        c->violations = 0;
        c->known = true;
        CHECK(mev->frames == 1);
    }
    CHECK(mev->frames >= 1 && (!control || mev->frames == 1));
    if (hole)
        c->known = false;
    CHECK(mev->len == 0 || !c->known || mev->offset == c->len);
    CHECK(c->known || !(mev->violations & of_payload)); /* lost bytes are not judged */
    if (mev->len > 0)
        memcpy(c->bytes + c->len, mev->data, mev->len);
    c->len += mev->len;
    c->violations |= mev->violations;
    if (mev->last)
        check_whole(c, mev);
}

static void note_event(run *r, const wsp_message_event *mev)
{
    if (mev->first) {
        note(&r->log, 0x100 + mev->opcode);
        note(&r->log, mev->compressed);
        note(&r->log, mev->raw);
    }
    if (mev->violations & ~of_payload)
        note(&r->log, mev->violations & ~of_payload);
    for (size_t i = 0; i < mev->len; i++)
        note(&r->log, mev->data[i]);
    if (mev->violations & of_payload) {
        note(&r->log, mev->violations & of_payload);
        note(&r->log, mev->violation_at);
    }
    if (mev->last) {
        note(&r->log, mev->frames);
        note(&r->log, mev->wire_length);
    }
}

static void take(run *r, const wsp_event *ev)
{
    assembly *a = r->context;
    uint8_t *out = a->out_size ? a->out : (uint8_t *)ev->data;
    size_t size = a->out_size ? a->out_size : ev->len, taken = 0;
    bool control = wsp_opcode_is_control(ev->frame->opcode);
    bool hole = r->hole && ev->type == WSP_EVENT_PAYLOAD; /* in this very payload */
    if (ev->type == WSP_EVENT_FRAME)
        note(&r->log, ev->at);
    wsp_message_event mev;
    do {
        wsp_message_next(&a->message, ev, out, size, &mev);
        CHECK(mev.len > 0 || !mev.more);
        CHECK(mev.more == (taken + mev.len < ev->len));
        if (!a->out_size || !ev->frame->masked)
            CHECK(mev.len == 0 || mev.data == ev->data + taken);
        if (mev.violations & of_payload)
            CHECK(mev.violation_at >= ev->at && mev.violation_at < r->fed);
        taken += mev.len;
        collect(control ? &a->control : &a->data, &mev, control, hole);
        note_event(r, &mev);
    } while (mev.more);
    CHECK(taken == ev->len);
}

static void lost(run *r)
{
    assembly *a = r->context;
    wsp_message_abandon(&a->message);
    a->data.known = false;
}

static uint64_t log_of(const stream *s, uint8_t cuts, size_t out_size)
{
    assembly a = {.out_size = out_size};
    wsp_message_rules rules = {.max_message = s->settings[MAX_MESSAGE],
                               .max_fragments = s->settings[MAX_FRAGMENTS]};
    wsp_message_init(&a.message, &rules);
    a.data.bytes = malloc(s->len + 1);
    a.control.bytes = malloc(s->len + 1);
    a.out = malloc(out_size ? out_size : 1);
    CHECK(a.data.bytes && a.control.bytes && a.out);
    run r = {.take = take, .context = &a};
    run_stream(&r, s, cuts, lost);
    note(&r.log, wsp_message_end(&a.message));
    free(a.data.bytes);
    free(a.control.bytes);
    free(a.out);
    return r.log;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    stream s = read_input(data, size);
    uint64_t whole = log_of(&s, 0, 256);
    CHECK(log_of(&s, 1, 256) == whole);
    CHECK(log_of(&s, s.settings[CUTS], (size_t)s.settings[OUT_SIZE] + 1) == whole);
    CHECK(log_of(&s, 0, 0) == whole);
    CHECK(log_of(&s, s.settings[CUTS], 0) == whole);
    return 0;
}
