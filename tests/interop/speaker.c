/*
 * Our side of the interop tests: wsp_conn on a blocking socket, as an echo server for one client or
 * as a client of an echo server.
 *
 *     speaker server plain|deflate         prints "listening on 127.0.0.1:PORT"
 *     speaker client plain|deflate PORT
 *
 * Exit 0: all that was to happen did, and the close handshake was clean. A client checks each echo;
 * the peer's clients do so for the server.
 */
#include <wsproto/wsproto.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/time.h>
#include <unistd.h>

#define MESSAGE_MAX (16u << 20)
#define SECONDS 30 /* for one read, and for all of it */

static struct {
    int fd;
    wsp_conn conn;
    wsp_conn_event event;
    uint8_t in[65536];
    size_t in_len, used;
    uint8_t *message; /* MESSAGE_MAX bytes */
    size_t message_len;
    uint8_t *out; /* room for any frame */
    size_t out_size;
    bool client, deflate;
} me;

static _Noreturn void die(const char *what)
{
    (void)fprintf(stderr, "speaker: %s\n", what);
    exit(1);
}

static void write_all(const uint8_t *bytes, int64_t len)
{
    if (len < 0)
        die(wsp_error_text((int)len));
    while (len > 0) {
        ssize_t n = send(me.fd, bytes, (size_t)len, MSG_NOSIGNAL);
        if (n <= 0)
            die("cannot write");
        bytes += n;
        len -= n;
    }
}

/* A masking key, or NULL for a server. */
static const uint8_t *fresh_key(void)
{
    static uint8_t key[4];
    if (getrandom(key, sizeof key, 0) != sizeof key)
        die("no randomness");
    return me.client ? key : NULL;
}

static void send_frame(uint8_t opcode, const void *payload, size_t len, bool more)
{
    wsp_conn_frame f = {opcode, more, false, fresh_key(), payload, len};
#ifdef WSPROTO_DEFLATE
    if (me.deflate && !more && (opcode == WSP_OPCODE_TEXT || opcode == WSP_OPCODE_BINARY)) {
        write_all(me.out, wsp_conn_send_deflated(&me.conn, 0, &f, me.out, me.out_size));
        return;
    }
#endif
    uint8_t header[WSP_FRAME_HEADER_MAX];
    int n = wsp_conn_send_header(&me.conn, 0, &f, header, me.out);
    write_all(header, n);
    write_all(me.client ? me.out : payload, (int64_t)len);
}

/* ---- Opening -------------------------------------------------------------------------------- */

/* Read a head into me.in; what follows it stays there, from me.used on. */
static void read_head(wsp_http_head *head, wsp_http_header *lines, size_t max_lines)
{
    wsp_http_scanner scan;
    wsp_http_scan_init(&scan, NULL);
    while (!scan.done) {
        ssize_t n = read(me.fd, me.in + me.in_len, sizeof me.in - me.in_len);
        int64_t taken = n > 0 ? wsp_http_scan(&scan, me.in + me.in_len, (size_t)n) : -1;
        if (taken < 0)
            die("no head");
        me.in_len += (size_t)n;
        me.used += (size_t)taken;
    }
    wsp_http_parse(head, me.in, me.used, lines, max_lines);
}

static void start(const wsp_deflate_params *agreed)
{
    wsp_conn_options options = {
        .role = me.client ? WSP_CLIENT : WSP_SERVER,
        .message = {.max_message = MESSAGE_MAX, .max_inflated = MESSAGE_MAX},
    };
    me.out_size = MESSAGE_MAX + WSP_FRAME_HEADER_MAX;
#ifdef WSPROTO_DEFLATE
    if (me.deflate) {
        uint8_t ours = agreed->server_max_window_bits, theirs = agreed->client_max_window_bits;
        bool our_reset = agreed->server_no_context_takeover;
        bool their_reset = agreed->client_no_context_takeover;
        options.deflater = me.client ? wsp_deflater_new(theirs, their_reset, 1, 0, NULL)
                                     : wsp_deflater_new(ours, our_reset, 1, 0, NULL);
        options.message.inflater = me.client ? wsp_inflater_new(ours, our_reset, NULL)
                                             : wsp_inflater_new(theirs, their_reset, NULL);
        if (!options.deflater || !options.message.inflater)
            die("no memory");
        me.out_size += wsp_deflate_bound(options.deflater, MESSAGE_MAX);
    }
#else
    (void)agreed;
#endif
    me.message = malloc(MESSAGE_MAX);
    me.out = malloc(me.out_size);
    if (!me.message || !me.out)
        die("no memory");
    wsp_conn_init(&me.conn, &options, 0);
}

static void open_as_server(void)
{
    wsp_http_header lines[64];
    wsp_http_head head;
    wsp_handshake_request request;
    char out[1024], extension[256];
    read_head(&head, lines, 64);
    if (wsp_handshake_request_check(&request, &head))
        die("the request is not a WebSocket's");
    wsp_handshake_answer answer = {.key = request.key};
    wsp_deflate_params agreed = {0};
#ifdef WSPROTO_DEFLATE
    if (me.deflate && !wsp_deflate_choose(&agreed, &(wsp_deflate_policy){0}, &head))
        die("the client offers no permessage-deflate");
    if (me.deflate && wsp_deflate_answer_write(extension, sizeof extension, &agreed) > 0)
        answer.extensions = extension;
#else
    (void)extension;
#endif
    write_all((uint8_t *)out, wsp_handshake_accept_write(out, sizeof out, &answer));
    start(&agreed);
}

static void open_as_client(const char *port)
{
    wsp_http_header sent_lines[16], lines[64];
    wsp_http_head sent, head;
    wsp_handshake_response response;
    char key[25], host[32], extension[256], out[1024];
    uint8_t nonce[16];
    if (getrandom(nonce, sizeof nonce, 0) != sizeof nonce)
        die("no randomness");
    wsp_handshake_key(key, nonce);
    (void)snprintf(host, sizeof host, "127.0.0.1:%s", port);
    wsp_handshake_offer offer = {.target = "/", .host = host, .key = key};
#ifdef WSPROTO_DEFLATE
    if (me.deflate &&
        wsp_deflate_offer_write(extension, sizeof extension, &(wsp_deflate_policy){0}) > 0)
        offer.extensions = extension;
#else
    (void)extension;
#endif
    int n = wsp_handshake_request_write(out, sizeof out, &offer);
    write_all((uint8_t *)out, n);
    wsp_http_parse(&sent, out, (size_t)n, sent_lines, 16);
    read_head(&head, lines, 64);
    if (wsp_handshake_response_check(&response, &head, &sent))
        die("the server's answer is wrong");
    wsp_deflate_params agreed = {0};
#ifdef WSPROTO_DEFLATE
    if (me.deflate && wsp_deflate_answer_check(&agreed, &head, &sent) != WSP_DEFLATE_AGREED)
        die("the server does not agree to permessage-deflate");
#endif
    start(&agreed);
}

/* ---- Talking -------------------------------------------------------------------------------- */

/* The next event, with replies sent; END when the stream has ended. A message is collected. */
static wsp_conn_event_type next_event(void)
{
    wsp_conn_event *ev = &me.event;
    for (;;) {
        me.used += wsp_conn_receive(&me.conn, 0, me.in + me.used, me.in_len - me.used,
                                    me.message + me.message_len, MESSAGE_MAX - me.message_len, ev);
        if (ev->type != WSP_CONN_NONE)
            break;
        if (wsp_conn_get_tcp(&me.conn) == WSP_TCP_FINISH)
            (void)shutdown(me.fd, SHUT_WR);
        ssize_t n = read(me.fd, me.in, sizeof me.in);
        if (n <= 0) {
            wsp_conn_end_of_stream(&me.conn, ev);
            return ev->type;
        }
        me.in_len = (size_t)n;
        me.used = 0;
    }
    if (ev->type == WSP_CONN_DATA)
        me.message_len = (size_t)ev->offset + ev->len;
    if (ev->type == WSP_CONN_FAILURE)
        (void)fprintf(stderr, "speaker: %s\n", wsp_violation_first(ev->violations)->text);
    uint8_t reply[WSP_CONTROL_FRAME_MAX];
    write_all(reply, wsp_conn_reply(&me.conn, 0, ev, fresh_key(), reply, sizeof reply));
    return ev->type;
}

static int was_clean(void)
{
    if (!me.event.clean)
        die("the connection did not end cleanly");
    return 0;
}

static int serve(void)
{
    open_as_server();
    for (wsp_conn_event_type type; (type = next_event()) != WSP_CONN_END;)
        if (type == WSP_CONN_DATA && me.event.last) {
            send_frame(me.event.opcode, me.message, me.message_len, false);
            me.message_len = 0;
        }
    return was_clean();
}

static void expect_echo(uint8_t opcode, const uint8_t *payload, size_t len)
{
    while (next_event() != WSP_CONN_DATA || !me.event.last)
        if (me.event.type == WSP_CONN_END || me.event.type == WSP_CONN_FAILURE)
            die("the connection ended before an echo");
    if (me.event.opcode != opcode || me.message_len != len || memcmp(me.message, payload, len) != 0)
        die("the echo differs");
    me.message_len = 0;
}

static void expect(wsp_conn_event_type type)
{
    if (next_event() != type)
        die("another event than expected");
}

static int talk(void)
{
    static const size_t sizes[] = {1, 125, 126, 65535, 65536, 1 << 20, MESSAGE_MAX};
    uint8_t *payload = malloc(MESSAGE_MAX);
    if (!payload)
        die("no memory");
    for (size_t i = 0; i < MESSAGE_MAX; i++)
        payload[i] = (uint8_t)('a' + (i * i >> 3) % 26);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (uint8_t opcode = WSP_OPCODE_TEXT; opcode <= WSP_OPCODE_BINARY; opcode++) {
            payload[0] = opcode == WSP_OPCODE_BINARY ? 0xff : 'a'; /* FF is no UTF-8 */
            send_frame(opcode, payload, sizes[i], false);
            expect_echo(opcode, payload, sizes[i]);
        }
    free(payload);
    send_frame(WSP_OPCODE_TEXT, "\xe2\x82", 2, true); /* a character in two fragments */
    send_frame(WSP_OPCODE_PING, "there?", 6, false);
    send_frame(WSP_OPCODE_CONTINUATION, "\xac", 1, false);
    expect(WSP_CONN_PONG);
    if (!me.event.answer)
        die("the pong is not that of the ping");
    expect_echo(WSP_OPCODE_TEXT, (const uint8_t *)"\xe2\x82\xac", 3);

    uint8_t out[WSP_CONTROL_FRAME_MAX];
    write_all(out, wsp_conn_close(&me.conn, 0, 1000, "done", 4, fresh_key(), out, sizeof out));
    expect(WSP_CONN_CLOSE);
    if (me.event.code != 1000)
        die("the close code is not echoed");
    expect(WSP_CONN_END);
    return was_clean();
}

/* ---- TCP ------------------------------------------------------------------------------------ */

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
}

static void accept_one(void)
{
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in here = loopback(0);
    socklen_t size = sizeof here;
    if (bind(listener, (struct sockaddr *)&here, size) || listen(listener, 1) ||
        getsockname(listener, (struct sockaddr *)&here, &size))
        die("cannot listen");
    printf("listening on 127.0.0.1:%d\n", ntohs(here.sin_port));
    (void)fflush(stdout);
    me.fd = accept(listener, NULL, NULL);
    (void)close(listener);
}

int main(int argc, char **argv)
{
    me.client = argc > 1 && strcmp(argv[1], "client") == 0;
    if (argc != (me.client ? 4 : 3))
        die("usage: speaker server|client plain|deflate [PORT]");
    (void)alarm(2 * SECONDS);
    me.deflate = strcmp(argv[2], "deflate") == 0;
    if (me.client) {
        struct sockaddr_in there = loopback(atoi(argv[3]));
        me.fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(me.fd, (struct sockaddr *)&there, sizeof there))
            die("cannot connect");
    } else {
        accept_one();
    }
    struct timeval wait = {.tv_sec = SECONDS};
    (void)setsockopt(me.fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    if (me.client)
        open_as_client(argv[3]);
    return me.client ? talk() : serve();
}
