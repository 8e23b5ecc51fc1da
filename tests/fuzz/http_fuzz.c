/*
 * An HTTP head of any bytes: the scan ends it at the same byte however it is cut, the parse stays
 * inside it, and what the parse and the handshake accept can be written and read again.
 */
#include "check.h"

#include <wsproto/error.h>
#include <wsproto/handshake.h>

#include <stdbool.h>
#include <string.h>

enum { HEADERS_MAX = 64 };

typedef struct verdict {
    int64_t consumed; /* or the error */
    bool done;
} verdict;

/* Feed all bytes in pieces; `piece` gives the next size from where the scan stands. */
static verdict scan(const wsp_http_limits *limits, const uint8_t *data, size_t size,
                    size_t (*piece)(const uint8_t *data, size_t left))
{
    wsp_http_scanner s;
    wsp_http_scan_init(&s, limits);
    int64_t total = 0;
    for (size_t at = 0; at < size;) {
        size_t n = piece(data + at, size - at);
        int64_t used = wsp_http_scan(&s, data + at, n);
        if (used < 0) {
            CHECK(used == WSP_ERR_LIMIT && !s.done);
            CHECK(wsp_http_scan(&s, NULL, 0) == WSP_ERR_LIMIT);
            return (verdict){used, false};
        }
        CHECK((size_t)used <= n && (s.done || (size_t)used == n));
        total += used;
        at += n;
    }
    CHECK((size_t)total == s.head_len);
    return (verdict){total, s.done};
}

static size_t whole(const uint8_t *data, size_t left)
{
    (void)data;
    return left;
}

static size_t one(const uint8_t *data, size_t left)
{
    (void)data;
    (void)left;
    return 1;
}

/* The bytes themselves say where they are cut. */
static size_t some(const uint8_t *data, size_t left)
{
    size_t n = 1 + data[0] % 13;
    return n < left ? n : left;
}

static verdict scan_all_ways(const wsp_http_limits *limits, const uint8_t *data, size_t size)
{
    verdict a = scan(limits, data, size, whole);
    verdict b = scan(limits, data, size, one);
    verdict c = scan(limits, data, size, some);
    CHECK(a.done == b.done && a.consumed == b.consumed);
    CHECK(a.done == c.done && a.consumed == c.consumed);
    return a;
}

static bool inside(wsp_text text, const uint8_t *data, size_t size)
{
    const char *begin = (const char *)data;
    return text.data == NULL
               ? text.len == 0
               : text.data >= begin && text.len <= size && text.data + text.len <= begin + size;
}

static bool same(wsp_text a, wsp_text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static void check_inside(const wsp_http_head *head, const uint8_t *data, size_t size)
{
    CHECK(inside(head->method, data, size) && inside(head->target, data, size));
    CHECK(inside(head->reason, data, size) && head->header_count <= HEADERS_MAX);
    for (size_t i = 0; i < head->header_count; i++) {
        wsp_text name = head->headers[i].name, value = head->headers[i].value;
        CHECK(inside(name, data, size) && inside(value, data, size));
        CHECK(name.len + value.len < size);
        size_t count;
        char copy[64];
        if (name.len < sizeof copy && !memchr(name.data, '\0', name.len)) {
            memcpy(copy, name.data, name.len);
            copy[name.len] = '\0';
            CHECK(wsp_http_header_value(head, copy, &count).data != NULL && count >= 1);
        }
    }
}

static void check_list(const wsp_http_head *head, const char *name, size_t size)
{
    wsp_http_list_place at = {0, 0};
    wsp_text element;
    size_t count = 0;
    while (wsp_http_list_next(head, name, &at, &element)) {
        CHECK(element.len > 0 && element.len < size);
        CHECK(++count <= size);
    }
    CHECK(!wsp_http_list_next(head, name, &at, &element));
}

static size_t put(char *out, size_t at, wsp_text text, const char *after)
{
    for (size_t i = 0; i < text.len; i++)
        out[at++] = text.data[i];
    while (*after)
        out[at++] = *after++;
    return at;
}

/* A request without fault, written in the plainest form, is the same request without fault. */
static void check_rewritten(const wsp_http_head *head, size_t size)
{
    char *out = malloc(2 * size + 64);
    CHECK(out);
    size_t n = put(out, 0, head->method, " ");
    n = put(out, n, head->target, " HTTP/1.");
    out[n++] = (char)('0' + head->version_minor);
    n = put(out, n, (wsp_text){NULL, 0}, "\r\n");
    for (size_t i = 0; i < head->header_count; i++) {
        n = put(out, n, head->headers[i].name, ": ");
        n = put(out, n, head->headers[i].value, "\r\n");
    }
    n = put(out, n, (wsp_text){NULL, 0}, "\r\n");

    wsp_http_header headers[HEADERS_MAX];
    wsp_http_head again;
    wsp_http_parse(&again, out, n, headers, HEADERS_MAX);
    CHECK(again.faults == 0 && again.kind == WSP_HTTP_REQUEST);
    CHECK(same(again.method, head->method) && same(again.target, head->target));
    CHECK(again.header_count == head->header_count);
    for (size_t i = 0; i < head->header_count; i++) {
        CHECK(same(again.headers[i].name, head->headers[i].name));
        CHECK(same(again.headers[i].value, head->headers[i].value));
    }
    free(out);
}

/* A request that may be accepted can be: the answer has no fault. */
static void check_accepted(const wsp_http_head *head, const wsp_handshake_request *request)
{
    CHECK(head->faults == 0 && wsp_handshake_is_attempt(head));
    char out[512];
    wsp_handshake_answer answer = {.key = request->key};
    int n = wsp_handshake_accept_write(out, sizeof out, &answer);
    CHECK(n > 0);
    wsp_http_header headers[8];
    wsp_http_head written;
    wsp_handshake_response response;
    wsp_http_parse(&written, out, (size_t)n, headers, 8);
    CHECK(wsp_handshake_response_check(&response, &written, head) == 0);
}

static void check_handshake(const wsp_http_head *head)
{
    wsp_handshake_request request;
    wsp_handshake_response response;
    uint32_t faults = wsp_handshake_request_check(&request, head);
    CHECK((faults & (WSP_H_ACCEPT | WSP_H_ORIGIN | WSP_H_STATUS)) == 0);
    CHECK((wsp_handshake_status(faults) != 0) == (faults != 0));
    if (faults == 0)
        check_accepted(head, &request);

    uint32_t alone = wsp_handshake_response_check(&response, head, NULL);
    uint32_t beside = wsp_handshake_response_check(&response, head, head);
    CHECK((alone & ~beside) == 0 || head->kind == WSP_HTTP_NEITHER);
    if (wsp_origin_equal(request.origin, request.origin))
        CHECK(!wsp_origin_equal(request.origin, (wsp_text){NULL, 0}));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const wsp_http_limits tight = {.max_head = 200, .max_line = 60, .max_headers = 5};
    const wsp_http_limits none = {SIZE_MAX, SIZE_MAX, SIZE_MAX};
    scan_all_ways(NULL, data, size);
    scan_all_ways(&tight, data, size);
    verdict v = scan_all_ways(&none, data, size);

    wsp_http_header headers[HEADERS_MAX];
    wsp_http_head head;
    wsp_http_parse(&head, data, size, headers, HEADERS_MAX);
    CHECK(v.done == !(head.faults & WSP_HTTP_FAULT_UNFINISHED)); /* they agree on where it ends */
    check_inside(&head, data, (size_t)v.consumed);
    check_list(&head, "Connection", size);
    check_list(&head, "Sec-WebSocket-Extensions", size);
    if (head.faults == 0 && head.kind == WSP_HTTP_REQUEST)
        check_rewritten(&head, size);
    check_handshake(&head);
    return 0;
}
