/*
 * Given: prices. In a room "ticker:..." a text like "GOLD=2391.20 TIN=31870" is no message that
 * everybody has to read, but news about a value: of two prices of the same thing only the later one
 * counts. So with --batch-ms they wait for a moment, the later replaces the earlier, and one
 * message has them all. What is lost is time, and what was true in between (and what waits when
 * the server stops). The order is not: what cannot wait goes out behind what waits.
 */
#include "07_hub/hub.h"
#include "09_limits/usage.h"

#include <string.h>

enum { SYMBOLS_MAX = 100, WORD_MAX = 32 };

/* What waits in one room. */
typedef struct batch {
    conn *from;    /* who spoke last: it says all of them */
    GTree *prices; /* symbol -> price */
} batch;

static GHashTable *batches;     /* name of a room -> batch */
static int64_t due = INT64_MAX; /* when what waits goes out */

static void batch_free(void *data)
{
    batch *b = data;
    g_clear_pointer(&b->from, conn_unref);
    g_tree_unref(b->prices);
    g_free(b);
}

static int compare(const void *a, const void *b, G_GNUC_UNUSED void *unused)
{
    return strcmp(a, b);
}

static batch *batch_of(const char *where)
{
    if (!batches)
        batches = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, batch_free);
    batch *b = g_hash_table_lookup(batches, where);
    if (!b) {
        b = g_new0(batch, 1);
        b->prices = g_tree_new_full(compare, NULL, g_free, g_free);
        g_hash_table_insert(batches, g_strdup(where), b);
    }
    return b;
}

/* "GOLD=2391.20" and no more than a few dozen bytes. */
static bool is_price(const char *word)
{
    const char *equals = strchr(word, '=');
    return equals && equals != word && equals[1] && strlen(word) <= WORD_MAX;
}

static bool are_prices(char **words)
{
    for (; *words; words++)
        if (!is_price(*words))
            return false;
    return true;
}

static gboolean add_price(void *symbol, void *price, void *text)
{
    g_string_append_printf(text, "%s%s=%s", ((GString *)text)->len > 0 ? " " : "", (char *)symbol,
                           (char *)price);
    return FALSE;
}

/* The last one who spoke says it all. It may have left meanwhile, as one does that comes to say a
 * price: so it is a member once more, for this message. */
static void flush(const char *where, const batch *b)
{
    g_autoptr(GString) text = g_string_new(NULL);
    room *in = g_hash_table_lookup(hub.rooms, where);
    if (!in)
        return; /* nobody is left to hear it */
    g_tree_foreach(b->prices, add_price, text);
    const bool left = g_hash_table_add(b->from->rooms, in);
    hub_act(b->from, &(request){.action = SAY, .room = in->name, .text = text->str});
    if (left)
        g_hash_table_remove(b->from->rooms, in);
}

/* Too many to wait? 100 names are a few kilobytes. */
static bool has_room(const batch *b, char **words)
{
    return g_tree_nnodes(b->prices) + (int)g_strv_length(words) <= SYMBOLS_MAX;
}

static void put_in(batch *b, conn *c, char **words)
{
    for (; *words; words++) {
        g_auto(GStrv) price = g_strsplit(*words, "=", 2);
        g_tree_replace(b->prices, g_steal_pointer(&price[0]), g_steal_pointer(&price[1]));
    }
    g_clear_pointer(&b->from, conn_unref);
    b->from = conn_ref(c);
    if (due == INT64_MAX) /* nothing waited before: nobody waits longer than this */
        due = g_get_monotonic_time() + limits.batch_ms * INT64_C(1000);
}

bool ticker_take(conn *c, const request *r)
{
    const bool is_ticker =
        limits.batch_ms > 0 && r->action == SAY && g_str_has_prefix(r->room, "ticker:");
    room *in = is_ticker ? g_hash_table_lookup(hub.rooms, r->room) : NULL;
    if (!in || !g_hash_table_contains(c->rooms, in))
        return false; /* the hub knows what to say */
    g_auto(GStrv) words = g_strsplit(r->text, " ", -1);
    batch *b = batch_of(r->room);
    const bool waits = are_prices(words) && has_room(b, words);
    if (waits)
        put_in(b, c, words);
    else if (b->from)
        flush(r->room, b);
    if (!waits)
        g_hash_table_remove(batches, r->room);
    return waits;
}

int64_t ticker_tick(int64_t now)
{
    GHashTableIter each;
    void *where, *b;
    if (now < due)
        return due;
    g_hash_table_iter_init(&each, batches);
    while (g_hash_table_iter_next(&each, &where, &b))
        flush(where, b);
    g_hash_table_remove_all(batches);
    return due = INT64_MAX;
}
