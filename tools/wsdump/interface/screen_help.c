/* Help: what a screen shows, and its keys, made of the tables that dispatch them. */
#include "page_screen.h"
#include "screens.h"

static void add_keys(lines *out, const action *a)
{
    g_autoptr(GString) keys = g_string_new(NULL);
    for (int i = 0; i < ACTION_KEYS && a->keys[i]; i++) {
        char name[16];
        term_key_name(a->keys[i], name);
        g_string_append_printf(keys, "%s%s", i ? " " : "", name);
    }
    lines_begin(out);
    lines_addf(out, STYLE_KEY, "  %-16s", keys->str);
    lines_addf(out, STYLE_NORMAL, " %s", a->help);
}

/* Words in lines of this width. */
static void add_paragraph(lines *out, const char *text, int width)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    int used = width;
    for (char **word = words; *word; word++) {
        int columns = term_width(*word);
        if (used + 1 + columns > width - 2) {
            lines_begin(out);
            used = 1;
        }
        lines_addf(out, STYLE_NORMAL, " %s", *word);
        used += 1 + columns;
    }
}

static void make(page_screen *p, ui *u, lines *out, int width)
{
    (void)u;
    const screen *of = p->subject;
    add_paragraph(out, of->kind->help, width);
    lines_begin(out);
    const action *a;
    for (size_t at = 0; (a = ui_next_action(of, &at));)
        add_keys(out, a);
    lines_begin(out);
    add_paragraph(
        out,
        "With a mouse: click selects, a second click opens, the wheel scrolls; the headings "
        "of columns sort, and the bar below is the keys that it names.",
        width);
}

static const screen_class help_class = {
    .name = "help",
    .help = "The keys of the screen below this one.",
    PAGE_SCREEN_FUNCTIONS,
};

screen *help_new(const screen *of)
{
    page_screen *p = page_screen_new(&help_class, 0);
    p->subject = of;
    p->once = true;
    p->make = make;
    return &p->base;
}
