/* See export_dialog.h. */
#include "export_dialog.h"

#include "clip.h"
#include "scan.h"
#include "ui.h"

#include <errno.h>
#include <string.h>

static GArray *new_numbers(void)
{
    return g_array_new(FALSE, FALSE, sizeof(uint64_t));
}

static void forget_choice(export_dialog *d)
{
    g_clear_pointer(&d->rows, g_array_unref);
    g_clear_pointer(&d->connections, g_array_unref);
}

void export_dialog_clear(export_dialog *d)
{
    forget_choice(d);
    g_clear_pointer(&d->asked, export_free);
    g_clear_pointer(&d->running, export_free);
}

/* ---- What belongs to what -------------------------------------------------------------------- */

/* The connections of rows, each once. */
static GArray *connections_of(const ui *u, const GArray *rows)
{
    GArray *numbers = new_numbers();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (guint i = 0; i < rows->len; i++) {
        uint64_t row = g_array_index(rows, uint64_t, i);
        if (row < u->view.first)
            continue;
        uint64_t number = store_row(&u->view, row)->conn;
        if (g_hash_table_add(seen, GSIZE_TO_POINTER(number)))
            g_array_append_val(numbers, number);
    }
    return numbers;
}

typedef struct collecting {
    GHashTable *wanted; /* numbers of connections */
    GArray *rows;
} collecting;

static void collect_row(void *user, uint64_t row, const record *r)
{
    collecting *c = user;
    if (r->type != RECORD_FRAME && g_hash_table_contains(c->wanted, GSIZE_TO_POINTER(r->conn)))
        g_array_append_val(c->rows, row);
}

/* What a list of these connections' messages would show: what the filter lets through, but no
 * frames. */
static GArray *rows_of(const ui *u, const GArray *numbers)
{
    g_autoptr(GHashTable) wanted = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (guint i = 0; i < numbers->len; i++)
        g_hash_table_add(wanted, GSIZE_TO_POINTER(g_array_index(numbers, uint64_t, i)));
    collecting c = {wanted, new_numbers()};
    scan *all = scan_new(0, u->filter, NULL);
    scan_update(all, &u->view, STORE_NO_ROW, G_MAXINT64, collect_row, &c);
    scan_free(all);
    return c.rows;
}

/* ---- Asking ---------------------------------------------------------------------------------- */

static bool begin(ui *u, export_job *j, bool overwrite, GError **error);
static void ask_name(ui *u, const char *name);

static const char *meaning(const char *path)
{
    return export_format_name(export_format_of(path));
}

static bool overwrite_answered(ui *u, const char *text, GError **error)
{
    (void)error;
    g_autoptr(GError) failed = NULL;
    export_job *j = g_steal_pointer(&u->saving.asked);
    if (g_ascii_tolower(*text) != 'y') {
        ask_name(u, j->path);
        export_free(j);
    } else if (!begin(u, j, true, &failed)) {
        ui_complain(u, "%s", failed->message);
    }
    return true;
}

/* Takes the job over. False when it cannot be done. */
static bool begin(ui *u, export_job *j, bool overwrite, GError **error)
{
    int failed = export_open(j, u->options, overwrite);
    if (failed == 0) {
        u->saving.running = j;
        return true;
    }
    if (failed == EEXIST && !overwrite) {
        g_clear_pointer(&u->saving.asked, export_free);
        u->saving.asked = j;
        prompt_question(&u->prompt, "The file is there. Overwrite it? (y, n) ", overwrite_answered);
        return true;
    }
    g_autoptr(GString) why = g_string_new(NULL);
    export_describe_error(j->path, failed, why);
    g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, why->str);
    export_free(j);
    return false;
}

/* Both lists, of which one is made from the other; the caller's. */
static export_job *make_job(const ui *u, const char *path)
{
    const export_dialog *d = &u->saving;
    bool wants_rows = export_format_of(path) != EXPORT_PCAPNG;
    GArray *rows = d->rows       ? g_array_ref(d->rows)
                   : !wants_rows ? new_numbers()
                                 : rows_of(u, d->connections);
    GArray *numbers = d->connections ? g_array_ref(d->connections) : connections_of(u, d->rows);
    return export_new(path, rows, numbers);
}

static bool name_typed(ui *u, const char *path, GError **error)
{
    export_job *j = make_job(u, path);
    const char *objection = export_objection(j, &u->view);
    if (objection) {
        g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, objection);
        export_free(j);
        return false;
    }
    return begin(u, j, false, error);
}

/* "3 rows", "connection 1". */
static char *subject(const export_dialog *d)
{
    if (d->rows)
        return g_strdup_printf("%u row%s", d->rows->len, d->rows->len == 1 ? "" : "s");
    if (d->connections->len != 1)
        return g_strdup_printf("%u connections", d->connections->len);
    return g_strdup_printf("connection %" G_GUINT64_FORMAT,
                           g_array_index(d->connections, uint64_t, 0));
}

static void ask_name(ui *u, const char *name)
{
    prompt_ask(&u->prompt, "Save", name, name_typed);
    g_autofree char *what = subject(&u->saving);
    prompt_explain(&u->prompt, what, meaning);
}

static void propose(ui *u)
{
    const export_dialog *d = &u->saving;
    g_autoptr(GArray) numbers =
        d->connections ? g_array_ref(d->connections) : connections_of(u, d->rows);
    g_autoptr(GString) name = g_string_new("wsdump");
    if (numbers->len == 1)
        g_string_append_printf(name, "-%" G_GUINT64_FORMAT, g_array_index(numbers, uint64_t, 0));
    g_string_append(name, d->rows ? ".jsonl" : ".pcapng");
    ask_name(u, name->str);
}

/* ---- Choosing -------------------------------------------------------------------------------- */

/* False when that is nothing. */
static bool choose(export_dialog *d, GArray *rows, GArray *numbers)
{
    forget_choice(d);
    if (rows->len)
        d->rows = g_array_ref(rows);
    else if (numbers->len)
        d->connections = g_array_ref(numbers);
    return d->rows || d->connections;
}

static bool choose_listed(ui *u, const screen *s, bool tagged)
{
    g_autoptr(GArray) rows = new_numbers();
    g_autoptr(GArray) numbers = new_numbers();
    if (s->kind->collect)
        s->kind->collect(s, u, tagged, rows, numbers);
    return choose(&u->saving, rows, numbers);
}

/* A row, unless the screen lists connections: a connection. */
static bool choose_selected(ui *u, const screen *s)
{
    g_autoptr(GArray) rows = new_numbers();
    g_autoptr(GArray) numbers = new_numbers();
    uint64_t row = s->kind->row && u->screens->len > 1 ? s->kind->row(s, u) : STORE_NO_ROW;
    uint64_t number = s->kind->connection ? s->kind->connection(s, u) : 0;
    if (row != STORE_NO_ROW)
        g_array_append_val(rows, row);
    if (number)
        g_array_append_val(numbers, number);
    return choose(&u->saving, rows, numbers);
}

static bool choice_answered(ui *u, const char *text, GError **error)
{
    (void)error;
    char answer = g_ascii_tolower(*text);
    if (answer != 'a' && answer != 's')
        ui_say(u, "nothing is saved");
    else if (answer == 'a' ? choose_listed(u, ui_top(u), false) : choose_selected(u, ui_top(u)))
        propose(u);
    else
        ui_say(u, "there is nothing here to save");
    return true;
}

void export_dialog_ask(ui *u, screen *s)
{
    if (u->saving.running)
        ui_complain(u, "%s is still being written", u->saving.running->path);
    else if (!u->options->open_file)
        ui_complain(u, "nothing can be saved here");
    else if (choose_listed(u, s, true) || (!s->kind->collect && choose_selected(u, s)))
        propose(u);
    else if (s->kind->collect)
        prompt_question(&u->prompt, "Save the selected one (s), or all that are listed (a)? ",
                        choice_answered);
    else
        ui_say(u, "there is nothing here to save");
}

/* ---- Writing --------------------------------------------------------------------------------- */

bool export_dialog_step(ui *u, gint64 deadline)
{
    export_job *j = u->saving.running;
    if (!j)
        return false;
    if (!export_step(j, u->store, u->options, deadline))
        return true;
    g_autoptr(GString) said = g_string_new(NULL);
    if (export_describe(j, said))
        ui_say(u, "%s", said->str);
    else
        ui_complain(u, "%s", said->str);
    g_clear_pointer(&u->saving.running, export_free);
    forget_choice(&u->saving);
    return true;
}

/* ---- The clipboard --------------------------------------------------------------------------- */

void export_dialog_copy(ui *u, screen *s)
{
    uint64_t row = s->kind->row ? s->kind->row(s, u) : STORE_NO_ROW;
    if (row == STORE_NO_ROW || row < u->view.first) {
        ui_say(u, "there is nothing here to copy");
        return;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    clip c = clip_make(store_row(&u->view, row), text);
    term_copy(text->str, text->len);
    ui_say(u,
           "%s copied, as far as the terminal lets programs do that: %" G_GSIZE_FORMAT " bytes%s",
           c.json ? "JSON" : "text", text->len,
           c.cut ? "; only the beginning, terminals take no more" : "");
}
