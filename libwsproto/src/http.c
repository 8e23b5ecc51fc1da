/*
 * Heads of HTTP/1.1 messages: where one ends, what its lines say, which of its forms a strict
 * reader refuses. The scan counts bytes and keeps nothing; the parse points into the head.
 */
#include "wsproto/http.h"

#include "text.h"
#include "wsproto/error.h"

/* ---- Texts ------------------------------------------------------------------------------- */

bool wsp_text_equal(wsp_text a, const char *b)
{
    return text_same(a, text_of(b));
}

bool wsp_text_equal_nocase(wsp_text a, const char *b)
{
    return text_same_nocase(a, text_of(b));
}

bool wsp_text_is_token(wsp_text a)
{
    return a.len > 0 && text_all(a, is_token_char);
}

/* ---- Scan: where does the head end? -------------------------------------------------------- */

void wsp_http_scan_init(wsp_http_scanner *s, const wsp_http_limits *limits)
{
    *s = (wsp_http_scanner){0};
    if (limits)
        s->limits = *limits;
    if (s->limits.max_head == 0)
        s->limits.max_head = 16384;
    if (s->limits.max_line == 0)
        s->limits.max_line = 8192;
    if (s->limits.max_headers == 0)
        s->limits.max_headers = 100;
}

/* The counts are never taken back, so a limit that was passed once stays passed. */
static bool scan_over_limit(const wsp_http_scanner *s)
{
    return s->head_len > s->limits.max_head || s->line_len > s->limits.max_line ||
           (s->lines > 0 && s->lines - 1 > s->limits.max_headers);
}

/* RFC 9112 2.2: LF ends a line; a CR before it belongs to the line end. */
static void scan_line_end(wsp_http_scanner *s, bool cr)
{
    bool empty = s->line_len == (cr ? 2u : 1u);
    if (!empty)
        s->lines++;
    else if (s->lines > 0)
        s->done = true;
    s->line_len = 0;
}

int64_t wsp_http_scan(wsp_http_scanner *s, const uint8_t *in, size_t len)
{
    size_t used = 0;
    while (!s->done && used < len && !scan_over_limit(s)) {
        const uint8_t *lf = memchr(in + used, '\n', len - used);
        size_t piece = lf ? (size_t)(lf - in) + 1 - used : len - used;
        s->head_len += piece;
        s->line_len += piece;
        used += piece;
        if (scan_over_limit(s))
            break;
        bool cr = piece > 1 ? in[used - 2] == '\r' : s->cr_last;
        s->cr_last = in[used - 1] == '\r';
        if (lf)
            scan_line_end(s, cr);
    }
    return scan_over_limit(s) ? WSP_ERR_LIMIT : (int64_t)used;
}

/* ---- Parse: lines -------------------------------------------------------------------------- */

/*
 * Cut the next line off, without its line end. Returns false when no whole line is left: half a
 * line says nothing that can be relied on.
 */
static bool next_line(wsp_text *rest, wsp_text *line, uint32_t *faults)
{
    const char *lf = rest->len > 0 ? memchr(rest->data, '\n', rest->len) : NULL;
    if (!lf)
        return false;
    *line = text_cut(rest, (size_t)(lf - rest->data));
    text_cut(rest, 1);
    if (line->len > 0 && line->data[line->len - 1] == '\r')
        line->len--;
    else
        *faults |= WSP_HTTP_FAULT_BARE_LF;
    if (line->len > 0 && memchr(line->data, '\r', line->len))
        *faults |= WSP_HTTP_FAULT_BARE_CR;
    return true;
}

/* Cut the next word off, and the blanks around it. */
static wsp_text next_word(wsp_text *rest)
{
    *rest = text_trim(*rest, is_blank);
    size_t n = 0;
    while (n < rest->len && !is_blank(rest->data[n]))
        n++;
    wsp_text word = text_cut(rest, n);
    *rest = text_trim(*rest, is_blank);
    return word;
}

static wsp_text last_word(wsp_text *rest)
{
    *rest = text_trim(*rest, is_blank);
    size_t n = rest->len;
    while (n > 0 && !is_blank(rest->data[n - 1]))
        n--;
    wsp_text front = text_cut(rest, n);
    wsp_text word = *rest;
    *rest = text_trim(front, is_blank);
    return word;
}

/* Does `b` follow `a` after exactly one space? */
static bool one_space_apart(wsp_text a, wsp_text b)
{
    return b.data == a.data + a.len + 1 && a.data[a.len] == ' ';
}

/* RFC 9112 2.3: "HTTP/", digit, dot, digit, in this case. Only major version 1 is ours. */
static bool read_version(wsp_text word, uint8_t *minor)
{
    if (word.len != 8 || memcmp(word.data, "HTTP/1.", 7) != 0 || !is_digit(word.data[7]))
        return false;
    *minor = (uint8_t)(word.data[7] - '0');
    return true;
}

/* RFC 9112 4: version SP three digits SP reason. Servers that have no reason to give often leave
 * its SP out too; no harm comes of that. */
static bool parse_status_line(wsp_http_head *head, wsp_text line)
{
    wsp_text rest = line;
    wsp_text version = next_word(&rest);
    wsp_text status = next_word(&rest);
    if (!read_version(version, &head->version_minor) || status.len != 3 ||
        !text_all(status, is_digit) || status.data[0] == '0')
        return false;

    const char *digit = status.data;
    head->kind = WSP_HTTP_RESPONSE;
    head->status = (uint16_t)((digit[0] - '0') * 100 + (digit[1] - '0') * 10 + (digit[2] - '0'));
    head->reason = rest;

    bool strict = version.data == line.data && one_space_apart(version, status) &&
                  (line.len == 12 || line.data[12] == ' ') && text_all(rest, is_value_char);
    if (!strict)
        head->faults |= WSP_HTTP_FAULT_FIRST_LINE;
    return true;
}

/* RFC 9112 3: method SP target SP version, each SP exactly one. */
static bool parse_request_line(wsp_http_head *head, wsp_text line)
{
    wsp_text rest = line;
    wsp_text version = last_word(&rest);
    wsp_text method = next_word(&rest);
    if (method.len == 0 || !read_version(version, &head->version_minor))
        return false;

    head->kind = WSP_HTTP_REQUEST;
    head->method = method;
    head->target = rest;

    bool strict = wsp_text_is_token(method) && method.data == line.data &&
                  text_all(rest, is_target_char) && one_space_apart(method, rest) &&
                  one_space_apart(rest, version) &&
                  version.data + version.len == line.data + line.len;
    if (!strict)
        head->faults |= WSP_HTTP_FAULT_FIRST_LINE;
    return true;
}

/* RFC 9112 2.2: empty lines before the first line are skipped. */
static void parse_first_line(wsp_http_head *head, wsp_text *rest)
{
    wsp_text line = {NULL, 0};
    while (next_line(rest, &line, &head->faults) && line.len == 0)
        continue;
    if (line.len == 0 || (!parse_status_line(head, line) && !parse_request_line(head, line))) {
        head->version_minor = 0;
        head->faults |= WSP_HTTP_FAULT_FIRST_LINE;
    }
}

/* A character that no value may hold. A CR has a fault of its own. */
static bool is_plain(char c)
{
    return is_value_char(c) | (c == '\r');
}

/* RFC 9112 5: name ":" value. Returns false when the line has no colon and must be skipped. */
static bool parse_header(wsp_http_header *header, wsp_text line, uint32_t *faults)
{
    const char *colon = memchr(line.data, ':', line.len);
    if (!colon) {
        *faults |= WSP_HTTP_FAULT_NAME;
        return false;
    }
    wsp_text before = text_cut(&line, (size_t)(colon - line.data));
    header->name = text_trim(before, is_blank);
    text_cut(&line, 1);
    header->value = text_trim(line, is_blank);

    /* RFC 9112 5.1: a proxy that reads "Name :" otherwise than we do can be tricked. */
    if (header->name.len != before.len)
        *faults |= WSP_HTTP_FAULT_SPACE_COLON;
    if (!wsp_text_is_token(header->name))
        *faults |= WSP_HTTP_FAULT_NAME;
    if (!text_all(header->value, is_plain))
        *faults |= WSP_HTTP_FAULT_VALUE;
    return true;
}

/* RFC 9112 5.2: a line that begins with a blank goes on with the value of the one before. */
static void parse_fold(wsp_http_header *header, wsp_text line, uint32_t *faults)
{
    *faults |= WSP_HTTP_FAULT_FOLDED;
    wsp_text more = text_trim(line, is_blank);
    if (!text_all(more, is_plain))
        *faults |= WSP_HTTP_FAULT_VALUE;
    if (!header || more.len == 0)
        return;
    if (header->value.len == 0)
        header->value = more;
    else
        header->value.len = (size_t)(more.data + more.len - header->value.data);
}

void wsp_http_parse(wsp_http_head *head, const void *in, size_t len, wsp_http_header *headers,
                    size_t max_headers)
{
    *head = (wsp_http_head){.headers = headers};
    wsp_text rest = {in, len};
    parse_first_line(head, &rest);

    wsp_http_header *open = NULL; /* the header that a fold would go on with */
    wsp_text line;
    while (next_line(&rest, &line, &head->faults)) {
        wsp_http_header header;
        if (line.len == 0)
            return;
        if (is_blank(line.data[0])) {
            parse_fold(open, line, &head->faults);
            continue;
        }
        open = NULL;
        if (!parse_header(&header, line, &head->faults))
            continue;
        if (head->header_count < max_headers) {
            open = &headers[head->header_count++];
            *open = header;
        } else {
            head->faults |= WSP_HTTP_FAULT_TOO_MANY;
        }
    }
    head->faults |= WSP_HTTP_FAULT_UNFINISHED;
}

/* ---- Looking things up --------------------------------------------------------------------- */

/* The next header with this name, from `from` on; header_count when there is none. Nearly all are
 * told apart by their lengths. */
static size_t find_header(const wsp_http_head *head, size_t from, wsp_text name)
{
    const wsp_http_header *headers = head->headers;
    while (from < head->header_count &&
           (headers[from].name.len != name.len || !text_same_nocase(headers[from].name, name)))
        from++;
    return from;
}

wsp_text wsp_http_header_value(const wsp_http_head *head, const char *name, size_t *count)
{
    wsp_text value = {NULL, 0};
    wsp_text wanted = text_of(name);
    size_t found = 0;
    for (size_t i = 0; (i = find_header(head, i, wanted)) < head->header_count; i++)
        if (found++ == 0)
            value = head->headers[i].value;
    if (count)
        *count = found;
    return value;
}

/* RFC 9110 5.6.4: how far to the next comma that is in no quoted string? */
static size_t element_length(wsp_text rest)
{
    bool quoted = false;
    size_t i = 0;
    for (; i < rest.len && (quoted || rest.data[i] != ','); i++) {
        if (rest.data[i] == '"')
            quoted = !quoted;
        else if (rest.data[i] == '\\' && quoted && i + 1 < rest.len)
            i++;
    }
    return i;
}

bool wsp_http_list_next(const wsp_http_head *head, const char *name, wsp_http_list_place *at,
                        wsp_text *element)
{
    wsp_text wanted = text_of(name);
    for (;; at->header++, at->offset = 0) {
        size_t i = find_header(head, at->header, wanted);
        if (i != at->header)
            *at = (wsp_http_list_place){i, 0};
        if (i >= head->header_count)
            return false;
        while (at->offset < head->headers[i].value.len) {
            wsp_text rest = head->headers[i].value;
            text_cut(&rest, at->offset);
            rest.len = element_length(rest);
            at->offset += rest.len + 1;
            *element = text_trim(rest, is_space);
            if (element->len > 0)
                return true;
        }
    }
}

bool wsp_http_list_has(const wsp_http_head *head, const char *name, const char *token)
{
    wsp_http_list_place at = {0, 0};
    wsp_text element;
    while (wsp_http_list_next(head, name, &at, &element))
        if (wsp_text_equal_nocase(element, token))
            return true;
    return false;
}
