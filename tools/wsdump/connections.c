/* A hash table, and two queues in the order of the last activity. See connections.h. */
#include "connections.h"

#include <string.h>

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

void table_init(table *t, size_t max)
{
    *t = (table){.max = max};
    for (int state = 0; state < TABLE_STATES; state++)
        g_queue_init(&t->queues[state]);
    t->entries = g_hash_table_new(hash_connection, equal_connection);
}

void table_clear(table *t)
{
    g_hash_table_destroy(t->entries);
}

table_entry *table_find(table *t, const endpoint *source, const endpoint *destination, int *side)
{
    *side = 0;
    if (t->latest && same_sides(&t->latest->public, source, destination))
        return t->latest;
    if (!t->latest || !same_sides(&t->latest->public, destination, source)) {
        tcp_connection key = {.side = {*source, *destination}};
        t->latest = g_hash_table_lookup(t->entries, &key);
    }
    if (t->latest && !same_endpoint(&t->latest->public.side[0], source))
        *side = 1;
    return t->latest;
}

static GQueue *queue_of(table *t, const table_entry *e)
{
    return &t->queues[e->state];
}

void table_add(table *t, table_entry *e)
{
    e->link.data = e;
    e->state = TABLE_SILENT;
    g_hash_table_add(t->entries, e);
    g_queue_push_tail_link(queue_of(t, e), &e->link);
    t->latest = e;
}

void table_remove(table *t, table_entry *e)
{
    g_queue_unlink(queue_of(t, e), &e->link);
    if (t->latest == e)
        t->latest = NULL;
    g_hash_table_remove(t->entries, e);
    g_free(e);
}

GPtrArray *table_all(const table *t)
{
    GPtrArray *all = g_ptr_array_sized_new(g_hash_table_size(t->entries));
    GHashTableIter at;
    g_hash_table_iter_init(&at, t->entries);
    for (gpointer e; g_hash_table_iter_next(&at, &e, NULL);)
        g_ptr_array_add(all, e);
    return all;
}

void table_touch(table *t, table_entry *e)
{
    GQueue *queue = queue_of(t, e);
    if (queue->tail == &e->link)
        return;
    g_queue_unlink(queue, &e->link);
    g_queue_push_tail_link(queue, &e->link);
}

void table_set_state(table *t, table_entry *e, table_state state)
{
    g_queue_unlink(queue_of(t, e), &e->link);
    e->state = state;
    g_queue_push_tail_link(queue_of(t, e), &e->link);
}

table_entry *table_idlest_of(const table *t, table_state state)
{
    const GList *head = t->queues[state].head;
    return head ? head->data : NULL;
}

table_entry *table_idlest(const table *t)
{
    table_entry *idlest = NULL;
    for (int state = 0; state < TABLE_STATES && !idlest; state++)
        idlest = table_idlest_of(t, (table_state)state);
    return idlest;
}

table_entry *table_surplus(const table *t)
{
    guint quiet = t->queues[TABLE_ENDED].length + t->queues[TABLE_SILENT].length;
    bool full = quiet + t->queues[TABLE_TALKING].length >= t->max;
    return full || quiet > t->max / 4 ? table_idlest(t) : NULL;
}
