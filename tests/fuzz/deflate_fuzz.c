/*
 * permessage-deflate on any bytes. As a payload: what the inflater says is what plain zlib says,
 * however it is fed. As a stream of frames: the same messages and violations however it is cut,
 * through any room. As a message: what the deflater makes of it inflates to it again.
 */
#include "stream.h"

#include <wsproto/deflate.h>

#include <zlib.h>

enum { WINDOW = 32768, PAYLOAD_MAX = 4096 };

/* ---- As a payload -------------------------------------------------------------------------- */

typedef struct outcome {
    bool ok;
    uint64_t len, hash;
} outcome;

static void hash_bytes(outcome *o, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        o->hash = (o->hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    o->len += len;
}

/* Blocks behind a final one go on with the window, in the documented and expensive way. */
static void reference_go_on(z_stream *z)
{
    static uint8_t window[WINDOW];
    uInt len = 0;
    CHECK(inflateGetDictionary(z, window, &len) == Z_OK);
    CHECK(inflateReset(z) == Z_OK);
    CHECK(inflateSetDictionary(z, window, len) == Z_OK);
}

/* One payload through zlib alone, in one piece. */
static outcome reference(const uint8_t *bytes, size_t len)
{
    static uint8_t out[65536];
    z_stream z = {0};
    outcome o = {.ok = true};
    CHECK(inflateInit2(&z, -15) == Z_OK);
    z.next_in = (z_const Bytef *)bytes;
    z.avail_in = (uInt)len;
    bool final = false;
    for (bool more = true; more && o.ok;) {
        uInt before = z.avail_in;
        z.next_out = out;
        z.avail_out = sizeof out;
        int status = inflate(&z, Z_SYNC_FLUSH);
        hash_bytes(&o, out, sizeof out - z.avail_out);
        final = status == Z_STREAM_END || (final && z.avail_in == before);
        o.ok = status == Z_OK || status == Z_BUF_ERROR || status == Z_STREAM_END;
        more = z.avail_in || z.avail_out == 0;
        if (status == Z_STREAM_END)
            reference_go_on(&z);
    }
    if (o.ok && !final) {
        static const uint8_t tail[4] = {0, 0, 0xff, 0xff};
        z.next_in = (z_const Bytef *)tail;
        z.avail_in = 4;
        z.next_out = out;
        z.avail_out = sizeof out;
        int status = inflate(&z, Z_BLOCK);
        o.ok = status == Z_OK && z.avail_in == 0 && z.avail_out == sizeof out &&
               (z.data_type & ~64) == 128;
    }
    inflateEnd(&z);
    return o;
}

static outcome ours(const uint8_t *bytes, size_t len, size_t step, size_t room)
{
    static uint8_t out[65536];
    wsp_inflater *inflater = wsp_inflater_new(15, false, NULL);
    CHECK(inflater && inflater->begin(inflater));
    outcome o = {.ok = true};
    int status = 1;
    for (size_t at = 0; o.ok && (status == 1 || at < len);) {
        size_t left = len - at < step ? len - at : step, used = left, got = room;
        status = inflater->inflate(inflater, bytes + at, &used, at + left == len, out, &got);
        CHECK(used <= left && got <= room);
        at += used;
        hash_bytes(&o, out, got);
        o.ok = status >= 0;
        CHECK(status != 0 || used == left);
    }
    CHECK(inflater->begin(inflater) == o.ok);
    wsp_inflater_free(inflater);
    return o;
}

static void check_payload(const stream *s)
{
    size_t len = s->len < PAYLOAD_MAX ? s->len : PAYLOAD_MAX;
    outcome expected = reference(s->bytes, len);
    const size_t ways[][2] = {{len + 1, 65536}, {1, 65536}, {1 + s->settings[CUTS], 300}};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        outcome o = ours(s->bytes, len, ways[i][0], ways[i][1]);
        CHECK(o.ok == expected.ok && o.len == expected.len && o.hash == expected.hash);
    }
}

/* ---- As a stream --------------------------------------------------------------------------- */

typedef struct assembly {
    wsp_message message;
    size_t room;
    uint64_t
        rules; /* what was broken and where; in which of a frame's events depends on the cuts */
} assembly;

static void note_violations(assembly *a, const wsp_message_event *mev)
{
    const uint32_t limits = WSP_V_LIMIT_INFLATED | WSP_V_LIMIT_RATIO;
    uint32_t set = mev->violations & (limits | WSP_V_TEXT_UTF8 | WSP_V_DEFLATE_DATA);
    for (; set; set &= set - 1) {
        uint32_t bit = set & ~(set - 1);
        uint64_t one = bit;
        note(&one, mev->violation_at);
        if (bit & limits) /* an event ends where one is reached */
            note(&one, mev->offset + mev->len);
        a->rules += one;
    }
}

static void take(run *r, const wsp_event *ev)
{
    static uint8_t out[65536];
    assembly *a = r->context;
    outcome piece = {.hash = r->log};
    wsp_message_event mev;
    do {
        wsp_message_next(&a->message, ev, out, a->room, &mev);
        CHECK(mev.len <= a->room || !ev->frame->masked);
        CHECK(!mev.raw || mev.compressed);
        CHECK(!mev.torn || !mev.raw);
        if (mev.first)
            note(&piece.hash, 0x100u + mev.opcode + (mev.raw ? 0x200u : 0));
        hash_bytes(&piece, mev.data, mev.len);
        note_violations(a, &mev);
        if (mev.last)
            note(&piece.hash, mev.frames + mev.wire_length + (mev.torn ? 1u << 31 : 0));
    } while (mev.more);
    r->log = piece.hash;
}

static void lost(run *r)
{
    wsp_message_abandon(&((assembly *)r->context)->message);
}

static uint64_t log_of(const stream *s, uint8_t cuts, size_t room)
{
    wsp_inflater *inflater = wsp_inflater_new(15, s->settings[MAX_PAYLOAD] & 1, NULL);
    CHECK(inflater);
    wsp_message_rules rules = {.max_inflated = s->settings[MAX_MESSAGE] * UINT64_C(16),
                               .max_ratio = s->settings[MAX_FRAGMENTS],
                               .inflater = inflater};
    assembly a = {.room = room};
    wsp_message_init(&a.message, &rules);
    run r = {.take = take, .context = &a};
    run_stream(&r, s, cuts, lost);
    note(&r.log, wsp_message_end(&a.message));
    note(&r.log, a.rules);
    wsp_inflater_free(inflater);
    return r.log;
}

static void check_stream(const stream *s)
{
    uint64_t whole = log_of(s, 0, 65536);
    CHECK(log_of(s, 1, 65536) == whole);
    CHECK(log_of(s, s->settings[CUTS], (size_t)s->settings[OUT_SIZE] + 16) == whole);
}

/* ---- As a message -------------------------------------------------------------------------- */

static size_t deflate_all(wsp_deflater *d, const stream *s, size_t step, size_t room, uint8_t *out)
{
    size_t len = 0;
    int status = 1;
    for (size_t at = 0; status == 1 || at < s->len;) {
        size_t left = s->len - at < step ? s->len - at : step, used = left, got = room;
        status = wsp_deflate(d, s->bytes + at, &used, at + left == s->len, out + len, &got);
        CHECK(used <= left && got <= room);
        at += used;
        len += got;
    }
    return len;
}

static void check_message(const stream *s)
{
    uint8_t bits = (uint8_t)(8 + (s->settings[SENDER] & 7));
    int mem_level = 1 + s->settings[OUT_SIZE] % 9;
    wsp_deflater *d =
        wsp_deflater_new(bits, s->settings[SENDER] & 8, 1 + s->settings[CUTS] % 9, mem_level, NULL);
    wsp_inflater *inflater = wsp_inflater_new(bits, s->settings[SENDER] & 8, NULL);
    CHECK(d && inflater);
    size_t bound = wsp_deflate_bound(d, s->len), room = 1 + s->settings[OUT_SIZE];
    uint8_t *payload = malloc(bound + room), *back = malloc(s->len + 1);
    CHECK(payload && back);
    for (int i = 0; i < 3; i++) {
        size_t len =
            deflate_all(d, s, (size_t)s->settings[CUTS] * 16 + 1, i ? room : bound, payload);
        CHECK(len <= bound);
        size_t got = s->len + 1;
        CHECK(inflater->begin(inflater));
        CHECK(inflater->inflate(inflater, payload, &len, true, back, &got) == 0);
        CHECK(got == s->len && (got == 0 || memcmp(back, s->bytes, got) == 0));
    }
    free(payload);
    free(back);
    wsp_deflater_free(d);
    wsp_inflater_free(inflater);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    stream s = read_input(data, size);
    s.settings[SENDER] |= 0x40; /* RSV1 is allowed */
    check_payload(&s);
    check_stream(&s);
    check_message(&s);
    return 0;
}
