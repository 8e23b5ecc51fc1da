/* Looking for the beginning of a frame. See hunt.h. */
#include "hunt.h"

#include <glib.h>
#include <string.h>

enum {
    MAX_CANDIDATES = 8,
    NESTED =
        80, /* tenths of a bit: what else a place needs that lies inside an earlier one's frame */
};

struct hunt_candidate {
    struct hunt_candidate *next;
    uint64_t start; /* offset */
    uint64_t tried; /* the how-manyth place */
    evidence evidence;
};

void hunt_init(hunt *h, const evidence_rules *rules, pieces_memory *memory)
{
    *h = (hunt){.rules = *rules, .memory = memory};
}

static void drop_first(hunt *h)
{
    piece *p = pieces_take(&h->kept);
    h->skipped += p->lost ? 0 : p->len;
    piece_free(h->memory, p);
}

/* Forget what lies before the oldest place that is still of interest. */
static void trim(hunt *h)
{
    while (h->kept.first && (!h->candidates || h->kept.first->at < h->candidates->start))
        drop_first(h);
}

/* ---- The places ------------------------------------------------------------------------------ */

enum { CANDIDATE_COST = sizeof(hunt_candidate) + BUDGET_BLOCK };

static void drop_candidate(const hunt *h, hunt_candidate **link)
{
    hunt_candidate *c = *link;
    *link = c->next;
    budget_charge(h->memory->shared, -(uint64_t)CANDIDATE_COST);
    g_free(c);
}

/* Make room for another: of all but the oldest, the one with the least evidence goes. */
static void drop_weakest(const hunt *h)
{
    hunt_candidate **weakest = &h->candidates->next;
    for (hunt_candidate **at = weakest; *at; at = &(*at)->next)
        if ((*at)->evidence.bits < (*weakest)->evidence.bits)
            weakest = at;
    if (*weakest)
        drop_candidate(h, weakest);
}

/*
 * Does one of the places expect a frame to begin here anyway? Such as told nothing so far is
 * dropped instead: what comes is no evidence for what came before.
 */
static bool is_expected(hunt *h)
{
    bool expected = false;
    for (hunt_candidate **link = &h->candidates; *link;) {
        bool here = evidence_at_rest(&(*link)->evidence);
        bool empty = here && (*link)->evidence.bits == 0;
        expected |= here && !empty;
        if (empty)
            drop_candidate(h, link);
        else
            link = &(*link)->next;
    }
    return expected;
}

/* A segment begins, and there is room for it: may a frame begin with it? */
static void try_here(hunt *h, uint8_t first)
{
    h->starts++;
    if (is_expected(h) || !evidence_may_begin(&h->rules, first))
        return;
    unsigned count = 0;
    hunt_candidate **link = &h->candidates;
    for (; *link; link = &(*link)->next)
        count++;
    *link = g_new(hunt_candidate, 1);
    budget_charge(h->memory->shared, CANDIDATE_COST);
    **link = (hunt_candidate){.start = h->at, .tried = h->starts};
    evidence_begin(&(*link)->evidence, &h->rules);
    if (count == MAX_CANDIDATES)
        drop_weakest(h);
}

void hunt_feed(hunt *h, const uint8_t *in, size_t len, bool segment_start, capture_place place)
{
    if (len == 0)
        return;
    if (segment_start)
        hunt_segment_end(h);
    if (segment_start && pieces_have_room(&h->kept, h->memory, len))
        try_here(h, in[0]);
    h->in_segment = true;
    for (hunt_candidate **link = &h->candidates; *link;) {
        if (evidence_feed(&(*link)->evidence, in, len))
            link = &(*link)->next;
        else
            drop_candidate(h, link);
    }
    if (h->candidates)
        pieces_add(&h->kept, h->memory, h->at, in, len, segment_start, place);
    else
        h->skipped += len;
    h->at += len;
    trim(h);
}

void hunt_skip(hunt *h, uint64_t bytes)
{
    h->at += bytes;
    h->skipped += bytes;
}

void hunt_segment_end(hunt *h)
{
    if (!h->in_segment)
        return;
    h->in_segment = false;
    for (hunt_candidate *c = h->candidates; c; c = c->next)
        evidence_segment_end(&c->evidence);
}

void hunt_gap(hunt *h, uint64_t bytes, bool untold, capture_place place)
{
    for (hunt_candidate **link = &h->candidates; *link;) {
        if (evidence_gap(&(*link)->evidence, bytes))
            link = &(*link)->next;
        else
            drop_candidate(h, link);
    }
    if (h->candidates)
        pieces_add_gap(&h->kept, h->memory, h->at, bytes, untold, place);
    h->at += bytes;
    trim(h);
}

void hunt_set_masked(hunt *h, bool masked)
{
    h->rules.masked = masked;
    h->rules.websocket = true;
    for (hunt_candidate **link = &h->candidates; *link;) {
        int so_far = (*link)->evidence.rules.masked;
        if (so_far >= 0 && so_far != (int)masked) {
            drop_candidate(h, link);
            continue;
        }
        (*link)->evidence.rules = h->rules;
        link = &(*link)->next;
    }
    trim(h);
}

void hunt_credit(hunt *h, int bits)
{
    for (hunt_candidate *c = h->candidates; c; c = c->next)
        c->evidence.bits += bits;
}

/* ---- What suffices --------------------------------------------------------------------------- */

/* Tenths of log2(n). */
static int log_of(uint64_t n)
{
    int bits = 0;
    for (; n > 1; n >>= 1)
        bits += 10;
    return bits;
}

static bool suffices(const hunt *h, const hunt_candidate *c, const hunt_bars *bars)
{
    if (c->evidence.bits < MIN(bars->at_rest, bars->running))
        return false;
    int bar = evidence_at_rest(&c->evidence) && !h->in_segment ? bars->at_rest : bars->running;
    bar += log_of(c->tried) + (c == h->candidates ? 0 : NESTED);
    return c->evidence.bits >= bar;
}

static const hunt_candidate *find(const hunt *h, const hunt_bars *bars)
{
    for (const hunt_candidate *c = h->candidates; c; c = c->next)
        if (suffices(h, c, bars))
            return c;
    return NULL;
}

const evidence *hunt_find(const hunt *h, const hunt_bars *bars)
{
    const hunt_candidate *c = find(h, bars);
    return c ? &c->evidence : NULL;
}

static void drop_candidates(hunt *h)
{
    while (h->candidates)
        drop_candidate(h, &h->candidates);
}

bool hunt_settle(hunt *h, const hunt_bars *bars, pieces *found)
{
    const hunt_candidate *c = find(h, bars);
    if (!c)
        return false;
    while (h->kept.first->at < c->start)
        drop_first(h);
    *found = h->kept;
    h->kept = (pieces){0};
    drop_candidates(h);
    return true;
}

void hunt_clear(hunt *h)
{
    drop_candidates(h);
    trim(h);
}
