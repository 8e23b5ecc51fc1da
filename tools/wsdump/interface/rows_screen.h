/* Screens that are a list of rows: what they have in common, for their classes. */
#ifndef WSDUMP_INTERFACE_ROWS_SCREEN_H
#define WSDUMP_INTERFACE_ROWS_SCREEN_H

#include "rows.h"

/* The beginning of each. */
typedef struct rows_screen {
    screen base;
    struct rows rows;
} rows_screen;

bool rows_screen_update(screen *s, ui *u, gint64 deadline);
void rows_screen_move(screen *s, ui *u, list_step step);
bool rows_screen_search(screen *s, ui *u, const char *text, bool backwards, bool here);
bool rows_screen_filter(screen *s, ui *u, const char *text, GError **error);
bool *rows_screen_follow(screen *s);
void rows_screen_tag(screen *s, ui *u);
void rows_screen_collect(const screen *s, const ui *u, bool tagged, GArray *rows_of_store,
                         GArray *connections);
uint64_t rows_screen_row(const screen *s, const ui *u);
/* The one that the list is of, or that the selected row belongs to. */
uint64_t rows_screen_connection(const screen *s, const ui *u);
void rows_screen_free(screen *s);

#define ROWS_SCREEN_FUNCTIONS                                                           \
    .filter = rows_screen_filter, .follow = rows_screen_follow, .tag = rows_screen_tag, \
    .collect = rows_screen_collect, .row = rows_screen_row, .connection = rows_screen_connection

#endif
