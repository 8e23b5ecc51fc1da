/* One inflater, or two that differ in what they do not know. See certain.h. */
#include "certain.h"

#ifdef WSPROTO_DEFLATE

#include <stddef.h>
#include <string.h>

enum {
    WINDOW = 32768,
    AT_ONCE = 8192, /* inflated twice and compared, so much at a time */
    /* Ranges of one message that are told apart; behind them all of it counts as unknown. */
    MAX_RANGES = 4096,
};

struct certain {
    wsp_inflater face;   /* first */
    wsp_mem mem;         /* counted */
    wsp_inflater *zeros; /* behind a window of 00, or behind the true one */
    wsp_inflater *ones;  /* behind a window of FF; NULL when all is known */
    bool doubtful;       /* what the windows should hold is not known */
    bool in_message;
    uint64_t given;  /* bytes of this message */
    uint32_t agreed; /* bytes since the last that differed, up to a whole window */
    GArray *unknown; /* of record_missing */
    uint64_t cost;   /* of this and of the array, as far as it ever grew */
};

/* Memory is counted: the size of a block stands in front of it. */
typedef union block {
    size_t size;
    max_align_t aligned;
} block;

/* Unsigned, so that a negative size is given back. */
static void charge(certain_memory *memory, uint64_t size)
{
    memory->used += size;
    budget_charge(memory->shared, size);
}

static void *counted_alloc(void *user, size_t size)
{
    certain_memory *memory = user;
    if ((memory->shared && size > budget_room(memory->shared)) || memory->used + size > memory->max)
        return NULL;
    block *b = g_malloc(sizeof *b + size);
    b->size = size;
    charge(memory, size);
    return b + 1;
}

static void counted_free(void *user, void *memory)
{
    if (!memory)
        return;
    block *b = (block *)memory - 1;
    charge(user, -(uint64_t)b->size);
    g_free(b);
}

static void grow_cost(certain *c, uint64_t bytes)
{
    c->cost += bytes;
    charge(c->mem.user, bytes);
}

static void free_second(certain *c)
{
    wsp_inflater_free(c->ones);
    c->ones = NULL;
}

/* Nothing is known of what came before: begin anew behind the two windows. */
static bool doubt_everything(certain *c)
{
    uint8_t window[WINDOW];
    if (!c->ones)
        c->ones = wsp_inflater_new(15, false, &c->mem);
    if (!c->ones)
        return false;
    memset(window, 0x00, sizeof window);
    wsp_inflater_set_window(c->zeros, window, sizeof window);
    memset(window, 0xff, sizeof window);
    wsp_inflater_set_window(c->ones, window, sizeof window);
    c->doubtful = false;
    c->agreed = 0;
    return true;
}

static bool begin(wsp_inflater *self)
{
    certain *c = (certain *)self;
    c->doubtful |= c->in_message; /* the one before was abandoned */
    c->in_message = false;
    c->given = 0;
    g_array_set_size(c->unknown, 0);
    if (c->ones && !c->doubtful && c->agreed == WINDOW)
        free_second(c);
    if (c->doubtful && !doubt_everything(c))
        return false;
    c->in_message = c->zeros->begin(c->zeros) && (!c->ones || c->ones->begin(c->ones));
    return c->in_message;
}

/* The next byte of the message is not known. */
static void note_unknown(certain *c)
{
    record_missing *last = NULL;
    if (c->unknown->len > 0)
        last = &g_array_index(c->unknown, record_missing, c->unknown->len - 1);
    if (last && (last->offset + last->len == c->given || c->unknown->len == MAX_RANGES)) {
        last->len = c->given + 1 - last->offset;
        return;
    }
    record_missing range = {c->given, 1};
    g_array_append_val(c->unknown, range);
    if (c->cost < sizeof *c + c->unknown->len * sizeof range)
        grow_cost(c, sizeof range);
}

/* What both gave: bytes that differ are not known, and zero. */
static void compare(certain *c, uint8_t *zeros, const uint8_t *ones, size_t len)
{
    for (size_t i = 0; i < len; i++, c->given++) {
        bool same = zeros[i] == ones[i];
        c->agreed = same ? MIN(c->agreed + 1, WINDOW) : 0;
        if (same && c->unknown->len < MAX_RANGES)
            continue;
        zeros[i] = 0;
        note_unknown(c);
    }
}

/* As much of the input as fills `room` or `AT_ONCE`, by both. */
static int inflate_twice(certain *c, const uint8_t *in, size_t *in_len, bool end, uint8_t *out,
                         size_t *room)
{
    uint8_t other[AT_ONCE];
    size_t in_other = *in_len, given_other = *room = MIN(*room, sizeof other);
    int result = c->zeros->inflate(c->zeros, in, in_len, end, out, room);
    c->ones->inflate(c->ones, in, &in_other, end, other, &given_other);
    compare(c, out, other, *room);
    return result;
}

static int inflate_all(wsp_inflater *self, const uint8_t *in, size_t *in_len, bool end,
                       uint8_t *out, size_t *out_len)
{
    certain *c = (certain *)self;
    size_t used = 0, given = 0, n;
    int result;
    if (!c->ones) {
        result = c->zeros->inflate(c->zeros, in, in_len, end, out, out_len);
        c->given += *out_len;
    } else {
        do {
            size_t taken = *in_len - used;
            n = *out_len - given;
            result = inflate_twice(c, in + used, &taken, end, out + given, &n);
            used += taken;
            given += n;
        } while (result > 0 && given < *out_len);
        *in_len = used;
        *out_len = given;
    }
    c->doubtful |= result < 0;
    if (result < 0 || (result == 0 && end))
        c->in_message = false;
    return result;
}

static void lost(wsp_inflater *self)
{
    ((certain *)self)->doubtful = true;
}

certain *certain_new(certain_memory *memory, bool from_the_start)
{
    wsp_mem mem = {counted_alloc, counted_free, memory};
    wsp_inflater *first = wsp_inflater_new(15, false, &mem);
    if (!first)
        return NULL;
    certain *c = g_new0(certain, 1);
    c->face = (wsp_inflater){inflate_all, begin, lost};
    c->mem = mem;
    c->zeros = first;
    c->doubtful = !from_the_start;
    c->unknown = g_array_new(FALSE, FALSE, sizeof(record_missing));
    grow_cost(c, sizeof *c);
    return c;
}

void certain_free(certain *c)
{
    if (!c)
        return;
    wsp_inflater_free(c->zeros);
    wsp_inflater_free(c->ones);
    g_array_unref(c->unknown);
    charge(c->mem.user, -c->cost);
    g_free(c);
}

wsp_inflater *certain_inflater(certain *c)
{
    return &c->face;
}

bool certain_is_sure(const certain *c)
{
    return !c->ones;
}

const GArray *certain_unknown(const certain *c)
{
    return c->unknown;
}

#else /* there is never one */

certain *certain_new(certain_memory *memory, bool from_the_start)
{
    (void)memory, (void)from_the_start;
    return NULL;
}

void certain_free(certain *c)
{
    (void)c;
}

wsp_inflater *certain_inflater(certain *c)
{
    (void)c;
    return NULL;
}

bool certain_is_sure(const certain *c)
{
    (void)c;
    return true;
}

const GArray *certain_unknown(const certain *c)
{
    (void)c;
    return NULL;
}

#endif
