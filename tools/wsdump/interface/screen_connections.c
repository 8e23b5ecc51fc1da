/* All connections: a row each. What the columns are stands in one table. */
#define _GNU_SOURCE /* qsort_r */
#include "escape.h"
#include "format.h"
#include "scan.h"
#include "screens.h"
#include "search.h"

#include <stdlib.h>
#include <string.h>

typedef struct connections {
    screen base;
    list list;
    GArray *shown;     /* of store_connection, sorted */
    uint64_t selected; /* number */
    size_t column;     /* what is sorted by */
    bool descending;
    size_t first_column; /* scrolled sideways */
    /* With a display filter: which connections have a record that it lets through. */
    scan *scan;
    GHashTable *matching; /* numbers; NULL = no filter */
    GHashTable *tagged;
} connections;

static connections *self(screen *s)
{
    return (connections *)s;
}

/* ---- Columns --------------------------------------------------------------------------------- */

typedef struct column {
    const char *title;
    int width; /* negative: aligned to the left; 0: what is left of the row */
    void (*write)(const ui *u, const store_connection *c, GString *out);
    int (*compare)(const store_connection *a, const store_connection *b);
    style (*style)(const store_connection *c);
} column;

#define COMPARE(name, value)                                                        \
    static int compare_##name(const store_connection *a, const store_connection *b) \
    {                                                                               \
        return (a->value > b->value) - (a->value < b->value);                       \
    }
COMPARE(number, number)
COMPARE(opened, opened_ns)
COMPARE(client_messages, messages[WSP_FROM_CLIENT])
COMPARE(server_messages, messages[WSP_FROM_SERVER])
COMPARE(client_bytes, bytes[WSP_FROM_CLIENT])
COMPARE(server_bytes, bytes[WSP_FROM_SERVER])
COMPARE(rtt, rtt_ns)
COMPARE(violations, violations)
COMPARE(code, close_code)
COMPARE(compressed, compressed)
#undef COMPARE

#define COMPARE_TEXT(name)                                                          \
    static int compare_##name(const store_connection *a, const store_connection *b) \
    {                                                                               \
        return strcmp(a->name, b->name);                                            \
    }
COMPARE_TEXT(subprotocol)
#undef COMPARE_TEXT

static int compare_url(const store_connection *a, const store_connection *b)
{
    int host = strcmp(a->host, b->host);
    return host ? host : strcmp(a->path, b->path);
}

static int compare_endpoints(const endpoint *a, const endpoint *b)
{
    int address = memcmp(a->address, b->address, sizeof a->address);
    return address ? address : (int)a->port - (int)b->port;
}

static int compare_client(const store_connection *a, const store_connection *b)
{
    return compare_endpoints(&a->client, &b->client);
}

static int compare_server(const store_connection *a, const store_connection *b)
{
    return compare_endpoints(&a->server, &b->server);
}

static const char *state_of(const store_connection *c)
{
    if (c->handshake == HANDSHAKE_REFUSED)
        return "refused";
    if (c->ended)
        return record_how_name(c->how);
    return c->handshake == HANDSHAKE_SEEN ? "open" : "joined";
}

static int compare_state(const store_connection *a, const store_connection *b)
{
    return strcmp(state_of(a), state_of(b));
}

/* Messages in the last seconds; those before its newest record's second count, silence since not.
 */
static uint64_t newest_rate(const store_connection *c)
{
    return (uint64_t)c->rates[0][STORE_RATES - 1] + c->rates[1][STORE_RATES - 1];
}

static int compare_rate(const store_connection *a, const store_connection *b)
{
    return (newest_rate(a) > newest_rate(b)) - (newest_rate(a) < newest_rate(b));
}

static void add_number(GString *out, uint64_t n)
{
    g_string_append_printf(out, "%" G_GUINT64_FORMAT, n);
}

static void write_number(const ui *u, const store_connection *c, GString *out)
{
    (void)u;
    add_number(out, c->number);
}

static void write_state(const ui *u, const store_connection *c, GString *out)
{
    (void)u;
    g_string_append(out, state_of(c));
}

static void add_endpoint(GString *out, const endpoint *e)
{
    char text[ENDPOINT_TEXT];
    endpoint_format(text, e);
    g_string_append(out, text);
}

static void write_client(const ui *u, const store_connection *c, GString *out)
{
    (void)u;
    add_endpoint(out, &c->client);
}

static void write_server(const ui *u, const store_connection *c, GString *out)
{
    (void)u;
    add_endpoint(out, &c->server);
}

static void write_url(const ui *u, const store_connection *c, GString *out)
{
    (void)u;
    escape_text(out, c->host, strlen(c->host));
    escape_text(out, c->path, strlen(c->path));
    if (!*c->path && !*c->host)
        g_string_append(out, "(not seen)");
}

static void write_subprotocol(const ui *u, const store_connection *c, GString *out)
{
    (void)u;
    escape_text(out, c->subprotocol, strlen(c->subprotocol));
}

static void write_compressed(const ui *u, const store_connection *c, GString *out)
{
    (void)u;
    g_string_append(out, c->compressed ? "yes" : "");
}

static void write_age(const ui *u, const store_connection *c, GString *out)
{
    char text[FORMAT_TEXT];
    int64_t now = c->ended ? c->last_ns : MAX(c->last_ns, u->capture.time_ns);
    g_string_append(out, format_duration(text, now - c->opened_ns, term_is_ascii()));
}

static void write_client_messages(const ui *u, const store_connection *c, GString *out)
{
    (void)u;
    add_number(out, c->messages[WSP_FROM_CLIENT]);
}

static void write_server_messages(const ui *u, const store_connection *c, GString *out)
{
    (void)u;
    add_number(out, c->messages[WSP_FROM_SERVER]);
}

static void write_client_bytes(const ui *u, const store_connection *c, GString *out)
{
    char text[FORMAT_TEXT];
    (void)u;
    g_string_append(out, format_size(text, c->bytes[WSP_FROM_CLIENT]));
}

static void write_server_bytes(const ui *u, const store_connection *c, GString *out)
{
    char text[FORMAT_TEXT];
    (void)u;
    g_string_append(out, format_size(text, c->bytes[WSP_FROM_SERVER]));
}

/* The last seconds of the capture: silence since the newest message moves it to the left. */
static void write_rate(const ui *u, const store_connection *c, GString *out)
{
    uint64_t sums[STORE_RATES] = {0};
    int64_t now = u->capture.time_ns / 1000000000;
    int64_t shift = c->ended ? 0 : CLAMP(now - c->rates_second, 0, STORE_RATES);
    for (int64_t i = 0; i + shift < STORE_RATES; i++)
        sums[i] = (uint64_t)c->rates[0][i + shift] + c->rates[1][i + shift];
    format_sparkline(out, sums, STORE_RATES, 8, 0, term_is_ascii());
}

static void write_rtt(const ui *u, const store_connection *c, GString *out)
{
    char text[FORMAT_TEXT];
    (void)u;
    if (c->rtt_ns >= 0)
        g_string_append(out, format_duration(text, c->rtt_ns, term_is_ascii()));
}

static void write_violations(const ui *u, const store_connection *c, GString *out)
{
    (void)u;
    if (c->violations)
        g_string_append_printf(out, "%s%" G_GUINT64_FORMAT, term_glyphs()->violation,
                               c->violations);
    else if (c->gaps)
        g_string_append(out, term_glyphs()->guess);
}

static void write_code(const ui *u, const store_connection *c, GString *out)
{
    (void)u;
    if (c->handshake == HANDSHAKE_REFUSED && c->status)
        g_string_append_printf(out, "HTTP %u", c->status);
    else if (c->closed_by != WSP_FROM_UNKNOWN)
        g_string_append_printf(out, "%s %s",
                               c->closed_by == WSP_FROM_CLIENT ? term_glyphs()->client
                                                               : term_glyphs()->server,
                               c->close_code >= 0 ? "" : "none");
    if (c->handshake != HANDSHAKE_REFUSED && c->close_code >= 0)
        g_string_append_printf(out, "%d", (int)c->close_code);
}

static style style_state(const store_connection *c)
{
    if (c->handshake == HANDSHAKE_REFUSED || (c->ended && c->how == ENDED_RST))
        return STYLE_VIOLATION;
    if (c->ended)
        return STYLE_DIM;
    return c->handshake == HANDSHAKE_SEEN ? STYLE_SERVER : STYLE_GUESS;
}

static style style_violations(const store_connection *c)
{
    return c->violations ? STYLE_VIOLATION : STYLE_GAP;
}

static style style_client(const store_connection *c)
{
    (void)c;
    return STYLE_CLIENT;
}

static style style_server(const store_connection *c)
{
    (void)c;
    return STYLE_SERVER;
}

static const column columns[] = {
    {"#", 4, write_number, compare_number, NULL},
    {"STATE", -7, write_state, compare_state, style_state},
    {"HOST AND PATH", 0, write_url, compare_url, NULL},
    {"MSGS >", 7, write_client_messages, compare_client_messages, style_client},
    {"MSGS <", 7, write_server_messages, compare_server_messages, style_server},
    {"RATE", -8, write_rate, compare_rate, NULL},
    {"!", 4, write_violations, compare_violations, style_violations},
    {"CLOSE", -8, write_code, compare_code, NULL},
    {"AGE", 8, write_age, compare_opened, NULL},
    {"RTT", 8, write_rtt, compare_rtt, NULL},
    {"BYTES >", 8, write_client_bytes, compare_client_bytes, style_client},
    {"BYTES <", 8, write_server_bytes, compare_server_bytes, style_server},
    {"CLIENT", -21, write_client, compare_client, NULL},
    {"SERVER", -21, write_server, compare_server, NULL},
    {"SUBPROTOCOL", -11, write_subprotocol, compare_subprotocol, NULL},
    {"DEFLATE", -7, write_compressed, compare_compressed, NULL},
};
enum { COLUMNS = G_N_ELEMENTS(columns), STRETCH_MIN = 24 };

/* Columns from `first` on that fit, and the width of the one that takes what is left. */
static size_t fit_columns(size_t first, int width, int *stretch)
{
    int used = 0;
    size_t i = first;
    bool stretches = false;
    for (; i < COLUMNS; i++) {
        int wanted = columns[i].width ? abs(columns[i].width) : STRETCH_MIN;
        if (used + wanted > width && i > first)
            break;
        stretches |= !columns[i].width;
        used += wanted + 1;
    }
    *stretch = STRETCH_MIN + (stretches ? MAX(width - used, 0) : 0);
    return i;
}

/* Text in a column: aligned, cut, never wider. */
static void draw_cell(int y, int x, int width, bool right, style s, const char *text)
{
    int taken = right ? MIN(term_width(text), width) : 0;
    term_text(y, x + (right ? width - taken : 0), right ? taken : width, s, text, true);
}

/* ---- What is shown --------------------------------------------------------------------------- */

static int in_order(const void *a, const void *b, void *user)
{
    const connections *c = user;
    const store_connection *x = a, *y = b;
    int result = columns[c->column].compare(x, y);
    if (c->descending)
        result = -result;
    return result ? result : compare_number(x, y);
}

static void matches(void *user, uint64_t row, const record *r)
{
    (void)row;
    g_hash_table_add(user, GSIZE_TO_POINTER(r->conn));
}

static bool update(screen *s, ui *u, gint64 deadline)
{
    connections *c = self(s);
    bool complete = true;
    if (c->matching)
        complete = scan_update(c->scan, &u->view, 0, deadline, matches, c->matching);
    g_array_set_size(c->shown, 0);
    for (guint i = 0; i < u->connections->len; i++) {
        const store_connection *one = &g_array_index(u->connections, store_connection, i);
        if (!c->matching || g_hash_table_contains(c->matching, GSIZE_TO_POINTER(one->number)))
            g_array_append_vals(c->shown, one, 1);
    }
    if (c->column != 0 || c->descending) /* they come in the order of their numbers */
        qsort_r(c->shown->data, c->shown->len, sizeof(store_connection), in_order, c);
    size_t at = c->list.selected;
    list_resize(&c->list, c->shown->len);
    if (c->list.follow || c->shown->len == 0)
        return complete;
    const store_connection *all = (const store_connection *)(void *)c->shown->data;
    if (at >= c->shown->len || all[at].number != c->selected)
        for (size_t i = 0; i < c->shown->len; i++)
            if (all[i].number == c->selected)
                c->list.selected = i;
    return complete;
}

static const store_connection *selected(const connections *c)
{
    return c->list.selected < c->shown->len
               ? &g_array_index(c->shown, store_connection, c->list.selected)
               : NULL;
}

static void remember_selected(connections *c)
{
    const store_connection *now = selected(c);
    c->selected = now ? now->number : 0;
}

static void describe(screen *s, ui *u, GString *out)
{
    connections *c = self(s);
    g_string_append_printf(out, "%u", c->shown->len);
    if (c->matching)
        g_string_append_printf(out, " of %u", u->connections->len);
    if (u->connections_dropped)
        g_string_append_printf(out, ", %" G_GUINT64_FORMAT " older ones forgotten",
                               u->connections_dropped);
    g_string_append_printf(out, "  by %s %s", columns[c->column].title,
                           c->descending ? term_glyphs()->falling : term_glyphs()->rising);
}

static bool is_tagged(const connections *c, const store_connection *one)
{
    return g_hash_table_contains(c->tagged, GSIZE_TO_POINTER(one->number));
}

static void draw_row(const connections *c, const ui *u, size_t item, int y, region r, size_t last,
                     int stretch)
{
    const store_connection *one = &g_array_index(c->shown, store_connection, item);
    bool is_selected = item == c->list.selected;
    bool tagged = is_tagged(c, one);
    if (is_selected)
        term_fill((region){y, r.x, 1, r.width}, STYLE_SELECTED);
    int x = r.x;
    for (size_t i = c->first_column; i < last; i++) {
        int width = columns[i].width ? abs(columns[i].width) : stretch;
        g_autoptr(GString) text = g_string_new(NULL);
        columns[i].write(u, one, text);
        style s = is_selected        ? STYLE_SELECTED
                  : tagged           ? STYLE_TAGGED
                  : columns[i].style ? columns[i].style(one)
                                     : STYLE_NORMAL;
        draw_cell(y, x, MIN(width, r.x + r.width - x), columns[i].width > 0, s, text->str);
        x += width + 1;
    }
    if (tagged)
        term_text(y, r.x + r.width - 1, 1, is_selected ? STYLE_SELECTED : STYLE_TAGGED, "*", false);
}

static void draw(screen *s, ui *u, region r)
{
    connections *c = self(s);
    int stretch, x = r.x;
    size_t last = fit_columns(c->first_column, r.width, &stretch);
    term_fill((region){r.y, r.x, 1, r.width}, STYLE_HEADING);
    for (size_t i = c->first_column; i < last; i++) {
        int width = columns[i].width ? abs(columns[i].width) : stretch;
        draw_cell(r.y, x, width, columns[i].width > 0, STYLE_HEADING, columns[i].title);
        x += width + 1;
    }
    list_fit(&c->list, (size_t)MAX(r.height - 1, 1));
    for (int y = 1; y < r.height && c->list.top + (size_t)y - 1 < c->list.count; y++)
        draw_row(c, u, c->list.top + (size_t)y - 1, r.y + y, r, last, stretch);
    if (c->list.count == 0)
        term_text(r.y + r.height / 2, r.x + 2, r.width - 2, STYLE_DIM,
                  c->matching                         ? "nothing matches the filter"
                  : u->capture.phase == STORE_RUNNING ? "no WebSocket connection so far"
                                                      : "there was no WebSocket traffic",
                  true);
}

/* ---- Keys ------------------------------------------------------------------------------------ */

static void move(screen *s, ui *u, list_step step)
{
    (void)u;
    list_move(&self(s)->list, step);
    remember_selected(self(s));
}

static void open_selected(screen *s, ui *u)
{
    const store_connection *now = selected(self(s));
    if (now)
        ui_push(u, messages_new(u, now->number));
}

static void sort_by(connections *c, size_t by)
{
    if (c->column == by)
        c->descending = !c->descending;
    c->column = by;
    remember_selected(c);
    c->list.follow = false;
}

static void click_heading(connections *c, int x)
{
    int stretch, at = 0;
    size_t last = fit_columns(c->first_column, term_screen().width, &stretch);
    for (size_t i = c->first_column; i < last; i++) {
        at += (columns[i].width ? abs(columns[i].width) : stretch) + 1;
        if (x < at) {
            sort_by(c, i);
            return;
        }
    }
}

static void click(screen *s, ui *u, int y, int x)
{
    connections *c = self(s);
    size_t item = c->list.top + (size_t)MAX(y - 1, 0);
    if (y == 0) {
        click_heading(c, x);
    } else if (item < c->list.count) {
        bool again = item == c->list.selected;
        list_select(&c->list, item);
        remember_selected(c);
        if (again)
            open_selected(s, u);
    }
}

static bool contains(const ui *u, const store_connection *c, const char *text)
{
    g_autoptr(GString) all = g_string_new(NULL);
    for (size_t i = 0; i < COLUMNS; i++) {
        columns[i].write(u, c, all);
        g_string_append_c(all, '\n');
    }
    return search_bytes(all->str, all->len, text);
}

static bool search(screen *s, ui *u, const char *text, bool backwards, bool here)
{
    connections *c = self(s);
    size_t at = c->list.selected;
    for (size_t step = here ? 0 : 1; backwards ? step <= at : at + step < c->list.count; step++) {
        size_t item = backwards ? at - step : at + step;
        if (contains(u, &g_array_index(c->shown, store_connection, item), text)) {
            list_select(&c->list, item);
            remember_selected(c);
            return true;
        }
    }
    return false;
}

static void use_scan(connections *c, scan *new_scan, bool filtered)
{
    scan_free(c->scan);
    c->scan = new_scan;
    g_clear_pointer(&c->matching, g_hash_table_unref);
    if (filtered)
        c->matching = g_hash_table_new(g_direct_hash, g_direct_equal);
}

static bool filter(screen *s, ui *u, const char *text, GError **error)
{
    (void)u;
    scan *new_scan = scan_new(0, text, error);
    if (!new_scan)
        return false;
    use_scan(self(s), new_scan, text);
    return true;
}

static bool *follow(screen *s)
{
    return &self(s)->list.follow;
}

static void sideways(screen *s, int by)
{
    connections *c = self(s);
    if (by < 0)
        c->first_column -= c->first_column > 0;
    else
        c->first_column += c->first_column + 1 < COLUMNS;
}

static uint64_t selected_number(const screen *s, const ui *u)
{
    (void)u;
    const store_connection *now = selected((const connections *)s);
    return now ? now->number : 0;
}

static uint64_t selected_row(const screen *s, const ui *u)
{
    const store_connection *now = selected((const connections *)s);
    return now && now->open_row >= u->view.first && now->open_row < u->view.end ? now->open_row
                                                                                : STORE_NO_ROW;
}

static void tag(screen *s, ui *u)
{
    connections *c = self(s);
    const store_connection *now = selected(c);
    if (!now)
        return;
    if (!g_hash_table_remove(c->tagged, GSIZE_TO_POINTER(now->number)))
        g_hash_table_add(c->tagged, GSIZE_TO_POINTER(now->number));
    move(s, u, LIST_DOWN);
}

static void collect(const screen *s, const ui *u, bool tagged, GArray *rows, GArray *numbers)
{
    (void)u, (void)rows;
    const connections *c = (const connections *)s;
    for (guint i = 0; i < c->shown->len; i++) {
        const store_connection *one = &g_array_index(c->shown, store_connection, i);
        if (!tagged || is_tagged(c, one))
            g_array_append_val(numbers, one->number);
    }
}

static void free_connections(screen *s)
{
    connections *c = self(s);
    use_scan(c, NULL, false);
    g_array_unref(c->shown);
    g_hash_table_unref(c->tagged);
    g_free(c);
}

static void sort_left(ui *u, screen *s)
{
    (void)u;
    connections *c = self(s);
    bool descending = c->descending;
    sort_by(c, (c->column + COLUMNS - 1) % COLUMNS);
    c->descending = descending;
}

static void sort_right(ui *u, screen *s)
{
    (void)u;
    connections *c = self(s);
    bool descending = c->descending;
    sort_by(c, (c->column + 1) % COLUMNS);
    c->descending = descending;
}

static void reverse(ui *u, screen *s)
{
    (void)u;
    sort_by(self(s), self(s)->column);
}

static void open_all(ui *u, screen *s)
{
    (void)s;
    ui_push(u, messages_new(u, 0));
}

static const action actions[] = {
    {{'a'}, "All", "the messages of all connections", open_all},
    {{'<'}, NULL, "sort by the column to the left", sort_left},
    {{TERM_F1 + 5, '>'}, "Sort", "sort by the column to the right", sort_right},
    {{'I'}, NULL, "reverse the order", reverse},
};

static const screen_class connections_class = {
    .name = "connections",
    .help =
        "A row for each connection: open, joined (its handshake is not in the capture), refused, "
        "or how it ended. RATE shows messages in each of the last seconds; ! counts broken rules.",
    .actions = {actions, G_N_ELEMENTS(actions)},
    .update = update,
    .describe = describe,
    .draw = draw,
    .free = free_connections,
    .move = move,
    .click = click,
    .search = search,
    .open = open_selected,
    .filter = filter,
    .follow = follow,
    .tag = tag,
    .collect = collect,
    .sideways = sideways,
    .connection = selected_number,
    .row = selected_row,
};

screen *connections_new(ui *u)
{
    connections *c = g_new0(connections, 1);
    c->base.kind = &connections_class;
    c->shown = g_array_new(FALSE, FALSE, sizeof(store_connection));
    c->tagged = g_hash_table_new(g_direct_hash, g_direct_equal);
    c->list.follow = u->options->live;
    use_scan(c, scan_new(0, u->filter, NULL), u->filter);
    return &c->base;
}
