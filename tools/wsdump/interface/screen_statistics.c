/* What all connections, or one, add up to. */
#include "page_screen.h"
#include "page_statistics.h"
#include "scan.h"
#include "screens.h"

typedef struct statistics_screen {
    page_screen page;
    scan *scan; /* of one connection; NULL = the store's own statistics of all */
    statistics sum;
} statistics_screen;

static void add(void *user, uint64_t row, const record *r)
{
    (void)row;
    statistics_add(user, r);
}

static bool update(screen *s, ui *u, gint64 deadline)
{
    statistics_screen *t = (statistics_screen *)s;
    bool complete = true;
    if (t->scan)
        complete =
            scan_update(t->scan, &u->view, ui_newest_row(u, t->page.conn), deadline, add, &t->sum);
    else if (!u->paused || !t->page.pager.all)
        t->sum = store_get_statistics(u->store);
    page_screen_update(s, u, deadline);
    return complete;
}

static void make(page_screen *p, ui *u, lines *out, int width)
{
    page_statistics(out, &((statistics_screen *)p)->sum, &u->capture, width, term_is_ascii());
}

static void describe(screen *s, ui *u, GString *out)
{
    statistics_screen *t = (statistics_screen *)s;
    if (t->page.conn)
        page_screen_describe(s, u, out);
    else
        g_string_append(out, "of all connections");
}

static void free_statistics(screen *s)
{
    scan_free(((statistics_screen *)s)->scan);
    page_screen_free(s);
}

static const screen_class statistics_class = {
    .name = "statistics",
    .help = "What all connections, or the one that was selected, add up to: messages and bytes per "
            "side, rates, sizes, compression, round trips of pings, close codes, broken rules.",
    .update = update,
    .describe = describe,
    .draw = page_screen_draw,
    .free = free_statistics,
    .move = page_screen_move,
    .search = page_screen_search,
    .sideways = page_screen_sideways,
    .connection = page_screen_connection,
};

screen *statistics_new(uint64_t conn)
{
    statistics_screen *t = g_new0(statistics_screen, 1);
    t->page.base.kind = &statistics_class;
    t->page.conn = conn;
    t->page.make = make;
    pager_init(&t->page.pager);
    if (conn)
        t->scan = scan_new(conn, NULL, NULL);
    return &t->page.base;
}
