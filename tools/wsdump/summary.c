/* The closing summary. See summary.h. */
#include "summary.h"

#include <glib.h>
#include <stdio.h>

#ifdef WSPROTO_DEFLATE
static const bool can_inflate = true;
#else
static const bool can_inflate = false;
#endif

/* ", 1 message", ", 2 messages"; nothing for 0. */
static void print_count(uint64_t count, const char *one, const char *many)
{
    if (count)
        fprintf(stderr, ", %" G_GUINT64_FORMAT " %s", count, count == 1 ? one : many);
}

static void print_totals(const pipeline_totals *all, int64_t drops)
{
    const session_totals *t = &all->sessions;
    fprintf(stderr, "wsdump: %" G_GUINT64_FORMAT " packet%s", all->packets,
            all->packets == 1 ? "" : "s");
    print_count(t->connections, "TCP connection", "TCP connections");
    if (t->websockets == 0)
        fputs(", no WebSocket traffic", stderr);
    print_count(t->websockets - t->joined, "WebSocket handshake", "WebSocket handshakes");
    print_count(t->joined, "WebSocket without a handshake", "WebSockets without a handshake");
    print_count(t->suspected, "connection that may be a WebSocket",
                "connections that may be WebSockets");
    print_count(t->messages, "message", "messages");
    print_count(t->frames, "frame", "frames");
    print_count(t->violations, "violation", "violations");
    print_count(t->undecoded_bytes, "byte passed over, outside any frame",
                "bytes passed over, outside any frame");
    print_count(all->fragments.lacking + all->fragments.waiting, "IP packet with fragments missing",
                "IP packets with fragments missing");
    print_count(all->fragments.evicted, "fragmented IP packet dropped for want of memory",
                "fragmented IP packets dropped for want of memory");
    print_count(all->by_result[DECAP_CUT], "packet with broken or cut headers",
                "packets with broken or cut headers");
    if (all->by_result[DECAP_LINK]) {
        print_count(all->by_result[DECAP_LINK], "packet of an unknown link layer",
                    "packets of an unknown link layer");
        fprintf(stderr, " (LINKTYPE %u)", all->unknown_link);
    }
    if (all->saving) {
        const save_totals *saved = &all->saved;
        fprintf(stderr, ", %" G_GUINT64_FORMAT " written", saved->packets);
        print_count(saved->dropped, "packet dropped before it was known to belong to a WebSocket",
                    "packets dropped before they were known to belong to WebSockets");
    }
    if (drops >= 0)
        fprintf(stderr, ", %" G_GINT64_FORMAT " dropped by the kernel", drops);
    fputc('\n', stderr);
}

/* What the network or the limits did to the streams, a line each. */
static void print_streams(const session_totals *t, const tcp_totals *streams)
{
    if (t->conflicting_bytes)
        fprintf(stderr,
                "wsdump: at least %" G_GUINT64_FORMAT
                " bytes were sent twice with different content; the first were used (first in "
                "connection %" G_GUINT64_FORMAT ", packet %" G_GUINT64_FORMAT ")\n",
                t->conflicting_bytes, t->conflict_connection, t->conflict_packet);
    if (streams->given_up)
        fprintf(stderr,
                "wsdump: %" G_GUINT64_FORMAT
                " bytes were not waited for any longer, to keep memory bounded\n",
                streams->given_up);
    if (streams->forgotten)
        fprintf(stderr,
                "wsdump: %" G_GUINT64_FORMAT
                " idle connections were forgotten, to keep memory bounded\n",
                streams->forgotten);
    if (streams->forgotten_silent)
        fprintf(stderr,
                "wsdump: %" G_GUINT64_FORMAT
                " connections without data were forgotten, to keep memory bounded\n",
                streams->forgotten_silent);
}

/* What messages lack because of --memory. */
static void print_shortage(const session_totals *t)
{
    if (t->cut_short)
        fprintf(stderr,
                "wsdump: of %" G_GUINT64_FORMAT
                " messages only the beginning was kept, to keep memory bounded\n",
                t->cut_short);
    if (t->not_inflated)
        fprintf(stderr, "wsdump: %" G_GUINT64_FORMAT " messages were not inflated%s\n",
                t->not_inflated, can_inflate ? ", to keep memory bounded" : "");
    if (t->not_kept)
        fprintf(stderr,
                "wsdump: %" G_GUINT64_FORMAT
                " bytes of connections that may be WebSockets were not "
                "kept, to keep memory bounded\n",
                t->not_kept);
}

void summary_print(const pipeline_totals *t, int64_t kernel_drops)
{
    print_totals(t, kernel_drops);
    print_streams(&t->sessions, &t->streams);
    print_shortage(&t->sessions);
}
