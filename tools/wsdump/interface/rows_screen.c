/* See rows_screen.h. */
#include "rows_screen.h"

static rows *rows_of(screen *s)
{
    return &((rows_screen *)s)->rows;
}

bool rows_screen_update(screen *s, ui *u, gint64 deadline)
{
    return rows_update(rows_of(s), u, deadline);
}

void rows_screen_move(screen *s, ui *u, list_step step)
{
    (void)u;
    list_move(&rows_of(s)->list, step);
}

bool rows_screen_search(screen *s, ui *u, const char *text, bool backwards, bool here)
{
    return rows_search(rows_of(s), u, text, backwards, here);
}

bool rows_screen_filter(screen *s, ui *u, const char *text, GError **error)
{
    (void)u;
    return rows_filter(rows_of(s), text, error);
}

bool *rows_screen_follow(screen *s)
{
    return &rows_of(s)->list.follow;
}

void rows_screen_tag(screen *s, ui *u)
{
    (void)u;
    rows_tag(rows_of(s));
}

void rows_screen_collect(const screen *s, const ui *u, bool tagged, GArray *rows_of_store,
                         GArray *connections)
{
    (void)connections;
    rows_collect(&((const rows_screen *)s)->rows, u, tagged, rows_of_store);
}

uint64_t rows_screen_row(const screen *s, const ui *u)
{
    const row_item *i = rows_selected(&((const rows_screen *)s)->rows);
    return i && i->row >= u->view.first ? i->row : STORE_NO_ROW;
}

uint64_t rows_screen_connection(const screen *s, const ui *u)
{
    uint64_t conn = ((const rows_screen *)s)->rows.conn, row = rows_screen_row(s, u);
    return conn || row == STORE_NO_ROW ? conn : store_row(&u->view, row)->conn;
}

void rows_screen_free(screen *s)
{
    rows_clear(rows_of(s));
    g_free(s);
}
