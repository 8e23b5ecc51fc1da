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
    FILE *out;
    GString *line;
    void (*format)(struct sink *s, const record *r); /* appends to `line`, without its newline */
    bool show[RECORD_TYPES];
    uint64_t max_data;   /* bytes shown of a message's payload; 0 = all that the record has */
    bool hex;            /* text: payload as hexadecimal digits */
    bool line_buffered;  /* flush after every record */
    int failed;          /* errno of a write that failed: nobody reads on, or the disk is full */
    gint64 clock_second; /* text: the second that `clock` names */
    char clock[16];      /* text: "HH:MM:SS" */
} sink;

/* The two formats, for sink.format. */
void sink_json(sink *s, const record *r);
void sink_text(sink *s, const record *r);

/* A record_sink whose user is a sink. */
void sink_write(void *user, const record *r);

/* Write out what is buffered. False when that failed, now or earlier; s->failed says why. */
bool sink_flush(sink *s);

#endif
