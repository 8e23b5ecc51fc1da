/*
 * Input: what a capture file is read from, a path or standard input, as a stream whose first bytes
 * are known before anyone reads it (on a pipe too).
 */
#ifndef WSDUMP_INPUT_H
#define WSDUMP_INPUT_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { INPUT_MAGIC = 4 }; /* the bytes by which a capture format is known */

/*
 * Open `path` for reading; "-" is standard input. magic[] gets the stream's first bytes, which the
 * stream delivers all the same; *magic_len is less than INPUT_MAGIC when the input is shorter than
 * that. NULL on failure, with *error one line that names the file. A signal does not interrupt a
 * read: the bytes of a packet are never lost to it, unless input_interrupt was called.
 */
FILE *input_open(const char *path, uint8_t magic[INPUT_MAGIC], size_t *magic_len, GError **error);

/*
 * The user wants no more: every input ends where it is, also one that waits for a pipe. May be
 * called from a signal handler.
 */
void input_interrupt(void);

/* What to call `path` in a message. */
const char *input_name(const char *path);

#endif
