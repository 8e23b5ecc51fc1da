/* Segments, and lists of them. See store_log.h. */
#include "store_log.h"

#include "record_copy.h"

/* A piece of memory that rows are put into, one behind another. */
typedef struct chunk {
    struct chunk *next;
    size_t size, used;
    uint64_t bytes[]; /* aligned for all that a record has */
} chunk;

struct store_segment {
    atomic_uint references;
    atomic_size_t *in_use;
    size_t bytes;  /* all that it takes */
    chunk *chunks; /* the first is being filled */
    uint64_t first;
    uint32_t count, max;
    log_row *rows[];
};

enum {
    MALLOC_BYTES = 16, /* that an allocation takes besides */
    MIN_SEGMENT = 16 << 10,
    MAX_SEGMENT = 4 << 20,
    MIN_CHUNK = 4 << 10,
    MAX_CHUNK = 64 << 10,
    MIN_ROWS = 64,
    MAX_ROWS = 4096,
    SEGMENTS = 64,   /* that the limit has room for at least */
    SMALL_ROW = 128, /* bytes: of smaller ones fewer fit into a segment than its bytes allow */
    /* Behind the last row of a chunk, so that whoever copies a whole record, the unused members of
     * its union too, reads memory that is there. */
    SLACK = sizeof(record),
};

/* --- segments --- */

static store_segment *segment_new(log_writer *w)
{
    size_t size = sizeof(store_segment) + w->segment_rows * sizeof(log_row *);
    store_segment *s = g_malloc(size);
    *s = (store_segment){.in_use = &w->in_use,
                         .bytes = size + MALLOC_BYTES,
                         .first = w->end,
                         .max = w->segment_rows};
    atomic_init(&s->references, 1);
    atomic_fetch_add(s->in_use, s->bytes);
    return s;
}

static void segment_release(store_segment *s)
{
    if (atomic_fetch_sub(&s->references, 1) > 1)
        return;
    for (chunk *c = s->chunks, *next; c; c = next) {
        next = c->next;
        g_free(c);
    }
    atomic_fetch_sub(s->in_use, s->bytes);
    g_free(s);
}

/* What is large gets a chunk of its own, behind the one that is being filled. */
static chunk *add_chunk(log_writer *w, store_segment *s, size_t size)
{
    bool own = size > w->chunk_bytes / 4;
    size_t room = own ? size : w->chunk_bytes;
    chunk *c = g_malloc(sizeof *c + room + SLACK);
    *c = (chunk){.size = room};
    chunk **place = own && s->chunks ? &s->chunks->next : &s->chunks;
    c->next = *place;
    *place = c;
    size_t bytes = sizeof *c + room + SLACK + MALLOC_BYTES;
    s->bytes += bytes;
    w->bytes += bytes;
    atomic_fetch_add(s->in_use, bytes);
    return c;
}

static void *take_room(log_writer *w, store_segment *s, size_t size)
{
    chunk *c = s->chunks;
    if (!c || c->size - c->used < size)
        c = add_chunk(w, s, size);
    void *at = (uint8_t *)c->bytes + c->used;
    c->used += size;
    return at;
}

/* --- lists --- */

static size_t list_bytes(size_t count)
{
    return sizeof(store_log) + count * sizeof(struct store_log_entry) + MALLOC_BYTES;
}

store_log *log_hold(store_log *l)
{
    atomic_fetch_add(&l->references, 1);
    return l;
}

void log_release(store_log *l)
{
    if (atomic_fetch_sub(&l->references, 1) > 1)
        return;
    for (size_t i = 0; i < l->count; i++)
        segment_release(l->segments[i].segment);
    atomic_fetch_sub(l->in_use, list_bytes(l->count));
    g_free(l);
}

/* The list without its `dropped` oldest segments and, where `added` is not NULL, with that one,
 * which becomes the list's. */
static store_log *list_changed(log_writer *w, size_t dropped, store_segment *added)
{
    size_t kept = w->list ? w->list->count - dropped : 0;
    size_t count = kept + (added ? 1 : 0);
    store_log *l = g_malloc(list_bytes(count));
    l->in_use = &w->in_use;
    l->count = count;
    atomic_init(&l->references, 1);
    for (size_t i = 0; i < kept; i++) {
        l->segments[i] = w->list->segments[dropped + i];
        atomic_fetch_add(&l->segments[i].segment->references, 1);
    }
    if (added)
        l->segments[kept] = (struct store_log_entry){added->first, added};
    atomic_fetch_add(&w->in_use, list_bytes(count));
    return l;
}

static void change_list(log_writer *w, size_t dropped, store_segment *added)
{
    store_log *old = w->list;
    for (size_t i = 0; i < dropped; i++)
        w->bytes -= old->segments[i].segment->bytes;
    if (added)
        w->bytes += added->bytes;
    store_log *changed = list_changed(w, dropped, added);
    pthread_mutex_lock(w->lock);
    w->list = changed;
    pthread_mutex_unlock(w->lock);
    if (old)
        log_release(old);
}

const log_row *log_get(const store_log *l, uint64_t n)
{
    size_t low = 0, high = l->count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (l->segments[middle].first <= n)
            low = middle;
        else
            high = middle;
    }
    const store_segment *s = l->segments[low].segment;
    return s->rows[n - s->first];
}

/* --- the writer --- */

void log_init(log_writer *w, pthread_mutex_t *lock, size_t limit)
{
    *w = (log_writer){.lock = lock};
    atomic_init(&w->in_use, 0);
    w->segment_bytes = CLAMP(limit / SEGMENTS, MIN_SEGMENT, MAX_SEGMENT);
    w->segment_rows = (uint32_t)CLAMP(w->segment_bytes / SMALL_ROW, MIN_ROWS, MAX_ROWS);
    w->chunk_bytes = CLAMP(w->segment_bytes / 8, MIN_CHUNK, MAX_CHUNK);
    change_list(w, 0, segment_new(w));
}

/* The segment that a row of this size goes into, and room for it. */
static store_segment *make_room(log_writer *w, size_t size, size_t limit)
{
    store_log *l = w->list;
    store_segment *s = l->segments[l->count - 1].segment;
    bool full = s->count == s->max || (s->count && s->bytes + size > w->segment_bytes);
    size_t wanted =
        MAX(size, w->chunk_bytes) + sizeof(chunk) + SLACK + MALLOC_BYTES + list_bytes(l->count + 1);
    if (full)
        wanted += sizeof *s + w->segment_rows * sizeof(log_row *) + MALLOC_BYTES;
    size_t bytes = w->bytes, dropped = 0, droppable = l->count - (full ? 0 : 1);
    while (dropped < droppable && bytes + wanted > limit)
        bytes -= l->segments[dropped++].segment->bytes;
    if (!full && !dropped)
        return s;
    store_segment *added = full ? segment_new(w) : NULL;
    change_list(w, dropped, added);
    return added ? added : s;
}

uint64_t log_append(log_writer *w, const record *r, uint64_t before, size_t limit)
{
    record_cut cut = record_cut_to(r, limit / 2);
    size_t size = offsetof(log_row, record) + record_copy_size(r, cut);
    store_segment *s = make_room(w, size, limit);
    log_row *row = take_room(w, s, size);
    row->before = before;
    record_copy(&row->record, r, cut);
    s->rows[s->count++] = row;
    return w->end++;
}

void log_clear(log_writer *w)
{
    log_release(w->list);
}
