/*
 * Lesson 07: the hub. Who is here, and who is in which room, belongs to one thread. All others tell
 * it what has happened, through a queue: no lock, and no order of locks to get wrong. What it says
 * goes into outboxes, and that never waits: a client that takes nothing cannot hold up a room.
 */
#include "07_hub/hub.h"
#include "07_hub/writers.h"

#include <poll.h>

enum { ROOMS_MAX = 8 }; /* of one client */

/* ---- Saying something ---- */

/* Nothing may be lost: where an outbox is full, wait until its client takes something. */
static void deliver(conn *c, GBytes *frame)
{
    struct pollfd space = {.fd = c->fd, .events = POLLOUT};
    put result;
    while ((result = outbox_put(c, frame)) == PUT_FULL && !settings.drop) {
        writers_wake();
        poll(&space, 1, -1);
    }
    hub.deliveries += result == PUT;
    if (result == PUT_FULL)
        c->dropped++, hub.dropped++;
}

void hub_answer(conn *c, GBytes *frame)
{
    deliver(c, frame);
    g_bytes_unref(frame);
    hub.turn++;
}

/* To all in a room, but for one (or NULL). The same bytes for all: encoded once, referenced by each
 * outbox. The frame is taken over. */
static void broadcast(room *to, GBytes *frame, const conn *but)
{
    GHashTableIter each;
    g_hash_table_iter_init(&each, to->members);
    for (void *c; g_hash_table_iter_next(&each, &c, NULL);)
        if (c != but)
            deliver(c, frame);
    g_bytes_unref(frame);
    hub.turn++;
}

/* Who came or went. In a large room nobody is told: all that come would cost n squared. */
static void tell_presence(room *in, const char *name, const conn *c)
{
    unsigned count = g_hash_table_size(in->members);
    if (count <= LISTED_MAX)
        broadcast(in, event_presence(name, in->name, c, count), c);
}

/* ---- Rooms ---- */

void room_free(void *data)
{
    room *old = data;
    g_hash_table_unref(old->members);
    g_free(old->name);
    g_free(old);
}

static room *room_named(const char *name)
{
    room *it = g_hash_table_lookup(hub.rooms, name);
    if (!it) {
        it = g_new0(room, 1);
        it->name = g_strdup(name);
        it->members = g_hash_table_new(NULL, NULL);
        new_id(it->epoch);
        g_hash_table_insert(hub.rooms, it->name, it);
    }
    return it;
}

/* The last one turns off the light: a room without members is no more. */
static void take_out(conn *c, room *from)
{
    g_hash_table_remove(from->members, c);
    g_hash_table_remove(c->rooms, from);
    hub.subscriptions--;
    tell_presence(from, "member_left", c);
    if (g_hash_table_size(from->members) == 0)
        g_hash_table_remove(hub.rooms, from->name);
}

/* ---- What clients ask for ---- */

static void join(conn *c, const request *r)
{
    room *to = g_hash_table_lookup(hub.rooms, r->room);
    if (to && g_hash_table_contains(c->rooms, to)) {
        hub_refuse(c, r, "already-a-member", "you are in this room");
    } else if (to && (int)g_hash_table_size(to->members) >= settings.room_max) {
        hub_refuse(c, r, "room-full", "try again later");
    } else if (g_hash_table_size(c->rooms) >= ROOMS_MAX) {
        hub_refuse(c, r, "too-many-rooms", "leave one first");
    } else {
        to = room_named(r->room);
        g_hash_table_add(to->members, c);
        g_hash_table_add(c->rooms, to);
        hub.subscriptions++;
        hub_answer(c, event_joined(to->name, to->seq, to->members, r->ref));
        tell_presence(to, "member_joined", c);
    }
}

static void leave(conn *c, const request *r)
{
    room *from = g_hash_table_lookup(hub.rooms, r->room);
    if (!from || !g_hash_table_contains(c->rooms, from)) {
        hub_refuse(c, r, "not-a-member", "you are not in this room");
        return;
    }
    take_out(c, from);
    hub_answer(c, event_left(r->room, r->ref));
}

static void say(conn *c, const request *r)
{
    room *in = g_hash_table_lookup(hub.rooms, r->room);
    if (!in || !g_hash_table_contains(c->rooms, in)) {
        hub_refuse(c, r, "not-a-member", "join this room first");
        return;
    }
    g_autofree char *id = g_strdup_printf("%s-%" G_GUINT64_FORMAT, in->epoch, ++in->seq);
    hub.messages++;
    broadcast(in, event_message_sent(in->name, in->seq, id, c, r->text), NULL);
}

static void tell(conn *c, const request *r)
{
    conn *to = g_hash_table_lookup(hub.conns, r->to);
    char id[9];
    if (!to || !atomic_load(&to->open)) {
        hub_refuse(c, r, "no-such-client", "nobody here has this id");
        return;
    }
    new_id(id);
    hub.messages++;
    hub_answer(to, event_told(id, c, r->text));
    hub_answer(c, event_sent(id, to, r->ref));
}

void hub_act(conn *c, const request *r)
{
    static void (*const actions[])(conn *, const request *) = {
        [JOIN] = join, [LEAVE] = leave, [SAY] = say, [TELL] = tell};
    actions[r->action](c, r);
}

/* It has ended: no room knows it any more. */
void hub_forget(conn *c)
{
    GHashTableIter each;
    for (void *in; g_hash_table_size(c->rooms) > 0;) {
        g_hash_table_iter_init(&each, c->rooms);
        g_hash_table_iter_next(&each, &in, NULL);
        take_out(c, in);
    }
}
