/* See json_grammar.h. */
#include "json_grammar.h"

#include <stddef.h>

enum { VALUE = 1, KEY = 2, COLON = 4, COMMA = 8, CLOSE = 16 };

static const struct {
    unsigned may;
    const char *belongs;
} expectations[] = {
    {0, "there is something behind its end"},
    {VALUE, "a value belongs here"},
    {VALUE | CLOSE, "a value or ] belongs here"},
    {KEY, "a name in quotes belongs here"},
    {KEY | CLOSE, "a name in quotes or } belongs here"},
    {COLON, "a colon belongs here"},
    {COMMA | CLOSE, "a comma or a closing bracket belongs here"},
};

static const char *refuse(const json_grammar *g)
{
    size_t i = 0;
    while (expectations[i].may != g->may)
        i++;
    return expectations[i].belongs;
}

static bool in_object(const json_grammar *g)
{
    return g->depth > 0 && g->object[g->depth - 1];
}

static void after_value(json_grammar *g)
{
    g->may = g->depth > 0 ? COMMA | CLOSE : 0;
}

static const char *open(json_grammar *g, char first)
{
    if (g->depth == JSON_DEPTH)
        return "it is nested too deep to be shown as JSON";
    g->object[g->depth++] = first == '{';
    g->may = (in_object(g) ? KEY : VALUE) | CLOSE;
    return NULL;
}

static const char *end_of(json_grammar *g, char first)
{
    if ((first == '}') != in_object(g))
        return refuse(g);
    g->depth--;
    after_value(g);
    return NULL;
}

void json_grammar_init(json_grammar *g)
{
    g->may = VALUE;
    g->depth = 0;
}

const char *json_grammar_take(json_grammar *g, json_kind kind, char first)
{
    static const unsigned roles[] = {
        [JSON_STRING] = VALUE | KEY, [JSON_NUMBER] = VALUE, [JSON_WORD] = VALUE,
        [JSON_OPEN] = VALUE,         [JSON_CLOSE] = CLOSE,  [JSON_COMMA] = COMMA,
        [JSON_COLON] = COLON};
    if (kind == JSON_BLANK)
        return NULL;
    if (kind == JSON_NONE)
        return "it begins nothing that JSON has";
    unsigned role = roles[kind] & g->may;
    switch (role) {
    case 0: return refuse(g);
    case KEY: g->may = COLON; return NULL;
    case COLON: g->may = VALUE; return NULL;
    case COMMA: g->may = in_object(g) ? KEY : VALUE; return NULL;
    case CLOSE: return end_of(g, first);
    default: break;
    }
    if (kind == JSON_OPEN)
        return open(g, first);
    after_value(g);
    return NULL;
}

const char *json_grammar_end(const json_grammar *g)
{
    return g->may ? "it ends too early" : NULL;
}
