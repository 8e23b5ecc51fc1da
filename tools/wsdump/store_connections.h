/* The store's summaries of connections: a bounded table. No lock is taken here. */
#ifndef WSDUMP_STORE_CONNECTIONS_H
#define WSDUMP_STORE_CONNECTIONS_H

#include "store.h"

typedef struct connection_summary {
    store_connection seen; /* the first member */
    GList all, ended;      /* its links in the table's lists */
} connection_summary;

typedef struct connection_table {
    GHashTable *by_number;
    GQueue all;   /* in the order of their numbers */
    GQueue ended; /* in the order in which they ended */
    uint32_t max;
    uint64_t dropped;
    connection_summary *newest; /* the one asked for last; NULL = none */
    GList *next;                /* of `all`: where connections_copy goes on; NULL = at the end */
} connection_table;

/* Bytes that a summary takes in a table. */
enum { CONNECTION_BYTES = sizeof(connection_summary) + 64 };

void connections_init(connection_table *t, uint32_t max);

/* NULL when it is not kept. For the writer: remembers what was asked for. */
connection_summary *connections_find(connection_table *t, uint64_t number);

/* Here is a record, which is this row. `c` is what connections_find said of its connection. */
void connections_take(connection_table *t, connection_summary *c, const record *r, uint64_t row);

/* Append copies of some, in their order: the first ones, or those behind the ones that the call
 * before copied. False when these were the last. Records may be taken in between. */
bool connections_copy(connection_table *t, bool first, GArray *out);

size_t connections_bytes(const connection_table *t);

void connections_clear(connection_table *t);

#endif
