/*
 * Writing pcapng: one section, an interface for each link type, a block for each packet, times in
 * nanoseconds. https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html
 */
#ifndef SHARED_PCAPNG_WRITE_H
#define SHARED_PCAPNG_WRITE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct pcapng_writer pcapng_writer;

/*
 * Writes the section's header, which names the program that writes, and says something about the
 * whole file: `comment`, UTF-8, NULL = nothing. Either text is cut at 65535 bytes. The stream stays
 * the caller's and has to outlive the writer.
 */
pcapng_writer *pcapng_writer_new(FILE *stream, const char *program, const char *comment);

/*
 * Append a packet, captured at time_ns (nanoseconds since 1970; an earlier time counts as 1970) on
 * a link of type LINKTYPE_*: `captured` bytes of data, `original` bytes on the wire.
 */
void pcapng_writer_add(pcapng_writer *w, int64_t time_ns, uint32_t link, const void *data,
                       uint32_t captured, uint32_t original);

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
