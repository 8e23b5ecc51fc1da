/* pcapng files: the reader of pcapng.c as a source. */
#include "pcapng.h"
#include "source_kind.h"

typedef struct source_pcapng {
    source base;
    FILE *stream;
    pcapng *reader;
} source_pcapng;

static source_status next(source *s, packet *p)
{
    source_pcapng *file = (source_pcapng *)s;
    switch (pcapng_next(file->reader, p)) {
    case PCAPNG_PACKET: return SOURCE_PACKET;
    case PCAPNG_END: return SOURCE_END;
    case PCAPNG_DAMAGED: break;
    }
    return source_damaged(s, "%s", pcapng_error(file->reader));
}

static void close_file(source *s)
{
    source_pcapng *file = (source_pcapng *)s;
    pcapng_free(file->reader);
    fclose(file->stream);
    g_free(file);
}

static const source_kind pcapng_kind = {.next = next, .close = close_file};

source *source_pcapng_open(FILE *stream, const char *name)
{
    source_pcapng *file = g_new0(source_pcapng, 1);
    source_init(&file->base, &pcapng_kind, name, -1);
    file->stream = stream;
    file->reader = pcapng_new(stream);
    return &file->base;
}
