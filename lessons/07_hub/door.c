/*
 * Given: the door. What comes first on a connection is HTTP: a browser asks for the page, or a
 * client for a WebSocket (lesson 02). The reader's thread does this, and it may wait, for there is
 * no writer yet.
 */
#include "07_hub/conn.h"
#include "07_hub/rules.h"
#include "07_hub/settings.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum { HEAD_MAX = 8192, LINES_MAX = 64 };

/* Receive until the head is whole: its size, 0 = it is too long, -1 = it does not come. What came
 * behind it stays in `in`. A byte now and then is no reason to wait for more than --read-ms. */
static int64_t receive_head(conn *c, GByteArray *in)
{
    const int64_t until = g_get_monotonic_time() + options.read_ms * INT64_C(1000);
    wsp_http_scanner scan;
    wsp_http_scan_init(&scan, &(wsp_http_limits){.max_head = HEAD_MAX, .max_headers = LINES_MAX});
    for (uint8_t chunk[1024]; !scan.done;) {
        ssize_t n = rules.receive(c, chunk, sizeof chunk);
        if (n <= 0 || g_get_monotonic_time() > until)
            return -1;
        if (wsp_http_scan(&scan, chunk, (size_t)n) < 0)
            return 0;
        g_byte_array_append(in, chunk, (guint)n);
    }
    return (int64_t)scan.head_len;
}

/* Send all of it, and wait for room if need be: only here, where nobody else sends yet. */
static bool say(conn *c, const char *text, int len)
{
    struct pollfd room = {.fd = c->fd, .events = POLLOUT};
    for (ssize_t n; len > 0; text += MAX(n, 0), len -= (int)MAX(n, 0)) {
        n = rules.send(c, &(struct iovec){(void *)text, (size_t)len}, 1);
        if (n < 0 && errno != EINTR && (errno != EAGAIN || poll(&room, 1, options.write_ms) <= 0))
            return false;
    }
    return len == 0;
}

/* The answer of HTTP was all. To close at once would send a reset where the client is still
 * sending, and destroy the answer (lesson 02): what it says is read and thrown away, for a while.
 */
static void finish(conn *c)
{
    const int64_t until = g_get_monotonic_time() + CLOSE_MS * INT64_C(1000);
    const struct timeval limit = {CLOSE_MS / 1000, CLOSE_MS % 1000 * 1000L};
    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    rules.finish(c);
    for (uint8_t rest[1024]; rules.receive(c, rest, sizeof rest) > 0;)
        if (g_get_monotonic_time() > until)
            return;
}

static bool refuse(conn *c, const refusal *r)
{
    char answer[1024];
    g_autofree char *body =
        g_strdup_printf("{\"error\":\"%s\",\"what\":\"%s\"}\n", r->code, r->what);
    wsp_http_header more[] = {{{"Content-Type", 12}, {"application/json", 16}},
                              {{r->header, r->header ? strlen(r->header) : 0},
                               {r->value, r->value ? strlen(r->value) : 0}}};
    int len = wsp_handshake_refusal_write(answer, sizeof answer, r->status, body, more,
                                          r->header ? 2 : 1);
    lesson_log(c->number, "refused: %u %s", r->status, r->code);
    if (say(c, answer, len))
        finish(c);
    return false;
}

/* A browser asks for the page before it opens the WebSocket. */
static bool wants_page(const wsp_http_head *head)
{
    return !head->faults && wsp_text_equal(head->method, "GET") &&
           wsp_text_equal(head->target, "/") && !wsp_handshake_is_attempt(head);
}

static bool show_page(conn *c)
{
    g_autofree char *answer = g_strdup_printf(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n"
        "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
        strlen(chat_page), chat_page);
    if (say(c, answer, (int)strlen(answer))) {
        finish(c);
        outbox_end(c, PAGE, 0, NULL);
    }
    return false;
}

/* "/ws?name=Ann": who it says it is; where a rule has not said who it is. */
static void set_name(conn *c, wsp_text target)
{
    g_autofree char *uri = g_strndup(target.data, target.len);
    const char *query = strchr(uri, '?');
    g_autoptr(GHashTable) values =
        query ? g_uri_parse_params(query + 1, -1, "&", G_URI_PARAMS_WWW_FORM, NULL) : NULL;
    const char *name = values ? g_hash_table_lookup(values, "name") : NULL;
    if (!c->name && name && *name && g_utf8_strlen(name, -1) <= 32)
        c->name = g_strdup(name);
    if (!c->name)
        c->name = g_strdup_printf("guest-%u", c->number);
}

/* Is it /ws, perhaps with a query? "http://host/ws" is another way to write it (RFC 9112 3.2.2). */
static bool is_ours(wsp_text target)
{
    g_autofree char *uri = g_strndup(target.data, target.len);
    const char *host = *uri == '/' ? NULL : strstr(uri, "://");
    const char *path = host ? strchr(host + 3, '/') : uri;
    return path && g_str_has_prefix(path, "/ws") && (path[3] == '\0' || path[3] == '?');
}

bool door_open(conn *c, GByteArray *in, wsp_conn_options *decoder)
{
    static const char *const subprotocols[] = {"chat"};
    wsp_http_header lines[LINES_MAX];
    wsp_http_head head;
    wsp_handshake_request asked;
    char answer[512];
    int64_t head_len = receive_head(c, in);
    if (head_len < 0)
        return false;
    if (head_len == 0)
        return refuse(c, &(refusal){431, "head-too-long", "8 KiB, 64 lines at most", NULL, NULL});
    wsp_http_parse(&head, in->data, (size_t)head_len, lines, LINES_MAX);
    if (wants_page(&head))
        return show_page(c);
    uint16_t status = wsp_handshake_status(wsp_handshake_request_check(&asked, &head));
    if (status)
        return refuse(c, &(refusal){status, "no-handshake", "a WebSocket is at /ws", NULL, NULL});
    if (!is_ours(asked.target))
        return refuse(c, &(refusal){404, "not-here", "a WebSocket is at /ws", NULL, NULL});
    const refusal *r = rules.admit ? rules.admit(c, &head) : NULL;
    if (r)
        return refuse(c, r);
    set_name(c, asked.target);
    bool chat = wsp_subprotocol_choose(&head, subprotocols, G_N_ELEMENTS(subprotocols)) == 0;
    wsp_handshake_answer accepted = {.key = asked.key, .subprotocol = chat ? "chat" : NULL};
    if (rules.agree)
        rules.agree(c, &head, decoder, &accepted);
    int len = wsp_handshake_accept_write(answer, sizeof answer, &accepted);
    g_byte_array_remove_range(in, 0, (guint)head_len); /* the rest are frames */
    g_autoptr(GBytes) first = g_bytes_new(answer, (gsize)len);
    return outbox_open(c, first);
}
