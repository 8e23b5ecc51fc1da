/* The table of fields, and how each is read from a record. See filter_fields.h. */
#include "filter_fields.h"

#include "escape.h"

#include <string.h>

/* ---- How they are read ----------------------------------------------------------------------- */

/* NAME has VALUE in every record that it is asked of; or only where CONDITION holds. */
#define NUMBER(name, value) NUMBER_IF(name, true, value)
#define NUMBER_IF(name, condition, value)                    \
    static bool get_##name(const record *r, filter_value *v) \
    {                                                        \
        if (!(condition))                                    \
            return false;                                    \
        v->number = (value);                                 \
        return true;                                         \
    }
#define TEXT(name, value)                                    \
    static bool get_##name(const record *r, filter_value *v) \
    {                                                        \
        return set_text(v, value);                           \
    }

static bool set_text(filter_value *v, wsp_text text)
{
    wsp_utf8 u = {0};
    v->data = text.data;
    v->len = text.len;
    v->utf8 = text.data && wsp_utf8_feed(&u, (const uint8_t *)text.data, text.len) == text.len &&
              wsp_utf8_done(&u);
    return text.data;
}

static wsp_text text_of(const char *text)
{
    return (wsp_text){text, strlen(text)};
}

NUMBER(record, r->type)
NUMBER(conn, r->conn)
NUMBER(time, filter_time(r->time_ns))
NUMBER_IF(from, r->from != WSP_FROM_UNKNOWN, r->from)

static wsp_text endpoint_text(GString *room, const endpoint *e)
{
    char text[ENDPOINT_TEXT];
    int len = endpoint_format(text, e);
    g_string_assign(room, "");
    g_string_append_len(room, text, len);
    return (wsp_text){room->str, room->len};
}

/* Without the port, and without the brackets of IPv6. */
static wsp_text address_text(GString *room, const endpoint *e)
{
    wsp_text text = endpoint_text(room, e);
    while (text.len && text.data[text.len - 1] != ':')
        text.len--;
    text.len -= text.len > 0;
    if (text.len >= 2 && text.data[0] == '[')
        text = (wsp_text){text.data + 1, text.len - 2};
    return text;
}

static wsp_text list_text(GString *room, const wsp_http_head *head, const char *name)
{
    g_string_assign(room, "");
    bool found = record_open_list(head, name, room);
    return found ? (wsp_text){room->str, room->len} : (wsp_text){NULL, 0};
}

TEXT(client, endpoint_text(v->room, r->open.client))
TEXT(client_address, address_text(v->room, r->open.client))
NUMBER(client_port, r->open.client->port)
TEXT(server, endpoint_text(v->room, r->open.server))
TEXT(server_address, address_text(v->room, r->open.server))
NUMBER(server_port, r->open.server->port)
NUMBER(handshake, r->open.handshake)
TEXT(host, record_open_header(r->open.request, "Host"))
TEXT(path, r->open.request ? r->open.request->target : ((wsp_text){NULL, 0}))
NUMBER_IF(status, r->open.response, r->open.response->status)
TEXT(subprotocol, record_open_header(r->open.response, "Sec-WebSocket-Protocol"))
TEXT(extensions, list_text(v->room, r->open.response, "Sec-WebSocket-Extensions"))

/* There is only one, so far. */
static bool get_transport(const record *r, filter_value *v)
{
    (void)r;
    v->number = 0;
    return true;
}

static bool get_frame(const record *r, filter_value *v)
{
    v->number = r->type == RECORD_FRAME ? r->frame.number : r->violation.frame;
    return v->number != 0;
}

static bool get_length(const record *r, filter_value *v)
{
    bool frame = r->type == RECORD_FRAME;
    v->number = frame ? r->frame.header->payload_length : r->message.length;
    return frame || r->message.data;
}

static bool get_masking_key(const record *r, filter_value *v)
{
    const wsp_frame_header *h = r->frame.header;
    if (!h->masked)
        return false;
    g_string_assign(v->room, "");
    escape_hex(v->room, h->masking_key, sizeof h->masking_key);
    return set_text(v, (wsp_text){v->room->str, v->room->len});
}

NUMBER(guessed, r->type == RECORD_FRAME ? r->frame.guessed : r->message.guessed)
NUMBER(packet, r->frame.packet)
NUMBER(fin, r->frame.header->fin)
NUMBER(rsv, r->frame.header->rsv)
NUMBER(opcode, r->frame.header->opcode)
NUMBER(masked, r->frame.header->masked)
NUMBER(header_length, (uint64_t)wsp_frame_header_size(r->frame.header))

NUMBER(message, r->message.number)
NUMBER(type, r->message.opcode)
NUMBER(frames, r->message.frames)
NUMBER(wire_length, r->message.wire_length)
NUMBER(compressed, r->message.compressed)
NUMBER(complete, r->message.complete)
NUMBER(truncated, r->message.truncated)
NUMBER_IF(encoding, r->message.data, !record_message_is_text(&r->message))
NUMBER_IF(code, r->message.opcode == WSP_OPCODE_CLOSE && r->message.close_code >= 0,
          (uint64_t)r->message.close_code)
NUMBER_IF(rtt, r->message.opcode == WSP_OPCODE_PONG && r->message.rtt_ns >= 0,
          (uint64_t)r->message.rtt_ns)

static bool get_data(const record *r, filter_value *v)
{
    v->data = (const char *)r->message.data;
    v->len = r->message.data_len;
    v->utf8 = r->message.utf8 && !r->message.truncated; /* else its end may be torn */
    return v->data;
}

static bool get_reason(const record *r, filter_value *v)
{
    const record_message *m = &r->message;
    if (m->opcode != WSP_OPCODE_CLOSE || !m->data || m->data_len < 2)
        return false;
    return set_text(v, (wsp_text){(const char *)m->data + 2, m->data_len - 2});
}

TEXT(rule, text_of(r->violation.rule))
TEXT(clause, text_of(r->violation.clause))
NUMBER_IF(bytes, r->gap.bytes != 0, r->gap.bytes)
NUMBER(how, r->end.how)
NUMBER(client_frames, r->end.totals[WSP_FROM_CLIENT].frames)
NUMBER(client_messages, r->end.totals[WSP_FROM_CLIENT].messages)
NUMBER(client_bytes, r->end.totals[WSP_FROM_CLIENT].bytes)
NUMBER(client_wire_bytes, r->end.totals[WSP_FROM_CLIENT].wire_bytes)
NUMBER(server_frames, r->end.totals[WSP_FROM_SERVER].frames)
NUMBER(server_messages, r->end.totals[WSP_FROM_SERVER].messages)
NUMBER(server_bytes, r->end.totals[WSP_FROM_SERVER].bytes)
NUMBER(server_wire_bytes, r->end.totals[WSP_FROM_SERVER].wire_bytes)

/* ---- Words ----------------------------------------------------------------------------------- */

static const char *record_word(unsigned index)
{
    return record_names[index];
}

static const char *from_word(unsigned index)
{
    return record_from_name((wsp_sender)index);
}

static const char *transport_word(unsigned index)
{
    (void)index;
    return "tcp";
}

static const char *handshake_word(unsigned index)
{
    return record_handshake_name((record_handshake)index);
}

static const char *type_word(unsigned index)
{
    return record_message_type((uint8_t)index);
}

static const char *encoding_word(unsigned index)
{
    return index ? "base64" : "utf8";
}

static const char *how_word(unsigned index)
{
    return record_how_name((record_how)index);
}

/* The violations by their bits, then the handshake's faults. */
static const char *rule_word(unsigned index)
{
    if (index < 32) {
        const wsp_violation *v = wsp_violation_first(UINT32_C(1) << index);
        return v ? v->name : NULL;
    }
    const wsp_handshake_fault *f = wsp_handshake_fault_first(UINT32_C(1) << (index - 32));
    return f ? f->name : NULL;
}

/* ---- The table ------------------------------------------------------------------------------- */

enum {
    ALL = (1 << RECORD_TYPES) - 1,
    CONNECTION = FILTER_OF_CONNECTION,
    FRAME = 1 << RECORD_FRAME,
    MESSAGE = 1 << RECORD_MESSAGE,
    VIOLATION = 1 << RECORD_VIOLATION,
    GAP = 1 << RECORD_GAP,
    END = 1 << RECORD_END,
    DIRECTED = FRAME | MESSAGE | VIOLATION | GAP,
};

#define FLAG(name, records, meaning)                                 \
    {                                                                \
#name, FILTER_FLAG, records, get_##name, meaning, NULL, 0, 0 \
    }
#define WORD(name, records, words)                                           \
    {                                                                        \
#name, FILTER_WORD, records, get_##name, NULL, name##_word, words, 0 \
    }
#define PLAIN(name, type, records, meaning)                   \
    {                                                         \
#name, type, records, get_##name, meaning, NULL, 0, 0 \
    }
#define DOTTED(side, name, type, records, meaning)                               \
    {                                                                            \
#side "." #name, type, records, get_##side##_##name, meaning, NULL, 0, 0 \
    }
#define PAYLOAD(name, type, meaning)                          \
    {                                                         \
#name, type, MESSAGE, get_##name, meaning, NULL, 0, 1 \
    }

static const filter_field fields[] = {
    WORD(record, ALL, RECORD_TYPES),
    PLAIN(conn, FILTER_NUMBER, ALL, "the connection, from 1"),
    PLAIN(time, FILTER_TIME, ALL, "of the packet that completed it"),
    WORD(from, DIRECTED, 2),
    PLAIN(client, FILTER_TEXT, CONNECTION, "addr:port"),
    DOTTED(client, address, FILTER_TEXT, CONNECTION, "without the port"),
    DOTTED(client, port, FILTER_NUMBER, CONNECTION, "its TCP port"),
    PLAIN(server, FILTER_TEXT, CONNECTION, "addr:port"),
    DOTTED(server, address, FILTER_TEXT, CONNECTION, "without the port"),
    DOTTED(server, port, FILTER_NUMBER, CONNECTION, "its TCP port"),
    WORD(transport, CONNECTION, 1),
    WORD(handshake, CONNECTION, HANDSHAKE_REFUSED + 1),
    PLAIN(host, FILTER_TEXT, CONNECTION, "that the client asked for"),
    PLAIN(path, FILTER_TEXT, CONNECTION, "that it asked for, with its query"),
    PLAIN(status, FILTER_NUMBER, CONNECTION, "of the response"),
    PLAIN(subprotocol, FILTER_TEXT, CONNECTION, "that the server chose"),
    PLAIN(extensions, FILTER_TEXT, CONNECTION, "that the server granted"),
    PLAIN(frame, FILTER_NUMBER, FRAME | VIOLATION, "in its connection, from 1"),
    PLAIN(packet, FILTER_NUMBER, FRAME, "that completed its header"),
    FLAG(fin, FRAME, "the last of its message"),
    PLAIN(rsv, FILTER_NUMBER, FRAME, "0 to 7, RSV1 = 4"),
    PLAIN(opcode, FILTER_NUMBER, FRAME, "0 to 15"),
    FLAG(masked, FRAME, "has a masking key"),
    PLAIN(masking_key, FILTER_TEXT, FRAME, "8 hexadecimal digits"),
    PLAIN(header_length, FILTER_NUMBER, FRAME, "bytes, 2 to 14"),
    PLAIN(length, FILTER_NUMBER, FRAME | MESSAGE, "bytes of payload, inflated"),
    FLAG(guessed, FRAME | MESSAGE, "while unproven"),
    PLAIN(message, FILTER_NUMBER, MESSAGE, "in its connection, from 1"),
    WORD(type, MESSAGE, 16),
    PLAIN(frames, FILTER_NUMBER, MESSAGE, "that it was sent in"),
    PLAIN(wire_length, FILTER_NUMBER, MESSAGE, "bytes as sent, compressed or not"),
    FLAG(compressed, MESSAGE, "by permessage-deflate"),
    FLAG(complete, MESSAGE, "every byte is known"),
    WORD(encoding, MESSAGE, 2),
    PAYLOAD(data, FILTER_TEXT, "the whole payload"),
    PAYLOAD(truncated, FILTER_FLAG, "more than --memory could keep"),
    PLAIN(code, FILTER_NUMBER, MESSAGE, "of a close"),
    PAYLOAD(reason, FILTER_TEXT, "of a close"),
    PLAIN(rtt, FILTER_DURATION, MESSAGE, "of a pong: since its ping"),
    {"rule", FILTER_TEXT, VIOLATION, get_rule, "its id, such as mask-missing", rule_word, 64, 0},
    PLAIN(clause, FILTER_TEXT, VIOLATION, "such as RFC 6455 5.1"),
    PLAIN(bytes, FILTER_NUMBER, GAP, "that are missing"),
    WORD(how, END, ENDED_EOF + 1),
    DOTTED(client, frames, FILTER_NUMBER, END, "that it sent"),
    DOTTED(client, messages, FILTER_NUMBER, END, "that it sent"),
    DOTTED(client, bytes, FILTER_NUMBER, END, "of its messages"),
    DOTTED(client, wire_bytes, FILTER_NUMBER, END, "of its stream"),
    DOTTED(server, frames, FILTER_NUMBER, END, "that it sent"),
    DOTTED(server, messages, FILTER_NUMBER, END, "that it sent"),
    DOTTED(server, bytes, FILTER_NUMBER, END, "of its messages"),
    DOTTED(server, wire_bytes, FILTER_NUMBER, END, "of its stream"),
};

static const struct {
    const char *name, *example;
} types[] = {
    [FILTER_NUMBER] = {"number", "1000, 0x3e8, 64K"},
    [FILTER_DURATION] = {"duration", "10ms, 2s, 1.5h"},
    [FILTER_TIME] = {"time", "\"2026-11-20 11:23:04\", 1795173784.5"},
    [FILTER_WORD] = {"word", NULL},
    [FILTER_FLAG] = {"flag", "true, false"},
    [FILTER_TEXT] = {"text", "\"in quotes\""},
};

const filter_field *filter_field_at(size_t index)
{
    return index < G_N_ELEMENTS(fields) ? &fields[index] : NULL;
}

const filter_field *filter_field_find(const char *name, size_t len)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        if (strlen(fields[i].name) == len && memcmp(fields[i].name, name, len) == 0)
            return &fields[i];
    return NULL;
}

const char *filter_type_name(filter_type type)
{
    return types[type].name;
}

const char *filter_type_example(filter_type type)
{
    return types[type].example;
}

int filter_field_word(const filter_field *field, const char *word, size_t len)
{
    for (unsigned i = 0; i < field->words; i++) {
        const char *candidate = field->word(i);
        if (candidate && strlen(candidate) == len && memcmp(candidate, word, len) == 0)
            return (int)i;
    }
    return -1;
}

void filter_field_list_words(const filter_field *field, const char *between, GString *out)
{
    const char *separator = "";
    for (unsigned i = 0; i < field->words; i++) {
        const char *word = field->word(i);
        if (!word)
            continue;
        g_string_append_printf(out, "%s%s", separator, word);
        separator = between;
    }
}

/* "all", "connection", "frame,message". */
static void describe_records(GString *out, unsigned records)
{
    gsize start = out->len;
    if (records == ALL)
        g_string_append(out, "all");
    else if (records == DIRECTED)
        g_string_append(out, "directed");
    else if (records == CONNECTION)
        g_string_append(out, "connection");
    else
        for (int type = 0; type < RECORD_TYPES; type++)
            if (records & 1U << type)
                g_string_append_printf(out, "%s%s", out->len > start ? "," : "",
                                       record_names[type]);
}

void filter_fields_describe(GString *out)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        g_autoptr(GString) records = g_string_new(NULL);
        describe_records(records, fields[i].records);
        g_string_append_printf(out, "%-18s%-9s%-16s", fields[i].name,
                               filter_type_name(fields[i].type), records->str);
        if (fields[i].meaning)
            g_string_append(out, fields[i].meaning);
        else
            filter_field_list_words(&fields[i], ",", out);
        g_string_append_c(out, '\n');
    }
}
