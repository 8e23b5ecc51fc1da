/*
 * Text to a compiled display filter, in one pass:
 *
 *     filter     = all { "or" all }
 *     all        = one { "and" one }
 *     one        = { "not" } ( "(" filter ")" | comparison )
 *     comparison = FIELD [ OPERATOR value | "in" "{" value [ ".." value ] { "," ... } "}" ]
 */
#include "filter_program.h"
#include "filter_values.h"

#include <string.h>

typedef struct parser {
    filter_lexer lexer;
    filter_program *program;
    int depth;
} parser;

/* Jumps whose place to go is not known yet: a chain through filter_test.next, in which a jump is
 * 2 * test + outcome. */
typedef struct exits {
    uint32_t first, last;
} exits;

enum { NO_EXIT = 0x7fffffff };

/* A piece of the filter: its first test is `start`; where it leads to is open, by outcome. */
typedef struct piece {
    uint32_t start;
    exits leads[2];
} piece;

static bool parse_filter(parser *p, piece *out);

static bool advance(parser *p)
{
    return filter_advance(&p->lexer);
}

static bool is_op(const parser *p, filter_kind kind, filter_op op)
{
    return p->lexer.token.kind == kind && p->lexer.token.op == op;
}

/* ---- Jumps ----------------------------------------------------------------------------------- */

static uint32_t *jump(parser *p, uint32_t exit)
{
    return &g_array_index(p->program->tests, filter_test, exit / 2).next[exit % 2];
}

static exits join(parser *p, exits a, exits b)
{
    *jump(p, a.last) = b.first;
    return (exits){a.first, b.last};
}

static void lead_to(parser *p, exits e, uint32_t target)
{
    for (uint32_t at = e.first; at != NO_EXIT;) {
        uint32_t following = *jump(p, at);
        *jump(p, at) = target;
        at = following;
    }
}

/* `a`, and where its outcome is `goes_on`, also `b`. */
static piece combine(parser *p, piece a, piece b, bool goes_on)
{
    piece both = {.start = a.start};
    lead_to(p, a.leads[goes_on], b.start);
    both.leads[goes_on] = b.leads[goes_on];
    both.leads[!goes_on] = join(p, a.leads[!goes_on], b.leads[!goes_on]);
    return both;
}

/* ---- Comparisons ----------------------------------------------------------------------------- */

/* The numbers for which `number OP value` holds; none for < 0. */
static void add_ordered(GArray *ranges, filter_op op, uint64_t value)
{
    filter_range r = {0, UINT64_MAX};
    switch (op) {
    case FILTER_LESS:
        if (value == 0)
            return;
        r.high = value - 1;
        break;
    case FILTER_LESS_EQUAL: r.high = value; break;
    case FILTER_GREATER:
        if (value == UINT64_MAX)
            return;
        r.low = value + 1;
        break;
    case FILTER_GREATER_EQUAL: r.low = value; break;
    default: r.low = r.high = value;
    }
    g_array_append_val(ranges, r);
}

/* A number in braces, or two numbers with all between them. */
static bool parse_range(parser *p, filter_test *t)
{
    filter_range r;
    filter_token low = p->lexer.token;
    if (!filter_parse_value(&p->lexer, t->field, &r.low))
        return false;
    r.high = r.low;
    bool ordered = t->field->type <= FILTER_TIME;
    if (ordered && is_op(p, FILTER_PUNCTUATION, FILTER_TO) &&
        !(advance(p) && filter_parse_value(&p->lexer, t->field, &r.high)))
        return false;
    if (r.high < r.low)
        return filter_wrong(&p->lexer, &low, "the range ends before it begins");
    g_array_append_val(t->ranges, r);
    return true;
}

static bool add_text(parser *p, filter_test *t)
{
    GString *text = g_string_new(NULL);
    g_ptr_array_add(t->texts, text);
    return filter_parse_text(&p->lexer, t->field, true, text);
}

static bool parse_set(parser *p, filter_test *t)
{
    if (!is_op(p, FILTER_PUNCTUATION, FILTER_BEGIN))
        return filter_wrong(&p->lexer, &p->lexer.token, "in takes values in braces: {1, 2}");
    do {
        if (!advance(p) || !(t->ranges ? parse_range(p, t) : add_text(p, t)))
            return false;
    } while (is_op(p, FILTER_PUNCTUATION, FILTER_COMMA));
    if (!is_op(p, FILTER_PUNCTUATION, FILTER_FINISH))
        return filter_wrong(&p->lexer, &p->lexer.token, "a comma or } belongs here");
    return advance(p);
}

/* What is between the quotes as it stands: the expression has escapes of its own, \" among them. */
static bool parse_regex(parser *p, filter_test *t)
{
    if (p->lexer.token.kind != FILTER_QUOTED)
        return filter_wrong(&p->lexer, &p->lexer.token,
                            "a regular expression in quotes belongs here");
    g_autofree char *pattern = g_strndup(p->lexer.token.at + 1, p->lexer.token.len - 2);
    g_autofree char *reason = NULL;
    size_t at;
    t->regex = filter_regex_new(pattern, &reason, &at);
    if (!t->regex)
        return filter_wrong_at(&p->lexer, p->lexer.token.at + 1 + at, at < strlen(pattern),
                               "the regular expression: %s", reason);
    return advance(p);
}

static void free_text(gpointer text)
{
    g_string_free(text, TRUE);
}

/* Which operators a type takes: a bit for each filter_op. */
enum {
    SAME = 1 << FILTER_EQUAL | 1 << FILTER_IN,
    ORDERED = SAME | 1 << FILTER_LESS | 1 << FILTER_LESS_EQUAL | 1 << FILTER_GREATER |
              1 << FILTER_GREATER_EQUAL,
    SEARCHED = SAME | 1 << FILTER_MATCHES | 1 << FILTER_CONTAINS,
};

static bool check_operator(parser *p, const filter_field *field, filter_op op)
{
    static const struct {
        unsigned ops;
        const char *text;
    } takes[] = {
        [FILTER_NUMBER] = {ORDERED, "==, !=, <, <=, >, >= and in"},
        [FILTER_DURATION] = {ORDERED, "==, !=, <, <=, >, >= and in"},
        [FILTER_TIME] = {ORDERED, "==, !=, <, <=, >, >= and in"},
        [FILTER_WORD] = {SAME, "==, != and in"},
        [FILTER_FLAG] = {SAME, "==, != and in"},
        [FILTER_TEXT] = {SEARCHED, "==, !=, ~, !~, contains and in"},
    };
    return takes[field->type].ops & 1U << op ||
           filter_wrong(&p->lexer, &p->lexer.token, "%s takes %s", field->name,
                        takes[field->type].text);
}

static bool parse_operand(parser *p, filter_test *t, filter_op op)
{
    if (op == FILTER_IN)
        return parse_set(p, t);
    if (op == FILTER_MATCHES)
        return parse_regex(p, t);
    if (op == FILTER_CONTAINS) {
        t->part = g_string_new(NULL);
        return filter_parse_text(&p->lexer, t->field, false, t->part);
    }
    if (t->texts)
        return add_text(p, t);
    uint64_t value;
    if (!filter_parse_value(&p->lexer, t->field, &value))
        return false;
    add_ordered(t->ranges, op, value);
    return true;
}

/* A field by itself: true if it is a flag that is set, or anything else that the record has. */
static void make_presence(filter_test *t)
{
    if (t->field->type == FILTER_FLAG)
        add_ordered(t->ranges, FILTER_EQUAL, 1);
    else
        t->negate = true; /* it is none of no values */
}

static bool parse_comparison(parser *p, uint32_t index)
{
    filter_test *t = &g_array_index(p->program->tests, filter_test, index);
    if (t->field->type == FILTER_TEXT)
        t->texts = g_ptr_array_new_with_free_func(free_text);
    else
        t->ranges = g_array_new(FALSE, FALSE, sizeof(filter_range));
    if (t->field->records == FILTER_OF_CONNECTION)
        t->bit = p->program->bits++;
    p->program->payload |= t->field->payload;
    if (p->lexer.token.kind != FILTER_COMPARE) {
        make_presence(t);
        return true;
    }
    filter_op op = p->lexer.token.op;
    t->negate = p->lexer.token.negate;
    return check_operator(p, t->field, op) && advance(p) && parse_operand(p, t, op);
}

static bool parse_test(parser *p, piece *out)
{
    if (p->lexer.token.kind == FILTER_END)
        return filter_wrong(&p->lexer, &p->lexer.token, "something is missing here");
    if (p->lexer.token.kind != FILTER_NAME)
        return filter_wrong(&p->lexer, &p->lexer.token, "a field belongs here, and this is %s",
                            filter_kind_name(&p->lexer.token));
    filter_test t = {.field = filter_field_find(p->lexer.token.at, p->lexer.token.len),
                     .next = {NO_EXIT, NO_EXIT}};
    if (!t.field)
        return filter_unknown_field(&p->lexer);
    uint32_t index = p->program->tests->len;
    g_array_append_val(p->program->tests, t);
    *out = (piece){index, {{2 * index, 2 * index}, {2 * index + 1, 2 * index + 1}}};
    return advance(p) && parse_comparison(p, index);
}

/* ---- Their connections ----------------------------------------------------------------------- */

static bool parse_parentheses(parser *p, piece *out)
{
    filter_token open = p->lexer.token;
    if (++p->depth > FILTER_MAX_DEPTH)
        return filter_wrong(&p->lexer, &open, "more than %d parentheses inside each other",
                            FILTER_MAX_DEPTH);
    if (!advance(p) || !parse_filter(p, out))
        return false;
    p->depth--;
    if (!is_op(p, FILTER_PUNCTUATION, FILTER_CLOSE))
        return p->lexer.token.kind == FILTER_END
                   ? filter_wrong(&p->lexer, &open, "this parenthesis has no end")
                   : filter_wrong(&p->lexer, &p->lexer.token, "and, or, or ) belongs here");
    return advance(p);
}

static bool parse_one(parser *p, piece *out)
{
    bool negate = false;
    for (; p->lexer.token.kind == FILTER_NOT; negate = !negate)
        if (!advance(p))
            return false;
    if (!(is_op(p, FILTER_PUNCTUATION, FILTER_OPEN) ? parse_parentheses(p, out)
                                                    : parse_test(p, out)))
        return false;
    if (negate)
        *out = (piece){out->start, {out->leads[1], out->leads[0]}};
    return true;
}

static bool parse_all(parser *p, piece *out)
{
    if (!parse_one(p, out))
        return false;
    while (p->lexer.token.kind == FILTER_AND) {
        piece next = {0};
        if (!advance(p) || !parse_one(p, &next))
            return false;
        *out = combine(p, *out, next, true);
    }
    return true;
}

static bool parse_filter(parser *p, piece *out)
{
    if (!parse_all(p, out))
        return false;
    while (p->lexer.token.kind == FILTER_OR) {
        piece next = {0};
        if (!advance(p) || !parse_all(p, &next))
            return false;
        *out = combine(p, *out, next, false);
    }
    return true;
}

static bool check_text(const char *text, GError **error)
{
    bool short_enough = strnlen(text, FILTER_MAX_LENGTH + 1) <= FILTER_MAX_LENGTH;
    if (short_enough && g_utf8_validate(text, -1, NULL))
        return true;
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                short_enough ? "-Y: the filter is not valid UTF-8"
                             : "-Y: the filter is longer than %d bytes",
                FILTER_MAX_LENGTH);
    return false;
}

static bool check_not_empty(parser *p)
{
    return p->lexer.token.kind != FILTER_END ||
           filter_wrong(&p->lexer, &p->lexer.token, "the filter is empty");
}

filter_program *filter_parse(const char *text, GError **error)
{
    if (!check_text(text, error))
        return NULL;
    parser p = {.lexer = {.text = text, .at = text, .error = error},
                .program = g_new0(filter_program, 1)};
    p.program->tests = g_array_new(FALSE, FALSE, sizeof(filter_test));
    piece all = {0};
    bool good = advance(&p) && check_not_empty(&p) && parse_filter(&p, &all);
    if (good && p.lexer.token.kind != FILTER_END)
        good = filter_wrong(&p.lexer, &p.lexer.token,
                            "and, or, or the end belongs here, and this is %s",
                            filter_kind_name(&p.lexer.token));
    if (!good) {
        filter_program_free(p.program);
        return NULL;
    }
    lead_to(&p, all.leads[false], FILTER_REJECT);
    lead_to(&p, all.leads[true], FILTER_ACCEPT);
    return p.program;
}
