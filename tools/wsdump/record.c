/* The names that records have in every output. */
#include "record.h"

const char *const record_names[RECORD_TYPES] = {"open",      "frame", "message",
                                                "violation", "gap",   "end"};

const char *record_handshake_name(record_handshake handshake)
{
    static const char *const names[] = {"seen", "partial", "missing", "refused"};
    return names[handshake];
}

const char *record_how_name(record_how how)
{
    static const char *const names[] = {"close", "fin", "rst", "timeout", "eof"};
    return names[how];
}

const char *record_from_name(wsp_sender from)
{
    static const char *const names[] = {"client", "server", NULL};
    return names[from];
}

const char *record_message_type(uint8_t opcode)
{
    switch (opcode) {
    case WSP_OPCODE_TEXT:
    case WSP_OPCODE_BINARY:
    case WSP_OPCODE_CLOSE:
    case WSP_OPCODE_PING:
    case WSP_OPCODE_PONG: return wsp_opcode_name(opcode);
    default: return NULL;
    }
}

wsp_text record_open_header(const wsp_http_head *head, const char *name)
{
    return head ? wsp_http_header_value(head, name, NULL) : (wsp_text){NULL, 0};
}

bool record_open_list(const wsp_http_head *head, const char *name, GString *out)
{
    if (!record_open_header(head, name).data)
        return false;
    const char *separator = "";
    for (size_t i = 0; i < head->header_count; i++) {
        if (!wsp_text_equal_nocase(head->headers[i].name, name))
            continue;
        g_string_append(out, separator);
        g_string_append_len(out, head->headers[i].value.data, (gssize)head->headers[i].value.len);
        separator = ", ";
    }
    return true;
}

bool record_message_reading(const record_message *m, const uint8_t **data, size_t *len)
{
    *data = m->data;
    *len = m->data_len;
    if (m->opcode == WSP_OPCODE_CLOSE && m->length >= 2) { /* the code is no text */
        size_t code = MIN(*len, 2);
        *data += code;
        *len -= code;
    }
    if (m->opcode == WSP_OPCODE_TEXT || m->opcode == WSP_OPCODE_CLOSE)
        return true;
    if (m->opcode == WSP_OPCODE_BINARY)
        return false;
    size_t i = 0;
    while (i < *len && (*data)[i] >= 0x20 && (*data)[i] < 0x7f)
        i++;
    return i == *len;
}

bool record_open_deflates(const wsp_http_head *response)
{
    wsp_http_list_place at = {0};
    wsp_text element;
    wsp_extension extension;
    while (response && wsp_http_list_next(response, "Sec-WebSocket-Extensions", &at, &element))
        if (wsp_extension_parse(&extension, element) &&
            wsp_text_equal_nocase(extension.name, "permessage-deflate"))
            return true;
    return false;
}

bool record_message_is_text(const record_message *m)
{
    return m->opcode == WSP_OPCODE_TEXT && m->utf8;
}
