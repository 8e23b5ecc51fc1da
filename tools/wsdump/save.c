/*
 * A held packet is in two lists: that of its connection, and that of all held packets, which says
 * which is the oldest. Both are in the order of the capture, so the oldest of all is the oldest of
 * its connection too.
 */
#include "save.h"

#include <glib.h>
#include <string.h>

enum {
    DEFAULT_MAX_HELD = 128 * 1024 * 1024,
    DEFAULT_MAX_CONNECTION = 1024 * 1024,
    MAX_LOOSE = 4 * 1024 * 1024,
};

typedef struct held_packet {
    struct held_packet *next; /* of the same connection */
    struct holding *holding;
    GList link; /* in save.held or save.loose */
    packet packet;
    uint8_t data[];
} held_packet;

/* What is held of one connection: its `saved`. */
typedef struct holding {
    held_packet *first, *last;
    size_t bytes;     /* with SAVE_PACKET_COST for each */
    uint64_t dropped; /* packets */
} holding;

struct save {
    save_sink *sink;
    void *sink_user;
    save_limits limits;
    tcp_sink *next;
    void *user;
    GQueue held; /* the oldest first */
    size_t bytes;
    GQueue loose; /* fragments of nobody knows what, the oldest first; and by their numbers */
    GHashTable *loose_numbers;
    size_t loose_bytes;
    save_totals totals;
};

static void hand_on(save *s, const packet *p, tcp_connection *c)
{
    save_origin origin = {c->first_websocket, c->websocket, c->saved_before++};
    s->totals.packets++;
    s->sink(s->sink_user, p, &origin);
}

static size_t cost(const held_packet *h)
{
    return SAVE_PACKET_COST + h->packet.captured;
}

static held_packet *copy(const packet *p)
{
    held_packet *h = g_malloc(sizeof *h + p->captured);
    h->next = NULL;
    h->link = (GList){.data = h};
    h->packet = *p;
    h->packet.data = h->data;
    if (p->captured > 0)
        memcpy(h->data, p->data, p->captured);
    return h;
}

static void hold(save *s, holding *of, const packet *p)
{
    held_packet *h = copy(p);
    h->holding = of;
    *(of->last ? &of->last->next : &of->first) = h;
    of->last = h;
    g_queue_push_tail_link(&s->held, &h->link);
    of->bytes += cost(h);
    s->bytes += cost(h);
}

/* The connection's first packet, out of both lists; the caller's to free. */
static held_packet *take_first(save *s, holding *of)
{
    held_packet *h = of->first;
    of->first = h->next;
    if (!of->first)
        of->last = NULL;
    g_queue_unlink(&s->held, &h->link);
    of->bytes -= cost(h);
    s->bytes -= cost(h);
    return h;
}

static void drop_first(save *s, holding *of)
{
    g_free(take_first(s, of));
    of->dropped++;
}

static void keep_within_limits(save *s, holding *of)
{
    while (of->bytes > s->limits.max_connection)
        drop_first(s, of);
    while (s->bytes > s->limits.max_held)
        drop_first(s, ((held_packet *)s->held.head->data)->holding);
}

/* It is decided: what is held goes to the file, or nowhere. */
static void settle(save *s, tcp_connection *connection)
{
    holding *of = connection->saved;
    if (!of)
        return;
    connection->saved_before = of->dropped;
    while (of->first) {
        held_packet *h = take_first(s, of);
        if (connection->websocket)
            hand_on(s, &h->packet, connection);
        g_free(h);
    }
    if (connection->websocket)
        s->totals.dropped += of->dropped;
    g_free(of);
    connection->saved = NULL;
}

void save_tcp_event(void *user, const tcp_event *event)
{
    save *s = user;
    if (event->type == TCP_EVENT_OPEN)
        event->connection->saved = g_new0(holding, 1);
    s->next(s->user, event);
    if (event->type == TCP_EVENT_END || event->connection->websocket)
        settle(s, event->connection);
}

void save_packet(save *s, const packet *p, tcp_connection *connection)
{
    if (!connection)
        return;
    if (connection->websocket) {
        hand_on(s, p, connection);
    } else if (connection->saved) {
        hold(s, connection->saved, p);
        keep_within_limits(s, connection->saved);
    }
}

static void free_loose(save *s, held_packet *h)
{
    g_queue_unlink(&s->loose, &h->link);
    g_hash_table_remove(s->loose_numbers, &h->packet.number);
    s->loose_bytes -= cost(h);
    g_free(h);
}

void save_fragment(save *s, const packet *p)
{
    held_packet *h = copy(p);
    g_queue_push_tail_link(&s->loose, &h->link);
    g_hash_table_insert(s->loose_numbers, &h->packet.number, h);
    s->loose_bytes += cost(h);
    while (s->loose_bytes > MAX_LOOSE)
        free_loose(s, s->loose.head->data);
}

void save_claim(save *s, const uint64_t *numbers, size_t count, tcp_connection *connection)
{
    for (size_t i = 0; i < count && s->loose.head; i++) {
        held_packet *h = g_hash_table_lookup(s->loose_numbers, &numbers[i]);
        if (!h)
            continue;
        save_packet(s, &h->packet, connection);
        free_loose(s, h);
    }
}

save *save_new(save_sink *sink, void *sink_user, const save_limits *limits, tcp_sink *next,
               void *user)
{
    save *s = g_new0(save, 1);
    s->sink = sink;
    s->sink_user = sink_user;
    if (limits)
        s->limits = *limits;
    if (s->limits.max_held == 0)
        s->limits.max_held = DEFAULT_MAX_HELD;
    if (s->limits.max_connection == 0)
        s->limits.max_connection = DEFAULT_MAX_CONNECTION;
    s->loose_numbers = g_hash_table_new(g_int64_hash, g_int64_equal);
    s->next = next;
    s->user = user;
    return s;
}

const save_totals *save_get_totals(const save *s)
{
    return &s->totals;
}

void save_free(save *s)
{
    if (!s)
        return;
    while (s->loose.head)
        free_loose(s, s->loose.head->data);
    g_hash_table_unref(s->loose_numbers);
    g_free(s);
}
