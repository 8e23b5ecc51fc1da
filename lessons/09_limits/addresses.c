/*
 * Given: who comes from where. What connections of one address share is in a table, and a table
 * that others can fill needs a limit itself.
 */
#include "09_limits/usage.h"

#include <limits.h>

struct all all;

/* A cost above the burst counts as the burst: so this can be paid when nothing is missing. */
static bool is_full(bucket copy, const rate *r, int64_t now)
{
    return bucket_take(&copy, r, INT_MAX, now) == 0;
}

/* Nobody is there, and its buckets are full again: as good as new. */
static gboolean is_forgotten(G_GNUC_UNUSED void *number, void *data, void *now)
{
    const address *a = data;
    const int64_t at = *(const int64_t *)now;
    return a->open == 0 && is_full(a->connects, &limits.connects, at) &&
           is_full(a->answers, &limits.connects, at) && is_full(a->messages, &limits.shared, at);
}

address *address_of(uint32_t number, int64_t now)
{
    void *key = GUINT_TO_POINTER(number);
    if (!all.addresses)
        all.addresses = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    address *a = g_hash_table_lookup(all.addresses, key);
    const bool full = g_hash_table_size(all.addresses) >= ADDRESSES_MAX;
    if (!a && full && now - all.swept > G_USEC_PER_SEC) /* to look at all of them takes time */
        g_hash_table_foreach_remove(all.addresses, is_forgotten, &now), all.swept = now;
    if (!a && g_hash_table_size(all.addresses) >= ADDRESSES_MAX)
        a = g_hash_table_lookup(all.addresses, key = NULL);
    if (!a)
        g_hash_table_insert(all.addresses, key, a = g_new0(address, 1));
    return a;
}
