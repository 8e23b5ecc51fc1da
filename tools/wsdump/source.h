/*
 * Sources: where packets come from. A capture file (pcap or pcapng, from standard input too) or a
 * live interface. All look the same from here on.
 */
#ifndef WSDUMP_SOURCE_H
#define WSDUMP_SOURCE_H

#include "packet.h"

#include <glib.h>
#include <stdio.h>

typedef enum source_status {
    SOURCE_PACKET,  /* *p is the next packet */
    SOURCE_WAIT,    /* live: nothing more for now; asked again it waits for 100 ms or so, or a
                       signal. By the capture's clock it is p->time_ns now, and nothing that was
                       captured earlier can still come */
    SOURCE_END,     /* no more packets */
    SOURCE_DAMAGED, /* the rest cannot be read, now or later; source_error says why */
} source_status;

typedef struct source source;

typedef struct source_live_options {
    const char *interface;
    int snaplen;    /* bytes; 0 = 262144 */
    int buffer_kib; /* kernel buffer; 0 = 32768 */
    gboolean no_promiscuous;
} source_live_options;

/*
 * Open a capture file; "-" is standard input. NULL on failure, with *error a whole sentence that
 * names the file. The format is recognised by its first bytes, not by its name.
 */
source *source_open_file(const char *path, GError **error);

/* Open an interface. NULL on failure; *error names the interface and what to do. What is odd but
 * no failure is said on stderr. */
source *source_open_live(const source_live_options *options, GError **error);

/*
 * Let only packets through that match a pcap-filter(7) expression. In a file, packets that do not
 * match still count in packet.number; an interface's are left out by the kernel, before they are
 * counted. Where a file mixes links and the expression means nothing on one of them, that one's
 * packets do not match, which a line on stderr says. FALSE when the expression is wrong; *error
 * quotes it.
 */
gboolean source_set_filter(source *s, const char *expression, GError **error);

/* The next packet. *p is valid until the next call; but with SOURCE_WAIT it is none. */
source_status source_next(source *s, packet *p);

/*
 * The user wants no more: from now on source_next gives the packets that an interface has captured
 * so far and that still wait in the kernel, for a second at most, and then SOURCE_END; of a file
 * SOURCE_END at once.
 */
void source_stop(source *s);

/* Why source_next said SOURCE_DAMAGED: one line with the file's name and the place in it. NULL
 * while nothing is damaged. */
const char *source_error(const source *s);

/*
 * Live: packets that the kernel dropped because we were too slow, so far; -1 where that is not
 * known (a file).
 */
int64_t source_drops(source *s);

/* Bytes of a file that were read so far, out of *total; 0 where that is not known (an interface; of
 * a pipe the total). */
uint64_t source_progress(const source *s, uint64_t *total);

/* For another thread than the one that reads: no more packets are wanted. source_next, which may be
 * waiting, returns within 100 ms or so; a file ends there. */
void source_cancel(source *s);

void source_close(source *s);

/* Print the interfaces that source_open_live can open, one per line. */
gboolean source_list_interfaces(FILE *out, GError **error);

#endif
