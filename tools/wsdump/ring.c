/* Blocks between two threads. See ring.h. */
#include "ring.h"

#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum {
    MIN_BLOCK = 16 << 10,
    MAX_BLOCK = 256 << 10,
    USUAL_BLOCKS = 128, /* of so many bytes that they are of MAX_BLOCK */
    WAIT_NS = 50 * 1000 * 1000,
};

typedef struct block {
    struct block *next; /* under the lock */
    size_t size;
    atomic_size_t used; /* the packets up to here are whole */
    uint64_t bytes[];   /* a packet, its data, padding, and so on */
} block;

struct ring {
    size_t block_bytes;
    unsigned max_blocks;
    bool drop;
    block *filling;  /* whose captures own */
    block *emptying; /* whose analyses own; NULL before the first */
    size_t at;       /* in it */
    atomic_uint_least64_t drops;

    pthread_mutex_t lock; /* guards the rest, and block.next */
    pthread_cond_t packets, room;
    block *oldest; /* of those that are filled, or being filled */
    block *unused; /* the one used last comes first: it is still in the cache */
    unsigned blocks;
    bool closed, stopped;
};

ring *ring_new(size_t bytes, bool drop)
{
    ring *r = g_new0(ring, 1);
    r->block_bytes = CLAMP(bytes / USUAL_BLOCKS, MIN_BLOCK, MAX_BLOCK);
    r->max_blocks = (unsigned)MAX(bytes / r->block_bytes, 2);
    r->drop = drop;
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&r->packets, &clock);
    pthread_cond_init(&r->room, &clock);
    pthread_condattr_destroy(&clock);
    return r;
}

static void free_blocks(block *b)
{
    while (b) {
        block *next = b->next;
        g_free(b);
        b = next;
    }
}

void ring_free(ring *r)
{
    if (!r)
        return;
    free_blocks(r->oldest);
    free_blocks(r->unused);
    pthread_cond_destroy(&r->packets);
    pthread_cond_destroy(&r->room);
    pthread_mutex_destroy(&r->lock);
    g_free(r);
}

/* --- filling --- */

static block *block_new(size_t size)
{
    block *b = g_malloc(sizeof *b + size);
    b->size = size;
    return b;
}

/* An empty block for at least `need` bytes; NULL when there is none and none may be made. */
static block *unused_block(ring *r, size_t need)
{
    block *b = r->unused;
    if (b) {
        r->unused = b->next;
    } else if (r->blocks < r->max_blocks) {
        b = block_new(r->block_bytes);
        r->blocks++;
    }
    if (b && b->size < need) {
        g_free(b);
        b = block_new(need);
    }
    return b;
}

/* Go on in another block. False when there is none. */
static bool next_block(ring *r, size_t need)
{
    pthread_mutex_lock(&r->lock);
    block *b;
    while (!(b = unused_block(r, need)) && !r->drop && !r->stopped)
        pthread_cond_wait(&r->room, &r->lock);
    if (b) {
        b->next = NULL;
        atomic_init(&b->used, 0);
        *(r->filling ? &r->filling->next : &r->oldest) = b;
        r->filling = b;
    }
    pthread_cond_signal(&r->packets);
    pthread_mutex_unlock(&r->lock);
    return b;
}

static bool is_stopped(ring *r)
{
    pthread_mutex_lock(&r->lock);
    bool stopped = r->stopped;
    pthread_mutex_unlock(&r->lock);
    return stopped;
}

static size_t aligned(size_t size)
{
    return (size + 7) & ~(size_t)7;
}

bool ring_put(ring *r, const packet *p)
{
    size_t need = sizeof *p + aligned(p->captured);
    block *b = r->filling;
    size_t used = b ? atomic_load_explicit(&b->used, memory_order_relaxed) : 0;
    if (!b || b->size - used < need) {
        if (!next_block(r, need)) {
            if (is_stopped(r))
                return false;
            atomic_fetch_add(&r->drops, 1);
            return true;
        }
        b = r->filling;
        used = 0;
    }
    uint8_t *at = (uint8_t *)b->bytes + used;
    memcpy(at, p, sizeof *p);
    if (p->captured)
        memcpy(at + sizeof *p, p->data, p->captured);
    atomic_store_explicit(&b->used, used + need, memory_order_release);
    return true;
}

void ring_flush(ring *r)
{
    pthread_mutex_lock(&r->lock);
    pthread_cond_signal(&r->packets);
    pthread_mutex_unlock(&r->lock);
}

void ring_close(ring *r)
{
    pthread_mutex_lock(&r->lock);
    r->closed = true;
    pthread_cond_signal(&r->packets);
    pthread_mutex_unlock(&r->lock);
}

/* --- emptying --- */

static bool has_packet(const ring *r)
{
    block *b = r->emptying;
    return b && r->at < atomic_load_explicit(&b->used, memory_order_acquire);
}

/* A block as large as one huge packet is not kept. */
static void give_back(ring *r, block *b)
{
    if (b->size > r->block_bytes) {
        g_free(b);
        r->blocks--;
    } else {
        b->next = r->unused;
        r->unused = b;
    }
    pthread_cond_signal(&r->room);
}

/* Under the lock. False when there is nothing more for now. */
static bool go_on(ring *r)
{
    if (!r->emptying)
        r->emptying = r->oldest;
    /* While there is no next block this one may still grow; once there is one it does not. */
    while (r->emptying && r->emptying->next && !has_packet(r)) {
        block *done = r->emptying;
        r->oldest = r->emptying = done->next;
        r->at = 0;
        give_back(r, done);
    }
    return has_packet(r);
}

ring_status ring_get(ring *r, packet *p)
{
    if (!has_packet(r)) {
        pthread_mutex_lock(&r->lock);
        bool closed = r->closed, more = go_on(r);
        pthread_mutex_unlock(&r->lock);
        if (!more)
            return closed ? RING_END : RING_EMPTY;
    }
    const uint8_t *at = (const uint8_t *)r->emptying->bytes + r->at;
    memcpy(p, at, sizeof *p);
    p->data = at + sizeof *p;
    r->at += sizeof *p + aligned(p->captured);
    return RING_PACKET;
}

void ring_wait(ring *r)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += WAIT_NS;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&r->lock);
    if (!r->closed && !go_on(r))
        pthread_cond_timedwait(&r->packets, &r->lock, &until);
    pthread_mutex_unlock(&r->lock);
}

/* --- anyone --- */

void ring_stop(ring *r)
{
    pthread_mutex_lock(&r->lock);
    r->stopped = true;
    pthread_cond_signal(&r->room);
    pthread_mutex_unlock(&r->lock);
}

uint64_t ring_drops(ring *r)
{
    return atomic_load(&r->drops);
}
