#include "words.h"

#include <string.h>

GQuark words_error_quark(void)
{
    return g_quark_from_static_string("words-error");
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

bool words_wrong(const words *w, unsigned column, GError **error, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    g_autofree char *what = g_strdup_vprintf(format, values);
    va_end(values);
    /* A tab in the line stays a tab under it, so that the caret stands where it should. */
    g_autofree char *indent = g_strndup(w->source, column - 1);
    for (char *c = indent; *c; c++)
        if (*c != '\t')
            *c = ' ';
    g_set_error(error, WORDS_ERROR, 0, "%s:%u:%u: %s\n  %s\n  %s^", w->file, w->line, column, what,
                w->source, indent);
    return false;
}

/* The length of the word at `at`; 0 when a quote has no end, with *open = where it begins. */
static size_t word_length(const char *at, const char **open)
{
    bool quoted = false;
    const char *c = at;
    for (; *c && (quoted || !is_space(*c)); c++) {
        if (*c == '"') {
            quoted = !quoted;
            *open = c;
        } else if (quoted && *c == '\\' && c[1]) {
            c++;
        }
    }
    return quoted ? 0 : (size_t)(c - at);
}

static void add_word(words *w, char *text)
{
    word one = {.text = text};
    size_t name = strspn(text, "abcdefghijklmnopqrstuvwxyz-_");
    if (name > 0 && text[0] != '-' && text[name] == '=') {
        text[name] = '\0';
        one = (word){.name = text, .text = text + name + 1};
    }
    one.column = (unsigned)(one.text - w->cut) + 1;
    if (one.name)
        g_array_append_val(w->options, one);
    else
        g_array_append_val(w->plain, one);
}

bool words_split(words *w, const char *file, unsigned line, const char *text, GError **error)
{
    *w = (words){.file = file,
                 .line = line,
                 .source = g_strndup(text, strcspn(text, "\r\n")),
                 .plain = g_array_new(FALSE, FALSE, sizeof(word)),
                 .options = g_array_new(FALSE, FALSE, sizeof(word))};
    w->cut = g_strdup(w->source);
    for (char *at = w->cut;;) {
        while (is_space(*at))
            at++;
        if (!*at || (*at == '#' && w->plain->len + w->options->len == 0))
            return true;
        const char *open = at;
        size_t len = word_length(at, &open);
        if (len == 0) {
            g_array_set_size(w->plain, 0);
            g_array_set_size(w->options, 0);
            return words_wrong(w, (unsigned)(open - w->cut) + 1, error,
                               "this text has no end; close it with \"");
        }
        bool more = at[len] != '\0';
        at[len] = '\0';
        add_word(w, at);
        if (!more)
            return true;
        at += len + 1;
    }
}

void words_clear(words *w)
{
    g_clear_pointer(&w->plain, g_array_unref);
    g_clear_pointer(&w->options, g_array_unref);
    g_clear_pointer(&w->source, g_free);
    g_clear_pointer(&w->cut, g_free);
}

size_t words_count(const words *w)
{
    return w->plain->len;
}

const word *words_at(const words *w, size_t index)
{
    static _Thread_local word end;
    if (index < w->plain->len)
        return &g_array_index(w->plain, word, index);
    end = (word){.text = "", .column = (unsigned)strlen(w->source) + 1};
    return &end;
}

bool words_are(const words *w, size_t index, const char *text)
{
    return strcmp(words_at(w, index)->text, text) == 0;
}

const word *words_option(const words *w, const char *name)
{
    for (guint i = 0; i < w->options->len; i++) {
        const word *option = &g_array_index(w->options, word, i);
        if (strcmp(option->name, name) == 0)
            return option;
    }
    return NULL;
}

bool words_only(const words *w, const char *names, size_t most, GError **error)
{
    g_auto(GStrv) known = g_strsplit(names, " ", -1);
    for (guint i = 0; i < w->options->len; i++) {
        const word *option = &g_array_index(w->options, word, i);
        if (!g_strv_contains((const char *const *)known, option->name))
            return words_wrong(w, option->column - (unsigned)strlen(option->name) - 1, error,
                               *names ? "no option %s= here; there is: %s"
                                      : "no option %s= here; there is none%s",
                               option->name, names);
    }
    if (words_count(w) > most)
        return words_wrong(w, words_at(w, most)->column, error, "one word too many");
    return true;
}

bool words_number(const words *w, const word *at, const char *what, uint64_t low, uint64_t high,
                  uint64_t *number, GError **error)
{
    if (!g_ascii_string_to_unsigned(at->text, 10, low, high, number, NULL))
        return words_wrong(w, at->column, error,
                           "%s is a whole number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT,
                           what, low, high);
    return true;
}
