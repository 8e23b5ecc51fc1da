/* A singly linked list: nearly always a piece goes behind the last one. See early.h. */
#include "early.h"

#include "sequence.h"

#include <glib.h>
#include <string.h>

void run_trim_front(run *r, uint32_t count)
{
    uint32_t captured = MIN(count, r->len);
    r->sequence += count;
    if (captured > 0) {
        r->data += captured;
        r->len -= captured;
    }
    r->missing -= MIN(count - captured, r->missing);
    if (count > 0)
        r->segment_start = false;
}

void run_trim_back(run *r, uint32_t end)
{
    uint32_t room = before(r->sequence, end) ? end - r->sequence : 0;
    r->len = MIN(r->len, room);
    r->missing = MIN(r->missing, room - r->len);
}

uint32_t run_differences(const run *r, const uint8_t *data, uint32_t len)
{
    uint32_t n = MIN(len, r->len), count = 0;
    if (n == 0 || memcmp(r->data, data, n) == 0)
        return 0;
    for (uint32_t i = 0; i < n; i++)
        count += r->data[i] != data[i];
    return count;
}

uint32_t run_end(const run *r)
{
    return r->sequence + r->len;
}

static early_piece *link_piece(early_list *list, early_piece *previous, const run *r, uint32_t len,
                               moment now)
{
    early_piece *p = g_malloc(sizeof *p + len);
    p->arrived = now;
    p->run = *r;
    p->run.data = p->data;
    p->run.len = len;
    p->run.missing = 0;
    if (len > 0)
        memcpy(p->data, r->data, len);
    early_piece **link = previous ? &previous->next : &list->first;
    p->next = *link;
    *link = p;
    if (!p->next)
        list->last = p;
    list->cost += len + EARLY_COST;
    return p;
}

uint32_t early_add(early_list *list, run r, moment now)
{
    uint32_t differences = 0;
    early_piece *previous = NULL, *next = list->first;
    if (list->last && !before(r.sequence, run_end(&list->last->run))) { /* usually they follow */
        previous = list->last;
        next = NULL;
    }
    while (r.len > 0 || r.missing > 0) {
        while (next && !before(r.sequence, run_end(&next->run))) {
            previous = next;
            next = next->next;
        }
        if (next && !before(r.sequence, next->run.sequence)) {
            uint32_t inside = r.sequence - next->run.sequence, rest = next->run.len - inside;
            differences += run_differences(&r, next->data + inside, rest);
            run_trim_front(&r, rest);
        } else if (r.len > 0) {
            uint32_t room = next ? MIN(r.len, next->run.sequence - r.sequence) : r.len;
            previous = link_piece(list, previous, &r, room, now);
            run_trim_front(&r, room);
        } else { /* only what the snaplen cut off is left: note it where it begins */
            if (!previous || run_end(&previous->run) != r.sequence)
                previous = link_piece(list, previous, &r, 0, now);
            previous->run.missing = MAX(previous->run.missing, r.missing);
            break;
        }
    }
    return differences;
}

early_piece *early_take(early_list *list)
{
    early_piece *p = list->first;
    list->first = p->next;
    if (!list->first)
        list->last = NULL;
    list->cost -= p->run.len + EARLY_COST;
    return p;
}

void early_clear(early_list *list)
{
    while (list->first)
        g_free(early_take(list));
}
