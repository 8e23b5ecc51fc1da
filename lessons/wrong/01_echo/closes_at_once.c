/* Fails 01.8. The learner ends with close() at once: "the Close is sent, after all". With bytes of
 * the client unread, the kernel sends a reset, and throws away what is still under way to the
 * client. */
#include "common.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 4096, MESSAGE_MAX = 1 << 20 };

static volatile sig_atomic_t listener = -1, client = -1, stopping;

/* SIGTERM. shutdown() ends the call that blocks now, and those to come. A flag alone would be too
 * little: recv() may begin to wait right after we have looked at the flag. */
static void stop(int signal)
{
    (void)signal;
    int before = errno; /* the code that we interrupt may be about to read it */
    stopping = 1;
    shutdown(listener, SHUT_RDWR);
    shutdown(client, SHUT_RDWR);
    errno = before;
}

/* Some bytes of the stream: half a header, or ten frames. 0 = there are no more, -1 = *error. */
static ssize_t receive(int fd, uint8_t *chunk, GError **error)
{
    ssize_t n = 0;
    while (!stopping && (n = recv(fd, chunk, CHUNK, 0)) < 0 && errno == EINTR)
        continue; /* a signal is no error */
    if (n < 0 && !stopping)
        g_set_error_literal(error, g_quark_from_string("errno"), errno, g_strerror(errno));
    return stopping ? 0 : n;
}

/* Send a message as one frame: its header in front, and no mask, for that is the client's duty. */
static bool send_message(int fd, uint8_t opcode, GByteArray *message)
{
    wsp_frame_header h = {.fin = 1, .opcode = opcode, .payload_length = message->len};
    uint8_t header[WSP_FRAME_HEADER_MAX];
    g_byte_array_prepend(message, header, (guint)wsp_frame_header_encode(header, &h));
    return lesson_send(fd, message->data, message->len);
}

/* Frames, until one side has had enough. `in`: bytes that came with the handshake. */
static void echo(int fd, wsp_conn *c, const uint8_t *in, size_t len, GError **error)
{
    g_autoptr(GByteArray) message = g_byte_array_new(); /* freed on every way out */
    uint8_t chunk[CHUNK], data[CHUNK], reply[WSP_CONTROL_FRAME_MAX];
    for (bool sent = true; sent && wsp_conn_get_tcp(c) == WSP_TCP_KEEP;) {
        wsp_conn_event ev;
        size_t used = wsp_conn_receive(c, 0, in, len, data, sizeof data, &ev);
        in += used, len -= used;
        if (ev.type == WSP_CONN_NONE) { /* every byte is used: wait for more */
            ssize_t n = receive(fd, chunk, error);
            if (n <= 0)
                return;
            in = chunk, len = (size_t)n;
        } else if (ev.type == WSP_CONN_DATA) { /* a piece: only the last one makes a message */
            g_byte_array_append(message, ev.data, (guint)ev.len);
            if (ev.last) {
                sent = send_message(fd, ev.opcode, message); /* text stays text */
                g_byte_array_set_size(message, 0);
            }
        } else { /* a ping wants its pong now, even inside a message; a Close wants ours */
            int size = wsp_conn_reply(c, 0, &ev, NULL, reply, sizeof reply);
            sent = size <= 0 || lesson_send(fd, reply, (size_t)size);
        }
        if (ev.type == WSP_CONN_FAILURE)
            g_set_error_literal(error, g_quark_from_string("websocket"), ev.code,
                                wsp_violation_first(ev.violations)->text);
    }
}

int main(int argc, char **argv)
{
    lesson_options options = lesson_options_read(argc, argv, 0, NULL, "Echoes, client by client.");
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = stop}, NULL);
    listener = lesson_listen(&options);
    for (unsigned conn = 1; !stopping && (client = lesson_accept(listener)) >= 0; conn++) {
        g_autoptr(GByteArray) behind = g_byte_array_new();
        g_autoptr(GError) error = NULL;
        wsp_conn c;
        wsp_conn_event end;
        wsp_conn_options rules = {.role = WSP_SERVER, .message.max_message = MESSAGE_MAX};
        wsp_conn_init(&c, &rules, 0);
        bool open = !stopping && lesson_handshake(client, behind);
        if (open)
            echo(client, &c, behind->data, behind->len, &error);
        wsp_conn_end_of_stream(&c, &end);
        const char *why = error ? error->message : wsp_close_code_name(end.code);
        lesson_log(conn, "ended: %s", open ? why : "no handshake");
        close(client);
        client = -1;
    }
    close(listener);
    return 0;
}
