/*
 * The interface: screens on a terminal that show a store while others fill it. It knows the store
 * and the records in it, and nothing of captures or TCP.
 */
#ifndef WSDUMP_INTERFACE_H
#define WSDUMP_INTERFACE_H

#include "store.h"

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

/* Endings of the names of files that are opened, ".jsonl" for one; NULL is the last. */
extern const char *const interface_file_endings[];

/* Opens a file to write it, empty: a descriptor, or -1 and errno. It may be there already only if
 * `overwrite`; EEXIST otherwise. */
typedef int interface_open_file(void *user, const char *path, bool overwrite);

typedef struct interface_packets {
    uint64_t written;
    uint64_t lost;  /* they are of the same connections, but nowhere any longer ... */
    bool lost_more; /* ... as are all of some connection: nobody knows how many */
} interface_packets;

/* Writes the packets of connections, by their numbers, as pcapng; returns an errno, or 0. */
typedef int interface_write_packets(void *user, const uint64_t *connections, size_t count,
                                    FILE *out, interface_packets *said);

typedef struct interface_options {
    const char *title;  /* what is shown: "live eth0", "echo.pcapng" */
    const char *filter; /* display filter to begin with, or NULL */
    const char *bpf;    /* capture filter, for the title; or NULL */
    bool live;
    bool saved;          /* the packets are kept in a file: leaving loses nothing */
    uint64_t connection; /* show its messages first; 0 = all connections ... */
    uint64_t frame;      /* ... with all frames, and this one selected; 0 = none */
    FILE *keys;          /* a terminal, where keys come from; NULL = stdin */

    interface_open_file *open_file; /* NULL: nothing can be saved */
    void *open_user;
    interface_write_packets *write_packets; /* called in interface_run's thread */
    void *packets_user;
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
