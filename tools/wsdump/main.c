/*
 * wsdump: decodes WebSocket traffic from a capture or an interface. This file only joins the
 * stages:
 *
 *     source -> decap -> tcp -> session -> filter -> sink
 */
#include "decap.h"
#include "filter.h"
#include "filter_fields.h"
#include "fragments.h"
#include "input.h"
#include "options.h"
#include "privileges.h"
#include "session.h"
#include "sink.h"
#include "source.h"
#include "tcp.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_GOOD = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* What was seen of the packets, by decap_result; `links` names those that no one could read. */
typedef struct packet_totals {
    uint64_t packets;
    uint64_t by_result[DECAP_LINK + 1];
    uint32_t unknown_link;
    fragments_totals fragments;
} packet_totals;

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
    input_interrupt();
}

static void watch_signals(void)
{
    /* Without SA_RESTART, so that waiting for a packet ends too; a second signal kills. */
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* writing then fails with EPIPE */
}

static int complain(const GError *error, int status)
{
    fprintf(stderr, "wsdump: %s\n", error->message);
    return status;
}

/* NULL on failure, with the exit status that it calls for. */
static source *open_source(const options *o, int *status, GError **error)
{
    *status = EXIT_FAILED;
    source *s;
    if (o->read_file) {
        s = source_open_file(o->read_file, error);
    } else {
        source_live_options live = {.interface = o->interface ? o->interface : "any",
                                    .snaplen = o->snaplen,
                                    .buffer_kib = o->buffer_kib,
                                    .no_promiscuous = o->no_promiscuous};
        s = source_open_live(&live, error);
    }
    if (s && o->bpf && !source_set_filter(s, o->bpf, error)) {
        source_close(s);
        *status = EXIT_USAGE;
        return NULL;
    }
    if (s && !o->read_file && !privileges_drop(o->user, error)) {
        source_close(s);
        return NULL;
    }
    return s;
}

static void take_packet(fragments *pieces, tcp *streams, const packet *p, packet_totals *totals)
{
    segment s;
    decap_result result = decap(p, pieces, &s);
    totals->packets++;
    totals->by_result[result]++;
    if (result == DECAP_LINK)
        totals->unknown_link = p->link;
    if (result != DECAP_TCP)
        return;
    do
        tcp_segment(streams, &s, p->number, p->time_ns);
    while (decap_rest(pieces, &s));
}

/* Packet by packet, until the source, the user or the reader of our output has had enough. */
static source_status run(const options *o, source *packets, fragments *pieces, tcp *streams,
                         sink *out, packet_totals *totals)
{
    while (!interrupted && !out->failed && (!o->count || totals->packets < o->count)) {
        packet p;
        source_status status = source_next(packets, &p);
        if (status == SOURCE_PACKET)
            take_packet(pieces, streams, &p, totals);
        else if (status == SOURCE_WAIT)
            sink_flush(out); /* nothing comes: show what there is */
        else
            return interrupted ? SOURCE_END : status;
    }
    return SOURCE_END;
}

/* ", 1 message", ", 2 messages"; nothing for 0. */
static void print_count(uint64_t count, const char *one, const char *many)
{
    if (count)
        fprintf(stderr, ", %" G_GUINT64_FORMAT " %s", count, count == 1 ? one : many);
}

static void summarise(const packet_totals *packets, const session_totals *t, int64_t drops)
{
    fprintf(stderr, "wsdump: %" G_GUINT64_FORMAT " packet%s", packets->packets,
            packets->packets == 1 ? "" : "s");
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
    print_count(packets->fragments.lacking + packets->fragments.waiting,
                "IP packet with fragments missing", "IP packets with fragments missing");
    print_count(packets->fragments.evicted, "fragmented IP packet dropped for want of memory",
                "fragmented IP packets dropped for want of memory");
    print_count(packets->by_result[DECAP_CUT], "packet with broken or cut headers",
                "packets with broken or cut headers");
    if (packets->by_result[DECAP_LINK]) {
        print_count(packets->by_result[DECAP_LINK], "packet of an unknown link layer",
                    "packets of an unknown link layer");
        fprintf(stderr, " (LINKTYPE %u)", packets->unknown_link);
    }
    if (drops >= 0)
        fprintf(stderr, ", %" G_GINT64_FORMAT " dropped by the kernel", drops);
    fputc('\n', stderr);
}

/* What the network or the limits did to the streams, a line each. */
static void summarise_streams(const session_totals *t, const tcp_totals *streams)
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

/* The stage behind the session: the display filter, if there is one. */
static session *new_session(const options *o, filter *display, sink *out)
{
    session_options settings = {.max_data = o->max_data, .memory = o->memory_mib << 20};
    if (!display)
        return session_new(&settings, sink_write, out);
    if (filter_needs_payload(display))
        settings.max_data = 0;
    filter_connect(display, sink_write, out);
    return session_new(&settings, filter_take, display);
}

/* Everything between an open source and its end. Returns the exit status. */
static int decode(const options *o, source *packets, filter *display)
{
    sink out = {.out = stdout,
                .line = g_string_sized_new(4096),
                .format = o->json ? sink_json : sink_text,
                .max_data = o->max_data,
                .hex = o->hex,
                .line_buffered = o->line_buffered || isatty(STDOUT_FILENO)};
    memcpy(out.show, o->show, sizeof out.show);
    session *sessions = new_session(o, display, &out);
    tcp_limits limits = {.memory = session_budget(sessions)};
    tcp *streams = tcp_new(&limits, session_tcp_event, sessions);
    fragments *pieces = fragments_new(NULL);
    packet_totals totals = {0};

    source_status status = run(o, packets, pieces, streams, &out, &totals);
    tcp_finish(streams);
    int result = EXIT_GOOD;
    if (!sink_flush(&out) && out.failed != EPIPE) {
        fprintf(stderr, "wsdump: cannot write the output: %s\n", g_strerror(out.failed));
        result = EXIT_FAILED;
    }
    if (status == SOURCE_DAMAGED) {
        fprintf(stderr, "wsdump: %s\n", source_error(packets));
        result = EXIT_FAILED;
    }
    totals.fragments = fragments_get_totals(pieces);
    if (display && filter_given_up(display))
        fprintf(stderr,
                "wsdump: -Y: %" G_GUINT64_FORMAT " searches by a regular expression took too many "
                "steps and count as no match\n",
                filter_given_up(display));
    if (!o->quiet) {
        summarise(&totals, session_get_totals(sessions), source_drops(packets));
        summarise_streams(session_get_totals(sessions), tcp_get_totals(streams));
    }
    fragments_free(pieces);
    tcp_free(streams);
    session_free(sessions);
    g_string_free(out.line, TRUE);
    return result;
}

static void list_fields(void)
{
    g_autoptr(GString) list = g_string_new(NULL);
    filter_fields_describe(list);
    fputs(list->str, stdout);
}

static int open_and_decode(const options *o, GError **error)
{
    filter *display = o->display ? filter_new(o->display, error) : NULL;
    if (o->display && !display)
        return complain(*error, EXIT_USAGE);
    int status;
    source *packets = open_source(o, &status, error);
    status = packets ? decode(o, packets, display) : complain(*error, status);
    if (packets)
        source_close(packets);
    if (display)
        filter_free(display);
    return status;
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    options o;
    g_autoptr(GError) error = NULL;
    (void)argc;
    if (!options_parse(&o, argv, &error)) {
        complain(error, EXIT_USAGE);
        fputs("wsdump --help lists the options\n", stderr);
        options_clear(&o);
        return EXIT_USAGE;
    }
    watch_signals();
    int status = EXIT_GOOD;
    if (o.version) {
        puts("wsdump " WSKIT_VERSION);
    } else if (o.list_interfaces) {
        if (!source_list_interfaces(stdout, &error))
            status = complain(error, EXIT_FAILED);
    } else if (g_strcmp0(o.display, "help") == 0) {
        list_fields();
    } else {
        status = open_and_decode(&o, &error);
    }
    options_clear(&o);
    return status;
}
