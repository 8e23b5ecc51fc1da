/* Capture and analysis, each in its thread. See engine.h. */
#include "engine.h"

#include "ring.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

enum {
    DEFAULT_MEMORY = 512 << 20,
    STORE_EIGHTHS = 5,    /* of the memory; one more is the packet log's; of the last two ... */
    RING_SHARE = 16,      /* ... this part of the memory is the ring's, within bounds, ... */
    MIN_RING = 128 << 10, /* ... and the rest the pipeline's */
    MAX_RING = 32 << 20,
    PUBLISHED_PACKETS = 256, /* at once, when they come without a pause */
    TELL_US = 100 * 1000,    /* between two words on the capture */
};

struct engine {
    source *packets;
    engine_options options;
    ring *ring;
    pipeline *stages;
    store *store;
    packet_log *log;
    GThread *capture, *analysis;
    pthread_mutex_t gate; /* guards ... */
    pthread_cond_t gate_changed;
    int at_gate;          /* ... how many threads wait there, */
    bool open;            /* and whether they may pass */
    atomic_bool enough;   /* for the capture: no more packets are wanted */
    atomic_bool stopping; /* for the analysis: nor what was captured already */

    /* What the capture says, for the analysis to hand on. */
    atomic_uint_least64_t bytes, bytes_total;
    atomic_int_least64_t kernel_drops;
    atomic_int_least64_t waits_ns; /* all packets until then are in the ring */
    bool damaged;                  /* said before the ring was closed; source_error says why */

    store_capture state; /* the analysis' own, like what follows */
    int64_t told_at;     /* by the monotonic clock, in microseconds */
};

/* --- the gate --- */

static void wait_at_gate(engine *e)
{
    pthread_mutex_lock(&e->gate);
    e->at_gate++;
    pthread_cond_broadcast(&e->gate_changed);
    while (!e->open)
        pthread_cond_wait(&e->gate_changed, &e->gate);
    pthread_mutex_unlock(&e->gate);
}

/* The C library does not survive a filter that comes while it still starts a thread. */
static void wait_for_threads(engine *e, int count)
{
    pthread_mutex_lock(&e->gate);
    while (e->at_gate < count)
        pthread_cond_wait(&e->gate_changed, &e->gate);
    pthread_mutex_unlock(&e->gate);
}

void engine_start(engine *e)
{
    pthread_mutex_lock(&e->gate);
    e->open = true;
    pthread_cond_broadcast(&e->gate_changed);
    pthread_mutex_unlock(&e->gate);
}

/* --- the capture --- */

static void note_place(engine *e)
{
    uint64_t total;
    atomic_store_explicit(&e->bytes, source_progress(e->packets, &total), memory_order_relaxed);
    atomic_store_explicit(&e->bytes_total, total, memory_order_relaxed);
}

/* Asking the kernel is no matter of every packet. */
static void note_drops(engine *e, int64_t *asked_at)
{
    int64_t now = g_get_monotonic_time();
    if (now - *asked_at < TELL_US)
        return;
    *asked_at = now;
    atomic_store(&e->kernel_drops, source_drops(e->packets));
}

static bool wants_more(engine *e, uint64_t taken)
{
    return !atomic_load_explicit(&e->enough, memory_order_relaxed) &&
           (!e->options.count || taken < e->options.count);
}

static gpointer run_capture(gpointer user)
{
    engine *e = user;
    wait_at_gate(e);
    int64_t asked_at = 0;
    source_status status = SOURCE_PACKET;
    for (uint64_t taken = 0; wants_more(e, taken);) {
        packet p;
        status = source_next(e->packets, &p);
        if (status == SOURCE_PACKET) {
            if (!ring_put(e->ring, &p))
                break;
            taken++;
            note_place(e);
        } else if (status == SOURCE_WAIT) {
            ring_flush(e->ring);
            atomic_store(&e->waits_ns, p.time_ns);
        } else {
            break;
        }
        if (e->options.live && (status == SOURCE_WAIT || taken % PUBLISHED_PACKETS == 0))
            note_drops(e, &asked_at);
    }
    asked_at = 0;
    note_drops(e, &asked_at);
    note_place(e);
    e->damaged = status == SOURCE_DAMAGED;
    ring_close(e->ring);
    return NULL;
}

/* --- the analysis --- */

static void tell(engine *e)
{
    store_capture *c = &e->state;
    c->bytes = atomic_load(&e->bytes);
    c->bytes_total = atomic_load(&e->bytes_total);
    c->kernel_drops = atomic_load(&e->kernel_drops);
    c->ring_drops = ring_drops(e->ring);
    c->memory = pipeline_budget(e->stages)->used;
    c->packets_kept = packet_log_memory(e->log);
    store_set_capture(e->store, c);
}

static void publish(engine *e)
{
    store_publish(e->store);
    int64_t now = g_get_monotonic_time();
    if (now - e->told_at < TELL_US)
        return;
    e->told_at = now;
    tell(e);
}

static void take(engine *e, const packet *p)
{
    pipeline_take(e->stages, p);
    e->state.packets++;
    e->state.time_ns = p->time_ns;
    if (e->state.packets % PUBLISHED_PACKETS == 0)
        publish(e);
}

static bool may_go_on(engine *e)
{
    return !atomic_load_explicit(&e->stopping, memory_order_relaxed) &&
           !pipeline_save_failed(e->stages);
}

static void take_all(engine *e)
{
    while (may_go_on(e)) {
        packet p;
        int64_t waits_ns = atomic_load(&e->waits_ns); /* before looking whether the ring is empty */
        switch (ring_get(e->ring, &p)) {
        case RING_PACKET: take(e, &p); break;
        case RING_EMPTY:
            pipeline_pass(e->stages, waits_ns);
            pipeline_flush(e->stages);
            publish(e);
            ring_wait(e->ring);
            break;
        case RING_END: return;
        }
    }
}

static void say_how_it_ended(engine *e)
{
    store_capture *c = &e->state;
    int failed = pipeline_save_failed(e->stages);
    bool cut_short = atomic_load(&e->stopping);
    c->phase = STORE_ENDED;
    if (failed)
        g_snprintf(c->error, sizeof c->error, "cannot write what is saved: %s", g_strerror(failed));
    else if (e->damaged && !cut_short)
        g_strlcpy(c->error, source_error(e->packets), sizeof c->error);
    if (c->error[0])
        c->phase = STORE_DAMAGED;
}

static void stop_capture(engine *e)
{
    atomic_store(&e->enough, true);
    ring_stop(e->ring);
    source_cancel(e->packets);
}

static gpointer run_analysis(gpointer user)
{
    engine *e = user;
    wait_at_gate(e);
    take_all(e);
    stop_capture(e); /* which goes on where writing failed */
    g_thread_join(e->capture);
    pipeline_finish(e->stages);
    say_how_it_ended(e);
    store_publish(e->store);
    tell(e);
    return NULL;
}

/* --- starting and stopping --- */

static void open_all(engine *e)
{
    const engine_options *o = &e->options;
    uint64_t eighth = o->memory / 8;
    uint64_t in_ring = CLAMP(o->memory / RING_SHARE, MIN_RING, MAX_RING);
    store_limits limits = {.memory = STORE_EIGHTHS * eighth};
    e->store = store_new(&limits);
    e->log = packet_log_new(eighth);
    pipeline_options settings = {.max_data = o->max_data,
                                 .memory = 2 * eighth - MIN(in_ring, eighth),
                                 .save_to = o->save_to,
                                 .packets = packet_log_take,
                                 .packets_user = e->log};
    e->ring = ring_new(in_ring, o->live);
    e->stages = pipeline_new(&settings, store_take, e->store);
    atomic_init(&e->kernel_drops, -1);
    atomic_init(&e->waits_ns, INT64_MIN);
    e->state.live = o->live;
    e->state.memory_limit = o->memory;
    tell(e);
}

/* The threads inherit that no signal comes to them. */
static gboolean start_threads(engine *e, GError **error)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    e->capture = g_thread_try_new("capture", run_capture, e, error);
    if (e->capture)
        e->analysis = g_thread_try_new("analysis", run_analysis, e, error);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return e->analysis != NULL;
}

engine *engine_new(source *packets, const engine_options *options, GError **error)
{
    engine *e = g_new0(engine, 1);
    e->packets = packets;
    e->options = *options;
    if (!e->options.memory)
        e->options.memory = DEFAULT_MEMORY;
    pthread_mutex_init(&e->gate, NULL);
    pthread_cond_init(&e->gate_changed, NULL);
    open_all(e);
    if (start_threads(e, error)) {
        wait_for_threads(e, 2);
        return e;
    }
    engine_free(e);
    return NULL;
}

store *engine_store(engine *e)
{
    return e->store;
}

void engine_stop(engine *e)
{
    atomic_store(&e->stopping, true);
    stop_capture(e);
    engine_start(e); /* or the threads would wait for ever */
    if (e->analysis)
        g_thread_join(e->analysis); /* which joins the capture */
    else if (e->capture)
        g_thread_join(e->capture);
    e->analysis = e->capture = NULL;
}

packet_log *engine_packets(engine *e)
{
    return e->log;
}

pipeline_totals engine_get_totals(const engine *e)
{
    return pipeline_get_totals(e->stages);
}

int engine_save_failed(const engine *e)
{
    return pipeline_save_failed(e->stages);
}

void engine_free(engine *e)
{
    if (!e)
        return;
    engine_stop(e);
    pipeline_free(e->stages);
    ring_free(e->ring);
    store_free(e->store);
    packet_log_free(e->log);
    pthread_cond_destroy(&e->gate_changed);
    pthread_mutex_destroy(&e->gate);
    g_free(e);
}
