/*
 * Classic pcap files. Read here, where the packets lie, and not by libpcap, which has stdio copy
 * each of them: that was a fifth of the time that counting messages takes. What old tools wrote is
 * read as libpcap reads it.
 * https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html
 */
#include "source_kind.h"

#include <string.h>

enum {
    FILE_HEADER = 24,
    RECORD_HEADER = 16, /* seconds, and a part of one; bytes captured, bytes on the wire */
    MODIFIED_RECORD_HEADER = 24,
    VERSION = 2,                /* the major one; there is no other */
    LAST_MIXED_MINOR = 3,       /* up to here some wrote the two lengths the other way round */
    MAX_CAPTURED = INPUT_PIECE, /* no program that captures goes beyond */
};

static const uint32_t link_bits =
    0x03ffffff; /* the others say how long the frames' checksums are */

/* By the first four bytes, in the byte order of the machine that wrote them. */
static const struct {
    uint32_t magic;
    int32_t time_unit; /* nanoseconds */
    uint8_t record_header;
} kinds[] = {
    {0xa1b2c3d4, 1000, RECORD_HEADER},
    {0xa1b23c4d, 1, RECORD_HEADER},
    {0xa1b2cd34, 1000, MODIFIED_RECORD_HEADER}, /* Alexey Kuznetzov's, in Linux of the 1990s */
};

typedef struct source_pcap {
    source base;
    bool swapped; /* the file's byte order is not this machine's */
    bool mixed;   /* the two lengths may be the other way round */
    int32_t time_unit;
    uint8_t record_header;
} source_pcap;

static bool recognise(source_pcap *file, uint32_t magic)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        file->swapped = magic == GUINT32_SWAP_LE_BE(kinds[i].magic);
        if (!file->swapped && magic != kinds[i].magic)
            continue;
        file->time_unit = kinds[i].time_unit;
        file->record_header = kinds[i].record_header;
        return true;
    }
    return false;
}

bool source_is_pcap(uint32_t magic)
{
    source_pcap unused;
    return recognise(&unused, magic);
}

static inline uint32_t read32(const source_pcap *file, const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return file->swapped ? GUINT32_SWAP_LE_BE(value) : value;
}

static source_status cut_off(source *s)
{
    return source_damaged(s, "cannot be read beyond packet %" G_GUINT64_FORMAT ": %s", s->packets,
                          input_failed(s->input) ? g_strerror(input_failed(s->input))
                                                 : "the file ends within the next one");
}

static source_status next(source *s, packet *p)
{
    const source_pcap *file = (source_pcap *)s;
    const uint8_t *header = input_take(s->input, file->record_header);
    if (!header)
        return input_left(s->input) || input_failed(s->input) ? cut_off(s) : SOURCE_END;
    p->time_ns = (int64_t)read32(file, header) * 1000000000 +
                 (int64_t)read32(file, header + 4) * file->time_unit;
    p->link = (uint32_t)s->link;
    const uint32_t captured = read32(file, header + 8), original = read32(file, header + 12);
    p->captured = file->mixed ? MIN(captured, original) : captured;
    p->original = MAX(captured, original);
    if (p->captured > MAX_CAPTURED)
        return source_damaged(s,
                              "cannot be read beyond packet %" G_GUINT64_FORMAT
                              ": the next one is said to have %u bytes, more than any has",
                              s->packets, p->captured);
    p->data = input_take(s->input, p->captured);
    return p->data ? SOURCE_PACKET : cut_off(s);
}

static void close_file(source *s)
{
    g_free(s);
}

static const source_kind pcap_kind = {.next = next, .close = close_file};

/* Why the file cannot be read on behind its header; NULL when it can. */
static const char *objection(source_pcap *file, const uint8_t *header)
{
    uint16_t major, minor;
    if (!header)
        return "it ends within its header";
    memcpy(&major, header + 4, sizeof major);
    memcpy(&minor, header + 6, sizeof minor);
    if (file->swapped) {
        major = GUINT16_SWAP_LE_BE(major);
        minor = GUINT16_SWAP_LE_BE(minor);
    }
    file->mixed = minor <= LAST_MIXED_MINOR;
    return major == VERSION ? NULL : "its version is not known";
}

source *source_pcap_open(input *in, uint32_t magic, const char *name, GError **error)
{
    source_pcap *file = g_new0(source_pcap, 1);
    recognise(file, magic);
    const uint8_t *header = input_take(in, FILE_HEADER);
    const char *why_not = objection(file, header);
    if (why_not) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s cannot be read as pcap: %s", name,
                    why_not);
        g_free(file);
        return NULL;
    }
    uint32_t link = read32(file, header + 20) & link_bits;
    source_init(&file->base, &pcap_kind, name, linktype_from_dlt((int)link));
    return &file->base;
}
