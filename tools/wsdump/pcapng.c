/*
 * Reads a block whole, then looks its type up in a table. What is not in the table is skipped. A
 * block costs as much memory as it has bytes in the stream, whatever length it declares.
 */
#include "pcapng.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

enum {
    BLOCK_MIN = 12, /* type, length, length again */
    BLOCK_MAX = 16 * 1024 * 1024,
    READ_STEP = 64 * 1024, /* the buffer grows only as fast as bytes come in */
    OPTION_TSRESOL = 9,
    OPTION_TSOFFSET = 14,
};

static const uint32_t section_header = 0x0a0d0d0a;
static const uint32_t byte_order_magic = 0x1a2b3c4d;

typedef struct interface {
    uint32_t link;
    uint32_t snaplen;   /* 0 = no limit */
    uint8_t resolution; /* if_tsresol: a negative power of 10, or of 2 with the top bit set */
    int64_t offset;     /* if_tsoffset: seconds to add */
} interface;

typedef struct block {
    uint32_t type;
    const uint8_t *body;
    uint32_t len; /* of the body */
} block;

struct pcapng {
    FILE *stream;
    GByteArray *buffer; /* the current block after its first eight bytes */
    uint64_t at;        /* stream offset of the current block */
    uint64_t next_at;
    bool in_section;
    bool swapped; /* the section's byte order is not this machine's */
    GArray *interfaces;
    int64_t last_time;
    char error[160];
};

static uint16_t read16(const pcapng *r, const uint8_t *at)
{
    uint16_t value;
    memcpy(&value, at, sizeof value);
    if (r->swapped)
        value = GUINT16_SWAP_LE_BE(value);
    return value;
}

static uint32_t read32(const pcapng *r, const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return r->swapped ? GUINT32_SWAP_LE_BE(value) : value;
}

static int64_t read64(const pcapng *r, const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return (int64_t)(r->swapped ? GUINT64_SWAP_LE_BE(value) : value);
}

static pcapng_status damaged(pcapng *r, const char *format, ...) G_GNUC_PRINTF(2, 3);

static pcapng_status damaged(pcapng *r, const char *format, ...)
{
    char what[96];
    va_list values;
    va_start(values, format);
    g_vsnprintf(what, sizeof what, format, values);
    va_end(values);
    g_snprintf(r->error, sizeof r->error, "the block at byte %" G_GUINT64_FORMAT " %s", r->at,
               what);
    return PCAPNG_DAMAGED;
}

/* --- blocks --- */

/* Append the next `len` bytes of the stream to the buffer; false when they are not all there. */
static bool append(pcapng *r, uint32_t len)
{
    while (len > 0) {
        uint32_t step = MIN(len, READ_STEP);
        guint old = r->buffer->len;
        g_byte_array_set_size(r->buffer, old + step);
        if (fread(r->buffer->data + old, 1, step, r->stream) != step)
            return false;
        len -= step;
    }
    return true;
}

static pcapng_status cut_off(pcapng *r)
{
    return damaged(r, ferror(r->stream) ? "cannot be read" : "is cut off by the end of the file");
}

/* A section header says in which byte order it and what follows is written. */
static pcapng_status read_byte_order(pcapng *r)
{
    if (!append(r, sizeof byte_order_magic))
        return cut_off(r);
    r->swapped = false;
    uint32_t magic = read32(r, r->buffer->data);
    if (magic != byte_order_magic && magic != GUINT32_SWAP_LE_BE(byte_order_magic))
        return damaged(r, "is a section header without the byte-order magic");
    r->swapped = magic != byte_order_magic;
    return PCAPNG_PACKET;
}

/* PCAPNG_PACKET means here: *b is a whole block. */
static pcapng_status next_block(pcapng *r, block *b)
{
    uint8_t head[8];
    r->at = r->next_at;
    g_byte_array_set_size(r->buffer, 0);
    size_t got = fread(head, 1, sizeof head, r->stream);
    if (got == 0 && !ferror(r->stream))
        return PCAPNG_END;
    if (got < sizeof head)
        return cut_off(r);

    b->type = read32(r, head);
    if (b->type == section_header) {
        pcapng_status status = read_byte_order(r);
        if (status != PCAPNG_PACKET)
            return status;
    } else if (!r->in_section) {
        return damaged(r, "comes before any section header");
    }
    uint32_t declared = read32(r, head + 4);
    if (declared < BLOCK_MIN + r->buffer->len || declared > BLOCK_MAX)
        return damaged(r, "declares an impossible length of %u bytes", declared);
    /* Some writers leave the padding out of the length. */
    uint32_t len = (declared + 3) & ~(uint32_t)3;
    if (!append(r, len - (uint32_t)sizeof head - r->buffer->len))
        return cut_off(r);
    b->len = len - BLOCK_MIN;
    b->body = r->buffer->data;
    if (read32(r, b->body + b->len) != declared)
        return damaged(r, "has different lengths at its two ends");
    r->next_at = r->at + len;
    return PCAPNG_PACKET;
}

/* --- interfaces and time --- */

static pcapng_status take_section(pcapng *r, const block *b, packet *p)
{
    (void)p;
    if (b->len < 16)
        return damaged(r, "is a section header of only %u bytes", b->len);
    uint16_t version = read16(r, b->body + 4);
    if (version != 1)
        return damaged(r, "begins a section of pcapng version %u; only 1 is known", version);
    r->in_section = true;
    g_array_set_size(r->interfaces, 0);
    return PCAPNG_END;
}

static void take_interface_option(const pcapng *r, interface *i, uint16_t code,
                                  const uint8_t *value, uint16_t len)
{
    if (code == OPTION_TSRESOL && len >= 1)
        i->resolution = value[0];
    else if (code == OPTION_TSOFFSET && len >= 8)
        i->offset = read64(r, value);
}

static pcapng_status take_interface(pcapng *r, const block *b, packet *p)
{
    (void)p;
    if (b->len < 8)
        return damaged(r, "is an interface description of only %u bytes", b->len);
    interface i = {.link = read16(r, b->body), .snaplen = read32(r, b->body + 4), .resolution = 6};
    uint32_t at = 8;
    while (b->len - at >= 4) {
        uint16_t code = read16(r, b->body + at);
        uint16_t len = read16(r, b->body + at + 2);
        uint32_t padded = (len + (uint32_t)3) & ~(uint32_t)3;
        at += 4;
        if (code == 0 || padded > b->len - at)
            break;
        take_interface_option(r, &i, code, b->body + at, len);
        at += padded;
    }
    g_array_append_val(r->interfaces, i);
    return PCAPNG_END;
}

static uint64_t power_of_10(unsigned exponent)
{
    uint64_t result = 1;
    while (exponent--)
        result *= 10;
    return result;
}

/* Whole seconds and nanoseconds of a count of 10^-exponent seconds. */
static void split_decimal(uint64_t count, unsigned exponent, uint64_t *seconds, uint64_t *ns)
{
    if (exponent > 19) { /* finer than 64 bits can count a second in */
        *seconds = 0;
        *ns = exponent - 9 > 19 ? 0 : count / power_of_10(exponent - 9);
        return;
    }
    uint64_t unit = power_of_10(exponent);
    *seconds = count / unit;
    uint64_t rest = count % unit;
    *ns = exponent <= 9 ? rest * power_of_10(9 - exponent) : rest / power_of_10(exponent - 9);
}

/* The same of 2^-exponent seconds. */
static void split_binary(uint64_t count, unsigned exponent, uint64_t *seconds, uint64_t *ns)
{
    *seconds = exponent < 64 ? count >> exponent : 0;
    uint64_t rest = exponent < 64 ? count - (*seconds << exponent) : count;
    if (exponent > 32) { /* 2^-32 s is finer than a nanosecond, and leaves room to multiply */
        unsigned surplus = exponent - 32;
        rest = surplus < 64 ? rest >> surplus : 0;
        exponent = 32;
    }
    *ns = (rest * 1000000000) >> exponent;
}

static int64_t time_ns(const interface *i, uint64_t count)
{
    uint64_t seconds, ns;
    if (i->resolution & 0x80)
        split_binary(count, i->resolution & 0x7f, &seconds, &ns);
    else
        split_decimal(count, i->resolution, &seconds, &ns);
    /* What 64 bits of nanoseconds cannot hold (the year 2262) is a broken clock. */
    const int64_t most = G_MAXINT64 / 1000000000 - 1;
    int64_t base = CLAMP(i->offset, -most, most);
    int64_t whole = (int64_t)MIN(seconds, (uint64_t)most);
    return CLAMP(base + whole, -most, most) * 1000000000 + (int64_t)ns;
}

/* --- packets --- */

typedef struct found_packet {
    uint32_t interface;
    bool has_time;
    uint64_t time; /* in the interface's units */
    uint32_t captured, original;
    const uint8_t *data;
    uint32_t room; /* bytes of the block from data on */
} found_packet;

static pcapng_status hand_on(pcapng *r, packet *p, const found_packet *f)
{
    if (f->interface >= r->interfaces->len)
        return damaged(r, "is a packet of interface %u, which was not described", f->interface);
    const interface *i = &g_array_index(r->interfaces, interface, f->interface);
    uint32_t captured = f->captured;
    if (!f->has_time) /* a simple packet block does not say how much of the packet it holds */
        captured = MIN(captured, MIN(f->room, i->snaplen ? i->snaplen : f->room));
    if (captured > f->room)
        return damaged(r, "is too short for its packet of %u bytes", captured);
    if (f->has_time)
        r->last_time = time_ns(i, f->time);
    p->time_ns = r->last_time;
    p->link = i->link;
    p->captured = captured;
    p->original = MAX(f->original, captured);
    p->data = f->data;
    return PCAPNG_PACKET;
}

static uint64_t read_time(const pcapng *r, const uint8_t *at)
{
    return (uint64_t)read32(r, at) << 32 | read32(r, at + 4);
}

/* The enhanced packet block and its forerunner differ only in how wide the interface is. */
static pcapng_status take_timed_packet(pcapng *r, const block *b, packet *p, uint32_t index)
{
    found_packet f = {.interface = index,
                      .has_time = true,
                      .time = read_time(r, b->body + 4),
                      .captured = read32(r, b->body + 12),
                      .original = read32(r, b->body + 16),
                      .data = b->body + 20,
                      .room = b->len - 20};
    return hand_on(r, p, &f);
}

static pcapng_status take_enhanced_packet(pcapng *r, const block *b, packet *p)
{
    if (b->len < 20)
        return damaged(r, "is a packet block of only %u bytes", b->len);
    return take_timed_packet(r, b, p, read32(r, b->body));
}

static pcapng_status take_old_packet(pcapng *r, const block *b, packet *p)
{
    if (b->len < 20)
        return damaged(r, "is a packet block of only %u bytes", b->len);
    return take_timed_packet(r, b, p, read16(r, b->body));
}

static pcapng_status take_simple_packet(pcapng *r, const block *b, packet *p)
{
    if (b->len < 4)
        return damaged(r, "is a packet block of only %u bytes", b->len);
    uint32_t original = read32(r, b->body);
    found_packet f = {
        .captured = original, .original = original, .data = b->body + 4, .room = b->len - 4};
    return hand_on(r, p, &f);
}

/* PCAPNG_END from one of these means: no packet in this block. */
static const struct {
    uint32_t type;
    pcapng_status (*take)(pcapng *r, const block *b, packet *p);
} block_types[] = {
    {6, take_enhanced_packet}, {3, take_simple_packet},    {2, take_old_packet},
    {1, take_interface},       {0x0a0d0d0a, take_section},
};

static pcapng_status take_block(pcapng *r, const block *b, packet *p)
{
    for (size_t i = 0; i < G_N_ELEMENTS(block_types); i++)
        if (block_types[i].type == b->type)
            return block_types[i].take(r, b, p);
    return PCAPNG_END;
}

pcapng_status pcapng_next(pcapng *r, packet *p)
{
    while (!r->error[0]) {
        block b = {0};
        pcapng_status status = next_block(r, &b);
        if (status != PCAPNG_PACKET)
            return status;
        status = take_block(r, &b, p);
        if (status == PCAPNG_PACKET)
            return status;
    }
    return PCAPNG_DAMAGED;
}

const char *pcapng_error(const pcapng *r)
{
    return r->error;
}

pcapng *pcapng_new(FILE *stream)
{
    pcapng *r = g_new0(pcapng, 1);
    r->stream = stream;
    r->buffer = g_byte_array_new();
    r->interfaces = g_array_new(FALSE, FALSE, sizeof(interface));
    return r;
}

void pcapng_free(pcapng *r)
{
    if (!r)
        return;
    g_byte_array_unref(r->buffer);
    g_array_unref(r->interfaces);
    g_free(r);
}
