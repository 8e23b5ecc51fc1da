/*
 * Writing the heads of the opening handshake. What would break out of its place in a head is
 * refused, never repaired: it would let its author write headers of their own.
 */
#include "parts.h"
#include "text.h"
#include "wsproto/error.h"
#include "wsproto/handshake.h"

#include <limits.h>

typedef struct writer {
    char *out;
    size_t size, len; /* len goes on counting when the room has run out */
} writer;

static writer writer_into(char *out, size_t size)
{
    return (writer){.out = out, .size = size};
}

static void put_text(writer *w, wsp_text text)
{
    if (text.len > 0 && w->len <= w->size && text.len <= w->size - w->len)
        memcpy(w->out + w->len, text.data, text.len);
    w->len += text.len;
}

static void put(writer *w, const char *string)
{
    put_text(w, text_of(string));
}

static void put_number(writer *w, size_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    put_text(w, (wsp_text){digits + at, sizeof digits - at});
}

/* One header line; none if the value is absent. */
static void put_header(writer *w, const char *name, wsp_text value)
{
    if (!value.data)
        return;
    put(w, name);
    put(w, ": ");
    put_text(w, value);
    put(w, "\r\n");
}

static void put_more(writer *w, const wsp_http_header *more, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put_text(w, more[i].name);
        put(w, ": ");
        put_text(w, more[i].value);
        put(w, "\r\n");
    }
}

static bool has_header(const wsp_http_header *more, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (wsp_text_equal_nocase(more[i].name, name))
            return true;
    return false;
}

static int written(const writer *w)
{
    return w->len > w->size || w->len > INT_MAX ? WSP_ERR_SPACE : (int)w->len;
}

static bool more_legal(const wsp_http_header *more, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!wsp_text_is_token(more[i].name) || !text_all(more[i].value, is_value_char))
            return false;
    return true;
}

/* Would this list be legal as the only header line of that name? */
static bool list_legal(const char *list, bool (*legal)(const wsp_lines *))
{
    wsp_http_header header = {{NULL, 0}, text_of(list)};
    wsp_lines lines = {header.name, &header, 1};
    return !list || (text_all(header.value, is_value_char) && legal(&lines));
}

static bool offer_legal(const wsp_handshake_offer *offer)
{
    wsp_text target = text_of(offer->target);
    return target.len > 0 && target.data[0] == '/' && text_all(target, is_target_char) &&
           wsp_is_authority(text_of(offer->host)) && wsp_is_key(text_of(offer->key)) &&
           text_all(text_of(offer->origin), is_value_char) &&
           list_legal(offer->subprotocols, wsp_are_subprotocols) &&
           list_legal(offer->extensions, wsp_are_extensions) &&
           more_legal(offer->more, offer->more_count);
}

int wsp_handshake_request_write(char *out, size_t size, const wsp_handshake_offer *offer)
{
    if (!offer_legal(offer))
        return WSP_ERR_VALUE;
    writer w = writer_into(out, size);
    put(&w, "GET ");
    put(&w, offer->target);
    put(&w, " HTTP/1.1\r\n");
    put_header(&w, "Host", text_of(offer->host));
    put(&w, "Upgrade: websocket\r\nConnection: Upgrade\r\n");
    put_header(&w, "Sec-WebSocket-Key", text_of(offer->key));
    put(&w, "Sec-WebSocket-Version: 13\r\n");
    put_header(&w, "Origin", text_of(offer->origin));
    put_header(&w, "Sec-WebSocket-Protocol", text_of(offer->subprotocols));
    put_header(&w, "Sec-WebSocket-Extensions", text_of(offer->extensions));
    put_more(&w, offer->more, offer->more_count);
    put(&w, "\r\n");
    return written(&w);
}

int wsp_handshake_accept_write(char *out, size_t size, const wsp_handshake_answer *answer)
{
    wsp_text subprotocol = text_of(answer->subprotocol);
    if (!wsp_is_key(answer->key) || (subprotocol.data && !wsp_text_is_token(subprotocol)) ||
        !list_legal(answer->extensions, wsp_are_extensions) ||
        !more_legal(answer->more, answer->more_count))
        return WSP_ERR_VALUE;
    char accept[29];
    wsp_accept_key(accept, answer->key.data, answer->key.len);

    writer w = writer_into(out, size);
    put(&w, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
    put_header(&w, "Sec-WebSocket-Accept", text_of(accept));
    put_header(&w, "Sec-WebSocket-Protocol", subprotocol);
    put_header(&w, "Sec-WebSocket-Extensions", text_of(answer->extensions));
    put_more(&w, answer->more, answer->more_count);
    put(&w, "\r\n");
    return written(&w);
}

/* What a status needs beyond its number. RFC 9110 15; the reason may be empty. */
typedef struct refusal {
    uint16_t status;
    const char *reason;
    const char *headers;
} refusal;

static const refusal *refusal_of(uint16_t status)
{
    static const refusal refusals[] = {
        {400, "Bad Request", ""},
        {401, "Unauthorized", ""},
        {403, "Forbidden", ""},
        {404, "Not Found", ""},
        {405, "Method Not Allowed", "Allow: GET\r\n"},
        {408, "Request Timeout", ""},
        {414, "URI Too Long", ""},
        /* RFC 6455 4.4 wants the version; RFC 9110 7.8 the upgrade, named in Connection too. */
        {426, "Upgrade Required",
         "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"},
        {429, "Too Many Requests", ""},
        {431, "Request Header Fields Too Large", ""},
        {500, "Internal Server Error", ""},
        {501, "Not Implemented", ""},
        {503, "Service Unavailable", ""},
        {505, "HTTP Version Not Supported", ""},
    };
    static const refusal other = {0, "", ""};
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        if (refusals[i].status == status)
            return &refusals[i];
    return &other;
}

int wsp_handshake_refusal_write(char *out, size_t size, uint16_t status, const char *body,
                                const wsp_http_header *more, size_t more_count)
{
    if (status < 300 || status > 599)
        return WSP_ERR_RANGE;
    if (!more_legal(more, more_count))
        return WSP_ERR_VALUE;
    const refusal *r = refusal_of(status);
    writer w = writer_into(out, size);
    put(&w, "HTTP/1.1 ");
    put_number(&w, status);
    put(&w, " ");
    put(&w, r->reason);
    put(&w, "\r\nConnection: close\r\n");
    put(&w, r->headers);
    if (body && !has_header(more, more_count, "Content-Type"))
        put(&w, "Content-Type: text/plain; charset=utf-8\r\n");
    put(&w, "Content-Length: ");
    put_number(&w, text_of(body).len);
    put(&w, "\r\n");
    put_more(&w, more, more_count);
    put(&w, "\r\n");
    if (body)
        put(&w, body);
    return written(&w);
}
