/*
 * Sinks: where records end. Each turns a record into one line on a stream; what they share (which
 * records are shown, writing, flushing) is in sink.c.
 */
#ifndef WSDUMP_SINK_H
#define WSDUMP_SINK_H

#include "record.h"

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

typedef struct sink {
    FILE *out;     /* NULL, for who calls `format` itself: all of a line stays in `line` */
    GString *line; /* what is not written yet: some lines, or a part of a long one */
    void (*format)(struct sink *s, const record *r); /* appends to `line`, without its newline */
    bool show[RECORD_TYPES];
    uint64_t max_data;   /* bytes shown of a message's payload; 0 = all that the record has */
    bool hex;            /* text: payload as hexadecimal digits */
    bool line_buffered;  /* flush after every record */
    int failed;          /* errno of a write that failed: nobody reads on, or the disk is full */
    gint64 clock_second; /* text: the second that `clock` names */
    char clock[16];      /* text: "HH:MM:SS" */
} sink;

/* How much is put together before it is written; payload is escaped in such pieces, a multiple of
 * 3 for base64's sake. */
enum { SINK_PIECE = 3 * 16384 };

/* For the formats: write what there is, if that is much, so that a long line takes little memory.
 */
void sink_spill(sink *s);

/* Appends `len` bytes escaped. */
typedef void sink_escape(GString *out, const void *data, size_t len);

/* The same for as many as there may be, a part after the other; never within a character. */
void sink_escape_long(sink *s, sink_escape *escape, const void *data, size_t len);

/* The two formats, for sink.format. */
void sink_json(sink *s, const record *r);
void sink_text(sink *s, const record *r);

/* A record_sink whose user is a sink. What it wrote is out after sink_flush. */
void sink_write(void *user, const record *r);

/* Write out what is buffered. False when that failed, now or earlier; s->failed says why. */
bool sink_flush(sink *s);

#endif
