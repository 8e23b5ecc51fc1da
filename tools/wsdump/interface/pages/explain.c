/* Tables of headers, statuses and faults. See explain.h. */
#include "explain.h"

/* ---- Headers -------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    wsp_sender from;  /* WSP_FROM_UNKNOWN: the same in both */
    const char *rule; /* NULL: none */
    explanation means;
} headers[] = {
    {"Host",
     WSP_FROM_CLIENT,
     "handshake-head",
     {"RFC 6455 4.1", "The server's name, and its port where that is not the usual one. One server "
                      "may answer for many names."}},
    {"Upgrade",
     WSP_FROM_CLIENT,
     "handshake-upgrade",
     {"RFC 6455 4.1",
      "Asks to change from HTTP to the protocol \"websocket\" on this connection."}},
    {"Upgrade",
     WSP_FROM_SERVER,
     "handshake-upgrade",
     {"RFC 6455 4.2.2", "The protocol that is spoken behind this head: it must be \"websocket\"."}},
    {"Connection",
     WSP_FROM_CLIENT,
     "handshake-connection",
     {"RFC 6455 4.1", "Must list \"Upgrade\": the Upgrade header is meant for the next hop, and a "
                      "proxy that does not know it must not pass it on."}},
    {"Connection",
     WSP_FROM_SERVER,
     "handshake-connection",
     {"RFC 6455 4.2.2", "Must list \"Upgrade\" where the server changes the protocol. \"close\" "
                        "says that this TCP connection ends behind the response."}},
    {"Sec-WebSocket-Key",
     WSP_FROM_CLIENT,
     "handshake-key",
     {"RFC 6455 4.1", "16 random bytes in base64, new for each connection. The server proves with "
                      "Sec-WebSocket-Accept that it has read them and means WebSocket. It is no "
                      "secret and protects nothing else."}},
    {"Sec-WebSocket-Version",
     WSP_FROM_CLIENT,
     "handshake-version",
     {"RFC 6455 4.1", "The version of the protocol: 13, the only one that is in use."}},
    {"Sec-WebSocket-Version",
     WSP_FROM_SERVER,
     NULL,
     {"RFC 6455 4.4", "The versions that the server speaks: it does not speak the one asked for."}},
    {"Sec-WebSocket-Accept",
     WSP_FROM_SERVER,
     "handshake-accept",
     {"RFC 6455 4.2.2", "The answer to the key: the base64 of the SHA-1 of the key and the text "
                        "258EAFA5-E914-47DA-95CA-C5AB0DC85B11."}},
    {"Sec-WebSocket-Protocol",
     WSP_FROM_CLIENT,
     "handshake-subprotocol",
     {"RFC 6455 1.9", "The subprotocols that the client can speak inside the messages, the one it "
                      "likes best first."}},
    {"Sec-WebSocket-Protocol",
     WSP_FROM_SERVER,
     "handshake-subprotocol",
     {"RFC 6455 4.2.2", "The one subprotocol that the server has chosen from those offered."}},
    {"Sec-WebSocket-Extensions",
     WSP_FROM_CLIENT,
     "handshake-extension",
     {"RFC 6455 9.1", "The extensions that the client offers, such as permessage-deflate "
                      "(compression), with their parameters."}},
    {"Sec-WebSocket-Extensions",
     WSP_FROM_SERVER,
     "handshake-extension",
     {"RFC 6455 9.1", "The extensions that the server accepts; they hold for both directions."}},
    {"Origin",
     WSP_FROM_CLIENT,
     "handshake-origin",
     {"RFC 6455 10.2",
      "The site whose page opens the connection. Browsers always send it and pages "
      "cannot change it; a server should refuse sites that it does not know. "
      "Other programs can write anything here."}},
    {"Cookie",
     WSP_FROM_CLIENT,
     NULL,
     {"RFC 6455 10.5", "Often what tells the server who the user is. A browser sends it for any "
                       "page that opens the connection: check the Origin too."}},
    {"Set-Cookie",
     WSP_FROM_SERVER,
     NULL,
     {"RFC 6265 4.1", "What the client is to send as Cookie next time."}},
    {"Authorization",
     WSP_FROM_CLIENT,
     NULL,
     {"RFC 9110 11.6.2", "Credentials. A page in a browser cannot set this header."}},
    {"WWW-Authenticate",
     WSP_FROM_SERVER,
     NULL,
     {"RFC 9110 11.6.1", "How the server wants to be told who the user is."}},
    {"Location", WSP_FROM_SERVER, NULL, {"RFC 9110 10.2.2", "Where else to ask."}},
    {"Retry-After",
     WSP_FROM_SERVER,
     NULL,
     {"RFC 9110 10.2.3", "How long to wait before the next attempt."}},
    {"Content-Length",
     WSP_FROM_CLIENT,
     "handshake-head",
     {"RFC 9112 6", "The size of a body: an opening handshake has none."}},
    {"Content-Length",
     WSP_FROM_SERVER,
     NULL,
     {"RFC 9112 6", "The size of the body behind this head."}},
    {"Transfer-Encoding",
     WSP_FROM_CLIENT,
     "handshake-head",
     {"RFC 9112 6", "Announces a body: an opening handshake has none."}},
    {"X-Forwarded-For",
     WSP_FROM_CLIENT,
     NULL,
     {"RFC 7239 7.4",
      "A proxy in between: these are the addresses that it heard the request from."}},
    {"Forwarded",
     WSP_FROM_CLIENT,
     NULL,
     {"RFC 7239 4", "A proxy in between: this is whom it heard the request from."}},
    {"Via", WSP_FROM_UNKNOWN, NULL, {"RFC 9110 7.6.3", "The proxies in between."}},
};

/* The row of a header; their number when there is none. */
static size_t find_header(wsp_sender from, wsp_text name)
{
    size_t i = 0;
    while (i < G_N_ELEMENTS(headers) &&
           ((headers[i].from != from && headers[i].from != WSP_FROM_UNKNOWN) ||
            !wsp_text_equal_nocase(name, headers[i].name)))
        i++;
    return i;
}

const explanation *explain_header(wsp_sender from, wsp_text name)
{
    size_t i = find_header(from, name);
    return i < G_N_ELEMENTS(headers) ? &headers[i].means : NULL;
}

const char *explain_header_rule(wsp_sender from, wsp_text name)
{
    size_t i = find_header(from, name);
    return i < G_N_ELEMENTS(headers) ? headers[i].rule : NULL;
}

/* ---- Statuses ------------------------------------------------------------------------------- */

/* The first row that fits: single ones, then classes. */
static const struct {
    uint16_t first, last;
    explanation means;
} statuses[] = {
    {101, 101, {"RFC 6455 4.2.2", "The server agrees: frames follow right behind this head."}},
    {200,
     200,
     {"RFC 6455 4.1", "The server answered like a web page: it knows nothing of WebSocket at this "
                      "address, or something in between took the Upgrade away."}},
    {301, 303, {"RFC 6455 4.1", "The server sends the client elsewhere. Browsers do not follow."}},
    {307, 308, {"RFC 6455 4.1", "The server sends the client elsewhere. Browsers do not follow."}},
    {400,
     400,
     {"RFC 6455 4.2.1",
      "The server found the request wrong: a header that is missing or malformed, "
      "or a version that it does not speak."}},
    {401,
     401,
     {"RFC 6455 4.1", "The server wants to know who asks: credentials are missing or wrong."}},
    {403,
     403,
     {"RFC 6455 4.2.2", "The server does not want this client: often an Origin that it does not "
                        "let in (10.2), or a user without the right."}},
    {404, 404, {"RFC 9110 15.5.5", "There is nothing at this address."}},
    {405, 405, {"RFC 9110 15.5.6", "The method is not allowed: an opening handshake is a GET."}},
    {407, 407, {"RFC 9110 15.5.8", "A proxy in between wants credentials of its own."}},
    {426,
     426,
     {"RFC 6455 4.4", "An upgrade is needed: the request asked for none, or for a version of "
                      "WebSocket that the server does not speak. Sec-WebSocket-Version lists those "
                      "that it does."}},
    {429, 429, {"RFC 6585 4", "Too many requests in a short time: the client has to wait."}},
    {502,
     502,
     {"RFC 9110 15.6.3", "A proxy in between could not make sense of the server behind it."}},
    {503, 503, {"RFC 9110 15.6.4", "The server is too busy, or is being repaired."}},
    {504, 504, {"RFC 9110 15.6.5", "A proxy in between heard nothing from the server behind it."}},
    {100,
     199,
     {"RFC 9110 15.2", "A response for the time being, before the real one: no agreement."}},
    {200, 299, {"RFC 6455 4.1", "A success for HTTP, but no agreement to speak WebSocket."}},
    {300, 399, {"RFC 6455 4.1", "No agreement: the client should ask elsewhere, or otherwise."}},
    {400, 499, {"RFC 9110 15.5", "The server refuses and finds the fault with the client."}},
    {500, 599, {"RFC 9110 15.6", "The server refuses: something is wrong on its side."}},
};

const explanation *explain_status(uint16_t status)
{
    static const explanation unknown = {"RFC 9110 15", "No status that HTTP knows."};
    for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++)
        if (status >= statuses[i].first && status <= statuses[i].last)
            return &statuses[i].means;
    return &unknown;
}

/* ---- The form of a head --------------------------------------------------------------------- */

const char *explain_head_fault(uint32_t faults, uint32_t *bit)
{
    static const struct {
        uint32_t bit;
        const char *text;
    } forms[] = {
        {WSP_HTTP_FAULT_FIRST_LINE, "the first line is not as HTTP/1.1 wants it (RFC 9112 3, 4)"},
        {WSP_HTTP_FAULT_BARE_LF, "a line ends in LF without CR (RFC 9112 2.2)"},
        {WSP_HTTP_FAULT_BARE_CR, "there is a CR that ends no line (RFC 9112 2.2)"},
        {WSP_HTTP_FAULT_FOLDED, "a header is folded over two lines (RFC 9112 5.2)"},
        {WSP_HTTP_FAULT_SPACE_COLON, "there is a blank before a header's colon (RFC 9112 5.1)"},
        {WSP_HTTP_FAULT_NAME, "a header has no colon, or no proper name (RFC 9112 5)"},
        {WSP_HTTP_FAULT_VALUE, "there are control characters in a value (RFC 9110 5.5)"},
        {WSP_HTTP_FAULT_TOO_MANY, "there are more headers than wsdump keeps"},
        {WSP_HTTP_FAULT_UNFINISHED, "the empty line at the end is missing (RFC 9112 2.1)"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        if (!(faults & forms[i].bit))
            continue;
        *bit = forms[i].bit;
        return forms[i].text;
    }
    return NULL;
}
