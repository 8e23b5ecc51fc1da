/*
 * permessage-deflate on zlib: one inflater and one deflater, each for one direction. What zlib asks
 * for is asked of the caller's wsp_mem, all of it when they are made: later nothing can run out.
 */
#include "wsproto/deflate.h"

#include "window_bits.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* ---- Memory -------------------------------------------------------------------------------- */

static void *default_alloc(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void default_free(void *user, void *memory)
{
    (void)user;
    free(memory);
}

static const wsp_mem default_mem = {default_alloc, default_free, NULL};

static voidpf zlib_alloc(voidpf opaque, uInt items, uInt size)
{
    const wsp_mem *mem = opaque;
    if (size && items > SIZE_MAX / size)
        return Z_NULL;
    return mem->alloc(mem->user, (size_t)items * size);
}

static void zlib_free(voidpf opaque, voidpf memory)
{
    const wsp_mem *mem = opaque;
    mem->free(mem->user, memory);
}

static void *zeroed(const wsp_mem *mem, size_t size)
{
    void *memory = mem->alloc(mem->user, size);
    if (memory)
        memset(memory, 0, size);
    return memory;
}

/* `mem` must stay where it is. */
static void use_mem(z_stream *z, wsp_mem *mem)
{
    z->zalloc = zlib_alloc;
    z->zfree = zlib_free;
    z->opaque = mem;
}

/* zlib counts in unsigned int. */
static uInt at_once(size_t len)
{
    return len < UINT_MAX ? (uInt)len : UINT_MAX;
}

/* The caller's two buffers, as zlib goes through them. */
typedef struct buffers {
    const uint8_t *in;
    size_t in_len;
    uint8_t *out;
    size_t out_len;
} buffers;

/* Run zlib's `step` once over as much of the buffers as it can count. */
static int run(z_stream *z, int (*step)(z_stream *z, int flush), int flush, buffers *b)
{
    static uint8_t nowhere[1]; /* zlib wants an address, also where there is no room */
    z->next_in = (z_const Bytef *)b->in;
    z->avail_in = at_once(b->in_len);
    z->next_out = b->out ? b->out : nowhere;
    z->avail_out = at_once(b->out_len);
    uInt in_before = z->avail_in, out_before = z->avail_out;
    int status = step(z, flush);
    size_t used = in_before - z->avail_in, written = out_before - z->avail_out;
    if (used)
        b->in += used;
    if (written)
        b->out += written;
    b->in_len -= used;
    b->out_len -= written;
    return status;
}

/* ---- Inflating ----------------------------------------------------------------------------- */

typedef struct inflater {
    wsp_inflater face; /* first: what the message layer knows */
    z_stream z;
    wsp_mem mem;
    bool no_context_takeover;
    bool in_message;  /* begun and not ended */
    bool unknown;     /* what the window should hold is not known */
    bool after_final; /* the last byte taken ended a block that had BFINAL */
} inflater;

/*
 * Blocks behind one with BFINAL go on with the same window (RFC 7692 7.2.3.4). zlib has an end of
 * the stream there. inflateReset and putting the window back would copy 64 KiB for an empty block
 * of two bytes: a sender could make that expensive. inflateResetKeep leaves it where it is.
 */
static void go_on_behind_final(inflater *i)
{
    inflateResetKeep(&i->z);
    i->after_final = true;
}

/* Returns as wsp_inflater.inflate, but for the end of the message. */
static int inflate_blocks(inflater *i, buffers *b)
{
    for (;;) {
        size_t in_before = b->in_len, out_before = b->out_len;
        int status = run(&i->z, inflate, Z_SYNC_FLUSH, b);
        bool moved = b->in_len < in_before || b->out_len < out_before;
        if (status == Z_STREAM_END)
            go_on_behind_final(i);
        else if (status != Z_OK && status != Z_BUF_ERROR)
            return -1;
        else if (b->in_len < in_before)
            i->after_final = false;
        if (b->out_len == 0)
            return 1;
        if (b->in_len == 0 || !moved)
            return 0;
    }
}

/*
 * Put the four bytes back that the sender took off (RFC 7692 7.2.2): with them an empty stored
 * block must be whole, and nothing come out.
 */
static int inflate_tail(inflater *i)
{
    static const uint8_t tail[4] = {0x00, 0x00, 0xff, 0xff};
    buffers b = {tail, sizeof tail, NULL, 0};
    int status = run(&i->z, inflate, Z_BLOCK, &b);
    int unused_bits = i->z.data_type & 63;
    bool boundary = i->z.data_type & 128, final = i->z.data_type & 64;
    if (status != Z_OK || b.in_len || !boundary || unused_bits)
        return -1;
    if (final)
        inflateResetKeep(&i->z);
    return 0;
}

/*
 * The end of a message. Behind a final block the empty block may be missing altogether: it is so
 * with senders that do not add the byte of 7.2.3.4, and there is no doubt what they mean.
 *
 * Else zlib should wait for the four bytes. Where it says that it does, a reset takes it behind
 * them, at less cost than to read them. A zlib that has the hardware inflate (IBM Z) cannot say.
 */
static int inflate_end(inflater *i)
{
    if (i->after_final)
        return 0;
    if (inflateSyncPoint(&i->z) != 1)
        return inflate_tail(i);
    inflateResetKeep(&i->z);
    return 0;
}

static int inflater_inflate(wsp_inflater *self, const uint8_t *in, size_t *in_len, bool end,
                            uint8_t *out, size_t *out_len)
{
    inflater *i = (inflater *)self;
    buffers b = {in, *in_len, out, *out_len};
    int result = i->in_message && !i->unknown ? inflate_blocks(i, &b) : -1;
    *in_len -= b.in_len;
    *out_len -= b.out_len;
    if (result == 0 && end) {
        result = inflate_end(i);
        i->in_message = false;
    }
    if (result < 0)
        i->unknown = true;
    return result;
}

static bool inflater_begin(wsp_inflater *self)
{
    inflater *i = (inflater *)self;
    if (i->in_message) /* the message before was abandoned: the rest of it is in no window */
        i->unknown = true;
    if (i->no_context_takeover) {
        inflateReset(&i->z);
        i->unknown = false;
    }
    i->after_final = false;
    i->in_message = !i->unknown;
    return i->in_message;
}

static void inflater_lost(wsp_inflater *self)
{
    ((inflater *)self)->unknown = true;
}

wsp_inflater *wsp_inflater_new(uint8_t max_window_bits, bool no_context_takeover,
                               const wsp_mem *mem)
{
    static const uint8_t nothing[1];
    mem = mem ? mem : &default_mem;
    if (!window_bits_legal(max_window_bits))
        return NULL;
    inflater *i = zeroed(mem, sizeof *i);
    if (!i)
        return NULL;
    i->face = (wsp_inflater){inflater_inflate, inflater_begin, inflater_lost};
    i->mem = *mem;
    i->no_context_takeover = no_context_takeover;
    use_mem(&i->z, &i->mem);
    /* An empty dictionary makes zlib allocate the window now: it cannot fail later. */
    if (inflateInit2(&i->z, -max_window_bits) != Z_OK ||
        inflateSetDictionary(&i->z, nothing, 0) != Z_OK) {
        wsp_inflater_free(&i->face);
        return NULL;
    }
    return &i->face;
}

void wsp_inflater_free(wsp_inflater *inflater_or_null)
{
    inflater *i = (inflater *)inflater_or_null;
    if (!i)
        return;
    inflateEnd(&i->z); /* knows when there was no inflateInit */
    wsp_mem mem = i->mem;
    mem.free(mem.user, i);
}

void wsp_inflater_set_window(wsp_inflater *self, const uint8_t *window, size_t len)
{
    inflater *i = (inflater *)self;
    size_t most = (size_t)1 << MAX_WBITS;
    inflateReset(&i->z);
    if (len > most)
        window += len - most;
    if (len)
        inflateSetDictionary(&i->z, window, (uInt)(len < most ? len : most));
    i->unknown = i->in_message = i->after_final = false;
}

/* ---- Deflating ----------------------------------------------------------------------------- */

/* How far a message is. */
typedef enum stage {
    TAKING,  /* input */
    CLOSING, /* the last block */
    GIVING,  /* the last bits, which wait in `rest` */
} stage;

struct wsp_deflater {
    z_stream z;
    wsp_mem mem;
    bool no_context_takeover;
    stage stage;
    uint8_t rest[8]; /* what comes before the four bytes that are not sent */
    uint8_t rest_at, rest_len;
};

wsp_deflater *wsp_deflater_new(uint8_t max_window_bits, bool no_context_takeover, int level,
                               int mem_level, const wsp_mem *mem)
{
    mem = mem ? mem : &default_mem;
    if (mem_level == 0)
        mem_level = 8;
    if (!window_bits_legal(max_window_bits) || (level != -1 && (level < 1 || level > 9)) ||
        mem_level < 1 || mem_level > 9)
        return NULL;
    wsp_deflater *d = zeroed(mem, sizeof *d);
    if (!d)
        return NULL;
    d->mem = *mem;
    d->no_context_takeover = no_context_takeover;
    use_mem(&d->z, &d->mem);
    /* zlib refuses 8 here. With 9 it reaches back 512 - 262 = 250 bytes, which 256 have room for.
     */
    int bits = max_window_bits == 8 ? 9 : max_window_bits;
    if (deflateInit2(&d->z, level, Z_DEFLATED, -bits, mem_level, Z_DEFAULT_STRATEGY) != Z_OK) {
        wsp_deflater_free(d);
        return NULL;
    }
    return d;
}

void wsp_deflater_free(wsp_deflater *d)
{
    if (!d)
        return;
    deflateEnd(&d->z); /* knows when there was no deflateInit */
    wsp_mem mem = d->mem;
    mem.free(mem.user, d);
}

size_t wsp_deflate_bound(const wsp_deflater *deflater, size_t len)
{
    /* zlib's bound is for a stream of its own. Here up to 7 bits of the message before and the
       header of the last block come with it; the call changes nothing. */
    wsp_deflater *d = (wsp_deflater *)deflater;
    return (size_t)deflateBound(&d->z, (uLong)len) + sizeof d->rest;
}

/*
 * All blocks are written, but for up to 7 bits. A sync flush adds those and an empty stored block;
 * its last four bytes are not sent (RFC 7692 7.2.1). Room for it is here, not in the caller's
 * buffer, so that zlib never stops inside it and the four bytes are known to be its last.
 */
static void end_blocks(wsp_deflater *d)
{
    buffers b = {NULL, 0, d->rest, sizeof d->rest};
    (void)run(&d->z, deflate, Z_SYNC_FLUSH, &b);
    d->rest_at = 0;
    d->rest_len = (uint8_t)(sizeof d->rest - b.out_len - 4);
    if (d->no_context_takeover)
        deflateReset(&d->z);
}

/* Compress what there is; true when all that it gives is in `out`. */
static bool deflate_blocks(wsp_deflater *d, buffers *b, int flush)
{
    do {
        (void)run(&d->z, deflate, flush, b); /* Z_BUF_ERROR says that there was nothing to do */
    } while (b->in_len && b->out_len);
    return b->out_len != 0;
}

static bool give_rest(wsp_deflater *d, buffers *b)
{
    while (d->rest_at < d->rest_len && b->out_len) {
        *b->out++ = d->rest[d->rest_at++];
        b->out_len--;
    }
    return d->rest_at == d->rest_len;
}

static bool deflate_stages(wsp_deflater *d, buffers *b, bool end)
{
    if (d->stage == TAKING) {
        if (!deflate_blocks(d, b, Z_NO_FLUSH))
            return false;
        if (!end)
            return true;
        d->stage = CLOSING;
    }
    if (d->stage == CLOSING) {
        if (!deflate_blocks(d, b, Z_BLOCK))
            return false;
        end_blocks(d);
        d->stage = GIVING;
    }
    if (!give_rest(d, b))
        return false;
    d->stage = TAKING;
    return true;
}

int wsp_deflate(wsp_deflater *d, const uint8_t *in, size_t *in_len, bool end, uint8_t *out,
                size_t *out_len)
{
    buffers b = {in, *in_len, out, *out_len};
    bool done = deflate_stages(d, &b, end);
    *in_len -= b.in_len;
    *out_len -= b.out_len;
    return done ? 0 : 1;
}
