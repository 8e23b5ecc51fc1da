/* Bytes that wait. See pieces.h. */
#include "pieces.h"

#include <glib.h>
#include <string.h>

static uint64_t cost_of(const piece *p)
{
    return sizeof *p + BUDGET_BLOCK + (p->hole ? 0 : p->len);
}

/* Unsigned, so that a negative cost is given back. */
static void charge(pieces_memory *memory, uint64_t cost)
{
    memory->used += cost;
    budget_charge(memory->shared, cost);
}

static piece *append(pieces *q, pieces_memory *memory, bool hole, uint64_t len)
{
    piece *p = g_malloc(sizeof *p + (hole ? 0 : len));
    *p = (piece){.hole = hole, .len = len};
    q->cost += cost_of(p);
    charge(memory, cost_of(p));
    if (q->last)
        q->last->next = p;
    else
        q->first = p;
    q->last = p;
    return p;
}

/* Holes that follow each other are one, wherever their segments began. */
static void append_hole(pieces *q, pieces_memory *memory, const piece *like)
{
    piece *last = q->last;
    if (last && last->hole && last->lost == like->lost && last->untold == like->untold) {
        last->len += like->len;
        return;
    }
    piece *p = append(q, memory, true, like->len);
    *p = *like;
}

bool pieces_have_room(const pieces *q, const pieces_memory *memory, size_t len)
{
    uint64_t cost = sizeof(piece) + BUDGET_BLOCK + len;
    return q->cost + cost <= PIECES_MAX && memory->used + cost <= memory->max;
}

void pieces_add(pieces *q, pieces_memory *memory, uint64_t at, const uint8_t *data, size_t len,
                bool segment_start, capture_place place)
{
    if (!pieces_have_room(q, memory, len)) {
        const piece hole = {.at = at, .place = place, .len = len, .hole = true};
        append_hole(q, memory, &hole);
        memory->refused += q->cost + len < PIECES_MAX ? len : 0;
        return;
    }
    piece *p = append(q, memory, false, len);
    p->at = at;
    p->place = place;
    p->segment_start = segment_start;
    memcpy(p->data, data, len);
}

void pieces_add_gap(pieces *q, pieces_memory *memory, uint64_t at, uint64_t bytes, bool untold,
                    capture_place place)
{
    const piece hole = {
        .at = at, .place = place, .len = bytes, .hole = true, .lost = true, .untold = untold};
    append_hole(q, memory, &hole);
}

piece *pieces_take(pieces *q)
{
    piece *p = q->first;
    if (!p)
        return NULL;
    q->first = p->next;
    if (!q->first)
        q->last = NULL;
    q->cost -= cost_of(p);
    return p;
}

void piece_free(pieces_memory *memory, piece *p)
{
    charge(memory, -cost_of(p));
    g_free(p);
}

void pieces_prepend(pieces *q, pieces *before)
{
    if (!before->first)
        return;
    before->last->next = q->first;
    if (!q->last)
        q->last = before->last;
    q->first = before->first;
    q->cost += before->cost;
    *before = (pieces){0};
}

void pieces_clear(pieces *q, pieces_memory *memory)
{
    for (piece *p; (p = pieces_take(q));)
        piece_free(memory, p);
}
