/* See detail.h. */
#include "detail.h"

#include "message_frames.h"
#include "message_line.h"
#include "page_frame.h"
#include "page_handshake.h"
#include "page_hex.h"
#include "page_json.h"
#include "page_message.h"
#include "page_text.h"
#include "screens.h"

/* What is shown below the summary. */
typedef enum view { VIEW_PAYLOAD, VIEW_HEX, VIEW_HEADER, VIEWS } view;

static const char *const view_names[VIEWS] = {"payload", "bytes", "header"};

/* Headers of so many frames are drawn; a message may have millions. */
enum { MAX_HEADERS = 16 };

struct detail {
    pager pager;
    uint64_t row; /* STORE_NO_ROW = none */
    int width;    /* that the lines were made for */
    view view;
};

detail *detail_new(void)
{
    detail *d = g_new0(detail, 1);
    pager_init(&d->pager);
    d->row = STORE_NO_ROW;
    return d;
}

static void add_headers(lines *out, const GPtrArray *related, int width)
{
    int count = 0;
    for (guint i = 0; i < related->len; i++) {
        const record *r = related->pdata[i];
        if (r->type != RECORD_FRAME || count++ >= MAX_HEADERS)
            continue;
        lines_begin(out);
        page_frame(out, r, width, term_is_ascii());
    }
    if (count > MAX_HEADERS) {
        lines_begin(out);
        lines_addf(out, STYLE_DIM, "%s and %d frames more", term_glyphs()->cut,
                   count - MAX_HEADERS);
    }
}

/* Anything else that is JSON looks the same as text. */
static bool begins_like_json(const record_message *m)
{
    size_t i = 0;
    while (i < m->data_len && g_ascii_isspace(m->data[i]))
        i++;
    return i < m->data_len && (m->data[i] == '{' || m->data[i] == '[');
}

static void add_message(const detail *d, ui *u, lines *out, const record *r, int width)
{
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    g_autoptr(GPtrArray) related = g_ptr_array_new();
    const wsp_frame_header *header = NULL;
    message_frames(&u->view, d->row, true, found);
    for (guint i = 0; i < found->len; i++) {
        const record *one = store_row(&u->view, g_array_index(found, uint64_t, i));
        g_ptr_array_add(related, (gpointer)one);
        if (!header && one->type == RECORD_FRAME)
            header = one->frame.header;
    }
    page_message(out, r, (const record *const *)related->pdata, related->len, width,
                 term_is_ascii());
    lines_begin(out);
    if (d->view == VIEW_HEX)
        page_hex(out, r, header, width);
    else if (d->view == VIEW_PAYLOAD && begins_like_json(&r->message))
        page_json(out, r, width);
    else if (d->view == VIEW_PAYLOAD)
        page_text(out, r, width);
    if (d->view != VIEW_HEX)
        add_headers(out, related, width);
}

/* A row in the words of the list, and the frame that it is about. */
static void add_other(const detail *d, ui *u, lines *out, const record *r, int width)
{
    const message_layout l = {.ui = u, .conn = true, .before_ns = r->time_ns};
    message_line(&l, out, r);
    if (r->type != RECORD_VIOLATION || !r->violation.frame)
        return;
    uint64_t frame = message_find_frame(&u->view, d->row, r->violation.frame);
    if (frame == STORE_NO_ROW)
        return;
    lines_begin(out);
    page_frame(out, store_row(&u->view, frame), width, term_is_ascii());
}

static lines *make(const detail *d, ui *u, int width)
{
    lines *out = lines_new();
    const record *r = store_row(&u->view, d->row);
    if (r->type == RECORD_MESSAGE)
        add_message(d, u, out, r, width);
    else if (r->type == RECORD_FRAME)
        page_frame(out, r, width, term_is_ascii());
    else if (r->type == RECORD_OPEN)
        page_handshake(out, r, NULL, 0, width, term_is_ascii());
    else
        add_other(d, u, out, r, width);
    return out;
}

void detail_show(detail *d, ui *u, uint64_t row, int width)
{
    if ((row == d->row && width == d->width) || row < u->view.first || row >= u->view.end)
        return;
    bool stay = row == d->row;
    d->row = row;
    d->width = width;
    pager_set(&d->pager, make(d, u, width), stay);
}

void detail_next_view(detail *d)
{
    d->view = (d->view + 1) % VIEWS;
    d->width = 0; /* made anew */
}

const char *detail_view_name(const detail *d)
{
    return view_names[d->view];
}

static void set_view(detail *d, view v)
{
    d->view = d->view == v ? VIEW_PAYLOAD : v;
    d->width = 0;
}

void detail_fold(detail *d)
{
    pager_fold(&d->pager);
}

void detail_move(detail *d, list_step step)
{
    pager_move(&d->pager, step);
}

void detail_sideways(detail *d, int columns)
{
    pager_sideways(&d->pager, columns);
}

void detail_click(detail *d, int y)
{
    pager_click(&d->pager, y);
}

bool detail_search(detail *d, const char *text, bool backwards, bool here)
{
    return pager_search(&d->pager, text, backwards, here);
}

void detail_draw(detail *d, region r)
{
    pager_draw(&d->pager, r);
}

void detail_free(detail *d)
{
    pager_clear(&d->pager);
    g_free(d);
}

/* ---- As a screen ----------------------------------------------------------------------------- */

typedef struct detail_screen {
    screen base;
    detail *detail;
    uint64_t row, conn;
} detail_screen;

static detail_screen *self(screen *s)
{
    return (detail_screen *)s;
}

static bool update(screen *s, ui *u, gint64 deadline)
{
    (void)deadline;
    detail_show(self(s)->detail, u, self(s)->row, ui_region().width);
    return true;
}

static void describe(screen *s, ui *u, GString *out)
{
    detail_screen *d = self(s);
    g_string_append_printf(out, "of connection %" G_GUINT64_FORMAT, d->conn);
    if (d->row >= u->view.first && d->row < u->view.end) {
        const record *r = store_row(&u->view, d->row);
        if (r->type == RECORD_MESSAGE)
            g_string_append_printf(out, ", message %" G_GUINT64_FORMAT ": %s", r->message.number,
                                   detail_view_name(d->detail));
        else if (r->type == RECORD_FRAME)
            g_string_append_printf(out, ", frame %" G_GUINT64_FORMAT, r->frame.number);
    }
}

static void draw(screen *s, ui *u, region r)
{
    (void)u;
    detail_draw(self(s)->detail, r);
}

static void free_screen(screen *s)
{
    detail_free(self(s)->detail);
    g_free(s);
}

static void move(screen *s, ui *u, list_step step)
{
    (void)u;
    detail_move(self(s)->detail, step);
}

static void click(screen *s, ui *u, int y, int x)
{
    (void)u, (void)x;
    detail_click(self(s)->detail, y);
}

static bool search(screen *s, ui *u, const char *text, bool backwards, bool here)
{
    (void)u;
    return detail_search(self(s)->detail, text, backwards, here);
}

static void sideways(screen *s, int columns)
{
    detail_sideways(self(s)->detail, columns);
}

static uint64_t connection(const screen *s, const ui *u)
{
    (void)u;
    return ((const detail_screen *)s)->conn;
}

static uint64_t shown_row(const screen *s, const ui *u)
{
    uint64_t row = ((const detail_screen *)s)->row;
    return row >= u->view.first && row < u->view.end ? row : STORE_NO_ROW;
}

static void fold(ui *u, screen *s)
{
    (void)u;
    pager *p = &self(s)->detail->pager;
    if (p->cursor)
        detail_fold(self(s)->detail);
    p->cursor = true; /* the first time it only shows where one is */
}

static void next_view(ui *u, screen *s)
{
    (void)u;
    detail_next_view(self(s)->detail);
}

static void hex(ui *u, screen *s)
{
    (void)u;
    set_view(self(s)->detail, VIEW_HEX);
}

static void header(ui *u, screen *s)
{
    (void)u;
    set_view(self(s)->detail, VIEW_HEADER);
}

/* The message before or after this one, of the same connection. */
static void step(ui *u, screen *s, bool forwards)
{
    detail_screen *d = self(s);
    uint64_t row = d->row;
    while (row >= u->view.first && row < u->view.end) {
        row = forwards ? row + 1 : store_row_before(&u->view, row);
        if (row == STORE_NO_ROW || row >= u->view.end)
            break;
        const record *r = store_row(&u->view, row);
        if (r->conn == d->conn && r->type == RECORD_MESSAGE) {
            d->row = row;
            return;
        }
    }
    ui_say(u, "there is no message %s this one", forwards ? "behind" : "before");
}

static void next_message(ui *u, screen *s)
{
    step(u, s, true);
}

static void previous_message(ui *u, screen *s)
{
    step(u, s, false);
}

static const action actions[] = {
    {{TERM_TAB}, "View", "the next view: payload, bytes, header", next_view},
    {{'x'}, "Hex", "the bytes in hexadecimal, or the payload again", hex},
    {{'b'}, "Bits", "the header bit by bit, or the payload again", header},
    {{TERM_ENTER, ' '},
     NULL,
     "show a cursor; fold the part of JSON that it is on, or unfold it",
     fold},
    {{']'}, "Next", "the next message of the connection", next_message},
    {{'['}, NULL, "the message before", previous_message},
};

static const screen_class detail_class = {
    .name = "detail",
    .help = "Everything about one message or frame: a summary, the payload as JSON, text or bytes, "
            "and the header of each frame as RFC 6455 draws it, with what every field means.",
    .actions = {actions, G_N_ELEMENTS(actions)},
    .update = update,
    .describe = describe,
    .draw = draw,
    .free = free_screen,
    .move = move,
    .click = click,
    .search = search,
    .sideways = sideways,
    .connection = connection,
    .row = shown_row,
};

screen *detail_screen_new(ui *u, uint64_t row)
{
    detail_screen *d = g_new0(detail_screen, 1);
    d->base.kind = &detail_class;
    d->detail = detail_new();
    d->row = row;
    d->conn = store_row(&u->view, row)->conn;
    return &d->base;
}
