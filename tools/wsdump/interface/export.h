/*
 * Exporting: rows of the store, the payload of a message, or the packets of connections, as a file.
 * The format follows from the file's name. It is written in slices, so that the screen goes on.
 */
#ifndef WSDUMP_INTERFACE_EXPORT_H
#define WSDUMP_INTERFACE_EXPORT_H

#include "interface.h"
#include "sink.h"

#include <glib.h>

typedef enum export_format {
    EXPORT_JSON,   /* JSON lines, as with --json */
    EXPORT_TEXT,   /* a line for each row, as with --text, but whole payloads */
    EXPORT_PCAPNG, /* the packets of connections */
    EXPORT_RAW,    /* the payload of one message */
    EXPORT_FORMATS
} export_format;

/* "JSON lines"; NULL for EXPORT_FORMATS. */
const char *export_format_name(export_format f);

/* By the ending of the name; EXPORT_FORMATS = by none that is known. */
export_format export_format_of(const char *path);

/* What is to be written, and how it went. */
typedef struct export_job {
    char *path;
    export_format format;
    GArray *rows;        /* of uint64_t: in the store */
    GArray *connections; /* of uint64_t: their numbers, for pcapng */

    sink out;          /* its stream is the file, NULL while that is not open */
    guint next;        /* of the rows */
    uint64_t written;  /* rows, packets, or bytes of payload */
    uint64_t messages; /* of those rows */
    uint64_t cut;      /* of those, messages that the store has the beginning of only */
    bool unknown;      /* payload: bytes of it were not captured */
    uint64_t lost;     /* rows or packets that are not in memory any longer ... */
    bool lost_more;    /* ... and more packets, nobody knows how many */
} export_job;

/* Takes over both lists. */
export_job *export_new(const char *path, GArray *rows, GArray *connections);

/* What stands against writing that: one line that says what to do; NULL = nothing. */
const char *export_objection(const export_job *j, const store_view *v);

/* 0, or an errno: EEXIST when the file is there and `overwrite` is false. */
int export_open(export_job *j, const interface_options *o, bool overwrite);

/* Write until `deadline` (g_get_monotonic_time), or, packets, all of it. True when it is over:
 * everything is written and the file closed, or that failed. */
bool export_step(export_job *j, store *s, const interface_options *o, gint64 deadline);

/* How much of it is done: 0 to 1. */
double export_progress(const export_job *j);

/* What came of it: one line. False when that is bad news. */
bool export_describe(const export_job *j, GString *out);

/* Why a file could not be opened: one line. */
void export_describe_error(const char *path, int error, GString *out);

void export_free(export_job *j); /* NULL is fine */

#endif
