/* When to give up waiting. See hole.h. */
#include "hole.h"

#include "sequence.h"

enum {
    /* A sender does not go on for more than its receiver's window past what was not acknowledged:
     * twice the largest that is usual. A stray segment looks the same, so more packets must come.
     */
    TWO_WINDOWS = 16 * 1024 * 1024,
    PACKETS_AFTER_LEAP = 16,
};

/* How long a hole is waited for: so many packets of its connection, or so long. */
typedef enum evidence { EVIDENCE_NONE, EVIDENCE_ACKED, EVIDENCE_WHOLE } evidence;
static const struct {
    uint32_t packets;
    int64_t ns;
} patience[] = {
    [EVIDENCE_NONE] = {UINT32_MAX, G_GINT64_CONSTANT(3000000000)},
    [EVIDENCE_ACKED] = {64, G_GINT64_CONSTANT(1000000000)},
    [EVIDENCE_WHOLE] = {16, G_GINT64_CONSTANT(100000000)},
};

moment moment_later(moment a, moment b)
{
    return (moment){MAX(a.time_ns, b.time_ns), MAX(a.packet, b.packet),
                    MAX(a.own_packets, b.own_packets)};
}

static evidence evidence_of(const hole *h)
{
    if (h->maybe_none)
        return EVIDENCE_WHOLE;
    return h->reset || h->acked_known ? EVIDENCE_ACKED : EVIDENCE_NONE;
}

static moment known_since(const hole *h)
{
    return h->waiting.first ? moment_later(h->known, h->waiting.first->arrived) : h->known;
}

static moment evident_since(const hole *h)
{
    bool by_ack = evidence_of(h) == EVIDENCE_ACKED && !h->reset;
    return by_ack ? moment_later(known_since(h), h->acked) : known_since(h);
}

/* Times of a capture may be anything. */
static int64_t later_by(int64_t time_ns, int64_t ns)
{
    return time_ns > INT64_MAX - ns ? INT64_MAX : time_ns + ns;
}

static int64_t deadline(const hole *h)
{
    return MIN(later_by(known_since(h).time_ns, patience[EVIDENCE_NONE].ns),
               later_by(evident_since(h).time_ns, patience[evidence_of(h)].ns));
}

void hole_note_ack(hole *h, uint32_t end, uint32_t acked, moment now)
{
    if (h->acked_known && !before(h->acked_up_to, end))
        return;
    h->acked_known = !before(acked, end);
    h->acked_up_to = acked;
    h->acked = now;
}

bool hole_is_overdue(const hole *h, uint32_t missing, moment now)
{
    return now.time_ns >= deadline(h) ||
           now.own_packets - evident_since(h).own_packets >= patience[evidence_of(h)].packets ||
           (missing > TWO_WINDOWS &&
            now.own_packets - known_since(h).own_packets >= PACKETS_AFTER_LEAP);
}

static gint by_deadline(gconstpointer a, gconstpointer b, gpointer user)
{
    (void)user;
    const hole *x = a, *y = b;
    return x->deadline_ns < y->deadline_ns ? -1 : x->deadline_ns > y->deadline_ns;
}

void hole_schedule(hole *h, hole_agenda *agenda)
{
    int64_t at = deadline(h);
    if (h->agenda && at == h->deadline_ns)
        return;
    h->deadline_ns = at;
    if (h->agenda) {
        g_sequence_sort_changed(h->agenda, by_deadline, NULL);
    } else {
        h->agenda = g_sequence_insert_sorted(agenda->holes, h, by_deadline, NULL);
        agenda->count++;
    }
}

hole *hole_next(hole_agenda *agenda)
{
    return agenda->count > 0 ? g_sequence_get(g_sequence_get_begin_iter(agenda->holes)) : NULL;
}

void hole_free(hole *h, hole_agenda *agenda)
{
    if (!h)
        return;
    if (h->agenda) {
        g_sequence_remove(h->agenda);
        agenda->count--;
    }
    early_clear(&h->waiting);
    g_free(h);
}
