/*
 * The connections that tcp remembers, found by their two endpoints, whichever sent the packet.
 * Bounded: the idlest is forgotten first, of those that have ended, then of the silent ones, which
 * carried no data yet, then of those that talk. A flood of SYNs thus drives out itself.
 */
#ifndef WSDUMP_CONNECTIONS_H
#define WSDUMP_CONNECTIONS_H

#include "tcp.h"

#include <glib.h>

/* In the order in which they are forgotten. */
typedef enum table_state { TABLE_ENDED, TABLE_SILENT, TABLE_TALKING, TABLE_STATES } table_state;

/* The beginning of whatever struct the table remembers. */
typedef struct table_entry {
    tcp_connection public; /* first: the hash table's key */
    GList link;            /* in the queue of its state */
    table_state state;
} table_entry;

typedef struct table {
    GHashTable *entries;         /* a set */
    GQueue queues[TABLE_STATES]; /* the most recently active last */
    table_entry *latest;         /* found or added last: often the next one too */
    size_t max;
} table;

/* `max` entries, a quarter of them silent or ended. */
void table_init(table *t, size_t max);

/* Once it is empty. */
void table_clear(table *t);

/* NULL when there is none. *side is the source's. */
table_entry *table_find(table *t, const endpoint *source, const endpoint *destination, int *side);

/* An entry from g_malloc whose endpoints are set; it becomes silent. */
void table_add(table *t, table_entry *e);

/* And free it. */
void table_remove(table *t, table_entry *e);

/* Every entry, in no order; the array is the caller's. */
GPtrArray *table_all(const table *t);

/* It was active just now. */
void table_touch(table *t, table_entry *e);
void table_set_state(table *t, table_entry *e, table_state state);

/* Of those in that state the one that is idle for longest; NULL when there is none. */
table_entry *table_idlest_of(const table *t, table_state state);

/* The one to forget first; NULL when there is none. */
table_entry *table_idlest(const table *t);

/* The one to forget before another is added; NULL while there is room. */
table_entry *table_surplus(const table *t);

#endif
