/*
 * hub_floor [coalesce]: the least that a broadcast costs. One thread waits for all connections;
 * what one says is sent to all, as it came. Prints where it listens.
 *
 * Plain, each delivery is a send of its own. With `coalesce` the messages that were read in one
 * turn of the loop go to each connection in one send.
 *
 * A limit to measure a hub against, not a server: it looks at no rule, queues nothing, and drops
 * the connection that does not take all at once.
 */
#include <wsproto/wsproto.h>

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct client {
    int fd;
    bool open; /* the handshake is done */
    wsp_reader reader;
    GByteArray *payload; /* of the frame that is read, unmasked */
} client;

static struct {
    int epoll, listener;
    bool coalesce;
    GPtrArray *clients, *gone;
    GByteArray *turn; /* frames that wait for the end of the turn */
} hub;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void watch(int fd, void *who)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = who};
    if (epoll_ctl(hub.epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        die("hub_floor: epoll_ctl");
}

static void client_free(void *data)
{
    client *c = data;
    close(c->fd);
    g_byte_array_unref(c->payload);
    g_free(c);
}

static void broadcast(const uint8_t *bytes, size_t len)
{
    for (guint i = 0; i < hub.clients->len; i++) {
        client *c = hub.clients->pdata[i];
        if (c->open && send(c->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)len)
            shutdown(c->fd, SHUT_RDWR); /* and then there is something to read: the end */
    }
}

static void end_turn(void)
{
    if (hub.turn->len > 0)
        broadcast(hub.turn->data, hub.turn->len);
    g_byte_array_set_size(hub.turn, 0);
    g_ptr_array_set_size(hub.gone, 0);
}

/* A whole frame: what is said goes to all, a ping back to who sent it. */
static void take_frame(client *c, const wsp_frame_header *came)
{
    uint8_t header[WSP_FRAME_HEADER_MAX];
    const bool ping = came->opcode == WSP_OPCODE_PING;
    wsp_frame_header h = {.fin = came->fin,
                          .opcode = ping ? WSP_OPCODE_PONG : came->opcode,
                          .payload_length = c->payload->len};
    int size = wsp_frame_header_encode(header, &h);
    g_byte_array_prepend(c->payload, header, (guint)size);
    if (ping)
        send(c->fd, c->payload->data, c->payload->len, MSG_NOSIGNAL | MSG_DONTWAIT);
    else if (hub.coalesce)
        g_byte_array_append(hub.turn, c->payload->data, c->payload->len);
    else
        broadcast(c->payload->data, c->payload->len);
    g_byte_array_set_size(c->payload, 0);
}

static void take_bytes(client *c, const uint8_t *in, size_t len)
{
    wsp_event ev;
    for (;;) {
        size_t used = wsp_reader_next(&c->reader, in, len, &ev);
        in += used, len -= used;
        if (ev.type == WSP_EVENT_NONE)
            return;
        guint before = c->payload->len;
        g_byte_array_append(c->payload, ev.data, (guint)ev.len);
        wsp_mask(c->payload->data + before, ev.data, ev.len, ev.frame->masking_key, ev.offset);
        if (ev.bytes_left == 0)
            take_frame(c, ev.frame);
    }
}

/* A request comes in one piece, and nothing behind it: that is as much as a limit needs. */
static bool answer_request(client *c, const uint8_t *in, size_t len)
{
    wsp_http_header lines[32];
    wsp_http_head head;
    wsp_handshake_request request;
    char out[512];
    wsp_http_parse(&head, in, len, lines, 32);
    if (wsp_handshake_request_check(&request, &head))
        return false;
    int size =
        wsp_handshake_accept_write(out, sizeof out, &(wsp_handshake_answer){.key = request.key});
    c->open = size > 0 && send(c->fd, out, (size_t)size, MSG_NOSIGNAL) == size;
    return c->open;
}

static void take_client(void)
{
    int on = 1;
    client *c = g_new0(client, 1);
    c->fd = accept4(hub.listener, NULL, NULL, SOCK_CLOEXEC);
    if (c->fd < 0)
        die("hub_floor: accept");
    c->payload = g_byte_array_new();
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    wsp_reader_init(&c->reader, &(wsp_frame_rules){.sender = WSP_FROM_CLIENT});
    g_ptr_array_add(hub.clients, c);
    watch(c->fd, c);
}

static void serve(client *c)
{
    static uint8_t in[64 << 10];
    ssize_t n = recv(c->fd, in, sizeof in, 0);
    if (n > 0 && c->open)
        take_bytes(c, in, (size_t)n);
    else if (n <= 0 || !answer_request(c, in, (size_t)n)) {
        epoll_ctl(hub.epoll, EPOLL_CTL_DEL, c->fd, NULL);
        g_ptr_array_remove_fast(hub.clients, c);
        g_ptr_array_add(hub.gone, c); /* this turn may have more news of it */
    }
}

static void listen_here(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    hub.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (hub.listener < 0 || bind(hub.listener, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(hub.listener, SOMAXCONN) != 0 ||
        getsockname(hub.listener, (struct sockaddr *)&at, &size) != 0)
        die("hub_floor: listen");
    printf("listening on 127.0.0.1:%d\n", ntohs(at.sin_port));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    hub.coalesce = argc > 1 && strcmp(argv[1], "coalesce") == 0;
    hub.epoll = epoll_create1(EPOLL_CLOEXEC);
    hub.clients = g_ptr_array_new();
    hub.gone = g_ptr_array_new_with_free_func(client_free);
    hub.turn = g_byte_array_new();
    listen_here();
    watch(hub.listener, NULL);
    for (struct epoll_event ready[256];;) {
        int count = epoll_wait(hub.epoll, ready, 256, -1);
        for (int i = 0; i < count; i++)
            if (ready[i].data.ptr)
                serve(ready[i].data.ptr);
            else
                take_client();
        end_turn();
    }
}
