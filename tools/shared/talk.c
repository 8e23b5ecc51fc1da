/* Reading a talk: lines to a tree of steps. See talk.h. */
#include "talk_step.h"

#include <string.h>

static const char *side_name(const talk_step *s)
{
    return words_at(&s->words, 0)->text;
}

static bool read_send(talk_step *s, GError **error)
{
    s->frame = frame_line_read(&s->words, 2, error);
    return s->frame != NULL;
}

static bool read_bytes(talk_step *s, GError **error)
{
    s->bytes = data_read(&s->words, 2, error);
    return s->bytes != NULL;
}

static bool read_headers(talk_step *s, GError **error)
{
    s->headers = g_ptr_array_new_with_free_func(g_free);
    return heads_read_lines(&s->words, "header", s->headers, error);
}

static bool read_request(talk_step *s, GError **error)
{
    if (s->from != WSP_FROM_CLIENT)
        return words_wrong(&s->words, 1, error, "only the client makes a request");
    return heads_read_path(&s->words, &s->path, error) && read_headers(s, error);
}

static bool read_kind(talk_step *s, const word *at, GError **error)
{
    s->kind = at->text;
    return heads_check_kind(&s->words, at, error);
}

static bool read_answer(talk_step *s, GError **error)
{
    if (s->from != WSP_FROM_SERVER)
        return words_wrong(&s->words, 1, error, "only the server answers");
    static const word right = {.text = "101"};
    const word *at = words_count(&s->words) > 2 ? words_at(&s->words, 2) : &right;
    return read_kind(s, at, error) && read_headers(s, error);
}

static bool read_handshake(talk_step *s, GError **error)
{
    static const word right = {.text = "101"};
    const word *answer = words_option(&s->words, "answer");
    s->from = WSP_FROM_CLIENT;
    return read_request(s, error) && read_kind(s, answer ? answer : &right, error);
}

static bool read_port(talk_step *s, GError **error)
{
    return words_number(&s->words, words_at(&s->words, 1), "a port", 1, 65535, &s->number, error);
}

static bool read_connection(talk_step *s, GError **error)
{
    return words_count(&s->words) == 2 || words_wrong(&s->words, words_at(&s->words, 1)->column,
                                                      error, "the connection's name is missing");
}

#define MAX_DELAY_NS (UINT64_C(3600) * 1000000000) /* so that no number of them overflows */

static bool read_delay(talk_step *s, GError **error)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {{"s", 1000000000}, {"ms", 1000000}};
    const word *at = words_at(&s->words, 1);
    size_t digits = strspn(at->text, "0123456789");
    g_autofree char *number = g_strndup(at->text, digits);
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
        if (strcmp(at->text + digits, units[i].name) == 0 &&
            g_ascii_string_to_unsigned(number, 10, 0, G_MAXUINT32, &s->number, NULL)) {
            s->number *= units[i].ns;
            return s->number <= MAX_DELAY_NS ||
                   words_wrong(&s->words, at->column, error, "a delay is at most an hour: 3600s");
        }
    return words_wrong(&s->words, at->column, error,
                       "a delay is a whole number with its unit: 30s or 10ms");
}

static bool read_repeat(talk_step *s, GError **error)
{
    return words_number(&s->words, words_at(&s->words, 1), "how often", 0, TALK_MAX_STEPS,
                        &s->number, error);
}

static bool read_pick(talk_step *s, GError **error);

enum { ANY = G_MAXINT }; /* words: what reads them counts them */

const talk_verb talk_verbs[] = {
    {"handshake", "path header answer", 1, TALK_STEP, read_handshake, talk_play_handshake},
    {"request", "path header", 2, TALK_SEGMENT, read_request, talk_play_request},
    {"answer", "header", 3, TALK_SEGMENT, read_answer, talk_play_answer},
    {"send", FRAME_LINE_OPTIONS, ANY, TALK_SEGMENT, read_send, talk_play_send},
    {"bytes", "", ANY, TALK_SEGMENT, read_bytes, talk_play_bytes},
    {"fin", "", 2, TALK_SIDED, NULL, talk_play_end},
    {"rst", "", 2, TALK_SIDED, NULL, talk_play_end},
    {"PORT", "", 2, TALK_SIDED, read_port, talk_play_port},
    {"connection", "", 2, TALK_STEP, read_connection, talk_play_connection},
    {"delay", "", 2, TALK_STEP, read_delay, talk_play_delay},
    {"pick", NULL, ANY, TALK_CHOICE, read_pick, talk_play_pick},
    {"join", "", 1, TALK_BLOCK, NULL, talk_play_join},
    {"shuffle", "", 1, TALK_BLOCK, NULL, talk_play_shuffle},
    {"repeat", "", 2, TALK_BLOCK, read_repeat, talk_play_repeat},
};
const size_t talk_verb_count = G_N_ELEMENTS(talk_verbs);

static bool is_sided(const talk_verb *v)
{
    return v->shape == TALK_SIDED || v->shape == TALK_SEGMENT;
}

/* "client, delay, ...": the names of the verbs that have a side, or that have none. */
static char *names_of(bool sided)
{
    GString *names = g_string_new(sided ? NULL : "client, server");
    for (size_t i = 0; i < talk_verb_count; i++)
        if (is_sided(&talk_verbs[i]) == sided)
            g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", talk_verbs[i].name);
    return g_string_free(names, FALSE);
}

static const talk_verb *find_verb(talk_step *s, GError **error)
{
    bool client = words_are(&s->words, 0, "client");
    bool sided = client || words_are(&s->words, 0, "server");
    s->from = client ? WSP_FROM_CLIENT : WSP_FROM_SERVER;
    const word *name = words_at(&s->words, sided ? 1 : 0);
    const char *text = g_ascii_isdigit(*name->text) && sided ? "PORT" : name->text;
    for (size_t i = 0; i < talk_verb_count; i++)
        if (is_sided(&talk_verbs[i]) == sided && strcmp(talk_verbs[i].name, text) == 0)
            return &talk_verbs[i];
    g_autofree char *names = names_of(sided);
    words_wrong(&s->words, name->column, error, "no such step; %s%s%s", sided ? side_name(s) : "",
                sided ? " is followed by " : "there is ", names);
    return NULL;
}

static void free_step(void *step)
{
    talk_step *s = step;
    words_clear(&s->words);
    g_clear_pointer(&s->frame, frame_line_free);
    g_clear_pointer(&s->bytes, data_free);
    g_clear_pointer(&s->headers, g_ptr_array_unref);
    g_free(s->path);
    g_clear_pointer(&s->children, g_ptr_array_unref);
    g_free(s);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(talk_step, free_step)

static talk_step *new_step(void)
{
    talk_step *s = g_new0(talk_step, 1);
    s->children = g_ptr_array_new_with_free_func(free_step);
    return s;
}

/* The words are there: what do they say? */
static bool read_step(talk_step *s, GError **error)
{
    s->verb = find_verb(s, error);
    return s->verb &&
           (!s->verb->options || words_only(&s->words, s->verb->options, s->verb->words, error)) &&
           (!s->verb->read || s->verb->read(s, error));
}

/* ---- pick A | B | C ---------------------------------------------------------------------------
 */

/* The line with blanks where it is not between the bytes from and to: words keep their columns. */
static char *only_between(const char *line, size_t from, size_t to)
{
    char *part = g_strdup(line);
    for (size_t i = 0; part[i]; i++)
        if (i < from || i >= to)
            part[i] = ' ';
    return part;
}

static bool read_alternative(talk_step *s, size_t from, size_t to, GError **error)
{
    g_autofree char *part = only_between(s->words.source, from, to);
    g_autoptr(talk_step) one = new_step();
    if (!words_split(&one->words, s->words.file, s->words.line, part, error))
        return false;
    if (words_count(&one->words) == 0)
        return words_wrong(&s->words, (unsigned)from + 1, error,
                           "a step is missing; pick has at least two of them, with | in between");
    g_free(one->words.source);
    one->words.source = g_strdup(s->words.source); /* what errors show */
    if (!read_step(one, error))
        return false;
    if (one->verb->shape == TALK_CHOICE || one->verb->shape == TALK_BLOCK)
        return words_wrong(&one->words, words_at(&one->words, 0)->column, error,
                           "pick chooses among single steps");
    g_ptr_array_add(s->children, g_steal_pointer(&one));
    return true;
}

static bool read_pick(talk_step *s, GError **error)
{
    size_t from = words_at(&s->words, 0)->column + strlen("pick") - 1;
    for (size_t i = 1; i < words_count(&s->words); i++)
        if (words_are(&s->words, i, "|")) {
            size_t bar = words_at(&s->words, i)->column - 1;
            if (!read_alternative(s, from, bar, error))
                return false;
            from = bar + 1;
        }
    if (s->children->len == 0)
        from = strlen(s->words.source); /* nothing to choose from: that is what is wrong */
    return read_alternative(s, from, strlen(s->words.source), error);
}

/* ---- Blocks -----------------------------------------------------------------------------------
 */

typedef struct reader {
    const char *name;
    const char *at; /* the rest of the text */
    unsigned line;
} reader;

/* The words of the next line that has some; false at the end, and where *error is set. */
static bool next_words(reader *r, words *w, GError **error)
{
    while (*r->at) {
        const char *line = r->at;
        r->at += strcspn(line, "\n");
        r->at += *r->at == '\n';
        if (!words_split(w, r->name, ++r->line, line, error))
            return false;
        if (words_count(w) + w->options->len > 0)
            return true;
        words_clear(w);
    }
    return false;
}

/* Everything in a join comes from one side. *side is that of the first step, -1 before it. */
static bool check_join(const talk_step *s, int *side, GError **error)
{
    if (s->children->len == 0) {
        if (s->verb->shape != TALK_SEGMENT)
            return words_wrong(&s->words, words_at(&s->words, 0)->column, error,
                               "a join holds only what is sent: send, bytes, request, answer");
        if (*side >= 0 && *side != (int)s->from)
            return words_wrong(&s->words, words_at(&s->words, 0)->column, error,
                               "a join is one segment: all of it comes from one side");
        *side = (int)s->from;
    }
    for (guint i = 0; i < s->children->len; i++) {
        const talk_step *child = g_ptr_array_index(s->children, i);
        if (child->verb->play == talk_play_join)
            return words_wrong(&child->words, words_at(&child->words, 0)->column, error,
                               "a join inside a join says nothing new");
        if (!check_join(child, side, error))
            return false;
    }
    return true;
}

static bool read_block(reader *r, talk_step *block, unsigned depth, GError **error);

static bool read_children(reader *r, talk_step *s, unsigned depth, GError **error)
{
    if (depth > TALK_MAX_DEPTH)
        return words_wrong(&s->words, words_at(&s->words, 0)->column, error,
                           "more than %d blocks inside one another", TALK_MAX_DEPTH);
    if (!read_block(r, s, depth, error))
        return false;
    if (s->children->len == 0)
        return words_wrong(&s->words, words_at(&s->words, 0)->column, error,
                           "there is no step in this %s", s->verb->name);
    int side = -1;
    return s->verb->play != talk_play_join || check_join(s, &side, error);
}

/* Steps up to the block's `end`; depth 0 is all of the text. */
static bool read_block(reader *r, talk_step *block, unsigned depth, GError **error)
{
    for (;;) {
        g_autoptr(talk_step) s = new_step();
        GError *wrong = NULL;
        if (!next_words(r, &s->words, &wrong)) {
            if (wrong)
                g_propagate_error(error, wrong);
            return !wrong &&
                   (depth == 0 || words_wrong(&block->words, words_at(&block->words, 0)->column,
                                              error, "this %s has no end", block->verb->name));
        }
        if (depth > 0 && words_are(&s->words, 0, "end"))
            return words_only(&s->words, "", 1, error);
        if (!read_step(s, error))
            return false;
        if (s->verb->shape == TALK_BLOCK && !read_children(r, s, depth + 1, error))
            return false;
        g_ptr_array_add(block->children, g_steal_pointer(&s));
    }
}

/* ---- All of it --------------------------------------------------------------------------------
 */

static bool read_title(reader *r, talk *t, GError **error)
{
    words w = {0};
    GError *wrong = NULL;
    bool there = next_words(r, &w, &wrong);
    if (there && words_are(&w, 0, "title:"))
        t->title = g_strstrip(g_strdup(strchr(w.source, ':') + 1));
    if (wrong)
        g_propagate_error(error, wrong);
    else if (!there)
        g_set_error(error, WORDS_ERROR, 0, "%s:1:1: nothing in it; the first line is \"title: …\"",
                    t->name);
    else if (!t->title || !*t->title)
        words_wrong(&w, 1, error, "the first line is \"title: …\"");
    words_clear(&w);
    return t->title && *t->title;
}

static talk *new_talk(const char *name)
{
    talk *t = g_new0(talk, 1);
    t->name = g_strdup(name);
    t->all = new_step();
    return t;
}

talk *talk_parse(const char *name, const char *text, GError **error)
{
    talk *t = new_talk(name);
    reader r = {t->name, text, 0};
    if (read_title(&r, t, error) && read_block(&r, t->all, 0, error))
        return t;
    talk_free(t);
    return NULL;
}

talk *talk_read(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    return g_file_get_contents(path, &text, NULL, error) ? talk_parse(path, text, error) : NULL;
}

void talk_free(talk *t)
{
    if (!t)
        return;
    g_free(t->name);
    g_free(t->title);
    free_step(t->all);
    g_free(t);
}
