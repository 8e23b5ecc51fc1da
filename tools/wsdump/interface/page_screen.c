/* See page_screen.h. */
#include "page_screen.h"

bool page_screen_update(screen *s, ui *u, gint64 deadline)
{
    (void)deadline;
    page_screen *p = (page_screen *)s;
    int width = ui_region().width;
    uint64_t version = p->once ? 0 : store_version(u->store);
    if (p->pager.all && width == p->width && (version == p->version || u->paused))
        return true;
    lines *out = lines_new();
    p->make(p, u, out, width);
    pager_set(&p->pager, out, p->pager.all);
    p->width = width;
    p->version = version;
    return true;
}

void page_screen_describe(screen *s, ui *u, GString *out)
{
    (void)u;
    page_screen *p = (page_screen *)s;
    if (p->conn)
        g_string_append_printf(out, "of connection %" G_GUINT64_FORMAT, p->conn);
}

void page_screen_draw(screen *s, ui *u, region r)
{
    (void)u;
    pager_draw(&((page_screen *)s)->pager, r);
}

void page_screen_free(screen *s)
{
    pager_clear(&((page_screen *)s)->pager);
    g_free(s);
}

void page_screen_move(screen *s, ui *u, list_step step)
{
    (void)u;
    pager_move(&((page_screen *)s)->pager, step);
}

bool page_screen_search(screen *s, ui *u, const char *text, bool backwards, bool here)
{
    (void)u;
    return pager_search(&((page_screen *)s)->pager, text, backwards, here);
}

void page_screen_sideways(screen *s, int columns)
{
    pager_sideways(&((page_screen *)s)->pager, columns);
}

uint64_t page_screen_connection(const screen *s, const ui *u)
{
    (void)u;
    return ((const page_screen *)s)->conn;
}

page_screen *page_screen_new(const screen_class *kind, uint64_t conn)
{
    page_screen *p = g_new0(page_screen, 1);
    p->base.kind = kind;
    p->conn = conn;
    pager_init(&p->pager);
    return p;
}
