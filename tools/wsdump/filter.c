/* The stage around a compiled filter: remembers what open records said. See filter.h. */
#include "filter.h"

#include "filter_program.h"

struct filter {
    filter_program *program;
    GHashTable *connections; /* by conn: outcomes as of its open record; NULL if none matter */
    GString *room;
    budget *memory; /* NULL = nobody counts */
    record_sink *sink;
    void *user;
};

typedef struct known {
    guint64 conn;
    uint64_t outcomes[];
} known;

filter *filter_new(const char *text, GError **error)
{
    filter_program *program = filter_parse(text, error);
    if (!program)
        return NULL;
    filter *f = g_new0(filter, 1);
    f->program = program;
    f->room = g_string_new(NULL);
    if (program->bits)
        f->connections = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    return f;
}

void filter_connect(filter *f, record_sink *sink, void *user)
{
    f->sink = sink;
    f->user = user;
}

void filter_share_budget(filter *f, budget *b)
{
    f->memory = b;
}

bool filter_needs_payload(const filter *f)
{
    return f->program->payload;
}

/* With its place in the table. */
static uint64_t cost_of_known(const filter *f)
{
    enum { PLACE = 64 };
    return sizeof(known) + filter_program_words(f->program) * sizeof(uint64_t) + BUDGET_BLOCK +
           PLACE;
}

static known *remember(filter *f, const record *open)
{
    known *k = g_malloc(sizeof *k + filter_program_words(f->program) * sizeof *k->outcomes);
    if (!g_hash_table_contains(f->connections, &open->conn))
        budget_charge(f->memory, cost_of_known(f));
    k->conn = open->conn;
    filter_program_remember(f->program, open, f->room, k->outcomes);
    g_hash_table_replace(f->connections, &k->conn, k);
    return k;
}

void filter_take(void *user, const record *r)
{
    filter *f = user;
    const guint64 conn = r->conn;
    const known *k = NULL;
    if (f->connections && r->type == RECORD_OPEN)
        k = remember(f, r);
    else if (f->connections)
        k = g_hash_table_lookup(f->connections, &conn);
    if (filter_program_matches(f->program, r, k ? k->outcomes : NULL, f->room))
        f->sink(f->user, r);
    if (k && r->type == RECORD_END) {
        g_hash_table_remove(f->connections, &conn);
        budget_charge(f->memory, -cost_of_known(f));
    }
}

uint64_t filter_given_up(const filter *f)
{
    return filter_program_given_up(f->program);
}

size_t filter_remembered(const filter *f)
{
    return f->connections ? g_hash_table_size(f->connections) : 0;
}

void filter_free(filter *f)
{
    filter_program_free(f->program);
    g_clear_pointer(&f->connections, g_hash_table_unref);
    g_string_free(f->room, TRUE);
    g_free(f);
}
