/*
 * wsdump: decodes WebSocket traffic from a capture or an interface. This file only joins the
 * stages:
 *
 *     source -> decap -> tcp -> session -> filter -> sink
 *
 * and, with -w, save between tcp and session, and pcapng_write behind it.
 */
#include "decap.h"
#include "filter.h"
#include "filter_fields.h"
#include "fragments.h"
#include "input.h"
#include "options.h"
#include "output.h"
#include "pcapng_write.h"
#include "privileges.h"
#include "sandbox.h"
#include "save.h"
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
} packet_totals;

/* What packets go through and where they end. */
typedef struct pipeline {
    source *packets;
    fragments *pieces;
    tcp *streams;
    session *sessions;
    sink *out;
    pcapng_writer *writer; /* of -w, and what hands it its packets; NULL = none */
    save *save;
    packet_totals totals;
} pipeline;

static volatile sig_atomic_t interrupted;
static volatile sig_atomic_t counts_wanted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
    input_interrupt();
}

static void on_info_signal(int number)
{
    (void)number;
    counts_wanted = 1;
}

static void watch_signals(void)
{
    /* With SA_RESTART, so that what is being written gets out; waiting for a packet ends all the
     * same, since that is poll(). A second signal kills. */
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    struct sigaction info = {.sa_handler = on_info_signal, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &info, NULL);
    signal(SIGPIPE, SIG_IGN); /* writing then fails with EPIPE */
}

static int complain(const GError *error, int status)
{
    fprintf(stderr, "wsdump: %s\n", error->message);
    return status;
}

/* NULL on failure, with the exit status that it calls for. *written is the file of -w, or NULL. */
static source *open_source(const options *o, FILE **written, int *status, GError **error)
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
    *written = s && o->write_file ? output_open(o->write_file, o->read_file, error) : NULL;
    if (s && (!o->write_file || *written) && (o->read_file || privileges_drop(o->user, error)))
        return s;
    if (*written)
        fclose(*written);
    source_close(s);
    return NULL;
}

static void take_packet(pipeline *l, const packet *p)
{
    segment s;
    decap_result result = decap(p, l->pieces, &s);
    l->totals.packets++;
    l->totals.by_result[result]++;
    if (result == DECAP_LINK)
        l->totals.unknown_link = p->link;
    if (result == DECAP_FRAGMENT && l->save)
        save_fragment(l->save, p);
    if (result != DECAP_TCP)
        return;
    tcp_connection *connection;
    do
        connection = tcp_segment(l->streams, &s, p->number, p->time_ns);
    while (decap_rest(l->pieces, &s));
    if (!l->save)
        return;
    size_t count;
    const uint64_t *sources = fragments_sources(l->pieces, &count);
    save_claim(l->save, sources, count, connection);
    save_packet(l->save, p, connection);
}

/* ", 1 message", ", 2 messages"; nothing for 0. */
static void print_count(uint64_t count, const char *one, const char *many)
{
    if (count)
        fprintf(stderr, ", %" G_GUINT64_FORMAT " %s", count, count == 1 ? one : many);
}

static void summarise_totals(const pipeline *l)
{
    const packet_totals *packets = &l->totals;
    const fragments_totals pieces = fragments_get_totals(l->pieces);
    const session_totals *t = session_get_totals(l->sessions);
    int64_t drops = source_drops(l->packets);
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
    print_count(pieces.lacking + pieces.waiting, "IP packet with fragments missing",
                "IP packets with fragments missing");
    print_count(pieces.evicted, "fragmented IP packet dropped for want of memory",
                "fragmented IP packets dropped for want of memory");
    print_count(packets->by_result[DECAP_CUT], "packet with broken or cut headers",
                "packets with broken or cut headers");
    if (packets->by_result[DECAP_LINK]) {
        print_count(packets->by_result[DECAP_LINK], "packet of an unknown link layer",
                    "packets of an unknown link layer");
        fprintf(stderr, " (LINKTYPE %u)", packets->unknown_link);
    }
    if (l->save) {
        const save_totals *saved = save_get_totals(l->save);
        fprintf(stderr, ", %" G_GUINT64_FORMAT " written", saved->packets);
        print_count(saved->dropped, "packet dropped before it was known to belong to a WebSocket",
                    "packets dropped before they were known to belong to WebSockets");
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

static void summarise(const pipeline *l)
{
    summarise_totals(l);
    summarise_streams(session_get_totals(l->sessions), tcp_get_totals(l->streams));
}

/* Has a place for output failed? */
static bool stuck(const pipeline *l)
{
    return l->out->failed || (l->writer && pcapng_writer_failed(l->writer));
}

static void flush(pipeline *l)
{
    sink_flush(l->out);
    if (l->writer)
        pcapng_writer_flush(l->writer);
}

/* Packet by packet, until the source, the user or the reader of our output has had enough. */
static source_status run(pipeline *l, uint64_t count)
{
    while (!interrupted && !stuck(l) && (!count || l->totals.packets < count)) {
        packet p;
        source_status status = source_next(l->packets, &p);
        if (status == SOURCE_PACKET)
            take_packet(l, &p);
        else if (status == SOURCE_WAIT)
            flush(l); /* nothing comes: show what there is */
        else
            return interrupted ? SOURCE_END : status;
        if (counts_wanted) {
            counts_wanted = 0;
            summarise(l);
        }
    }
    return SOURCE_END;
}

/* Says why writing to `name` failed, unless whoever reads it has merely stopped. */
static int judge_output(const char *name, int failed)
{
    if (failed == 0 || failed == EPIPE)
        return EXIT_GOOD;
    fprintf(stderr, "wsdump: cannot write %s: %s\n", name, g_strerror(failed));
    return EXIT_FAILED;
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

static void begin_saving(pipeline *l, const options *o, const tcp_limits *tcp_bounds, FILE *written)
{
    save_limits limits = {.max_held = (size_t)(o->memory_mib << 20) / 4};
    l->writer = pcapng_writer_new(written);
    l->save = save_new(l->writer, &limits, session_tcp_event, l->sessions);
    l->streams = tcp_new(tcp_bounds, save_tcp_event, l->save);
    pcapng_writer_flush(l->writer);
}

static int end_saving(pipeline *l, const options *o)
{
    if (!l->writer)
        return EXIT_GOOD;
    pcapng_writer_finish(l->writer);
    return judge_output(o->write_file, pcapng_writer_failed(l->writer));
}

/* Everything between an open source and its end. Returns the exit status. */
static int decode(const options *o, source *packets, filter *display, FILE *written)
{
    sink out = {.out = stdout,
                .line = g_string_sized_new(4096),
                .format = o->json ? sink_json : sink_text,
                .max_data = o->max_data,
                .hex = o->hex,
                .line_buffered = o->line_buffered || isatty(STDOUT_FILENO)};
    memcpy(out.show, o->show, sizeof out.show);
    session *sessions = new_session(o, display, &out);
    pipeline l = {
        .packets = packets, .pieces = fragments_new(NULL), .sessions = sessions, .out = &out};
    tcp_limits limits = {.memory = session_budget(sessions)};
    if (written)
        begin_saving(&l, o, &limits, written);
    else
        l.streams = tcp_new(&limits, session_tcp_event, sessions);

    source_status status = run(&l, o->count);
    tcp_finish(l.streams);
    sink_flush(&out);
    int result = judge_output("the output", out.failed);
    if (end_saving(&l, o) != EXIT_GOOD)
        result = EXIT_FAILED;
    if (status == SOURCE_DAMAGED) {
        fprintf(stderr, "wsdump: %s\n", source_error(packets));
        result = EXIT_FAILED;
    }
    if (display && filter_given_up(display))
        fprintf(stderr,
                "wsdump: -Y: %" G_GUINT64_FORMAT " searches by a regular expression took too many "
                "steps and count as no match\n",
                filter_given_up(display));
    if (!o->quiet)
        summarise(&l);
    fragments_free(l.pieces);
    tcp_free(l.streams);
    save_free(l.save);
    pcapng_writer_free(l.writer);
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

/* Open everything, give up what is not needed any longer, decode. Returns the exit status. */
static int capture(const options *o)
{
    g_autoptr(GError) error = NULL;
    filter *display = o->display ? filter_new(o->display, &error) : NULL;
    if (o->display && !display)
        return complain(error, EXIT_USAGE);
    int status;
    FILE *written;
    source *packets = open_source(o, &written, &status, &error);
    if (packets) {
        if (!sandbox_enter(&error))
            complain(error, status); /* less safe, but no reason to show nothing */
        status = decode(o, packets, display, written);
        source_close(packets);
        if (written)
            fclose(written);
    } else {
        complain(error, status);
    }
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
        printf("wsdump %s%s\n", WSKIT_VERSION,
               sandbox_built() ? "" : ", built without the system-call filter");
    } else if (o.list_interfaces) {
        if (!source_list_interfaces(stdout, &error))
            status = complain(error, EXIT_FAILED);
    } else if (g_strcmp0(o.display, "help") == 0) {
        list_fields();
    } else {
        status = capture(&o);
    }
    options_clear(&o);
    return status;
}
