/*
 * Fails 02.8. The learner closes where the last byte was sent. What the client sent is not read to
 * its end, so the kernel answers it with a reset, and the refusal may be destroyed on its way.
 */
#include "common.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 4096, LINES_MAX = 100, MESSAGE_MAX = 1 << 20 };

extern const char lesson_page[]; /* page.html */
static lesson_options options;
static gboolean wrapped;
static int listener = -1;

/* How long recv() waits for the next byte; 0 = for ever. */
static void set_timeout(int fd, int ms)
{
    struct timeval time = {ms / 1000, ms % 1000 * 1000L};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
}

static void finish(int fd)
{
    close(fd);
}

/* ---- WebSocket: lesson 01's echo; `in` is what we have of the stream already ---- */
static bool send_message(int fd, wsp_conn *conn, uint8_t opcode, GByteArray *message)
{
    uint8_t header[WSP_FRAME_HEADER_MAX];
    wsp_conn_frame whole = {.opcode = opcode, .payload = message->data, .len = message->len};
    int size = wsp_conn_send_header(conn, 0, &whole, header, NULL);
    g_byte_array_prepend(message, header, (guint)size);
    bool sent = lesson_send(fd, message->data, message->len);
    g_byte_array_set_size(message, 0);
    return sent;
}

static const char *echo(int fd, const uint8_t *in, size_t len)
{
    g_autoptr(GByteArray) message = g_byte_array_new();
    uint8_t chunk[CHUNK], data[CHUNK], reply[WSP_CONTROL_FRAME_MAX];
    wsp_conn_options rules = {.role = WSP_SERVER, .message.max_message = MESSAGE_MAX};
    wsp_conn conn;
    wsp_conn_init(&conn, &rules, 0);
    for (bool sent = true; sent && wsp_conn_get_tcp(&conn) == WSP_TCP_KEEP;) {
        wsp_conn_event ev;
        size_t used = wsp_conn_receive(&conn, 0, in, len, data, sizeof data, &ev);
        in += used, len -= used;
        if (ev.type == WSP_CONN_NONE) { /* all of it is used */
            ssize_t n = TEMP_FAILURE_RETRY(recv(fd, chunk, CHUNK, 0));
            if (n <= 0)
                return "websocket: the client left";
            in = chunk, len = (size_t)n;
        } else if (ev.type == WSP_CONN_DATA) {
            g_byte_array_append(message, ev.data, (guint)ev.len);
            sent = !ev.last || send_message(fd, &conn, ev.opcode, message);
        } else { /* a pong or our Close may be due */
            int size = wsp_conn_reply(&conn, 0, &ev, NULL, reply, sizeof reply);
            sent = lesson_send(fd, reply, (size_t)MAX(size, 0));
        }
    }
    return "websocket: closed";
}

/* ---- HTTP: each function gives the line for the log ---- */
typedef struct http {
    int fd;                /* -1 = given away */
    GByteArray *in;        /* the head of the request, and what came behind it */
    wsp_http_scanner scan; /* knows where the head ends */
} http;

static const char *refuse(const http *h, uint16_t status, const char *why)
{
    char answer[512];
    int size = wsp_handshake_refusal_write(answer, sizeof answer, status, why, NULL, 0);
    lesson_send(h->fd, answer, (size_t)size);
    return why;
}

static const char *show_page(const http *h)
{
    g_autofree char *answer =
        g_strdup_printf("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n"
                        "Content-Length: %zu\r\n\r\n%s",
                        strlen(lesson_page), lesson_page);
    return lesson_send(h->fd, answer, strlen(answer)) ? "page" : "the client left";
}

/* Is it the base64 of 16 bytes? */
static bool is_key(wsp_text text)
{
    gsize size = 0;
    g_autofree char *base64 = g_strndup(text.data, text.len);
    g_autofree guchar *bytes = g_base64_decode(base64, &size);
    return bytes && size == 16 && text.len == 24; /* the decoder skips what is not base64 */
}

/* A sound request for a WebSocket (RFC 6455 4.2.1): 0. Otherwise the status that refuses it, and
 * *why. What is wrong with the request as HTTP comes first. */
static uint16_t judge(const wsp_http_head *head, const char **why)
{
    size_t hosts, versions, keys;
    wsp_http_header_value(head, "Host", &hosts);
    wsp_text length = wsp_http_header_value(head, "Content-Length", NULL);
    wsp_text coding = wsp_http_header_value(head, "Transfer-Encoding", NULL);
    wsp_text version = wsp_http_header_value(head, "Sec-WebSocket-Version", &versions);
    wsp_text key = wsp_http_header_value(head, "Sec-WebSocket-Key", &keys);
    const struct {
        bool broken;
        uint16_t status;
        const char *text;
    } rules[] = {
        {head->version_minor < 1, 400, "the request is not HTTP/1.1"},
        {hosts != 1, 400, "there is not one Host"},
        {length.data && !wsp_text_equal(length, "0"), 400, "the request has a body"},
        {coding.data, 400, "the request has a body"},
        {!wsp_http_list_has(head, "Upgrade", "websocket"), 400, "Upgrade lacks websocket"},
        {!wsp_http_list_has(head, "Connection", "upgrade"), 400, "Connection lacks upgrade"},
        {versions != 1 || !wsp_text_equal(version, "13"), 426, "the version is not 13"},
        {keys != 1 || !is_key(key), 400, "there is not one key of 16 bytes"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(rules); i++)
        if (rules[i].broken) {
            *why = rules[i].text;
            return rules[i].status;
        }
    return 0;
}

static const char *upgrade(http *h, const wsp_http_head *head)
{
    const char *why = "";
    uint16_t status = judge(head, &why);
    if (status) /* judge first: a refusal costs one answer, a 101 cannot be taken back */
        return refuse(h, status, why);
    /* HTTP lets go: it has no socket any more, and its timeout must not watch this one any more. */
    int fd = wrapped ? -1 : g_steal_fd(&h->fd);
    if (fd < 0)
        return refuse(h, 500, "this socket cannot be taken over");
    set_timeout(fd, 0);
    static const char *const ours[] = {"echo", NULL};
    int choice = wsp_subprotocol_choose(head, ours, 1);
    char answer[512];
    wsp_handshake_answer yes = {.key = wsp_http_header_value(head, "Sec-WebSocket-Key", NULL),
                                .subprotocol = ours[choice < 0 ? 1 : choice]};
    int size = wsp_handshake_accept_write(answer, sizeof answer, &yes);
    const char *reason = "the 101 cannot be written: the key is not sound";
    if (size >= 0 && lesson_send(fd, answer, (size_t)size)) /* all of it, before the first frame */
        /* A client that did not wait for the 101: behind the head are its first frames. */
        reason = echo(fd, h->in->data + h->scan.head_len, h->in->len - h->scan.head_len);
    finish(fd);
    return reason;
}

static const char *answer_request(http *h)
{
    wsp_http_scan_init(&h->scan, NULL); /* its limits: a line of 8 KiB, a head of 16 KiB */
    while (!h->scan.done) {
        uint8_t chunk[CHUNK];
        ssize_t n = TEMP_FAILURE_RETRY(recv(h->fd, chunk, CHUNK, 0));
        if (n <= 0)
            return "no request";
        g_byte_array_append(h->in, chunk, (guint)n);
        if (wsp_http_scan(&h->scan, chunk, (size_t)n) < 0)
            return refuse(h, 431, "the head of the request is too long");
    }
    wsp_http_header lines[LINES_MAX];
    wsp_http_head head;
    wsp_http_parse(&head, h->in->data, h->scan.head_len, lines, LINES_MAX);
    bool page = wsp_text_equal(head.target, "/");
    if (head.faults)
        return refuse(h, 400, "this is not an HTTP/1.1 request");
    if (!page && !wsp_text_equal(head.target, "/ws"))
        return refuse(h, 404, "there are / and /ws");
    if (!wsp_text_equal(head.method, "GET"))
        return refuse(h, 405, "there is only GET");
    return page ? show_page(h) : upgrade(h, &head);
}

static gpointer serve(gpointer data)
{
    int fd = GPOINTER_TO_INT(data);
    http h = {.fd = fd, .in = g_byte_array_new()};
    set_timeout(fd, options.read_ms);
    lesson_log((unsigned)fd, "%s", answer_request(&h));
    if (h.fd >= 0)
        finish(h.fd);
    g_byte_array_unref(h.in);
    return NULL;
}

static void stop(G_GNUC_UNUSED int signal)
{
    if (shutdown(listener, SHUT_RDWR) != 0) /* accept() fails, main() returns */
        _exit(0);                           /* there is no listener yet */
}

int main(int argc, char **argv)
{
    const GOptionEntry more[] = {
        {"wrapped", 0, 0, G_OPTION_ARG_NONE, &wrapped, "No socket can be taken over", NULL}, {0}};
    options = lesson_options_read(argc, argv, LESSON_READ, more, "A page on /, an echo on /ws.");
    signal(SIGTERM, stop);
    listener = lesson_listen(&options);
    for (int fd; (fd = lesson_accept(listener)) >= 0;)
        g_thread_unref(g_thread_new("client", serve, GINT_TO_POINTER(fd)));
}
