/*
 * DATA of the case language and the talk language: how bytes are written.
 *
 *     "text with \n \r \t \0 \" \\ \xHH escapes"     its UTF-8
 *     hex:00ff7f                                     these bytes
 *     random:N                                       N bytes that follow from the seed
 *     N*PIECE                                        one of the above N times
 *     PIECE PIECE ...                                one behind the other
 *
 * random:N is the same bytes wherever it stands, for the same N and seed: a case sends random:100
 * and expects random:100 back.
 */
#ifndef SHARED_DATA_H
#define SHARED_DATA_H

#include "words.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What one DATA may come to: 64 MiB. */
#define DATA_MAX ((uint64_t)64 << 20)

/* DATA as written, bytes not made yet. */
typedef struct data data;

/*
 * Read the plain words from `first` up to the last one. No word at all is an error ("" is written
 * for nothing). NULL with *error set (WORDS_ERROR) when a piece is wrong. Free with data_free.
 */
data *data_read(const words *w, size_t first, GError **error);

/* Read one word, plain or the value of an option (then=hex:8100). As data_read. */
data *data_read_word(const words *w, const word *at, GError **error);

/* Make the bytes. A new array, the caller's: g_byte_array_unref. */
GByteArray *data_bytes(const data *d, uint64_t seed);

/* For a story: "4096 x 'a'", "\"hello\"", "16 random bytes", "hex 00 ff 7f", joined by " + ";
 * what is long is cut with "...". At most about 40 characters for each piece. Free with g_free. */
char *data_describe(const data *d);

void data_free(data *d);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(data, data_free)

/*
 * One quoted text that is no DATA: a reason, a header line, a pattern. Same escapes. NULL with
 * *error when it is not "...", or holds a NUL. Free with g_free.
 */
char *data_quoted(const words *w, const word *at, GError **error);

#ifdef __cplusplus
}
#endif

#endif
