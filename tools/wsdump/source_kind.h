/*
 * What a kind of source (pcap file, pcapng file, interface) provides, and what source.c does for
 * all of them. For the sources only: the other stages include source.h.
 */
#ifndef WSDUMP_SOURCE_KIND_H
#define WSDUMP_SOURCE_KIND_H

#include "input.h"
#include "source.h"

#include <stdbool.h>
#include <stdio.h>

typedef struct source_kind {
    /* Everything in *p but its number. */
    source_status (*next)(source *s, packet *p);
    /* NULL: source.c runs the filter over every packet. */
    gboolean (*set_filter)(source *s, const char *expression, GError **error);
    int64_t (*drops)(source *s); /* NULL: not known */
    void (*stop)(source *s);     /* source_stop; NULL: source.c ends it */
    void (*close)(source *s);    /* frees what is the kind's own, and s */
} source_kind;

struct source { /* the first member of each kind's own struct */
    const source_kind *kind;
    char *name;       /* for messages: the file's path, the interface's name */
    int64_t link;     /* LINKTYPE_* of all packets; -1 when each packet has its own */
    char *error;      /* why it is damaged; NULL = it is not */
    gboolean stopped; /* no more packets */
    uint64_t packets; /* so far */
    input *input;     /* that a file is read from; NULL = an interface */
    char *filter;     /* the expression; NULL = none, or the kind's business */
    GArray *programs; /* the filter compiled, one per link type that was met */
};

/* Does a pcap file begin with these four bytes, read as a number of this machine? */
bool source_is_pcap(uint32_t magic);

/* The input stays the caller's and has to outlive the source's last source_next. */
source *source_pcap_open(input *in, uint32_t magic, const char *name, GError **error);

/* The stream is the source's from then on. */
source *source_pcapng_open(FILE *stream, const char *name);

void source_init(source *s, const source_kind *kind, const char *name, int64_t link);

/* Remember why the source is damaged; the name goes in front. Returns SOURCE_DAMAGED. */
source_status source_damaged(source *s, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Something the user should know that does not stop the source. */
void source_warn(const source *s, const char *format, ...) G_GNUC_PRINTF(2, 3);

void source_filter_error(GError **error, const char *expression, const char *why);

/* libpcap's link numbers and those in capture files differ for a few links. */
uint32_t linktype_from_dlt(int dlt);
int linktype_to_dlt(uint32_t linktype);

#endif
