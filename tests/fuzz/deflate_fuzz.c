/*
 * permessage-deflate on any bytes. As two payloads: what the inflater and the message layer say is
 * what plain zlib says, however they are fed, and limits are passed where zlib's output passes
 * them. As a stream of frames: the same messages and violations however it is cut, through any
 * room. As a message: what the deflater makes of it inflates to it again.
 */
#include "stream.h"

#include <wsproto/deflate.h>
#include <wsproto/mask.h>

#include <zlib.h>

enum { WINDOW = 32768, PAYLOAD_MAX = 2048, RATIO_FROM = 1024 };

static uint8_t *buffer(size_t size)
{
    uint8_t *memory = malloc(size ? size : 1);
    CHECK(memory);
    return memory;
}

/* ---- What plain zlib says ------------------------------------------------------------------ */

/* What came of a payload. */
typedef struct outcome {
    bool ok;
    uint64_t len, hash;
} outcome;

static void hash_bytes(outcome *o, const uint8_t *bytes, size_t len)
{
    note_bytes(&o->hash, bytes, len);
    o->len += len;
}

static bool same(const outcome *a, const outcome *b)
{
    return a->ok == b->ok && a->len == b->len && a->hash == b->hash;
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

/* The four bytes that the sender took off (RFC 7692 7.2.2): they make an empty block whole. */
static bool reference_ends(z_stream *z)
{
    static const uint8_t tail[4] = {0, 0, 0xff, 0xff};
    uint8_t out[1];
    z->next_in = (z_const Bytef *)tail;
    z->avail_in = sizeof tail;
    z->next_out = out;
    z->avail_out = sizeof out;
    int status = inflate(z, Z_BLOCK);
    bool ok = status == Z_OK && z->avail_in == 0 && z->avail_out == sizeof out &&
              (z->data_type & ~64) == 128;
    if (ok && (z->data_type & 64))
        reference_go_on(z);
    return ok;
}

/* One payload, a byte at a time. after[i] is what came of the first i + 1 bytes. */
static outcome reference(z_stream *z, const uint8_t *bytes, size_t len, uint64_t *after)
{
    static uint8_t out[65536];
    outcome o = {.ok = true};
    bool final = false; /* the last byte ended a final block */
    for (size_t i = 0; i < len; i++) {
        z->next_in = (z_const Bytef *)(bytes + i);
        z->avail_in = 1;
        for (bool more = true; more && o.ok;) {
            uInt before = z->avail_in;
            z->next_out = out;
            z->avail_out = sizeof out;
            int status = inflate(z, Z_SYNC_FLUSH);
            hash_bytes(&o, out, sizeof out - z->avail_out);
            final = status == Z_STREAM_END || (final && z->avail_in == before);
            o.ok = status == Z_OK || status == Z_BUF_ERROR || status == Z_STREAM_END;
            more = z->avail_in || z->avail_out == 0;
            if (status == Z_STREAM_END)
                reference_go_on(z);
        }
        after[i] = o.len;
    }
    o.ok = o.ok && (final || reference_ends(z));
    return o;
}

/* Two payloads that share a window, or not, and what is to come of them. The second of nothing,
 * when the first is wrong and its window unknown. */
typedef struct payloads {
    bool forgets;
    const uint8_t *bytes[2];
    size_t len[2];
    outcome expected[2];
    uint64_t after[2][PAYLOAD_MAX];
} payloads;

static void find_expected(payloads *p)
{
    z_stream z = {0};
    CHECK(inflateInit2(&z, -15) == Z_OK);
    for (int i = 0; i < 2; i++) {
        if (i == 1 && p->forgets)
            CHECK(inflateReset(&z) == Z_OK);
        if (i == 0 || p->forgets || p->expected[0].ok)
            p->expected[i] = reference(&z, p->bytes[i], p->len[i], p->after[i]);
    }
    inflateEnd(&z);
}

/* ---- As payloads: what the inflater says --------------------------------------------------- */

static outcome inflate_all(wsp_inflater *inflater, const uint8_t *bytes, size_t len, size_t step,
                           size_t room)
{
    outcome o = {.ok = true};
    uint8_t *out = buffer(room);
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
    free(out);
    return o;
}

static void check_inflater(const payloads *p, size_t step, size_t room)
{
    wsp_inflater *inflater = wsp_inflater_new(15, p->forgets, NULL);
    CHECK(inflater);
    for (int i = 0; i < 2; i++) {
        CHECK(inflater->begin(inflater) == (i == 0 || p->forgets || p->expected[0].ok));
        if (i == 1 && !p->forgets && !p->expected[0].ok)
            break;
        outcome o = inflate_all(inflater, p->bytes[i], p->len[i], step, room);
        CHECK(same(&o, &p->expected[i]));
    }
    wsp_inflater_free(inflater);
}

/* ---- As payloads: what the message layer says ---------------------------------------------- */

/* A message in frames of `step` bytes, masked or not; with a ping behind each. */
typedef struct framed {
    uint8_t *bytes;
    size_t len;
} framed;

static void add_frame(framed *f, wsp_frame_header h, const uint8_t *payload)
{
    static const uint8_t key[4] = {0x37, 0xfa, 0x21, 0x3d};
    memcpy(h.masking_key, key, sizeof key);
    f->len += (size_t)wsp_frame_header_encode(f->bytes + f->len, &h);
    wsp_mask(f->bytes + f->len, payload, h.payload_length, key, 0);
    if (!h.masked)
        memcpy(f->bytes + f->len, payload, h.payload_length);
    f->len += h.payload_length;
}

static framed frames_of(const uint8_t *bytes, size_t len, size_t step, bool masked)
{
    framed f = {buffer(len + (len / step + 2) * 2 * WSP_FRAME_HEADER_MAX), 0};
    for (size_t at = 0, n = 0; at == 0 || at < len; at += n) {
        n = len - at < step ? len - at : step;
        bool first = at == 0;
        add_frame(&f,
                  (wsp_frame_header){.fin = at + n == len,
                                     .rsv = first ? WSP_RSV1 : 0,
                                     .opcode = first ? WSP_OPCODE_BINARY : WSP_OPCODE_CONTINUATION,
                                     .masked = masked,
                                     .payload_length = n},
                  bytes + at);
        add_frame(&f, (wsp_frame_header){.fin = 1, .opcode = WSP_OPCODE_PING, .masked = masked},
                  bytes);
        if (n == 0)
            break;
    }
    return f;
}

/* Where the first byte of a payload's output lies that a limit forbids: as message.h has it, the
 * size of the message, or its ratio from 1024 bytes on, judged at every byte. */
static uint64_t limit_passed(const payloads *p, int i, const wsp_message_rules *rules)
{
    for (size_t k = 0; k < p->len[i]; k++) {
        uint64_t limit = UINT64_MAX, by_ratio = rules->max_ratio * (uint64_t)(k + 1);
        if (rules->max_inflated)
            limit = rules->max_inflated;
        if (by_ratio < RATIO_FROM)
            by_ratio = RATIO_FROM - 1;
        if (rules->max_ratio && by_ratio < limit)
            limit = by_ratio;
        if (p->after[i][k] > limit)
            return limit;
    }
    return UINT64_MAX;
}

/* What the message layer made of the message so far. */
typedef struct told {
    outcome o;
    uint32_t violations;
    uint64_t passed; /* where the first limit was */
    bool torn, last;
} told;

static void take_told(told *t, const wsp_message_event *mev)
{
    const uint32_t limits = WSP_V_LIMIT_INFLATED | WSP_V_LIMIT_RATIO;
    hash_bytes(&t->o, mev->data, mev->len);
    CHECK(mev->offset + mev->len == t->o.len && !(mev->violations & t->violations));
    if (!(t->violations & limits) && (mev->violations & limits))
        t->passed = t->o.len;
    t->violations |= mev->violations;
    t->torn |= mev->torn;
    t->last |= mev->last;
}

static told tell(wsp_reader *reader, wsp_message *message, const framed *f, size_t room)
{
    told t = {.passed = UINT64_MAX};
    uint8_t *out = buffer(room);
    wsp_event ev;
    for (size_t at = 0;;) {
        at += wsp_reader_next(reader, f->bytes + at, f->len - at, &ev);
        if (ev.type == WSP_EVENT_NONE)
            break;
        CHECK(ev.violations == 0);
        wsp_message_event mev;
        do {
            wsp_message_next(message, &ev, out, room, &mev);
            if (mev.opcode == WSP_OPCODE_BINARY)
                take_told(&t, &mev);
        } while (mev.more);
    }
    free(out);
    t.o.ok = !(t.violations & WSP_V_DEFLATE_DATA);
    return t;
}

static void check_messages(const stream *s, const payloads *p, size_t step, size_t room)
{
    bool masked = s->settings[HOLE_SIZE] & 1;
    wsp_frame_rules frames = {.sender = masked ? WSP_FROM_CLIENT : WSP_FROM_SERVER,
                              .rsv_allowed = WSP_RSV1};
    wsp_message_rules rules = {.max_inflated = s->settings[MAX_MESSAGE] * UINT64_C(16),
                               .max_ratio = s->settings[MAX_FRAGMENTS],
                               .inflater = wsp_inflater_new(15, p->forgets, NULL)};
    wsp_reader reader;
    wsp_message message;
    wsp_reader_init(&reader, &frames);
    wsp_message_init(&message, &rules);
    for (int i = 0; i < 2 && (i == 0 || p->forgets || p->expected[0].ok); i++) {
        framed f = frames_of(p->bytes[i], p->len[i], step, masked);
        told t = tell(&reader, &message, &f, room);
        CHECK(t.last && t.torn == !t.o.ok && same(&t.o, &p->expected[i]));
        CHECK(t.passed == limit_passed(p, i, &rules));
        free(f.bytes);
    }
    wsp_inflater_free(rules.inflater);
}

static void check_payloads(const stream *s)
{
    static payloads p;
    size_t len = s->len < 2 * PAYLOAD_MAX ? s->len : 2 * PAYLOAD_MAX;
    size_t cut = (size_t)s->settings[HOLE_AT] * 8 % (PAYLOAD_MAX + 1);
    if (cut > len || cut == 0)
        cut = len < PAYLOAD_MAX ? len : PAYLOAD_MAX;
    p = (payloads){.forgets = s->settings[MAX_PAYLOAD] & 1,
                   .bytes = {s->bytes, s->bytes + cut},
                   .len = {cut, len - cut < PAYLOAD_MAX ? len - cut : PAYLOAD_MAX}};
    find_expected(&p);
    size_t step = 1 + s->settings[CUTS], room = 1 + s->settings[OUT_SIZE];
    check_inflater(&p, PAYLOAD_MAX + 1, 65536);
    check_inflater(&p, 1, 65536);
    check_inflater(&p, step, room);
    check_messages(s, &p, step, 65536);
    check_messages(s, &p, step * 16, room);
}

/* ---- As a stream --------------------------------------------------------------------------- */

typedef struct assembly {
    wsp_message message;
    uint8_t *out;
    size_t room;
    uint64_t rules; /* what was broken and where; in which event depends on the cuts */
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
    assembly *a = r->context;
    outcome piece = {.hash = r->log};
    wsp_message_event mev;
    do {
        wsp_message_next(&a->message, ev, a->out, a->room, &mev);
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
    assembly a = {.out = buffer(room), .room = room};
    wsp_message_init(&a.message, &rules);
    run r = {.take = take, .context = &a};
    run_stream(&r, s, cuts, lost);
    note(&r.log, wsp_message_end(&a.message));
    note(&r.log, a.rules);
    wsp_inflater_free(inflater);
    free(a.out);
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
    uint8_t *payload = buffer(bound + room), *back = buffer(s->len + 1);
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
    check_payloads(&s);
    check_stream(&s);
    check_message(&s);
    return 0;
}
