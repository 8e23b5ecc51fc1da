/*
 * A packet's pieces are a sorted array of runs that never overlap: what a new fragment brings that
 * is known already is left out on the way in. So the packet is whole when the runs' lengths add up
 * to its own. Packets that are whole stay for a while, as far as there is room: a fragment that
 * comes again must not begin a packet that never ends, whose bytes would get into the next one of
 * the same number.
 */
#include "fragments.h"

#include <glib.h>
#include <string.h>

enum {
    PACKET_MAX = 65535, /* of what is behind the IP header */
    PIECE_COST = 128,   /* what a piece takes beside its bytes, roughly */
    DEFAULT_BYTES = 4 * 1024 * 1024,
    DEFAULT_PACKETS = 4096,
    REMEMBERED = 256, /* packets that are whole */
};

static const uint64_t timeout_ns = 30 * G_GUINT64_CONSTANT(1000000000);

typedef struct piece {
    uint32_t begin, end; /* in the packet */
    uint32_t known;      /* bytes of it in data */
    uint8_t *data;
} piece;

typedef struct parts {
    fragment_key key;
    GList link;      /* in f->waiting or f->whole */
    GArray *pieces;  /* by place */
    GArray *sources; /* numbers of the packets that they came in; NULL when it is whole */
    uint32_t covered;
    uint32_t len; /* of the packet; 0 = not known yet */
    uint8_t next;
    bool is_whole;
    int64_t time_ns; /* of its first fragment */
    size_t bytes;    /* that it costs */
} parts;

typedef struct run {
    uint32_t begin, end;
} run;

struct fragments {
    fragment_limits limits;
    GHashTable *packets;   /* fragment_key to parts */
    GQueue waiting, whole; /* the oldest first */
    size_t bytes;
    GByteArray *buffer; /* the packet that was made whole last */
    GArray *known;      /* the runs of it that were captured */
    GArray *sources;    /* see fragments_sources */
    fragments_totals totals;
};

/* --- packets --- */

static guint key_hash(gconstpointer key)
{
    uint32_t words[sizeof(fragment_key) / 4], hash = 0;
    memcpy(words, key, sizeof words);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        hash = (hash ^ words[i]) * 0x9e3779b1;
    return hash ^ hash >> 15;
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(fragment_key)) == 0;
}

static void free_piece(gpointer element)
{
    g_free(((piece *)element)->data);
}

static void free_parts(gpointer p)
{
    parts *freed = p;
    g_array_unref(freed->pieces);
    g_clear_pointer(&freed->sources, g_array_unref);
    g_free(p);
}

static GQueue *queue_of(fragments *f, const parts *p)
{
    return p->is_whole ? &f->whole : &f->waiting;
}

static void drop(fragments *f, parts *p)
{
    g_queue_unlink(queue_of(f, p), &p->link);
    f->bytes -= p->bytes;
    g_hash_table_remove(f->packets, &p->key);
}

static parts *oldest(GQueue *queue)
{
    return queue->head ? queue->head->data : NULL;
}

/* A clock that goes back, as it does between the interfaces of one capture, makes nothing late. */
static bool is_late(const parts *p, int64_t now)
{
    return now > p->time_ns && (uint64_t)now - (uint64_t)p->time_ns > timeout_ns;
}

static void drop_late(fragments *f, GQueue *queue, int64_t now, uint64_t *count)
{
    for (parts *p; (p = oldest(queue)) && is_late(p, now); ++*count)
        drop(f, p);
}

/* What is whole is dispensable, and goes first; `current` stays. */
static void make_room(fragments *f, const parts *current)
{
    while (f->whole.head && (f->bytes > f->limits.max_bytes || f->whole.length > REMEMBERED))
        drop(f, oldest(&f->whole));
    while (f->bytes > f->limits.max_bytes || f->waiting.length > f->limits.max_packets) {
        parts *p = oldest(&f->waiting);
        if (p == current)
            p = p->link.next ? p->link.next->data : NULL;
        if (!p)
            return;
        drop(f, p);
        f->totals.evicted++;
    }
}

static parts *begin_packet(fragments *f, const fragment *piece_of)
{
    parts *p = g_new0(parts, 1);
    p->key = piece_of->key;
    p->link.data = p;
    p->pieces = g_array_new(FALSE, FALSE, sizeof(piece));
    g_array_set_clear_func(p->pieces, free_piece);
    p->sources = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    p->time_ns = piece_of->time_ns;
    p->bytes = PIECE_COST;
    f->bytes += p->bytes;
    g_hash_table_insert(f->packets, &p->key, p);
    g_queue_push_tail_link(&f->waiting, &p->link);
    return p;
}

/* --- pieces --- */

static piece *piece_at(const parts *p, guint index)
{
    return &g_array_index(p->pieces, piece, index);
}

/* The first piece that ends behind `place`. */
static guint find(const parts *p, uint32_t place)
{
    guint low = 0, high = p->pieces->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (piece_at(p, middle)->end <= place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void insert(fragments *f, parts *p, guint index, const fragment *from, uint32_t begin,
                   uint32_t end)
{
    uint32_t skipped = begin - from->offset;
    uint32_t known = from->captured > skipped ? MIN(from->captured - skipped, end - begin) : 0;
    piece added = {begin, end, known, NULL};
    if (known > 0) {
        added.data = g_malloc(known);
        memcpy(added.data, from->data + skipped, known);
    }
    g_array_insert_val(p->pieces, index, added);
    p->covered += end - begin;
    p->bytes += known + PIECE_COST;
    f->bytes += known + PIECE_COST;
}

/* The packet at hand, or those that it was made of, have a part in this one. */
static void add_sources(fragments *f, parts *p)
{
    size_t size = f->sources->len * sizeof(uint64_t);
    g_array_append_vals(p->sources, f->sources->data, f->sources->len);
    p->bytes += size;
    f->bytes += size;
}

/* What no piece covers yet. */
static void insert_new(fragments *f, parts *p, const fragment *from)
{
    uint32_t begin = from->offset, end = begin + from->wire;
    for (guint i = find(p, begin); begin < end; i++) {
        bool more = i < p->pieces->len;
        uint32_t next_begin = more ? piece_at(p, i)->begin : end;
        uint32_t next_end = more ? piece_at(p, i)->end : end;
        if (begin < next_begin)
            insert(f, p, i++, from, begin, MIN(next_begin, end));
        begin = next_end;
    }
}

/* Does the packet have all of this fragment already, with the same bytes as far as is known? */
static bool has(const parts *p, const fragment *from)
{
    uint32_t end = from->offset + from->wire;
    if (end > p->len || from->more == (end == p->len))
        return false;
    for (guint i = find(p, from->offset); i < p->pieces->len && piece_at(p, i)->begin < end; i++) {
        const piece *old = piece_at(p, i);
        uint32_t at = MAX(old->begin, from->offset);
        uint32_t stop = MIN(old->begin + old->known, from->offset + from->captured);
        if (stop > at &&
            memcmp(old->data + (at - old->begin), from->data + (at - from->offset), stop - at) != 0)
            return false;
    }
    return true;
}

/* The last fragment tells how long the packet is; what does not fit to that is no part of it. */
static bool fits(const parts *p, const fragment *from)
{
    uint32_t end = from->offset + from->wire;
    if (p->len > 0)
        return end <= p->len && (from->more || end == p->len);
    guint count = p->pieces->len;
    return from->more || count == 0 || piece_at(p, count - 1)->end <= end;
}

static void put_together(fragments *f, const parts *p, fragments_whole *whole)
{
    g_byte_array_set_size(f->buffer, p->len);
    memset(f->buffer->data, 0, p->len);
    g_array_set_size(f->known, 0);
    for (guint i = 0; i < p->pieces->len; i++) {
        const piece *from = piece_at(p, i);
        if (from->known == 0)
            continue;
        memcpy(f->buffer->data + from->begin, from->data, from->known);
        run *last = f->known->len ? &g_array_index(f->known, run, f->known->len - 1) : NULL;
        run added = {from->begin, from->begin + from->known};
        if (last && last->end == added.begin)
            last->end = added.end;
        else
            g_array_append_val(f->known, added);
    }
    *whole = (fragments_whole){.data = f->buffer->data, .len = p->len, .next = p->next};
    whole->known = fragments_known(f, whole->data, whole->len);
}

/* --- the public face --- */

bool fragments_add(fragments *f, const fragment *from, fragments_whole *whole)
{
    uint64_t forgotten = 0;
    drop_late(f, &f->waiting, from->time_ns, &f->totals.lacking);
    drop_late(f, &f->whole, from->time_ns, &forgotten);
    if (from->wire == 0 || from->offset > PACKET_MAX || from->wire > PACKET_MAX - from->offset)
        return false;

    parts *p = g_hash_table_lookup(f->packets, &from->key);
    if (p && p->is_whole) {
        if (has(p, from))
            return false;
        drop(f, p); /* the number is used again */
        p = NULL;
    }
    if (!p)
        p = begin_packet(f, from);
    if (!fits(p, from))
        return false;
    if (!from->more)
        p->len = from->offset + from->wire;
    if (from->offset == 0 && (p->pieces->len == 0 || piece_at(p, 0)->begin > 0))
        p->next = from->next;
    uint32_t covered = p->covered;
    insert_new(f, p, from);
    if (p->covered > covered)
        add_sources(f, p);
    bool done = p->len > 0 && p->covered == p->len;
    if (done) {
        put_together(f, p, whole);
        g_queue_unlink(&f->waiting, &p->link);
        p->is_whole = true;
        g_array_unref(f->sources);
        f->sources = g_steal_pointer(&p->sources);
        g_queue_push_tail_link(&f->whole, &p->link);
        f->totals.whole++;
    }
    make_room(f, p);
    return done;
}

/* How many of the bytes from `at` on, `len` at most, are in one run, or in none. */
static uint32_t alike(const fragments *f, const uint8_t *at, uint32_t len, bool known)
{
    uintptr_t base = (uintptr_t)f->buffer->data, place = (uintptr_t)at;
    if (place < base || place >= base + f->buffer->len)
        return known ? 0 : len;
    uint32_t from = (uint32_t)(place - base);
    for (guint i = 0; i < f->known->len; i++) {
        const run *r = &g_array_index(f->known, run, i);
        if (from < r->begin)
            return known ? 0 : MIN(len, r->begin - from);
        if (from < r->end)
            return known ? MIN(len, r->end - from) : 0;
    }
    return known ? 0 : len;
}

uint32_t fragments_known(const fragments *f, const uint8_t *at, uint32_t len)
{
    return alike(f, at, len, true);
}

uint32_t fragments_unknown(const fragments *f, const uint8_t *at, uint32_t len)
{
    return alike(f, at, len, false);
}

void fragments_begin(fragments *f, uint64_t number)
{
    if (f->sources->len != 1) /* nearly always it has the packet before this one */
        g_array_set_size(f->sources, 1);
    g_array_index(f->sources, uint64_t, 0) = number;
}

const uint64_t *fragments_sources(const fragments *f, size_t *count)
{
    *count = f->sources->len;
    return (const uint64_t *)(const void *)f->sources->data;
}

fragments_totals fragments_get_totals(const fragments *f)
{
    fragments_totals t = f->totals;
    t.waiting = f->waiting.length;
    return t;
}

fragments *fragments_new(const fragment_limits *limits)
{
    fragments *f = g_new0(fragments, 1);
    if (limits)
        f->limits = *limits;
    if (f->limits.max_bytes == 0)
        f->limits.max_bytes = DEFAULT_BYTES;
    if (f->limits.max_packets == 0)
        f->limits.max_packets = DEFAULT_PACKETS;
    f->packets = g_hash_table_new_full(key_hash, key_equal, NULL, free_parts);
    f->buffer = g_byte_array_new();
    f->known = g_array_new(FALSE, FALSE, sizeof(run));
    f->sources = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    return f;
}

void fragments_free(fragments *f)
{
    if (!f)
        return;
    g_hash_table_unref(f->packets);
    g_byte_array_unref(f->buffer);
    g_array_unref(f->known);
    g_array_unref(f->sources);
    g_free(f);
}
