/*
 * The display filter: a stage between the session and the sinks that hands on the records that a
 * filter selects. filter_parse.c has the language, filter_fields.c its fields; wsdump(1) explains
 * both.
 *
 * What the open record says of a connection holds for all its records: the outcomes of comparisons
 * with such fields are kept, some bits per open connection, until its end record has passed.
 */
#ifndef WSDUMP_FILTER_H
#define WSDUMP_FILTER_H

#include "budget.h"
#include "record.h"

#include <glib.h>
#include <stdbool.h>

typedef struct filter filter;

/*
 * NULL when the filter is wrong: *error then has what is wrong, the filter, and carets under the
 * place, on a line each. Regular expressions are compiled here.
 */
filter *filter_new(const char *text, GError **error);

/* The next thing: where selected records go. */
void filter_connect(filter *f, record_sink *sink, void *user);

/* What it remembers counts in *b, the caller's, which must outlive it. */
void filter_share_budget(filter *f, budget *b);

/* Does it look into payload? Then the session must keep whole messages. */
bool filter_needs_payload(const filter *f);

/* A record_sink whose user is a filter. */
void filter_take(void *user, const record *r);

/* How many searches by regular expressions were given up, for they took too many steps. */
uint64_t filter_given_up(const filter *f);

/* Connections that are remembered now. */
size_t filter_remembered(const filter *f);

void filter_free(filter *f);

#endif
