/* One connection as arrows between two lifelines. */
#include "detail.h"
#include "ladder.h"
#include "rows.h"
#include "screens.h"

typedef struct ladder {
    screen base;
    rows rows;
} ladder;

static ladder *self(screen *s)
{
    return (ladder *)s;
}

static bool shows(const void *user, const record *r)
{
    (void)user;
    return r->type != RECORD_FRAME;
}

static bool update(screen *s, ui *u, gint64 deadline)
{
    return rows_update(&self(s)->rows, u, deadline);
}

static void describe(screen *s, ui *u, GString *out)
{
    (void)u;
    const rows *l = &self(s)->rows;
    g_string_append_printf(out, "of connection %" G_GUINT64_FORMAT ": %zu rows", l->conn,
                           l->list.count);
}

static void draw_item(void *user, ui *u, size_t item, lines *out, int width)
{
    const rows *l = &((ladder *)user)->rows;
    const row_item *i = rows_get(l, item);
    if (i->row < u->view.first)
        return;
    ladder_row(out, store_row(&u->view, i->row), ladder_before(&u->view, i->row), width,
               term_is_ascii());
}

static void draw(screen *s, ui *u, region r)
{
    ladder *l = self(s);
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

static void move(screen *s, ui *u, list_step step)
{
    (void)u;
    list_move(&self(s)->rows.list, step);
}

static uint64_t selected_row(const screen *s, const ui *u)
{
    const row_item *i = rows_selected(&((const ladder *)s)->rows);
    return i && i->row >= u->view.first ? i->row : STORE_NO_ROW;
}

static void open_row(screen *s, ui *u)
{
    uint64_t row = selected_row(s, u);
    if (row != STORE_NO_ROW)
        ui_push(u, detail_screen_new(u, row));
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

static uint64_t connection(const screen *s, const ui *u)
{
    (void)u;
    return ((const ladder *)s)->rows.conn;
}

static void tag(screen *s, ui *u)
{
    (void)u;
    rows_tag(&self(s)->rows);
}

static void collect(const screen *s, const ui *u, bool tagged, GArray *found, GArray *connections)
{
    (void)connections;
    rows_collect(&((const ladder *)s)->rows, u, tagged, found);
}

static void free_ladder(screen *s)
{
    rows_clear(&self(s)->rows);
    g_free(s);
}

static const screen_class ladder_class = {
    .name = "ladder",
    .help = "One connection downwards in time: an arrow for each message between the lifelines of "
            "client and server, and the time that passed before it.",
    .update = update,
    .describe = describe,
    .draw = draw,
    .free = free_ladder,
    .move = move,
    .search = search,
    .open = open_row,
    .filter = filter,
    .follow = follow,
    .tag = tag,
    .collect = collect,
    .connection = connection,
    .row = selected_row,
};

screen *ladder_new(ui *u, uint64_t conn)
{
    ladder *l = g_new0(ladder, 1);
    l->base.kind = &ladder_class;
    rows_init(&l->rows, u, conn, shows, l);
    return &l->base;
}
