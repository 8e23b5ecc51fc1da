/*
 * Unpacking compressed captures, gzip and zstd, a piece at a time: memory does not depend on how
 * much there is, nor on what it unpacks to.
 */
#ifndef WSDUMP_UNPACK_H
#define WSDUMP_UNPACK_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct unpack_kind unpack_kind;
typedef struct unpacker unpacker;

/* How a stream that begins with these bytes (four are enough) is packed; NULL: it is not. */
const unpack_kind *unpack_recognise(const uint8_t *begin, size_t len);

/* NULL when this build cannot unpack that kind; *error then says what can, `name` in it is the
 * file's. */
unpacker *unpack_new(const unpack_kind *kind, const char *name, GError **error);

/*
 * Unpack some of the `*len` bytes at *in, and move both on behind what was used. Returns the bytes
 * written to `out`; 0 means that more input is needed, or that unpack_error says what is wrong.
 * Must be called until it returns 0 before input is added.
 */
size_t unpack_some(unpacker *u, const uint8_t **in, size_t *len, uint8_t *out, size_t room);

/* The input is over. What is wrong if it may not be; NULL when it may. */
const char *unpack_finish(unpacker *u);

/* One line without the file's name; NULL while nothing is wrong. What was unpacked before stands.
 */
const char *unpack_error(const unpacker *u);

void unpack_free(unpacker *u);

#endif
