/* Blocks in this machine's byte order, as the section's header says. See pcapng_write.h. */
#include "pcapng_write.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

enum {
    SECTION_HEADER = 0x0a0d0d0a,
    INTERFACE_DESCRIPTION = 1,
    ENHANCED_PACKET = 6,
    OPTION_COMMENT = 1,
    OPTION_USERAPPL = 4, /* of a section */
    OPTION_TSRESOL = 9,  /* of an interface */
    LINK_ETHERNET = 1,
};

struct pcapng_writer {
    FILE *stream;
    GArray *links; /* LINKTYPE_* of the interfaces, in their order */
    int failed;    /* errno */
};

static void put(pcapng_writer *w, const void *bytes, size_t len)
{
    errno = EIO;
    if (len > 0 && !w->failed && fwrite(bytes, 1, len, w->stream) != len)
        w->failed = errno;
}

/* A block is its type, its length, the fields, bytes padded to 32 bits, and its length again. */
static void put_block(pcapng_writer *w, uint32_t type, const void *fields, uint32_t fields_len,
                      const void *bytes, uint32_t bytes_len)
{
    static const uint8_t zeros[4];
    uint32_t padding = (0 - bytes_len) & 3;
    uint32_t head[2] = {type, 12 + fields_len + bytes_len + padding};
    put(w, head, sizeof head);
    put(w, fields, fields_len);
    put(w, bytes, bytes_len);
    put(w, zeros, padding);
    put(w, &head[1], sizeof head[1]);
}

static void append(GByteArray *to, const void *bytes, size_t len)
{
    g_byte_array_append(to, bytes, (guint)len);
}

/* An option is its code, its length, and its value padded to 32 bits. */
static void append_text_option(GByteArray *to, uint16_t code, const char *text)
{
    static const uint8_t zeros[4];
    size_t len = MIN(strlen(text), G_MAXUINT16);
    uint16_t head[2] = {code, (uint16_t)len};
    append(to, head, sizeof head);
    append(to, text, len);
    append(to, zeros, (0 - len) & 3);
}

static void put_section_header(pcapng_writer *w, const char *program, const char *comment)
{
    static const struct {
        uint32_t magic;
        uint16_t major, minor;
        uint32_t length[2]; /* of the section: not known */
    } section = {0x1a2b3c4d, 1, 0, {G_MAXUINT32, G_MAXUINT32}};
    static const uint16_t end[2];
    GByteArray *options = g_byte_array_new();
    if (comment)
        append_text_option(options, OPTION_COMMENT, comment);
    append_text_option(options, OPTION_USERAPPL, program);
    append(options, end, sizeof end);
    put_block(w, SECTION_HEADER, &section, sizeof section, options->data, options->len);
    g_byte_array_unref(options);
}

/* The number of the interface with this link type, described now if need be. */
static uint32_t interface_of(pcapng_writer *w, uint32_t link)
{
    for (guint i = 0; i < w->links->len; i++)
        if (g_array_index(w->links, uint32_t, i) == link)
            return i;
    const struct {
        uint16_t link, reserved;
        uint32_t snaplen; /* 0 = no limit */
        uint16_t code, len;
        uint8_t resolution, padding[3]; /* nanoseconds */
        uint16_t end[2];
    } interface = {(uint16_t)link, 0, 0, OPTION_TSRESOL, 1, 9, {0}, {0}};
    put_block(w, INTERFACE_DESCRIPTION, &interface, sizeof interface, NULL, 0);
    g_array_append_val(w->links, link);
    return w->links->len - 1;
}

pcapng_writer *pcapng_writer_new(FILE *stream, const char *program, const char *comment)
{
    pcapng_writer *w = g_new0(pcapng_writer, 1);
    w->stream = stream;
    w->links = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    put_section_header(w, program, comment);
    return w;
}

void pcapng_writer_add(pcapng_writer *w, int64_t time_ns, uint32_t link, const void *data,
                       uint32_t captured, uint32_t original)
{
    uint64_t time = (uint64_t)MAX(time_ns, 0); /* the format knows no time before 1970 */
    uint32_t fields[] = {interface_of(w, link), (uint32_t)(time >> 32), (uint32_t)time, captured,
                         original};
    put_block(w, ENHANCED_PACKET, fields, sizeof fields, data, captured);
}

bool pcapng_writer_flush(pcapng_writer *w)
{
    errno = EIO;
    if (!w->failed && fflush(w->stream) != 0)
        w->failed = errno;
    return !w->failed;
}

int pcapng_writer_failed(const pcapng_writer *w)
{
    return w->failed;
}

void pcapng_writer_finish(pcapng_writer *w)
{
    if (w->links->len == 0)
        interface_of(w, LINK_ETHERNET);
    pcapng_writer_flush(w);
}

void pcapng_writer_free(pcapng_writer *w)
{
    if (!w)
        return;
    g_array_unref(w->links);
    g_free(w);
}
