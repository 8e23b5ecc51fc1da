/*
 * A compiled display filter: tests in a row, each of which says which comes next. There is nothing
 * left of and, or and not but these jumps, so that a record costs no allocation and no recursion.
 */
#ifndef WSDUMP_FILTER_PROGRAM_H
#define WSDUMP_FILTER_PROGRAM_H

#include "filter_fields.h"
#include "filter_regex.h"

/* Instead of a next test: the outcome of the whole filter. */
enum { FILTER_ENDS = 0x7ffffffe, FILTER_REJECT = FILTER_ENDS, FILTER_ACCEPT };

/* Both ends are in it. */
typedef struct filter_range {
    uint64_t low, high;
} filter_range;

/* What a field is held against; of several, one must fit. */
typedef struct filter_test {
    const filter_field *field;
    bool negate;      /* of a field that the record has */
    uint32_t next[2]; /* by outcome: a test, or one of the two above */
    uint32_t bit;     /* of a connection's field: where its outcome is remembered */
    GArray *ranges;   /* of filter_range; NULL for text */
    GPtrArray *texts; /* of GString; for == and in */
    GString *part;    /* contains */
    filter_regex *regex;
} filter_test;

typedef struct filter_program {
    GArray *tests; /* of filter_test; evaluation begins with the first */
    uint32_t bits; /* tests of a connection's fields */
    bool payload;  /* some field needs the whole payload */
} filter_program;

/* At most so long, and so deep in parentheses. */
enum { FILTER_MAX_LENGTH = 65536, FILTER_MAX_DEPTH = 100 };

/* NULL when the filter is wrong; *error is what filter_complain makes. */
filter_program *filter_parse(const char *text, GError **error);

/* Words of 64 bits that hold the outcomes of a connection's tests. */
size_t filter_program_words(const filter_program *program);

/* Put these outcomes, as its open record has them, into outcomes[filter_program_words()]. */
void filter_program_remember(const filter_program *program, const record *open, GString *room,
                             uint64_t *outcomes);

/*
 * Does the filter select the record? `outcomes` are its connection's; NULL when nothing is known of
 * it. `room` is scratch.
 */
bool filter_program_matches(const filter_program *program, const record *r,
                            const uint64_t *outcomes, GString *room);

/* How many searches by regular expressions were given up. */
uint64_t filter_program_given_up(const filter_program *program);

void filter_program_free(filter_program *program);

#endif
