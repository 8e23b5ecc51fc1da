/* See pager.h. */
#define _GNU_SOURCE /* strcasestr */
#include "pager.h"

#include <string.h>

void pager_init(pager *p)
{
    *p = (pager){.visible = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
                 .shut = g_hash_table_new(g_direct_hash, g_direct_equal)};
}

void pager_clear(pager *p)
{
    lines_free(p->all);
    g_array_free(p->visible, TRUE);
    g_hash_table_unref(p->shut);
    g_free(p->match);
}

static line line_at(const pager *p, size_t item)
{
    return lines_get(p->all, g_array_index(p->visible, uint32_t, item));
}

/* Which lines are seen: not those in a part that is folded. */
static void lay_out(pager *p)
{
    g_array_set_size(p->visible, 0);
    unsigned hidden = 0; /* lines deeper than this are; 0 = none */
    for (uint32_t i = 0; i < lines_count(p->all); i++) {
        line l = lines_get(p->all, i);
        if (hidden && l.depth >= hidden)
            continue;
        hidden = l.fold && g_hash_table_contains(p->shut, GUINT_TO_POINTER(i)) ? l.fold : 0;
        g_array_append_val(p->visible, i);
    }
    list_resize(&p->list, p->visible->len);
}

void pager_set(pager *p, lines *l, bool stay)
{
    lines_free(p->all);
    p->all = l;
    g_hash_table_remove_all(p->shut);
    if (!stay) {
        p->list.selected = p->list.top = 0;
        p->column = 0;
    }
    lay_out(p);
}

/* Without a cursor, the page moves, and what is selected is its first line. */
void pager_move(pager *p, list_step step)
{
    list *l = &p->list;
    if (p->cursor) {
        list_move(l, step);
        return;
    }
    l->selected = l->top;
    list_move(l, step);
    size_t last = l->count > l->height ? l->count - l->height : 0;
    l->selected = l->top = MIN(l->selected, last);
}

void pager_sideways(pager *p, int columns)
{
    p->column = MAX(0, p->column + columns);
}

bool pager_search(pager *p, const char *text, bool backwards, bool here)
{
    if (p->match != text) {
        g_free(p->match);
        p->match = g_strdup(text);
    }
    size_t count = p->list.count, at = p->list.selected;
    for (size_t step = here ? 0 : 1; step < count; step++) {
        if (backwards ? step > at : at + step >= count)
            return false;
        size_t item = backwards ? at - step : at + step;
        if (!strcasestr(line_at(p, item).text, text))
            continue;
        list_select(&p->list, item);
        if (item < p->list.top || item >= p->list.top + p->list.height)
            p->list.top = item;
        return true;
    }
    return false;
}

void pager_fold(pager *p)
{
    size_t item = p->list.selected;
    if (item >= p->list.count)
        return;
    unsigned depth = line_at(p, item).depth;
    while (item > 0 && !line_at(p, item).fold && line_at(p, item).depth >= depth)
        item--; /* to the line that begins the part that this one is in */
    if (!line_at(p, item).fold)
        return;
    gpointer begin = GUINT_TO_POINTER(g_array_index(p->visible, uint32_t, item));
    if (!g_hash_table_remove(p->shut, begin))
        g_hash_table_add(p->shut, begin);
    p->list.selected = item;
    lay_out(p);
}

void pager_click(pager *p, int y)
{
    list_select(&p->list, p->list.top + (size_t)MAX(y, 0));
}

void pager_draw(pager *p, region r)
{
    if (!p->all)
        return;
    if (p->cursor) {
        list_fit(&p->list, (size_t)MAX(r.height, 1));
    } else { /* a line that was found stays selected, below the top */
        p->list.height = (size_t)MAX(r.height, 1);
        size_t last = p->list.count > p->list.height ? p->list.count - p->list.height : 0;
        p->list.top = MIN(p->list.top, last);
    }
    for (int y = 0; y < r.height && p->list.top + (size_t)y < p->list.count; y++) {
        size_t item = p->list.top + (size_t)y;
        const line l = line_at(p, item);
        bool selected = p->cursor && item == p->list.selected;
        if (selected)
            term_fill((region){r.y + y, r.x, 1, r.width}, STYLE_SELECTED);
        term_line(r.y + y, r.x, r.width, &l, p->column, selected ? STYLE_SELECTED : STYLE_NORMAL,
                  p->match);
        bool shut =
            l.fold && g_hash_table_contains(
                          p->shut, GUINT_TO_POINTER(g_array_index(p->visible, uint32_t, item)));
        if (shut)
            term_text(r.y + y, r.x + r.width - 2, 2, STYLE_STRONG, term_glyphs()->cut, false);
    }
}
