/* Values of the types of fields, and what is said of those that are none. See filter_values.h. */
#include "filter_values.h"

#include "spelling.h"

#include <string.h>

/* ---- What is wrong --------------------------------------------------------------------------- */

/* The name of a token's kind, where it stands in place of something else. */
const char *filter_kind_name(const filter_token *t)
{
    static const char *const names[] = {[FILTER_END] = "the end",
                                        [FILTER_NAME] = "a word",
                                        [FILTER_DIGITS] = "a number",
                                        [FILTER_QUOTED] = "text",
                                        [FILTER_PUNCTUATION] = "punctuation",
                                        [FILTER_NOT] = "a not",
                                        [FILTER_AND] = "an and",
                                        [FILTER_OR] = "an or",
                                        [FILTER_COMPARE] = "a comparison"};
    if (t->kind == FILTER_DIGITS && t->unit != FILTER_NO_UNIT)
        return t->unit == FILTER_SIZE ? "a size" : "a duration";
    if (t->kind == FILTER_NAME && filter_field_find(t->at, t->len))
        return "a field";
    return names[t->kind];
}

/* "length is a number (1000, 0x3e8, 64K)", "from is one of client, server". */
static char *describe_field(const filter_field *field)
{
    if (field->type != FILTER_WORD)
        return g_strdup_printf("%s is a %s (%s)", field->name, filter_type_name(field->type),
                               filter_type_example(field->type));
    g_autoptr(GString) words = g_string_new(NULL);
    filter_field_list_words(field, ", ", words);
    return g_strdup_printf("%s is one of %s", field->name, words->str);
}

static bool wrong_value(filter_lexer *l, const filter_field *field)
{
    g_autofree char *expected = describe_field(field);
    return filter_wrong(l, &l->token, "%s; this is %s", expected, filter_kind_name(&l->token));
}

/* Which of our words is meant; NULL when none is near. */
static const char *nearer(const char *word, const char *candidate, const char *best,
                          size_t *best_distance)
{
    size_t d = spelling_distance(word, candidate);
    if (d >= *best_distance)
        return best;
    *best_distance = d;
    return candidate;
}

static const char *nearest_field(const char *word)
{
    const char *best = NULL;
    size_t distance = strlen(word) / 2 + 1;
    for (size_t i = 0; filter_field_at(i); i++)
        best = nearer(word, filter_field_at(i)->name, best, &distance);
    return best;
}

static const char *nearest_word(const filter_field *field, const char *word)
{
    const char *best = NULL;
    size_t distance = strlen(word) / 2 + 1;
    for (unsigned i = 0; i < field->words; i++)
        if (field->word(i))
            best = nearer(word, field->word(i), best, &distance);
    return best;
}

/* The field that has this word among its few; NULL when none has. */
static const filter_field *field_of_word(const char *word, size_t len)
{
    for (size_t i = 0; filter_field_at(i); i++)
        if (filter_field_at(i)->type == FILTER_WORD &&
            filter_field_word(filter_field_at(i), word, len) >= 0)
            return filter_field_at(i);
    return NULL;
}

bool filter_unknown_field(filter_lexer *l)
{
    const filter_token *t = &l->token;
    g_autofree char *word = g_strndup(t->at, MIN(t->len, 40));
    const filter_field *field = field_of_word(t->at, t->len);
    if (field)
        return filter_wrong(l, t, "%s is a value, not a field: write %s == %s", word, field->name,
                            word);
    const char *meant = nearest_field(word);
    return filter_wrong(l, t, "there is no field %s%s%s; -Y help lists them", word,
                        meant ? ": did you mean " : "", meant ? meant : "");
}

static bool unknown_word(filter_lexer *l, const filter_field *field, const char *word, size_t len)
{
    g_autofree char *copy = g_strndup(word, MIN(len, 40));
    const char *meant = nearest_word(field, copy);
    if (field->type == FILTER_TEXT)
        return filter_wrong(l, &l->token, "there is no such %s%s%s", field->name,
                            meant ? ": did you mean " : "", meant ? meant : "");
    g_autofree char *expected = describe_field(field);
    const filter_field *other = field_of_word(word, len);
    if (other)
        return filter_wrong(l, &l->token, "%s; %s is a value of %s", expected, copy, other->name);
    return filter_wrong(l, &l->token, "%s%s%s", expected, meant ? ": did you mean " : "",
                        meant ? meant : "");
}

/* ---- Values ---------------------------------------------------------------------------------- */

static bool parse_word(filter_lexer *l, const filter_field *field, uint64_t *value)
{
    const filter_token *t = &l->token;
    size_t quotes = t->kind == FILTER_QUOTED; /* as JSON has them */
    if (t->kind != FILTER_NAME && !quotes)
        return wrong_value(l, field);
    const char *word = t->at + quotes;
    size_t len = t->len - 2 * quotes;
    int index = filter_field_word(field, word, len);
    if (index < 0)
        return unknown_word(l, field, word, len);
    *value = (uint64_t)index;
    return true;
}

static bool parse_flag(filter_lexer *l, const filter_field *field, uint64_t *value)
{
    static const char *const words[] = {"false", "true"};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (l->token.kind == FILTER_NAME && strlen(words[i]) == l->token.len &&
            memcmp(words[i], l->token.at, l->token.len) == 0) {
            *value = i;
            return true;
        }
    return wrong_value(l, field);
}

static bool parse_number(filter_lexer *l, const filter_field *field, uint64_t *value)
{
    const filter_token *t = &l->token;
    if (t->kind != FILTER_DIGITS || t->unit == FILTER_NANOSECONDS)
        return wrong_value(l, field);
    return filter_scale(t, t->scale, true, value) ||
           filter_wrong(l, t, "%s is a whole number below 2^64", field->name);
}

/* 0 is 0 in every unit. */
static bool parse_duration(filter_lexer *l, const filter_field *field, uint64_t *value)
{
    const filter_token *t = &l->token;
    bool zero = t->unit == FILTER_NO_UNIT && !t->whole && !t->nanos;
    if (t->kind != FILTER_DIGITS || (t->unit != FILTER_NANOSECONDS && !zero))
        return wrong_value(l, field);
    return filter_scale(t, t->scale, false, value) ||
           filter_wrong(l, t, "the duration is too long");
}

/* "2026-11-20 11:23:04", local unless it ends in Z or an offset, or seconds since the epoch. */
static bool parse_time(filter_lexer *l, const filter_field *field, uint64_t *value)
{
    const filter_token *t = &l->token;
    int64_t ns;
    if (t->kind == FILTER_DIGITS && t->unit == FILTER_NO_UNIT) {
        uint64_t since;
        if (!filter_scale(t, UINT64_C(1000000000), false, &since) || since > G_MAXINT64)
            return filter_wrong(l, t, "times are seconds since 1970, to the year 2262");
        ns = (int64_t)since;
    } else if (t->kind == FILTER_QUOTED) {
        g_autofree char *text = g_strndup(t->at + 1, t->len - 2);
        g_autoptr(GTimeZone) local = g_time_zone_new_local();
        g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, local);
        if (!time)
            return wrong_value(l, field);
        int64_t seconds = g_date_time_to_unix(time);
        if (seconds > G_MAXINT64 / 1000000000 - 1 || seconds < G_MININT64 / 1000000000 + 1)
            return filter_wrong(l, t, "times go from the year 1678 to 2262");
        ns = seconds * 1000000000 + (int64_t)g_date_time_get_microsecond(time) * 1000;
    } else {
        return wrong_value(l, field);
    }
    *value = filter_time(ns);
    return true;
}

bool filter_parse_value(filter_lexer *l, const filter_field *field, uint64_t *value)
{
    static bool (*const parsers[])(filter_lexer *, const filter_field *, uint64_t *) = {
        [FILTER_NUMBER] = parse_number, [FILTER_DURATION] = parse_duration,
        [FILTER_TIME] = parse_time,     [FILTER_WORD] = parse_word,
        [FILTER_FLAG] = parse_flag,
    };
    return parsers[field->type](l, field, value) && filter_advance(l);
}

/* Text in quotes; one of a field's words also without. What a field can never be is refused. */
bool filter_parse_text(filter_lexer *l, const filter_field *field, bool whole, GString *out)
{
    const filter_token *t = &l->token;
    if (t->kind == FILTER_NAME && field->words && whole)
        g_string_append_len(out, t->at, (gssize)t->len);
    else if (t->kind != FILTER_QUOTED)
        return wrong_value(l, field);
    else if (!filter_unquote(l, out))
        return false;
    if (whole && field->words && out->len && filter_field_word(field, out->str, out->len) < 0)
        return unknown_word(l, field, out->str, out->len);
    return filter_advance(l);
}
