/* The command line: what the user asked for, checked. */
#ifndef WSDUMP_OPTIONS_H
#define WSDUMP_OPTIONS_H

#include "record.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct options {
    char *read_file;  /* -r; "-" = standard input; NULL = live */
    char *write_file; /* -w; "-" = standard output, then no record is shown; NULL = none */
    char *interface;  /* -i; "any" unless said */
    char *bpf;        /* -f, or what follows the options; NULL = every packet */
    char *display;    /* -Y; NULL = every record */
    char *user;       /* -Z: whom to become once the capture is open; NULL = choose */
    uint64_t count;   /* -c: packets; 0 = no limit */
    int snaplen;      /* -s; 0 = default */
    int buffer_kib;   /* -B; 0 = default */
    gboolean no_promiscuous, list_interfaces, quiet, line_buffered, hex, json, version;
    gboolean tui;             /* the interface was asked for ... */
    bool may_choose;          /* ... or neither it nor another output */
    uint64_t goto_connection; /* --goto: where it begins; 0 = nowhere in particular */
    uint64_t goto_frame;      /* 0 = at no frame */
    bool show[RECORD_TYPES];
    uint64_t max_data;     /* --max-data, in text and JSON: bytes; 0 = no limit */
    uint64_t tui_max_data; /* the same in the interface */
    uint64_t memory_mib;   /* --memory */
} options;

/*
 * Fill *o from the command line, NULL-terminated as main has it; --help prints and exits. FALSE
 * when something is wrong: *error is one line that says what and names the right option where that
 * can be guessed.
 */
gboolean options_parse(options *o, char **argv, GError **error);

void options_clear(options *o);

#endif
