/*
 * Each of a connection's two streams knows the sequence number it expects next; a segment that
 * begins there goes straight on to the sink, one that begins later waits behind a hole until that
 * is filled or given up. See order.h.
 */
#include "order.h"

#include "sequence.h"

enum {
    /* Data further off than this is not this stream's, or the capture lost so much that sequence
     * numbers went on without us: believed when that many segments follow each other there. */
    REACH_BACK = 16 * 1024 * 1024,
    REACH_AHEAD = 1 << 30, /* the largest window there can be */
    STRAYS_BELIEVED = 8,
};

/* --- events --- */

void order_emit(const tcp *t, connection *c, int side, tcp_event *e)
{
    e->connection = &c->entry.public;
    e->side = side;
    e->packet = t->now.packet;
    e->time_ns = t->now.time_ns;
    if (c->reset_side >= 0 && e->type == TCP_EVENT_END) {
        e->packet = c->reset.packet;
        e->time_ns = c->reset.time_ns;
    } else if (c->reset_side >= 0) {
        c->reset = t->now;
    }
    t->sink(t->user, e);
}

void order_deliver(tcp *t, connection *c, int side, const uint8_t *data, uint32_t len,
                   bool segment_start)
{
    stream *st = &c->stream[side];
    if (len == 0)
        return;
    delivered_note(&t->delivered, &st->remembered, st->expected, data, len);
    st->expected += len;
    order_emit(
        t, c, side,
        &(tcp_event){
            .type = TCP_EVENT_DATA, .data = data, .len = len, .segment_start = segment_start});
}

static void lose(const tcp *t, connection *c, int side, uint32_t len)
{
    if (len == 0)
        return;
    c->stream[side].expected += len;
    order_emit(t, c, side, &(tcp_event){.type = TCP_EVENT_GAP, .len = len});
}

static void report_differences(const tcp *t, connection *c, int side, uint32_t count)
{
    if (count > 0)
        order_emit(t, c, side, &(tcp_event){.type = TCP_EVENT_CONFLICT, .len = count});
}

/* --- what is missing --- */

static moment now(const tcp *t, const connection *c)
{
    return (moment){t->now.time_ns, t->now.packet, c->packets};
}

/* Up to where the peer says it has received more than the capture shows. A FIN that was lost too
 * takes a sequence number, but no byte. */
static uint32_t acked_end(const connection *c, int side)
{
    const stream *st = &c->stream[side];
    uint32_t beyond = st->acked - st->highest;
    if (!st->started || st->highest == st->start || beyond > REACH_BACK)
        return st->highest;
    bool fin_lost = beyond == 1 || (beyond > 1 && c->stream[1 - side].fin_delivered);
    return st->highest + beyond - fin_lost;
}

/* Where the hole ends: at what waits, at the FIN, or, when nothing more comes, at what the peer has
 * received. The expected byte where nothing is missing. */
static uint32_t hole_end(const connection *c, int side)
{
    const stream *st = &c->stream[side];
    if (!st->started)
        return st->expected;
    const run *first = stream_waiting(st);
    if (first)
        return first->sequence;
    if (st->fin_known)
        return st->fin;
    return c->ending || c->reset_side >= 0 ? later(st->expected, acked_end(c, side)) : st->expected;
}

static bool has_hole(const connection *c, int side)
{
    return before(c->stream[side].expected, hole_end(c, side));
}

/* Something came before it was known where the stream begins. */
static bool waits_for_start(const stream *st)
{
    return !st->started && (stream_waiting(st) || st->fin_known);
}

/* A side that reset the connection had sent this much, or it was reset only just now. */
static bool waits_after_reset(const connection *c, int side)
{
    return c->reset_side == side && !c->reset_over;
}

static bool sent_more_before_reset(const connection *c, int side)
{
    const stream *st = &c->stream[side];
    return waits_after_reset(c, side) && st->started && !st->fin_known &&
           before(st->expected, c->reset_at);
}

/*
 * What a side sent after it had received bytes of the other's that the capture shows only later: it
 * waits for those, so that an answer comes after its question. Not where the other's do not come.
 */
static bool is_too_early(const connection *c, int side, const run *r)
{
    const stream *st = &c->stream[side], *peer = &c->stream[1 - side];
    uint32_t ahead = r->acknowledges - peer->expected;
    return r->has_ack && peer->started && ahead - 1 < REACH_BACK &&
           !(st->impatient && st->impatient_at == peer->expected) && !c->ending;
}

static bool waits_for_peer(const stream *st)
{
    const run *first = stream_waiting(st);
    return st->started && first && first->sequence == st->expected;
}

static hole *begin_hole(const tcp *t, connection *c, int side)
{
    stream *st = &c->stream[side];
    if (!st->hole) {
        budget_charge(t->limits.memory, HOLE_COST);
        st->hole = g_new0(hole, 1);
        st->hole->owner = c;
        st->hole->side = side;
        st->hole->known = now(t, c);
    }
    return st->hole;
}

void order_drop_hole(tcp *t, stream *st)
{
    if (!st->hole)
        return;
    budget_charge(t->limits.memory, -(uint64_t)(HOLE_COST + st->hole->waiting.cost));
    hole_free(st->hole, &t->holes);
    st->hole = NULL;
}

/* The hole has changed, or what is known of it: bring the agenda up to date. */
static void review_hole(tcp *t, connection *c, int side)
{
    stream *st = &c->stream[side];
    bool missing = has_hole(c, side);
    if (!missing && !stream_waiting(st) && !waits_for_start(st) && !waits_after_reset(c, side)) {
        order_drop_hole(t, st);
        return;
    }
    hole *h = begin_hole(t, c, side);
    h->reset = c->reset_side >= 0;
    h->maybe_none = !missing && !sent_more_before_reset(c, side);
    if (missing)
        hole_note_ack(h, hole_end(c, side), st->acked, now(t, c));
    hole_schedule(h, &t->holes);
}

/* --- from behind the hole to the sink --- */

/* The first piece is next: deliver it. Returns up to where the snaplen cut off what follows it. */
static uint32_t deliver_first(tcp *t, connection *c, int side)
{
    early_list *waiting = &c->stream[side].hole->waiting;
    size_t cost = waiting->cost;
    early_piece *p = early_take(waiting);
    t->limits.memory->used -= cost - waiting->cost;
    uint32_t cut_end = run_end(&p->run) + p->run.missing;
    order_deliver(t, c, side, p->data, p->run.len, p->run.segment_start);
    g_free(p);
    return cut_end;
}

static void deliver_fin(const tcp *t, connection *c, int side)
{
    stream *st = &c->stream[side];
    if (!st->fin_known || st->fin_delivered || st->expected != st->fin)
        return;
    st->fin_delivered = true;
    order_emit(t, c, side, &(tcp_event){.type = TCP_EVENT_FIN});
}

/*
 * Deliver what can be next: a piece, or a gap for bytes up to *cut_end, which a snaplen cut off,
 * unless a piece has them. False when nothing can.
 */
static bool drain_once(tcp *t, connection *c, int side, uint32_t *cut_end)
{
    stream *st = &c->stream[side];
    const run *first = stream_waiting(st);
    if (first && first->sequence == st->expected) {
        if (is_too_early(c, side, first))
            return false;
        *cut_end = later(*cut_end, deliver_first(t, c, side));
        return true;
    }
    if (!before(st->expected, *cut_end))
        return false;
    uint32_t missing = *cut_end - st->expected;
    lose(t, c, side, first ? MIN(missing, first->sequence - st->expected) : missing);
    return true;
}

/* Has the other side something that came before what this one has, and need not wait any more? */
static bool peer_comes_first(const connection *c, int side)
{
    const stream *st = &c->stream[side], *other = &c->stream[1 - side];
    const run *first = stream_waiting(st), *before_it = stream_waiting(other);
    return first && waits_for_peer(other) &&
           other->hole->waiting.first->arrived.packet < st->hole->waiting.first->arrived.packet &&
           !is_too_early(c, 1 - side, before_it);
}

static void drain(tcp *t, connection *c, int side, uint32_t cut_end)
{
    for (bool more = true; more;) {
        if (!peer_comes_first(c, side)) {
            more = drain_once(t, c, side, &cut_end);
        } else {
            uint32_t nothing_cut = c->stream[1 - side].expected;
            drain_once(t, c, 1 - side, &nothing_cut);
            deliver_fin(t, c, 1 - side);
        }
    }
    deliver_fin(t, c, side);
}

/* The other side's bytes do not come: what waited for them is delivered as of when it came. */
static void stop_waiting_for_peer(tcp *t, connection *c, int side)
{
    stream *st = &c->stream[side];
    moment present = t->now, at = {INT64_MIN, 0, 0};
    st->impatient = true;
    st->impatient_at = c->stream[1 - side].expected;
    uint32_t cut_end = st->expected;
    do {
        if (waits_for_peer(st))
            t->now = at = moment_later(at, st->hole->waiting.first->arrived);
    } while (drain_once(t, c, side, &cut_end));
    t->now = present;
    deliver_fin(t, c, side);
}

static void start_stream(stream *st, uint32_t sequence)
{
    st->start = st->expected = st->highest = st->acked = sequence;
    st->started = true;
}

void order_begin_stream(tcp *t, connection *c, int side, uint32_t sequence)
{
    stream *st = &c->stream[side];
    moment present = t->now, at = {INT64_MIN, 0, 0};
    early_list early = {0};
    if (st->hole) {
        early = st->hole->waiting;
        st->hole->waiting = (early_list){0};
        t->limits.memory->used -= early.cost;
    }
    start_stream(st, sequence);
    uint32_t end = early.last ? run_end(&early.last->run) : sequence;
    if (st->fin_known && (before(st->fin, end) || before(st->fin, sequence)))
        st->fin_known = false; /* not this stream's */
    while (early.first) {
        early_piece *p = early_take(&early);
        t->now = at = moment_later(at, p->arrived);
        order_take_data(t, c, side, p->run);
        g_free(p);
    }
    t->now = present;
    if (st->fin_known)
        st->highest = st->fin;
    deliver_fin(t, c, side);
}

/* Give up the bytes up to the end of the hole and go on after them. Every reason to believe that
 * bytes are lost, or that none are, ends here. */
static void declare_gap(tcp *t, connection *c, int side)
{
    stream *st = &c->stream[side];
    if (has_hole(c, side)) {
        lose(t, c, side, hole_end(c, side) - st->expected);
    } else if (waits_for_start(st)) {
        const run *first = stream_waiting(st);
        order_begin_stream(t, c, side, first ? first->sequence : st->fin);
    } else if (waits_for_peer(st)) {
        stop_waiting_for_peer(t, c, side);
    } else if (c->reset_side == side) {
        c->reset_over = true;
    }
    drain(t, c, side, st->expected);
}

static void give_up_holes(tcp *t, connection *c, int side)
{
    stream *st = &c->stream[side];
    while (has_hole(c, side) || waits_for_start(st) || waits_for_peer(st))
        declare_gap(t, c, side);
    order_drop_hole(t, st);
}

void order_end(tcp *t, connection *c, tcp_end how, int side)
{
    if (c->ended)
        return;
    c->ending = true;
    give_up_holes(t, c, 0);
    give_up_holes(t, c, 1);
    if (c->reset_side >= 0) {
        how = TCP_END_RST;
        side = c->reset_side;
    } else if (c->stream[0].fin_delivered && c->stream[1].fin_delivered) {
        how = TCP_END_FIN;
    }
    c->ended = true;
    c->ended_ns = t->now.time_ns;
    table_set_state(&t->connections, &c->entry, TABLE_ENDED);
    order_emit(t, c, side, &(tcp_event){.type = TCP_EVENT_END, .end = how});
}

void order_end_if_complete(tcp *t, connection *c)
{
    if (c->stream[0].fin_delivered && c->stream[1].fin_delivered)
        order_end(t, c, TCP_END_FIN, 0);
    else if (c->reset_over && !has_hole(c, 0) && !has_hole(c, 1))
        order_end(t, c, TCP_END_RST, c->reset_side);
}

/* What one side delivers the other may have waited for. */
static void drain_both(tcp *t, connection *c)
{
    uint32_t expected[2];
    do {
        for (int side = 0; side < 2; side++) {
            expected[side] = c->stream[side].expected;
            if (waits_for_peer(&c->stream[side]))
                drain(t, c, side, expected[side]);
        }
    } while (expected[0] != c->stream[0].expected || expected[1] != c->stream[1].expected);
}

void order_review(tcp *t, connection *c)
{
    drain_both(t, c);
    review_hole(t, c, 0);
    review_hole(t, c, 1);
    order_end_if_complete(t, c);
}

/* Returns how many bytes were missing. */
static uint32_t give_up_hole(tcp *t, hole *h)
{
    connection *c = h->owner;
    int side = h->side;
    uint32_t missing = hole_end(c, side) - c->stream[side].expected;
    declare_gap(t, c, side);
    order_review(t, c);
    return missing;
}

void order_review_patience(tcp *t, connection *c, int side)
{
    const stream *st = &c->stream[side];
    while (st->hole && hole_is_overdue(st->hole, hole_end(c, side) - st->expected, now(t, c)))
        give_up_hole(t, st->hole);
    while (st->hole && st->hole->waiting.cost > t->limits.max_buffered)
        t->totals.given_up += give_up_hole(t, st->hole);
}

void order_review_agenda(tcp *t)
{
    for (hole *h; (h = hole_next(&t->holes)) && h->deadline_ns <= t->clock_ns;)
        give_up_hole(t, h);
    for (hole *h; budget_exceeded(t->limits.memory) && (h = hole_next(&t->holes));)
        t->totals.given_up += give_up_hole(t, h);
}

/* --- what a segment brings --- */

/* A run that begins at the expected byte goes on without being copied; where it meets waiting
 * pieces, theirs are the bytes that count. */
static void take_next(tcp *t, connection *c, int side, run r)
{
    stream *st = &c->stream[side];
    uint32_t cut_end = r.sequence + r.len + r.missing;
    if (st->hole)
        st->hole->known = now(t, c); /* it is being filled */
    while (r.len > 0) {
        const run *first = stream_waiting(st);
        if (first && first->sequence == st->expected) {
            uint32_t covered = first->len;
            report_differences(t, c, side, run_differences(&r, first->data, covered));
            cut_end = later(cut_end, deliver_first(t, c, side));
            run_trim_front(&r, covered);
        } else {
            uint32_t room = first ? first->sequence - st->expected : r.len;
            uint32_t len = MIN(r.len, room);
            order_deliver(t, c, side, r.data, len, r.segment_start);
            run_trim_front(&r, len);
        }
    }
    drain(t, c, side, cut_end);
}

static void keep_for_later(tcp *t, connection *c, int side, run r)
{
    early_list *waiting = &begin_hole(t, c, side)->waiting;
    size_t cost = waiting->cost;
    report_differences(t, c, side, early_add(waiting, r, now(t, c)));
    t->limits.memory->used += waiting->cost - cost;
}

/* Joined mid-stream, or the beginning was captured out of order: that shows soon. */
static void keep_until_start(tcp *t, connection *c, int side, run r)
{
    const stream *st = &c->stream[side];
    const run *first = stream_waiting(st);
    if (first) {
        uint32_t distance = r.sequence - first->sequence;
        if (distance + REACH_BACK > 2 * (uint32_t)REACH_BACK)
            return;
    }
    keep_for_later(t, c, side, r);
}

/* Whether the run is too far off to be put in order; counts those that follow each other. */
static bool is_stray(stream *st, const run *r)
{
    uint32_t end = r->sequence + r->len + r->missing;
    if (end - (st->expected - REACH_BACK) <= REACH_BACK + (uint32_t)REACH_AHEAD) {
        st->strays = 0;
        return false;
    }
    if (end == st->stray_next) /* the same once more */
        return true;
    st->strays = r->sequence == st->stray_next ? st->strays + 1 : 1;
    st->stray_next = end;
    return true;
}

/* The stream goes on elsewhere. How much was lost is known but for multiples of 4 GiB. */
static void jump(tcp *t, connection *c, int side, uint32_t sequence)
{
    stream *st = &c->stream[side];
    give_up_holes(t, c, side);
    lose(t, c, side, sequence - st->expected);
    st->highest = st->acked = sequence;
    st->strays = 0;
}

/* Bytes that were delivered already. A keep-alive's single byte means nothing (RFC 9293 3.8.4). */
static void compare_again(const tcp *t, connection *c, int side, const run *r)
{
    const stream *st = &c->stream[side];
    if (r->len == 1 && r->sequence + 1 == st->expected)
        return;
    run known = *r;
    run_trim_back(&known, st->expected);
    report_differences(t, c, side, delivered_differences(&t->delivered, st->remembered, &known));
}

void order_take_data(tcp *t, connection *c, int side, run r)
{
    stream *st = &c->stream[side];
    if (st->fin_known)
        run_trim_back(&r, st->fin);
    if (r.len == 0 && r.missing == 0)
        return;
    if (c->entry.state != TABLE_TALKING)
        table_set_state(&t->connections, &c->entry, TABLE_TALKING);
    if (!st->started) {
        keep_until_start(t, c, side, r);
        return;
    }
    if (is_stray(st, &r)) {
        if (st->strays < STRAYS_BELIEVED)
            return;
        jump(t, c, side, r.sequence);
    }
    if (before(r.sequence, st->expected)) { /* sent again, wholly or in part */
        uint32_t known = st->expected - r.sequence;
        compare_again(t, c, side, &r);
        if (known >= r.len + r.missing)
            return;
        run_trim_front(&r, known);
    }
    st->highest = later(st->highest, r.sequence + r.len + r.missing);
    if (r.sequence == st->expected && !is_too_early(c, side, &r))
        take_next(t, c, side, r);
    else
        keep_for_later(t, c, side, r);
}

void order_take_fin(tcp *t, connection *c, int side, uint32_t sequence)
{
    stream *st = &c->stream[side];
    if (st->fin_known || (st->started && before(sequence, st->highest)))
        return;
    st->fin_known = true;
    st->fin = sequence;
    if (st->started) {
        st->highest = sequence;
        deliver_fin(t, c, side);
    }
    if (!st->fin_delivered)
        begin_hole(t, c, side);
}
