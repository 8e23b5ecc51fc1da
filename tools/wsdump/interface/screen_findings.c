/* What deserves a look, of all connections: broken rules, gaps, guesses, refusals. */
#include "detail.h"
#include "findings.h"
#include "rows.h"
#include "screens.h"

typedef struct findings {
    screen base;
    rows rows;
} findings;

static findings *self(screen *s)
{
    return (findings *)s;
}

static bool shows(const void *user, const record *r)
{
    (void)user;
    return findings_is(r);
}

static bool update(screen *s, ui *u, gint64 deadline)
{
    return rows_update(&self(s)->rows, u, deadline);
}

static void describe(screen *s, ui *u, GString *out)
{
    (void)u;
    g_string_append_printf(out, "%zu", self(s)->rows.list.count);
}

static void draw_item(void *user, ui *u, size_t item, lines *out, int width)
{
    const row_item *i = rows_get(&((findings *)user)->rows, item);
    if (i->row >= u->view.first)
        findings_line(out, store_row(&u->view, i->row), width, term_is_ascii());
}

static void draw(screen *s, ui *u, region r)
{
    rows_draw(&self(s)->rows, u, r, draw_item, s, true);
}

static void move(screen *s, ui *u, list_step step)
{
    (void)u;
    list_move(&self(s)->rows.list, step);
}

static uint64_t selected_row(const screen *s, const ui *u)
{
    const row_item *i = rows_selected(&((const findings *)s)->rows);
    return i && i->row >= u->view.first ? i->row : STORE_NO_ROW;
}

static uint64_t connection(const screen *s, const ui *u)
{
    uint64_t row = selected_row(s, u);
    return row == STORE_NO_ROW ? 0 : store_row(&u->view, row)->conn;
}

/* Where it happened, in the list of its connection's messages. */
static void open_row(screen *s, ui *u)
{
    uint64_t row = selected_row(s, u);
    if (row != STORE_NO_ROW)
        ui_push(u, messages_new_at(u, store_row(&u->view, row)->conn, row));
}

static void click(screen *s, ui *u, int y, int x)
{
    (void)x;
    if (rows_click(&self(s)->rows, y))
        open_row(s, u);
}

static bool search(screen *s, ui *u, const char *text, bool backwards, bool here)
{
    return rows_search(&self(s)->rows, u, text, backwards, here);
}

static bool filter(screen *s, ui *u, const char *text, GError **error)
{
    (void)u;
    return rows_filter(&self(s)->rows, text, error);
}

static bool *follow(screen *s)
{
    return &self(s)->rows.list.follow;
}

static void tag(screen *s, ui *u)
{
    (void)u;
    rows_tag(&self(s)->rows);
}

static void collect(const screen *s, const ui *u, bool tagged, GArray *found, GArray *connections)
{
    (void)connections;
    rows_collect(&((const findings *)s)->rows, u, tagged, found);
}

static void free_findings(screen *s)
{
    rows_clear(&self(s)->rows);
    g_free(s);
}

static const screen_class findings_class = {
    .name = "findings",
    .help = "What deserves a look, of all connections, in the order of time: broken rules, gaps, "
            "guesses, refused handshakes, connections that broke off. Enter goes to the place.",
    .update = update,
    .describe = describe,
    .draw = draw,
    .free = free_findings,
    .move = move,
    .click = click,
    .search = search,
    .open = open_row,
    .filter = filter,
    .follow = follow,
    .tag = tag,
    .collect = collect,
    .connection = connection,
    .row = selected_row,
};

screen *findings_new(ui *u)
{
    findings *f = g_new0(findings, 1);
    f->base.kind = &findings_class;
    rows_init(&f->rows, u, 0, shows, f);
    return &f->base;
}
