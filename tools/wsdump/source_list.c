/* -D: which interfaces there are to capture on. */
#include "source.h"

#include <pcap/pcap.h>

gboolean source_list_interfaces(FILE *out, GError **error)
{
    char reason[PCAP_ERRBUF_SIZE];
    pcap_if_t *all;
    if (pcap_findalldevs(&all, reason) != 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "cannot list the interfaces: %s",
                    reason);
        return FALSE;
    }
    for (const pcap_if_t *i = all; i; i = i->next) {
        fprintf(out, "%s", i->name);
        if (i->description)
            fprintf(out, "  %s", i->description);
        if (i->flags & PCAP_IF_UP)
            fputs("  [up]", out);
        fputc('\n', out);
    }
    pcap_freealldevs(all);
    return TRUE;
}
