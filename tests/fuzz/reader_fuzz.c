/*
 * A stream of any bytes through the reader: the same frames and violations however it is cut, every
 * byte consumed, and a copy of the reader goes on like the original.
 */
#include "stream.h"

static void take(run *r, const wsp_event *ev)
{
    const wsp_frame_header *h = ev->frame;
    if (ev->type == WSP_EVENT_FRAME) {
        note(&r->log, ev->at);
        note(&r->log, ev->violations);
        note(&r->log, (uint64_t)h->fin << 24 | (uint64_t)h->rsv << 16 | (uint64_t)h->opcode << 8 |
                          h->masked);
        note(&r->log, h->length_form);
        note(&r->log, h->payload_length);
        note(&r->log, (uint64_t)h->masking_key[0] << 24 | (uint64_t)h->masking_key[1] << 16 |
                          (uint64_t)h->masking_key[2] << 8 | h->masking_key[3]);
    }
    for (size_t i = 0; i < ev->len; i++)
        note(&r->log, ev->data[i]);
    if (ev->bytes_left == 0)
        note(&r->log, ev->offset + ev->len);
}

/* Everything that is left to see of `rest` for a reader in this state. */
static uint64_t log_of_rest(run r, const uint8_t *rest, size_t len, uint8_t cuts)
{
    feed_in_pieces(&r, rest, len, cuts);
    note(&r.log, wsp_reader_end(&r.reader));
    return r.log;
}

static uint64_t log_of(const stream *s, uint8_t cuts)
{
    run r = {.take = take};
    run_stream(&r, s, cuts, NULL);
    CHECK(r.reader.at == r.fed);
    note(&r.log, wsp_reader_end(&r.reader));
    return r.log;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    stream s = read_input(data, size);
    uint64_t whole = log_of(&s, 0);
    CHECK(log_of(&s, 1) == whole);
    CHECK(log_of(&s, s.settings[CUTS]) == whole);

    if (s.settings[HOLE_SIZE] == 0) {
        run r = {.take = take};
        stream front = s;
        front.len = s.len ? s.settings[HOLE_AT] % s.len : 0;
        run_stream(&r, &front, 0, NULL);
        CHECK(log_of_rest(r, s.bytes + front.len, s.len - front.len, 0) == whole);
        CHECK(log_of_rest(r, s.bytes + front.len, s.len - front.len, 7) == whole);
    }
    return 0;
}
