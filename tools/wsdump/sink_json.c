/*
 * Records as JSON, one object per line. Written by hand because this is the hot path and every
 * record is flat; README and the man page list the fields.
 */
#include "escape.h"
#include "print.h"
#include "sink.h"

static inline char *put(char *to, const char *bytes, size_t len)
{
    memcpy(to, bytes, len);
    return to + len;
}

static inline void add_name(GString *out, const char *name)
{
    const size_t len = strlen(name); /* known to the compiler, as are all names */
    char *to = print_room(out, len + 4);
    to = put(to, ",\"", 2);
    to = put(to, name, len);
    put(to, "\":", 2);
    print_wrote(out, len + 4);
}

static inline void add_text(GString *out, const char *name, const char *data, size_t len)
{
    add_name(out, name);
    if (!data) {
        print_text(out, "null");
        return;
    }
    print_char(out, '"');
    escape_json(out, data, len);
    print_char(out, '"');
}

static inline void add_string(GString *out, const char *name, const char *value)
{
    add_text(out, name, value, value ? strlen(value) : 0);
}

static inline void add_unsigned(GString *out, const char *name, uint64_t value)
{
    add_name(out, name);
    print_unsigned(out, value, 0, ' ');
}

static inline void add_bool(GString *out, const char *name, bool value)
{
    add_name(out, name);
    print_text(out, value ? "true" : "false");
}

static inline void add_null(GString *out, const char *name)
{
    add_text(out, name, NULL, 0);
}

/* Seconds with the digits that the capture's clock really has. */
static void add_seconds(GString *out, const char *name, int64_t ns)
{
    add_name(out, name);
    if (ns < 0)
        print_char(out, '-');
    uint64_t all = ns < 0 ? (uint64_t)-ns : (uint64_t)ns;
    uint64_t rest = all % G_GUINT64_CONSTANT(1000000000);
    print_unsigned(out, all / G_GUINT64_CONSTANT(1000000000), 0, ' ');
    print_char(out, '.');
    if (rest % 1000)
        print_unsigned(out, rest, 9, '0');
    else
        print_unsigned(out, rest / 1000, 6, '0');
}

static void add_endpoint(GString *out, const char *name, const endpoint *e)
{
    char text[ENDPOINT_TEXT];
    int len = endpoint_format(text, e);
    add_text(out, name, text, (size_t)len);
}

static void add_header_list(GString *out, const char *name, const wsp_http_head *head,
                            const char *header)
{
    g_autoptr(GString) list = g_string_new(NULL);
    if (record_open_list(head, header, list))
        add_text(out, name, list->str, list->len);
    else
        add_null(out, name);
}

static void add_headers(GString *out, const char *name, const wsp_http_head *head)
{
    if (!head) {
        add_null(out, name);
        return;
    }
    add_name(out, name);
    print_char(out, '[');
    for (size_t i = 0; i < head->header_count; i++) {
        const wsp_http_header *h = &head->headers[i];
        print_text(out, i ? ",[\"" : "[\"");
        escape_json(out, h->name.data, h->name.len);
        print_text(out, "\",\"");
        escape_json(out, h->value.data, h->value.len);
        print_text(out, "\"]");
    }
    print_char(out, ']');
}

static void add_open(GString *out, const record_open *o)
{
    wsp_text host = record_open_header(o->request, "Host");
    wsp_text subprotocol = record_open_header(o->response, "Sec-WebSocket-Protocol");
    wsp_text path = o->request ? o->request->target : (wsp_text){NULL, 0};
    add_endpoint(out, "client", o->client);
    add_endpoint(out, "server", o->server);
    add_string(out, "transport", "tcp");
    add_string(out, "handshake", record_handshake_name(o->handshake));
    add_text(out, "host", host.data, host.len);
    add_text(out, "path", path.data, path.len);
    if (o->response)
        add_unsigned(out, "status", o->response->status);
    else
        add_null(out, "status");
    add_text(out, "subprotocol", subprotocol.data, subprotocol.len);
    add_header_list(out, "extensions", o->response, "Sec-WebSocket-Extensions");
    add_headers(out, "request_headers", o->request);
    add_headers(out, "response_headers", o->response);
}

static void add_violations(GString *out, uint32_t set)
{
    add_name(out, "violations");
    print_char(out, '[');
    const char *separator = "";
    for (const wsp_violation *v; (v = wsp_violation_first(set)); set &= ~v->bit) {
        g_string_append_printf(out, "%s\"%s\"", separator, v->name);
        separator = ",";
    }
    print_char(out, ']');
}

static void add_frame(GString *out, const record_frame *f)
{
    const wsp_frame_header *h = f->header;
    add_unsigned(out, "frame", f->number);
    add_unsigned(out, "packet", f->packet);
    add_bool(out, "fin", h->fin);
    add_unsigned(out, "rsv", h->rsv);
    add_unsigned(out, "opcode", h->opcode);
    add_bool(out, "masked", h->masked);
    if (h->masked) {
        add_name(out, "masking_key");
        print_char(out, '"');
        escape_hex(out, h->masking_key, sizeof h->masking_key);
        print_char(out, '"');
    } else {
        add_null(out, "masking_key");
    }
    add_unsigned(out, "length", h->payload_length);
    add_unsigned(out, "header_length", (uint64_t)wsp_frame_header_size(h));
    add_violations(out, f->violations);
    add_bool(out, "guessed", f->guessed);
}

static void add_missing(sink *s, const record_message *m)
{
    GString *out = s->line;
    add_name(out, "missing");
    print_char(out, '[');
    for (size_t i = 0; i < m->missing_count; i++) {
        g_string_append_printf(out, "%s[%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT "]", i ? "," : "",
                               m->missing[i].offset, m->missing[i].len);
        sink_spill(s);
    }
    print_char(out, ']');
}

static void add_data(sink *s, const record_message *m)
{
    GString *out = s->line;
    if (!m->data) {
        add_null(out, "encoding");
        add_null(out, "data");
        return;
    }
    bool as_text = record_message_is_text(m);
    add_string(out, "encoding", as_text ? "utf8" : "base64");
    add_name(out, "data");
    print_char(out, '"');
    sink_escape_long(s, as_text ? escape_json : escape_base64, m->data, m->data_len);
    print_char(out, '"');
}

static void add_close(GString *out, const record_message *m)
{
    if (m->close_code >= 0)
        add_unsigned(out, "code", (uint64_t)m->close_code);
    else
        add_null(out, "code");
    if (m->data_len > 2)
        add_text(out, "reason", (const char *)m->data + 2, m->data_len - 2);
    else if (m->length >= 2)
        add_string(out, "reason", "");
    else
        add_null(out, "reason");
}

static void add_message(sink *s, const record_message *m)
{
    GString *out = s->line;
    add_unsigned(out, "message", m->number);
    add_string(out, "type", record_message_type(m->opcode));
    add_unsigned(out, "frames", m->frames);
    add_unsigned(out, "wire_length", m->wire_length);
    if (m->data)
        add_unsigned(out, "length", m->length);
    else
        add_null(out, "length");
    add_bool(out, "compressed", m->compressed);
    add_bool(out, "complete", m->complete);
    add_missing(s, m);
    add_data(s, m);
    add_bool(out, "truncated", m->truncated);
    add_bool(out, "guessed", m->guessed);
    if (m->opcode == WSP_OPCODE_CLOSE)
        add_close(out, m);
    if (m->opcode != WSP_OPCODE_PONG)
        return;
    if (m->rtt_ns >= 0)
        add_seconds(out, "rtt", m->rtt_ns);
    else
        add_null(out, "rtt");
}

static void add_violation(GString *out, const record_violation *v)
{
    if (v->frame)
        add_unsigned(out, "frame", v->frame);
    else
        add_null(out, "frame");
    add_string(out, "rule", v->rule);
    add_string(out, "clause", v->clause);
    add_string(out, "text", v->text);
}

static void add_gap(GString *out, const record_gap *g)
{
    if (g->bytes)
        add_unsigned(out, "bytes", g->bytes);
    else
        add_null(out, "bytes");
}

static void add_totals(GString *out, const char *name, const record_side_totals *t)
{
    add_name(out, name);
    g_string_append_printf(out,
                           "{\"frames\":%" G_GUINT64_FORMAT ",\"messages\":%" G_GUINT64_FORMAT
                           ",\"bytes\":%" G_GUINT64_FORMAT ",\"wire_bytes\":%" G_GUINT64_FORMAT "}",
                           t->frames, t->messages, t->bytes, t->wire_bytes);
}

static void add_end(GString *out, const record_end *e)
{
    add_string(out, "how", record_how_name(e->how));
    add_totals(out, "client", &e->totals[WSP_FROM_CLIENT]);
    add_totals(out, "server", &e->totals[WSP_FROM_SERVER]);
}

void sink_json(sink *s, const record *r)
{
    GString *out = s->line;
    print_text(out, "{\"record\":\"");
    print_text(out, record_names[r->type]);
    print_char(out, '"');
    add_seconds(out, "time", r->time_ns);
    add_unsigned(out, "conn", r->conn);
    if (r->from != WSP_FROM_UNKNOWN)
        add_string(out, "from", record_from_name(r->from));
    switch (r->type) {
    case RECORD_OPEN: add_open(out, &r->open); break;
    case RECORD_FRAME: add_frame(out, &r->frame); break;
    case RECORD_MESSAGE: add_message(s, &r->message); break;
    case RECORD_VIOLATION: add_violation(out, &r->violation); break;
    case RECORD_GAP: add_gap(out, &r->gap); break;
    case RECORD_END: add_end(out, &r->end); break;
    case RECORD_TYPES: break;
    }
    print_char(out, '}');
}
