/*
 * Segments straight into the tcp stage, built from the input, so that what it is about is reached
 * at once. The first byte chooses how:
 *
 *   whole  two streams, cut, repeated and in any order, nothing lost: they come out whole
 *   lossy  the same with losses, cut segments, wrong acknowledgments, jumps in time, resets and
 *          little memory: every byte is in its place, or in a gap
 *   wild   any numbers and flags on a few connections: events in their order, memory bounded
 */
#include "budget.h"
#include "check.h"
#include "tcp.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum mode { WHOLE, LOSSY, WILD, MODES };
enum {
    MAX_STREAM = 4096,
    CLIENT_PORT = 40000,
    SERVER_PORT = 80,
    WILD_CONNECTIONS = 6,
    SYN_BY = 8, /* the operation before which each side has sent its SYN */
    MEMORY = 20000,
};

/* What is known of one connection. */
typedef struct account {
    bool open;
    bool fin[2];
    uint64_t at[2]; /* bytes and gaps so far */
} account;

typedef struct run {
    const uint8_t *in, *end;
    enum mode mode;
    tcp *streams;
    budget memory;
    uint64_t packet;
    int64_t time_ns;
    account accounts[WILD_CONNECTIONS];
    uint64_t gaps, ends;
    /* A whole or lossy run's two streams. */
    uint8_t content[2][MAX_STREAM];
    uint32_t len[2], isn[2];
    uint8_t got[2][MAX_STREAM]; /* sent so far */
} run;

static uint32_t take(run *r, int bytes)
{
    uint32_t value = 0;
    for (; bytes > 0; bytes--)
        value = value << 8 | (r->in < r->end ? *r->in++ : 0);
    return value;
}

/* --- what comes out --- */

static void check_data(const run *r, const account *a, const tcp_event *e, int side)
{
    CHECK(e->len > 0);
    if (r->mode == WILD)
        return;
    CHECK(a->at[side] + e->len <= r->len[side]);
    CHECK(memcmp(e->data, r->content[side] + a->at[side], e->len) == 0);
}

static void on_event(void *user, const tcp_event *e)
{
    run *r = user;
    int client =
        e->connection->side[0].port == SERVER_PORT; /* the event counts from who was first */
    int side = e->side ^ client;
    account *a = &r->accounts[e->connection->side[client].port % WILD_CONNECTIONS];
    CHECK(a->open == (e->type != TCP_EVENT_OPEN));
    CHECK(e->packet <= r->packet);
    switch (e->type) {
    case TCP_EVENT_OPEN: *a = (account){.open = true}; break;
    case TCP_EVENT_DATA:
        check_data(r, a, e, side);
        CHECK(!a->fin[side]);
        a->at[side] += e->len;
        break;
    case TCP_EVENT_GAP:
        CHECK(e->len > 0 && !a->fin[side] && r->mode != WHOLE);
        a->at[side] += e->len;
        break;
    case TCP_EVENT_CONFLICT: CHECK(e->len > 0 && r->mode == WILD); break;
    case TCP_EVENT_FIN:
        CHECK(!a->fin[side]);
        a->fin[side] = true;
        break;
    case TCP_EVENT_END:
        a->open = false;
        r->ends++;
        break;
    }
}

/* --- what goes in --- */

/* A packet's bytes in memory of exactly their size. */
static void give(run *r, segment s, uint16_t port, int side)
{
    static const endpoint server = {4, {10, 0, 0, 2}, SERVER_PORT};
    endpoint client = {4, {10, 0, 0, 1}, port};
    s.source = side == 0 ? client : server;
    s.destination = side == 0 ? server : client;
    uint8_t *copy = malloc(s.len ? s.len : 1);
    CHECK(copy);
    if (s.len > 0)
        memcpy(copy, s.data, s.len);
    s.data = copy;
    tcp_segment(r->streams, &s, ++r->packet, r->time_ns);
    free(copy);
    CHECK(r->memory.used <= r->memory.limit + (uint64_t)2 * MAX_STREAM);
}

static uint32_t received_prefix(const run *r, int side)
{
    const uint8_t *hole = memchr(r->got[side], 0, r->len[side]);
    return hole ? (uint32_t)(hole - r->got[side]) : r->len[side];
}

static void give_syn(run *r, int side)
{
    segment s = {.sequence = r->isn[side], .flags = TCP_SYN};
    give(r, s, CLIENT_PORT, side);
}

/* The bytes from `at`; of these the snaplen cuts off `cut`. An honest acknowledgment but in a lossy
 * run. */
static void give_part(run *r, int side, uint32_t at, uint32_t len, uint32_t cut)
{
    cut = cut < len ? cut : len;
    segment s = {.sequence = r->isn[side] + 1 + at,
                 .flags = TCP_ACK,
                 .data = r->content[side] + at,
                 .len = len - cut,
                 .missing = cut};
    memset(r->got[side] + at, 1, len);
    s.acknowledgment = r->isn[1 - side] + 1 + received_prefix(r, 1 - side);
    if (r->mode == LOSSY && take(r, 1) & 1)
        s.acknowledgment = r->isn[1 - side] + 1 + take(r, 2) % (r->len[1 - side] + 1);
    if (at + len == r->len[side])
        s.flags |= TCP_FIN;
    give(r, s, CLIENT_PORT, side);
}

static void run_streams(run *r)
{
    for (int side = 0; side < 2; side++) {
        r->len[side] = 1 + take(r, 2) % MAX_STREAM;
        r->isn[side] = take(r, 4);
        for (uint32_t i = 0; i < r->len[side]; i++)
            r->content[side][i] = (uint8_t)(i * 167 + (i >> 8) + 31u * (uint32_t)side);
    }
    uint32_t syn_at[2] = {0, 0};
    if (r->mode == WHOLE)
        for (int side = 0; side < 2; side++)
            syn_at[side] = take(r, 1) % SYN_BY;
    for (uint32_t i = 0; r->in < r->end || i < SYN_BY; i++) {
        for (int side = 0; side < 2; side++)
            if (i == syn_at[side])
                give_syn(r, side);
        if (r->in == r->end)
            continue;
        uint32_t how = take(r, 1);
        int side = how & 1;
        uint32_t at = take(r, 2) % r->len[side];
        uint32_t len = 1 + take(r, 1) * (how & 2 ? 9 : 1);
        uint32_t cut = r->mode == LOSSY && (how & 0x30) == 0x30 ? take(r, 1) : 0;
        if (r->mode == LOSSY && (how & 0xc0) == 0xc0)
            r->time_ns += (int64_t)take(r, 1) * 50000000;
        if (r->mode == LOSSY && how == 0xab) {
            segment s = {.sequence = r->isn[side] + 1 + at, .flags = TCP_RST};
            give(r, s, CLIENT_PORT, side);
        }
        give_part(r, side, at, len < r->len[side] - at ? len : r->len[side] - at, cut);
    }
    if (r->mode == WHOLE) /* what was not sent by now */
        for (int side = 0; side < 2; side++)
            for (uint32_t at = 0; at < r->len[side]; at += 512)
                give_part(r, side, at, r->len[side] - at < 512 ? r->len[side] - at : 512, 0);
}

static void run_wild(run *r)
{
    static const uint8_t bytes[256] = {1, 2, 3};
    while (r->in < r->end) {
        uint32_t how = take(r, 1);
        uint32_t base = how & 4 ? take(r, 4) : how & 8 ? 0xffffff00 : 1000;
        segment s = {.sequence = base + take(r, 1),
                     .acknowledgment = how & 16 ? take(r, 4) : 1000 + take(r, 1),
                     .flags = (uint8_t)take(r, 1),
                     .data = bytes,
                     .len = take(r, 1),
                     .missing = how & 32 ? take(r, how & 64 ? 4 : 1) : 0};
        r->time_ns += (int64_t)(how & 128 ? take(r, 1) : 0) * 50000000;
        give(r, s, (uint16_t)(1200 + (how >> 1 & 3)), how & 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static run r; /* large */
    memset(&r, 0, sizeof r);
    r.in = data;
    r.end = data + size;
    r.mode = (enum mode)(take(&r, 1) % MODES);
    r.memory.limit = r.mode == WHOLE ? UINT32_MAX : MEMORY;
    tcp_limits limits = {.memory = &r.memory};
    if (r.mode != WHOLE) {
        limits.max_buffered = 4000;
        limits.max_connections = 4;
    }
    r.streams = tcp_new(&limits, on_event, &r);
    if (r.mode == WILD)
        run_wild(&r);
    else
        run_streams(&r);
    if (r.mode == WHOLE)
        CHECK(r.ends == 1 && r.accounts[CLIENT_PORT % WILD_CONNECTIONS].at[0] == r.len[0] &&
              r.accounts[CLIENT_PORT % WILD_CONNECTIONS].at[1] == r.len[1]);
    tcp_finish(r.streams);
    CHECK(r.memory.used == 0);
    for (int i = 0; i < WILD_CONNECTIONS; i++)
        CHECK(!r.accounts[i].open);
    tcp_free(r.streams);
    return 0;
}
