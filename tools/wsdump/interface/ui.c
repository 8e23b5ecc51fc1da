/* The loop, the rows around a screen, and reading the store. See ui.h. */
#include "ui.h"

#include "format.h"
#include "keys.h"
#include "screens.h"

#include <string.h>

/* While something comes a picture begins every 80 ms, so more than ten times a second even where
 * one is late; reading the store may take a part of that time. A capture that is opened has its
 * first rows soon. */
enum { TICK_US = 80000, FIRST_TICK_US = 10000, SLICE_US = 30000, KEYS_PER_PICTURE = 32 };

static volatile gint leave_wanted;

void interface_leave(void)
{
    g_atomic_int_set(&leave_wanted, 1);
}

/* ---- Screens --------------------------------------------------------------------------------- */

screen *ui_top(ui *u)
{
    return u->screens->pdata[u->screens->len - 1];
}

void ui_push(ui *u, screen *s)
{
    g_ptr_array_add(u->screens, s);
}

void ui_pop(ui *u)
{
    if (u->screens->len > 1)
        g_ptr_array_remove_index(u->screens, u->screens->len - 1);
}

static void free_screen(gpointer s)
{
    ((screen *)s)->kind->free(s);
}

static void say(ui *u, bool error, const char *format, va_list args)
{
    g_string_vprintf(u->notice, format, args);
    u->notice_is_error = error;
}

void ui_say(ui *u, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(u, false, format, args);
    va_end(args);
}

void ui_complain(ui *u, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(u, true, format, args);
    va_end(args);
}

/* ---- What the store has ---------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
    uint64_t x = ((const store_connection *)a)->number, y = ((const store_connection *)b)->number;
    return x < y ? -1 : x > y;
}

const store_connection *ui_connection(const ui *u, uint64_t number)
{
    const store_connection wanted = {.number = number};
    return u->connections->len == 0 ? NULL
                                    : bsearch(&wanted, u->connections->data, u->connections->len,
                                              sizeof wanted, by_number);
}

uint64_t ui_newest_row(const ui *u, uint64_t conn)
{
    const store_connection *c = conn ? ui_connection(u, conn) : NULL;
    return c ? c->last_row : STORE_NO_ROW;
}

/* The connections before the rows: so no newest row is behind the view. */
static void read_store(ui *u)
{
    if (!u->paused) {
        u->connections_dropped = store_connections(u->store, u->connections);
        u->capture = store_get_capture(u->store);
        u->memory = store_memory(u->store, &u->memory_limit);
    }
    store_release(&u->view);
    u->view = store_look(u->store);
    if (!u->first_ns && u->view.end > u->view.first)
        u->first_ns = store_row(&u->view, u->view.first)->time_ns;
    if (u->paused)
        u->view.end = MAX(u->view.first, MIN(u->view.end, u->paused_end));
}

/* ---- Times ----------------------------------------------------------------------------------- */

void ui_add_time(const ui *u, GString *out, int64_t time_ns, int64_t before_ns)
{
    char text[FORMAT_TEXT];
    if (u->time == UI_TIME_OF_DAY)
        g_string_append(out, format_clock(text, time_ns));
    else
        g_string_append_printf(
            out, "%12.6f",
            (double)(time_ns - (u->time == UI_TIME_DELTA ? before_ns : u->first_ns)) / 1e9);
}

/* ---- The rows around a screen ---------------------------------------------------------------- */

/* A row of two texts, the right one giving way. */
static void draw_row(int y, int width, style s, const char *left, const char *right)
{
    term_fill((region){y, 0, 1, width}, s);
    int used = term_text(y, 0, width, s, left, true);
    int room = width - used - 1;
    int wanted = term_width(right);
    if (wanted <= room)
        term_text(y, width - wanted, wanted, s, right, false);
    else if (room > 8)
        term_text(y, used + 1, room, s, right, true);
}

static void draw_title(const ui *u, int width)
{
    g_autoptr(GString) left = g_string_new(" wsdump  "), right = g_string_new(NULL);
    g_string_append(left, u->options->title);
    if (u->options->bpf)
        g_string_append_printf(left, " %s %s", term_glyphs()->dot, u->options->bpf);
    const store_capture *c = &u->capture;
    if (c->phase == STORE_RUNNING && c->bytes_total)
        g_string_append_printf(right, "reading %d%%  ",
                               (int)(100 * MIN(c->bytes, c->bytes_total) / c->bytes_total));
    else if (c->phase == STORE_RUNNING && !c->live)
        g_string_append(right, "reading  ");
    else if (c->phase != STORE_RUNNING && u->options->live)
        g_string_append(right, "capture ended  ");
    g_string_append_printf(right, "packets %" G_GUINT64_FORMAT "  ", c->packets);
    if (c->live && c->kernel_drops >= 0)
        g_string_append_printf(right, "drops %" G_GUINT64_FORMAT "  ",
                               (uint64_t)c->kernel_drops + c->ring_drops);
    uint64_t used = u->memory + c->memory + c->packets_kept;
    g_string_append_printf(right, "mem %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT " MiB ",
                           (used + (1 << 19)) >> 20,
                           (c->memory_limit ? c->memory_limit : u->memory_limit) >> 20);
    draw_row(0, width, STYLE_TITLE, left->str, right->str);
}

static void draw_subtitle(ui *u, screen *s, int width, bool complete)
{
    g_autoptr(GString) left = g_string_new(" "), right = g_string_new(NULL);
    g_string_append(left, s->kind->name);
    g_string_append_c(left, ' ');
    s->kind->describe(s, u, left);
    if (u->filter && s->kind->filter)
        g_string_append_printf(left, "  filter: %s", u->filter);
    if (!complete)
        g_string_append(right, "looking on  ");
    if (u->view.first > 0)
        g_string_append_printf(right, "%" G_GUINT64_FORMAT " oldest rows left memory  ",
                               u->view.first);
    if (s->kind->follow && *s->kind->follow(s))
        g_string_append_printf(right, "%s follow ", term_glyphs()->follow);
    if (u->paused)
        g_string_append_printf(right, " %s paused ", term_glyphs()->paused);
    draw_row(1, width, STYLE_NORMAL, left->str, right->str);
}

enum { BAR_OTHERS = 14 };

/* Where an action stands in the bar: Enter, the function keys, others; 0 = nowhere. */
static int bar_place(const action *a)
{
    int key = a->keys[0];
    if (!a->label)
        return 0;
    return key == TERM_ENTER                   ? 1
           : key >= TERM_F1 && key <= TERM_F12 ? 2 + key - TERM_F1
                                               : BAR_OTHERS;
}

/* Draws the key and what it does, from column x on, and returns the next one; 0 = no room. */
static int draw_key(ui *u, const action *a, size_t nth, int x, region r)
{
    char key[16];
    int y = r.height - 1;
    term_key_name(a->keys[0], key);
    if (x + term_width(key) + term_width(a->label) + (bar_place(a) == BAR_OTHERS) > r.width)
        return 0;
    if (bar_place(a) == BAR_OTHERS && x + 1 < r.width)
        x += term_text(y, x, 1, STYLE_BAR, " ", false);
    u->bar[nth].from = x;
    x += term_text(y, x, r.width - x, STYLE_BAR_KEY, key, false);
    x += term_text(y, x, r.width - x, STYLE_BAR, a->label, false);
    u->bar[nth].to = x;
    u->bar[nth].action = a;
    return x;
}

static void draw_bar(ui *u, const screen *s, region r)
{
    size_t shown = 0;
    int x = 0;
    for (int place = 1; place <= BAR_OTHERS; place++) {
        const action *a;
        for (size_t at = 0; (a = ui_next_action(s, &at));) {
            int next = bar_place(a) == place && shown < UI_BAR ? draw_key(u, a, shown, x, r) : 0;
            shown += next > 0;
            x = next > 0 ? next : x;
        }
    }
    if (shown < UI_BAR)
        u->bar[shown].action = NULL;
    term_fill((region){r.height - 1, x, 1, r.width - x}, STYLE_BAR);
}

static void draw_writing(const export_job *j, region r)
{
    g_autofree char *text =
        g_strdup_printf("writing %s: %d%%", j->path, (int)(100 * export_progress(j)));
    draw_row(r.height - 1, r.width, STYLE_BAR, text, "");
}

static void draw(ui *u, bool complete)
{
    region all = term_screen();
    screen *s = ui_top(u);
    term_begin();
    term_cursor(-1, 0);
    if (all.width < 20 || all.height < 6) {
        term_text(0, 0, all.width, STYLE_NORMAL, "larger, please", false);
        term_end();
        return;
    }
    draw_title(u, all.width);
    draw_subtitle(u, s, all.width, complete);
    s->kind->draw(s, u, ui_region());
    const store_capture *c = &u->capture;
    if (u->prompt.label)
        prompt_draw(&u->prompt, all);
    else if (u->notice->len > 0)
        draw_row(all.height - 1, all.width, u->notice_is_error ? STYLE_ERROR : STYLE_BAR,
                 u->notice->str, "");
    else if (u->saving.running)
        draw_writing(u->saving.running, all);
    else
        draw_bar(u, s, all);
    if (c->phase == STORE_DAMAGED && !u->prompt.label)
        draw_row(all.height - 2, all.width, STYLE_ERROR, c->error, "");
    term_end();
}

region ui_region(void)
{
    region r = term_screen();
    return (region){2, 0, MAX(r.height - 3, 1), r.width};
}

/* ---- What the user does ---------------------------------------------------------------------- */

static const action *find_action(const screen *s, int key)
{
    const action *a;
    for (size_t at = 0; (a = ui_next_action(s, &at));)
        for (int i = 0; i < ACTION_KEYS; i++)
            if (a->keys[i] == key)
                return a;
    return NULL;
}

static void click(ui *u, screen *s, term_event e)
{
    region all = term_screen(), r = ui_region();
    if (e.y == all.height - 1) {
        for (size_t i = 0; i < UI_BAR && u->bar[i].action; i++)
            if (e.x >= u->bar[i].from && e.x < u->bar[i].to) {
                u->bar[i].action->run(u, s);
                return;
            }
    } else if (s->kind->click && e.y >= r.y && e.y < r.y + r.height) {
        s->kind->click(s, u, e.y - r.y, e.x - r.x);
    }
}

static void handle(ui *u, term_event e)
{
    screen *s = ui_top(u);
    g_string_truncate(u->notice, 0);
    if (e.key == TERM_RESIZE)
        return;
    if (u->prompt.label) {
        prompt_key(&u->prompt, u, e.key);
    } else if (e.key == TERM_CLICK) {
        click(u, s, e);
    } else if (e.key == TERM_WHEEL_UP || e.key == TERM_WHEEL_DOWN) {
        if (s->kind->move)
            s->kind->move(s, u, e.key == TERM_WHEEL_UP ? LIST_WHEEL_UP : LIST_WHEEL_DOWN);
    } else {
        const action *a = find_action(s, e.key);
        char name[16];
        if (a) {
            a->run(u, s);
        } else {
            term_key_name(e.key, name);
            ui_say(u, "%s does nothing here; ? shows the keys", name);
        }
    }
}

/* Keys that come fast are handled without a picture for each, but each with the data that a new
 * screen needs. */
static bool take_events(ui *u, int wait)
{
    bool any = false;
    for (int i = 0; i < KEYS_PER_PICTURE && !u->leave; i++) {
        term_event e = term_wait(any ? 0 : wait);
        if (e.key == TERM_NONE)
            break;
        handle(u, e);
        any = true;
        screen *s = ui_top(u);
        s->kind->update(s, u, g_get_monotonic_time() + SLICE_US);
    }
    return any;
}

/* Milliseconds until the next picture, counted from when the last one began: what drawing takes
 * does not make pictures rarer. Rows that are left to look at do not wait, and those that a capture
 * begins with wait less. */
static int until_next(const ui *u, gint64 began, bool complete)
{
    bool opening = u->view.end == 0 && u->capture.phase == STORE_RUNNING && !u->capture.live;
    gint64 left = began + (opening ? FIRST_TICK_US : TICK_US) - g_get_monotonic_time();
    return complete && left > 0 ? (int)(left + 999) / 1000 : 0;
}

static void loop(ui *u)
{
    uint64_t drawn = 0;
    bool dirty = true, complete = true;
    while (!u->leave && !g_atomic_int_get(&leave_wanted)) {
        gint64 began = g_get_monotonic_time();
        uint64_t version = store_version(u->store);
        bool news = version != drawn && !u->paused;
        if (dirty || news || !complete) {
            read_store(u);
            screen *s = ui_top(u);
            complete = s->kind->update(s, u, g_get_monotonic_time() + SLICE_US);
            draw(u, complete);
            drawn = version;
        }
        bool wrote = export_dialog_step(u, g_get_monotonic_time() + SLICE_US);
        dirty = take_events(u, wrote ? 0 : until_next(u, began, complete)) || wrote;
    }
}

void interface_run(store *s, const interface_options *o)
{
    ui u = {.store = s,
            .options = o,
            .connections = g_array_new(FALSE, TRUE, sizeof(store_connection)),
            .screens = g_ptr_array_new_with_free_func(free_screen),
            .notice = g_string_new(NULL)};
    u.view = store_look(s);
    u.filter = g_strdup(o->filter);
    prompt_init(&u.prompt);
    ui_push(&u, connections_new(&u));
    if (o->connection > 0)
        ui_push(&u, messages_new_goto(&u, o->connection, o->frame));
    loop(&u);
    g_ptr_array_unref(u.screens);
    store_release(&u.view);
    prompt_clear(&u.prompt);
    export_dialog_clear(&u.saving);
    g_array_unref(u.connections);
    g_string_free(u.notice, TRUE);
    g_free(u.filter);
    g_free(u.search);
}

gboolean interface_open(const interface_options *o, GError **error)
{
    return term_open(o->keys, error);
}

void interface_close(void)
{
    term_close();
}
