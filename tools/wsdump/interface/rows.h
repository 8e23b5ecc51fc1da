/*
 * Rows: a list of records of the store, as they come: those of one connection or of all that a
 * screen shows and a display filter lets through. Screens differ in which these are and how a
 * record is drawn.
 */
#ifndef WSDUMP_INTERFACE_ROWS_H
#define WSDUMP_INTERFACE_ROWS_H

#include "scan.h"
#include "ui.h"

typedef struct row_item {
    uint64_t row;
    uint64_t parent; /* the message that this is a frame of, unfolded; STORE_NO_ROW otherwise */
} row_item;

typedef struct rows {
    uint64_t conn; /* 0 = of all connections */
    struct scan *scan;
    bool filtered;
    bool (*shows)(const void *user, const record *r);
    const void *user;
    GArray *items; /* of row_item; the first `gone` have left the store */
    size_t gone;
    struct list list;
    GHashTable *tagged;    /* rows, each plus one; those that left may be among them */
    uint64_t wanted;       /* the row to select when the scan comes to it; STORE_NO_ROW = none */
    uint64_t wanted_frame; /* the same by the frame's number; 0 = none */
} rows;

/* Follows what comes, if the capture is live. */
void rows_init(rows *l, ui *u, uint64_t conn, bool (*shows)(const void *user, const record *r),
               const void *user);
void rows_clear(rows *l);

/* Begin anew with this display filter; false when it is wrong. What is selected stays so. */
bool rows_filter(rows *l, const char *filter, GError **error);

/* Select this row of the store, or the next one that is shown, as soon as the scan comes to it. */
void rows_seek(rows *l, uint64_t row);

/* The same for a frame of the list's connection, by its number; 0 = no longer. */
void rows_seek_frame(rows *l, uint64_t number);

bool rows_update(rows *l, ui *u, gint64 deadline);

/* The item, counted from 0; NULL when there is none. */
const row_item *rows_get(const rows *l, size_t item);
const row_item *rows_selected(const rows *l);

/* Tag the selected item, or untag it, and go on to the next. */
void rows_tag(rows *l);

/* Append the rows (uint64_t) of its items, or of those that are tagged. */
void rows_collect(const rows *l, const ui *u, bool tagged, GArray *out);

/* Put items behind this one, or remove its children. */
void rows_insert(rows *l, size_t item, const GArray *rows_of_store);
void rows_remove_children(rows *l, size_t item);

bool rows_search(rows *l, ui *u, const char *text, bool backwards, bool here);

/* Appends the lines of an item: one, mostly. */
typedef void rows_line(void *user, ui *u, size_t item, lines *out, int width);

void rows_draw(rows *l, ui *u, region r, rows_line *make, void *user, bool focused);

/* Select the item that is drawn in row y; true when it was selected before. */
bool rows_click(rows *l, int y);

#endif
