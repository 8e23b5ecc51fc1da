/*
 * A line of the case language or of the talk language, split into words.
 *
 *     send a text 3*"no " "more" fin=no
 *
 * has the words `send`, `a`, `text`, `3*"no "`, `"more"` and the option `fin` with the value `no`.
 * Words are separated by spaces or tabs; those inside "..." do not separate. A word is an option
 * when it begins with a name of small letters, '-' and '_' that '=' follows. Quotes and escapes
 * stay as they are written: data.h reads them.
 */
#ifndef SHARED_WORDS_H
#define SHARED_WORDS_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Every error of this file and of data.h: one code, 0. The message is three lines:
 *     FILE:LINE:COLUMN: what is wrong, and what would be right
 *       the line
 *            ^
 */
#define WORDS_ERROR (words_error_quark())
GQuark words_error_quark(void);

typedef struct word {
    const char *name; /* of an option; NULL: a plain word */
    const char *text; /* the word, or the option's value; NUL-terminated */
    unsigned column;  /* of text in the line, in bytes from 1 */
} word;

/* Words and options each keep their order. */
typedef struct words {
    const char *file; /* the caller's: must live as long as this */
    unsigned line;    /* from 1 */
    char *source;     /* the line as written, without its end */
    char *cut;        /* where all texts point to */
    GArray *plain;    /* of word */
    GArray *options;  /* of word */
} words;

/*
 * Split `text` (one line, without or with its "\n"). A line that is empty or whose first word
 * begins with '#' gives no words. False with *error set when a quote has no end; *w is then empty.
 * Clear *w afterwards in both cases.
 */
bool words_split(words *w, const char *file, unsigned line, const char *text, GError **error);
void words_clear(words *w);

/* How many plain words there are. */
size_t words_count(const words *w);

/* The plain word `index`; beyond the last one: an empty text at the end of the line. */
const word *words_at(const words *w, size_t index);

/* Is plain word `index` this text? */
bool words_are(const words *w, size_t index, const char *text);

/* The first option of this name; NULL when there is none. */
const word *words_option(const words *w, const char *name);

/* Every option must be in `names` ("fin rsv mask": separated by spaces), and there may not be more
 * than `most` plain words. Else false with *error. */
bool words_only(const words *w, const char *names, size_t most, GError **error);

/* A whole number without sign, at least `low` and at most `high`. `what` names it in the error. */
bool words_number(const words *w, const word *at, const char *what, uint64_t low, uint64_t high,
                  uint64_t *number, GError **error);

/* Set *error to the three lines above with the caret under `column`. Always returns false. */
bool words_wrong(const words *w, unsigned column, GError **error, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

#ifdef __cplusplus
}
#endif

#endif
