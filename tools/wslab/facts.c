/* Reading the fact of a question, and finding the frame that it is about. See facts.h. */
#include "fact_kinds.h"

#include <string.h>

#define FACT_ERROR (g_quark_from_static_string("wslab-facts"))

static const char *const forms[FORMS] = {
    [YES_NO] = "yes or no",
    [HEX] = "hexadecimal digits",
    [NUMBER] = "a whole number",
    [COUNT] = "a whole number",
    [OPCODE] = "an opcode: its name or its number",
    [SECONDS] = "seconds, such as 2 or 1.25",
    [NAME] = "a name",
    [TEXT] = "the text, letter by letter",
};

/* ---- Reading -----------------------------------------------------------------------------------
 */

static gboolean wrong(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean wrong(GError **error, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    g_autofree char *message = g_strdup_vprintf(format, values);
    va_end(values);
    g_set_error_literal(error, FACT_ERROR, 0, message);
    return FALSE;
}

/* "a, b, c" of the table, or of the opcodes. */
static char *list_of_facts(void)
{
    GString *names = g_string_new(NULL);
    for (size_t i = 0; i < fact_kind_count; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", fact_kinds[i].name);
    return g_string_free(names, FALSE);
}

static gboolean read_from(fact *f, const char *text, GError **error)
{
    f->from = strcmp(text, "client") == 0   ? (int)WSP_FROM_CLIENT
              : strcmp(text, "server") == 0 ? (int)WSP_FROM_SERVER
                                            : ANY;
    return f->from != ANY || wrong(error, "from= is client or server, not \"%s\"", text);
}

static int opcode_named(const char *text)
{
    for (int i = 0; i < 16; i++)
        if (strcmp(text, wsp_opcode_name((uint8_t)i)) == 0)
            return i;
    return ANY;
}

static gboolean read_opcode(fact *f, const char *text, GError **error)
{
    f->opcode = opcode_named(text);
    return f->opcode != ANY ||
           wrong(error, "opcode= is text, binary, continuation, close, ping or pong, not \"%s\"",
                 text);
}

static gboolean read_connection(fact *f, const char *text, GError **error)
{
    return g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT32, &f->connection, NULL) ||
           wrong(error, "connection= is wsdump's number, from 1, not \"%s\"", text);
}

static gboolean read_violating(fact *f, const char *text, GError **error)
{
    f->violating = strcmp(text, "yes") == 0;
    return f->violating || wrong(error, "violating= is yes or not there, not \"%s\"", text);
}

static gboolean read_cut(fact *f, const char *text, GError **error)
{
    f->cut = strcmp(text, "yes") == 0;
    return f->cut || wrong(error, "cut= is yes or not there, not \"%s\"", text);
}

static gboolean read_nth(fact *f, const char *text, GError **error)
{
    if (strcmp(text, "last") == 0)
        f->nth = LAST;
    else if (!g_ascii_string_to_unsigned(text, 10, 1, G_MAXUINT32, &f->nth, NULL))
        return wrong(error, "nth= is a number from 1, or last, not \"%s\"", text);
    return TRUE;
}

static gboolean read_index(fact *f, const char *text, GError **error)
{
    return g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32, &f->index, NULL) ||
           wrong(error, "index= is a byte's number, from 0, not \"%s\"", text);
}

static gboolean read_name(fact *f, const char *text, GError **error)
{
    (void)error;
    g_free(f->header);
    f->header = g_strdup(text);
    return TRUE;
}

/* The keys of a group, and for which subjects they mean something. */
static const struct {
    const char *name;
    gboolean (*read)(fact *f, const char *text, GError **error);
    bool frames, messages, connections;
} keys[] = {
    {"from", read_from, true, true, true},
    {"opcode", read_opcode, true, true, false},
    {"connection", read_connection, true, true, true},
    {"violating", read_violating, true, false, false},
    {"cut", read_cut, true, false, false},
    {"nth", read_nth, true, true, true},
    {"index", read_index, false, false, false},
    {"name", read_name, false, false, false},
};

static bool takes(const fact_kind *k, size_t key)
{
    bool subjects[] = {[OF_FRAME] = keys[key].frames,
                       [OF_MESSAGE] = keys[key].messages,
                       [OF_CONNECTION] = keys[key].connections};
    return subjects[k->subject] || g_strcmp0(k->needs, keys[key].name) == 0;
}

static gboolean read_key(fact *f, GKeyFile *file, const char *group, const char *key,
                         GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        if (strcmp(keys[i].name, key) == 0 && takes(f->kind, i)) {
            g_autofree char *text = g_key_file_get_string(file, group, key, error);
            return text && keys[i].read(f, text, error);
        }
    return wrong(error, "%s= means nothing to the fact %s", key, f->kind->name);
}

static const fact_kind *find_kind(const char *name, GError **error)
{
    for (size_t i = 0; name && i < fact_kind_count; i++)
        if (strcmp(fact_kinds[i].name, name) == 0)
            return &fact_kinds[i];
    g_autofree char *all = list_of_facts();
    wrong(error, "there is no fact \"%s\"; there is %s", name ? name : "", all);
    return NULL;
}

static gboolean read_keys(fact *f, GKeyFile *file, const char *group, const char *const *others,
                          GError **error)
{
    g_auto(GStrv) all = g_key_file_get_keys(file, group, NULL, error);
    for (char **key = all; all && *key; key++)
        if (strcmp(*key, "fact") != 0 && !g_strv_contains(others, *key) &&
            !read_key(f, file, group, *key, error))
            return FALSE;
    const fact_kind *k = f->kind;
    if (f->opcode == ANY && strcmp(k->name, "close-code") == 0)
        f->opcode = WSP_OPCODE_CLOSE; /* whether the question says so or not */
    return !k->needs || g_key_file_has_key(file, group, k->needs, NULL) ||
           wrong(error, "the fact %s needs %s=", k->name, k->needs);
}

fact *fact_read(GKeyFile *file, const char *group, const char *const *others, GError **error)
{
    g_autofree char *name = g_key_file_get_string(file, group, "fact", NULL);
    const fact_kind *k = find_kind(name, error);
    if (!k)
        return NULL;
    fact *f = g_new0(fact, 1);
    *f = (fact){.kind = k, .from = ANY, .opcode = ANY, .nth = 1};
    if (read_keys(f, file, group, others, error))
        return f;
    fact_free(f);
    return NULL;
}

void fact_free(fact *f)
{
    if (f)
        g_free(f->header);
    g_free(f);
}

/* ---- Finding what is meant ---------------------------------------------------------------------
 */

static bool fits(const fact *f, const decoded_connection *connection, wsp_sender from,
                 uint8_t opcode_found)
{
    return (f->connection == 0 || f->connection == connection->number) &&
           (f->from == ANY || f->from == (int)from) &&
           (f->opcode == ANY || f->opcode == (int)opcode_found);
}

/* Is the one that is number `count` of those that fit the one that is meant? */
static bool is_meant(const fact *f, guint64 count)
{
    return f->nth == LAST || f->nth == count;
}

static void find_frame(const fact *f, fact_found *at)
{
    for (guint i = 0; i < at->all->frames->len; i++) {
        const decoded_frame *one = g_ptr_array_index(at->all->frames, i);
        if (one->whole == (bool)f->cut || (f->violating && one->violations == 0) ||
            !fits(f, one->connection, one->from, one->header.opcode))
            continue;
        if (is_meant(f, ++at->frames))
            at->frame = one;
    }
}

static void find_message(const fact *f, fact_found *at)
{
    for (guint i = 0; i < at->all->messages->len; i++) {
        const decoded_message *one = g_ptr_array_index(at->all->messages, i);
        if (fits(f, one->connection, one->from, one->opcode) && is_meant(f, ++at->messages))
            at->message = one;
    }
}

/* nth counts those of HTTP too, in the order in which they were opened; connection= is wsdump's
 * number. */
static void find_connection(const fact *f, fact_found *at)
{
    guint64 count = 0;
    for (unsigned i = 0; i < at->all->connection_count; i++) {
        const decoded_connection *one = &at->all->connections[i];
        if ((f->connection == 0 || f->connection == one->number) && is_meant(f, ++count))
            at->connection = one;
    }
}

char *fact_value(const fact *f, const decoded *d, GError **error)
{
    fact_found at = {.all = d};
    static void (*const find[])(const fact *, fact_found *) = {
        [OF_FRAME] = find_frame, [OF_MESSAGE] = find_message, [OF_CONNECTION] = find_connection};
    find[f->kind->subject](f, &at);
    bool there = at.frame || at.message || at.connection || f->kind->form == COUNT;
    char *value = there ? f->kind->value(f, &at) : NULL;
    if (!value)
        wrong(error, "the capture has nothing that %s asks for", f->kind->name);
    return value;
}

/* ---- What the learner is told ------------------------------------------------------------------
 */

const char *fact_form(const fact *f)
{
    return forms[f->kind->form];
}

const char *fact_means(const fact *f)
{
    return f->kind->means;
}

const char *fact_where(const fact *f)
{
    return f->kind->where;
}
