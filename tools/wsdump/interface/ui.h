/*
 * The loop of the interface, and what all screens share: the store and what was last read of it,
 * the screens on top of each other, the prompt, the rows around a screen.
 */
#ifndef WSDUMP_INTERFACE_UI_H
#define WSDUMP_INTERFACE_UI_H

#include "export_dialog.h"
#include "interface.h"
#include "prompt.h"
#include "screen.h"

enum { UI_BAR = 24 };

typedef enum ui_time { UI_TIME_OF_DAY, UI_TIME_RELATIVE, UI_TIME_DELTA, UI_TIMES } ui_time;

struct ui {
    struct store *store;
    const interface_options *options;
    GPtrArray *screens; /* of screen, the one that is seen last */

    /* What was read of the store for this picture. */
    store_view view;
    GArray *connections; /* of store_connection, by number */
    uint64_t connections_dropped;
    store_capture capture;
    uint64_t memory, memory_limit;

    int64_t first_ns; /* time of the first record; 0 = none yet */

    bool paused;
    uint64_t paused_end; /* rows from here on are not shown */
    ui_time time;
    char *filter; /* display filter; NULL = none */
    char *search; /* what was searched last; NULL = nothing */
    struct prompt prompt;
    export_dialog saving;
    GString *notice; /* one line for the user, until the next key */
    bool notice_is_error;
    struct {
        int from, to; /* columns */
        const struct action *action;
    } bar[UI_BAR]; /* where the function bar shows what, for the mouse */
    bool leave;
};

void ui_push(ui *u, screen *s);
void ui_pop(ui *u); /* the last one stays */
screen *ui_top(ui *u);

/* One line, shown until the next key; harmless text. */
void ui_say(ui *u, const char *format, ...) G_GNUC_PRINTF(2, 3);
void ui_complain(ui *u, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The connection of this number among u->connections; NULL when it is not kept. */
const store_connection *ui_connection(const ui *u, uint64_t number);

/* The part of the terminal that is the screen's. */
region ui_region(void);

/* The newest row of a connection, as a scan wants it. */
uint64_t ui_newest_row(const ui *u, uint64_t conn);

/* The column of times, 12 wide, as the user wants it. `before_ns`: of the row above. */
void ui_add_time(const ui *u, GString *out, int64_t time_ns, int64_t before_ns);

/* The keys that work on a screen, its own before those of all: actions one by one, from *at = 0 on;
 * NULL = that was all. */
const action *ui_next_action(const screen *s, size_t *at);

#endif
