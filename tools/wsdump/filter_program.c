/* Runs compiled display filters. See filter_program.h. */
#define _GNU_SOURCE /* memmem */

#include "filter_program.h"

#include <string.h>

static const filter_test *test_at(const filter_program *program, uint32_t index)
{
    return &g_array_index(program->tests, filter_test, index);
}

static bool in_ranges(const GArray *ranges, uint64_t number)
{
    for (guint i = 0; i < ranges->len; i++) {
        const filter_range *range = &g_array_index(ranges, filter_range, i);
        if (range->low <= number && number <= range->high)
            return true;
    }
    return false;
}

static bool in_texts(const GPtrArray *texts, const filter_value *v)
{
    for (guint i = 0; i < texts->len; i++) {
        const GString *text = g_ptr_array_index(texts, i);
        if (text->len == v->len && memcmp(text->str, v->data, v->len) == 0)
            return true;
    }
    return false;
}

static bool fits(const filter_test *t, const filter_value *v)
{
    if (t->ranges)
        return in_ranges(t->ranges, v->number);
    if (t->regex)
        return filter_regex_matches(t->regex, v->data, v->len, v->utf8);
    if (t->part)
        return memmem(v->data, v->len, t->part->str, t->part->len);
    return in_texts(t->texts, v);
}

/* A field that the record does not have makes every comparison false, a negated one too. */
static bool holds(const filter_test *t, const record *r, GString *room)
{
    filter_value v;
    v.room = room;
    return t->field->get(r, &v) && fits(t, &v) != t->negate;
}

size_t filter_program_words(const filter_program *program)
{
    return (program->bits + 63) / 64;
}

void filter_program_remember(const filter_program *program, const record *open, GString *room,
                             uint64_t *outcomes)
{
    memset(outcomes, 0, filter_program_words(program) * sizeof *outcomes);
    for (guint i = 0; i < program->tests->len; i++) {
        const filter_test *t = test_at(program, i);
        if (t->field->records == FILTER_OF_CONNECTION && holds(t, open, room))
            outcomes[t->bit / 64] |= UINT64_C(1) << t->bit % 64;
    }
}

bool filter_program_matches(const filter_program *program, const record *r,
                            const uint64_t *outcomes, GString *room)
{
    uint32_t next = 0;
    while (next < FILTER_ENDS) {
        const filter_test *t = test_at(program, next);
        bool outcome;
        if (t->field->records == FILTER_OF_CONNECTION)
            outcome = outcomes && (outcomes[t->bit / 64] >> t->bit % 64 & 1);
        else
            outcome = (t->field->records & 1U << r->type) && holds(t, r, room);
        next = t->next[outcome];
    }
    return next == FILTER_ACCEPT;
}

uint64_t filter_program_given_up(const filter_program *program)
{
    uint64_t sum = 0;
    for (guint i = 0; i < program->tests->len; i++)
        if (test_at(program, i)->regex)
            sum += filter_regex_given_up(test_at(program, i)->regex);
    return sum;
}

void filter_program_free(filter_program *program)
{
    for (guint i = 0; i < program->tests->len; i++) {
        filter_test *t = &g_array_index(program->tests, filter_test, i);
        g_clear_pointer(&t->ranges, g_array_unref);
        g_clear_pointer(&t->texts, g_ptr_array_unref);
        g_clear_pointer(&t->regex, filter_regex_free);
        if (t->part)
            g_string_free(t->part, TRUE);
    }
    g_array_unref(program->tests);
    g_free(program);
}
