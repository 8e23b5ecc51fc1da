/* Two hunts and a decision. See join.h. */
#include "join.h"

#include <glib.h>
#include <string.h>

/* What suffices, in tenths of a bit: one side alone; each of both; where a WebSocket was asked for.
 */
static const int alone = 240, each = 160, expected = 160;

enum {
    FROM_BEGINNING = 200, /* what else is needed when the stream began, and with no handshake */
    OTHER_REFUTED = 160,  /* ... when the other side is heard, and nothing of it reads as frames */
    OTHER_HEARD = 4,      /* segments, to say so */
    CONTRADICTS = 80,     /* evidence of the other side that is worth being contradicted by */
    ECHOED = 80,          /* evidence of both, where one echoes the other */
    KNOWN_SERVER = 80,    /* what is not needed where a server of WebSockets is known to be */
};

/* What streams of other protocols begin with. */
static const struct {
    const char *bytes;
    size_t len;
    join_state state;
} others[] = {
    {"GET ", 4, JOIN_PAUSED},       {"HEAD ", 5, JOIN_PAUSED},      {"POST ", 5, JOIN_PAUSED},
    {"PUT ", 4, JOIN_PAUSED},       {"DELETE ", 7, JOIN_PAUSED},    {"CONNECT ", 8, JOIN_PAUSED},
    {"OPTIONS ", 8, JOIN_PAUSED},   {"TRACE ", 6, JOIN_PAUSED},     {"PATCH ", 6, JOIN_PAUSED},
    {"HTTP/", 5, JOIN_PAUSED},      {"PRI * ", 6, JOIN_OVER},       {"SSH-", 4, JOIN_OVER},
    {"\x16\x03\x00", 3, JOIN_OVER}, {"\x16\x03\x01", 3, JOIN_OVER}, {"\x16\x03\x02", 3, JOIN_OVER},
    {"\x16\x03\x03", 3, JOIN_OVER}, {"\x17\x03\x03", 3, JOIN_OVER},
};

/*
 * The next bytes of a segment: does it begin like another protocol's stream? Not where frames are
 * expected: then it is payload that does.
 */
static join_state watch_begin(join *j, int side, const uint8_t *in, size_t len)
{
    uint8_t *begin = j->begin[side].bytes;
    size_t n = MIN(len, sizeof j->begin[side].bytes - j->begin[side].len);
    memcpy(begin + j->begin[side].len, in, n);
    j->begin[side].len += (uint8_t)n;
    size_t have = j->begin[side].len;
    j->begin[side].watched = false;
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        if (memcmp(begin, others[i].bytes, MIN(have, others[i].len)) != 0)
            continue;
        if (have >= others[i].len)
            return others[i].state;
        j->begin[side].watched = true;
    }
    return JOIN_WATCHING;
}

void join_init(join *j, pieces_memory *memory, int begins)
{
    /* Whether compression was agreed on is not known. */
    const evidence_rules rules = {.rsv_allowed = WSP_RSV1, .masked = -1};
    *j = (join){.state = JOIN_WATCHING, .begins = begins, .asked = -1};
    hunt_init(&j->hunts[0], &rules, memory);
    hunt_init(&j->hunts[1], &rules, memory);
}

static void change_state(join *j, join_state state)
{
    j->state = state;
    hunt_clear(&j->hunts[0]);
    hunt_clear(&j->hunts[1]);
}

void join_feed(join *j, int side, const uint8_t *in, size_t len, bool segment_start,
               capture_place place)
{
    if (j->state == JOIN_OVER || len == 0)
        return;
    hunt *h = &j->hunts[side];
    if (segment_start) {
        j->begin[side].len = 0;
        j->begin[side].watched = !h->candidates && j->asked < 0;
    }
    if (!j->heard[side] && side == j->begins && segment_start)
        j->from_beginning = true;
    j->heard[side] = true;
    if (j->state == JOIN_WATCHING)
        hunt_feed(h, in, len, segment_start, place);
    else
        hunt_skip(h, len);
    join_state state = j->begin[side].watched ? watch_begin(j, side, in, len) : JOIN_WATCHING;
    if (state == JOIN_WATCHING)
        return;
    change_state(j, state);
    j->from_beginning = false;
}

void join_gap(join *j, int side, uint64_t bytes, capture_place place)
{
    if (j->state == JOIN_OVER)
        return;
    j->heard[side] = true;
    j->answered |= j->asked >= 0 && side != j->asked;
    if (j->state == JOIN_WATCHING)
        hunt_gap(&j->hunts[side], bytes, true, place);
    j->state = JOIN_WATCHING;
}

void join_ask(join *j, int client)
{
    if (j->state == JOIN_OVER || j->asked == client)
        return;
    change_state(j, JOIN_WATCHING);
    j->asked = client;
    j->from_beginning = j->answered = false;
    hunt_set_masked(&j->hunts[client], true);
    hunt_set_masked(&j->hunts[1 - client], false);
}

/* ---- The decision ---------------------------------------------------------------------------- */

static const evidence *find(const join *j, int side, int bar)
{
    if (j->from_beginning)
        bar += FROM_BEGINNING;
    const hunt_bars bars = {bar, bar}, lower = {bar - KNOWN_SERVER, bar - KNOWN_SERVER};
    const evidence *e = hunt_find(&j->hunts[side], &bars);
    if (!e && (j->serves[0] || j->serves[1])) {
        e = hunt_find(&j->hunts[side], &lower);
        int server = e && e->rules.masked ? 1 - side : side;
        e = j->serves[server] ? e : NULL;
    }
    return e && e->reads_as_text ? NULL : e;
}

/* Does the other side speak against what this one seems to be? */
static int contradiction(const join *j, int side, const evidence *e)
{
    const hunt *other = &j->hunts[1 - side];
    const hunt_bars bars = {CONTRADICTS, CONTRADICTS};
    const evidence *also = hunt_find(other, &bars);
    if (also && also->rules.masked == e->rules.masked)
        return G_MAXINT / 2;
    return !other->candidates && other->starts >= OTHER_HEARD ? OTHER_REFUTED : 0;
}

static bool one_suffices(const join *j, int side, int *client)
{
    const evidence *e = find(j, side, alone);
    if (!e || !find(j, side, alone + contradiction(j, side, e)))
        return false;
    *client = e->rules.masked ? side : 1 - side;
    return true;
}

/* Nothing but a WebSocket echoes the payload of a ping, or the code of a Close. */
static bool echoes(const evidence *a, const evidence *b)
{
    return (a->ping && a->ping == b->pong) || (b->ping && b->ping == a->pong) ||
           (a->close && a->close == b->close);
}

static bool both_suffice(join *j, int *client)
{
    const evidence *a = find(j, 0, each), *b = find(j, 1, each);
    bool sufficient = a && b;
    if (!sufficient) {
        a = find(j, 0, ECHOED);
        b = find(j, 1, ECHOED);
    }
    if (!a || !b || a->rules.masked == b->rules.masked || !(sufficient || echoes(a, b)))
        return false;
    *client = a->rules.masked ? 0 : 1;
    if (!sufficient) {
        hunt_credit(&j->hunts[0], each);
        hunt_credit(&j->hunts[1], each);
    }
    return true;
}

/* A WebSocket was asked for. The client's frames may have been sent too early, or be captured too
 * early: they are an answer only where no other can come any more. */
static bool was_answered(const join *j, bool ended, int *client)
{
    *client = j->asked;
    if (find(j, 1 - j->asked, expected))
        return true;
    return (ended || j->answered) && find(j, j->asked, expected);
}

bool join_decide(join *j, bool ended, int *client)
{
    if (j->state != JOIN_WATCHING)
        return false;
    hunt_segment_end(&j->hunts[0]);
    hunt_segment_end(&j->hunts[1]);
    if (!j->hunts[0].candidates && !j->hunts[1].candidates)
        return false;
    if (j->asked >= 0)
        return was_answered(j, ended, client);
    return one_suffices(j, 0, client) || one_suffices(j, 1, client) || both_suffice(j, client);
}

bool join_suspects(const join *j)
{
    return j->state == JOIN_WATCHING && (find(j, 0, each) || find(j, 1, each));
}

capture_place join_begin(const join *j)
{
    const piece *a = j->hunts[0].kept.first, *b = j->hunts[1].kept.first;
    if (!a || (b && b->place.packet < a->place.packet))
        a = b;
    return a ? a->place : (capture_place){0, 0};
}

hunt join_take(join *j, int side)
{
    hunt h = j->hunts[side];
    hunt_init(&j->hunts[side], &h.rules, h.memory);
    return h;
}

void join_clear(join *j)
{
    change_state(j, JOIN_OVER);
}
