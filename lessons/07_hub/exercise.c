/*
 * Lesson 07, the exercise: the hub. Who is here, and who is in which room, belongs to one thread.
 * All others tell it what has happened, through a queue: no lock, and no order of locks to get
 * wrong. What it says goes into outboxes, and that never waits: a client that takes nothing cannot
 * hold up a room.
 */
#include "07_hub/hub.h"

enum { ROOMS_MAX = 8 }; /* of one client */

/* ---- Saying something ---- */

/* Never waits. A full outbox is the client's fault: its writer has tried to send all before.
 *
 * TODO 07.7: what if the outbox was full (PUT_FULL)? End the connection: SLOW.
 * TODO 07.8: with settings.drop it loses this one, and that is counted (c->dropped, hub.dropped).
 */
static void deliver(conn *c, GBytes *frame)
{
    put result = outbox_put(c, frame);
    hub.deliveries += result == PUT;
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

/* TODO 07.2: the room forgets the client, the client forgets the room, and it is counted
 * (hub.subscriptions), before the others are told.
 * TODO 07.5: the last one turns off the light: a room without members is no more. */
static void take_out(conn *c, room *from)
{
    tell_presence(from, "member_left", c);
}

/* ---- What clients ask for ---- */

/* TODO 07.1: the room knows the client, the client knows the room, and it is counted
 * (hub.subscriptions). Who is in the room already gets an error: hub_refuse(), "already-a-member".
 * TODO 07.10: so it does where the room has settings.room_max members ("room-full"), or the client
 * ROOMS_MAX rooms ("too-many-rooms"). A refused join makes no room. */
static void join(conn *c, const request *r)
{
    room *to = room_named(r->room);
    hub_answer(c, event_joined(to->name, to->seq, to->members, r->ref));
    tell_presence(to, "member_joined", c);
}

/* TODO 07.2: who is not in the room gets an error, "not-a-member". And look at where `from` may be
 * when take_out() is back. */
static void leave(conn *c, const request *r)
{
    room *from = g_hash_table_lookup(hub.rooms, r->room);
    if (from)
        take_out(c, from);
    hub_answer(c, event_left(r->room, r->ref));
}

/* TODO 07.2: who is not in the room may not speak in it, "not-a-member".
 * TODO 07.4: each message is counted (hub.messages), has the room's next number, from 1, and an id
 * that no other message ever has: the room's epoch, a dash, the number. */
static void say(conn *c, const request *r)
{
    room *in = g_hash_table_lookup(hub.rooms, r->room);
    if (in)
        broadcast(in, event_message_sent(in->name, 0, "", c, r->text), NULL);
}

/* TODO 07.6: find r->to in the registry. It has to be open. The message gets a new id, it is
 * counted (hub.messages), `to` gets event_told(), and who asked gets event_sent(). */
static void tell(conn *c, const request *r)
{
    hub_refuse(c, r, "no-such-client", "nobody here has this id");
}

void hub_act(conn *c, const request *r)
{
    static void (*const actions[])(conn *, const request *) = {
        [JOIN] = join, [LEAVE] = leave, [SAY] = say, [TELL] = tell};
    actions[r->action](c, r);
}

/* It has ended, whatever way: behind this its memory is gone.
 *
 * TODO 07.3: take it out of all its rooms. An iterator does not survive that take_out() changes the
 * table under it. */
void hub_forget(conn *c)
{
    (void)c;
}
