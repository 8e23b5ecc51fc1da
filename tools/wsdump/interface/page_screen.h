/* Screens that are a page: lines that are made anew when the terminal's width or the data change.
 * What differs is what makes them. */
#ifndef WSDUMP_INTERFACE_PAGE_SCREEN_H
#define WSDUMP_INTERFACE_PAGE_SCREEN_H

#include "pager.h"
#include "ui.h"

typedef struct page_screen {
    screen base;
    struct pager pager;
    uint64_t conn;       /* that it is about; 0 = none, or all */
    const void *subject; /* or what else */
    int width;           /* that the lines were made for */
    uint64_t version;    /* of the store */
    /* Makes the lines. Once: they do not depend on what comes later. */
    void (*make)(struct page_screen *p, ui *u, lines *out, int width);
    bool once;
} page_screen;

/* For their classes. */
bool page_screen_update(screen *s, ui *u, gint64 deadline);
void page_screen_describe(screen *s, ui *u, GString *out);
void page_screen_draw(screen *s, ui *u, region r);
void page_screen_free(screen *s);
void page_screen_move(screen *s, ui *u, list_step step);
bool page_screen_search(screen *s, ui *u, const char *text, bool backwards, bool here);
void page_screen_sideways(screen *s, int columns);
uint64_t page_screen_connection(const screen *s, const ui *u);

#define PAGE_SCREEN_FUNCTIONS                                                                 \
    .update = page_screen_update, .describe = page_screen_describe, .draw = page_screen_draw, \
    .free = page_screen_free, .move = page_screen_move, .search = page_screen_search,         \
    .sideways = page_screen_sideways, .connection = page_screen_connection

page_screen *page_screen_new(const screen_class *kind, uint64_t conn);

#endif
