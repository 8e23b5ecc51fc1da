/*
 * libwebsockets as a peer: server plain|deflate, client plain|deflate PORT. See peer_test.cc.
 */
#include <libwebsockets.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIMIT (16u << 20)

static const size_t sizes[] = {1, 125, 126, 65535, 65536, 1 << 20, LIMIT};
#define MESSAGES (2 * sizeof sizes / sizeof *sizes)

static uint8_t *buffer; /* LWS_PRE bytes, then the message that is collected, or to be sent */
static uint8_t *sent;   /* a client's last message */
static size_t len, turn, begun; /* turn: messages that came back; begun: messages sent */
static bool deflate, client, binary, ready, pinged, ponged, closed;
static int result = -1; /* of a client, when it is known */

static uint8_t *message(void)
{
    return buffer + LWS_PRE;
}

/* A client's next message; after the last one a ping, then the Close. Returns -1 to close. */
static int talk(struct lws *wsi)
{
    /* With permessage-deflate, libwebsockets 4.1 reports the same pong again and again, for ever.
     */
    if (turn == MESSAGES && !pinged && !deflate) {
        memcpy(message(), "there?", 6);
        pinged = true;
        return lws_write(wsi, message(), 6, LWS_WRITE_PING) < 6 ? -1 : 0;
    }
    if (turn == MESSAGES) {
        if (!ponged && !deflate)
            return 0;
        result = 0;
        lws_close_reason(wsi, LWS_CLOSE_STATUS_NORMAL, (unsigned char *)"done", 4);
        return -1;
    }
    if (begun > turn) /* called again while the echo is on its way */
        return 0;
    begun++;
    size_t size = sizes[turn / 2];
    binary = turn % 2 == 1;
    for (size_t i = 0; i < size; i++)
        sent[i] = (uint8_t)('a' + (i * i >> 3) % 26);
    if (binary)
        sent[0] = 0xff;
    memcpy(message(), sent, size);
    int n = lws_write(wsi, message(), size, binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT);
    return n < (int)size ? -1 : 0;
}

static int answer(struct lws *wsi)
{
    if (client)
        return talk(wsi);
    if (!ready)
        return 0;
    ready = false;
    int n = lws_write(wsi, message(), len, binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT);
    bool written = n >= (int)len;
    len = 0;
    return written ? 0 : -1;
}

static int receive(struct lws *wsi, const void *in, size_t in_len)
{
    if (in_len > LIMIT - len)
        return -1;
    memcpy(message() + len, in, in_len);
    len += in_len;
    if (!lws_is_final_fragment(wsi) || lws_remaining_packet_payload(wsi))
        return 0;
    if (client) {
        if (len != sizes[turn / 2] || lws_frame_is_binary(wsi) != (int)binary ||
            memcmp(message(), sent, len) != 0) {
            (void)fprintf(stderr, "lws: the echo of %zu bytes differs\n", sizes[turn / 2]);
            result = 1;
            return -1;
        }
        turn++;
        len = 0;
    }
    binary = client ? binary : lws_frame_is_binary(wsi);
    ready = true;
    lws_callback_on_writable(wsi);
    return 0;
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t in_len)
{
    (void)user;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED: lws_callback_on_writable(wsi); return 0;
    case LWS_CALLBACK_RECEIVE:
    case LWS_CALLBACK_CLIENT_RECEIVE: return receive(wsi, in, in_len);
    case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
        ponged = in_len == 6 && memcmp(in, "there?", 6) == 0;
        lws_callback_on_writable(wsi);
        return 0;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
    case LWS_CALLBACK_SERVER_WRITEABLE: return answer(wsi);
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_CLIENT_CLOSED:
        if (result < 0)
            result = 1;
        closed = true;
        return 0;
    default: return 0;
    }
}

int main(int argc, char **argv)
{
    static const struct lws_protocols protocols[] = {{"echo", callback, 0, 65536, 0, NULL, 0},
                                                     {NULL, NULL, 0, 0, 0, NULL, 0}};
    static const struct lws_extension extensions[] = {
        {"permessage-deflate", lws_extension_callback_pm_deflate,
         "permessage-deflate; client_max_window_bits"},
        {NULL, NULL, NULL}};
    client = argc == 4;
    deflate = argc > 2 && strcmp(argv[2], "deflate") == 0;
    buffer = malloc(LWS_PRE + LIMIT);
    sent = malloc(LIMIT);
    if (argc < 3 || !buffer || !sent)
        return 1;
    (void)alarm(60); /* never stays behind */
    lws_set_log_level(LLL_ERR, NULL);
    struct lws_context_creation_info info = {
        .port = client ? CONTEXT_PORT_NO_LISTEN : 0,
        .iface = client ? NULL : "lo",
        .protocols = protocols,
        .extensions = deflate ? extensions : NULL,
        .options = LWS_SERVER_OPTION_DISABLE_IPV6 | LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
    };
    struct lws_context *context = lws_create_context(&info);
    struct lws_vhost *vhost = context ? lws_create_vhost(context, &info) : NULL;
    if (!vhost)
        return 1;
    if (client) {
        struct lws_client_connect_info to = {
            .context = context,
            .vhost = vhost,
            .address = "127.0.0.1",
            .port = atoi(argv[3]),
            .path = "/",
            .host = "127.0.0.1",
            .ietf_version_or_minus_one = -1,
            .local_protocol_name = "echo",
        };
        if (!lws_client_connect_via_info(&to))
            return 1;
    } else {
        printf("listening on 127.0.0.1:%d\n", lws_get_vhost_listen_port(vhost));
        (void)fflush(stdout);
    }
    while (!closed && lws_service(context, 0) >= 0)
        continue;
    lws_context_destroy(context);
    free(buffer);
    free(sent);
    return result;
}
