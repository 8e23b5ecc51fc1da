/*
 * Packets of any link through decapsulation, fragments of them put together: what comes out lies
 * inside what went in, and the runs of a segment that the snaplen cut add up.
 *
 * Input: link (2 bytes), then packets: seconds since the one before, bytes that the snaplen cut
 * off, length (2 bytes), bytes.
 */
#include "check.h"
#include "decap.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_segment(const packet *p, const fragments *pieces, segment *s)
{
    const bool inside = s->data >= p->data && s->data + s->len <= p->data + p->captured;
    CHECK(inside || s->len == 0 || fragments_known(pieces, s->data, s->len) == s->len);
    uint64_t payload = (uint64_t)s->len + s->missing + s->rest;
    uint32_t sequence = s->sequence, first = s->sequence + (s->flags & TCP_SYN ? 1 : 0);
    uint8_t sum = 0;
    uint64_t taken = 0;
    do {
        CHECK(s->sequence == sequence);
        for (uint32_t i = 0; i < s->len; i++) /* a sanitizer sees what is out of bounds */
            sum = (uint8_t)(sum + s->data[i]);
        taken += (uint64_t)s->len + s->missing;
        sequence = first + (uint32_t)taken;
    } while (decap_rest(pieces, s));
    CHECK(taken == payload);
    CHECK(s->rest == 0);
    (void)sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const fragment_limits room = {.max_bytes = 4096, .max_packets = 4};
    fragments *pieces = fragments_new(&room);
    packet p = {.link = (uint32_t)(data[0] << 8 | data[1])};
    size_t at = 2;
    while (size - at >= 4) {
        const uint8_t *head = data + at;
        size_t len = (size_t)(head[2] << 8 | head[3]);
        at += 4;
        if (len > size - at)
            len = size - at;
        p.time_ns += head[0] * INT64_C(1000000000);
        p.captured = (uint32_t)len;
        p.original = (uint32_t)len + head[1];
        p.number++;
        uint8_t *exact = malloc(len ? len : 1);
        CHECK(exact);
        memcpy(exact, data + at, len);
        p.data = exact;
        segment s;
        decap_result result = decap(&p, pieces, &s);
        CHECK(result != DECAP_LINK || !decap_knows_link(p.link));
        if (result == DECAP_TCP)
            check_segment(&p, pieces, &s);
        free(exact);
        at += len;
    }
    CHECK(fragments_get_totals(pieces).waiting <= room.max_packets);
    fragments_free(pieces);
    return 0;
}
