/*
 * Writing pcapng: one section, an interface for each link type, a block for each packet, times in
 * nanoseconds. https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html
 */
#ifndef WSDUMP_PCAPNG_WRITE_H
#define WSDUMP_PCAPNG_WRITE_H

#include "packet.h"

#include <stdbool.h>
#include <stdio.h>

typedef struct pcapng_writer pcapng_writer;

/* Writes the section's header. The stream stays the caller's and has to outlive the writer. */
pcapng_writer *pcapng_writer_new(FILE *stream);

/* Append a packet: all of it but its number. */
void pcapng_writer_add(pcapng_writer *w, const packet *p);

/*
 * Write out what is buffered. False when that failed, or any writing before it did:
 * pcapng_writer_failed is the errno. Then nothing more is written.
 */
bool pcapng_writer_flush(pcapng_writer *w);
int pcapng_writer_failed(const pcapng_writer *w);

/* Ends the section: one without packets describes an interface all the same, since libpcap does
 * not read it otherwise. Flushes. */
void pcapng_writer_finish(pcapng_writer *w);

void pcapng_writer_free(pcapng_writer *w);

#endif
