/* See search.h. */
#include "search.h"

#include <string.h>

/* Where the next byte is that may begin the text: large or small. */
static const uint8_t *next_start(const uint8_t *at, const uint8_t *end, uint8_t first)
{
    const uint8_t *lower = memchr(at, g_ascii_tolower((char)first), (size_t)(end - at));
    const uint8_t *upper_end = lower ? lower : end;
    const uint8_t *upper = g_ascii_isalpha((char)first)
                               ? memchr(at, g_ascii_toupper((char)first), (size_t)(upper_end - at))
                               : NULL;
    return upper ? upper : lower;
}

bool search_bytes(const void *data, size_t len, const char *text)
{
    size_t wanted = strlen(text);
    if (wanted == 0 || wanted > len)
        return wanted == 0;
    const uint8_t *at = data, *end = at + len - wanted + 1;
    while ((at = next_start(at, end, (uint8_t)text[0]))) {
        if (g_ascii_strncasecmp((const char *)at, text, wanted) == 0)
            return true;
        if (++at >= end)
            return false;
    }
    return false;
}

static bool search_head(const wsp_http_head *head, const char *text)
{
    if (!head)
        return false;
    bool found = head->target.data && search_bytes(head->target.data, head->target.len, text);
    for (size_t i = 0; i < head->header_count && !found; i++) {
        const wsp_http_header *h = &head->headers[i];
        found = search_bytes(h->name.data, h->name.len, text) ||
                search_bytes(h->value.data, h->value.len, text);
    }
    return found;
}

static bool search_name(const char *name, const char *text)
{
    return name && search_bytes(name, strlen(name), text);
}

static bool search_endpoint(const endpoint *e, const char *text)
{
    char name[ENDPOINT_TEXT];
    endpoint_format(name, e);
    return search_name(name, text);
}

bool search_record(const record *r, const char *text)
{
    if (search_name(record_names[r->type], text))
        return true;
    switch (r->type) {
    case RECORD_OPEN:
        return search_head(r->open.request, text) || search_head(r->open.response, text) ||
               search_endpoint(r->open.client, text) || search_endpoint(r->open.server, text);
    case RECORD_FRAME: return search_name(wsp_opcode_name(r->frame.header->opcode), text);
    case RECORD_MESSAGE:
        return search_name(record_message_type(r->message.opcode), text) ||
               (r->message.data && search_bytes(r->message.data, r->message.data_len, text));
    case RECORD_VIOLATION:
        return search_name(r->violation.rule, text) || search_name(r->violation.text, text);
    case RECORD_END: return search_name(record_how_name(r->end.how), text);
    default: return false;
    }
}
