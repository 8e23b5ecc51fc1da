/*
 * Records as JSON, one object per line. Written by hand because this is the hot path and every
 * record is flat; README and the man page list the fields.
 */
#include "escape.h"
#include "print.h"
#include "sink.h"

/* What has a bounded length is put at a place where there is room for it, and says where it ends;
 * what has not is added to the line. Names and words are such as need no escaping. */

/* A record's name, type, time, connection and sender, or all numbers and words of a message. */
enum { FIXED_ROOM = 512 };

static inline char *put_bytes(char *to, const char *bytes, size_t len)
{
    memcpy(to, bytes, len);
    return to + len;
}

static inline char *put(char *to, const char *text)
{
    return put_bytes(to, text, strlen(text)); /* known to the compiler, nearly always */
}

static inline char *put_name(char *to, const char *name)
{
    return put(put(put(to, ",\""), name), "\":");
}

static inline char *put_word(char *to, const char *name, const char *word)
{
    return put(put(put(put_name(to, name), "\""), word), "\"");
}

static inline char *put_unsigned(char *to, const char *name, uint64_t value)
{
    return print_digits(put_name(to, name), value);
}

static inline char *put_bool(char *to, const char *name, bool value)
{
    to = put_name(to, name);
    return value ? put(to, "true") : put(to, "false");
}

static inline char *put_null(char *to, const char *name)
{
    return put(put_name(to, name), "null");
}

/* Seconds with the digits that the capture's clock really has. */
static char *put_seconds(char *to, const char *name, int64_t ns)
{
    const uint64_t in_second = 1000000000, all = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
    const uint64_t rest = all % in_second;
    to = put_name(to, name);
    if (ns < 0)
        *to++ = '-';
    to = put(print_digits(to, all / in_second), ".");
    return rest % 1000 ? print_last_digits(to, rest, 9) : print_last_digits(to, rest / 1000, 6);
}

static void add_name(GString *out, const char *name)
{
    print_wrote_to(out, put_name(print_room(out, FIXED_ROOM), name));
}

static void add_text(GString *out, const char *name, const char *data, size_t len)
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

static void add_string(GString *out, const char *name, const char *value)
{
    add_text(out, name, value, value ? strlen(value) : 0);
}

static void add_unsigned(GString *out, const char *name, uint64_t value)
{
    print_wrote_to(out, put_unsigned(print_room(out, FIXED_ROOM), name, value));
}

static void add_bool(GString *out, const char *name, bool value)
{
    print_wrote_to(out, put_bool(print_room(out, FIXED_ROOM), name, value));
}

static void add_null(GString *out, const char *name)
{
    add_text(out, name, NULL, 0);
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
    char *to = print_room(out, FIXED_ROOM);
    to = as_text ? put_word(to, "encoding", "utf8") : put_word(to, "encoding", "base64");
    print_wrote_to(out, put(put_name(to, "data"), "\""));
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
    char *to = print_room(out, FIXED_ROOM);
    to = put_unsigned(to, "message", m->number);
    to = put_word(to, "type", record_message_type(m->opcode));
    to = put_unsigned(to, "frames", m->frames);
    to = put_unsigned(to, "wire_length", m->wire_length);
    to = m->data ? put_unsigned(to, "length", m->length) : put_null(to, "length");
    to = put_bool(to, "compressed", m->compressed);
    to = put_bool(to, "complete", m->complete);
    print_wrote_to(out, to);
    add_missing(s, m);
    add_data(s, m);
    to = print_room(out, FIXED_ROOM);
    to = put_bool(to, "truncated", m->truncated);
    to = put_bool(to, "guessed", m->guessed);
    print_wrote_to(out, to);
    if (m->opcode == WSP_OPCODE_CLOSE)
        add_close(out, m);
    if (m->opcode != WSP_OPCODE_PONG)
        return;
    to = print_room(out, FIXED_ROOM);
    to = m->rtt_ns >= 0 ? put_seconds(to, "rtt", m->rtt_ns) : put_null(to, "rtt");
    print_wrote_to(out, to);
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
    char *to = print_room(out, FIXED_ROOM);
    to = put(put(put(to, "{\"record\":\""), record_names[r->type]), "\"");
    to = put_seconds(to, "time", r->time_ns);
    to = put_unsigned(to, "conn", r->conn);
    if (r->from != WSP_FROM_UNKNOWN)
        to = put_word(to, "from", record_from_name(r->from));
    print_wrote_to(out, to);
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
