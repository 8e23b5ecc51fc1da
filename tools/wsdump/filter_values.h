/* Values in display filters, each by the type of its field, and what is said of wrong ones. */
#ifndef WSDUMP_FILTER_VALUES_H
#define WSDUMP_FILTER_VALUES_H

#include "filter_fields.h"
#include "filter_lex.h"

/*
 * All of these look at l->token and move behind it; false with *error set when that is no value of
 * the field.
 */

/* Of any type but FILTER_TEXT, as filter_value.number has it. */
bool filter_parse_value(filter_lexer *l, const filter_field *field, uint64_t *value);

/*
 * Of FILTER_TEXT, appended to `out`. With `whole` the field is to be equal to it: then it may stand
 * without quotes where the field has words, and must be one of them.
 */
bool filter_parse_text(filter_lexer *l, const filter_field *field, bool whole, GString *out);

/* Complain that there is no such field, and say what may be meant. Always false. */
bool filter_unknown_field(filter_lexer *l);

/* What a token is, for people: "a number". */
const char *filter_kind_name(const filter_token *t);

#endif
