/*
 * Records as text, one line each, columns that stay where they are:
 *
 *     TIME            CONN FROM   WHAT      LENGTH DETAIL
 *     11:23:04.120731    1 client text           5 "hello"
 */
#include "escape.h"
#include "print.h"
#include "sink.h"

#include <time.h>

static void add_time(sink *s, int64_t time_ns)
{
    gint64 second = time_ns / 1000000000;
    int64_t rest = time_ns % 1000000000;
    if (rest < 0) {
        rest += 1000000000;
        second--;
    }
    if (second != s->clock_second || !s->clock[0]) {
        time_t seconds = (time_t)second;
        struct tm local;
        if (!localtime_r(&seconds, &local) ||
            !strftime(s->clock, sizeof s->clock, "%H:%M:%S", &local))
            g_strlcpy(s->clock, "??:??:??", sizeof s->clock);
        s->clock_second = second;
    }
    print_text(s->line, s->clock);
    print_char(s->line, '.');
    print_unsigned(s->line, (uint64_t)rest / 1000, 6, '0');
}

/* The columns that every line has; the length is empty where there is none. */
static void add_columns(sink *s, const record *r, const char *what, const uint64_t *length)
{
    const char *from = record_from_name(r->from);
    GString *out = s->line;
    add_time(s, r->time_ns);
    print_unsigned(out, r->conn, 5, ' ');
    print_char(out, ' ');
    print_padded(out, from ? from : "-", 7);
    print_padded(out, what, 10);
    if (length)
        print_unsigned(out, *length, 7, ' ');
    else
        print_text(out, "       ");
    print_char(out, ' ');
}

static void add_quoted(sink *s, const void *data, size_t len)
{
    print_char(s->line, '"');
    sink_escape_long(s, escape_text, data, len);
    print_char(s->line, '"');
}

static void add_endpoint(GString *out, const endpoint *e)
{
    char text[ENDPOINT_TEXT];
    g_string_append_len(out, text, endpoint_format(text, e));
}

/* A header's value as it stands, without quotes: escaped, because it is somebody else's. */
static void add_value(GString *out, const char *label, wsp_text value)
{
    if (!value.data)
        return;
    print_text(out, label);
    escape_text(out, value.data, value.len);
}

static void add_open(sink *s, const record *r)
{
    const record_open *o = &r->open;
    GString *out = s->line;
    add_columns(s, r, "open", NULL);
    add_endpoint(out, o->client);
    print_text(out, " > ");
    add_endpoint(out, o->server);
    if (o->handshake != HANDSHAKE_SEEN)
        g_string_append_printf(out, " handshake %s", record_handshake_name(o->handshake));
    if (o->response)
        g_string_append_printf(out, " %u", o->response->status);
    if (o->request) {
        add_value(out, " ws://", record_open_header(o->request, "Host"));
        add_value(out, "", o->request->target);
    }
    add_value(out, " subprotocol ", record_open_header(o->response, "Sec-WebSocket-Protocol"));
    add_value(out, " extensions ", record_open_header(o->response, "Sec-WebSocket-Extensions"));
}

static void add_frame(sink *s, const record *r)
{
    const wsp_frame_header *h = r->frame.header;
    GString *out = s->line;
    add_columns(s, r, "frame", &h->payload_length);
    g_string_append_printf(out, "#%" G_GUINT64_FORMAT " packet %" G_GUINT64_FORMAT " %s%s",
                           r->frame.number, r->frame.packet, h->fin ? "FIN " : "",
                           wsp_opcode_name(h->opcode));
    for (int bit = 0; bit < 3; bit++)
        if (h->rsv & WSP_RSV1 >> bit)
            g_string_append_printf(out, " RSV%d", bit + 1);
    if (h->masked) {
        print_text(out, " mask ");
        escape_hex(out, h->masking_key, sizeof h->masking_key);
    }
    uint32_t set = r->frame.violations;
    for (const wsp_violation *v; (v = wsp_violation_first(set)); set &= ~v->bit)
        g_string_append_printf(out, " !%s", v->name);
    if (r->frame.guessed)
        print_text(out, " guessed");
}

static void add_payload(sink *s, const record_message *m)
{
    GString *out = s->line;
    const uint8_t *data;
    size_t len;
    bool is_text = record_message_reading(m, &data, &len);
    if (m->close_code >= 0)
        g_string_append_printf(out, "%d ", (int)m->close_code);
    if (is_text && !s->hex)
        add_quoted(s, data, len);
    else
        sink_escape_long(s, escape_hex, data, len);
    if (m->truncated)
        print_text(out, "…");
}

static void add_message(sink *s, const record *r)
{
    const record_message *m = &r->message;
    GString *out = s->line;
    add_columns(s, r, record_message_type(m->opcode), m->data ? &m->length : &m->wire_length);
    if (m->data)
        add_payload(s, m);
    else
        print_text(out, "compressed (permessage-deflate), not inflated");
    if (m->data && m->compressed)
        g_string_append_printf(out, " compressed %" G_GUINT64_FORMAT " -> %" G_GUINT64_FORMAT,
                               m->wire_length, m->length);
    if (m->frames > 1)
        g_string_append_printf(out, " frames %" G_GUINT64_FORMAT, m->frames);
    if (m->rtt_ns >= 0)
        g_string_append_printf(out, " rtt %.3f ms", (double)m->rtt_ns / 1e6);
    if (!m->complete && m->data)
        print_text(out, " incomplete");
    if (m->guessed)
        print_text(out, " guessed");
}

static void add_violation(sink *s, const record *r)
{
    const record_violation *v = &r->violation;
    add_columns(s, r, "violation", NULL);
    print_text(s->line, v->rule);
    if (v->frame)
        g_string_append_printf(s->line, " frame #%" G_GUINT64_FORMAT, v->frame);
    g_string_append_printf(s->line, " %s (%s)", v->text, v->clause);
}

static void add_gap(sink *s, const record *r)
{
    add_columns(s, r, "gap", r->gap.bytes ? &r->gap.bytes : NULL);
    print_text(s->line, "bytes missing from the capture");
}

static void add_end(sink *s, const record *r)
{
    add_columns(s, r, "end", NULL);
    print_text(s->line, record_how_name(r->end.how));
    for (int side = WSP_FROM_CLIENT; side <= WSP_FROM_SERVER; side++) {
        const record_side_totals *t = &r->end.totals[side];
        g_string_append_printf(s->line,
                               "%s %s %" G_GUINT64_FORMAT " messages %" G_GUINT64_FORMAT
                               " bytes in %" G_GUINT64_FORMAT " frames",
                               side ? "," : "", record_from_name((wsp_sender)side), t->messages,
                               t->bytes, t->frames);
    }
}

void sink_text(sink *s, const record *r)
{
    static void (*const formats[RECORD_TYPES])(sink *, const record *) = {
        [RECORD_OPEN] = add_open,       [RECORD_FRAME] = add_frame,
        [RECORD_MESSAGE] = add_message, [RECORD_VIOLATION] = add_violation,
        [RECORD_GAP] = add_gap,         [RECORD_END] = add_end,
    };
    formats[r->type](s, r);
}
