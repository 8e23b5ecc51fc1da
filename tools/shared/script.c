#include "script.h"

#include "event.h"
#include "perform.h"
#include "step.h"

#include <string.h>

/* What reading has to remember. */
typedef struct reading {
    script *s;
    GHashTable *names;      /* connections that a step so far opened */
    GHashTable *remembered; /* names of values that a step so far remembers */
    GArray *open;           /* of guint: indices of `repeat` and `join` steps without their end */
} reading;

/* ---- Header lines ---- */

static bool set_text(char **field, const words *w, const char *value, unsigned column,
                     GError **error)
{
    if (*field)
        return words_wrong(w, 1, error, "said twice");
    *field = g_strdup(value);
    return *value || words_wrong(w, column, error, "a value is missing");
}

/* A file that a case brings along is named from the case's folder: the program runs elsewhere. */
static char *from_folder(const char *path, char *argument)
{
    if (!g_str_has_prefix(argument, "./") && !g_str_has_prefix(argument, "../"))
        return argument;
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);
    g_autofree char *folder = g_path_get_dirname(absolute);
    char *whole = g_canonicalize_filename(argument, folder);
    g_free(argument);
    return whole;
}

static bool read_arguments(script *s, const words *w, const char *value, unsigned column,
                           GError **error)
{
    g_autoptr(GError) wrong = NULL;
    g_strfreev(s->program);
    s->program = NULL;
    if (*value && !g_shell_parse_argv(value, NULL, &s->program, &wrong))
        return words_wrong(w, column, error, "%s", wrong->message);
    if (!s->program)
        s->program = g_new0(char *, 1);
    for (char **argument = s->program; *argument; argument++)
        *argument = from_folder(s->path, *argument);
    return true;
}

static bool read_build(script *s, const words *w, const char *value, unsigned column,
                       GError **error)
{
    s->build = strcmp(value, "thread") == 0    ? SCRIPT_THREAD
               : strcmp(value, "address") == 0 ? SCRIPT_ADDRESS
                                               : SCRIPT_PLAIN;
    return s->build != SCRIPT_PLAIN ||
           words_wrong(w, column, error, "build: takes thread or address");
}

static bool read_role(script *s, const words *w, const char *value, unsigned column, GError **error)
{
    s->role = strcmp(value, "client") == 0 ? SCRIPT_CLIENT : SCRIPT_SERVER;
    return s->role == SCRIPT_CLIENT || strcmp(value, "server") == 0 ||
           words_wrong(w, column, error, "role: takes client or server");
}

static bool read_descriptors(script *s, const words *w, const char *value, unsigned column,
                             GError **error)
{
    uint64_t number = 0;
    bool ok = words_number(w, &(word){.text = value, .column = column}, "descriptors", 8, 100000,
                           &number, error);
    s->descriptors = (unsigned)number;
    return ok;
}

static bool read_ignore(script *s, const words *w, const char *value, unsigned column,
                        GError **error)
{
    g_strfreev(s->ignore);
    s->ignore = g_strsplit_set(value, " \t", -1);
    return *value || words_wrong(w, column, error, "ignore: takes names of events");
}

/* The names of header lines. */
enum { TITLE, COVERS, CLAUSE, ROLE, PROGRAM, DESCRIPTORS, IGNORE, BUILD, KEYS };
static const char *const keys[] = {"title",   "covers",      "clause", "role",
                                   "program", "descriptors", "ignore", "build"};

static bool read_header(script *s, const words *w, const char *colon, GError **error)
{
    const char *value = colon + 1 + strspn(colon + 1, " \t");
    const unsigned column = (unsigned)(value - w->source) + 1;
    unsigned key = 0;
    while (key < KEYS && (strncmp(w->source, keys[key], (size_t)(colon - w->source)) != 0 ||
                          keys[key][colon - w->source] != '\0'))
        key++;
    switch (key) {
    case TITLE: return set_text(&s->title, w, value, column, error);
    case COVERS: return set_text(&s->covers, w, value, column, error);
    case CLAUSE: return set_text(&s->clause, w, value, column, error);
    case ROLE: return read_role(s, w, value, column, error);
    case PROGRAM: return read_arguments(s, w, value, column, error);
    case DESCRIPTORS: return read_descriptors(s, w, value, column, error);
    case IGNORE: return read_ignore(s, w, value, column, error);
    case BUILD: return read_build(s, w, value, column, error);
    default:
        return words_wrong(w, 1, error,
                           "no such key; there is: title covers clause role "
                           "program descriptors ignore build");
    }
}

/* "key: value": the colon behind the first word; NULL when it is a step. */
static const char *header_colon(const char *text)
{
    size_t name = strspn(text, "abcdefghijklmnopqrstuvwxyz");
    return name > 0 && text[name] == ':' ? text + name : NULL;
}

/* ---- Steps ---- */

static bool is_name(const char *text)
{
    return g_ascii_isalpha(*text) &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
               strlen(text);
}

static bool know(const reading *r, const words *w, const char *name, unsigned column,
                 GError **error)
{
    return g_hash_table_contains(r->names, name) ||
           words_wrong(w, column, error, "no connection \"%s\" so far: open or connect it first",
                       name);
}

static bool read_who(reading *r, step *s, const words *w, GError **error)
{
    const word *who = words_at(w, 1);
    if (!is_name(who->text))
        return words_wrong(w, who->column, error, "the name of a connection belongs here: %s",
                           s->verb->shape);
    s->who = g_strdup(who->text);
    if (s->verb->makes_who)
        g_hash_table_add(r->names, g_strdup(who->text));
    return know(r, w, who->text, who->column, error);
}

/* `repeat` and `join` open a block, `end` closes the last one. */
static bool pair(reading *r, step *s, const words *w, GError **error)
{
    const guint index = r->s->steps->len;
    if (strcmp(s->verb->name, "repeat") == 0 || strcmp(s->verb->name, "join") == 0) {
        g_array_append_val(r->open, index);
    } else if (strcmp(s->verb->name, "end") == 0) {
        if (r->open->len == 0)
            return words_wrong(w, 1, error, "nothing to end: no repeat or join is open");
        s->partner = g_array_index(r->open, guint, r->open->len - 1);
        g_array_set_size(r->open, r->open->len - 1);
        step *first = r->s->steps->pdata[s->partner];
        first->partner = index;
        s->ends_join = strcmp(first->verb->name, "join") == 0;
        s->who = g_strdup(first->who);
    }
    return true;
}

static bool fill_step(reading *r, step *s, const words *w, GError **error)
{
    if (s->verb->has_who && !read_who(r, s, w, error))
        return false;
    if (!s->verb->read(s, w, error) || !event_names(s, w, r->remembered, error) ||
        !pair(r, s, w, error))
        return false;
    if (s->verb->fits == STEP_OF_RUN)
        r->s->role = SCRIPT_RUN;
    return !s->other || know(r, w, s->other, words_at(w, 5)->column, error);
}

static step *new_step(const words *w)
{
    step *s = g_new0(step, 1);
    s->line = w->line;
    s->code = STEP_NO_CODE;
    s->lines = g_ptr_array_new_with_free_func(g_free);
    s->members = g_ptr_array_new_with_free_func(member_free);
    return s;
}

/* A program is a server or a client: not every verb makes sense with both. */
static bool fits_role(const reading *r, const verb *v, const words *w, GError **error)
{
    const bool client = r->s->role == SCRIPT_CLIENT;
    if (v->fits == STEP_OF_CLIENT && !client)
        return words_wrong(w, 1, error,
                           "this is for a program that is a client: say "
                           "\"role: client\" above");
    return (v->fits != STEP_OF_OTHERS && v->fits != STEP_OF_RUN) || !client ||
           words_wrong(w, 1, error, "this is for a program that is no client; see \"role:\" above");
}

static bool read_step(reading *r, const words *w, GError **error)
{
    const verb *v = verb_find(w, error);
    if (!v)
        return false;
    step *s = new_step(w);
    s->verb = v;
    bool ok = fits_role(r, v, w, error) && fill_step(r, s, w, error);
    g_ptr_array_add(r->s->steps, s); /* also a wrong one: it is freed with the script */
    return ok;
}

/* `say` takes the rest of the line as it is, quotes and all. */
static bool read_say(reading *r, const words *w, const char *text, GError **error)
{
    size_t count = 0;
    step *s = new_step(w);
    s->verb = verbs(&count); /* the first row */
    s->text = g_strstrip(g_strdup(text));
    g_ptr_array_add(r->s->steps, s);
    return *s->text || words_wrong(w, (unsigned)strlen(w->source) + 1, error, "say what?");
}

static bool read_line(reading *r, unsigned number, const char *text, GError **error)
{
    const char *begin = text + strspn(text, " \t");
    const char *colon = header_colon(begin);
    words w;
    if (*begin == '#' || *begin == '\0' || *begin == '\r')
        return true;
    const bool header = colon && r->s->steps->len == 0;
    const bool say = g_str_has_prefix(begin, "say ") || g_str_has_prefix(begin, "say\t");
    /* Their text is no words: a quote in it need not end. The empty line keeps the place. */
    bool ok = words_split(&w, r->s->path, number, header || say ? "" : text, error);
    if (header || say) {
        g_free(w.source);
        w.source = g_strndup(begin, strcspn(begin, "\r\n"));
    }
    if (ok)
        ok = header ? read_header(r->s, &w, strchr(w.source, ':'), error)
             : say  ? read_say(r, &w, w.source + strlen("say "), error)
                    : read_step(r, &w, error);
    words_clear(&w);
    return ok;
}

static bool whole(const reading *r, unsigned lines, GError **error)
{
    const script *s = r->s;
    words end = {.file = s->path, .line = lines, .source = (char *)""};
    if (!s->title)
        return words_wrong(&end, 1, error, "the case has no title: line");
    if (r->open->len > 0) {
        const step *first = s->steps->pdata[g_array_index(r->open, guint, r->open->len - 1)];
        return words_wrong(&end, 1, error, "the %s of line %u has no end", first->verb->name,
                           first->line);
    }
    return s->steps->len > 0 || words_wrong(&end, 1, error, "the case has no steps");
}

static char *id_of(const char *path)
{
    char *id = g_path_get_basename(path);
    if (g_str_has_suffix(id, ".case"))
        id[strlen(id) - strlen(".case")] = '\0';
    return id;
}

static script *new_script(const char *path)
{
    script *s = g_new0(script, 1);
    s->path = g_strdup(path);
    s->id = id_of(path);
    s->program = g_new0(char *, 1);
    s->ignore = g_new0(char *, 1);
    s->steps = g_ptr_array_new_with_free_func(step_free);
    return s;
}

script *script_parse(const char *path, const char *text, GError **error)
{
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GArray) open = g_array_new(FALSE, FALSE, sizeof(guint));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    reading r = {.s = new_script(path), .names = names, .remembered = values, .open = open};
    unsigned number = 0;
    bool ok = true;
    for (; ok && lines[number]; number++)
        ok = read_line(&r, number + 1, lines[number], error);
    if (ok && whole(&r, MAX(number, 1), error))
        return r.s;
    script_free(r.s);
    return NULL;
}

script *script_read(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    return g_file_get_contents(path, &text, NULL, error) ? script_parse(path, text, error) : NULL;
}

void script_free(script *s)
{
    if (!s)
        return;
    g_free(s->path);
    g_free(s->id);
    g_free(s->title);
    g_free(s->covers);
    g_free(s->clause);
    g_strfreev(s->program);
    g_strfreev(s->ignore);
    g_ptr_array_unref(s->steps);
    g_free(s);
}
