/* What writer and reader share, under one lock that is held for short copies. See store.h. */
#include "store.h"

#include "store_connections.h"
#include "store_log.h"

#include <string.h>

enum {
    DEFAULT_MEMORY = 384 << 20,
    MIN_MEMORY = 512 << 10, /* so that any opening handshake fits */
    DEFAULT_CONNECTIONS = 100000,
    SUMMARIES_SHARE = 4, /* summaries take a fourth of the memory at most */
};

struct store {
    size_t limit;
    log_writer log; /* the writer's, but for its list and what is in use */
    atomic_uint_least64_t version;
    bool changed; /* the writer's: since it published last */
    /* Guards what follows, and the log's list. Not GLib's, which ThreadSanitizer cannot see. */
    pthread_mutex_t lock;
    uint64_t end; /* rows that readers see */
    connection_table connections;
    statistics counts;
    store_capture capture;
};

store *store_new(const store_limits *limits)
{
    store_limits l = limits ? *limits : (store_limits){0};
    store *s = g_new0(store, 1);
    s->limit = MAX(l.memory ? l.memory : DEFAULT_MEMORY, MIN_MEMORY);
    s->capture.kernel_drops = -1;
    pthread_mutex_init(&s->lock, NULL);
    size_t summaries = s->limit / SUMMARIES_SHARE / CONNECTION_BYTES;
    connections_init(&s->connections,
                     (uint32_t)MIN(l.connections ? l.connections : DEFAULT_CONNECTIONS, summaries));
    log_init(&s->log, &s->lock, s->limit);
    return s;
}

void store_free(store *s)
{
    if (!s)
        return;
    log_clear(&s->log);
    connections_clear(&s->connections);
    pthread_mutex_destroy(&s->lock);
    g_free(s);
}

/* --- the writer --- */

void store_take(void *user, const record *r)
{
    store *s = user;
    connection_summary *c = connections_find(&s->connections, r->conn);
    size_t summaries = connections_bytes(&s->connections) + (c ? 0 : CONNECTION_BYTES);
    size_t limit = s->limit - sizeof *s - summaries;
    uint64_t row = log_append(&s->log, r, c ? c->seen.last_row : STORE_NO_ROW, limit);
    pthread_mutex_lock(&s->lock);
    statistics_add(&s->counts, r);
    connections_take(&s->connections, c, r, row);
    s->end = row + 1;
    pthread_mutex_unlock(&s->lock);
    s->changed = true;
}

void store_publish(store *s)
{
    if (s->changed)
        atomic_fetch_add(&s->version, 1);
    s->changed = false;
}

static bool same(const store_capture *a, const store_capture *b)
{
    return a->live == b->live && a->phase == b->phase && strcmp(a->error, b->error) == 0 &&
           a->packets == b->packets && a->bytes == b->bytes && a->bytes_total == b->bytes_total &&
           a->kernel_drops == b->kernel_drops && a->ring_drops == b->ring_drops &&
           a->time_ns == b->time_ns && a->memory == b->memory && a->packets_kept == b->packets_kept;
}

void store_set_capture(store *s, const store_capture *c)
{
    pthread_mutex_lock(&s->lock);
    bool news = !same(&s->capture, c);
    s->capture = *c;
    pthread_mutex_unlock(&s->lock);
    if (news)
        atomic_fetch_add(&s->version, 1);
}

/* --- the reader --- */

uint64_t store_version(store *s)
{
    return atomic_load(&s->version);
}

store_capture store_get_capture(store *s)
{
    pthread_mutex_lock(&s->lock);
    store_capture capture = s->capture;
    pthread_mutex_unlock(&s->lock);
    return capture;
}

statistics store_get_statistics(store *s)
{
    pthread_mutex_lock(&s->lock);
    statistics counts = s->counts;
    pthread_mutex_unlock(&s->lock);
    return counts;
}

uint64_t store_memory(store *s, uint64_t *limit)
{
    if (limit)
        *limit = s->limit;
    pthread_mutex_lock(&s->lock);
    size_t summaries = connections_bytes(&s->connections);
    pthread_mutex_unlock(&s->lock);
    return sizeof *s + summaries + atomic_load(&s->log.in_use);
}

store_view store_look(store *s)
{
    pthread_mutex_lock(&s->lock);
    store_view v = {.end = s->end, .log = log_hold(s->log.list)};
    pthread_mutex_unlock(&s->lock);
    v.first = v.log->segments[0].first;
    return v;
}

void store_release(store_view *v)
{
    if (v->log)
        log_release(v->log);
    *v = (store_view){0};
}

const record *store_row(const store_view *v, uint64_t n)
{
    return &log_get(v->log, n)->record;
}

uint64_t store_row_before(const store_view *v, uint64_t n)
{
    uint64_t before = log_get(v->log, n)->before;
    return before >= v->first ? before : STORE_NO_ROW;
}

uint64_t store_connections(store *s, GArray *out)
{
    g_array_set_size(out, 0);
    uint64_t dropped = 0;
    for (bool first = true, more = true; more; first = false) {
        pthread_mutex_lock(&s->lock); /* for some at a time, so that the writer gets on */
        more = connections_copy(&s->connections, first, out);
        dropped = s->connections.dropped;
        pthread_mutex_unlock(&s->lock);
    }
    return dropped;
}

bool store_find_connection(store *s, uint64_t number, store_connection *out)
{
    pthread_mutex_lock(&s->lock);
    const connection_summary *c = g_hash_table_lookup(s->connections.by_number, &number);
    if (c)
        *out = c->seen;
    pthread_mutex_unlock(&s->lock);
    return c;
}
