/*
 * An echo server that is sound, or has one fault: what the player of cases is tried on.
 * A thread for each connection; `--fault NAME` chooses the fault.
 */
#include "common.h"

#include <wsproto/wsproto.h>

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char *fault = NULL;
static atomic_bool stopping;

static bool has(const char *name)
{
    return fault && strcmp(fault, name) == 0;
}

/* Pings everybody quickly: a clock for the cases. Its lock is the one of all writing. */
static GMutex pinged_lock;
static GArray *pinged;

static void *ping_all(void *period_ms)
{
    for (;;) {
        g_usleep((gulong)GPOINTER_TO_INT(period_ms) * 1000);
        g_mutex_lock(&pinged_lock);
        for (guint i = 0; i < pinged->len; i++)
            send(g_array_index(pinged, int, i), "\x89\x02hi", 4, MSG_NOSIGNAL);
        g_mutex_unlock(&pinged_lock);
    }
    return NULL;
}

typedef struct client {
    int fd;
    unsigned id, messages;
    wsp_conn conn;
    GByteArray *message;
} client;

static void send_frame(client *c, uint8_t opcode, const void *payload, size_t len)
{
    wsp_frame_header h = {.fin = 1, .opcode = opcode, .payload_length = len};
    uint8_t header[WSP_FRAME_HEADER_MAX];
    if (has("masked"))
        h.masked = 1;
    if (has("rsv"))
        h.rsv = 2;
    int size = wsp_frame_header_encode(header, &h);
    g_mutex_lock(&pinged_lock);
    lesson_send(c->fd, header, (size_t)size);
    if (has("ping-inside") && len >= 8) {
        lesson_send(c->fd, payload, 4);
        lesson_send(c->fd, "\x89\x00", 2);
        lesson_send(c->fd, (const char *)payload + 4, len - 4);
    } else if (has("stops-inside") && len >= 8) {
        lesson_send(c->fd, payload, 4);
    } else {
        lesson_send(c->fd, payload, len);
    }
    g_mutex_unlock(&pinged_lock);
}

static void *wait_for_ever(void *nothing)
{
    (void)nothing;
    for (;;)
        pause();
    return NULL;
}

static void echo(client *c, uint8_t opcode)
{
    GByteArray *m = c->message;
    c->messages++;
    if (has("wrong-type"))
        opcode = WSP_OPCODE_TEXT;
    if (has("wrong-byte") && m->len > 0)
        m->data[m->len / 2] ^= 1;
    if (has("short") && m->len > 0)
        g_byte_array_set_size(m, m->len - 1);
    if (has("long"))
        g_byte_array_append(m, (const guint8 *)"!!", 2);
    if (has("crash")) {
        signal(SIGSEGV, SIG_DFL); /* a sanitizer would catch it */
        raise(SIGSEGV);
    }
    if (has("dies"))
        exit(3);
    if (has("undefined"))
        fprintf(stderr, "x.c:1:1: runtime error: signed integer overflow\n");
    if (has("thread-leak"))
        g_thread_unref(g_thread_new("leak", wait_for_ever, NULL));
    if (!has("mute"))
        send_frame(c, opcode, m->data, m->len);
    g_byte_array_set_size(m, 0);
}

static void reply(client *c, const wsp_conn_event *ev)
{
    uint8_t frame[WSP_CONTROL_FRAME_MAX];
    int size = wsp_conn_reply(&c->conn, 0, ev, NULL, frame, sizeof frame);
    if (has("close-code") && size > 3 && ev->type == WSP_CONN_CLOSE)
        frame[3] ^= 2;
    if (size > 0 && !(has("no-pong") && ev->type == WSP_CONN_PING))
        lesson_send(c->fd, frame, (size_t)size);
}

/* What one recv gave. */
static void take(client *c, const uint8_t *in, size_t len)
{
    uint8_t out[65536];
    for (size_t used = 0;;) {
        wsp_conn_event ev;
        used += wsp_conn_receive(&c->conn, 0, in + used, len - used, out, sizeof out, &ev);
        if (ev.type == WSP_CONN_NONE)
            return;
        if (ev.type == WSP_CONN_DATA) {
            g_byte_array_append(c->message, ev.data, (guint)ev.len);
            if (ev.last)
                echo(c, ev.opcode);
        }
        reply(c, &ev);
    }
}

/* A 101 without the lines that make it one. */
static bool bare_101(int fd)
{
    char in[4096];
    return recv(fd, in, sizeof in, 0) > 0 &&
           lesson_send(fd, "HTTP/1.1 101 Switching Protocols\r\n\r\n", 36);
}

static void leave(client *c)
{
    g_mutex_lock(&pinged_lock);
    for (guint i = 0; i < pinged->len; i++)
        if (g_array_index(pinged, int, i) == c->fd)
            g_array_remove_index_fast(pinged, i--);
    g_mutex_unlock(&pinged_lock);
    if (has("late"))
        g_usleep(40000);
    if (has("reset"))
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
                   sizeof(struct linger));
    if (has("descriptor-leak"))
        shutdown(c->fd, SHUT_WR);
    else
        close(c->fd);
    lesson_log(c->id, "closed after %u messages", c->messages);
}

static void *serve(void *memory)
{
    client *c = memory;
    GByteArray *behind = g_byte_array_new();
    c->message = g_byte_array_new();
    wsp_conn_init(&c->conn, &(wsp_conn_options){.role = WSP_SERVER}, 0);
    if (has("refuses")) { /* its body comes behind its head, in two pieces */
        static const char head[] = "HTTP/1.1 403 Forbidden\r\nContent-Length: 18\r\n\r\n";
        lesson_send(c->fd, head, sizeof head - 1);
        lesson_send(c->fd, "{\"error\"", 8);
        g_usleep(20000);
        lesson_send(c->fd, ":\"origin\"}", 10);
        shutdown(c->fd, SHUT_RDWR);
    }
    if (has("no-http"))
        lesson_send(c->fd, "hello there\n", 12);
    if (has("bare-101") ? bare_101(c->fd) : lesson_handshake(c->fd, behind)) {
        uint8_t in[4096];
        ssize_t n = (ssize_t)behind->len;
        g_mutex_lock(&pinged_lock);
        g_array_append_val(pinged, c->fd);
        g_mutex_unlock(&pinged_lock);
        take(c, behind->data, behind->len);
        if (has("unasked"))
            send_frame(c, WSP_OPCODE_TEXT, "unasked", 7);
        const char zeros[4096] = "\x82\x7e\x0f\xfc"; /* a binary frame of 4092 bytes */
        while (has("flood") && lesson_send(c->fd, zeros, sizeof zeros))
            ;
        if (has("deaf"))
            wait_for_ever(NULL);
        while (wsp_conn_get_tcp(&c->conn) == WSP_TCP_KEEP &&
               (n = recv(c->fd, in, sizeof in, 0)) > 0) {
            if (has("one-read-one-frame")) /* believes that a read gives a whole frame */
                wsp_conn_init(&c->conn, &(wsp_conn_options){.role = WSP_SERVER}, 0);
            take(c, in, (size_t)n);
        }
    }
    leave(c);
    g_byte_array_unref(behind);
    g_byte_array_unref(c->message);
    g_free(c);
    return NULL;
}

static int listener;

static void stop(int signal)
{
    (void)signal;
    if (!has("hangs")) {
        stopping = true;
        shutdown(listener, SHUT_RDWR);
    }
}

int main(int argc, char **argv)
{
    const GOptionEntry more[] = {
        {"fault", 0, 0, G_OPTION_ARG_STRING, &fault, "What is wrong with it", "NAME"}, {0}};
    if (argc > 1 && strcmp(argv[1], "print") == 0) { /* no server: for `run` */
        char line[64] = "";
        if (argc > 2)
            printf("%s\n", argv[2]);
        if (fgets(line, sizeof line, stdin))
            printf("read %s", line);
        return argc > 3 ? atoi(argv[3]) : 0;
    }
    for (int i = 1; i + 1 < argc; i++) /* these happen before the command line is read */
        if (strcmp(argv[i], "--fault") == 0) {
            if (strcmp(argv[i + 1], "says-nothing") == 0)
                pause();
            if (strcmp(argv[i + 1], "says-other") == 0)
                puts("ready on port 80"), fflush(stdout), pause();
            if (strcmp(argv[i + 1], "ends-at-once") == 0)
                fputs("cannot find my socks\n", stderr), exit(4);
            if (strcmp(argv[i + 1], "closes-stdout") == 0)
                fclose(stdout), pause();
        }
    lesson_options o = lesson_options_read(argc, argv, LESSON_PING, more, "Echo, with a fault.");
    signal(SIGTERM, stop);
    pinged = g_array_new(FALSE, FALSE, sizeof(int));
    listener = lesson_listen(&o);
    if (o.ping_ms < 30000)
        g_thread_unref(g_thread_new("ping", ping_all, GINT_TO_POINTER(o.ping_ms)));
    int fd = -1;
    for (unsigned id = 1; !stopping && (fd = lesson_accept(listener)) >= 0; id++) {
        client *c = g_new0(client, 1);
        c->fd = fd;
        c->id = id;
        g_thread_unref(g_thread_new("serve", serve, c));
    }
    return has("status") ? 1 : 0;
}
