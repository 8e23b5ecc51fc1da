/*
 * Judging the opening handshake (RFC 6455 4): one table of what can be wrong, a judge for each of
 * the two heads. The rules about bytes are http.c's.
 */
#include "wsproto/handshake.h"

#include "parts.h"
#include "text.h"

/* ---- The table of faults ------------------------------------------------------------------- */

static const wsp_handshake_fault faults_table[] = {
    {WSP_H_HEAD, "handshake-head", "RFC 6455 4.2.1",
     "the head is malformed, not HTTP/1.1, has no single Host, or announces a body", 400},
    {WSP_H_METHOD, "handshake-method", "RFC 6455 4.1", "the method of the request is not GET", 405},
    {WSP_H_UPGRADE, "handshake-upgrade", "RFC 6455 4.1",
     "the Upgrade header is missing or does not say websocket", 400},
    {WSP_H_CONNECTION, "handshake-connection", "RFC 6455 4.1",
     "the Connection header is missing or does not list upgrade", 400},
    {WSP_H_VERSION, "handshake-version", "RFC 6455 4.4",
     "the Sec-WebSocket-Version header is missing, double or not 13", 426},
    {WSP_H_KEY, "handshake-key", "RFC 6455 4.2.1",
     "the Sec-WebSocket-Key header is missing, double or not 16 bytes in base64", 400},
    {WSP_H_ACCEPT, "handshake-accept", "RFC 6455 4.2.2",
     "the Sec-WebSocket-Accept header is missing, double or does not answer the key", 0},
    {WSP_H_SUBPROTOCOL, "handshake-subprotocol", "RFC 6455 4.1",
     "the Sec-WebSocket-Protocol header is malformed or names what was not offered", 400},
    {WSP_H_EXTENSION, "handshake-extension", "RFC 6455 9.1",
     "the Sec-WebSocket-Extensions header is malformed or names what was not offered", 400},
    {WSP_H_ORIGIN, "handshake-origin", "RFC 6455 10.2",
     "the origin is not one that this server accepts connections from", 403},
    {WSP_H_STATUS, "handshake-status", "RFC 6455 4.1",
     "the status of the response is not 101: the upgrade was refused", 0},
};
enum { FAULT_COUNT = sizeof faults_table / sizeof faults_table[0] };

const wsp_handshake_fault *wsp_handshake_fault_first(uint32_t faults)
{
    for (size_t i = 0; i < FAULT_COUNT; i++)
        if (faults & faults_table[i].bit)
            return &faults_table[i];
    return NULL;
}

const wsp_handshake_fault *wsp_handshake_fault_named(const char *name)
{
    for (size_t i = 0; i < FAULT_COUNT; i++)
        if (strcmp(faults_table[i].name, name) == 0)
            return &faults_table[i];
    return NULL;
}

uint16_t wsp_handshake_status(uint32_t faults)
{
    const wsp_handshake_fault *fault = wsp_handshake_fault_first(faults);
    return fault ? fault->status : 0;
}

/* ---- Keys ---------------------------------------------------------------------------------- */

/* Base64 of a fixed number of bytes: so many digits, then so much padding, then nothing. */
static bool is_base64(wsp_text text, size_t digits, const char *padding)
{
    if (text.len < digits)
        return false;
    wsp_text front = text_cut(&text, digits);
    return text_all(front, is_base64_digit) && text_same(text, text_of(padding));
}

/* RFC 6455 4.1: 16 bytes. Bits left over in the last digit do not matter (RFC 4648 3.5). */
bool wsp_is_key(wsp_text text)
{
    return is_base64(text, 22, "==");
}

/* The base64 of a SHA-1 digest of whatever key. */
static bool is_accept(wsp_text text)
{
    return is_base64(text, 27, "=");
}

/* ---- What both heads have ------------------------------------------------------------------ */

/* The headers that the rules are about, the shortest names first. */
typedef enum header_id {
    HOST,
    ORIGIN,
    UPGRADE,
    CONNECTION,
    CONTENT_LENGTH,
    KEY,
    TRANSFER_ENCODING,
    ACCEPT,
    VERSION,
    PROTOCOL,
    EXTENSIONS,
    HEADER_IDS
} header_id;

#define NAME(string) .data = (string), .len = sizeof(string) - 1
static const wsp_text header_names[HEADER_IDS] = {
    [HOST] = {NAME("Host")},
    [ORIGIN] = {NAME("Origin")},
    [UPGRADE] = {NAME("Upgrade")},
    [CONNECTION] = {NAME("Connection")},
    [CONTENT_LENGTH] = {NAME("Content-Length")},
    [KEY] = {NAME("Sec-WebSocket-Key")},
    [TRANSFER_ENCODING] = {NAME("Transfer-Encoding")},
    [ACCEPT] = {NAME("Sec-WebSocket-Accept")},
    [VERSION] = {NAME("Sec-WebSocket-Version")},
    [PROTOCOL] = {NAME("Sec-WebSocket-Protocol")},
    [EXTENSIONS] = {NAME("Sec-WebSocket-Extensions")},
};

/* Which header is this? Its length nearly says it. HEADER_IDS: none of these. */
static size_t header_id_of(wsp_text name)
{
    static const uint8_t first_of_length[] = {
        [4] = HOST, [6] = ORIGIN,  [7] = UPGRADE,  [10] = CONNECTION, [14] = CONTENT_LENGTH,
        [17] = KEY, [20] = ACCEPT, [21] = VERSION, [22] = PROTOCOL,   [24] = EXTENSIONS,
    };
    if (name.len >= sizeof first_of_length)
        return HEADER_IDS;
    size_t id = first_of_length[name.len];
    while (id < HEADER_IDS && !text_same_nocase(header_names[id], name))
        id = header_names[id].len == name.len ? id + 1 : HEADER_IDS;
    return id;
}

/* The lines of one header; lines of others may stand between them. */
typedef struct found_header {
    size_t count;
    const wsp_http_header *first, *last; /* only if there are any */
} found_header;

/* All that the rules want to know, in one walk over the lines. */
static void find_headers(found_header found[HEADER_IDS], const wsp_http_head *head)
{
    for (size_t id = 0; id < HEADER_IDS; id++)
        found[id].count = 0;
    for (size_t i = 0; i < head->header_count; i++) {
        size_t id = header_id_of(head->headers[i].name);
        if (id == HEADER_IDS)
            continue;
        found[id].last = &head->headers[i];
        if (found[id].count++ == 0)
            found[id].first = found[id].last;
    }
}

static wsp_text first_value(const found_header *header)
{
    return header->count > 0 ? header->first->value : (wsp_text){NULL, 0};
}

/* The value of a header that may not be double; absent unless it is there exactly once. */
static wsp_text only_value(const found_header *header)
{
    return header->count == 1 ? header->first->value : (wsp_text){NULL, 0};
}

static wsp_lines lines_of(const found_header *header)
{
    if (header->count == 0)
        return (wsp_lines){{NULL, 0}, NULL, 0};
    return (wsp_lines){header->first->name, header->first,
                       (size_t)(header->last - header->first) + 1};
}

/* As wsp_http_list_has. */
static inline bool lists(const found_header *header, const char *token)
{
    wsp_lines lines = lines_of(header);
    return wsp_lines_have(&lines, text_of(token));
}

static bool lines_legal(const found_header *header, bool (*legal)(const wsp_lines *))
{
    wsp_lines lines = lines_of(header);
    return legal(&lines);
}

/*
 * Elements of a list are compared with each other and with another list only this far. Nobody needs
 * more, and without an end one head of 16 KiB would cost millions of comparisons.
 */
enum { COMPARED_MAX = 64 };

static bool contains(const wsp_text *names, size_t count, wsp_text name)
{
    for (size_t i = 0; i < count; i++)
        if (text_same(names[i], name))
            return true;
    return false;
}

static bool offers_subprotocol(const wsp_http_head *request, wsp_text name)
{
    wsp_http_list_place at = {0, 0};
    wsp_text element;
    while (wsp_http_list_next(request, "Sec-WebSocket-Protocol", &at, &element))
        if (text_same(element, name))
            return true;
    return false;
}

static bool offers_extension(const wsp_http_head *request, wsp_text name)
{
    wsp_http_list_place at = {0, 0};
    wsp_text element;
    wsp_extension offered;
    while (wsp_http_list_next(request, "Sec-WebSocket-Extensions", &at, &element)) {
        (void)wsp_extension_parse(&offered, element); /* a malformed offer is the request's fault */
        if (text_same(offered.name, name))
            return true;
    }
    return false;
}

/* RFC 6455 4.1, 10: if the header is there, one or more tokens, each once. */
bool wsp_are_subprotocols(const wsp_lines *lines)
{
    wsp_http_list_place at = {0, 0};
    wsp_text element, seen[COMPARED_MAX];
    size_t count = 0;
    for (; wsp_lines_next(lines, &at, &element); count++) {
        if (!wsp_text_is_token(element))
            return false;
        if (count < COMPARED_MAX) {
            if (contains(seen, count, element))
                return false;
            seen[count] = element;
        }
    }
    return count > 0 || lines->count == 0;
}

/* RFC 6455 9.1: if the header is there, one or more extensions, each in its form. */
bool wsp_are_extensions(const wsp_lines *lines)
{
    wsp_http_list_place at = {0, 0};
    wsp_text element;
    wsp_extension extension;
    bool any = false;
    while (wsp_lines_next(lines, &at, &element)) {
        any = true;
        if (!wsp_extension_parse(&extension, element))
            return false;
    }
    return any || lines->count == 0;
}

/* ---- Judging a request --------------------------------------------------------------------- */

bool wsp_handshake_is_attempt(const wsp_http_head *head)
{
    found_header found[HEADER_IDS];
    find_headers(found, head);
    return head->kind == WSP_HTTP_REQUEST &&
           (lists(&found[UPGRADE], "websocket") || found[KEY].count > 0);
}

/* RFC 9112 6: what comes after such a head is a body, not frames. */
static bool announces_body(const found_header found[HEADER_IDS])
{
    wsp_lines lengths = lines_of(&found[CONTENT_LENGTH]);
    for (size_t i = 0; i < lengths.count; i++)
        if (text_same_nocase(lengths.headers[i].name, lengths.name) &&
            !text_same(lengths.headers[i].value, text_of("0")))
            return true;
    return found[TRANSFER_ENCODING].count > 0;
}

/* RFC 6455 4.2.1, 1: a resource name, or a URI (http, https; ws and wss do no harm) with one. */
static bool is_target(wsp_text target)
{
    if (target.len > 0 && target.data[0] == '/')
        return true;
    const char *colon = target.len > 0 ? memchr(target.data, ':', target.len) : NULL;
    if (!colon)
        return false;
    wsp_text scheme = text_cut(&target, (size_t)(colon - target.data));
    return wsp_default_port(scheme) > 0 && target.len > 3 && memcmp(target.data, "://", 3) == 0;
}

/* RFC 6455 4.2.1, 1 and 2; RFC 9112 3.2; RFC 6454 7.3 for the one Origin. Only a request has a
   target. */
static bool request_head_legal(const wsp_http_head *head, const found_header found[HEADER_IDS])
{
    return head->faults == 0 && head->version_minor >= 1 && is_target(head->target) &&
           wsp_is_authority(only_value(&found[HOST])) && found[ORIGIN].count <= 1 &&
           !announces_body(found);
}

uint32_t wsp_handshake_request_check(wsp_handshake_request *request, const wsp_http_head *head)
{
    found_header found[HEADER_IDS];
    find_headers(found, head);
    uint32_t faults = 0;
    if (!request_head_legal(head, found))
        faults |= WSP_H_HEAD;
    if (head->kind == WSP_HTTP_REQUEST && !text_same(head->method, text_of("GET")))
        faults |= WSP_H_METHOD;
    if (!lists(&found[UPGRADE], "websocket"))
        faults |= WSP_H_UPGRADE;
    if (!lists(&found[CONNECTION], "upgrade"))
        faults |= WSP_H_CONNECTION;
    if (!text_same(only_value(&found[VERSION]), text_of("13")))
        faults |= WSP_H_VERSION;
    if (!wsp_is_key(only_value(&found[KEY])))
        faults |= WSP_H_KEY;
    if (!lines_legal(&found[PROTOCOL], wsp_are_subprotocols))
        faults |= WSP_H_SUBPROTOCOL;
    if (!lines_legal(&found[EXTENSIONS], wsp_are_extensions))
        faults |= WSP_H_EXTENSION;

    *request = (wsp_handshake_request){
        .faults = faults,
        .target = head->target,
        .host = first_value(&found[HOST]),
        .origin = first_value(&found[ORIGIN]),
        .key = first_value(&found[KEY]),
    };
    return faults;
}

int wsp_subprotocol_choose(const wsp_http_head *request, const char *const *supported, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (offers_subprotocol(request, text_of(supported[i])))
            return (int)i;
    return -1;
}

/* ---- Judging a response -------------------------------------------------------------------- */

/* RFC 6455 4.1, 2: the value is "websocket", not only one among others. */
static bool upgrades_to_websocket(const found_header *upgrade)
{
    wsp_lines lines = lines_of(upgrade);
    wsp_http_list_place at = {0, 0};
    wsp_text element;
    bool any = false;
    while (wsp_lines_next(&lines, &at, &element)) {
        any = true;
        if (!wsp_text_equal_nocase(element, "websocket"))
            return false;
    }
    return any;
}

/* RFC 6455 4.1, 4. Where the key is not known, only the form can be judged. */
static bool accept_legal(wsp_text accept, const wsp_http_head *request)
{
    wsp_text key = {NULL, 0};
    if (request)
        key = wsp_http_header_value(request, "Sec-WebSocket-Key", NULL);
    char expected[29];
    if (!key.data || wsp_accept_key(expected, key.data, key.len) < 0)
        return is_accept(accept);
    return text_same(accept, text_of(expected));
}

/* RFC 6455 4.1, 6 and 4.2.2: one of those that were offered. */
static bool subprotocol_answer_legal(const found_header *answer, const wsp_http_head *request)
{
    if (answer->count == 0)
        return true;
    wsp_text chosen = only_value(answer);
    return wsp_text_is_token(chosen) && (!request || offers_subprotocol(request, chosen));
}

/* RFC 6455 4.1, 5 and 9.1: only what was offered; each once (RFC 7692 5 for permessage-deflate). */
static bool extension_answer_legal(const found_header *answer, const wsp_http_head *request)
{
    wsp_lines lines = lines_of(answer);
    wsp_http_list_place at = {0, 0};
    wsp_text element, seen[COMPARED_MAX];
    wsp_extension answered;
    size_t count = 0;
    while (wsp_lines_next(&lines, &at, &element)) {
        if (count == COMPARED_MAX || !wsp_extension_parse(&answered, element) ||
            contains(seen, count, answered.name) ||
            (request && !offers_extension(request, answered.name)))
            return false;
        seen[count++] = answered.name;
    }
    return count > 0 || answer->count == 0;
}

static uint32_t response_faults(const wsp_http_head *head, const wsp_http_head *request)
{
    found_header found[HEADER_IDS];
    find_headers(found, head);
    uint32_t faults = 0;
    if (head->faults != 0 || head->kind != WSP_HTTP_RESPONSE || head->version_minor < 1)
        faults |= WSP_H_HEAD;
    if (!upgrades_to_websocket(&found[UPGRADE]))
        faults |= WSP_H_UPGRADE;
    if (!lists(&found[CONNECTION], "upgrade"))
        faults |= WSP_H_CONNECTION;
    if (!accept_legal(only_value(&found[ACCEPT]), request))
        faults |= WSP_H_ACCEPT;
    if (!subprotocol_answer_legal(&found[PROTOCOL], request))
        faults |= WSP_H_SUBPROTOCOL;
    if (!extension_answer_legal(&found[EXTENSIONS], request))
        faults |= WSP_H_EXTENSION;
    return faults;
}

uint32_t wsp_handshake_response_check(wsp_handshake_response *response, const wsp_http_head *head,
                                      const wsp_http_head *request)
{
    /* RFC 6455 4.1, 1: another status is plain HTTP, to which no further rule of ours applies. */
    bool refused = head->kind == WSP_HTTP_RESPONSE && head->status != 101;
    *response = (wsp_handshake_response){
        .faults = refused ? WSP_H_STATUS : response_faults(head, request),
        .status = head->status,
        .subprotocol = wsp_http_header_value(head, "Sec-WebSocket-Protocol", NULL),
    };
    return response->faults;
}
