/*
 * A client that is sound, or has one fault: what cases about clients are played on. Prints the
 * messages that come, sends the lines of its stdin, comes back when it has lost its connection.
 *
 *     faulty_client 127.0.0.1:PORT/PATH [--fault NAME] [--seed N] [--print-backoff N]
 */
#include <wsproto/wsproto.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *fault = "none";
static unsigned seed = 1;
static int wakes[2]; /* a byte comes out of [0] when the program is to stop */
static wsp_conn conn;
static bool typing = true; /* stdin has not ended */

static bool has(const char *name)
{
    return strcmp(fault, name) == 0;
}

static void new_key(uint8_t key[4])
{
    static uint32_t last = 0x10;
    if (getrandom(key, 4, 0) != 4)
        abort();
    if (has("zero-key"))
        memset(key, 0, 4);
    if (has("same-key"))
        memcpy(key, (uint8_t[4]){'s', 'a', 'm', 'e'}, 4);
    if (has("counted-key")) {
        last += 3;
        memcpy(key, (uint8_t[4]){0, 0, 0, (uint8_t)last}, 4);
    }
}

static void put(int fd, const void *bytes, int64_t len)
{
    if (len > 0 && send(fd, bytes, (size_t)len, MSG_NOSIGNAL) < 0)
        fprintf(stderr, "send: %s\n", strerror(errno));
}

static void put_text(int fd, const char *text, size_t len)
{
    uint8_t frame[70000], key[4];
    new_key(key);
    if (has("unmasked"))
        put(fd, frame,
            wsp_conn_shared_encode(
                &(wsp_conn_frame){.opcode = WSP_OPCODE_TEXT, .payload = text, .len = len}, frame,
                sizeof frame));
    else
        put(fd, frame,
            wsp_conn_send(
                &conn, 0,
                &(wsp_conn_frame){
                    .opcode = WSP_OPCODE_TEXT, .masking_key = key, .payload = text, .len = len},
                frame, sizeof frame));
}

static void put_close(int fd)
{
    uint8_t frame[WSP_CONTROL_FRAME_MAX], key[4];
    new_key(key);
    put(fd, frame, wsp_conn_close(&conn, 0, 1000, NULL, 0, key, frame, sizeof frame));
}

/* ---- Opening ---- */

static int dial(const char *address, unsigned port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, address, &to.sin_addr);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    fprintf(stderr, "refused\n");
    close(fd);
    return -1;
}

static int write_request(char *head, size_t size, const char *host, const char *path)
{
    static const uint8_t nonce[16] = "sixteen bytes..";
    char key[25], address[32];
    wsp_handshake_key(key, nonce);
    g_strlcpy(address, host, has("no-port") ? strcspn(host, ":") + 1 : sizeof address);
    const wsp_http_header more[] = {{{"X-One", 5}, {"a, b", 4}}};
    const wsp_handshake_offer offer = {.target = has("other-path") ? "/other" : path,
                                       .host = address,
                                       .key = key,
                                       .subprotocols = "chat, talk",
                                       .more = more,
                                       .more_count = 1};
    const int len = wsp_handshake_request_write(head, size, &offer);
    if (has("no-version"))
        *strstr(head, "Sec-WebSocket-Version") = 'X';
    if (has("no-http"))
        memcpy(head, (uint8_t[2]){0x81, 0x80}, 2);
    return len;
}

/* Receive the answer's head; what came behind it goes into `rest`. */
static bool receive_answer(int fd, char *head, size_t size, size_t *len, GByteArray *rest)
{
    wsp_http_scanner scan;
    wsp_http_scan_init(&scan, NULL);
    for (*len = 0; !scan.done;) {
        const ssize_t n = recv(fd, head + *len, size - *len, 0);
        const int64_t used = n > 0 ? wsp_http_scan(&scan, (uint8_t *)head + *len, (size_t)n) : -1;
        if (used < 0)
            return false;
        if (!has("drops-rest"))
            g_byte_array_append(rest, (uint8_t *)head + *len + used, (guint)(n - used));
        *len += (size_t)used;
    }
    return true;
}

static bool handshake(int fd, const char *host, const char *path, GByteArray *rest)
{
    char request[1024], answer[4096];
    size_t len = 0;
    const int size = write_request(request, sizeof request, host, path);
    put(fd, request, size);
    wsp_conn_init(&conn, &(wsp_conn_options){.role = WSP_CLIENT}, 0);
    if (has("early"))
        put_text(fd, "early", 5);
    if (!receive_answer(fd, answer, sizeof answer, &len, rest))
        return false;
    wsp_http_head ours, theirs;
    wsp_http_header lines[2][64];
    wsp_handshake_response response;
    wsp_http_parse(&ours, request, (size_t)size, lines[0], 64);
    wsp_http_parse(&theirs, answer, len, lines[1], 64);
    if (wsp_handshake_response_check(&response, &theirs, &ours) == 0 || has("accepts-any"))
        return true;
    fprintf(stderr, "no answer for a client: %u\n", response.status);
    exit(3);
}

/* ---- Talking ---- */

/* What one recv gave. False: the connection is over. */
static void take(int fd, const uint8_t *in, size_t len)
{
    static GByteArray *message;
    uint8_t out[65536], frame[WSP_CONTROL_FRAME_MAX], key[4];
    if (!message)
        message = g_byte_array_new();
    for (size_t used = 0;;) {
        wsp_conn_event ev;
        used += wsp_conn_receive(&conn, 0, in + used, len - used, out, sizeof out, &ev);
        if (ev.type == WSP_CONN_NONE)
            return;
        if (ev.type == WSP_CONN_DATA)
            g_byte_array_append(message, ev.data, (guint)ev.len);
        if (ev.type == WSP_CONN_DATA && ev.last) {
            printf(has("shouts")        ? "%.*s!\n"
                   : has("no-line-end") ? "%.*s"
                                        : "%.*s\n",
                   (int)message->len, (const char *)message->data);
            fflush(stdout);
            g_byte_array_set_size(message, 0);
        }
        new_key(key);
        if (!(has("no-pong") && ev.type == WSP_CONN_PING))
            put(fd, frame, wsp_conn_reply(&conn, 0, &ev, key, frame, sizeof frame));
    }
}

/* A line of stdin; an empty one is its end. */
static void take_line(int fd)
{
    char line[65536];
    if (fgets(line, sizeof line, stdin)) {
        put_text(fd, line, strcspn(line, "\n"));
    } else {
        typing = false;
        put_close(fd);
    }
}

/* Until the connection is over. */
static void talk(int fd, GByteArray *rest)
{
    uint8_t in[65536];
    ssize_t n = 1;
    take(fd, rest->data, rest->len);
    while (n > 0) {
        struct pollfd fds[] = {{.fd = has("deaf") ? -1 : fd, .events = POLLIN},
                               {.fd = typing && !has("never-reads") ? 0 : -1, .events = POLLIN},
                               {.fd = wakes[0], .events = POLLIN}};
        poll(fds, 3, -1);
        if (fds[0].revents && (n = recv(fd, in, sizeof in, 0)) > 0) {
            if (has("one-read-one-frame")) /* believes that a read gives a whole frame */
                wsp_conn_init(&conn, &(wsp_conn_options){.role = WSP_CLIENT}, 0);
            take(fd, in, (size_t)n);
        }
        if (fds[1].revents)
            take_line(fd);
        if (fds[2].revents && has("no-close"))
            exit(0);
        if (fds[2].revents && wsp_conn_get_state(&conn) == WSP_STATE_OPEN)
            put_close(fd);
        if (fds[2].revents)
            wakes[0] = -1;
    }
}

static void stop(int number)
{
    (void)number;
    if (!has("hangs") && write(wakes[1], "", 1) != 1)
        abort();
}

/* ---- Coming back ---- */

static unsigned delay(GRand *random, unsigned round)
{
    const unsigned most = MIN(2000U, 100U << MIN(round, 10U));
    const unsigned jitter = (unsigned)g_rand_int_range(random, 0, (gint32)most + 1);
    return has("no-jitter")       ? most
           : has("half-jitter")   ? most / 2 + jitter / 2
           : has("little-jitter") ? most - jitter / 5
           : has("no-growth")     ? jitter * 100 / most
           : has("too-long")      ? jitter * 2
           : has("late-by-one")   ? jitter / 2
                                  : jitter;
}

static int print_backoff(unsigned rounds)
{
    if (has("never-ends"))
        pause();
    GRand *random = g_rand_new_with_seed(has("ignores-seed") ? 1
                                         : has("other-seed") ? (guint32)getpid()
                                                             : seed);
    for (unsigned i = 0; i < rounds - has("one-line-less"); i++)
        printf(has("with-unit") ? "%u ms\n" : "%u\n", delay(random, i));
    g_rand_free(random);
    return has("status") ? 1 : 0;
}

static unsigned number(const char *text)
{
    return (unsigned)g_ascii_strtoull(text, NULL, 10);
}

int main(int argc, char **argv)
{
    unsigned rounds = 0;
    char *host = NULL;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (argv[i][0] != '-') {
            host = argv[i];
            continue;
        }
        fault = strcmp(argv[i], "--fault") == 0 ? value : fault;
        seed = strcmp(argv[i], "--seed") == 0 ? number(value) : seed;
        rounds = strcmp(argv[i], "--print-backoff") == 0 ? number(value) : rounds;
        i++;
    }
    if (rounds > 0)
        return print_backoff(rounds);
    char *const path = host ? strchr(host, '/') : NULL;
    if (!path || !strchr(host, ':'))
        return 2;
    g_autofree char *target = g_strdup(path);
    *path = '\0';
    const unsigned port = number(strchr(host, ':') + 1);
    setvbuf(stdin, NULL, _IONBF, 0); /* poll tells of what is not read yet */
    if (pipe(wakes) != 0)
        return 1;
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    if (has("closes-stdin"))
        close(0), typing = false;
    if (has("dies"))
        fputs("cannot find my socks\n", stderr), exit(4);
    GRand *random = g_rand_new_with_seed(seed);
    while ((typing || has("closes-stdin")) && wakes[0] >= 0 && !has("stays-away")) {
        GByteArray *rest = g_byte_array_new();
        const int fd = dial("127.0.0.1", port);
        if (fd >= 0 && handshake(fd, host, target, rest))
            talk(fd, rest);
        if (fd >= 0)
            close(fd);
        g_byte_array_unref(rest);
        if (has("leaves"))
            break;
        poll(&(struct pollfd){.fd = wakes[0], .events = POLLIN}, 1,
             g_rand_int_range(random, 0, 10));
        if (poll(&(struct pollfd){.fd = wakes[0], .events = POLLIN}, 1, 0) == 1)
            break;
    }
    g_rand_free(random);
    return has("status") ? 1 : 0;
}
