/*
 * Heads of HTTP/1.1 messages: where one ends, what its lines say, which of its forms a strict
 * reader refuses. The scan counts bytes and keeps nothing; the parse points into the head.
 */
#include "wsproto/http.h"

#include "parts.h"
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
    wsp_http_scanner now = *s; /* a copy, which nothing else can point to, stays in registers */
    size_t used = 0;
    while (!now.done && used < len && !scan_over_limit(&now)) {
        const uint8_t *lf = memchr(in + used, '\n', len - used);
        size_t piece = lf ? (size_t)(lf - in) + 1 - used : len - used;
        now.head_len += piece;
        now.line_len += piece;
        used += piece;
        if (scan_over_limit(&now))
            break;
        bool cr = piece > 1 ? in[used - 2] == '\r' : now.cr_last;
        now.cr_last = in[used - 1] == '\r';
        if (lf)
            scan_line_end(&now, cr);
    }
    *s = now;
    return scan_over_limit(s) ? WSP_ERR_LIMIT : (int64_t)used;
}

/* ---- Parse: lines -------------------------------------------------------------------------- */

typedef struct http_line {
    wsp_text text;
    bool plain; /* no control characters but HTAB and CR, which has a fault of its own */
} http_line;

/*
 * Cut the next line off, without its line end. Returns false when no whole line is left: half a
 * line says nothing that can be relied on. Line ends are control characters, so the one walk that
 * finds them finds all others too.
 */
static bool next_line(wsp_text *rest, http_line *line, uint32_t *faults)
{
    bool plain = true, bare_cr = false, crlf = false;
    size_t end = 0;
    for (;; end++) {
        end = text_until_control(*rest, end);
        if (end == rest->len)
            return false;
        char c = rest->data[end];
        crlf = c == '\r' && end + 1 < rest->len && rest->data[end + 1] == '\n';
        if (crlf || c == '\n')
            break;
        if (c == '\r')
            bare_cr = true;
        else if (c != '\t')
            plain = false;
    }
    *line = (http_line){text_cut(rest, end), plain};
    text_cut(rest, crlf ? 2 : 1);
    if (!crlf)
        *faults |= WSP_HTTP_FAULT_BARE_LF;
    if (bare_cr)
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
    if (!read_version(version, &head->version_minor))
        return false;
    wsp_text status = next_word(&rest);
    if (status.len != 3 || !text_all(status, is_digit) || status.data[0] == '0')
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

static void parse_first_line(wsp_http_head *head, wsp_text line)
{
    if (!parse_status_line(head, line) && !parse_request_line(head, line)) {
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
static bool parse_header(wsp_http_header *header, http_line line, uint32_t *faults)
{
    wsp_text rest = line.text;
    size_t token = token_front(rest);
    size_t colon = token;
    while (colon < rest.len && rest.data[colon] != ':')
        colon++;
    if (colon == rest.len) {
        *faults |= WSP_HTTP_FAULT_NAME;
        return false;
    }
    header->name = text_trim(text_cut(&rest, colon), is_blank);
    text_cut(&rest, 1);
    header->value = text_trim(rest, is_blank);

    /* RFC 9112 5.1: a proxy that reads "Name :" otherwise than we do can be tricked. */
    if (header->name.len != colon)
        *faults |= WSP_HTTP_FAULT_SPACE_COLON;
    if (token == 0 || header->name.len != token)
        *faults |= WSP_HTTP_FAULT_NAME;
    if (!line.plain && !text_all(header->value, is_plain))
        *faults |= WSP_HTTP_FAULT_VALUE;
    return true;
}

/* RFC 9112 5.2: a line that begins with a blank goes on with the value of the one before. */
static void parse_fold(wsp_http_header *header, http_line line, uint32_t *faults)
{
    *faults |= WSP_HTTP_FAULT_FOLDED;
    wsp_text more = text_trim(line.text, is_blank);
    if (!line.plain)
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
    http_line line;
    bool begun = false;           /* with the first line; empty ones before it are skipped (2.2) */
    wsp_http_header *open = NULL; /* the header that a fold would go on with */
    while (next_line(&rest, &line, &head->faults)) {
        wsp_http_header header;
        if (line.text.len == 0) {
            if (begun)
                return;
        } else if (!begun) {
            parse_first_line(head, line.text);
            begun = true;
        } else if (is_blank(line.text.data[0])) {
            parse_fold(open, line, &head->faults);
        } else if (!parse_header(&header, line, &head->faults)) {
            open = NULL;
        } else if (head->header_count < max_headers) {
            open = &headers[head->header_count++];
            *open = header;
        } else {
            open = NULL;
            head->faults |= WSP_HTTP_FAULT_TOO_MANY;
        }
    }
    if (!begun)
        head->faults |= WSP_HTTP_FAULT_FIRST_LINE;
    head->faults |= WSP_HTTP_FAULT_UNFINISHED;
}

/* ---- Looking things up --------------------------------------------------------------------- */

static wsp_lines lines_named(const wsp_http_head *head, const char *name)
{
    return (wsp_lines){text_of(name), head->headers, head->header_count};
}

/* The next line with this name, from `from` on; lines->count when there is none. */
static size_t find_line(const wsp_lines *lines, size_t from)
{
    while (from < lines->count && !text_same_nocase(lines->headers[from].name, lines->name))
        from++;
    return from;
}

wsp_text wsp_http_header_value(const wsp_http_head *head, const char *name, size_t *count)
{
    wsp_text value = {NULL, 0};
    wsp_lines lines = lines_named(head, name);
    size_t found = 0;
    for (size_t i = 0; (i = find_line(&lines, i)) < lines.count; i++)
        if (found++ == 0)
            value = head->headers[i].value;
    if (count)
        *count = found;
    return value;
}

/* RFC 9110 5.6.4: the place behind the quoted string that begins at `i`. */
static size_t skip_quoted(wsp_text text, size_t i)
{
    for (i++; i < text.len && text.data[i] != '"'; i++)
        if (text.data[i] == '\\' && i + 1 < text.len)
            i++;
    return i < text.len ? i + 1 : i;
}

/* How far to the next comma that is in no quoted string? */
static size_t element_length(wsp_text rest)
{
    size_t i = 0;
    while (i < rest.len && rest.data[i] != ',')
        i = rest.data[i] == '"' ? skip_quoted(rest, i) : i + 1;
    return i;
}

bool wsp_lines_next(const wsp_lines *lines, wsp_http_list_place *at, wsp_text *element)
{
    for (;; at->header++, at->offset = 0) {
        size_t i = find_line(lines, at->header);
        if (i != at->header)
            *at = (wsp_http_list_place){i, 0};
        if (i >= lines->count)
            return false;
        while (at->offset < lines->headers[i].value.len) {
            wsp_text rest = lines->headers[i].value;
            text_cut(&rest, at->offset);
            rest.len = element_length(rest);
            at->offset += rest.len + 1;
            *element = text_trim(rest, is_space);
            if (element->len > 0)
                return true;
        }
    }
}

bool wsp_http_list_next(const wsp_http_head *head, const char *name, wsp_http_list_place *at,
                        wsp_text *element)
{
    wsp_lines lines = lines_named(head, name);
    return wsp_lines_next(&lines, at, element);
}

bool wsp_lines_have(const wsp_lines *lines, wsp_text token)
{
    wsp_http_list_place at = {0, 0};
    wsp_text element;
    while (wsp_lines_next(lines, &at, &element))
        if (text_same_nocase(element, token))
            return true;
    return false;
}

bool wsp_http_list_has(const wsp_http_head *head, const char *name, const char *token)
{
    wsp_lines lines = lines_named(head, name);
    return wsp_lines_have(&lines, text_of(token));
}
