/* See message_line.h. */
#include "message_line.h"

#include "escape.h"
#include "format.h"
#include "layout.h"

/* Of a payload, what may be seen in one line; the screen cuts it further. */
enum { PREVIEW = 512, TYPE_COLUMNS = 10 };

static bool is_control(const record_message *m)
{
    return m->opcode >= WSP_OPCODE_CLOSE;
}

static style side_style(wsp_sender from)
{
    return from == WSP_FROM_CLIENT   ? STYLE_CLIENT
           : from == WSP_FROM_SERVER ? STYLE_SERVER
                                     : STYLE_NORMAL;
}

static const char *side_sign(wsp_sender from)
{
    return from == WSP_FROM_CLIENT   ? term_glyphs()->client
           : from == WSP_FROM_SERVER ? term_glyphs()->server
                                     : " ";
}

static void add_size(lines *out, const uint64_t *bytes)
{
    char text[FORMAT_TEXT];
    lines_addf(out, STYLE_NORMAL, "%7s ", bytes ? format_size(text, *bytes) : "");
}

/* The columns that all lines have. */
static void add_columns(const message_layout *l, lines *out, const record *r, style s,
                        const char *what, const uint64_t *size, const uint64_t *wire)
{
    g_autoptr(GString) time = g_string_new(NULL);
    ui_add_time(l->ui, time, r->time_ns, l->before_ns);
    lines_addf(out, STYLE_DIM, "%s ", time->str);
    if (l->conn)
        lines_addf(out, STYLE_NORMAL, "%4" G_GUINT64_FORMAT " ", r->conn);
    lines_addf(out, side_style(r->from), "%s ", side_sign(r->from));
    layout_add_left(out, s, what, TYPE_COLUMNS);
    lines_add(out, STYLE_NORMAL, " ");
    add_size(out, size);
    if (!l->narrow)
        add_size(out, wire);
}

static void add_bytes_hex(lines *out, style s, const uint8_t *data, size_t len)
{
    g_autoptr(GString) hex = g_string_new(NULL);
    for (size_t i = 0; i < MIN(len, PREVIEW / 4); i++)
        g_string_append_printf(hex, "%02x%s", data[i], i % 4 == 3 ? " " : "");
    lines_add(out, s, hex->str);
}

static void add_flag(lines *out, style s, const char *word)
{
    lines_addf(out, s, "%s%s ", term_glyphs()->guess, word);
}

static void add_message(lines *out, const record_message *m)
{
    char text[FORMAT_TEXT];
    const uint8_t *data;
    size_t len;
    bool reads = record_message_reading(m, &data, &len);
    style s = is_control(m) ? STYLE_DIM : STYLE_NORMAL;
    if (m->guessed)
        add_flag(out, STYLE_GUESS, "guessed");
    if (m->data && !m->complete)
        add_flag(out, STYLE_GAP, "incomplete");
    if (m->rtt_ns >= 0)
        lines_addf(out, STYLE_STRONG, "rtt %s ", format_duration(text, m->rtt_ns, term_is_ascii()));
    if (m->close_code >= 0)
        lines_addf(out, STYLE_STRONG, "%d ", (int)m->close_code);
    if (!m->data)
        lines_add(out, STYLE_DIM, "compressed, not inflated");
    else if (reads)
        lines_add_bytes(out, s, data, MIN(len, PREVIEW));
    else
        add_bytes_hex(out, s, data, len);
}

static void add_open(lines *out, const record_open *o)
{
    if (o->handshake != HANDSHAKE_SEEN)
        lines_addf(out, o->handshake == HANDSHAKE_REFUSED ? STYLE_VIOLATION : STYLE_GUESS,
                   "handshake %s ", record_handshake_name(o->handshake));
    if (o->response)
        lines_addf(out, STYLE_STRONG, "%u ", o->response->status);
    wsp_text host = record_open_header(o->request, "Host");
    lines_add_bytes(out, STYLE_NORMAL, host.data, host.data ? host.len : 0);
    if (o->request)
        lines_add_bytes(out, STYLE_NORMAL, o->request->target.data, o->request->target.len);
    wsp_text extensions = record_open_header(o->response, "Sec-WebSocket-Extensions");
    if (extensions.data) {
        lines_add(out, STYLE_DIM, "  ");
        lines_add_bytes(out, STYLE_DIM, extensions.data, extensions.len);
    }
}

static void add_frame(lines *out, const record_frame *f)
{
    const wsp_frame_header *h = f->header;
    lines_addf(out, STYLE_NORMAL, "#%" G_GUINT64_FORMAT " packet %" G_GUINT64_FORMAT "%s%s%s%s",
               f->number, f->packet, h->fin ? " FIN" : "", h->rsv & WSP_RSV1 ? " RSV1" : "",
               h->rsv & WSP_RSV2 ? " RSV2" : "", h->rsv & WSP_RSV3 ? " RSV3" : "");
    if (h->masked)
        lines_addf(out, STYLE_MASKED, " mask %02x%02x%02x%02x", h->masking_key[0],
                   h->masking_key[1], h->masking_key[2], h->masking_key[3]);
    uint32_t set = f->violations;
    for (const wsp_violation *v; (v = wsp_violation_first(set)); set &= ~v->bit)
        lines_addf(out, STYLE_VIOLATION, " %s%s", term_glyphs()->violation, v->name);
    if (f->guessed)
        lines_addf(out, STYLE_GUESS, " %sguessed", term_glyphs()->guess);
}

static void add_end(lines *out, const record_end *e)
{
    lines_addf(out, e->how == ENDED_RST ? STYLE_VIOLATION : STYLE_NORMAL, "%s  ",
               record_how_name(e->how));
    for (int side = WSP_FROM_CLIENT; side <= WSP_FROM_SERVER; side++) {
        char text[FORMAT_TEXT];
        lines_addf(out, side_style((wsp_sender)side), "%s %" G_GUINT64_FORMAT " messages %s  ",
                   side_sign((wsp_sender)side), e->totals[side].messages,
                   format_size(text, e->totals[side].bytes));
    }
}

void message_line_head(const message_layout *l, lines *out)
{
    static const char *const times[UI_TIMES] = {"TIME", "SINCE START", "SINCE ABOVE"};
    lines_begin(out);
    lines_addf(out, STYLE_HEADING, "%-12s %s  %-*s %7s %s%s", times[l->ui->time],
               l->conn ? "CONN " : "", TYPE_COLUMNS, "TYPE", "SIZE", l->narrow ? "" : "   WIRE ",
               "PAYLOAD");
}

static void add_frame_row(const message_layout *l, lines *out, const record *r)
{
    const wsp_frame_header *h = r->frame.header;
    g_autofree char *what =
        l->child ? g_strdup_printf("%s %s", term_glyphs()->corner[0], wsp_opcode_name(h->opcode))
                 : g_strdup("frame");
    add_columns(l, out, r, STYLE_DIM, what, NULL, &h->payload_length);
    if (!l->child)
        lines_addf(out, STYLE_NORMAL, "%s ", wsp_opcode_name(h->opcode));
    add_frame(out, &r->frame);
}

static void add_message_row(const message_layout *l, lines *out, const record *r)
{
    const record_message *m = &r->message;
    add_columns(l, out, r, is_control(m) ? STYLE_DIM : STYLE_STRONG, record_message_type(m->opcode),
                m->data ? &m->length : NULL, &m->wire_length);
    add_message(out, m);
}

static void add_violation_row(const message_layout *l, lines *out, const record *r)
{
    add_columns(l, out, r, STYLE_VIOLATION, "violation", NULL, NULL);
    lines_addf(out, STYLE_VIOLATION, "%s %s ", term_glyphs()->violation, r->violation.rule);
    lines_addf(out, STYLE_NORMAL, "%s (%s)", r->violation.text, r->violation.clause);
}

void message_line(const message_layout *l, lines *out, const record *r)
{
    lines_begin(out);
    switch (r->type) {
    case RECORD_OPEN:
        add_columns(l, out, r, STYLE_STRONG, "open", NULL, NULL);
        add_open(out, &r->open);
        break;
    case RECORD_FRAME: add_frame_row(l, out, r); break;
    case RECORD_MESSAGE: add_message_row(l, out, r); break;
    case RECORD_VIOLATION: add_violation_row(l, out, r); break;
    case RECORD_GAP:
        add_columns(l, out, r, STYLE_GAP, "gap", r->gap.bytes ? &r->gap.bytes : NULL, NULL);
        lines_add(out, STYLE_GAP, "bytes missing from the capture");
        break;
    default:
        add_columns(l, out, r, STYLE_STRONG, "end", NULL, NULL);
        add_end(out, &r->end);
        break;
    }
}
