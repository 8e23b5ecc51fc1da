/* See keys.h. */
#include "keys.h"

#include "screens.h"

#include <string.h>

/* ---- Movement, search, filter: what the screen's class has functions for --------------------- */

#define MOVE(name, step)               \
    static void name(ui *u, screen *s) \
    {                                  \
        s->kind->move(s, u, step);     \
    }
MOVE(up, LIST_UP)
MOVE(down, LIST_DOWN)
MOVE(page_up, LIST_PAGE_UP)
MOVE(page_down, LIST_PAGE_DOWN)
MOVE(half_up, LIST_HALF_UP)
MOVE(half_down, LIST_HALF_DOWN)
MOVE(first, LIST_FIRST)
MOVE(last, LIST_LAST)
#undef MOVE

static void left(ui *u, screen *s)
{
    (void)u;
    s->kind->sideways(s, -8);
}

static void right(ui *u, screen *s)
{
    (void)u;
    s->kind->sideways(s, 8);
}

static void open_selected(ui *u, screen *s)
{
    s->kind->open(s, u);
}

static void search_again(ui *u, screen *s, bool backwards, bool here)
{
    if (!u->search)
        ui_say(u, "nothing was searched yet: / asks for it");
    else if (!s->kind->search(s, u, u->search, backwards, here))
        ui_say(u, "\"%s\" is not found %s here", u->search, backwards ? "above" : "below");
}

static void search_next(ui *u, screen *s)
{
    search_again(u, s, false, false);
}

static void search_previous(ui *u, screen *s)
{
    search_again(u, s, true, false);
}

static bool search_typed(ui *u, const char *text, GError **error)
{
    (void)error;
    if (*text) {
        g_free(u->search);
        u->search = g_strdup(text);
    }
    search_again(u, ui_top(u), false, true);
    return true;
}

static void ask_search(ui *u, screen *s)
{
    (void)s;
    prompt_ask(&u->prompt, "Search: ", NULL, search_typed);
}

static bool filter_typed(ui *u, const char *text, GError **error)
{
    screen *s = ui_top(u);
    const char *wanted = *text ? text : NULL;
    if (!s->kind->filter(s, u, wanted, error))
        return false;
    g_free(u->filter);
    u->filter = g_strdup(wanted);
    return true;
}

static void ask_filter(ui *u, screen *s)
{
    (void)s;
    prompt_ask(&u->prompt, "Filter: ", u->filter, filter_typed);
}

static void toggle_follow(ui *u, screen *s)
{
    bool *follow = s->kind->follow(s);
    *follow = !*follow;
    if (*follow)
        s->kind->move(s, u, LIST_LAST);
}

static void tag(ui *u, screen *s)
{
    s->kind->tag(s, u);
}

static const action list_actions[] = {
    {{TERM_ENTER}, "Open", "open what is selected", open_selected},
    {{TERM_F1 + 2, '/'},
     "Search",
     "search in whole payloads; small letters match large ones",
     ask_search},
    {{'n'}, NULL, "search on", search_next},
    {{'N'}, NULL, "search backwards", search_previous},
    {{TERM_F1 + 3, '\\'},
     "Filter",
     "show only what matches a display filter, as with -Y",
     ask_filter},
    {{'F'}, "Follow", "follow what is new, or stop", toggle_follow},
    {{' '}, NULL, "tag what is selected, or untag it", tag},
    {{TERM_UP, 'k'}, NULL, "one up", up},
    {{TERM_DOWN, 'j'}, NULL, "one down", down},
    {{TERM_PAGE_UP, 'b' & 31}, NULL, "a page up", page_up},
    {{TERM_PAGE_DOWN, 'f' & 31}, NULL, "a page down", page_down},
    {{'u' & 31}, NULL, "half a page up", half_up},
    {{'d' & 31}, NULL, "half a page down", half_down},
    {{TERM_HOME, 'g'}, NULL, "to the first", first},
    {{TERM_END, 'G'}, NULL, "to the last", last},
    {{TERM_LEFT}, NULL, "to the left", left},
    {{TERM_RIGHT}, NULL, "to the right", right},
};
const action_table keys_of_lists = {list_actions, G_N_ELEMENTS(list_actions)};

bool keys_fit(const screen_class *kind, const action *a)
{
    if (a->run == open_selected)
        return kind->open;
    if (a->run == ask_search || a->run == search_next || a->run == search_previous)
        return kind->search;
    if (a->run == ask_filter)
        return kind->filter;
    if (a->run == toggle_follow)
        return kind->follow;
    if (a->run == tag)
        return kind->tag;
    if (a->run == left || a->run == right)
        return kind->sideways;
    return kind->move;
}

/* ---- Everywhere ------------------------------------------------------------------------------ */

static uint64_t selected_connection(ui *u, const screen *s)
{
    uint64_t conn = s->kind->connection ? s->kind->connection(s, u) : 0;
    if (!conn)
        ui_say(u, "no connection is selected");
    return conn;
}

static void open_ladder(ui *u, screen *s)
{
    uint64_t conn = selected_connection(u, s);
    if (conn)
        ui_push(u, ladder_new(u, conn));
}

static void open_handshake(ui *u, screen *s)
{
    uint64_t conn = selected_connection(u, s);
    if (conn)
        ui_push(u, handshake_new(conn));
}

/* Of all connections where they are listed, else of the one that the screen is about. */
static void open_statistics(ui *u, screen *s)
{
    bool all = u->screens->len == 1 || !s->kind->connection;
    ui_push(u, statistics_new(all ? 0 : s->kind->connection(s, u)));
}

static void open_findings(ui *u, screen *s)
{
    (void)s;
    ui_push(u, findings_new(u));
}

static void open_help(ui *u, screen *s)
{
    ui_push(u, help_new(s));
}

static void toggle_pause(ui *u, screen *s)
{
    (void)s;
    u->paused = !u->paused;
    u->paused_end = u->view.end;
}

static void next_time(ui *u, screen *s)
{
    (void)s;
    static const char *const names[UI_TIMES] = {"time of day", "since the first record",
                                                "since the row above"};
    u->time = (u->time + 1) % UI_TIMES;
    ui_say(u, "times: %s", names[u->time]);
}

static bool quit_answered(ui *u, const char *text, GError **error)
{
    (void)error;
    u->leave = g_ascii_tolower(*text) == 'y';
    return true;
}

static void leave(ui *u, screen *s)
{
    (void)s;
    const interface_options *o = u->options;
    if (u->saving.running)
        ui_complain(u, "%s is still being written", u->saving.running->path);
    else if (o->live && !o->saved && u->capture.phase == STORE_RUNNING && u->view.end > 0)
        prompt_question(&u->prompt, "Leave? What was captured is not saved (y, n) ", quit_answered);
    else
        u->leave = true;
}

static void back(ui *u, screen *s)
{
    if (u->screens->len > 1)
        ui_pop(u);
    else
        leave(u, s);
}

/* Esc leaves help and dialogs; elsewhere it is easily pressed too often. */
static void escape(ui *u, screen *s)
{
    if (strcmp(s->kind->name, "help") == 0)
        ui_pop(u);
}

static void redraw(ui *u, screen *s)
{
    (void)u, (void)s;
    term_redraw_all();
}

static const action all_actions[] = {
    {{TERM_F1, '?'}, "Help", "show the keys of this screen", open_help},
    {{TERM_F1 + 1, 'w'},
     "Save",
     "write messages or connections to a file: .jsonl, .txt, .pcapng, .bin",
     export_dialog_ask},
    {{'y'}, NULL, "copy the selected message to the clipboard", export_dialog_copy},
    {{TERM_F1 + 4, 'l'}, "Ladder", "the ladder of the selected connection", open_ladder},
    {{TERM_F1 + 6, 'H'}, "Shake", "the handshake of the selected connection", open_handshake},
    {{TERM_F1 + 7, 'i'}, "Stats", "statistics", open_statistics},
    {{TERM_F1 + 8, '!'}, "Finds", "all violations, gaps and guesses", open_findings},
    {{TERM_F1 + 9, 'q'}, "Back", "go back one screen; leave, at the first one", back},
    {{'Q'}, NULL, "leave", leave},
    {{'p'}, "Pause", "stop the picture, not the capture; or go on", toggle_pause},
    {{'t'}, "Time", "time of day, since the beginning, since the row above", next_time},
    {{TERM_ESCAPE}, NULL, "close help and dialogs", escape},
    {{'l' & 31}, NULL, "draw the screen anew", redraw},
};
const action_table keys_of_all = {all_actions, G_N_ELEMENTS(all_actions)};

const action *ui_next_action(const screen *s, size_t *at)
{
    const action_table *tables[] = {&s->kind->actions, &keys_of_lists, &keys_of_all};
    size_t before = 0;
    for (size_t t = 0; t < G_N_ELEMENTS(tables); t++) {
        while (*at < before + tables[t]->count) {
            const action *a = &tables[t]->actions[(*at)++ - before];
            if (tables[t] != &keys_of_lists || keys_fit(s->kind, a))
                return a;
        }
        before += tables[t]->count;
    }
    return NULL;
}
