/* One connection as arrows between two lifelines. */
#include "detail.h"
#include "ladder.h"
#include "rows_screen.h"
#include "screens.h"

static bool shows(const void *user, const record *r)
{
    (void)user;
    return r->type != RECORD_FRAME;
}

static void describe(screen *s, ui *u, GString *out)
{
    (void)u;
    const rows *l = &((rows_screen *)s)->rows;
    g_string_append_printf(out, "of connection %" G_GUINT64_FORMAT ": %zu rows", l->conn,
                           l->list.count);
}

static void draw_item(void *user, ui *u, size_t item, lines *out, int width)
{
    const rows *l = &((rows_screen *)user)->rows;
    const row_item *i = rows_get(l, item);
    if (i->row < u->view.first)
        return;
    ladder_row(out, store_row(&u->view, i->row), ladder_before(&u->view, i->row), width,
               term_is_ascii());
}

static void draw(screen *s, ui *u, region r)
{
    rows_screen *l = (rows_screen *)s;
    const store_connection *c = ui_connection(u, l->rows.conn);
    lines *head = lines_new();
    if (c)
        ladder_head(head, &c->client, &c->server, r.width, term_is_ascii());
    int height = (int)lines_count(head);
    for (int y = 0; y < height; y++) {
        const line one = lines_get(head, (size_t)y);
        term_line(r.y + y, r.x, r.width, &one, 0, STYLE_NORMAL, NULL);
    }
    lines_free(head);
    rows_draw(&l->rows, u, (region){r.y + height, r.x, r.height - height, r.width}, draw_item, l,
              true);
}

static void open_row(screen *s, ui *u)
{
    uint64_t row = rows_screen_row(s, u);
    if (row != STORE_NO_ROW)
        ui_push(u, detail_screen_new(u, row));
}

static const screen_class ladder_class = {
    .name = "ladder",
    .help = "One connection downwards in time: an arrow for each message between the lifelines of "
            "client and server, and the time that passed before it.",
    .update = rows_screen_update,
    .describe = describe,
    .draw = draw,
    .free = rows_screen_free,
    .move = rows_screen_move,
    .search = rows_screen_search,
    .open = open_row,
    ROWS_SCREEN_FUNCTIONS,
};

screen *ladder_new(ui *u, uint64_t conn)
{
    rows_screen *l = g_new0(rows_screen, 1);
    l->base.kind = &ladder_class;
    rows_init(&l->rows, u, conn, shows, l);
    return &l->base;
}
