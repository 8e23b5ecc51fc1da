#include "peer.h"

#include "unread.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static int64_t now_ns(void)
{
    return g_get_real_time() * 1000;
}

/* ---- Opening and closing ---- */

static int open_socket(const peer_socket *like)
{
    int on = 1, size = (int)like->receive;
    const struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(like->from)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (like->receive)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    /* bind is for the address alone: connect chooses the port, which then may be in use elsewhere.
     */
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (like->from && bind(fd, (const struct sockaddr *)&own, sizeof own) != 0) {
        const int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static peer *no_peer(char *name, int fd)
{
    const int error = errno;
    if (fd >= 0)
        close(fd);
    g_free(name);
    errno = error;
    return NULL;
}

static bool is_client(const peer *p)
{
    return p->role == WSP_FROM_CLIENT;
}

/* A peer like this one, on the heap: from now on all is recorded. */
static peer *new_peer(const peer *like, uint64_t seed_number)
{
    peer *p = g_memdup2(like, sizeof *like);
    const bool client = is_client(p);
    p->connection = transcript_open(p->record, now_ns(), client ? p->port : p->program_port,
                                    client ? p->program_port : p->port);
    if (client)
        transcript_set_client(p->record, p->connection, p->address);
    p->keys = (seed){seed_number ^ (p->connection * UINT64_C(0x9E3779B97F4A7C15))};
    p->out = g_byte_array_new();
    inbox_init(&p->in, client ? WSP_FROM_SERVER : WSP_FROM_CLIENT);
    return p;
}

peer *peer_open(char *name, uint16_t port, const peer_socket *like, uint64_t seed_number,
                transcript *record, int netlink)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in own = {0};
    socklen_t size = sizeof own;
    const int fd = open_socket(like);
    if (fd < 0 || (connect(fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) ||
        getsockname(fd, (struct sockaddr *)&own, &size) != 0)
        return no_peer(name, fd);
    return new_peer(&(peer){.name = name,
                            .fd = fd,
                            .role = WSP_FROM_CLIENT,
                            .address = ntohl(own.sin_addr.s_addr),
                            .port = ntohs(own.sin_port),
                            .program_port = port,
                            .record = record,
                            .netlink = netlink,
                            .connecting = true},
                    seed_number);
}

peer *peer_accepted(char *name, int fd, uint64_t seed_number, transcript *record, int netlink)
{
    struct sockaddr_in own = {0}, other = {0};
    socklen_t size = sizeof own, other_size = sizeof other;
    int on = 1;
    if (getsockname(fd, (struct sockaddr *)&own, &size) != 0 ||
        getpeername(fd, (struct sockaddr *)&other, &other_size) != 0)
        return no_peer(name, fd);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return new_peer(&(peer){.name = name,
                            .fd = fd,
                            .role = WSP_FROM_SERVER,
                            .address = ntohl(own.sin_addr.s_addr),
                            .port = ntohs(own.sin_port),
                            .program_port = ntohs(other.sin_port),
                            .record = record,
                            .netlink = netlink},
                    seed_number);
}

/* What happens goes into the record: what we did, or what came. */
static void record_end(peer *p, bool ours, bool reset)
{
    (reset ? transcript_reset : transcript_fin)(p->record, p->connection, ours == is_client(p),
                                                now_ns());
}

static void record_bytes(peer *p, bool ours, const void *bytes, size_t len)
{
    transcript_bytes(p->record, p->connection, ours == is_client(p), now_ns(), bytes, len);
}

static void took_end(peer *p, bool reset)
{
    if (p->in.ended)
        return;
    inbox_end(&p->in, reset);
    p->ended_us = g_get_monotonic_time();
    record_end(p, false, reset);
}

/* Read what is there, but not without end from a program that never stops writing. */
static void read_all(peer *p)
{
    static _Thread_local uint8_t bytes[65536];
    for (unsigned turns = 0; !p->in.ended && turns < 64; turns++) {
        const ssize_t n = recv(p->fd, bytes, sizeof bytes, 0);
        if (n > 0) {
            record_bytes(p, false, bytes, (size_t)n);
            inbox_take(&p->in, bytes, (size_t)n);
        } else if (n == 0) {
            took_end(p, p->reset_seen);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != EINTR) {
            took_end(p, true);
        }
    }
}

void peer_close(peer *p)
{
    if (p->fd < 0)
        return;
    if (!p->connecting)
        read_all(p); /* close() with unread bytes would send RST */
    close(p->fd);
    p->fd = -1;
    record_end(p, true, false);
}

void peer_abort(peer *p)
{
    if (p->fd < 0)
        return;
    setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
    close(p->fd);
    p->fd = -1;
    record_end(p, true, true);
}

void peer_free(void *one)
{
    peer *p = one;
    peer_close(p);
    inbox_clear(&p->in);
    g_byte_array_unref(p->out);
    if (p->request)
        g_byte_array_unref(p->request);
    g_free(p->name);
    g_free(p);
}

/* ---- Writing ---- */

static bool has_output(const peer *p)
{
    return p->out->len > p->out_at && !p->broken && p->fd >= 0;
}

/* May the next piece go? The one before was read, or the program takes too long to. */
static bool piece_was_read(peer *p)
{
    uint32_t left = 0;
    if (p->piece_since == 0)
        return true;
    const bool said = unread_bytes(p->netlink, p->program_port, p->address, p->port, &left);
    if (said ? left > 0 : !p->in.ended)
        if (g_get_monotonic_time() - p->piece_since < PEER_PIECE_US)
            return false;
    p->piece_since = 0;
    return true;
}

bool peer_between_pieces(const peer *p)
{
    return p->piece_since != 0 && has_output(p) && !p->joining;
}

static size_t piece_size(peer *p)
{
    const size_t left = p->out->len - p->out_at;
    const uint64_t size = p->random_pieces ? 1 + seed_below(&p->keys, 64) : p->piece;
    return size && size < left ? (size_t)size : left;
}

/* One send. False: no more goes now. */
static bool write_piece(peer *p)
{
    const bool split = p->piece || p->random_pieces;
    if (split && !piece_was_read(p))
        return false;
    const uint8_t *at = p->out->data + p->out_at;
    const int64_t before = g_get_monotonic_time();
    const ssize_t n = send(p->fd, at, piece_size(p), MSG_NOSIGNAL);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            p->broken = true;
            p->reset_seen = errno == ECONNRESET;
        }
        return errno == EINTR;
    }
    p->last_sent_us = before;
    p->piece_since = split ? before : 0;
    record_bytes(p, true, at, (size_t)n);
    p->out_at += (size_t)n;
    return true;
}

static void finish_now(peer *p)
{
    if (!p->finished && !p->broken && p->fd >= 0) {
        shutdown(p->fd, SHUT_WR);
        record_end(p, true, false);
    }
    p->finished = true;
}

static void write_all(peer *p)
{
    while (has_output(p) && !p->joining && write_piece(p))
        ;
    if (p->out_at == p->out->len || p->broken) {
        g_byte_array_set_size(p->out, 0);
        p->out_at = 0;
        if (p->finishing)
            finish_now(p);
    }
}

void peer_send(peer *p, const void *bytes, size_t len)
{
    if (p->broken || p->finished || p->fd < 0 || p->out->len - p->out_at + len > PEER_OUTBOX_MAX)
        return;
    g_byte_array_append(p->out, bytes, (guint)len);
    if (!p->connecting)
        write_all(p);
}

void peer_send_frame(peer *p, const wsp_frame_header *like, const void *payload, size_t len)
{
    wsp_frame_header header = *like;
    header.masked = is_client(p);
    uint8_t bytes[WSP_FRAME_HEADER_MAX];
    if (header.masked)
        seed_bytes(&p->keys, header.masking_key, sizeof header.masking_key);
    const int size = wsp_frame_header_encode(bytes, &header);
    g_assert(size > 0);
    GByteArray *frame = g_byte_array_sized_new((guint)((size_t)size + len));
    g_byte_array_append(frame, bytes, (guint)size);
    g_byte_array_append(frame, payload, (guint)len);
    if (header.masked)
        wsp_mask(frame->data + size, frame->data + size, len, header.masking_key, 0);
    p->close_sent = p->close_sent || header.opcode == WSP_OPCODE_CLOSE;
    peer_send(p, frame->data, frame->len);
    g_byte_array_unref(frame);
}

void peer_finish(peer *p)
{
    p->finishing = true;
    if (!p->connecting)
        write_all(p);
}

bool peer_flushed(const peer *p)
{
    /* Behind its Close, or its end, the program need not read any more. */
    return !has_output(p) || p->joining || p->close_came || p->in.ended;
}

/* ---- Reading ---- */

static void answer_pings(peer *p)
{
    GList *link = p->in.items.tail;
    while (link && link->prev && ((inbox_item *)link->prev->data)->kind == INBOX_FRAME &&
           ((inbox_item *)link->prev->data)->number > p->answered)
        link = link->prev;
    for (; link; link = link->next) {
        const inbox_item *item = link->data;
        if (item->kind != INBOX_FRAME || item->number <= p->answered || !item->whole)
            continue;
        p->answered = item->number;
        p->close_came = p->close_came || item->header.opcode == WSP_OPCODE_CLOSE;
        if (item->header.opcode == WSP_OPCODE_PING && !p->silent && !p->close_sent &&
            item->bytes->len <= WSP_CONTROL_PAYLOAD_MAX)
            peer_send_frame(p,
                            &(wsp_frame_header){.fin = 1,
                                                .opcode = WSP_OPCODE_PONG,
                                                .payload_length = item->bytes->len},
                            item->bytes->data, item->bytes->len);
    }
}

static bool finish_connecting(peer *p)
{
    int error = 0;
    socklen_t size = sizeof error;
    struct pollfd ready = {.fd = p->fd, .events = POLLOUT};
    if (poll(&ready, 1, 0) != 1)
        return false;
    p->connecting = false;
    getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) {
        p->broken = true;
        took_end(p, true);
    }
    return true;
}

short peer_events(const peer *p)
{
    if (p->fd < 0)
        return 0;
    if (p->connecting)
        return POLLOUT;
    const bool write = has_output(p) && !p->joining && p->piece_since == 0;
    const bool read = !p->paused && !p->in.ended;
    return (short)((write ? POLLOUT : 0) | (read ? POLLIN : 0));
}

void peer_turn(peer *p)
{
    if (p->fd < 0 || (p->connecting && !finish_connecting(p)))
        return;
    write_all(p);
    if (!p->paused) {
        read_all(p);
        answer_pings(p);
    }
}
