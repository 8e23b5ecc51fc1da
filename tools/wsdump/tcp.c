/*
 * Finds the connection of a segment, and knows how connections begin and end; order.c does what is
 * between.
 *
 * A connection that has ended stays as a tombstone for a while, so that late retransmissions do not
 * look like a new one.
 */
#include "tcp.h"

#include "order.h"
#include "sequence.h"

#include <glib.h>

enum {
    DEFAULT_MAX_BUFFERED = 1024 * 1024,
    DEFAULT_MAX_CONNECTIONS = 65536,
    CONNECTION_COST =
        sizeof(connection) + BUDGET_BLOCK + BUDGET_BLOCK + 32, /* what one takes here */
    /* No window is much larger in practice: a reset that is further off was not meant for this
     * connection, and a SYN that came late is not further off than this. */
    PLAUSIBLE_DISTANCE = 1024 * 1024,
    MAX_SEGMENT = 1 << 24, /* captured and cut bytes; what declares more is no segment */
};

/* How long a tombstone stays: twice the longest that a segment is on its way (RFC 9293 3.4.2). */
static const int64_t tombstone_ns = 240 * G_GINT64_CONSTANT(1000000000);

/* --- how they begin and end --- */

/* What the segment says of the other side's stream. Together with its SYN, or as the first thing
 * after it, a side acknowledges the other's SYN. */
static void take_ack(tcp *t, connection *c, int side, const segment *s)
{
    const stream *st = &c->stream[side];
    stream *peer = &c->stream[1 - side];
    const run *first = stream_waiting(peer);
    if (!(s->flags & TCP_ACK))
        return;
    if (peer->started)
        peer->acked = later(peer->acked, s->acknowledgment);
    else if (st->syn_known && s->sequence - st->syn <= 1 &&
             !(first && before(first->sequence, s->acknowledgment)))
        order_begin_stream(t, c, 1 - side, s->acknowledgment);
}

/* False when the SYN makes no sense here, and so nothing else that the segment carries does. */
static bool take_syn(tcp *t, connection *c, int side, const segment *s)
{
    stream *st = &c->stream[side];
    if (st->syn_known && st->syn == s->sequence)
        return true;
    bool untouched = st->highest == st->start && !st->fin_known;
    if (st->syn_known && !untouched)
        return false;
    bool again = st->syn_known; /* a server answers once more */
    st->syn_known = true;
    st->syn = s->sequence;
    take_ack(t, c, side, s); /* the question's stream first */
    if (!st->started || again)
        order_begin_stream(t, c, side, s->sequence + 1);
    if (c->entry.public.syn_side < 0)
        c->entry.public.syn_side = s->flags & TCP_ACK ? 1 - side : side;
    return true;
}

static bool reset_is_plausible(const stream *st, uint32_t sequence)
{
    return !st->started || (!before(sequence, st->expected - PLAUSIBLE_DISTANCE) &&
                            !before(st->highest + PLAUSIBLE_DISTANCE, sequence));
}

/* The connection is over, unless the capture shows data later that was sent before the reset. */
static void take_reset(tcp *t, connection *c, int side, const segment *s)
{
    const stream *st = &c->stream[side];
    if (c->reset_side >= 0 || !reset_is_plausible(st, s->sequence))
        return;
    c->reset_side = side;
    c->reset_at = s->sequence;
    c->reset = t->now;
    take_ack(t, c, side, s);
    order_review(t, c);
}

/* --- connections --- */

static void remove_connection(tcp *t, connection *c)
{
    budget_charge(t->limits.memory, -(uint64_t)CONNECTION_COST);
    order_drop_hole(t, &c->stream[0]);
    order_drop_hole(t, &c->stream[1]);
    table_remove(&t->connections, &c->entry);
}

static void forget_idlest(tcp *t)
{
    connection *c = (connection *)table_idlest(&t->connections);
    if (!c->ended)
        (*(c->entry.state == TABLE_TALKING ? &t->totals.forgotten : &t->totals.forgotten_silent))++;
    order_end(t, c, TCP_END_TIMEOUT, 0);
    remove_connection(t, c);
}

static void forget_old_tombstones(tcp *t)
{
    connection *c;
    while ((c = (connection *)table_idlest_of(&t->connections, TABLE_ENDED)) &&
           c->ended_ns < t->now.time_ns && t->now.time_ns - tombstone_ns > c->ended_ns)
        remove_connection(t, c);
}

static void make_room(tcp *t)
{
    forget_old_tombstones(t);
    budget_charge(t->limits.memory, CONNECTION_COST);
    order_review_agenda(t);
    while (table_surplus(&t->connections) ||
           (budget_exceeded(t->limits.memory) && table_idlest(&t->connections)))
        forget_idlest(t);
}

/* What a segment of `current` brought is too much: others have to go. What one connection may take
 * is bounded, so it can stay. */
static void relieve(tcp *t, const connection *current)
{
    order_review_agenda(t);
    const table_entry *e;
    while (budget_exceeded(t->limits.memory) && (e = table_idlest(&t->connections)) &&
           e != &current->entry)
        forget_idlest(t);
}

static connection *open_connection(tcp *t, const segment *s)
{
    make_room(t);
    connection *c = g_new0(connection, 1);
    c->entry.public = (tcp_connection){.side = {s->source, s->destination}, .syn_side = -1};
    c->reset_side = -1;
    c->begun = t->begun++;
    table_add(&t->connections, &c->entry);
    if (s->flags & TCP_SYN)
        take_syn(t, c, 0, s);
    order_emit(t, c, 0, &(tcp_event){.type = TCP_EVENT_OPEN});
    return c;
}

/* Whether a SYN begins another connection between the endpoints of one that is known. */
static bool is_another(const connection *c, int side, const segment *s)
{
    const stream *st = &c->stream[side], *peer = &c->stream[1 - side];
    if (s->flags & TCP_ACK && peer->syn_known && s->acknowledgment == peer->syn + 1)
        return false; /* it answers the SYN that began this one */
    if (st->syn_known)
        return s->sequence != st->syn;
    if (st->started && s->sequence + 1 == st->start)
        return false; /* it came after all that it began */
    if (c->ended)
        return true;
    /* Data was captured before its SYN: then they are close together. */
    if (!st->started) {
        const run *first = stream_waiting(st);
        return first && first->sequence - (s->sequence + 1) > PLAUSIBLE_DISTANCE;
    }
    return st->start - (s->sequence + 1) > PLAUSIBLE_DISTANCE;
}

static bool can_open(const segment *s)
{
    return s->flags & TCP_SYN || s->len > 0 || s->missing > 0;
}

/* The connection a segment belongs to, opened if need be; NULL when it is nobody's. */
static connection *connection_of(tcp *t, const segment *s, int *side)
{
    connection *c = (connection *)table_find(&t->connections, &s->source, &s->destination, side);
    if (c) {
        if (s->flags & TCP_RST || !(s->flags & TCP_SYN) || !is_another(c, *side, s))
            return c;
        order_end(t, c, TCP_END_TIMEOUT, 0);
        remove_connection(t, c);
    }
    *side = 0;
    return !(s->flags & TCP_RST) && can_open(s) ? open_connection(t, s) : NULL;
}

/* The usual segment, the next bytes of a stream in which nothing is missing, takes a short way. */
static bool take_plain(tcp *t, connection *c, int side, const segment *s)
{
    stream *st = &c->stream[side], *peer = &c->stream[1 - side];
    if (st->hole || peer->hole || c->entry.state != TABLE_TALKING || st->fin_known ||
        s->missing > 0 || s->flags & (TCP_SYN | TCP_FIN | TCP_RST) || !st->started ||
        s->sequence != st->expected)
        return false;
    if (s->flags & TCP_ACK) {
        if (!peer->started || before(peer->expected, s->acknowledgment))
            return false;
        peer->acked = later(peer->acked, s->acknowledgment);
    }
    if (s->len > 0) {
        st->strays = 0;
        st->highest = s->sequence + s->len;
        order_deliver(t, c, side, s->data, s->len, true);
    }
    return true;
}

static void take_segment(tcp *t, connection *c, int side, const segment *s)
{
    c->packets++;
    table_touch(&t->connections, &c->entry);
    if (take_plain(t, c, side, s))
        return;
    if (s->flags & TCP_RST) { /* what a reset carries is a remark, not stream data */
        take_reset(t, c, side, s);
        return;
    }
    run r = {s->sequence, s->data, s->len, s->missing, s->acknowledgment, (s->flags & TCP_ACK) != 0,
             true};
    if (s->flags & TCP_SYN) {
        if (!take_syn(t, c, side, s))
            return;
        r.sequence++; /* a SYN takes a sequence number */
    }
    take_ack(t, c, side, s);
    order_take_data(t, c, side, r);
    if (s->flags & TCP_FIN)
        order_take_fin(t, c, side, r.sequence + r.len + r.missing);
    if (c->stream[0].hole || c->stream[1].hole) {
        order_review(t, c);
        order_review_patience(t, c, 0);
        order_review_patience(t, c, 1);
    } else if (s->flags & TCP_FIN) {
        order_end_if_complete(t, c);
    }
}

/* --- the public face --- */

tcp_connection *tcp_segment(tcp *t, const segment *s, uint64_t number, int64_t time_ns)
{
    t->now = (moment){time_ns, number, 0};
    t->clock_ns = time_ns;
    if ((uint64_t)s->len + s->missing > MAX_SEGMENT)
        return NULL;
    int side;
    connection *c = connection_of(t, s, &side);
    if (c && !c->ended)
        take_segment(t, c, side, s);
    if (hole_next(&t->holes))
        order_review_agenda(t);
    if (c && budget_exceeded(t->limits.memory))
        relieve(t, c);
    return c ? &c->entry.public : NULL;
}

void tcp_pass(tcp *t, int64_t time_ns)
{
    t->clock_ns = MAX(t->clock_ns, time_ns);
    order_review_agenda(t);
}

static gint by_begin(gconstpointer a, gconstpointer b)
{
    const connection *x = *(connection *const *)a, *y = *(connection *const *)b;
    return x->begun < y->begun ? -1 : x->begun > y->begun;
}

void tcp_finish(tcp *t)
{
    GPtrArray *open = table_all(&t->connections);
    g_ptr_array_sort(open, by_begin);
    for (guint i = 0; i < open->len; i++) {
        connection *c = g_ptr_array_index(open, i);
        order_end(t, c, TCP_END_EOF, 0);
        remove_connection(t, c);
    }
    g_ptr_array_unref(open);
}

tcp *tcp_new(const tcp_limits *limits, tcp_sink *sink, void *user)
{
    tcp *t = g_new0(tcp, 1);
    if (limits)
        t->limits = *limits;
    if (t->limits.max_buffered == 0)
        t->limits.max_buffered = DEFAULT_MAX_BUFFERED;
    if (t->limits.max_connections == 0)
        t->limits.max_connections = DEFAULT_MAX_CONNECTIONS;
    t->own.limit = UINT64_MAX;
    if (!t->limits.memory)
        t->limits.memory = &t->own;
    t->sink = sink;
    t->user = user;
    t->holes.holes = g_sequence_new(NULL);
    table_init(&t->connections, t->limits.max_connections);
    return t;
}

const tcp_totals *tcp_get_totals(const tcp *t)
{
    return &t->totals;
}

void tcp_free(tcp *t)
{
    if (!t)
        return;
    GPtrArray *left = table_all(&t->connections);
    for (guint i = 0; i < left->len; i++)
        remove_connection(t, g_ptr_array_index(left, i));
    g_ptr_array_unref(left);
    table_clear(&t->connections);
    g_sequence_free(t->holes.holes);
    delivered_clear(&t->delivered);
    g_free(t);
}
