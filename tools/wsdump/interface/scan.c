/* See scan.h. */
#include "scan.h"

#include "filter.h"

/* Rows between two looks at the clock. */
enum { SLICE = 256 };

struct scan {
    uint64_t conn;
    filter *filter;
    uint64_t next;   /* rows before it were looked at */
    GArray *pending; /* of uint64_t: rows of the connection still to look at, the oldest last */
    bool passed;     /* the row that the filter has just seen */
};

static void pass(void *user, const record *r)
{
    (void)r;
    ((scan *)user)->passed = true;
}

scan *scan_new(uint64_t conn, const char *text, GError **error)
{
    filter *f = text ? filter_new(text, error) : NULL;
    if (text && !f)
        return NULL;
    scan *s = g_new0(scan, 1);
    s->conn = conn;
    s->filter = f;
    s->pending = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    if (f)
        filter_connect(f, pass, s);
    return s;
}

static void look_at(scan *s, const store_view *v, uint64_t row, scan_found *found, void *user)
{
    const record *r = store_row(v, row);
    s->passed = !s->filter;
    if (s->filter)
        filter_take(s->filter, r);
    if (s->passed)
        found(user, row, r);
}

/* The rows of one connection are linked from the newest to the oldest. */
static void collect(scan *s, const store_view *v, uint64_t newest)
{
    if (s->pending->len > 0 || newest == STORE_NO_ROW)
        return;
    while (newest != STORE_NO_ROW && newest >= v->end)
        newest = v->end ? v->end - 1 : STORE_NO_ROW;
    for (uint64_t row = newest; row != STORE_NO_ROW && row >= MAX(s->next, v->first);
         row = store_row_before(v, row))
        if (store_row(v, row)->conn == s->conn)
            g_array_append_val(s->pending, row);
    s->next = v->end;
}

static bool update_one(scan *s, const store_view *v, uint64_t newest, gint64 deadline,
                       scan_found *found, void *user)
{
    collect(s, v, newest);
    for (unsigned count = 1; s->pending->len > 0; count++) {
        uint64_t row = g_array_index(s->pending, uint64_t, s->pending->len - 1);
        g_array_set_size(s->pending, s->pending->len - 1);
        if (row >= v->first)
            look_at(s, v, row, found, user);
        if (count % SLICE == 0 && g_get_monotonic_time() >= deadline)
            return s->pending->len == 0;
    }
    return true;
}

bool scan_update(scan *s, const store_view *v, uint64_t newest, gint64 deadline, scan_found *found,
                 void *user)
{
    if (s->conn)
        return update_one(s, v, newest, deadline, found, user);
    s->next = MAX(s->next, v->first);
    for (unsigned count = 1; s->next < v->end; count++) {
        look_at(s, v, s->next++, found, user);
        if (count % SLICE == 0 && g_get_monotonic_time() >= deadline)
            break;
    }
    return s->next >= v->end;
}

void scan_free(scan *s)
{
    if (!s)
        return;
    if (s->filter)
        filter_free(s->filter);
    g_array_free(s->pending, TRUE);
    g_free(s);
}
