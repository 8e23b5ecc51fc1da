/* What came of a handshake: the key answered, what was negotiated. See handshake_sections.h. */
#include "format.h"
#include "handshake_sections.h"

static void add_accept_check(const handshake_page *p, wsp_text key, wsp_text found)
{
    char expected[29] = "";
    bool computed = key.data && wsp_accept_key(expected, key.data, key.len) > 0;
    page_label(p->f, "expected");
    if (computed)
        flow_words(p->f, STYLE_STRING, expected);
    else
        flow_words(p->f, STYLE_UNKNOWN,
                   key.data ? "not computed: the key is far too long"
                            : "not known without the key");
    page_label(p->f, "found");
    if (found.data)
        flow_bytes(p->f, STYLE_STRING, found.data, found.len);
    else
        flow_words(p->f, STYLE_UNKNOWN, p->response ? "no such header" : "not in the capture");
    if (!computed || !p->response)
        return;
    bool same = wsp_text_equal(found, expected);
    page_label(p->f, "");
    flow_wordsf(p->f, same ? STYLE_NORMAL : STYLE_VIOLATION, "%s %s",
                same ? p->g->fine : p->g->refused,
                same ? "They are the same: this server has read this request."
                     : "They differ: a client must fail the connection (RFC 6455 4.1).");
}

void handshake_accept(const handshake_page *p)
{
    handshake_heading(p, "Sec-WebSocket-Accept");
    add_accept_check(p, record_open_header(p->request, "Sec-WebSocket-Key"),
                     record_open_header(p->response, "Sec-WebSocket-Accept"));
}

/* The list of a header; `none` when it is empty. */
static void add_list(const handshake_page *p, const char *label, const wsp_http_head *head,
                     const char *name, const char *none)
{
    GString *list = g_string_new(NULL);
    page_label(p->f, label);
    if (!head)
        flow_words(p->f, STYLE_UNKNOWN, "not in the capture");
    else if (record_open_list(head, name, list))
        flow_bytes(p->f, STYLE_STRING, list->str, list->len);
    else
        flow_words(p->f, STYLE_NORMAL, none);
    g_string_free(list, TRUE);
}

static void add_sentence(const handshake_page *p, style s, const char *text)
{
    page_label(p->f, "");
    flow_words(p->f, s, text);
}

void handshake_subprotocol(const handshake_page *p)
{
    static const char name[] = "Sec-WebSocket-Protocol";
    handshake_heading(p, "Subprotocol");
    add_list(p, "offered", p->request, name, "none");
    add_list(p, "chosen", p->response, name, "none");
    if (!p->response)
        return;
    bool offered = record_open_header(p->request, name).data != NULL;
    bool chosen = record_open_header(p->response, name).data != NULL;
    if (handshake_has_fault(p, WSP_FROM_SERVER, "handshake-subprotocol"))
        add_sentence(p, STYLE_VIOLATION,
                     "Not one of those offered: a client must fail the connection (RFC 6455 4.1).");
    else if (chosen)
        add_sentence(p, STYLE_NORMAL, "Messages have the form that this subprotocol gives them.");
    else if (offered)
        add_sentence(p, STYLE_NORMAL,
                     "The server took none of those offered: the client decides whether to go on.");
    else if (p->request)
        add_sentence(p, STYLE_NORMAL, "Messages have whatever form the two programs know of.");
}

#ifdef WSPROTO_DEFLATE
static void add_parameter(const handshake_page *p, const char *side, const char *name,
                          const char *value, const char *means)
{
    enum { NAME = 6, VALUE = NAME + 27, MEANS = VALUE + 4 };
    flow_line(p->f, MEANS);
    flow_to(p->f, NAME);
    flow_wordsf(p->f, STYLE_KEY, "%s_%s", side, name);
    flow_to(p->f, VALUE);
    flow_words(p->f, STYLE_NUMBER, value);
    flow_to(p->f, MEANS);
    flow_words(p->f, STYLE_DIM, means);
}

static void add_side(const handshake_page *p, const char *side, bool without_takeover,
                     unsigned bits)
{
    char value[8], window[FORMAT_TEXT], means[FORMAT_TEXT + 40];
    add_parameter(p, side, "no_context_takeover", without_takeover ? "yes" : "no",
                  without_takeover ? "It begins each message anew."
                                   : "It may refer back to earlier messages.");
    g_snprintf(value, sizeof value, "%u", bits);
    g_snprintf(means, sizeof means, "It refers back %s bytes at most.",
               format_count(window, UINT64_C(1) << bits));
    add_parameter(p, side, "max_window_bits", value, means);
}

static void deflate_words(const handshake_page *p)
{
    wsp_deflate_params agreed;
    switch (wsp_deflate_answer_check(&agreed, p->response, p->request)) {
    case WSP_DEFLATE_NONE: add_sentence(p, STYLE_NORMAL, "Messages are not compressed."); return;
    case WSP_DEFLATE_ILLEGAL:
        add_sentence(p, STYLE_VIOLATION,
                     "This answer to permessage-deflate is not one that the offer allows: a client "
                     "must fail the connection (RFC 7692 7.1).");
        return;
    case WSP_DEFLATE_AGREED: break;
    }
    add_sentence(p, STYLE_NORMAL,
                 "permessage-deflate is in use (RFC 7692): each side may compress a message, and "
                 "says so with RSV1 in its first frame.");
    add_side(p, "client", agreed.client_no_context_takeover, agreed.client_max_window_bits);
    add_side(p, "server", agreed.server_no_context_takeover, agreed.server_max_window_bits);
}
#else
static void deflate_words(const handshake_page *p)
{
    bool deflates = record_open_deflates(p->response);
    add_sentence(p, deflates ? STYLE_UNKNOWN : STYLE_NORMAL,
                 deflates ? "permessage-deflate is in use (RFC 7692). How, is not shown: this "
                            "wsdump was built without zlib."
                          : "Messages are not compressed.");
}
#endif

void handshake_extensions(const handshake_page *p)
{
    static const char name[] = "Sec-WebSocket-Extensions";
    handshake_heading(p, "Extensions");
    add_list(p, "offered", p->request, name, "none");
    add_list(p, "accepted", p->response, name, "none");
    if (p->response)
        deflate_words(p);
}
