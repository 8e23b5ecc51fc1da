/* See rows.h. */
#define _GNU_SOURCE /* strcasestr */
#include "rows.h"

#include "search.h"

#include <string.h>

void rows_init(rows *l, ui *u, uint64_t conn, bool (*shows)(const void *user, const record *r),
               const void *user)
{
    *l = (rows){.conn = conn, .shows = shows, .user = user, .wanted = STORE_NO_ROW};
    l->items = g_array_new(FALSE, FALSE, sizeof(row_item));
    l->tagged = g_hash_table_new(g_direct_hash, g_direct_equal);
    l->scan = scan_new(conn, u->filter, NULL);
    l->filtered = u->filter;
    l->list.follow = u->options->live;
}

void rows_clear(rows *l)
{
    scan_free(l->scan);
    g_array_free(l->items, TRUE);
    g_hash_table_unref(l->tagged);
}

bool rows_filter(rows *l, const char *filter, GError **error)
{
    scan *s = scan_new(l->conn, filter, error);
    if (!s)
        return false;
    const row_item *selected = rows_selected(l);
    l->wanted = selected ? selected->row : STORE_NO_ROW;
    scan_free(l->scan);
    l->scan = s;
    l->filtered = filter;
    g_array_set_size(l->items, 0);
    l->gone = 0;
    list_resize(&l->list, 0);
    return true;
}

static void add_row(void *user, uint64_t row, const record *r)
{
    rows *l = user;
    if (!l->shows(l->user, r))
        return;
    row_item item = {row, STORE_NO_ROW};
    g_array_append_val(l->items, item);
    if (l->wanted_frame > 0 && r->type == RECORD_FRAME && r->frame.number == l->wanted_frame) {
        l->wanted = row;
        l->wanted_frame = 0;
    }
}

/* Items whose row, or whose message's row, has left the store. */
static void drop_left(rows *l, uint64_t first)
{
    size_t left = 0;
    const row_item *i;
    while ((i = rows_get(l, left)) && (i->parent != STORE_NO_ROW ? i->parent : i->row) < first)
        left++;
    if (left == 0)
        return;
    l->gone += left;
    list_drop_front(&l->list, left);
    if (l->gone > l->items->len / 2) {
        g_array_remove_range(l->items, 0, (guint)l->gone);
        l->gone = 0;
    }
}

/* After a new filter: back to what was selected, or what is next to it. */
static void restore_selection(rows *l, bool complete)
{
    const row_item *i;
    while (l->wanted != STORE_NO_ROW && (i = rows_get(l, l->list.selected)) && i->row < l->wanted &&
           l->list.selected + 1 < l->list.count)
        l->list.selected++;
    i = rows_get(l, l->list.selected);
    if (complete || (i && i->row >= l->wanted))
        l->wanted = STORE_NO_ROW;
}

void rows_seek(rows *l, uint64_t row)
{
    l->wanted = row;
    l->list.follow = false;
}

void rows_seek_frame(rows *l, uint64_t number)
{
    l->wanted_frame = number;
    if (number > 0)
        l->list.follow = false;
}

bool rows_update(rows *l, ui *u, gint64 deadline)
{
    bool complete = scan_update(l->scan, &u->view, ui_newest_row(u, l->conn), deadline, add_row, l);
    list_resize(&l->list, l->items->len - l->gone);
    drop_left(l, u->view.first);
    restore_selection(l, complete);
    return complete;
}

const row_item *rows_get(const rows *l, size_t item)
{
    return item < l->items->len - l->gone ? &g_array_index(l->items, row_item, l->gone + item)
                                          : NULL;
}

const row_item *rows_selected(const rows *l)
{
    return rows_get(l, l->list.selected);
}

static gpointer tag_of(uint64_t row)
{
    return GSIZE_TO_POINTER(row + 1);
}

void rows_tag(rows *l)
{
    const row_item *i = rows_selected(l);
    if (!i)
        return;
    if (!g_hash_table_remove(l->tagged, tag_of(i->row)))
        g_hash_table_add(l->tagged, tag_of(i->row));
    list_move(&l->list, LIST_DOWN);
}

void rows_collect(const rows *l, const ui *u, bool tagged, GArray *out)
{
    const row_item *i;
    if (tagged && g_hash_table_size(l->tagged) == 0)
        return;
    for (size_t item = 0; (i = rows_get(l, item)); item++)
        if (i->row >= u->view.first &&
            (!tagged || g_hash_table_contains(l->tagged, tag_of(i->row))))
            g_array_append_val(out, i->row);
}

void rows_insert(rows *l, size_t item, const GArray *rows_of_store)
{
    uint64_t parent = rows_get(l, item)->row;
    for (guint i = 0; i < rows_of_store->len; i++) {
        row_item child = {g_array_index(rows_of_store, uint64_t, i), parent};
        g_array_insert_val(l->items, (guint)(l->gone + item + 1 + i), child);
    }
    list_resize(&l->list, l->items->len - l->gone);
}

void rows_remove_children(rows *l, size_t item)
{
    guint from = (guint)(l->gone + item + 1), count = 0;
    while (from + count < l->items->len &&
           g_array_index(l->items, row_item, from + count).parent != STORE_NO_ROW)
        count++;
    if (count > 0)
        g_array_remove_range(l->items, from, count);
    list_resize(&l->list, l->items->len - l->gone);
}

bool rows_search(rows *l, ui *u, const char *text, bool backwards, bool here)
{
    size_t at = l->list.selected;
    for (size_t step = here ? 0 : 1; backwards ? step <= at : at + step < l->list.count; step++) {
        size_t item = backwards ? at - step : at + step;
        uint64_t row = rows_get(l, item)->row;
        if (row >= u->view.first && search_record(store_row(&u->view, row), text)) {
            list_select(&l->list, item);
            return true;
        }
    }
    return false;
}

/* How many of the items from the top to the selected one must give way for it to be seen whole. */
static void fit(rows *l, ui *u, region r, rows_line *make, void *user)
{
    list_fit(&l->list, (size_t)MAX(r.height, 1));
    lines *out = lines_new();
    for (size_t item = l->list.selected; l->list.count > 0; item--) {
        make(user, u, item, out, r.width);
        if (lines_count(out) > l->list.height && item < l->list.selected) {
            l->list.top = item + 1;
            break;
        }
        if (item == l->list.top)
            break;
    }
    lines_free(out);
}

void rows_draw(rows *l, ui *u, region r, rows_line *make, void *user, bool focused)
{
    fit(l, u, r, make, user);
    style marked = focused ? STYLE_SELECTED : STYLE_SELECTED_OTHER;
    int y = 0;
    for (size_t item = l->list.top; y < r.height && item < l->list.count; item++) {
        lines *out = lines_new();
        make(user, u, item, out, r.width);
        bool selected = item == l->list.selected;
        bool tagged = g_hash_table_contains(l->tagged, tag_of(rows_get(l, item)->row));
        style over = selected ? marked : tagged ? STYLE_TAGGED : STYLE_NORMAL;
        for (size_t i = 0; i < lines_count(out) && y < r.height; i++, y++) {
            if (selected)
                term_fill((region){r.y + y, r.x, 1, r.width}, marked);
            const line one = lines_get(out, i);
            term_line(r.y + y, r.x, r.width, &one, 0, over, u->search);
            if (tagged)
                term_text(r.y + y, r.x + r.width - 1, 1, over, "*", false);
        }
        lines_free(out);
    }
    if (l->list.count == 0)
        term_text(r.y + r.height / 2, r.x + 2, r.width - 2, STYLE_DIM,
                  l->filtered                         ? "nothing matches the filter"
                  : u->capture.phase == STORE_RUNNING ? "nothing here so far"
                                                      : "nothing here",
                  true);
}

bool rows_click(rows *l, int y)
{
    size_t item = l->list.top + (size_t)MAX(y, 0);
    bool again = item == l->list.selected;
    if (item < l->list.count)
        list_select(&l->list, item);
    return again;
}
