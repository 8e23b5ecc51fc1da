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
 * has no such moment: it fills all the time, and what does not fit in is lost. */
unsigned bucket_take(bucket *b, const rate *r, double cost, int64_t now)
{
    const double came = (double)(now - b->at) / 1e6 * r->per_second;
    if (r->burst == 0)
        return 0;
    b->tokens = b->at == 0 ? r->burst : MIN(b->tokens + came, r->burst);
    b->at = now;
    cost = MIN(cost, r->burst);
    if (b->tokens < cost)
        return (unsigned)CLAMP(ceil((cost - b->tokens) / r->per_second * 1000), 1, INT_MAX);
    b->tokens -= cost;
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

/* Each new connection counts, whatever it wants. Who is one too many has to come in to hear it; who
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
 * nothing is allocated for what a header says. */
static void agree(conn *c, const wsp_http_head *head, wsp_conn_options *decoder,
                  wsp_handshake_answer *answer)
{
    decoder->max_frame = decoder->message.max_message = (uint64_t)limits.message_bytes;
    decoder->message.max_inflated = (uint64_t)limits.message_bytes;
    decoder->message.max_ratio = (uint32_t)limits.ratio;
    decoder->message.max_fragments = (uint64_t)limits.fragments;
    deflate_agree(c, head, decoder, answer);
}

static _Thread_local void *room; /* for the message that comes */

/* What has begun has to end in time, at whatever pace it comes. Who was told to go is read slowly
 * until it goes. */
static ssize_t receive(conn *c, void *in, size_t size)
{
    uint16_t code;
    usage *u = c->usage;
    const bool open = atomic_load(&c->open), going = outbox_why(c, &code) != OPEN;
    const bool half = !going && (!open || c->half);
    const int64_t now = g_get_monotonic_time() / 1000;
    u->since = !half ? 0 : u->since ? u->since : now;
    const int64_t until = u->since + (open ? limits.message_ms : limits.handshake_ms);
    const int64_t left = half ? until - now : options.read_ms;
    set_patience(c, u, (int)CLAMP(left, 1, options.read_ms));
    if (going)
        g_usleep(10000);
    errno = EAGAIN;
    const ssize_t n = left > 0 ? below.receive(c, in, size) : -1;
    wsp_frame_header h;
    if (n > 0 && open && !half && wsp_frame_header_decode(&h, in, (size_t)n) > 0) {
        room = g_realloc(room, h.payload_length); /* once, and not with each piece that comes */
        memset(room, 0, h.payload_length);
    }
    if (n < 0 && errno == EAGAIN && half && open)
        outbox_end(c, POLICY, 0, "too slow"), writers_look(c), errno = EAGAIN;
    return n;
}

/* ---- Strikes ---- */

/* Mistakes happen, so one is an answer and not the end. Many are, and the address pays for it: to
 * come again is not to begin anew. One is forgiven now and then. */
static void strike(conn *c)
{
    uint16_t code;
    usage *u = c->usage;
    g_mutex_lock(&all.lock);
    bucket_take(&u->strikes, &limits.strikes, 1, g_get_monotonic_time());
    const bool out = u->strikes.tokens < 1 && outbox_why(c, &code) == OPEN;
    u->from->connects.tokens -= out ? MIN(u->from->connects.tokens, FINE) : 0;
    g_mutex_unlock(&all.lock);
    if (out)
        outbox_end(c, POLICY, 0, limits.farewell), writers_look(c);
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

/* A message costs a token, a large one more. Both buckets are asked: the client's own, and the one
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
