/*
 * Sec-WebSocket-Extensions of any bytes, each line of the input one header line's value: the walks
 * end and stay inside, and an extension that is accepted has only tokens in it, however spelt.
 */
#include "check.h"

#include <wsproto/error.h>
#include <wsproto/extension.h>

#include <stdbool.h>
#include <string.h>

enum { LINES_MAX = 64 };

static const char NAME[] = "Sec-WebSocket-Extensions";

/* Every line of the input becomes a header line. */
static size_t split(wsp_http_header *headers, const uint8_t *data, size_t size)
{
    const char *at = (const char *)data, *end = at + size;
    size_t count = 0;
    while (at < end && count < LINES_MAX) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        const char *stop = lf ? lf : end;
        headers[count++] = (wsp_http_header){{NAME, sizeof NAME - 1}, {at, (size_t)(stop - at)}};
        at = lf ? lf + 1 : end;
    }
    return count;
}

static bool same(wsp_text a, wsp_text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static bool inside(wsp_text inner, wsp_text outer)
{
    return inner.len == 0 ||
           (inner.data >= outer.data && inner.data + inner.len <= outer.data + outer.len);
}

/* The value fits exactly one room and no smaller one, and is a token once unescaped. */
static void check_value(const wsp_extension_parameter *p)
{
    char *out = malloc(p->value.len + 1);
    CHECK(out);
    int n = wsp_extension_parameter_value(out, p->value.len + 1, p);
    CHECK(n >= 0 && (size_t)n <= p->value.len && strlen(out) == (size_t)n);
    CHECK(p->value.data == NULL || wsp_text_is_token((wsp_text){out, (size_t)n}));
    CHECK(p->quoted || same((wsp_text){out, (size_t)n}, p->value));
    CHECK(wsp_extension_parameter_value(out, (size_t)n, p) == WSP_ERR_SPACE);
    CHECK(wsp_extension_parameter_value(out, (size_t)n + 1, p) == n);
    free(out);
}

static size_t count_of(wsp_text text, char c)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.data[i] == c;
    return count;
}

static void check_extension(wsp_text element)
{
    wsp_extension extension;
    if (!wsp_extension_parse(&extension, element)) {
        CHECK(extension.name.data == NULL || wsp_text_is_token(extension.name));
        return;
    }
    CHECK(wsp_text_is_token(extension.name) && inside(extension.name, element));
    CHECK(inside(extension.parameters, element));

    wsp_text rest = extension.parameters;
    wsp_extension_parameter p;
    size_t left = rest.len, count = 0;
    while (wsp_extension_parameter_next(&rest, &p)) {
        CHECK(rest.len < left);
        left = rest.len;
        count++;
        CHECK(wsp_text_is_token(p.name) && inside(p.name, element) && inside(p.value, element));
        check_value(&p);
    }
    CHECK(rest.len == 0);
    CHECK(count == count_of(element, ';') && count_of(element, ',') == 0);

    /* The element is judged to its end: a semicolon with nothing behind it is not overlooked. */
    char *more = malloc(element.len + 1);
    CHECK(more);
    memcpy(more, element.data, element.len);
    more[element.len] = ';';
    CHECK(!wsp_extension_parse(&extension, (wsp_text){more, element.len + 1}));
    free(more);
}

/* A quote that is open at the end of an element is open to the end of the line. */
static void check_quotes(wsp_text element, wsp_text line, const wsp_http_list_place *at)
{
    if (count_of(element, '\\') == 0 && count_of(element, '"') % 2 == 1)
        CHECK(at->offset == line.len + 1);
}

/* Lines that hold only legal extensions are the same list when they are joined into one. */
static void check_joined(const wsp_http_head *head, size_t size)
{
    char *joined = malloc(size + 1);
    CHECK(joined);
    wsp_http_header header = {{NAME, sizeof NAME - 1}, {joined, 0}};
    for (size_t i = 0; i < head->header_count; i++) {
        wsp_text value = head->headers[i].value;
        if (value.len > 0)
            memcpy(joined + header.value.len, value.data, value.len);
        header.value.len += value.len;
        joined[header.value.len++] = ',';
    }
    wsp_http_head one = {.headers = &header, .header_count = 1};
    wsp_http_list_place a = {0, 0}, b = {0, 0};
    wsp_text x, y;
    while (wsp_http_list_next(head, NAME, &a, &x))
        CHECK(wsp_http_list_next(&one, NAME, &b, &y) && same(x, y));
    CHECK(!wsp_http_list_next(&one, NAME, &b, &y));
    free(joined);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wsp_http_header headers[LINES_MAX];
    wsp_http_head head = {.headers = headers, .header_count = split(headers, data, size)};
    wsp_http_list_place at = {0, 0};
    wsp_text element;
    wsp_extension extension;
    size_t count = 0;
    bool all_legal = true;
    while (wsp_http_list_next(&head, NAME, &at, &element)) {
        CHECK(++count <= size);
        CHECK(element.len > 0 && inside(element, (wsp_text){(const char *)data, size}));
        check_quotes(element, headers[at.header].value, &at);
        check_extension(element);
        all_legal = all_legal && wsp_extension_parse(&extension, element);
    }
    if (all_legal)
        check_joined(&head, size);
    return 0;
}
