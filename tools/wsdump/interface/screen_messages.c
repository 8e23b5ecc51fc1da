/* The messages of one connection, or of all: a row each, and for what else happened between them.
 * On a wide terminal with the detail of the selected one beside them. */
#include "detail.h"
#include "message_frames.h"
#include "message_line.h"
#include "rows_screen.h"
#include "screens.h"

#include <string.h>

/* From so many columns on there is room for two panes; lists with fewer have fewer columns. */
enum { WIDE = 120, LIST_MIN = 60, NARROW = 80 };

typedef struct messages {
    rows_screen list;
    bool frames;   /* all frames are shown */
    bool controls; /* pings and pongs are shown */
    detail *detail;
    bool in_detail; /* keys go to it */
    bool asked_for; /* by the user, who does not know yet whether it is there */
    int list_width; /* of the picture; 0 = no other pane */
} messages;

static messages *self(screen *s)
{
    return (messages *)s;
}

static bool shows(const void *user, const record *r)
{
    const messages *m = user;
    if (r->type == RECORD_MESSAGE)
        return m->controls ||
               (r->message.opcode != WSP_OPCODE_PING && r->message.opcode != WSP_OPCODE_PONG);
    return r->type != RECORD_FRAME || m->frames;
}

/* The capture is read: is there what was asked for? */
static void judge_place(messages *m, ui *u)
{
    rows *l = &m->list.rows;
    m->asked_for = false;
    if (!ui_connection(u, l->conn))
        ui_complain(u, "there is no connection %" G_GUINT64_FORMAT, l->conn);
    else if (l->wanted_frame > 0)
        ui_complain(u, "connection %" G_GUINT64_FORMAT " has no frame %" G_GUINT64_FORMAT, l->conn,
                    l->wanted_frame);
    rows_seek_frame(l, 0);
}

static bool update(screen *s, ui *u, gint64 deadline)
{
    messages *m = self(s);
    bool complete = rows_update(&m->list.rows, u, deadline);
    if (complete && m->asked_for && u->capture.phase != STORE_RUNNING)
        judge_place(m, u);
    const row_item *selected = rows_selected(&m->list.rows);
    m->list_width = term_screen().width >= WIDE ? MAX(LIST_MIN, term_screen().width * 11 / 20) : 0;
    if (m->list_width && selected)
        detail_show(m->detail, u, selected->row, term_screen().width - m->list_width - 1);
    if (!m->list_width)
        m->in_detail = false;
    return complete;
}

static void describe(screen *s, ui *u, GString *out)
{
    messages *m = self(s);
    if (m->list.rows.conn)
        g_string_append_printf(out, "of connection %" G_GUINT64_FORMAT ": ", m->list.rows.conn);
    else
        g_string_append(out, "of all connections: ");
    if (m->list.rows.list.count)
        g_string_append_printf(out, "%zu of ", m->list.rows.list.selected + 1);
    g_string_append_printf(out, "%zu rows", m->list.rows.list.count);
    if (!m->controls)
        g_string_append(out, ", pings and pongs hidden");
    (void)u;
}

static void draw_item(void *user, ui *u, size_t item, lines *out, int width)
{
    messages *m = user;
    const row_item *i = rows_get(&m->list.rows, item);
    const row_item *above = item > 0 ? rows_get(&m->list.rows, item - 1) : NULL;
    if (i->row < u->view.first)
        return;
    const record *r = store_row(&u->view, i->row);
    bool known = above && above->row >= u->view.first;
    int64_t before_ns = known ? store_row(&u->view, above->row)->time_ns : r->time_ns;
    const message_layout l = {.ui = u,
                              .conn = m->list.rows.conn == 0,
                              .narrow = width < NARROW,
                              .child = i->parent != STORE_NO_ROW,
                              .before_ns = before_ns};
    message_line(&l, out, r);
}

static void draw(screen *s, ui *u, region r)
{
    messages *m = self(s);
    region left = r;
    if (m->list_width) {
        left.width = m->list_width;
        term_wall(r.y, left.width, r.height);
        detail_draw(m->detail, (region){r.y, left.width + 1, r.height, r.width - left.width - 1});
    }
    lines *head = lines_new();
    const message_layout l = {
        .ui = u, .conn = m->list.rows.conn == 0, .narrow = left.width < NARROW};
    message_line_head(&l, head);
    term_fill((region){left.y, left.x, 1, left.width}, STYLE_HEADING);
    const line titles = lines_get(head, 0);
    term_line(left.y, left.x, left.width, &titles, 0, STYLE_HEADING, NULL);
    lines_free(head);
    rows_draw(&m->list.rows, u, (region){left.y + 1, left.x, left.height - 1, left.width},
              draw_item, m, !m->in_detail);
}

static void move(screen *s, ui *u, list_step step)
{
    (void)u;
    messages *m = self(s);
    if (m->in_detail) {
        detail_move(m->detail, step);
        return;
    }
    rows_seek_frame(&m->list.rows, 0); /* the user goes elsewhere */
    m->asked_for = false;
    list_move(&m->list.rows.list, step);
}

static void open_row(screen *s, ui *u)
{
    const row_item *i = rows_selected(&self(s)->list.rows);
    if (i && i->row >= u->view.first)
        ui_push(u, detail_screen_new(u, i->row));
}

static void click(screen *s, ui *u, int y, int x)
{
    messages *m = self(s);
    m->in_detail = m->list_width && x > m->list_width;
    if (m->in_detail)
        detail_click(m->detail, y);
    else if (y > 0 && rows_click(&m->list.rows, y - 1))
        open_row(s, u);
}

static bool search(screen *s, ui *u, const char *text, bool backwards, bool here)
{
    messages *m = self(s);
    return m->in_detail ? detail_search(m->detail, text, backwards, here)
                        : rows_search(&m->list.rows, u, text, backwards, here);
}

static void sideways(screen *s, int columns)
{
    detail_sideways(self(s)->detail, columns);
}

static void free_messages(screen *s)
{
    detail_free(self(s)->detail);
    rows_screen_free(s);
}

/* ---- Its own keys ---------------------------------------------------------------------------- */

static void unfold(ui *u, screen *s)
{
    rows *l = &self(s)->list.rows;
    const row_item *i = rows_selected(l);
    while (i && i->parent != STORE_NO_ROW) { /* from a frame to its message */
        list_move(&l->list, LIST_UP);
        i = rows_selected(l);
    }
    if (!i || i->row < u->view.first || store_row(&u->view, i->row)->type != RECORD_MESSAGE)
        return;
    const row_item *next = rows_get(l, l->list.selected + 1);
    if (next && next->parent == i->row) {
        rows_remove_children(l, l->list.selected);
        return;
    }
    g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    message_frames(&u->view, i->row, false, frames);
    if (frames->len == 0)
        ui_say(u, "its frames are not in memory any longer");
    rows_insert(l, l->list.selected, frames);
}

static void rescan(ui *u, screen *s)
{
    rows_filter(&self(s)->list.rows, u->filter, NULL);
}

static void toggle_frames(ui *u, screen *s)
{
    self(s)->frames = !self(s)->frames;
    rescan(u, s);
}

static void toggle_controls(ui *u, screen *s)
{
    self(s)->controls = !self(s)->controls;
    rescan(u, s);
}

static void switch_pane(ui *u, screen *s)
{
    messages *m = self(s);
    if (m->list_width)
        m->in_detail = !m->in_detail;
    else
        ui_say(u, "there is room for a second pane from %d columns on", WIDE);
}

static void next_view(ui *u, screen *s)
{
    (void)u;
    detail_next_view(self(s)->detail);
}

static const action actions[] = {
    {{'m', '+'}, "Frames", "unfold the frames of the message, or fold them", unfold},
    {{'f'}, NULL, "show all frames, or only messages", toggle_frames},
    {{'z'}, NULL, "hide pings and pongs, or show them", toggle_controls},
    {{TERM_TAB}, NULL, "to the other pane, on a wide terminal", switch_pane},
    {{'x'}, NULL, "the other pane: payload, bytes in hexadecimal, header bit by bit", next_view},
};

static const screen_class messages_class = {
    .name = "messages",
    .help = "Every message with its time, direction, type, size, size on the wire and beginning. "
            "What else happened is a row of its own: openings, violations, gaps and ends.",
    .actions = {actions, G_N_ELEMENTS(actions)},
    .update = update,
    .describe = describe,
    .draw = draw,
    .free = free_messages,
    .move = move,
    .click = click,
    .search = search,
    .open = open_row,
    .sideways = sideways,
    ROWS_SCREEN_FUNCTIONS,
};

screen *messages_new(ui *u, uint64_t conn)
{
    messages *m = g_new0(messages, 1);
    m->list.base.kind = &messages_class;
    m->controls = true;
    m->detail = detail_new();
    rows_init(&m->list.rows, u, conn, shows, m);
    return &m->list.base;
}

screen *messages_new_at(ui *u, uint64_t conn, uint64_t row)
{
    screen *s = messages_new(u, conn);
    rows_seek(&self(s)->list.rows, row);
    return s;
}

screen *messages_new_goto(ui *u, uint64_t conn, uint64_t frame)
{
    screen *s = messages_new(u, conn);
    self(s)->asked_for = true;
    self(s)->frames = frame > 0;
    rows_seek_frame(&self(s)->list.rows, frame);
    return s;
}
