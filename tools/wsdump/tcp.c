/*
 * A connection is found by its two endpoints, whichever sent the packet. Each of its two streams
 * knows the sequence number it expects next; a segment that begins there goes straight on to the
 * sink, one that begins later waits in a sorted list until the hole before it is filled or given
 * up. Sequence numbers wrap, so they are compared by their signed difference.
 *
 * A connection that has ended stays as a tombstone, so that late retransmissions do not look like
 * a new one. Connections and tombstones together are bounded; the least recently active goes.
 */
#include "tcp.h"

#include <glib.h>
#include <string.h>

enum {
    DEFAULT_MAX_BUFFERED = 1024 * 1024,
    DEFAULT_MAX_CONNECTIONS = 65536,
    PIECE_COST = 64, /* what a waiting piece costs besides its bytes */
    /* No window is much larger in practice: a reset that is further off was not meant for this
     * connection, and a SYN that came late is not further off than this. */
    PLAUSIBLE_DISTANCE = 1024 * 1024,
    MAX_SEGMENT = 1 << 24, /* captured and cut bytes; what declares more is no segment */
    /* Data further off than this is not this stream's, or the capture lost so much that sequence
     * numbers went on without us: believed when that many segments follow each other there. */
    REACH_BACK = 16 * 1024 * 1024,
    REACH_AHEAD = 1 << 30, /* the largest window there can be */
    STRAYS_BELIEVED = 8,
};

/* Bytes that wait behind a hole. Sorted, never overlapping; one without bytes only says that the
 * snaplen cut some off there. */
typedef struct piece {
    struct piece *next;
    uint32_t sequence;
    uint32_t len;
    uint32_t missing; /* bytes after these that the snaplen cut off */
    bool segment_start;
    uint8_t data[];
} piece;

/* One direction of a connection. */
typedef struct stream {
    bool started;      /* the numbers below mean something */
    uint32_t start;    /* of the first byte */
    uint32_t expected; /* of the next byte to go to the sink */
    uint32_t highest;  /* after the last byte that was heard of */
    bool syn_known, fin_known, fin_delivered;
    uint32_t syn, fin;
    uint32_t strays, stray_next; /* segments out of reach that followed each other; their end */
    piece *first, *last;
    size_t waiting; /* bytes, and PIECE_COST for each piece */
} stream;

typedef struct connection {
    tcp_connection public; /* first: the hash table's key */
    stream stream[2];
    uint64_t begun; /* the how-manyth connection */
    bool ended;     /* a tombstone */
    GList link;     /* in tcp.by_activity */
} connection;

struct tcp {
    tcp_limits limits;
    tcp_sink *sink;
    void *user;
    GHashTable *connections; /* a set of connection */
    GQueue by_activity;      /* the most recently active last */
    connection *latest;      /* of the segment before: often the one of the next */
    uint64_t begun;
    uint64_t packet; /* of the segment at hand */
    int64_t time_ns;
};

/* The bytes of a segment that are still of interest. */
typedef struct run {
    uint32_t sequence;
    const uint8_t *data;
    uint32_t len;
    uint32_t missing;
    bool segment_start;
} run;

static bool before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static uint32_t later(uint32_t a, uint32_t b)
{
    return before(a, b) ? b : a;
}

/* --- events --- */

static void emit(const tcp *t, connection *c, int side, tcp_event e)
{
    e.connection = &c->public;
    e.side = side;
    e.packet = t->packet;
    e.time_ns = t->time_ns;
    t->sink(t->user, &e);
}

static void deliver(const tcp *t, connection *c, int side, const uint8_t *data, uint32_t len,
                    bool segment_start)
{
    if (len == 0)
        return;
    c->stream[side].expected += len;
    emit(t, c, side,
         (tcp_event){
             .type = TCP_EVENT_DATA, .data = data, .len = len, .segment_start = segment_start});
}

static void lose(const tcp *t, connection *c, int side, uint32_t len)
{
    if (len == 0)
        return;
    c->stream[side].expected += len;
    emit(t, c, side, (tcp_event){.type = TCP_EVENT_GAP, .len = len});
}

/* --- the list of waiting pieces --- */

static uint32_t end_of(const piece *p)
{
    return p->sequence + p->len;
}

static piece *link_piece(stream *st, piece *previous, const run *r, uint32_t len)
{
    piece *p = g_malloc(sizeof *p + len);
    *p = (piece){.sequence = r->sequence, .len = len, .segment_start = r->segment_start};
    if (len > 0)
        memcpy(p->data, r->data, len);
    piece **link = previous ? &previous->next : &st->first;
    p->next = *link;
    *link = p;
    if (!p->next)
        st->last = p;
    st->waiting += len + PIECE_COST;
    return p;
}

static piece *unlink_first(stream *st)
{
    piece *p = st->first;
    st->first = p->next;
    if (!st->first)
        st->last = NULL;
    st->waiting -= p->len + PIECE_COST;
    return p;
}

static void drop_waiting(stream *st)
{
    while (st->first)
        g_free(unlink_first(st));
}

/* Drop the run's first bytes: captured ones first, then those that were cut off. */
static void trim_front(run *r, uint32_t count)
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

/* Drop what lies at `end` and after it. */
static void trim_back(run *r, uint32_t end)
{
    uint32_t room = before(r->sequence, end) ? end - r->sequence : 0;
    r->len = MIN(r->len, room);
    r->missing = MIN(r->missing, room - r->len);
}

/* Put a run that begins after a hole into the list. Where bytes wait already they stay: the first
 * that were seen count, as with the receiver. */
static void store(stream *st, run r)
{
    piece *previous = NULL, *next = st->first;
    if (st->last && !before(r.sequence, end_of(st->last))) { /* usually they come in order */
        previous = st->last;
        next = NULL;
    }
    while (r.len > 0 || r.missing > 0) {
        while (next && !before(r.sequence, end_of(next))) {
            previous = next;
            next = next->next;
        }
        if (next && !before(r.sequence, next->sequence)) {
            trim_front(&r, end_of(next) - r.sequence);
        } else if (r.len > 0) {
            uint32_t room = next ? MIN(r.len, next->sequence - r.sequence) : r.len;
            previous = link_piece(st, previous, &r, room);
            trim_front(&r, room);
        } else { /* only what the snaplen cut off is left: note it where it begins */
            if (!previous || end_of(previous) != r.sequence)
                previous = link_piece(st, previous, &r, 0);
            previous->missing = MAX(previous->missing, r.missing);
            return;
        }
    }
}

/* --- from the list to the sink --- */

/* The first piece is next: deliver it. Returns up to where the snaplen cut off what follows it. */
static uint32_t deliver_first(const tcp *t, connection *c, int side)
{
    piece *p = unlink_first(&c->stream[side]);
    uint32_t cut_end = end_of(p) + p->missing;
    deliver(t, c, side, p->data, p->len, p->segment_start);
    g_free(p);
    return cut_end;
}

static void deliver_fin(const tcp *t, connection *c, int side)
{
    stream *st = &c->stream[side];
    if (!st->fin_known || st->fin_delivered || st->expected != st->fin)
        return;
    st->fin_delivered = true;
    emit(t, c, side, (tcp_event){.type = TCP_EVENT_FIN});
}

/*
 * Deliver whatever can be: pieces that are next, and a gap for bytes up to cut_end, which a
 * snaplen cut off, unless a piece has them.
 */
static void drain(const tcp *t, connection *c, int side, uint32_t cut_end)
{
    stream *st = &c->stream[side];
    for (;;) {
        if (st->first && st->first->sequence == st->expected) {
            cut_end = later(cut_end, deliver_first(t, c, side));
        } else if (before(st->expected, cut_end)) {
            uint32_t hole = cut_end - st->expected;
            lose(t, c, side, st->first ? MIN(hole, st->first->sequence - st->expected) : hole);
        } else {
            break;
        }
    }
    deliver_fin(t, c, side);
}

/* Give up the bytes before the first piece that waits, or before the FIN, and go on after them.
 * Every reason to believe that bytes are lost ends here. */
static void declare_gap(const tcp *t, connection *c, int side)
{
    stream *st = &c->stream[side];
    uint32_t end = st->first ? st->first->sequence : st->fin_known ? st->fin : st->expected;
    if (before(st->expected, end))
        lose(t, c, side, end - st->expected);
    drain(t, c, side, st->expected);
}

static void give_up_holes(const tcp *t, connection *c, int side)
{
    stream *st = &c->stream[side];
    while (st->first)
        declare_gap(t, c, side);
    if (st->fin_known && !st->fin_delivered)
        declare_gap(t, c, side);
}

/* --- what a segment brings --- */

/* A run that begins at the expected byte goes on without being copied; where it meets waiting
 * pieces, theirs are the bytes that count. */
static void take_next(const tcp *t, connection *c, int side, run r)
{
    stream *st = &c->stream[side];
    uint32_t cut_end = r.sequence + r.len + r.missing;
    while (r.len > 0) {
        if (st->first && st->first->sequence == st->expected) {
            uint32_t covered = st->first->len;
            cut_end = later(cut_end, deliver_first(t, c, side));
            trim_front(&r, covered);
        } else {
            uint32_t room = st->first ? st->first->sequence - st->expected : r.len;
            uint32_t len = MIN(r.len, room);
            deliver(t, c, side, r.data, len, r.segment_start);
            trim_front(&r, len);
        }
    }
    drain(t, c, side, cut_end);
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
static void jump(const tcp *t, connection *c, int side, uint32_t sequence)
{
    stream *st = &c->stream[side];
    give_up_holes(t, c, side);
    lose(t, c, side, sequence - st->expected);
    st->highest = sequence;
    st->strays = 0;
}

static void take_data(const tcp *t, connection *c, int side, run r)
{
    stream *st = &c->stream[side];
    if (st->fin_known)
        trim_back(&r, st->fin);
    if (r.len == 0 && r.missing == 0)
        return;
    if (!st->started) { /* joined mid-stream */
        st->start = st->expected = st->highest = r.sequence;
        st->started = true;
    }
    if (is_stray(st, &r)) {
        if (st->strays < STRAYS_BELIEVED)
            return;
        jump(t, c, side, r.sequence);
    }
    if (before(r.sequence, st->expected)) { /* sent again, wholly or in part */
        uint32_t known = st->expected - r.sequence;
        if (known >= r.len + r.missing)
            return;
        trim_front(&r, known);
    }
    st->highest = later(st->highest, r.sequence + r.len + r.missing);
    if (r.sequence == st->expected) {
        take_next(t, c, side, r);
        return;
    }
    store(st, r);
    while (st->first && st->waiting > t->limits.max_buffered)
        declare_gap(t, c, side);
}

/* The FIN comes after all data: one that is followed by data already seen is not this stream's. */
static void take_fin(const tcp *t, connection *c, int side, uint32_t sequence)
{
    stream *st = &c->stream[side];
    if (!st->started) {
        st->start = st->expected = st->highest = sequence;
        st->started = true;
    }
    if (st->fin_known || before(sequence, st->highest))
        return;
    st->fin_known = true;
    st->fin = st->highest = sequence;
    deliver_fin(t, c, side);
}

/* False when the SYN makes no sense here, and so nothing else that the segment carries does. */
static bool take_syn(connection *c, int side, const segment *s)
{
    stream *st = &c->stream[side];
    if (st->syn_known && st->syn == s->sequence)
        return true;
    bool untouched = st->highest == st->start && !st->fin_known;
    if (st->syn_known && !untouched)
        return false;
    if (!st->started || st->syn_known) { /* the first SYN, or a server answering once more */
        st->start = st->expected = st->highest = s->sequence + 1;
        st->started = true;
    }
    st->syn_known = true;
    st->syn = s->sequence;
    if (c->public.syn_side < 0)
        c->public.syn_side = s->flags & TCP_ACK ? 1 - side : side;
    return true;
}

static bool reset_is_plausible(const stream *st, uint32_t sequence)
{
    return !st->started || (!before(sequence, st->expected - PLAUSIBLE_DISTANCE) &&
                            !before(st->highest + PLAUSIBLE_DISTANCE, sequence));
}

/* --- connections --- */

static void free_connection(gpointer value)
{
    connection *c = value;
    drop_waiting(&c->stream[0]);
    drop_waiting(&c->stream[1]);
    g_free(c);
}

static bool same_endpoint(const endpoint *a, const endpoint *b)
{
    return a->port == b->port && a->version == b->version &&
           memcmp(a->address, b->address, sizeof a->address) == 0;
}

static bool same_sides(const tcp_connection *c, const endpoint *a, const endpoint *b)
{
    return same_endpoint(&c->side[0], a) && same_endpoint(&c->side[1], b);
}

static guint hash_endpoint(const endpoint *e)
{
    uint64_t half[2];
    memcpy(half, e->address, sizeof half);
    uint64_t mixed = (half[0] ^ ((uint64_t)e->port << 32 | e->version)) * 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ mixed >> 32 ^ half[1]) * 0xc2b2ae3d27d4eb4fu;
    return (guint)(mixed >> 32);
}

/* The same for both directions. */
static guint hash_connection(gconstpointer key)
{
    const tcp_connection *c = key;
    return hash_endpoint(&c->side[0]) + hash_endpoint(&c->side[1]);
}

static gboolean equal_connection(gconstpointer a, gconstpointer b)
{
    const tcp_connection *x = a, *y = b;
    return same_sides(x, &y->side[0], &y->side[1]) || same_sides(x, &y->side[1], &y->side[0]);
}

static connection *find_connection(tcp *t, const segment *s)
{
    tcp_connection key = {.side = {s->source, s->destination}};
    if (t->latest && equal_connection(&t->latest->public, &key))
        return t->latest;
    t->latest = g_hash_table_lookup(t->connections, &key);
    return t->latest;
}

static void remove_connection(tcp *t, connection *c)
{
    g_queue_unlink(&t->by_activity, &c->link);
    if (t->latest == c)
        t->latest = NULL;
    g_hash_table_remove(t->connections, c);
}

static void end_connection(const tcp *t, connection *c, tcp_end how, int side)
{
    if (c->ended)
        return;
    give_up_holes(t, c, 0);
    give_up_holes(t, c, 1);
    if (how != TCP_END_RST && c->stream[0].fin_delivered && c->stream[1].fin_delivered)
        how = TCP_END_FIN;
    c->ended = true;
    emit(t, c, side, (tcp_event){.type = TCP_EVENT_END, .end = how});
}

static void forget_idlest(tcp *t)
{
    connection *c = g_queue_peek_head(&t->by_activity);
    end_connection(t, c, TCP_END_TIMEOUT, 0);
    remove_connection(t, c);
}

static connection *open_connection(tcp *t, const segment *s)
{
    while (g_hash_table_size(t->connections) >= t->limits.max_connections)
        forget_idlest(t);
    connection *c = g_new0(connection, 1);
    c->public = (tcp_connection){.side = {s->source, s->destination}, .syn_side = -1};
    c->begun = t->begun++;
    c->link.data = c;
    g_hash_table_add(t->connections, c);
    g_queue_push_tail_link(&t->by_activity, &c->link);
    t->latest = c;
    if (s->flags & TCP_SYN)
        take_syn(c, 0, s);
    emit(t, c, 0, (tcp_event){.type = TCP_EVENT_OPEN});
    return c;
}

static void touch(tcp *t, connection *c)
{
    if (t->by_activity.tail == &c->link)
        return;
    g_queue_unlink(&t->by_activity, &c->link);
    g_queue_push_tail_link(&t->by_activity, &c->link);
}

/* Whether a SYN begins another connection between the endpoints of one that is known. */
static bool is_another(const connection *c, int side, const segment *s)
{
    const stream *st = &c->stream[side], *peer = &c->stream[1 - side];
    if (s->flags & TCP_ACK && peer->syn_known && s->acknowledgment == peer->syn + 1)
        return false; /* it answers the SYN that began this one */
    if (st->syn_known)
        return s->sequence != st->syn;
    if (c->ended)
        return true;
    /* Data was captured before its SYN: then they are close together. */
    return st->started && st->start - (s->sequence + 1) > PLAUSIBLE_DISTANCE;
}

static bool can_open(const segment *s)
{
    return s->flags & TCP_SYN || s->len > 0 || s->missing > 0;
}

/* The connection a segment belongs to, opened if need be; NULL when it is nobody's. */
static connection *connection_of(tcp *t, const segment *s, int *side)
{
    connection *c = find_connection(t, s);
    if (c) {
        *side = same_endpoint(&c->public.side[0], &s->source) ? 0 : 1;
        if (s->flags & TCP_RST || !(s->flags & TCP_SYN) || !is_another(c, *side, s))
            return c;
        end_connection(t, c, TCP_END_TIMEOUT, 0);
        remove_connection(t, c);
    }
    *side = 0;
    return !(s->flags & TCP_RST) && can_open(s) ? open_connection(t, s) : NULL;
}

/* --- the public face --- */

void tcp_segment(tcp *t, const segment *s, uint64_t number, int64_t time_ns)
{
    t->packet = number;
    t->time_ns = time_ns;
    if ((uint64_t)s->len + s->missing > MAX_SEGMENT)
        return;
    int side;
    connection *c = connection_of(t, s, &side);
    if (!c || c->ended)
        return;
    touch(t, c);

    if (s->flags & TCP_RST) { /* what a reset carries is a remark, not stream data */
        if (reset_is_plausible(&c->stream[side], s->sequence))
            end_connection(t, c, TCP_END_RST, side);
        return;
    }
    run r = {s->sequence, s->data, s->len, s->missing, true};
    if (s->flags & TCP_SYN) {
        if (!take_syn(c, side, s))
            return;
        r.sequence++; /* a SYN takes a sequence number */
    }
    take_data(t, c, side, r);
    if (s->flags & TCP_FIN)
        take_fin(t, c, side, r.sequence + r.len + r.missing);
    if (c->stream[0].fin_delivered && c->stream[1].fin_delivered)
        end_connection(t, c, TCP_END_FIN, side);
}

static gint by_begin(gconstpointer a, gconstpointer b)
{
    const connection *x = *(connection *const *)a, *y = *(connection *const *)b;
    return x->begun < y->begun ? -1 : x->begun > y->begun;
}

void tcp_finish(tcp *t)
{
    GPtrArray *open = g_ptr_array_new();
    for (GList *at = t->by_activity.head; at; at = at->next)
        g_ptr_array_add(open, at->data);
    g_ptr_array_sort(open, by_begin);
    for (guint i = 0; i < open->len; i++) {
        connection *c = g_ptr_array_index(open, i);
        end_connection(t, c, TCP_END_EOF, 0);
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
    t->sink = sink;
    t->user = user;
    g_queue_init(&t->by_activity);
    t->connections =
        g_hash_table_new_full(hash_connection, equal_connection, free_connection, NULL);
    return t;
}

void tcp_free(tcp *t)
{
    if (!t)
        return;
    g_hash_table_destroy(t->connections);
    g_free(t);
}
