/*
 * A tap on what one side of a conversation sends: a reader, a message layer and an inflater of 15
 * bits must read in it, frame by frame, exactly what that side was asked to send.
 */
#ifndef WSKIT_FUZZ_TAP_H
#define WSKIT_FUZZ_TAP_H

#include "check.h"
#include "log.h"

#include <wsproto/deflate.h>
#include <wsproto/message.h>

#include <string.h>

/* A frame as it was asked for: its payload before compression, where its message is compressed. */
typedef struct asked {
    uint8_t opcode;
    bool more;
    bool compressed; /* set on all frames of such a message */
    const uint8_t *payload;
    size_t len;
} asked;

/* What came of a message so far. */
typedef struct content {
    uint64_t len, hash;
} content;

typedef struct tap {
    wsp_reader reader;
    wsp_message message;
    uint8_t opcode; /* of the message that is open */
    content sent, read;
} tap;

static void add(content *c, const uint8_t *bytes, size_t len)
{
    note_bytes(&c->hash, bytes, len);
    c->len += len;
}

/* NULL as inflater: compressed frames are not expected. */
static void tap_init(tap *t, wsp_sender sender, wsp_inflater *inflater)
{
    wsp_frame_rules frames = {.sender = sender, .rsv_allowed = inflater ? WSP_RSV1 : 0};
    wsp_message_rules messages = {.inflater = inflater};
    *t = (tap){.opcode = 0};
    wsp_reader_init(&t->reader, &frames);
    wsp_message_init(&t->message, &messages);
}

static void tap_check_header(const tap *t, const asked *a, const wsp_frame_header *h)
{
    bool begins = !wsp_opcode_is_control(a->opcode) && a->opcode != WSP_OPCODE_CONTINUATION;
    CHECK(h->fin == !a->more && h->opcode == a->opcode);
    CHECK(h->rsv == (a->compressed && begins ? WSP_RSV1 : 0));
    CHECK(h->masked == (t->reader.rules.sender == WSP_FROM_CLIENT));
    CHECK(a->compressed || h->payload_length == a->len);
}

/* frame[0 .. len) was made of *a. */
static void tap_read(tap *t, const asked *a, const uint8_t *frame, size_t len)
{
    bool control = wsp_opcode_is_control(a->opcode);
    content of_control[2] = {{0}};
    content *sent = control ? &of_control[0] : &t->sent;
    content *read = control ? &of_control[1] : &t->read;
    wsp_event ev;
    CHECK(wsp_reader_next(&t->reader, frame, len, &ev) == len);
    CHECK(ev.type == WSP_EVENT_FRAME && ev.bytes_left == 0 && ev.violations == 0);
    tap_check_header(t, a, ev.frame);
    if (!control && a->opcode != WSP_OPCODE_CONTINUATION) {
        t->opcode = a->opcode;
        t->sent = t->read = (content){0};
    }
    add(sent, a->payload, a->len);
    uint8_t out[1000];
    wsp_message_event mev;
    do {
        wsp_message_next(&t->message, &ev, out, sizeof out, &mev);
        CHECK(mev.violations == 0 && mev.compressed == a->compressed && !mev.raw);
        CHECK(mev.opcode == (control ? a->opcode : t->opcode) && mev.offset == read->len);
        add(read, mev.data, mev.len);
    } while (mev.more);
    CHECK(mev.last == !a->more);
    if (mev.last)
        CHECK(sent->len == read->len && sent->hash == read->hash);
}

#endif
