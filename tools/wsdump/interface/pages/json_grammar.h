/* The grammar of JSON (RFC 8259) over tokens: may this one come here? */
#ifndef WSDUMP_INTERFACE_JSON_GRAMMAR_H
#define WSDUMP_INTERFACE_JSON_GRAMMAR_H

#include "json_token.h"

#include <stdbool.h>

enum { JSON_DEPTH = 256 }; /* objects and arrays inside each other */

typedef struct json_grammar {
    unsigned may; /* come next: a set that json_grammar.c knows */
    unsigned depth;
    bool object[JSON_DEPTH]; /* else an array, by depth */
} json_grammar;

void json_grammar_init(json_grammar *g);

/* The next token and its first byte. NULL, or what is wrong with it: static, "a comma or a closing
 * bracket belongs here". */
const char *json_grammar_take(json_grammar *g, json_kind kind, char first);

/* There are no more tokens: NULL, or what is missing. */
const char *json_grammar_end(const json_grammar *g);

#endif
