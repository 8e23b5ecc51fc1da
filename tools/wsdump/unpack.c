/*
 * One row per kind of compression: how it is recognised, who unpacks it, and what to run where no
 * one here does. Both kinds may consist of several streams behind each other (gzip calls them
 * members, zstd frames), which unpack to one.
 */
#include "unpack.h"

#include <string.h>

#ifdef WSDUMP_GZIP
#include <zlib.h>
#endif
#ifdef WSDUMP_ZSTD
#include <zstd.h>
#endif

struct unpack_kind {
    const char *name;
    uint8_t magic[4], mask[4];
    const char *command; /* that unpacks it to its standard output */
    const char *package; /* what wsdump is built with to do it itself; NULL = it never does */
    void *(*begin)(void);
    size_t (*some)(unpacker *u, const uint8_t **in, size_t *len, uint8_t *out, size_t room);
    void (*end)(void *state);
};

struct unpacker {
    const unpack_kind *kind;
    void *state;
    bool between; /* the input may end here */
    size_t hint;  /* zstd: how much it would like to have next; 0 = a frame begins */
    char *error;
};

static size_t G_GNUC_UNUSED wrong(unpacker *u, const char *why)
{
    u->error = g_strdup_printf("the %s data is damaged (%s)", u->kind->name, why);
    return 0;
}

#ifdef WSDUMP_GZIP
static void *begin_gzip(void)
{
    enum { GZIP_ONLY = 16 };
    z_stream *z = g_new0(z_stream, 1);
    if (inflateInit2(z, MAX_WBITS + GZIP_ONLY) == Z_OK)
        return z;
    g_free(z);
    return NULL;
}

/* Zeros behind a member are padding, as on tapes and in blocks. */
static void skip_padding(const uint8_t **in, size_t *len)
{
    for (; *len > 0 && **in == 0; ++*in)
        --*len;
}

static size_t some_gzip(unpacker *u, const uint8_t **in, size_t *len, uint8_t *out, size_t room)
{
    z_stream *z = u->state;
    size_t made = 0;
    do {
        if (u->between)
            skip_padding(in, len);
        if (u->between && *len == 0)
            return 0;
        u->between = false;
        uInt given = (uInt)MIN(*len, G_MAXUINT), capacity = (uInt)MIN(room, G_MAXUINT);
        z->next_in = (z_const Bytef *)*in;
        z->avail_in = given;
        z->next_out = out;
        z->avail_out = capacity;
        int result = inflate(z, Z_NO_FLUSH);
        *in += given - z->avail_in;
        *len -= given - z->avail_in;
        made = capacity - z->avail_out;
        if (result == Z_STREAM_END) {
            inflateReset(z);
            u->between = true;
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            wrong(u, z->msg ? z->msg : "no more of it can be read");
            return made;
        }
    } while (made == 0 && u->between); /* a member may be empty */
    return made;
}

static void end_gzip(void *state)
{
    inflateEnd(state);
    g_free(state);
}
#define GZIP begin_gzip, some_gzip, end_gzip
#else
#define GZIP NULL, NULL, NULL
#endif

#ifdef WSDUMP_ZSTD
static void *begin_zstd(void)
{
    return ZSTD_createDStream(); /* refuses windows of more than 128 MiB */
}

/* A call that meets damage gives nothing of what it unpacked before: so each gets a block at most,
 * without the header of the next. */
static size_t next_piece(const unpacker *u)
{
    enum { BLOCK_HEADER = 3, FRAME_MAGIC = 4 };
    if (u->hint == 0)
        return FRAME_MAGIC;
    return u->hint > BLOCK_HEADER ? u->hint - BLOCK_HEADER : u->hint;
}

static size_t some_zstd(unpacker *u, const uint8_t **in, size_t *len, uint8_t *out, size_t room)
{
    ZSTD_outBuffer made = {out, room, 0};
    /* The output may come of what is inside already, of an empty frame comes none. */
    do {
        if (u->between && *len == 0)
            return 0;
        size_t piece = MIN(*len, next_piece(u));
        ZSTD_inBuffer given = {*in, piece, 0};
        size_t result = ZSTD_decompressStream(u->state, &made, &given);
        *in += given.pos;
        *len -= given.pos;
        if (ZSTD_isError(result)) {
            wrong(u, ZSTD_getErrorName(result));
            return made.pos;
        }
        u->between = result == 0;
        u->hint = result;
    } while (made.pos == 0 && *len > 0);
    return made.pos;
}

static void end_zstd(void *state)
{
    ZSTD_freeDStream(state);
}
#define ZSTD begin_zstd, some_zstd, end_zstd
#else
#define ZSTD NULL, NULL, NULL
#endif

#define ALL                    \
    {                          \
        0xff, 0xff, 0xff, 0xff \
    }
static const unpack_kind kinds[] = {
    {"gzip", {0x1f, 0x8b, 8}, {0xff, 0xff, 0xff}, "gzip -dc", "zlib1g-dev", GZIP},
    {"zstd", {0x28, 0xb5, 0x2f, 0xfd}, ALL, "zstd -dc", "libzstd-dev", ZSTD},
    /* A frame without content, which pzstd writes first. */
    {"zstd", {0x50, 0x2a, 0x4d, 0x18}, {0xf0, 0xff, 0xff, 0xff}, "zstd -dc", "libzstd-dev", ZSTD},
    {"xz", {0xfd, '7', 'z', 'X'}, ALL, "xz -dc", NULL, NULL, NULL, NULL},
    {"bzip2", {'B', 'Z', 'h'}, {0xff, 0xff, 0xff}, "bzip2 -dc", NULL, NULL, NULL, NULL},
    {"lz4", {0x04, 0x22, 0x4d, 0x18}, ALL, "lz4 -dc", NULL, NULL, NULL, NULL},
};

static bool begins_like(const unpack_kind *kind, const uint8_t *begin)
{
    for (size_t i = 0; i < sizeof kind->magic; i++)
        if ((begin[i] & kind->mask[i]) != kind->magic[i])
            return false;
    return true;
}

const unpack_kind *unpack_recognise(const uint8_t *begin, size_t len)
{
    for (size_t i = 0; len >= sizeof kinds->magic && i < G_N_ELEMENTS(kinds); i++)
        if (begins_like(&kinds[i], begin))
            return &kinds[i];
    return NULL;
}

unpacker *unpack_new(const unpack_kind *kind, const char *name, GError **error)
{
    if (!kind->begin) {
        g_autofree char *lacks =
            kind->package ? g_strdup_printf(", which this wsdump was built without (Debian: %s)",
                                            kind->package)
                          : g_strdup("");
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "%s is compressed with %s%s; try: %s FILE | wsdump -r -", name, kind->name,
                    lacks, kind->command);
        return NULL;
    }
    unpacker *u = g_new0(unpacker, 1);
    u->kind = kind;
    u->between = true;
    u->state = kind->begin();
    if (!u->state)
        g_error("out of memory");
    return u;
}

size_t unpack_some(unpacker *u, const uint8_t **in, size_t *len, uint8_t *out, size_t room)
{
    return u->error ? 0 : u->kind->some(u, in, len, out, room);
}

const char *unpack_finish(unpacker *u)
{
    if (!u->error && !u->between)
        u->error = g_strdup_printf("the %s data is cut off", u->kind->name);
    return u->error;
}

const char *unpack_error(const unpacker *u)
{
    return u->error;
}

void unpack_free(unpacker *u)
{
    if (!u)
        return;
    u->kind->end(u->state);
    g_free(u->error);
    g_free(u);
}
