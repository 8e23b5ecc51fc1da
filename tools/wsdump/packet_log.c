/*
 * Packets lie one behind the other in blocks. A block is only ever appended to, and counts who uses
 * it, so a reader holds the lock to find the next block, and reads it without. It holds one block
 * at a time: a log that is read takes no more memory than that above its limit.
 */
#include "packet_log.h"

#include "pcapng_write.h"

#include <glib.h>
#include <pthread.h>
#include <string.h>

enum {
    MIN_MEMORY = 128 << 10,
    BLOCKS = 32,         /* that the memory is divided into, ... */
    MAX_BLOCK = 1 << 20, /* ... unless they would be larger than that */
};

typedef struct kept_packet {
    packet packet; /* its data is behind it */
    save_origin origin;
    size_t size; /* from this one to the next */
} kept_packet;

typedef struct block {
    GList link; /* in packet_log.blocks */
    gint users; /* the log is one */
    uint64_t number;
    size_t used, size;
    _Alignas(kept_packet) uint8_t data[];
} block;

struct packet_log {
    pthread_mutex_t lock; /* not GLib's, which ThreadSanitizer does not see */
    GQueue blocks;        /* the oldest first */
    uint64_t next_number;
    uint64_t memory, limit;
    size_t block_size;
};

packet_log *packet_log_new(uint64_t memory)
{
    packet_log *l = g_new0(packet_log, 1);
    pthread_mutex_init(&l->lock, NULL);
    l->limit = MAX(memory, MIN_MEMORY);
    l->block_size = (size_t)MIN(l->limit / BLOCKS, MAX_BLOCK);
    return l;
}

static void release(block *b)
{
    if (g_atomic_int_dec_and_test(&b->users))
        g_free(b);
}

static void drop_oldest(packet_log *l)
{
    block *b = l->blocks.head->data;
    g_queue_unlink(&l->blocks, &b->link);
    l->memory -= sizeof *b + b->size;
    release(b);
}

static block *begin_block(packet_log *l, size_t wanted)
{
    size_t size = MAX(l->block_size, wanted);
    while (l->blocks.head && l->memory + sizeof(block) + size > l->limit)
        drop_oldest(l);
    block *b = g_malloc(sizeof *b + size);
    *b = (block){.link = {.data = b}, .users = 1, .number = l->next_number++, .size = size};
    g_queue_push_tail_link(&l->blocks, &b->link);
    l->memory += sizeof *b + size;
    return b;
}

void packet_log_take(void *user, const packet *p, const save_origin *origin)
{
    packet_log *l = user;
    const size_t align = _Alignof(kept_packet);
    size_t size = (sizeof(kept_packet) + p->captured + align - 1) / align * align;
    if (sizeof(block) + size > l->limit)
        return; /* its successor tells that it is missing */
    pthread_mutex_lock(&l->lock);
    block *b = l->blocks.tail ? l->blocks.tail->data : NULL;
    if (!b || b->size - b->used < size)
        b = begin_block(l, size);
    kept_packet *k = (kept_packet *)(void *)(b->data + b->used);
    *k = (kept_packet){*p, *origin, size};
    k->packet.data = (const uint8_t *)(k + 1);
    if (p->captured > 0)
        memcpy(k + 1, p->data, p->captured);
    b->used += size;
    pthread_mutex_unlock(&l->lock);
}

uint64_t packet_log_memory(packet_log *l)
{
    pthread_mutex_lock(&l->lock);
    uint64_t memory = l->memory;
    pthread_mutex_unlock(&l->lock);
    return memory;
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* The first block whose number is at least this one, the reader's until it is released, and how
 * much of it may be read. NULL = there is none. */
static block *next_block(packet_log *l, uint64_t number, size_t *used)
{
    block *found = NULL;
    pthread_mutex_lock(&l->lock);
    for (GList *i = l->blocks.head; i && !found; i = i->next)
        if (((block *)i->data)->number >= number)
            found = i->data;
    if (found) {
        g_atomic_int_inc(&found->users);
        *used = found->used;
    }
    pthread_mutex_unlock(&l->lock);
    return found;
}

typedef void packet_found(void *user, const kept_packet *k);

static uint64_t end_of(packet_log *l)
{
    pthread_mutex_lock(&l->lock);
    uint64_t end = l->next_number;
    pthread_mutex_unlock(&l->lock);
    return end;
}

/* Of what is there now; a live capture has no end to wait for. */
static void for_each(packet_log *l, packet_found *found, void *user)
{
    uint64_t number = 0, end = end_of(l);
    size_t used;
    for (block *b; number < end && (b = next_block(l, number, &used));) {
        for (size_t at = 0; at < used;) {
            const kept_packet *k = (const kept_packet *)(const void *)(b->data + at);
            found(user, k);
            at += k->size;
        }
        number = b->number + 1;
        release(b);
    }
}

/* A TCP connection that is written. */
typedef struct flow {
    uint64_t taken, written; /* packets, those that left included; and those that did not */
} flow;

typedef struct writing {
    GHashTable *wanted; /* numbers of connections */
    GHashTable *found;  /* those of which there is a packet */
    GHashTable *flows;  /* by the first number of each: flow */
    pcapng_writer *file;
} writing;

static void find_flow(void *user, const kept_packet *k)
{
    writing *w = user;
    const uint64_t numbers[] = {k->origin.first, k->origin.newest};
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        if (!g_hash_table_contains(w->wanted, GSIZE_TO_POINTER(numbers[i])))
            continue;
        g_hash_table_add(w->found, GSIZE_TO_POINTER(numbers[i]));
        if (!g_hash_table_contains(w->flows, GSIZE_TO_POINTER(k->origin.first)))
            g_hash_table_insert(w->flows, GSIZE_TO_POINTER(k->origin.first), g_new0(flow, 1));
    }
}

static void write_packet(void *user, const kept_packet *k)
{
    writing *w = user;
    flow *f = g_hash_table_lookup(w->flows, GSIZE_TO_POINTER(k->origin.first));
    if (!f)
        return;
    f->taken = k->origin.before + 1;
    f->written++;
    const packet *p = &k->packet;
    pcapng_writer_add(w->file, p->time_ns, p->link, p->data, p->captured, p->original);
}

static packet_log_written sum_up(const writing *w)
{
    packet_log_written sum = {.unknown =
                                  g_hash_table_size(w->found) < g_hash_table_size(w->wanted)};
    GHashTableIter i;
    gpointer one;
    g_hash_table_iter_init(&i, w->flows);
    while (g_hash_table_iter_next(&i, NULL, &one)) {
        const flow *f = one;
        sum.packets += f->written;
        sum.lost += f->taken - f->written;
    }
    return sum;
}

int packet_log_write(packet_log *l, const uint64_t *connections, size_t count, FILE *stream,
                     packet_log_written *written)
{
    g_autoptr(GHashTable) wanted = g_hash_table_new(g_direct_hash, g_direct_equal);
    g_autoptr(GHashTable) found = g_hash_table_new(g_direct_hash, g_direct_equal);
    g_autoptr(GHashTable) flows =
        g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    for (size_t i = 0; i < count; i++)
        g_hash_table_add(wanted, GSIZE_TO_POINTER(connections[i]));
    writing w = {wanted, found, flows, pcapng_writer_new(stream, "wsdump", NULL)};
    for_each(l, find_flow, &w);
    for_each(l, write_packet, &w);
    pcapng_writer_finish(w.file);
    int failed = pcapng_writer_failed(w.file);
    pcapng_writer_free(w.file);
    *written = sum_up(&w);
    return failed;
}

void packet_log_free(packet_log *l)
{
    if (!l)
        return;
    while (l->blocks.head)
        drop_oldest(l);
    pthread_mutex_destroy(&l->lock);
    g_free(l);
}
