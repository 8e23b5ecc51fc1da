/*
 * Screens: what the interface can show, one on top of the other. Each is a file with a table of its
 * keys and a class; ui.c knows which one is on top and hands it what happens.
 */
#ifndef WSDUMP_INTERFACE_SCREEN_H
#define WSDUMP_INTERFACE_SCREEN_H

#include "list.h"
#include "terminal.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct ui ui;
typedef struct screen screen;

enum { ACTION_KEYS = 5 };

/* What a key does. The tables of actions are what keys are looked up in, what the function bar
 * shows, and what help is made of. */
typedef struct action {
    int keys[ACTION_KEYS];
    const char *label; /* in the function bar; NULL = only in help */
    const char *help;  /* a sentence's beginning: "select the next row" */
    void (*run)(ui *u, screen *s);
} action;

typedef struct action_table {
    const action *actions;
    size_t count;
} action_table;

typedef struct screen_class {
    const char *name; /* "connections" */
    const char *help; /* what it shows, in a sentence or two */
    action_table actions;

    /* New data may have come: take some, until `deadline`. False when there is more. */
    bool (*update)(screen *s, ui *u, gint64 deadline);
    /* What stands behind the name in the second row. */
    void (*describe)(screen *s, ui *u, GString *out);
    void (*draw)(screen *s, ui *u, region r);
    void (*free)(screen *s);

    /* Where they are NULL, the keys for them are not offered. */
    void (*move)(screen *s, ui *u, list_step step);
    void (*click)(screen *s, ui *u, int y, int x); /* relative to the region */
    /* Select the next (or, if `backwards`, previous) place where `text` is; from the selected one
     * on, it included if `here`. False when there is none. */
    bool (*search)(screen *s, ui *u, const char *text, bool backwards, bool here);
    void (*open)(screen *s, ui *u);                                     /* Enter */
    bool (*filter)(screen *s, ui *u, const char *text, GError **error); /* NULL or "" = all */
    bool *(*follow)(screen *s);                                         /* its switch */
    void (*tag)(screen *s, ui *u); /* Space: what is selected, or untag it */
    /* Append all that it lists, or what of that is tagged: as rows (uint64_t) or, where it is a
     * list of connections, as their numbers. */
    void (*collect)(const screen *s, const ui *u, bool tagged, GArray *rows, GArray *connections);
    void (*sideways)(screen *s, int columns);
    /* What is selected: a connection's number (0 = none), a row (STORE_NO_ROW = none). */
    uint64_t (*connection)(const screen *s, const ui *u);
    uint64_t (*row)(const screen *s, const ui *u);
} screen_class;

/* The beginning of every screen. */
struct screen {
    const screen_class *kind;
};

#endif
