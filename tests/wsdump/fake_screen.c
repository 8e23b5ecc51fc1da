/* See fake_screen.h. */
#include "fake_screen.h"

#include "ui.h"

struct fake_screen {
    screen base; /* first */
    ui ui;
    GArray *parts[FAKE_PARTS];
    uint64_t selected;
};

static void append(GArray *to, const GArray *from)
{
    g_array_append_vals(to, from->data, from->len);
}

static void collect(const screen *s, const ui *u, bool tagged, GArray *rows, GArray *connections)
{
    (void)u;
    const fake_screen *f = (const fake_screen *)s;
    append(rows, f->parts[tagged ? FAKE_TAGGED : FAKE_ROWS]);
    if (!tagged)
        append(connections, f->parts[FAKE_CONNECTIONS]);
}

static uint64_t row(const screen *s, const ui *u)
{
    (void)u;
    return ((const fake_screen *)s)->selected;
}

static uint64_t connection(const screen *s, const ui *u)
{
    (void)u;
    const GArray *numbers = ((const fake_screen *)s)->parts[FAKE_CONNECTIONS];
    return numbers->len ? g_array_index(numbers, uint64_t, 0) : 0;
}

static const screen_class fake_class = {
    .name = "list", .collect = collect, .row = row, .connection = connection};

fake_screen *fake_screen_new(store *s, const interface_options *o)
{
    fake_screen *f = g_new0(fake_screen, 1);
    f->base.kind = &fake_class;
    for (int i = 0; i < FAKE_PARTS; i++)
        f->parts[i] = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    f->ui.store = s;
    f->ui.options = o;
    f->ui.screens = g_ptr_array_new();
    g_ptr_array_add(f->ui.screens, f);
    g_ptr_array_add(f->ui.screens, f);
    f->ui.notice = g_string_new(NULL);
    f->ui.view = store_look(s);
    prompt_init(&f->ui.prompt);
    return f;
}

void fake_screen_free(fake_screen *f)
{
    export_dialog_clear(&f->ui.saving);
    prompt_clear(&f->ui.prompt);
    g_string_free(f->ui.notice, TRUE);
    g_ptr_array_unref(f->ui.screens);
    store_release(&f->ui.view);
    for (int i = 0; i < FAKE_PARTS; i++)
        g_array_unref(f->parts[i]);
    g_free(f->ui.filter);
    g_free(f);
}

void fake_screen_list(fake_screen *f, fake_part part, const uint64_t *numbers, size_t count)
{
    g_array_set_size(f->parts[part], 0);
    if (count > 0)
        g_array_append_vals(f->parts[part], numbers, (guint)count);
}

void fake_screen_select(fake_screen *f, uint64_t selected)
{
    f->selected = selected;
}

void fake_screen_filter(fake_screen *f, const char *filter)
{
    g_free(f->ui.filter);
    f->ui.filter = g_strdup(filter);
}

void fake_screen_save(fake_screen *f)
{
    export_dialog_ask(&f->ui, &f->base);
}

void fake_screen_key(fake_screen *f, int key)
{
    prompt_key(&f->ui.prompt, &f->ui, key == '\n' ? TERM_ENTER : key);
}

bool fake_screen_step(fake_screen *f)
{
    return export_dialog_step(&f->ui, 0);
}

const char *fake_screen_prompt(const fake_screen *f)
{
    return f->ui.prompt.label ? f->ui.prompt.text->str : NULL;
}

const char *fake_screen_wrong(const fake_screen *f)
{
    return f->ui.prompt.error ? f->ui.prompt.error[0] : NULL;
}

const char *fake_screen_meaning(const fake_screen *f)
{
    return f->ui.prompt.meaning(f->ui.prompt.text->str);
}

const char *fake_screen_subject(const fake_screen *f)
{
    return f->ui.prompt.subject;
}

const char *fake_screen_notice(const fake_screen *f, bool *is_error)
{
    *is_error = f->ui.notice_is_error;
    return f->ui.notice->str;
}
