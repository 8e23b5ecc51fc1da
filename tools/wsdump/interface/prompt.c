/* See prompt.h. */
#include "prompt.h"

#include <string.h>

void prompt_init(prompt *p)
{
    *p = (prompt){.text = g_string_new(NULL)};
    p->histories =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
}

static void forget_error(prompt *p)
{
    g_strfreev(p->error);
    p->error = NULL;
}

void prompt_clear(prompt *p)
{
    forget_error(p);
    g_string_free(p->text, TRUE);
    g_free(p->subject);
    g_hash_table_unref(p->histories);
}

static GPtrArray *history(prompt *p)
{
    GPtrArray *h = g_hash_table_lookup(p->histories, p->label);
    if (!h) {
        h = g_ptr_array_new_with_free_func(g_free);
        g_hash_table_insert(p->histories, (gpointer)p->label, h);
    }
    return h;
}

void prompt_ask(prompt *p, const char *label, const char *text, prompt_done *done)
{
    forget_error(p);
    p->label = label;
    p->done = done;
    p->one_key = false;
    p->meaning = NULL;
    g_string_assign(p->text, text ? text : "");
    p->cursor = p->text->len;
    p->history_at = history(p)->len;
}

void prompt_explain(prompt *p, const char *subject, prompt_meaning *meaning)
{
    g_free(p->subject);
    p->subject = g_strdup(subject);
    p->meaning = meaning;
}

void prompt_question(prompt *p, const char *label, prompt_done *done)
{
    prompt_ask(p, label, NULL, done);
    p->one_key = true;
}

/* The prompt shows the text already, unless the error shows a part of it only. */
static void show_error(prompt *p, const GError *error)
{
    g_auto(GStrv) parts = g_strsplit(error->message, "\n", 3);
    const char *what = parts[0] + (g_str_has_prefix(parts[0], "-Y: ") ? 4 : 0);
    GPtrArray *shown = g_ptr_array_new();
    bool carets = parts[1] && parts[2], part = carets && strstr(parts[1], "…");
    if (part)
        g_ptr_array_add(shown, g_strdup(parts[1] + 2)); /* they are indented by two */
    if (carets)
        g_ptr_array_add(shown, g_strdup(parts[2] + 2));
    g_ptr_array_add(shown, g_strdup(what));
    g_ptr_array_add(shown, NULL);
    forget_error(p);
    p->error = (char **)g_ptr_array_free(shown, FALSE);
    p->error_at = carets && !part ? 0 : -1;
}

static void remember(prompt *p)
{
    GPtrArray *h = history(p);
    const char *last = h->len ? h->pdata[h->len - 1] : NULL;
    if (p->text->len > 0 && g_strcmp0(last, p->text->str) != 0)
        g_ptr_array_add(h, g_strdup(p->text->str));
}

static void finish(prompt *p, ui *u)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup(p->text->str);
    const char *label = p->label;
    if (!p->one_key)
        remember(p);
    p->label = NULL; /* `done` may ask the next thing */
    if (p->done(u, text, &error))
        return;
    p->label = label;
    if (error)
        show_error(p, error);
}

static void recall(prompt *p, int step)
{
    GPtrArray *h = history(p);
    if (step < 0 ? p->history_at == 0 : p->history_at >= h->len)
        return;
    p->history_at = step < 0 ? p->history_at - 1 : p->history_at + 1;
    g_string_assign(p->text, p->history_at < h->len ? h->pdata[p->history_at] : "");
    p->cursor = p->text->len;
}

static void step_left(prompt *p)
{
    if (p->cursor > 0)
        p->cursor = (size_t)(g_utf8_prev_char(p->text->str + p->cursor) - p->text->str);
}

static void step_right(prompt *p)
{
    if (p->cursor < p->text->len)
        p->cursor = (size_t)(g_utf8_next_char(p->text->str + p->cursor) - p->text->str);
}

static void erase_to(prompt *p, size_t from, size_t to)
{
    g_string_erase(p->text, (gssize)from, (gssize)(to - from));
    p->cursor = from;
}

static void insert(prompt *p, int key)
{
    char bytes[6];
    int len = g_unichar_to_utf8((gunichar)key, bytes);
    g_string_insert_len(p->text, (gssize)p->cursor, bytes, len);
    p->cursor += (size_t)len;
}

enum { CTRL_A = 1, CTRL_E = 5, CTRL_U = 21, CTRL_W = 23 };

static void edit(prompt *p, int key)
{
    size_t end = p->cursor;
    switch (key) {
    case TERM_LEFT: step_left(p); return;
    case TERM_RIGHT: step_right(p); return;
    case TERM_HOME:
    case CTRL_A: p->cursor = 0; return;
    case TERM_END:
    case CTRL_E: p->cursor = p->text->len; return;
    case TERM_UP: recall(p, -1); return;
    case TERM_DOWN: recall(p, 1); return;
    case TERM_BACKSPACE: step_left(p); break;
    case TERM_DELETE:
        step_right(p);
        erase_to(p, end, p->cursor);
        return;
    case CTRL_U: p->cursor = 0; break;
    case CTRL_W:
        while (p->cursor > 0 && p->text->str[p->cursor - 1] == ' ')
            p->cursor--;
        while (p->cursor > 0 && p->text->str[p->cursor - 1] != ' ')
            p->cursor--;
        break;
    default:
        if (key >= ' ' && key < TERM_UP && key != TERM_BACKSPACE)
            insert(p, key);
        return;
    }
    erase_to(p, p->cursor, end);
}

void prompt_key(prompt *p, ui *u, int key)
{
    if (key == TERM_ESCAPE) {
        p->label = NULL;
        return;
    }
    if (p->one_key) {
        g_string_truncate(p->text, 0);
        p->cursor = 0;
        if (key >= ' ' && key < TERM_UP) {
            insert(p, key);
            finish(p, u);
        }
        return;
    }
    if (key == TERM_ENTER) {
        finish(p, u);
        return;
    }
    forget_error(p);
    edit(p, key);
}

/* The text without its first columns. */
static const char *skip_columns(const char *text, int columns)
{
    while (columns > 0 && *text) {
        char one[8] = {0};
        g_unichar_to_utf8(g_utf8_get_char(text), one);
        columns -= term_width(one);
        text = g_utf8_next_char(text);
    }
    return text;
}

static int draw_label(const prompt *p, int y, int x, int width)
{
    if (!p->meaning)
        return term_text(y, x, width, STYLE_STRONG, p->label, false);
    const char *meaning = p->meaning(p->text->str);
    g_autofree char *text = g_strdup_printf("%s %s as%s%s: ", p->label, p->subject,
                                            meaning ? " " : "", meaning ? meaning : "");
    return term_text(y, x, width, STYLE_STRONG, text, false);
}

void prompt_draw(prompt *p, region r)
{
    int errors = p->error ? (int)g_strv_length(p->error) : 0;
    int y = r.y + r.height - 1 - errors;
    term_fill((region){y, r.x, errors + 1, r.width}, STYLE_NORMAL);
    int label = draw_label(p, y, r.x, r.width);
    int room = r.width - label - 1;
    g_autofree char *before = g_strndup(p->text->str, p->cursor);
    int skip = MAX(0, term_width(before) - room); /* the cursor stays in sight */
    term_text(y, r.x + label, room, STYLE_NORMAL, skip_columns(p->text->str, skip), false);
    for (int i = 0; i < errors; i++) {
        bool below = i == 0 && p->error_at >= 0;
        const char *text = below ? skip_columns(p->error[i], skip) : p->error[i];
        term_text(y + 1 + i, r.x + (below ? label : 0), r.width - (below ? label : 0),
                  i == errors - 1 ? STYLE_ERROR : STYLE_VIOLATION, text, true);
    }
    term_cursor(y, r.x + label + term_width(before) - skip);
}
