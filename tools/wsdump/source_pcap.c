/* Classic pcap files, read by libpcap, which knows every variant of them. */

#include "source_kind.h"

#include <pcap/pcap.h>

typedef struct source_pcap {
    source base;
    pcap_t *pcap;
} source_pcap;

static source_status next(source *s, packet *p)
{
    source_pcap *file = (source_pcap *)s;
    struct pcap_pkthdr *header;
    int result = pcap_next_ex(file->pcap, &header, &p->data);
    if (result == PCAP_ERROR_BREAK) /* so libpcap calls the end of a file */
        return SOURCE_END;
    if (result != 1)
        return source_damaged(s, "cannot be read beyond packet %" G_GUINT64_FORMAT ": %s",
                              s->packets, pcap_geterr(file->pcap));
    /* tv_usec counts nanoseconds: the file was opened that way. */
    p->time_ns = (int64_t)header->ts.tv_sec * 1000000000 + (int64_t)header->ts.tv_usec;
    p->link = (uint32_t)s->link;
    p->captured = header->caplen;
    p->original = MAX(header->len, header->caplen);
    return SOURCE_PACKET;
}

static void close_file(source *s)
{
    source_pcap *file = (source_pcap *)s;
    pcap_close(file->pcap);
    g_free(file);
}

static const source_kind pcap_kind = {.next = next, .close = close_file};

source *source_pcap_open(FILE *stream, const char *name, GError **error)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    pcap_t *pcap =
        pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, why);
    if (!pcap) {
        fclose(stream);
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s cannot be read as pcap: %s", name,
                    why);
        return NULL;
    }
    source_pcap *file = g_new0(source_pcap, 1);
    source_init(&file->base, &pcap_kind, name, linktype_from_dlt(pcap_datalink(pcap)));
    file->pcap = pcap;
    return &file->base;
}
