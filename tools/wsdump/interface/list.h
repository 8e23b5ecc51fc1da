/*
 * Lists: which item of many is selected, and which part of them is on the screen. What the items
 * are, only the screen knows.
 */
#ifndef WSDUMP_INTERFACE_LIST_H
#define WSDUMP_INTERFACE_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct list {
    size_t count;    /* items */
    size_t selected; /* < count, unless that is 0 */
    size_t top;      /* the first one on the screen */
    size_t height;   /* items that fit on the screen */
    bool follow;     /* the newest item is selected as items come */
} list;

typedef enum list_step {
    LIST_UP,
    LIST_DOWN,
    LIST_PAGE_UP,
    LIST_PAGE_DOWN,
    LIST_HALF_UP,
    LIST_HALF_DOWN,
    LIST_FIRST,
    LIST_LAST,
    LIST_WHEEL_UP,
    LIST_WHEEL_DOWN,
} list_step;

/* Move the selection; leaving the newest item ends following, reaching it by LIST_LAST does not
 * begin it. */
void list_move(list *l, list_step step);

void list_select(list *l, size_t item);

/* There are `count` items now: keep the selection inside, or follow. */
void list_resize(list *l, size_t count);

/* The first `count` items are gone. */
void list_drop_front(list *l, size_t count);

/* It is drawn in so many rows: the selection is to be among them. */
void list_fit(list *l, size_t height);

#endif
