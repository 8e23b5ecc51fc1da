/*
 * Given: the hub's thread. It takes what has happened out of its inbox, a turn at a time, and knows
 * when to ask clients whether they are there, and when to stop.
 */
#include "07_hub/turns.h"

#include "07_hub/hub.h"
#include "07_hub/rules.h"
#include "07_hub/writers.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { TURN_MAX = 24, STOP_MS = 4000 };
static const int64_t MS = 1000;

typedef struct event {
    happening what;
    conn *c;
    request *r;
} event;

struct hub hub;
static GAsyncQueue *inbox;
static bool last;            /* nobody new will come */
static int64_t next, ending; /* when the next pings are due; when waiting for the end is over */
static int64_t due;          /* when the rules have something to do */

void new_id(char id[9])
{
    g_autofree char *uuid = g_uuid_string_random();
    g_strlcpy(id, uuid, 9);
}

/* ---- What happens to a client ---- */

/* We stop. Who has heard our 101 hears 1001; who is still at the door is cut. */
static void send_away(conn *c)
{
    outbox_end(c, STOPPED, 0, NULL);
    if (!atomic_load(&c->open)) /* and it will not open any more */
        conn_cut(c, STOPPED);
}

static void arrive(conn *c)
{
    do
        new_id(c->id);
    while (g_hash_table_contains(hub.conns, c->id));
    g_hash_table_insert(hub.conns, c->id, conn_ref(c));
    hub.opened++;
    if (hub.stops > 0)
        send_away(c);
}

void hub_refuse(conn *c, const request *r, const char *code, const char *what)
{
    hub_answer(c, event_error(r, code, what));
    rules.refused(c, code);
}

static void ask(conn *c, const request *r)
{
    const char *no = r->action != WRONG && rules.may ? rules.may(c, r) : NULL;
    if (hub.stops > 0)
        ; /* too late: nobody would hear of it */
    else if (r->action == WRONG)
        hub_refuse(c, r, r->code, r->what);
    else if (no)
        hub_refuse(c, r, no, "you may not do this here");
    else if (!rules.take || !rules.take(c, r))
        hub_act(c, r);
    sem_post(&c->credit);
}

static void bury(conn *c)
{
    uint16_t code;
    const end why = outbox_why(c, &code);
    hub_forget(c);
    lesson_log(c->number, "ended: %s, code %u, dropped %u", ends[why].word, code, c->dropped);
    hub.ended[why]++;
    g_hash_table_remove(hub.conns, c->id);
}

/* ---- What happens to all ---- */

/* The first time all are told; then all are cut. */
static void stop(void)
{
    GHashTableIter each;
    ending = g_get_monotonic_time() + STOP_MS * MS;
    hub.stops++;
    g_hash_table_iter_init(&each, hub.conns);
    for (void *c; g_hash_table_iter_next(&each, NULL, &c);)
        if (hub.stops > 1)
            conn_cut(c, FORCED);
        else
            send_away(c);
}

static void tick(void)
{
    GHashTableIter each;
    g_autoptr(GBytes) ping = frame_new(WSP_OPCODE_PING, NULL, 0);
    g_hash_table_iter_init(&each, hub.conns);
    for (void *c; g_hash_table_iter_next(&each, NULL, &c);) {
        const char *no = rules.stay ? rules.stay(c) : NULL;
        if (no)
            outbox_end(c, POLICY, 0, no);
        else if (atomic_load(&((conn *)c)->open))
            outbox_put(c, ping); /* no room: there will be a pong to an earlier one */
    }
    next = g_get_monotonic_time() + options.ping_ms * MS;
}

/* A number of /proc/self/status. */
static unsigned long process_status(const char *name)
{
    g_autofree char *text = NULL;
    const char *line = NULL;
    if (g_file_get_contents("/proc/self/status", &text, NULL, NULL))
        line = strstr(text, name);
    return line ? strtoul(line + strlen(name), NULL, 10) : 0;
}

/* One line: the hub's numbers, what the process weighs, and how connections ended. */
static void print_stats(void)
{
    g_autoptr(GString) by = g_string_new(NULL);
    for (int i = CLIENT; i < ENDS; i++)
        g_string_append_printf(by, " %s %u", ends[i].word, hub.ended[i]);
    lesson_log(0,
               "stats: active %u, opened %u, rooms %u, subscriptions %u, messages %" PRIu64
               ", deliveries %" PRIu64 ", dropped %" PRIu64
               ", threads %lu, memory %lu KiB; ended:%s",
               g_hash_table_size(hub.conns), hub.opened, g_hash_table_size(hub.rooms),
               hub.subscriptions, hub.messages, hub.deliveries, hub.dropped,
               process_status("Threads:"), process_status("VmRSS:"), by->str);
    if (rules.stats)
        rules.stats();
}

static void happen(const event *e)
{
    const int before = hub.turn;
    switch (e->what) {
    case ARRIVED: arrive(e->c); break;
    case OPENED: hub_answer(e->c, event_welcome(e->c)); break;
    case ASKED: ask(e->c, e->r); break;
    case GONE: bury(e->c); break;
    case STOP: stop(); break;
    case LAST: last = true; break;
    case STATS: print_stats(); break;
    }
    if (hub.turn == before)
        hub.turn++; /* nothing for a room, but perhaps an answer */
}

/* ---- The thread ---- */

static event *event_new(happening what, conn *c, request *r)
{
    event *e = g_new(event, 1);
    *e = (event){what, c ? conn_ref(c) : NULL, r};
    return e;
}

void hub_tell(happening what, conn *c, request *r)
{
    g_async_queue_push(inbox, event_new(what, c, r));
}

void hub_ask_all(conn *c, GQueue *requests)
{
    g_async_queue_lock(inbox);
    for (request *r; (r = g_queue_pop_head(requests));) {
        if (sem_trywait(&c->credit) != 0) {
            g_async_queue_unlock(inbox);
            while (sem_wait(&c->credit) != 0)
                continue; /* EINTR */
            g_async_queue_lock(inbox);
        }
        g_async_queue_push_unlocked(inbox, event_new(ASKED, c, r));
    }
    g_async_queue_unlock(inbox);
}

static void event_free(event *e)
{
    g_clear_pointer(&e->c, conn_unref);
    g_clear_pointer(&e->r, request_free);
    g_free(e);
}

/*
 * A turn: all that has happened, up to a limit; then the writers are woken, once for all of it.
 * They get the next turn when they have tried to send this one, and they never wait for a client.
 * So an outbox holds two turns of its client's rooms at most, unless the client is slow.
 */
void hub_run(void)
{
    next = g_get_monotonic_time() + options.ping_ms * MS;
    ending = due = INT64_MAX;
    while (!last || g_hash_table_size(hub.conns) > 0) {
        int64_t wait = MIN(MIN(next, ending), due) - g_get_monotonic_time();
        event *e = g_async_queue_timeout_pop(inbox, (guint64)MAX(wait, 1));
        for (hub.turn = 0; e; e = hub.turn < TURN_MAX ? g_async_queue_try_pop(inbox) : NULL) {
            happen(e);
            event_free(e);
        }
        if (g_get_monotonic_time() >= next)
            tick();
        if (rules.tick)
            due = rules.tick(g_get_monotonic_time());
        if (g_get_monotonic_time() >= ending)
            stop();
        writers_wait();
        writers_wake();
    }
    print_stats(); /* "active 0" is the proof */
}

/* Only when nobody tells the hub anything any more: a signal may come when its thread has ended. */
void hub_clear(void)
{
    for (event *e; (e = g_async_queue_try_pop(inbox));)
        event_free(e);
    g_async_queue_unref(inbox);
    g_hash_table_unref(hub.conns);
    g_hash_table_unref(hub.rooms);
}

/* JSON-GLib sets itself up when it is first used: here, where there is one thread yet. It would be
 * sound later, too; but no race detector sees GLib's own locks. */
static void warm_up(void)
{
    request *nothing = request_read(true, "{}", 2);
    g_bytes_unref(event_error(nothing, "", ""));
    request_free(nothing);
}

void hub_init(void)
{
    warm_up();
    inbox = g_async_queue_new();
    hub.conns = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)conn_unref);
    hub.rooms = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, room_free);
}
