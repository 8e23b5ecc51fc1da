/* See list.h. */
#include "list.h"

#include <glib.h>

enum { WHEEL = 3 };

void list_select(list *l, size_t item)
{
    l->selected = l->count == 0 ? 0 : MIN(item, l->count - 1);
    if (l->selected + 1 < l->count)
        l->follow = false;
}

static void back(list *l, size_t n)
{
    list_select(l, l->selected - MIN(n, l->selected));
}

void list_move(list *l, list_step step)
{
    size_t page = MAX(l->height, 2) - 1;
    switch (step) {
    case LIST_UP: back(l, 1); break;
    case LIST_DOWN: list_select(l, l->selected + 1); break;
    case LIST_PAGE_UP: back(l, page); break;
    case LIST_PAGE_DOWN: list_select(l, l->selected + page); break;
    case LIST_HALF_UP: back(l, page / 2 + 1); break;
    case LIST_HALF_DOWN: list_select(l, l->selected + page / 2 + 1); break;
    case LIST_FIRST: list_select(l, 0); break;
    case LIST_LAST: list_select(l, l->count); break;
    case LIST_WHEEL_UP: back(l, WHEEL); break;
    case LIST_WHEEL_DOWN: list_select(l, l->selected + WHEEL); break;
    }
}

void list_resize(list *l, size_t count)
{
    l->count = count;
    if (l->follow || l->selected >= count)
        l->selected = count ? count - 1 : 0;
}

void list_drop_front(list *l, size_t count)
{
    l->count -= MIN(count, l->count);
    l->selected -= MIN(count, l->selected);
    l->top -= MIN(count, l->top);
}

void list_fit(list *l, size_t height)
{
    l->height = MAX(height, 1);
    if (l->selected < l->top)
        l->top = l->selected;
    if (l->selected >= l->top + l->height)
        l->top = l->selected - l->height + 1;
    if (l->top + l->height > l->count) /* no empty rows below while there are items above */
        l->top = l->count > l->height ? l->count - l->height : 0;
}
