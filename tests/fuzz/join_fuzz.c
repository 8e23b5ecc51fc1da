/*
 * Segments and gaps of any bytes into the session stage: a connection joined in its middle, or one
 * whose handshake was seen and that loses bytes. The records do not depend on how a segment was cut
 * (packets, times and segment starts being the same), what waits is given back, and every record of
 * a connection lies between its open and its end.
 *
 * Input: a byte that chooses the handshake, then pieces: a byte with flags, one with the length,
 * and so many bytes.
 */
#include "check.h"
#include "session.h"
#include "sink.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIDE = 1, GAP = 2, NO_START = 4, LONG = 8 }; /* flags of a piece */

typedef struct run {
    session *sessions;
    tcp_connection connection;
    GString *told;
    sink json;
    uint64_t packet;
    uint32_t random; /* where to cut; 0 = nowhere */
    bool open;
} run;

static void on_record(void *user, const record *r)
{
    run *s = user;
    CHECK(s->open != (r->type == RECORD_OPEN));
    s->open = r->type != RECORD_END;
    g_string_truncate(s->json.line, 0);
    s->json.format(&s->json, r);
    g_string_append_len(s->told, s->json.line->str, (gssize)s->json.line->len);
    g_string_append_c(s->told, '\n');
}

static void give(run *s, tcp_event e)
{
    e.connection = &s->connection;
    e.packet = s->packet;
    e.time_ns = (int64_t)s->packet * 1000;
    session_tcp_event(s->sessions, &e);
}

static size_t next_cut(run *s, size_t len)
{
    if (!s->random)
        return len;
    s->random = s->random * 1664525 + 1013904223;
    size_t n = 1 + (s->random >> 24) % 9;
    return n < len ? n : len;
}

/* A segment, from memory of exactly its size, in one or more parts. */
static void say(run *s, int side, const uint8_t *bytes, size_t len, bool segment_start)
{
    s->packet++;
    for (size_t at = 0, n; at < len; at += n) {
        n = next_cut(s, len - at);
        uint8_t *part = g_memdup2(bytes + at, n);
        give(s, (tcp_event){.type = TCP_EVENT_DATA,
                            .side = side,
                            .data = part,
                            .len = n,
                            .segment_start = segment_start && at == 0});
        g_free(part);
    }
}

static void say_text(run *s, int side, const char *text)
{
    say(s, side, (const uint8_t *)text, strlen(text), true);
}

static void say_handshake(run *s, uint8_t choice)
{
    if (choice % 4 == 0)
        return;
    say_text(s, 0,
             "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    if (choice % 4 == 1) /* the answer is lost */
        return;
    say_text(s, 1,
             choice % 4 == 2 ? "HTTP/1.1 101 a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                               "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
                             : "HTTP/1.1 101 a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                               "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                               "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
}

static void play(run *s, const uint8_t *data, size_t size)
{
    for (size_t at = 0; at + 2 <= size;) {
        uint8_t flags = data[at];
        size_t len = data[at + 1] * (flags & LONG ? (size_t)16 : 1);
        at += 2;
        if (flags & GAP) {
            s->packet++;
            give(s, (tcp_event){.type = TCP_EVENT_GAP, .side = flags & SIDE, .len = len + 1});
            continue;
        }
        len = MIN(len, size - at);
        say(s, flags & SIDE, data + at, len, !(flags & NO_START));
        at += len;
    }
}

static GString *records_of(const uint8_t *data, size_t size, uint32_t random)
{
    run s = {.told = g_string_new(NULL), .random = random};
    s.json = (sink){.line = g_string_new(NULL), .format = sink_json};
    s.connection.syn_side = -1;
    s.connection.side[0] = (endpoint){.version = 4, .port = 1};
    s.connection.side[1] = (endpoint){.version = 4, .port = 2};
    const session_options options = {0};
    s.sessions = session_new(&options, on_record, &s);
    give(&s, (tcp_event){.type = TCP_EVENT_OPEN});
    say_handshake(&s, data[0]);
    play(&s, data + 1, size - 1);
    give(&s, (tcp_event){.type = TCP_EVENT_END, .end = TCP_END_EOF});
    CHECK(!s.open);
    session_free(s.sessions);
    g_string_free(s.json.line, TRUE);
    return s.told;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    GString *whole = records_of(data, size, 0);
    GString *cut = records_of(data, size, 1 + (uint32_t)size);
    if (!g_string_equal(whole, cut))
        fprintf(stderr, "in whole segments:\n%s\ncut:\n%s\n", whole->str, cut->str);
    CHECK(g_string_equal(whole, cut));
    g_string_free(whole, TRUE);
    g_string_free(cut, TRUE);
    return 0;
}
