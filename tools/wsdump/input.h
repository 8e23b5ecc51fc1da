/*
 * Input: what a capture file is read from, a path or standard input, packed or not. Its first bytes
 * are known before anyone reads it (on a pipe too).
 */
#ifndef WSDUMP_INPUT_H
#define WSDUMP_INPUT_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    INPUT_MAGIC = 4,          /* the bytes by which a capture format is known */
    INPUT_PIECE = 256 * 1024, /* the most that can be taken at once */
};

typedef struct input input;

/*
 * Open `path` for reading; "-" is standard input. What is packed (gzip, zstd) is unpacked on the
 * way. magic[] gets the stream's first bytes, which the stream delivers all the same; *magic_len is
 * less than INPUT_MAGIC when the input is shorter than that. NULL on failure, with *error one line
 * that names the file. A signal does not interrupt a read: the bytes of a packet are never lost to
 * it, unless input_interrupt was called.
 */
input *input_open(const char *path, uint8_t magic[INPUT_MAGIC], size_t *magic_len, GError **error);

/*
 * Its bytes are read in one of two ways: where they lie, or as a stream.
 *
 * The next `len` bytes, at most INPUT_PIECE, valid until the next call; NULL when there are not so
 * many more. Then input_left says how many there are, and input_failed whether that is because they
 * cannot be read (an errno; 0 = they end there).
 */
const uint8_t *input_take(input *in, size_t len);
size_t input_left(const input *in);
int input_failed(const input *in);

/* Whoever reads the stream closes it, once and before input_free. */
FILE *input_stream(input *in);

/* Why the stream ended early, when the packed data is damaged or cut off: one line without the
 * file's name. NULL as long as all is well. */
const char *input_error(const input *in);

void input_free(input *in);

/*
 * The user wants no more: every input ends where it is, also one that waits for a pipe. May be
 * called from a signal handler.
 */
void input_interrupt(void);

/* The same of one input, from any thread; takes effect within 100 ms. */
void input_stop(input *in);

/* Bytes read so far, packed as they are, out of *total; that is 0 where nobody knows, as of a pipe.
 */
uint64_t input_progress(const input *in, uint64_t *total);

/* What to call `path` in a message. */
const char *input_name(const char *path);

#endif
