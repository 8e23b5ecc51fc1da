/* Arrows between lifelines. See ladder.h. */
#include "ladder.h"

#include "flow.h"
#include "format.h"
#include "glyphs.h"
#include "layout.h"

#include <string.h>

enum {
    CLOCK = 12,
    DELTA = 9,
    LEFT = 1 + CLOCK + 1 + DELTA + 1, /* where the client's lifeline is */
    PAUSE_NS = 1000000000,
    LOOK_BACK = 10000, /* rows: a message may have millions of frames */
};

typedef struct ladder {
    lines *out;
    const glyphs *g;
    int inner; /* columns between the lifelines */
    int note;  /* columns behind the server's */
    bool ascii;
} ladder;

static ladder measure(lines *out, int width, bool ascii)
{
    ladder l = {.out = out, .g = glyphs_get(ascii), .ascii = ascii};
    int room = width - LEFT - 2;
    l.inner = CLAMP(room * 3 / 5, 30, 76);
    l.note = MAX(room - l.inner - 1, 0);
    return l;
}

static const style side_styles[] = {STYLE_CLIENT, STYLE_SERVER, STYLE_NORMAL};

/* ---- Pieces of a row ------------------------------------------------------------------------ */

/* Texts that will be cut are written to lines of their own, with as much room as they like. */
static void begin_text(flow *f)
{
    flow_init(f, lines_new(), G_MAXINT / 2);
    flow_line(f, 0);
}

/* Append a text, cut to `columns`, and be done with it. Returns its columns. */
static int finish_text(const ladder *l, flow *f, int columns)
{
    lines *cut = lines_new();
    layout_clip(cut, f->out, columns, l->ascii);
    line text = lines_get(cut, 0);
    layout_append(l->out, text);
    int used = flow_text_columns(text.text, text.len);
    lines_free(cut);
    lines_free(f->out);
    flow_clear(f);
    return used;
}

/* Somebody else's text, as much of it as could be seen. */
static void add_somebodys(const ladder *l, flow *f, style s, const void *data, size_t len)
{
    size_t seen = 4 * (size_t)(l->inner + l->note); /* a character has four bytes at most */
    flow_bytes(f, s, data, MIN(len, seen));
}

static void add_repeated(const ladder *l, style s, const char *glyph, int count)
{
    for (int i = 0; i < count; i++)
        lines_add(l->out, s, glyph);
}

static void begin_row(const ladder *l, const char *clock, const char *delta)
{
    lines_begin(l->out);
    lines_addf(l->out, STYLE_DIM, " %-*s ", CLOCK, clock);
    layout_add_right(l->out, STYLE_NUMBER, delta, DELTA);
    lines_add(l->out, STYLE_NORMAL, " ");
}

static void add_bar(const ladder *l)
{
    lines_add(l->out, STYLE_DIM, l->g->bar);
}

/* An arrow from one lifeline to the other, its label beside who sent it. */
static void add_arrow(const ladder *l, wsp_sender from, style s, flow *label)
{
    lines *out = l->out;
    bool to_left = from == WSP_FROM_SERVER;
    add_bar(l);
    line text = lines_get(label->out, 0);
    int room = l->inner - 7; /* the point, two lines on each side, two blanks */
    int columns = MIN(flow_text_columns(text.text, text.len), room);
    int long_side = l->inner - 5 - columns;
    if (to_left)
        lines_add(out, s, l->g->server);
    add_repeated(l, s, l->g->line, to_left ? long_side : 2);
    lines_add(out, s, " ");
    int used = finish_text(l, label, room);
    add_repeated(l, s, " ", columns - used + 1); /* a wide character that was cut leaves one */
    add_repeated(l, s, l->g->line, to_left ? 2 : long_side);
    if (!to_left)
        lines_add(out, s, l->g->client);
    add_bar(l);
}

/* Something that went nowhere: a text at the lifeline of who it is about, or in the middle. */
static void add_event(const ladder *l, wsp_sender from, const char *fill, style s, flow *text)
{
    line whole = lines_get(text->out, 0);
    int columns = MIN(flow_text_columns(whole.text, whole.len), l->inner - 2);
    int rest = l->inner - 2 - columns;
    int before = from == WSP_FROM_CLIENT ? 0 : from == WSP_FROM_SERVER ? rest : rest / 2;
    add_bar(l);
    add_repeated(l, s, fill, before);
    lines_add(l->out, s, " ");
    int used = finish_text(l, text, l->inner - 2);
    add_repeated(l, s, " ", columns - used + 1);
    add_repeated(l, s, fill, rest - before);
    add_bar(l);
}

static void add_note(const ladder *l, flow *note)
{
    if (lines_get(note->out, 0).len > 0)
        lines_add(l->out, STYLE_NORMAL, " ");
    finish_text(l, note, l->note);
}

/* ---- The row of each record ----------------------------------------------------------------- */

typedef struct times {
    char clock[FORMAT_TEXT], delta[FORMAT_TEXT];
} times;

/* The time since `before`, in its column or, where it is long, as a row of its own. */
static times since(const ladder *l, const record *r, const record *before)
{
    times t = {"", ""};
    format_clock(t.clock, r->time_ns);
    if (!before || !ladder_is_arrow(r))
        return t;
    int64_t passed = r->time_ns - before->time_ns;
    format_duration(t.delta, passed, l->ascii);
    if (passed < PAUSE_NS)
        return t;
    lines_begin(l->out);
    layout_pad(l->out, LEFT);
    int rest = l->inner - (int)g_utf8_strlen(t.delta, -1);
    lines_addf(l->out, STYLE_DIM, "%s%*s%s%*s%s", l->g->pause, rest / 2, "", t.delta,
               rest - rest / 2, "", l->g->pause);
    t.delta[0] = '\0';
    return t;
}

static void add_request(const ladder *l, const wsp_http_head *head, const char *clock)
{
    flow label;
    begin_text(&label);
    add_somebodys(l, &label, STYLE_CLIENT, head->method.data, head->method.len);
    flow_words(&label, STYLE_CLIENT, " ");
    add_somebodys(l, &label, STYLE_CLIENT, head->target.data, head->target.len);
    begin_row(l, clock, "");
    add_arrow(l, WSP_FROM_CLIENT, STYLE_CLIENT, &label);
    flow note;
    wsp_text host = record_open_header(head, "Host");
    begin_text(&note);
    add_somebodys(l, &note, STYLE_DIM, host.data, host.len);
    add_note(l, &note);
}

static void add_response(const ladder *l, const wsp_http_head *head, const char *clock)
{
    style s = head->status == 101 ? STYLE_SERVER : STYLE_VIOLATION;
    flow label, note;
    begin_text(&label);
    flow_wordsf(&label, s, "%u ", head->status);
    add_somebodys(l, &label, s, head->reason.data, head->reason.len);
    begin_row(l, clock, "");
    add_arrow(l, WSP_FROM_SERVER, s, &label);
    begin_text(&note);
    const char *separator = "";
    static const char *const granted[] = {"Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"};
    for (size_t i = 0; i < G_N_ELEMENTS(granted); i++) {
        wsp_text value = record_open_header(head, granted[i]);
        if (!value.data)
            continue;
        flow_words(&note, STYLE_DIM, separator);
        add_somebodys(l, &note, STYLE_DIM, value.data, value.len);
        separator = ", ";
    }
    add_note(l, &note);
}

/* The half of a handshake that is not there. */
static void add_unseen(const ladder *l, const char *clock, const char *what)
{
    flow text;
    begin_text(&text);
    flow_words(&text, STYLE_UNKNOWN, what);
    begin_row(l, clock, "");
    add_event(l, WSP_FROM_UNKNOWN, " ", STYLE_NORMAL, &text);
}

/* The record has the time of the response; when the request came is not kept. */
static void open_row(const ladder *l, const record *r, const times *t)
{
    const record_open *o = &r->open;
    if (o->handshake == HANDSHAKE_MISSING) {
        add_unseen(l, t->clock, "handshake not seen");
        return;
    }
    if (o->request)
        add_request(l, o->request, "");
    else
        add_unseen(l, "", "request not seen");
    if (o->response)
        add_response(l, o->response, t->clock);
    else
        add_unseen(l, t->clock, "response not seen");
}

static void add_message_label(flow *label, style s, const record_message *m)
{
    char size[FORMAT_TEXT];
    flow_words(label, s, record_message_type(m->opcode));
    if (m->close_code >= 0)
        flow_wordsf(label, s, " %d", (int)m->close_code);
    else
        flow_wordsf(label, s, " %s", format_size(size, m->data ? m->length : m->wire_length));
}

/* Texts, and reasons of a Close behind its code, are shown; bytes are not. */
static void add_preview(const ladder *l, flow *note, const record_message *m)
{
    size_t skip = m->opcode == WSP_OPCODE_CLOSE ? MIN(m->data_len, 2) : 0;
    bool text = m->opcode == WSP_OPCODE_TEXT || m->opcode == WSP_OPCODE_CLOSE;
    if (!text || !m->data || m->data_len == skip)
        return;
    flow_words(note, STYLE_DIM, "\"");
    add_somebodys(l, note, STYLE_DIM, m->data + skip, m->data_len - skip);
    flow_words(note, STYLE_DIM, "\"");
}

static void add_message_note(const ladder *l, const record_message *m)
{
    char text[FORMAT_TEXT];
    flow note;
    begin_text(&note);
    const char *name = m->close_code >= 0 ? wsp_close_code_name((uint16_t)m->close_code) : NULL;
    const struct {
        bool is;
        style style;
        const char *text;
    } marks[] = {
        {m->guessed, STYLE_GUESS, "guessed "},
        {!m->complete && m->data, STYLE_GAP, "incomplete "},
        {!m->data, STYLE_UNKNOWN, "not inflated "},
        {m->compressed && m->data, STYLE_DIM, "compressed "},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++)
        if (marks[i].is)
            flow_words(&note, marks[i].style, marks[i].text);
    if (m->rtt_ns >= 0)
        flow_wordsf(&note, STYLE_NUMBER, "rtt %s ", format_duration(text, m->rtt_ns, l->ascii));
    if (m->frames > 1)
        flow_wordsf(&note, STYLE_DIM, "%s frames ", format_count(text, m->frames));
    if (name)
        flow_wordsf(&note, STYLE_DIM, "%s ", name);
    add_preview(l, &note, m);
    add_note(l, &note);
}

static void message_row(const ladder *l, const record *r, const times *t)
{
    style s = side_styles[r->from];
    flow label;
    begin_text(&label);
    add_message_label(&label, s, &r->message);
    begin_row(l, t->clock, t->delta);
    add_arrow(l, r->from, wsp_opcode_is_control(r->message.opcode) ? STYLE_DIM : s, &label);
    add_message_note(l, &r->message);
}

static void violation_row(const ladder *l, const record *r, const times *t)
{
    flow text, note;
    begin_text(&text);
    flow_wordsf(&text, STYLE_VIOLATION, "%s %s", l->g->violation, r->violation.rule);
    begin_row(l, t->clock, "");
    add_event(l, r->from, " ", STYLE_NORMAL, &text);
    begin_text(&note);
    flow_wordsf(&note, STYLE_VIOLATION, "%s: %s", r->violation.clause, r->violation.text);
    add_note(l, &note);
}

static void gap_row(const ladder *l, const record *r, const times *t)
{
    char size[FORMAT_TEXT];
    flow text;
    begin_text(&text);
    flow_wordsf(&text, STYLE_GAP, "%s missing",
                r->gap.bytes ? format_size(size, r->gap.bytes) : "bytes");
    begin_row(l, t->clock, "");
    add_event(l, WSP_FROM_UNKNOWN, l->g->gap, STYLE_GAP, &text);
    flow note;
    begin_text(&note);
    flow_wordsf(&note, STYLE_GAP, "of the %s's", r->from == WSP_FROM_SERVER ? "server" : "client");
    add_note(l, &note);
}

static void end_row(const ladder *l, const record *r, const times *t)
{
    const char *how = record_how_name(r->end.how);
    int rest = l->inner - 2 - (int)strlen(how);
    begin_row(l, t->clock, t->delta);
    lines_add(l->out, STYLE_DIM, l->g->corner[0]);
    add_repeated(l, STYLE_DIM, l->g->line, rest / 2);
    lines_addf(l->out, r->end.how == ENDED_RST ? STYLE_VIOLATION : STYLE_STRONG, " %s ", how);
    add_repeated(l, STYLE_DIM, l->g->line, rest - rest / 2);
    lines_add(l->out, STYLE_DIM, l->g->corner[1]);
}

bool ladder_is_arrow(const record *r)
{
    return r->type == RECORD_OPEN || r->type == RECORD_MESSAGE || r->type == RECORD_END;
}

const record *ladder_before(const store_view *v, uint64_t n)
{
    if (!ladder_is_arrow(store_row(v, n)))
        return NULL;
    for (int i = 0; i < LOOK_BACK && (n = store_row_before(v, n)) != STORE_NO_ROW; i++) {
        const record *r = store_row(v, n);
        if (ladder_is_arrow(r))
            return r;
    }
    return NULL;
}

void ladder_row(lines *out, const record *r, const record *before, int width, bool ascii)
{
    static void (*const rows[RECORD_TYPES])(const ladder *, const record *, const times *) = {
        [RECORD_OPEN] = open_row,
        [RECORD_MESSAGE] = message_row,
        [RECORD_VIOLATION] = violation_row,
        [RECORD_GAP] = gap_row,
        [RECORD_END] = end_row,
    };
    if (!rows[r->type])
        return;
    ladder l = measure(out, width, ascii);
    times t = since(&l, r, before);
    rows[r->type](&l, r, &t);
}

/* ---- The head ------------------------------------------------------------------------------- */

void ladder_head(lines *out, const endpoint *client, const endpoint *server, int width, bool ascii)
{
    ladder l = measure(out, width, ascii);
    char names[2][8 + ENDPOINT_TEXT];
    char text[ENDPOINT_TEXT];
    endpoint_format(text, client);
    int left = g_snprintf(names[0], sizeof names[0], "client %s", text);
    endpoint_format(text, server);
    int right = g_snprintf(names[1], sizeof names[1], "server %s", text);
    /* Each begins at its lifeline, or before it where it would not fit behind. */
    int server_at = MIN(LEFT + l.inner + 1, width - right);
    lines_begin(out);
    layout_pad(out, LEFT);
    lines_add(out, STYLE_CLIENT, names[0]);
    if (LEFT + left + 2 > server_at)
        lines_begin(out);
    layout_pad(out, server_at);
    lines_add(out, STYLE_SERVER, names[1]);
}
