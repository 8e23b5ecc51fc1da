/* The handshake screen: the two heads, and what is wrong. See page_handshake.h. */
#include "page_handshake.h"

#include "explain.h"
#include "handshake_sections.h"
#include "layout.h"

#include <string.h>

enum { BESIDE = 100 };

static const style side_styles[] = {STYLE_CLIENT, STYLE_SERVER};

/* ---- Pieces --------------------------------------------------------------------------------- */

void handshake_line(const handshake_page *p, int indent)
{
    flow_line(p->f, indent);
    flow_to(p->f, indent);
}

static void add_value(const handshake_page *p, style s, wsp_text text)
{
    flow_bytes(p->f, s, text.data, text.len);
}

void handshake_heading(const handshake_page *p, const char *text)
{
    handshake_line(p, 0);
    handshake_line(p, 0);
    flow_words(p->f, STYLE_HEADING, text);
}

/* In one piece: "RFC" at the end of a line and its number on the next one read badly. */
static void add_clause(const handshake_page *p, style s, const char *clause)
{
    int columns = (int)strlen(clause) + 3;
    if (p->f->column + columns > p->f->width)
        handshake_line(p, p->f->indent);
    else
        flow_words(p->f, s, " ");
    flow_wordsf(p->f, s, "(%s)", clause);
}

static void add_explanation(const handshake_page *p, const explanation *e)
{
    handshake_line(p, 4);
    flow_words(p->f, STYLE_DIM, e->text);
    add_clause(p, STYLE_DIM, e->clause);
}

bool handshake_has_fault(const handshake_page *p, wsp_sender from, const char *rule)
{
    for (size_t i = 0; rule && i < p->count; i++) {
        const record *r = p->faults[i];
        if (r->violation.frame == 0 && r->from == from && strcmp(r->violation.rule, rule) == 0)
            return true;
    }
    return false;
}

/* ---- What happened -------------------------------------------------------------------------- */

/* Of a partial handshake the half that is missing says more than its name. */
static const char *describe(const handshake_page *p)
{
    switch (p->open->open.handshake) {
    case HANDSHAKE_SEEN: return "The server agreed to speak WebSocket.";
    case HANDSHAKE_REFUSED:
        return "The server refused: no WebSocket was opened. The client must not send frames, and "
               "may ask again on a new connection (RFC 6455 4.1).";
    case HANDSHAKE_MISSING:
        return "The capture began after the handshake, or lost it. That this is a WebSocket is "
               "known from its frames alone. Which address was asked for, the subprotocol and the "
               "extensions are not known; that messages are compressed shows in their RSV1 bits.";
    case HANDSHAKE_PARTIAL: break;
    }
    if (p->request)
        return "The response is not in the capture. Where frames follow, the server agreed; which "
               "subprotocol and extensions it chose is not known.";
    return "The request is not in the capture, or came after its response. Which address was asked "
           "for is not known, and the response can be judged by its form alone.";
}

static void title_section(const handshake_page *p)
{
    const record_open *o = &p->open->open;
    char client[ENDPOINT_TEXT], server[ENDPOINT_TEXT];
    endpoint_format(client, o->client);
    endpoint_format(server, o->server);
    flow_line(p->f, 0);
    flow_wordsf(p->f, STYLE_HEADING, "Connection %" G_GUINT64_FORMAT ": handshake %s",
                p->open->conn, record_handshake_name(o->handshake));
    flow_line(p->f, 0);
    flow_wordsf(p->f, STYLE_CLIENT, "%s", client);
    flow_wordsf(p->f, STYLE_NORMAL, " %s ", p->g->between);
    flow_wordsf(p->f, STYLE_SERVER, "%s", server);
    flow_line(p->f, 0);
    flow_words(p->f, o->handshake == HANDSHAKE_REFUSED ? STYLE_VIOLATION : STYLE_NORMAL,
               describe(p));
}

/* ---- The heads ------------------------------------------------------------------------------ */

static void add_first_line(const handshake_page *p, const wsp_http_head *head)
{
    flow *out = p->f;
    flow_line(out, 2);
    if (head->kind == WSP_HTTP_RESPONSE) {
        flow_wordsf(out, STYLE_STRONG, "HTTP/1.%u %u ", head->version_minor, head->status);
        add_value(p, STYLE_STRONG, head->reason);
        add_explanation(p, explain_status(head->status));
        return;
    }
    static const explanation get = {
        "RFC 6455 4.1",
        "Asks for the address behind GET, in HTTP/1.1, as a web page is asked for."};
    add_value(p, STYLE_STRONG, head->method);
    flow_words(out, STYLE_STRONG, " ");
    add_value(p, STYLE_STRONG, head->target);
    flow_wordsf(out, STYLE_STRONG, " HTTP/1.%u", head->version_minor);
    add_explanation(p, &get);
}

static void add_header(const handshake_page *p, wsp_sender from, const wsp_http_header *header)
{
    bool wrong = handshake_has_fault(p, from, explain_header_rule(from, header->name));
    flow_line(p->f, 2);
    if (wrong)
        flow_wordsf(p->f, STYLE_VIOLATION, "%s ", p->g->violation);
    add_value(p, wrong ? STYLE_VIOLATION : STYLE_KEY, header->name);
    flow_words(p->f, STYLE_NORMAL, ": ");
    add_value(p, STYLE_STRING, header->value);
    const explanation *e = explain_header(from, header->name);
    if (e)
        add_explanation(p, e);
}

static void add_head(const handshake_page *p, wsp_sender from, const wsp_http_head *head)
{
    flow_line(p->f, 2);
    flow_words(p->f, side_styles[from], from == WSP_FROM_CLIENT ? "Request " : "Response ");
    flow_words(p->f, side_styles[from], from == WSP_FROM_CLIENT ? p->g->client : p->g->server);
    if (!head) {
        flow_line(p->f, 2);
        flow_words(p->f, STYLE_UNKNOWN, "not in the capture");
        return;
    }
    add_first_line(p, head);
    for (size_t i = 0; i < head->header_count; i++)
        add_header(p, from, &head->headers[i]);
}

/* ---- What is wrong -------------------------------------------------------------------------- */

static void add_forms(const handshake_page *p, wsp_sender from)
{
    const wsp_http_head *head = from == WSP_FROM_CLIENT ? p->request : p->response;
    uint32_t faults = head ? head->faults : 0, bit = 0;
    for (const char *text; (text = explain_head_fault(faults, &bit)); faults &= ~bit) {
        handshake_line(p, 4);
        flow_words(p->f, STYLE_NORMAL, text);
    }
}

static void add_fault(const handshake_page *p, const record *r)
{
    flow_line(p->f, 2);
    page_violation(p->f, r->violation.rule, r->violation.clause, r->violation.text, p->ascii);
    flow_wordsf(p->f, STYLE_NORMAL, " by the %s", record_from_name(r->from));
    if (strcmp(r->violation.rule, "handshake-head") == 0)
        add_forms(p, r->from);
}

static void faults_section(const handshake_page *p)
{
    handshake_heading(p, "What is wrong");
    bool any = false;
    for (size_t i = 0; i < p->count; i++) {
        if (p->faults[i]->violation.frame != 0)
            continue;
        add_fault(p, p->faults[i]);
        any = true;
    }
    if (any)
        return;
    handshake_line(p, 0);
    flow_words(p->f, STYLE_NORMAL,
               p->open->open.handshake == HANDSHAKE_SEEN ? "Nothing: no rule is broken."
               : p->open->open.handshake == HANDSHAKE_REFUSED
                   ? "No rule is broken: to refuse is the server's right."
                   : "Nothing, as far as it was seen.");
}

/* ---- The page ------------------------------------------------------------------------------- */

static void add_sections(lines *out, handshake_page p, handshake_section *const sections[],
                         int width)
{
    flow f;
    flow_init(&f, out, width);
    p.f = &f;
    for (size_t i = 0; sections[i]; i++)
        sections[i](&p);
    flow_clear(&f);
}

static void request_section(const handshake_page *p)
{
    add_head(p, WSP_FROM_CLIENT, p->request);
}

static void response_section(const handshake_page *p)
{
    add_head(p, WSP_FROM_SERVER, p->response);
}

static void empty_section(const handshake_page *p)
{
    handshake_line(p, 0);
}

static void add_heads(lines *out, handshake_page p, int width, bool ascii)
{
    static handshake_section *const request[] = {request_section, NULL};
    static handshake_section *const response[] = {response_section, NULL};
    static handshake_section *const both[] = {request_section, empty_section, response_section,
                                              NULL};
    if (width < BESIDE) {
        add_sections(out, p, both, width);
        return;
    }
    int column = (width - LAYOUT_BETWEEN) / 2;
    lines *left = lines_new(), *right = lines_new();
    add_sections(left, p, request, column);
    add_sections(right, p, response, column);
    layout_beside(out, left, column, right, ascii);
    lines_free(left);
    lines_free(right);
}

void page_handshake(lines *out, const record *open, const record *const *faults, size_t count,
                    int width, bool ascii)
{
    static handshake_section *const before[] = {title_section, empty_section, NULL};
    static handshake_section *const accepted[] = {handshake_accept, handshake_subprotocol,
                                                  handshake_extensions, faults_section, NULL};
    static handshake_section *const refused[] = {faults_section, NULL};
    handshake_page p = {.open = open,
                        .request = open->open.request,
                        .response = open->open.response,
                        .faults = faults,
                        .count = count,
                        .g = glyphs_get(ascii),
                        .ascii = ascii};
    add_sections(out, p, before, width);
    if (!p.request && !p.response)
        return;
    add_heads(out, p, width, ascii);
    add_sections(out, p, open->open.handshake == HANDSHAKE_REFUSED ? refused : accepted, width);
}
