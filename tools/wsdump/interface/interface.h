/*
 * The interface: screens on a terminal that show a store while others fill it. It knows the store
 * and the records in it, and nothing of captures, TCP or files.
 */
#ifndef WSDUMP_INTERFACE_H
#define WSDUMP_INTERFACE_H

#include "../store.h"

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

typedef struct interface_options {
    const char *title;  /* what is shown: "live eth0", "echo.pcapng" */
    const char *filter; /* display filter to begin with, or NULL */
    const char *bpf;    /* capture filter, for the title; or NULL */
    bool live;
    bool saved; /* the packets are kept in a file: leaving loses nothing */
    FILE *keys; /* a terminal, where keys come from; NULL = stdin */
} interface_options;

/*
 * Take the terminal over. FALSE when it cannot be used: *error names TERM and says what to do.
 * Reads files of the terminal's description, so call it before a sandbox forbids that.
 */
gboolean interface_open(const interface_options *o, GError **error);

/*
 * Show the store until the user leaves, or interface_leave is called. The caller then closes.
 */
void interface_run(store *s, const interface_options *o);

/* Leave soon: for a signal handler. */
void interface_leave(void);

/* Give the terminal back, as it was. Fine to call twice, or when it was never opened. */
void interface_close(void);

#endif
