#include "hub_member.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

const dialect dialects[] = {
    {"hub", "/ws?name=b", "{\"do\":\"join\",\"room\":\"room:b\"}", "{\"event\":\"joined\"",
     "{\"event\":\"error\"", "{\"do\":\"say\",\"room\":\"room:b\",\"text\":\"", "\"}"},
    {"plain", "/ws", NULL, NULL, NULL, "", ""},
    {0},
};

void member_fail(const member *m, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (m->number == 0)
        fprintf(stderr, "hub_load: publisher: %s\n", what);
    else
        fprintf(stderr, "hub_load: subscriber %u: %s\n", m->number, what);
    exit(1);
}

uint64_t member_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- Sending --------------------------------------------------------------------------------- */

void member_send(member *m, const void *bytes, size_t len)
{
    for (const char *at = bytes; len > 0;) {
        ssize_t sent = send(m->fd, at, len, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            member_fail(m, "cannot send: %s", g_strerror(errno));
        if (sent > 0)
            at += sent, len -= (size_t)sent;
    }
}

/* Append a frame to `out`. */
static void add_frame(member *m, GByteArray *out, uint8_t opcode, const void *payload, size_t len)
{
    uint8_t key[4];
    if (getrandom(key, sizeof key, 0) != sizeof key)
        member_fail(m, "no random numbers");
    wsp_conn_frame f = {.opcode = opcode, .masking_key = key, .payload = payload, .len = len};
    guint before = out->len;
    g_byte_array_set_size(out, before + (guint)len + WSP_FRAME_HEADER_MAX);
    int64_t size = wsp_conn_send(&m->ws, 0, &f, out->data + before, out->len - before);
    if (size < 0)
        member_fail(m, "cannot make a frame: %s", wsp_error_text((int)size));
    g_byte_array_set_size(out, before + (guint)size);
}

static void send_frame(member *m, uint8_t opcode, const void *payload, size_t len)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    add_frame(m, out, opcode, payload, len);
    member_send(m, out->data, out->len);
}

void member_ping(member *m)
{
    send_frame(m, WSP_OPCODE_PING, "there?", 6);
}

void member_say(member *m, GByteArray *out, uint32_t number, size_t text_len)
{
    static GString *text;
    text = text ? g_string_truncate(text, 0) : g_string_new(NULL);
    g_string_append_printf(text, "%s#%07x", m->dialect->before, number);
    for (size_t i = MEMBER_TEXT_MIN; i < text_len; i++)
        g_string_append_c(text, '.');
    g_string_append(text, m->dialect->behind);
    add_frame(m, out, WSP_OPCODE_TEXT, text->str, text->len);
}

/* ---- Opening --------------------------------------------------------------------------------- */

static void connect_to(member *m, uint16_t port, int rcvbuf)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval wait = {.tv_sec = MEMBER_WAIT_S};
    int on = 1;
    m->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (rcvbuf > 0) /* before the connection: it decides what the peer may send at once */
        setsockopt(m->fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof rcvbuf);
    setsockopt(m->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(m->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    setsockopt(m->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (m->fd < 0 || connect(m->fd, (struct sockaddr *)&at, sizeof at) != 0)
        member_fail(m, "cannot connect to port %u: %s", port, g_strerror(errno));
}

/* Read the head of the answer, and nothing behind it: byte by byte would be slow, so it is looked
 * at first. Returns its length. */
static size_t read_head(member *m, uint8_t *in, size_t size)
{
    wsp_http_scanner scan;
    wsp_http_scan_init(&scan, NULL);
    size_t len = 0;
    while (!scan.done) {
        ssize_t n = recv(m->fd, in + len, size - len, MSG_PEEK);
        int64_t head = n > 0 ? wsp_http_scan(&scan, in + len, (size_t)n) : -1;
        if (head < 0 || recv(m->fd, in + len, (size_t)head, 0) != head)
            member_fail(m, "no answer to the request for a WebSocket");
        len += (size_t)head;
    }
    return len;
}

static void open_websocket(member *m, uint16_t port)
{
    uint8_t nonce[16], in[4096];
    char key[25], host[32], request[1024];
    if (getrandom(nonce, sizeof nonce, 0) != sizeof nonce)
        member_fail(m, "no random numbers");
    wsp_handshake_key(key, nonce);
    g_snprintf(host, sizeof host, "127.0.0.1:%u", port);
    wsp_handshake_offer offer = {.target = m->dialect->target, .host = host, .key = key};
    int size = wsp_handshake_request_write(request, sizeof request, &offer);
    member_send(m, request, (size_t)size);

    wsp_http_header asked_lines[32], lines[32];
    wsp_http_head asked, head;
    wsp_handshake_response response;
    wsp_http_parse(&asked, request, (size_t)size, asked_lines, 32);
    wsp_http_parse(&head, in, read_head(m, in, sizeof in), lines, 32);
    uint32_t faults = wsp_handshake_response_check(&response, &head, &asked);
    if (faults)
        member_fail(m, "the server answers with status %u: %s", response.status,
                    wsp_handshake_fault_first(faults)->text);
}

member *member_open(unsigned number, uint16_t port, const dialect *d, int rcvbuf)
{
    member *m = g_new0(member, 1);
    m->number = number, m->dialect = d;
    m->message = g_byte_array_new();
    connect_to(m, port, rcvbuf);
    open_websocket(m, port);
    wsp_conn_init(&m->ws, &(wsp_conn_options){.role = WSP_CLIENT}, 0);
    if (d->join)
        send_frame(m, WSP_OPCODE_TEXT, d->join, strlen(d->join));
    else
        member_ping(m); /* its pong says that the server reads us, and has us in its list */
    return m;
}

/* ---- Receiving ------------------------------------------------------------------------------- */

static bool holds(const char *text, size_t len, const char *what)
{
    return what && g_strstr_len(text, (gssize)len, what);
}

/* A message that is not the publisher's. */
static void take_other(member *m, const char *text, size_t len)
{
    if (holds(text, len, m->dialect->joined))
        m->joined = true;
    else if (!m->dialect->join || holds(text, len, m->dialect->refused))
        member_fail(m, "the server says %.*s", (int)MIN(len, 200), text);
}

static void take_message(member *m, const char *text, size_t len, uint64_t now, hear_function *hear)
{
    const char *mark = memrchr(text, '#', len);
    if (!mark || text + len - mark < MEMBER_TEXT_MIN) {
        take_other(m, text, len);
        return;
    }
    uint32_t number = 0;
    for (int i = 1; i < MEMBER_TEXT_MIN; i++)
        number = number << 4 | (uint32_t)(g_ascii_xdigit_value(mark[i]) & 15);
    if (number != m->next)
        member_fail(m,
                    number < m->next ? "message %u comes again, or late, when %u is due"
                                     : "message %u comes when %u is due: that one is lost or late",
                    number, m->next);
    m->next++;
    size_t around = (size_t)(mark - text) + strlen(m->dialect->behind);
    hear(m, &(heard){number, len, len - MIN(around, len), now});
}

/* Several messages may have been sent as one, with newlines between them. */
static void take_messages(member *m, const char *text, size_t len, uint64_t now,
                          hear_function *hear)
{
    for (const char *end; (end = memchr(text, '\n', len));) {
        size_t line = (size_t)(end - text);
        take_message(m, text, line, now, hear);
        text += line + 1, len -= line + 1;
    }
    take_message(m, text, len, now, hear);
}

static void take_data(member *m, const wsp_conn_event *ev, uint64_t now, hear_function *hear)
{
    if (ev->first && ev->last) {
        take_messages(m, (const char *)ev->data, ev->len, now, hear);
        return;
    }
    g_byte_array_append(m->message, ev->data, (guint)ev->len);
    if (ev->last) {
        take_messages(m, (const char *)m->message->data, m->message->len, now, hear);
        g_byte_array_set_size(m->message, 0);
    }
}

static void take_event(member *m, const wsp_conn_event *ev, uint64_t now, hear_function *hear)
{
    switch (ev->type) {
    case WSP_CONN_DATA: take_data(m, ev, now, hear); break;
    case WSP_CONN_PING: send_frame(m, WSP_OPCODE_PONG, ev->data, ev->len); break;
    case WSP_CONN_PONG:
        m->pongs += m->joined;
        m->joined |= !m->dialect->join;
        break;
    case WSP_CONN_CLOSE: member_fail(m, "the server closes with code %u", ev->code);
    case WSP_CONN_FAILURE:
        member_fail(m, "the server breaks a rule: %s", wsp_violation_first(ev->violations)->text);
    default: break;
    }
}

void member_receive(member *m, hear_function *hear)
{
    static uint8_t buffer[256 << 10];
    ssize_t n = recv(m->fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        member_fail(m, "the server ends the connection: %s", n == 0 ? "FIN" : g_strerror(errno));
    if (n < 0)
        return;
    const uint64_t now = member_now();
    const uint8_t *in = buffer;
    wsp_conn_event ev;
    for (size_t len = (size_t)n;;) {
        size_t used = wsp_conn_receive(&m->ws, 0, in, len, NULL, 0, &ev);
        in += used, len -= used;
        if (ev.type == WSP_CONN_NONE)
            return;
        take_event(m, &ev, now, hear);
    }
}
