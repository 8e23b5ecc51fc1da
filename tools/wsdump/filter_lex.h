/* The words of a display filter, and how a wrong one is shown. */
#ifndef WSDUMP_FILTER_LEX_H
#define WSDUMP_FILTER_LEX_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum filter_kind {
    FILTER_END, /* of the filter */
    FILTER_NAME,
    FILTER_DIGITS, /* a number, with its unit */
    FILTER_QUOTED,
    FILTER_PUNCTUATION, /* op is one of ( ) { } , and .. */
    FILTER_NOT,
    FILTER_AND,
    FILTER_OR,
    FILTER_COMPARE,
} filter_kind;

/* Of FILTER_COMPARE and FILTER_PUNCTUATION. */
typedef enum filter_op {
    FILTER_EQUAL,
    FILTER_LESS,
    FILTER_LESS_EQUAL,
    FILTER_GREATER,
    FILTER_GREATER_EQUAL,
    FILTER_MATCHES,
    FILTER_CONTAINS,
    FILTER_IN,
    FILTER_OPEN,
    FILTER_CLOSE,
    FILTER_BEGIN,
    FILTER_FINISH,
    FILTER_COMMA,
    FILTER_TO,
} filter_op;

/* What stands behind a number. */
typedef enum filter_unit { FILTER_NO_UNIT, FILTER_SIZE, FILTER_NANOSECONDS } filter_unit;

typedef struct filter_token {
    filter_kind kind;
    const char *at; /* inside the filter's text */
    size_t len;
    filter_op op;
    bool negate; /* FILTER_COMPARE: != and !~ */
    filter_unit unit;
    uint64_t whole; /* FILTER_DIGITS: before the point */
    uint32_t nanos; /* behind it, in 1/10^9 */
    uint64_t scale; /* by which the unit multiplies */
} filter_token;

typedef struct filter_lexer {
    const char *text;   /* the whole filter, NUL-terminated UTF-8 */
    const char *at;     /* behind `token` */
    filter_token token; /* where filter_advance got to */
    GError **error;
} filter_lexer;

/* To the next token. False with *error set where there is none. */
bool filter_advance(filter_lexer *l);

/* The bytes that the FILTER_QUOTED token means: without its quotes and escapes. False with *error
 * set when there is no such escape. */
bool filter_unquote(const filter_lexer *l, GString *out);

/* whole.nanos * scale, rounded down. False when it does not fit, or `exact` and not whole. */
bool filter_scale(const filter_token *token, uint64_t scale, bool exact, uint64_t *value);

/*
 * Set *error to three lines: what is wrong, the filter (a part of it if it is long), and carets
 * under the `len` bytes at `at`. Always false.
 */
bool filter_wrong_at(const filter_lexer *l, const char *at, size_t len, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* The same of a token. */
#define filter_wrong(l, token, ...) filter_wrong_at(l, (token)->at, (token)->len, __VA_ARGS__)

#endif
