/*
 * Given: the outbox of lessons 03 and 04, with the ticker and the read deadline in its one wait.
 * Include it behind server.h.
 */
#ifndef SHUTDOWN_OUTBOX_H
#define SHUTDOWN_OUTBOX_H

#include "05_shutdown/server.h"

enum { OUTBOX_MAX = 16 };

static const int64_t MS = 1000; /* times are microseconds of a clock that nobody sets back */

typedef struct entry {
    uint8_t opcode;
    GBytes *payload;
} entry;

typedef struct outbox {
    GMutex lock;   /* of all below; never held while sending or receiving */
    GCond changed; /* a frame came or left, or the end came */
    entry entries[OUTBOX_MAX];
    unsigned put, taken;      /* frames ever put in, and taken out */
    end ended;                /* why no more is put in */
    uint16_t code;            /* of the Close that is our last frame; NO_CLOSE = there is none */
    int64_t ping_at, dead_at; /* when the next ping is due; when the client counts as dead */
} outbox;

static void outbox_init(outbox *o)
{
    g_mutex_init(&o->lock), g_cond_init(&o->changed);
    o->ping_at = g_get_monotonic_time() + options.ping_ms * MS;
    o->dead_at = g_get_monotonic_time() + options.read_ms * MS;
}

/* Only when no thread uses it any more. */
static void outbox_clear(outbox *o)
{
    while (o->taken != o->put)
        g_bytes_unref(o->entries[o->taken++ % OUTBOX_MAX].payload);
    g_mutex_clear(&o->lock), g_cond_clear(&o->changed);
}

/* No more is put in; what is in can be taken. `code` is what the decoder says, 0 where it says
 * nothing. The first reason stays, with its code: the others follow from it. Only FORCED is said of
 * all that had to be cut. */
static void outbox_end(outbox *o, end why, uint16_t code)
{
    g_mutex_lock(&o->lock);
    if (!o->ended)
        o->code = ends[why].code ? ends[why].code : code;
    o->ended = o->ended && why != FORCED ? o->ended : why;
    g_cond_broadcast(&o->changed);
    g_mutex_unlock(&o->lock);
}

/* A sign of life: the read deadline moves. */
static void outbox_alive(outbox *o)
{
    g_mutex_lock(&o->lock);
    o->dead_at = g_get_monotonic_time() + options.read_ms * MS;
    g_mutex_unlock(&o->lock);
}

/* Put in a copy; wait for room. */
static void outbox_put(outbox *o, uint8_t opcode, const void *data, size_t len)
{
    g_mutex_lock(&o->lock);
    while (o->put - o->taken == OUTBOX_MAX && !o->ended)
        g_cond_wait(&o->changed, &o->lock);
    if (!o->ended)
        o->entries[o->put++ % OUTBOX_MAX] = (entry){opcode, g_bytes_new(data, len)};
    o->dead_at = g_get_monotonic_time() + options.read_ms * MS; /* we did not listen meanwhile */
    g_cond_broadcast(&o->changed);
    g_mutex_unlock(&o->lock);
}

/* Wait for a frame, the ticker or the deadline. No payload: it has ended, and all is taken. */
static entry outbox_take(outbox *o)
{
    entry e = {0};
    g_mutex_lock(&o->lock);
    while (!e.payload && !(o->ended && o->put == o->taken)) {
        int64_t now = g_get_monotonic_time();
        if (now >= o->ping_at && !o->ended) {
            o->ping_at = now + options.ping_ms * MS;
            e = (entry){WSP_OPCODE_PING, g_bytes_new(NULL, 0)};
        } else if (o->put != o->taken) {
            e = o->entries[o->taken++ % OUTBOX_MAX];
            g_cond_broadcast(&o->changed);
        } else if (now < o->dead_at) {
            g_cond_wait_until(&o->changed, &o->lock, MIN(o->ping_at, o->dead_at));
        } else {
            o->ended = IDLE;
            o->code = ends[IDLE].code;
        }
    }
    g_mutex_unlock(&o->lock);
    return e;
}

/* Wait until somebody sets *flag and calls outbox_end(), but not for ever. */
static inline void outbox_wait(outbox *o, int *flag, int ms)
{
    int64_t until = g_get_monotonic_time() + ms * MS;
    g_mutex_lock(&o->lock);
    while (!g_atomic_int_get(flag) && g_cond_wait_until(&o->changed, &o->lock, until))
        continue;
    g_mutex_unlock(&o->lock);
}

/* Send a frame and forget it: false when the client is gone, or took nothing (errno EAGAIN). */
static bool entry_send(entry e, int fd)
{
    uint8_t header[WSP_FRAME_HEADER_MAX];
    wsp_frame_header h = {.fin = 1, .opcode = e.opcode};
    const void *payload = g_bytes_get_data(e.payload, &h.payload_length);
    size_t size = (size_t)wsp_frame_header_encode(header, &h);
    bool sent = lesson_send(fd, header, size) && lesson_send(fd, payload, h.payload_length);
    int error = errno;
    g_bytes_unref(e.payload);
    errno = error;
    return sent;
}

/* Why it ended. Under the lock, for it may still become FORCED. */
static end outbox_why(outbox *o)
{
    g_mutex_lock(&o->lock);
    end why = o->ended;
    g_mutex_unlock(&o->lock);
    return why;
}

/* The Close that ends a connection; no payload where there is none. It carries the word for the
 * end; but the answer to the client's own Close gives its code back and no more. */
static entry close_entry(outbox *o)
{
    uint8_t payload[WSP_CONTROL_PAYLOAD_MAX];
    end why = outbox_why(o);
    const char *word = why == CLIENT ? "" : ends[why].word;
    int len = wsp_close_encode(payload, sizeof payload, o->code, word, strlen(word));
    if (o->code == NO_CLOSE)
        return (entry){0};
    return (entry){WSP_OPCODE_CLOSE, g_bytes_new(payload, (size_t)MAX(len, 0))}; /* 1005: empty */
}

#endif
