/*
 * Lesson 02, the other half: the same takeover on an HTTP server that the field uses, libsoup 3.
 *
 * libsoup reads the head, judges the handshake, writes the 101, and then gives the connection away:
 * soup_server_message_steal_connection(). The frames are ours, as in hijack.c. One thread serves
 * all clients here: nothing may block, so each call says who goes on when it is done.
 */
#include "common.h"

#include <gio/gio.h>
#include <libsoup/soup.h>
#include <stdio.h>
#include <string.h>

#include <glib-unix.h>

enum { CHUNK = 4096, MESSAGE_MAX = 1 << 20 };

extern const char lesson_page[]; /* page.html */

typedef struct websocket {
    unsigned id;
    GIOStream *stream; /* not the bare socket: libsoup may have read our first frames already */
    GSocket *socket;   /* to end our direction alone, which a GIOStream cannot */
    wsp_conn conn;
    GByteArray *message, *out;
    uint8_t in[CHUNK];
} websocket;

static void receive(websocket *ws);

static void end(websocket *ws, const char *reason)
{
    lesson_log(ws->id, "websocket: %s", reason);
    g_io_stream_close(ws->stream, NULL, NULL);
    g_object_unref(ws->stream);
    g_object_unref(ws->socket);
    g_byte_array_unref(ws->message);
    g_byte_array_unref(ws->out);
    g_free(ws);
}

static void put(websocket *ws, const void *bytes, int64_t len)
{
    g_byte_array_append(ws->out, bytes, (guint)MAX(len, 0));
}

static void feed(websocket *ws, const uint8_t *in, size_t len)
{
    wsp_conn_event ev = {.type = WSP_CONN_END};
    while (ev.type != WSP_CONN_NONE) {
        uint8_t data[CHUNK], frame[WSP_CONTROL_FRAME_MAX];
        size_t used = wsp_conn_receive(&ws->conn, 0, in, len, data, sizeof data, &ev);
        in += used, len -= used;
        put(ws, frame, wsp_conn_reply(&ws->conn, 0, &ev, NULL, frame, sizeof frame));
        if (ev.type == WSP_CONN_DATA)
            g_byte_array_append(ws->message, ev.data, (guint)ev.len);
        if (ev.type == WSP_CONN_DATA && ev.last) {
            wsp_conn_frame whole = {.opcode = ev.opcode, .len = ws->message->len};
            whole.payload = ws->message->data;
            put(ws, frame, wsp_conn_send_header(&ws->conn, 0, &whole, frame, NULL));
            put(ws, ws->message->data, ws->message->len);
            g_byte_array_set_size(ws->message, 0);
        }
    }
}

static void on_sent(GObject *stream, GAsyncResult *result, gpointer data)
{
    websocket *ws = data;
    if (!g_output_stream_write_all_finish(G_OUTPUT_STREAM(stream), result, NULL, NULL)) {
        end(ws, "the client left");
        return;
    }
    g_byte_array_set_size(ws->out, 0);
    if (wsp_conn_get_tcp(&ws->conn) != WSP_TCP_KEEP) /* then read to the end, as hijack.c does */
        g_socket_shutdown(ws->socket, FALSE, TRUE, NULL);
    receive(ws);
}

static void on_received(GObject *stream, GAsyncResult *result, gpointer data)
{
    websocket *ws = data;
    gssize n = g_input_stream_read_finish(G_INPUT_STREAM(stream), result, NULL);
    if (n <= 0) {
        end(ws, wsp_conn_get_tcp(&ws->conn) == WSP_TCP_KEEP ? "the client left" : "closed");
        return;
    }
    feed(ws, ws->in, (size_t)n);
    if (ws->out->len == 0)
        receive(ws);
    else /* read on when this is sent: a client that does not read is not read from either */
        g_output_stream_write_all_async(g_io_stream_get_output_stream(ws->stream), ws->out->data,
                                        ws->out->len, G_PRIORITY_DEFAULT, NULL, on_sent, ws);
}

static void receive(websocket *ws)
{
    g_input_stream_read_async(g_io_stream_get_input_stream(ws->stream), ws->in, sizeof ws->in,
                              G_PRIORITY_DEFAULT, NULL, on_received, ws);
}

/* The 101 is sent, to its last byte: this is the moment. `message` is gone after the theft. */
static void take_over(SoupServerMessage *message, G_GNUC_UNUSED gpointer data)
{
    static unsigned count;
    websocket *ws = g_new0(websocket, 1);
    ws->id = ++count;
    ws->socket = g_object_ref(soup_server_message_get_socket(message));
    ws->stream = soup_server_message_steal_connection(message);
    ws->message = g_byte_array_new();
    ws->out = g_byte_array_new();
    wsp_conn_options rules = {.role = WSP_SERVER, .message.max_message = MESSAGE_MAX};
    wsp_conn_init(&ws->conn, &rules, 0);
    receive(ws);
}

/* "close": libsoup 3.2 never closes a connection that its client closed while it was idle. */
static void answer(SoupServerMessage *message, guint status)
{
    SoupMessageHeaders *headers = soup_server_message_get_response_headers(message);
    soup_server_message_set_status(message, status, NULL);
    soup_message_headers_append(headers, "Connection", "close");
    if (status == SOUP_STATUS_METHOD_NOT_ALLOWED)
        soup_message_headers_append(headers, "Allow", "GET");
}

/* libsoup calls this for every path and every method. */
static void on_request(G_GNUC_UNUSED SoupServer *server, SoupServerMessage *message,
                       const char *path, G_GNUC_UNUSED GHashTable *query,
                       G_GNUC_UNUSED gpointer data)
{
    static char *ours[] = {"echo", NULL};
    bool page = strcmp(path, "/") == 0;
    if (!page && strcmp(path, "/ws") != 0) {
        answer(message, SOUP_STATUS_NOT_FOUND);
    } else if (strcmp(soup_server_message_get_method(message), "GET") != 0) {
        answer(message, SOUP_STATUS_METHOD_NOT_ALLOWED);
    } else if (page) {
        answer(message, SOUP_STATUS_OK);
        soup_server_message_set_response(message, "text/html", SOUP_MEMORY_STATIC, lesson_page,
                                         strlen(lesson_page));
    } else if (soup_server_message_get_http_version(message) != SOUP_HTTP_1_1) {
        answer(message, SOUP_STATUS_INTERNAL_SERVER_ERROR); /* HTTP/2 has no socket to give */
    } else if (soup_websocket_server_process_handshake(message, NULL, ours, NULL, NULL)) {
        g_signal_connect(message, "wrote-informational", G_CALLBACK(take_over), NULL);
    }
}

static gboolean stop(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

int main(int argc, char **argv)
{
    lesson_options options =
        lesson_options_read(argc, argv, 0, NULL, "A page on /, an echo on /ws, with libsoup.");
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_unix_signal_add(SIGTERM, stop, loop);
    g_autoptr(SoupServer) server = soup_server_new(NULL, NULL);
    g_autoptr(GError) error = NULL;
    soup_server_add_handler(server, NULL, on_request, NULL, NULL);
    if (!soup_server_listen_local(server, (guint)options.port, SOUP_SERVER_LISTEN_IPV4_ONLY,
                                  &error)) {
        fprintf(stderr, "soup: cannot listen: %s\n", error->message);
        return 1;
    }
    GSList *uris = soup_server_get_uris(server);
    printf("listening on 127.0.0.1:%d\n", g_uri_get_port(uris->data));
    fflush(stdout);
    g_slist_free_full(uris, (GDestroyNotify)g_uri_unref);
    g_main_loop_run(loop);
}
