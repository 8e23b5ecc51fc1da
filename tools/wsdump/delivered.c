/*
 * Entries lie behind each other in the ring, and each says where its stream's entry before it is. A
 * position counts all bytes ever written, so that it tells by itself whether the entry is still
 * there. See delivered.h.
 */
#include "delivered.h"

#include "sequence.h"

#include <glib.h>
#include <string.h>

enum {
    /* Of a larger segment its end is remembered: copying all would be felt, and what was made up is
     * different all over. */
    MAX_ENTRY = 256,
    MAX_STEPS = 256, /* entries that are looked at for one retransmission */
};

typedef struct entry {
    uint64_t previous; /* position of the stream's entry before this one; 0 = none */
    uint32_t sequence;
    uint32_t len;
    uint8_t data[];
} entry;

static entry *entry_at(const delivered *d, uint64_t position)
{
    return (entry *)(void *)(d->ring + position % DELIVERED_SIZE);
}

void delivered_note(delivered *d, uint64_t *latest, uint32_t sequence, const uint8_t *data,
                    uint32_t len)
{
    if (!d->ring) {
        d->ring = g_malloc(DELIVERED_SIZE);
        d->at = sizeof(entry); /* position 0 means none */
    }
    if (len > MAX_ENTRY) {
        sequence += len - MAX_ENTRY;
        data += len - MAX_ENTRY;
        len = MAX_ENTRY;
    }
    uint64_t size = (sizeof(entry) + len + sizeof(entry) - 1) / sizeof(entry) * sizeof(entry);
    uint64_t left = DELIVERED_SIZE - d->at % DELIVERED_SIZE;
    if (size > left) /* an entry lies in one piece */
        d->at += left;
    entry *e = entry_at(d, d->at);
    *e = (entry){*latest, sequence, len};
    memcpy(e->data, data, len);
    *latest = d->at;
    d->at += size;
}

static uint32_t compare(const entry *e, const run *r)
{
    run part = *r;
    part.missing = 0;
    if (before(part.sequence, e->sequence))
        run_trim_front(&part, MIN(part.len, e->sequence - part.sequence));
    uint32_t inside = part.sequence - e->sequence;
    return part.len > 0 && inside < e->len
               ? run_differences(&part, e->data + inside, e->len - inside)
               : 0;
}

uint32_t delivered_differences(const delivered *d, uint64_t latest, const run *r)
{
    uint32_t differences = 0;
    for (int step = 0; step < MAX_STEPS; step++) {
        if (latest == 0 || latest + DELIVERED_SIZE < d->at)
            break; /* no more, or overwritten */
        const entry *e = entry_at(d, latest);
        differences += compare(e, r);
        if (!before(r->sequence, e->sequence))
            break;
        latest = e->previous;
    }
    return differences;
}

void delivered_clear(delivered *d)
{
    g_free(d->ring);
    *d = (delivered){0};
}
