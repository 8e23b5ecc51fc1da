/*
 * Lesson 09: limits. Nobody may take so much that the others go short: not by asking too often, by
 * saying too much, by coming again and again, nor by holding what others could use. Each rule here
 * judges first and then asks the one below it, the gate's.
 *
 *     address: how many, how often     connection: how much, how fast     strikes: for how long
 */
#include "08_gate/gate.h"
#include "09_limits/usage.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <sys/socket.h>

static chat_rules below; /* those of the gate */

/* ---- Buckets ---- */

/* A counter that begins anew each second lets twice as many through around that moment. A bucket
 * has no such moment: it fills all the time, and what does not fit in is lost.
 *
 * TODO 09.1: usage.h says what it has to do. First fill it: so much has come since b->at (a new
 * one, whose `at` is 0, is full). Then take out, or say how long until there is enough. */
unsigned bucket_take(bucket *b, const rate *r, double cost, int64_t now)
{
    if (r->burst == 0)
        return 0;
    b->tokens = r->burst - cost;
    b->at = now;
    return 0;
}

/* ---- At the door ---- */

static void set_patience(conn *c, usage *u, int ms)
{
    const struct timeval silence = {ms / 1000, ms % 1000 * 1000L};
    if (ms != u->patience)
        setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
    u->patience = ms;
}

/* Given: one more of its address, one more of all; gone() takes both back. And one token less: who
 * finds that bucket empty comes too often. (Check 09.7 needs your bucket_take() for it.)
 *
 * Each new connection counts, whatever it wants. Who is one too many has to come in to hear it; who
 * does not listen to that is cut. */
static bool arrive(conn *c)
{
    usage *u = c->usage = g_new0(usage, 1);
    g_mutex_lock(&all.lock);
    const int64_t now = g_get_monotonic_time(); /* behind the lock: it never goes back */
    address *a = u->from = address_of(c->address, now);
    const unsigned wait = bucket_take(&a->connects, &limits.connects, 1, now);
    if (wait > 0)
        u->no = (refusal){429, "too-many-attempts", "you come too often", NULL, NULL};
    if (++a->open > (unsigned)limits.per_address && limits.per_address > 0)
        u->no = (refusal){429, "too-many-connections", "your address has enough", NULL, NULL};
    if (++all.open > (unsigned)limits.total)
        u->no = (refusal){503, "server-full", "all places are taken", NULL, NULL};
    const bool heard = u->no.status == 0 || !bucket_take(&a->answers, &limits.connects, 1, now);
    const bool in = heard && all.open <= (unsigned)limits.places;
    all.refused += in && u->no.status > 0, all.cut += !in;
    g_mutex_unlock(&all.lock);
    g_snprintf(u->retry, sizeof u->retry, "%u", wait > 0 ? wait / 1000 + 1 : 10);
    u->no.header = "Retry-After", u->no.value = u->retry;
    budget_socket(c->fd);
    u->since = now / 1000, set_patience(c, u, MIN(limits.handshake_ms, options.read_ms));
    return in && (!below.arrive || below.arrive(c));
}

static const refusal *admit(conn *c, const wsp_http_head *head)
{
    const usage *u = c->usage;
    return u->no.status ? &u->no : limits.open ? NULL : below.admit(c, head);
}

/* ---- One connection ---- */

/* The decoder enforces these while bytes come: a header that declares too much is the end, and
 * nothing is allocated for what a header says.
 *
 * TODO 09.10: tell it what limits has: the bytes of a message (and so of a frame), inflated or not,
 * the ratio of compression, and how many fragments. wsproto/conn.h and message.h name the places.
 */
static void agree(conn *c, const wsp_http_head *head, wsp_conn_options *decoder,
                  wsp_handshake_answer *answer)
{
    deflate_agree(c, head, decoder, answer);
}

/* What has begun has to end in time, at whatever pace it comes. Who was told to go is read slowly
 * until it goes.
 *
 * TODO 09.11: is something half here: the request (until c->open), a frame or a message (c->half)?
 * u->since is when that began: arrive() sets it, allow() makes it 0 behind each message, the rest
 * is yours. Wait for what is left of limits.handshake_ms or limits.message_ms, no longer. When that
 * is over: -1 with EAGAIN, and an open connection gets its Close: POLICY, "too slow". */
static ssize_t receive(conn *c, void *in, size_t size)
{
    uint16_t code;
    usage *u = c->usage;
    const bool going = outbox_why(c, &code) != OPEN; /* for it nothing of this counts any more */
    set_patience(c, u, options.read_ms);
    if (going)
        g_usleep(10000);
    return below.receive(c, in, size);
}

/* ---- Strikes ---- */

/* Mistakes happen, so one is an answer and not the end. Many are, and the address pays for it: to
 * come again is not to begin anew. One is forgiven now and then.
 *
 * TODO 09.4: u->strikes is a bucket, too, of limits.strikes. Take one out. Who has less than one
 * left then has to go: outbox_end() with POLICY and limits.farewell, then writers_look().
 * TODO 09.7: and its address pays for it, once (outbox_why() says whether it was told before): what
 * is in u->from->connects becomes FINE tokens less, or nothing. */
static void strike(conn *c)
{
    usage *u = c->usage;
    g_mutex_lock(&all.lock); /* many threads may look at u->strikes and u->from */
    (void)u;
    g_mutex_unlock(&all.lock);
}

/* Any error is a strike, whoever found it: what is no request, too fast, a room that is not for
 * this client, a client that it guesses at. But not what happens to honest ones, nor what their
 * neighbours did. */
static void refused(conn *c, const char *code)
{
    static const char *const honest[] = {"already-a-member", "not-a-member", "room-full", NULL};
    usage *u = c->usage;
    if (strcmp(code, "too-fast") == 0 && atomic_load(&u->unlucky) > 0)
        atomic_fetch_sub(&u->unlucky, 1);
    else if (!g_strv_contains(honest, code))
        strike(c);
}

/* Given: where your bucket_take() is used, behind the decoder and before JSON is read.
 *
 * A message costs a token, a large one more. Both buckets are asked: the client's own, and the one
 * that it shares with all of its address. Pings have their own. */
static unsigned allow(conn *c, uint8_t opcode, size_t len)
{
    usage *u = c->usage;
    const bool control = wsp_opcode_is_control(opcode);
    const unsigned cost = control ? 1 : 1 + (unsigned)(len / 4096);
    bucket *mine = control ? &u->controls : &u->messages;
    const rate *pace = control ? &limits.controls : &limits.messages;
    const unsigned own = bucket_take(mine, pace, cost, g_get_monotonic_time());
    unsigned shared = 0;
    g_mutex_lock(&all.lock);
    if (!control && !own)
        shared = bucket_take(&u->from->messages, &limits.shared, cost, g_get_monotonic_time());
    all.dropped += own || shared;
    g_mutex_unlock(&all.lock);
    atomic_fetch_add(&u->unlucky, shared > 0);
    if (!control)
        u->since = 0; /* the next message begins behind this one */
    else if (own)
        strike(c); /* nobody answers it, so refused() does not hear of it */
    return MAX(own, shared);
}

static const char *may(const conn *c, const request *r)
{
    return limits.open ? NULL : below.may(c, r);
}

static void gone(conn *c)
{
    usage *u = c->usage; /* NULL: no thread could be had for it */
    below.gone(c);
    if (!u)
        return;
    g_mutex_lock(&all.lock);
    u->from->open--, all.open--;
    g_mutex_unlock(&all.lock);
    wsp_inflater_free(u->inflater);
    g_free(u);
}

static void prepare(void)
{
    limits_prepare();
    gate_prepare();
    below = rules;
    rules.arrive = arrive, rules.admit = admit, rules.agree = agree, rules.receive = receive;
    rules.allow = allow, rules.may = may, rules.refused = refused, rules.gone = gone;
    rules.dress = deflate_dress, rules.take = ticker_take, rules.tick = ticker_tick;
    rules.stats = limits_stats;
}

int main(int argc, char **argv)
{
    chat_rules first = gate_rules;
    first.purpose = "A chat that nobody can take away from the others; SIGTERM stops it.";
    first.options = limits_options(gate_options);
    first.prepare = prepare;
    first.start = gate_start;
    return chat_run(argc, argv, &first);
}
