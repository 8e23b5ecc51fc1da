/* What deserves a look, of all connections: broken rules, gaps, guesses, refusals. */
#include "findings.h"
#include "rows_screen.h"
#include "screens.h"

static bool shows(const void *user, const record *r)
{
    (void)user;
    return findings_is(r);
}

static void describe(screen *s, ui *u, GString *out)
{
    (void)u;
    g_string_append_printf(out, "%zu", ((rows_screen *)s)->rows.list.count);
}

static void draw_item(void *user, ui *u, size_t item, lines *out, int width)
{
    const row_item *i = rows_get(&((rows_screen *)user)->rows, item);
    if (i->row >= u->view.first)
        findings_line(out, store_row(&u->view, i->row), width, term_is_ascii());
}

static void draw(screen *s, ui *u, region r)
{
    rows_draw(&((rows_screen *)s)->rows, u, r, draw_item, s, true);
}

/* Where it happened, in the list of its connection's messages. */
static void open_row(screen *s, ui *u)
{
    uint64_t row = rows_screen_row(s, u);
    if (row != STORE_NO_ROW)
        ui_push(u, messages_new_at(u, store_row(&u->view, row)->conn, row));
}

static void click(screen *s, ui *u, int y, int x)
{
    (void)x;
    if (rows_click(&((rows_screen *)s)->rows, y))
        open_row(s, u);
}

static const screen_class findings_class = {
    .name = "findings",
    .help = "What deserves a look, of all connections, in the order of time: broken rules, gaps, "
            "guesses, refused handshakes, connections that broke off. Enter goes to the place.",
    .update = rows_screen_update,
    .describe = describe,
    .draw = draw,
    .free = rows_screen_free,
    .move = rows_screen_move,
    .click = click,
    .search = rows_screen_search,
    .open = open_row,
    ROWS_SCREEN_FUNCTIONS,
};

screen *findings_new(ui *u)
{
    rows_screen *f = g_new0(rows_screen, 1);
    f->base.kind = &findings_class;
    rows_init(&f->rows, u, 0, shows, f);
    return &f->base;
}
