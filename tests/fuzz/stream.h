/*
 * What the two targets that read frames share: the settings at the front of an input, and a run of
 * the rest through the reader, in pieces, with a hole if the settings say so.
 */
#ifndef WSKIT_FUZZ_STREAM_H
#define WSKIT_FUZZ_STREAM_H

#include "check.h"
#include "log.h"

#include <wsproto/message.h>
#include <wsproto/reader.h>

#include <string.h>

/*
 * The first bytes of an input, one for each setting; missing ones are 0. All zero is a client's
 * stream without extensions, limits and holes.
 */
enum setting {
    SENDER,        /* lower 4 bits, modulo 3: wsp_sender; upper 4 bits: rsv_allowed */
    MAX_PAYLOAD,   /* of a frame; 0 = no limit */
    MAX_MESSAGE,   /* bytes; 0 = no limit */
    MAX_FRAGMENTS, /* 0 = no limit */
    OUT_SIZE,      /* of the buffer for unmasked payload, less one */
    CUTS,          /* where the stream is cut */
    HOLE_AT,       /* so many bytes into the stream */
    HOLE_SIZE,     /* 0 = there is none; 255 = it is not known */
    SETTINGS
};

typedef struct stream {
    uint8_t settings[SETTINGS];
    const uint8_t *bytes;
    size_t len;
} stream;

static stream read_input(const uint8_t *data, size_t size)
{
    stream s = {{0}, data, 0};
    size_t n = size < SETTINGS ? size : SETTINGS;
    if (n > 0)
        memcpy(s.settings, data, n);
    s.bytes = data + n;
    s.len = size - n;
    return s;
}

/* A run of a stream through the reader. */
typedef struct run {
    wsp_reader reader;
    uint64_t log;      /* of what does not depend on how the bytes were cut */
    uint64_t fed;      /* bytes of the stream so far, the hole's among them */
    uint64_t expected; /* offset of the next piece of payload */
    bool hole;         /* one came since the last event */
    bool end_hidden;   /* it took the end of a payload: an empty last piece is due */
    void (*take)(struct run *run, const wsp_event *ev);
    void *context;
} run;

static void check_event(run *r, const wsp_event *ev, const uint8_t *in, size_t len)
{
    const wsp_frame_header *h = ev->frame;
    CHECK(ev->at <= r->fed + len && ev->len <= len);
    CHECK(ev->len == 0 || (ev->data >= in && ev->data + ev->len <= in + len));
    CHECK(ev->offset + ev->len + ev->bytes_left == h->payload_length);
    uint8_t raw[WSP_FRAME_HEADER_MAX];
    wsp_frame_header again;
    int size = wsp_frame_header_encode(raw, h);
    CHECK(size == wsp_frame_header_size(h));
    CHECK(wsp_frame_header_decode(&again, raw, (size_t)size) == size);
    CHECK(again.payload_length == h->payload_length && again.length_form == h->length_form);
    if (ev->type == WSP_EVENT_FRAME) {
        uint32_t order = WSP_V_CONTINUATION_EXPECTED | WSP_V_CONTINUATION_UNEXPECTED;
        CHECK(ev->offset == 0);
        CHECK((wsp_frame_header_check(h, &r->reader.rules) & ~order & ~ev->violations) == 0);
    } else {
        CHECK(ev->type == WSP_EVENT_PAYLOAD && ev->violations == 0);
        CHECK(ev->offset == r->expected);
        CHECK(ev->len > 0 ? !r->end_hidden : r->end_hidden && ev->bytes_left == 0);
        r->end_hidden = false;
    }
    r->expected = ev->offset + ev->len;
}

/* Feed one piece, from memory of exactly its size. */
static void feed(run *r, const uint8_t *bytes, size_t len)
{
    uint8_t *in = malloc(len ? len : 1);
    CHECK(in);
    if (len > 0)
        memcpy(in, bytes, len);
    size_t used = 0;
    uint64_t before = r->fed;
    for (wsp_event ev;;) {
        size_t n = wsp_reader_next(&r->reader, in + used, len - used, &ev);
        CHECK(n <= len - used);
        if (ev.type == WSP_EVENT_NONE) {
            CHECK(used + n == len);
            break;
        }
        check_event(r, &ev, in + used, len - used);
        used += n;
        r->fed = before + used;
        CHECK(r->reader.at == r->fed);
        r->take(r, &ev);
        r->hole = false;
    }
    r->fed = before + len;
    free(in);
}

static void feed_in_pieces(run *r, const uint8_t *bytes, size_t len, uint8_t cuts)
{
    uint32_t state = cuts;
    for (size_t at = 0; at < len;) {
        state = state * 1664525 + 1013904223;
        size_t piece = cuts == 0 ? len : 1 + (state >> 24) % (cuts < 16 ? 2 : cuts);
        if (piece > len - at)
            piece = len - at;
        feed(r, bytes + at, piece);
        at += piece;
    }
}

/* Lose the next bytes; 0 = nobody knows how many. */
static void lose(run *r, uint64_t bytes, void (*lost)(run *r))
{
    bool in_payload = r->reader.in_payload;
    uint64_t left = r->reader.bytes_left;
    bool inside = in_payload && bytes > 0 && bytes < left;
    bool exact = in_payload && bytes > 0 && bytes == left;
    wsp_reader_gap(&r->reader, bytes);
    r->hole = true;
    r->fed += bytes;
    r->end_hidden = in_payload && !inside;
    if (in_payload)
        r->expected += inside ? bytes : left;
    CHECK(wsp_reader_lost(&r->reader) == (!inside && !exact));
    if (lost && wsp_reader_lost(&r->reader))
        lost(r);
    feed(r, NULL, 0);
    CHECK(!r->end_hidden);
}

/* Feed it all; `lost` is called when the hole took a frame boundary. */
static void run_stream(run *r, const stream *s, uint8_t cuts, void (*lost)(run *r))
{
    wsp_frame_rules rules = {
        .sender = (wsp_sender)((s->settings[SENDER] & 15) % 3),
        .rsv_allowed = s->settings[SENDER] >> 4 & 7,
        .max_payload = s->settings[MAX_PAYLOAD],
    };
    wsp_reader_init(&r->reader, &rules);
    size_t hole = s->settings[HOLE_SIZE], from = s->settings[HOLE_AT];
    if (hole == 0 || from > s->len) {
        feed_in_pieces(r, s->bytes, s->len, cuts);
        return;
    }
    feed_in_pieces(r, s->bytes, from, cuts);
    lose(r, hole == 255 ? 0 : hole, lost);
    size_t left = s->len - from, skipped = hole < left ? hole : left;
    feed_in_pieces(r, s->bytes + from + skipped, left - skipped, cuts);
}

#endif
