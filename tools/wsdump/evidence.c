/*
 * How bits are counted. The null hypothesis is bytes that know nothing of frames; a frame that such
 * bytes make with probability p adds log2(1/p) bits. Two rules keep it honest where bytes are not
 * random: what repeats itself adds nothing (zeros read as an endless chain of empty continuations),
 * and where bytes that may begin a frame are frequent in the payload, finding them in front of it
 * is worth as much less.
 */
#include "evidence.h"

#include <glib.h>
#include <math.h>
#include <string.h>

/* Tenths of a bit. */
enum {
    SAME_SHAPE = 10,    /* a frame like an earlier one, but for its masking key or its payload */
    LENGTH_16 = 40,     /* one first length byte in 128 says so; of real frames many do */
    LENGTH_64 = 160,    /* 4 of its bytes are 0 at least */
    SEGMENT = 70,       /* a frame ends where its segment does: one length in 128 */
    LONG_SEGMENT = 100, /* a frame over many segments does so */
    NEXT_SEGMENT = 20,  /* ... once more */
    MASKED_TEXT = 4, /* a character that was masked: neither wrong UTF-8 nor a control character */
    MASKED_TEXT_MAX = 80,
    OPEN_TEXT = 3, /* a character that was not */
    OPEN_TEXT_MAX = 50,
    CLOSE_CODE_REGISTERED = 100, /* 12 values of 65536 */
    CLOSE_CODE_OTHER = 40,
};

enum {
    MAX_IDLE = 64,        /* frames that tell nothing, before it is no use to go on */
    MAX_LENGTH_BITS = 36, /* no frame is longer than 64 GiB */
    CHECKED = 256,        /* bytes of a text that are looked at */
    SAMPLE = 1024,        /* bytes of payload in which may-begin bytes are counted */
    PRIOR = 64,           /* bytes of payload that are assumed to have been like random ones */
    MIN_ECHO = 4,         /* bytes of a ping; a shorter one may be echoed by accident */
};

/* Opcode and RSV bits that a first byte may have; see RFC 6455 5.2 and RFC 7692 6. */
bool evidence_may_begin(const evidence_rules *rules, uint8_t first)
{
    wsp_frame_header h = {.fin = first >> 7, .rsv = first >> 4 & 7, .opcode = first & 15};
    wsp_frame_rules r = {.sender = WSP_FROM_UNKNOWN,
                         .rsv_allowed = rules->rsv_allowed,
                         .in_message = h.opcode == WSP_OPCODE_CONTINUATION};
    return wsp_frame_header_check(&h, &r) == 0;
}

void evidence_begin(evidence *e, const evidence_rules *rules)
{
    wsp_frame_rules r = {.sender = WSP_FROM_UNKNOWN, .rsv_allowed = rules->rsv_allowed};
    memset(e, 0, sizeof *e);
    e->rules = *rules;
    e->reads_as_text = true;
    wsp_reader_init(&e->reader, &r);
    wsp_reader_gap(&e->reader, 0); /* whether a message is open is not known */
}

/* ---- A header -------------------------------------------------------------------------------- */

/* How many of the 256 first bytes are legal here, without RSV1, with it, with all RSV bits. */
static double legal_first_bytes(const evidence *e)
{
    static const double counts[][3] = {
        [EVIDENCE_UNSURE] = {9, 13, 52},
        [EVIDENCE_BETWEEN] = {7, 11, 44},
        [EVIDENCE_INSIDE] = {5, 5, 20},
    };
    uint8_t rsv = e->rules.rsv_allowed;
    return counts[e->place][rsv == 0 ? 0 : rsv == WSP_RSV1 ? 1 : 2];
}

/*
 * What it is worth to find one of those bytes that are `share` of random ones, when `count` of the
 * sampled ones were such. Where they are frequent they follow each other too: half of it then.
 */
static int bits_of(const evidence *e, double share, uint32_t count)
{
    double here = (count + PRIOR * share) / (e->sampled + PRIOR);
    double bits = 10 * log2(1 / MAX(here, share));
    return (int)(here > 2 * share ? bits / 2 : bits);
}

static int first_byte_bits(const evidence *e, bool zero)
{
    return bits_of(e, legal_first_bytes(e) / 256, e->may_begin + (zero ? e->zeros : 0));
}

static int mask_bits(const evidence *e, bool masked)
{
    return bits_of(e, 0.5, masked ? e->high : e->sampled - e->high);
}

/* Remembers what a header looks like. True when none of the last ones was the same. */
static bool note_shape(evidence *e, const wsp_frame_header *h)
{
    uint64_t shape = h->payload_length << 8 | (uint64_t)(h->fin << 7 | h->rsv << 4 | h->opcode);
    shape++; /* 0 = none */
    for (unsigned i = 0; i < EVIDENCE_SHAPES; i++)
        if (e->shapes[i] == shape)
            return false;
    e->shapes[e->next_shape++ % EVIDENCE_SHAPES] = shape;
    return true;
}

static bool note_key(evidence *e, const wsp_frame_header *h)
{
    static const uint8_t zero[4];
    bool own =
        h->masked && memcmp(h->masking_key, zero, 4) != 0 && memcmp(h->masking_key, e->key, 4) != 0;
    memcpy(e->key, h->masking_key, sizeof e->key);
    return own;
}

static void add(evidence *e, int bits)
{
    e->bits += bits;
    e->told |= bits > 0;
}

/*
 * A continuation that ends no message is a small number in front of something, which any protocol
 * may have; an empty one is two zeros.
 */
static bool tells_nothing(const evidence *e, const wsp_frame_header *h)
{
    if (h->opcode != WSP_OPCODE_CONTINUATION || (h->masked && h->fin))
        return false;
    return h->payload_length == 0 || !(h->fin || e->rules.websocket);
}

static int header_bits(const evidence *e, const wsp_frame_header *h, int of_mask)
{
    if (tells_nothing(e, h))
        return 0;
    if (!e->new_shape)
        return e->own_key ? SAME_SHAPE : 0;
    int length = h->length_form == 64 ? LENGTH_64 : h->length_form == 16 ? LENGTH_16 : 0;
    bool zero = h->opcode == WSP_OPCODE_CONTINUATION && !h->fin;
    return first_byte_bits(e, zero) + of_mask + length;
}

/* False when no legal frame begins like this here. */
static bool judge_header(evidence *e, const wsp_frame_header *h, uint32_t violations)
{
    if (violations || h->payload_length >> MAX_LENGTH_BITS)
        return false;
    if (e->rules.masked >= 0 && e->rules.masked != h->masked)
        return false;
    int of_mask = e->rules.masked < 0 ? 0 : mask_bits(e, h->masked);
    e->rules.masked = h->masked;
    e->frames++;
    e->told = false;
    e->new_shape = note_shape(e, h);
    e->own_key = note_key(e, h);
    e->ends_message = h->fin;
    e->long_form = h->length_form != 7;
    add(e, header_bits(e, h, of_mask));
    if (!wsp_opcode_is_control(h->opcode))
        e->place = h->fin ? EVIDENCE_BETWEEN : EVIDENCE_INSIDE;

    e->whole = e->plain = true;
    e->utf8 = (wsp_utf8){0};
    e->hash = 0;
    return true;
}

/* ---- Its payload ----------------------------------------------------------------------------- */

static void sample(evidence *e, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len && e->sampled < SAMPLE; i++, e->sampled++) {
        uint8_t opcode = data[i] & 15, rsv = data[i] >> 4 & 7;
        bool known = opcode <= WSP_OPCODE_BINARY ||
                     (opcode >= WSP_OPCODE_CLOSE && opcode <= WSP_OPCODE_PONG);
        e->may_begin += data[i] != 0 && known && !(rsv & ~e->rules.rsv_allowed);
        e->high += data[i] >> 7;
        e->zeros += data[i] == 0;
    }
}

/* Text that can be looked at, from its beginning on. */
static bool is_text(const evidence *e, const wsp_frame_header *h)
{
    return h->opcode == WSP_OPCODE_TEXT && !(h->rsv & WSP_RSV1) && e->whole;
}

static bool is_plain(uint8_t byte)
{
    return byte >= ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* FNV-1a, from 0. */
static uint64_t mix(uint64_t hash, uint8_t byte)
{
    return ((hash ? hash : UINT64_C(0xcbf29ce484222325)) ^ byte) * UINT64_C(0x100000001b3);
}

/* The payload's first bytes, unmasked. False when they cannot be what the header says. */
static bool judge_beginning(evidence *e, const wsp_frame_header *h, uint64_t offset,
                            const uint8_t *data, size_t len)
{
    if (offset == 0 && (h->rsv & WSP_RSV1) && (data[0] & 6) == 6)
        return false; /* RFC 1951 3.2.3: no block is of type 3 */
    for (size_t i = 0; i < len; i++) {
        if (h->opcode == WSP_OPCODE_CLOSE && offset + i == 1 && e->whole &&
            !wsp_close_code_valid((uint16_t)((e->hash & 255) << 8 | data[i])))
            return false;
        if (h->opcode == WSP_OPCODE_CLOSE) /* its code, and nothing else of it */
            e->hash = offset + i < 2 ? e->hash << 8 | data[i] : e->hash;
        else
            e->hash = mix(e->hash, data[i]);
        e->plain &= is_plain(data[i]);
    }
    return !is_text(e, h) || wsp_utf8_feed(&e->utf8, data, len) == len;
}

/* What the text of a new frame tells: it is whole, or as much of it as is looked at. */
static int text_bits(const evidence *e, const wsp_frame_header *h)
{
    int len = (int)MIN(h->payload_length, CHECKED);
    if (!e->plain)
        return 0;
    if (e->own_key)
        return MIN(len * MASKED_TEXT, MASKED_TEXT_MAX);
    return e->new_shape ? MIN(len * OPEN_TEXT, OPEN_TEXT_MAX) : 0;
}

/* The header was seen before, without a key of its own: at least this payload was not. */
static bool is_another(const evidence *e, const wsp_frame_header *h)
{
    return !e->new_shape && !e->own_key && e->whole && h->payload_length >= MIN_ECHO &&
           h->opcode != WSP_OPCODE_CONTINUATION && e->hash != e->last_hash;
}

/* A frame is whole. False when its payload cannot be what its header says. */
static bool judge_end(evidence *e, const wsp_frame_header *h)
{
    bool echo = h->payload_length >= MIN_ECHO && e->whole;
    if (is_text(e, h)) {
        if (h->fin && h->payload_length <= CHECKED && !wsp_utf8_done(&e->utf8))
            return false;
        add(e, text_bits(e, h));
    }
    if (is_another(e, h))
        add(e, SAME_SHAPE);
    e->last_hash = e->hash;
    switch (h->opcode) {
    case WSP_OPCODE_PING: e->ping = echo ? e->hash : 0; break;
    case WSP_OPCODE_PONG: e->pong = echo ? e->hash : 0; break;
    case WSP_OPCODE_CLOSE:
        if (h->payload_length == 1)
            return false;
        if (h->payload_length > 1 && e->whole) {
            e->close = e->hash;
            add(e, e->close < 3000 ? CLOSE_CODE_REGISTERED : CLOSE_CODE_OTHER);
        }
        break;
    default: break;
    }
    e->idle = e->told ? 0 : e->idle + 1;
    return e->idle <= MAX_IDLE;
}

static bool judge_payload(evidence *e, const wsp_event *ev)
{
    sample(e, ev->data, ev->len);
    if (ev->offset < CHECKED && ev->len > 0) {
        uint8_t beginning[CHECKED];
        size_t len = CHECKED - (size_t)ev->offset;
        len = ev->len < len ? ev->len : len;
        if (ev->frame->masked)
            wsp_mask(beginning, ev->data, len, ev->frame->masking_key, ev->offset);
        else
            memcpy(beginning, ev->data, len);
        if (!judge_beginning(e, ev->frame, ev->offset, beginning, len))
            return false;
    }
    return ev->bytes_left > 0 || judge_end(e, ev->frame);
}

/*
 * Do the bytes read as text, headers and all? Text may begin inside a character. Frames do not for
 * long: no character begins with the first byte of a whole message.
 */
static void judge_as_text(evidence *e, const uint8_t *in, size_t len)
{
    size_t i = 0;
    for (; i < len && e->raw_begun < 4; i++) {
        bool inside = (in[i] & 0xc0) == 0x80 && e->raw_begun < 3;
        e->raw_begun = inside ? e->raw_begun + 1 : 4;
        if (!inside)
            break;
    }
    for (size_t k = i; k < len && e->reads_as_text; k++)
        e->reads_as_text = is_plain(in[k]);
    if (e->reads_as_text)
        e->reads_as_text = wsp_utf8_feed(&e->raw, in + i, len - i) == len - i;
}

/* ---- The stream ------------------------------------------------------------------------------ */

bool evidence_feed(evidence *e, const uint8_t *in, size_t len)
{
    static const uint8_t nothing[1];
    wsp_event ev;
    in = in ? in : nothing;
    if (e->reads_as_text)
        judge_as_text(e, in, len);
    do {
        size_t n = wsp_reader_next(&e->reader, in, len, &ev);
        in += n;
        len -= n;
        if (ev.type == WSP_EVENT_FRAME && !judge_header(e, ev.frame, ev.violations))
            return false;
        if (ev.type != WSP_EVENT_NONE && !judge_payload(e, &ev))
            return false;
    } while (ev.type != WSP_EVENT_NONE);
    /* The rest of a header may be long in coming. */
    return e->reader.header_len == 0 || evidence_may_begin(&e->rules, e->reader.header[0]);
}

bool evidence_at_rest(const evidence *e)
{
    return e->frames > 0 && !e->reader.in_payload && e->reader.header_len == 0;
}

void evidence_segment_end(evidence *e)
{
    if (!evidence_at_rest(e) || !e->told || !(e->ends_message || e->rules.websocket))
        return;
    e->bits += e->segments ? NEXT_SEGMENT : e->long_form ? LONG_SEGMENT : SEGMENT;
    e->segments = true;
    e->told = false; /* once for a frame */
}

bool evidence_gap(evidence *e, uint64_t bytes)
{
    wsp_reader *r = &e->reader;
    if (bytes == 0 || !r->in_payload || bytes > r->bytes_left)
        return false;
    e->raw = (wsp_utf8){0};
    e->raw_begun = 0;
    e->whole = e->plain = false; /* what is lost may have been anything */
    e->own_key = e->new_shape = false;
    wsp_reader_gap(r, bytes);
    return evidence_feed(e, NULL, 0);
}
