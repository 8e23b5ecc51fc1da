/*
 * wsdump: decodes WebSocket traffic from a capture or an interface. This file only joins the
 * stages, in one thread for text and JSON, by an engine for the screens:
 *
 *     source -> decap -> tcp -> session -> filter -> sink
 *
 * and, with -w, save between tcp and session, and pcapng_write behind it.
 */
#include "engine.h"
#include "filter.h"
#include "filter_fields.h"
#include "input.h"
#include "interface/interface.h"
#include "opener.h"
#include "options.h"
#include "output.h"
#include "pipeline.h"
#include "privileges.h"
#include "sandbox.h"
#include "sink.h"
#include "source.h"
#include "summary.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_GOOD = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* What text and JSON go through and where they end. */
typedef struct printing {
    source *packets;
    pipeline *stages;
    sink *out;
} printing;

static volatile sig_atomic_t interrupted;
static volatile sig_atomic_t counts_wanted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
    input_interrupt();
    interface_leave();
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

static void summarise(const printing *l)
{
    pipeline_totals totals = pipeline_get_totals(l->stages);
    summary_print(&totals, source_drops(l->packets));
}

/* Has a place for output failed? */
static bool stuck(const printing *l)
{
    return l->out->failed || pipeline_save_failed(l->stages);
}

static void flush(printing *l)
{
    sink_flush(l->out);
    pipeline_flush(l->stages);
}

/* Packet by packet, until the source, the user or the reader of our output has had enough. */
static source_status run(printing *l, uint64_t count)
{
    bool stopping = false;
    for (uint64_t taken = 0; !stuck(l) && (!count || taken < count);) {
        packet p;
        if (interrupted && !stopping)
            source_stop(l->packets);
        stopping |= interrupted;
        source_status status = source_next(l->packets, &p);
        if (status == SOURCE_PACKET) {
            pipeline_take(l->stages, &p);
            taken++;
        } else if (status == SOURCE_WAIT) {
            pipeline_pass(l->stages, p.time_ns);
            flush(l); /* nothing comes: show what there is */
        } else {
            return interrupted ? SOURCE_END : status;
        }
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

/* What packets go through: behind the session the display filter, if there is one. */
static pipeline *new_pipeline(const options *o, filter *display, FILE *written, sink *out)
{
    pipeline_options settings = {.max_data = o->max_data,
                                 .memory = o->memory_mib << 20,
                                 .no_frames = !o->show[RECORD_FRAME],
                                 .save_to = written};
    if (!display)
        return pipeline_new(&settings, sink_write, out);
    if (filter_needs_payload(display))
        settings.max_data = 0;
    filter_connect(display, sink_write, out);
    pipeline *l = pipeline_new(&settings, filter_take, display);
    filter_share_budget(display, pipeline_budget(l));
    return l;
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
    setvbuf(stdout, NULL, _IONBF, 0); /* a sink writes many lines at once */
    printing l = {packets, new_pipeline(o, display, written, &out), &out};
    source_status status = run(&l, o->count);
    pipeline_finish(l.stages);
    sink_flush(&out);
    int result = judge_output("the output", out.failed);
    if (judge_output(o->write_file, pipeline_save_failed(l.stages)) != EXIT_GOOD)
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
    pipeline_free(l.stages);
    g_string_free(out.line, TRUE);
    return result;
}

/* ---- Screens --------------------------------------------------------------------------------- */

/* Are there to be screens? FALSE when they were asked for where there can be none. *keys is where
 * their keys come from, NULL = stdin. */
static gboolean choose_screens(const options *o, bool *screens, FILE **keys, GError **error)
{
    bool out = isatty(STDOUT_FILENO), in = isatty(STDIN_FILENO);
    *screens = o->tui || o->goto_connection || (o->may_choose && out && in);
    *keys = *screens && !in ? fopen("/dev/tty", "r") : NULL;
    if (!*screens || (out && (in || *keys)))
        return TRUE;
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "%s needs a terminal: %s; use --text or --json here",
                o->goto_connection ? "--goto" : "--tui",
                out ? "there is none to read keys from" : "standard output is none");
    return FALSE;
}

/* After the user has left. Returns the exit status. */
static int end_engine(const options *o, engine *e, source *packets)
{
    engine_stop(e);
    store_capture state = store_get_capture(engine_store(e));
    if (state.phase == STORE_DAMAGED)
        fprintf(stderr, "wsdump: %s\n", state.error);
    if (state.ring_drops)
        fprintf(stderr,
                "wsdump: %" G_GUINT64_FORMAT " packets were dropped, since they came faster than "
                "they could be decoded\n",
                state.ring_drops);
    if (!o->quiet) {
        pipeline_totals totals = engine_get_totals(e);
        summary_print(&totals, source_drops(packets));
    }
    return state.phase == STORE_DAMAGED ? EXIT_FAILED : EXIT_GOOD;
}

/* Screens save files by these two. */

static int open_to_save(void *user, const char *path, bool overwrite)
{
    return opener_open(user, path, overwrite);
}

static int write_packets(void *user, const uint64_t *connections, size_t count, FILE *out,
                         interface_packets *said)
{
    packet_log_written written;
    int failed = packet_log_write(engine_packets(user), connections, count, out, &written);
    *said = (interface_packets){written.packets, written.lost, written.unknown};
    return failed;
}

/* Show the screens, which are open, until the user leaves. Returns the exit status. */
static int look_on(const options *o, source *packets, FILE *written, interface_options *shown)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) unsafe = NULL;
    engine_options settings = {.live = shown->live,
                               .count = o->count,
                               .max_data = o->tui_max_data,
                               .memory = o->memory_mib << 20,
                               .save_to = written};
    engine *e = engine_new(packets, &settings, &error);
    if (e) {
        sandbox_enter(true, &unsafe); /* for both threads too: behind it none can be started */
        shown->write_packets = write_packets;
        shown->packets_user = e;
        engine_start(e);
        interface_run(engine_store(e), shown);
    }
    interface_close();
    if (!e)
        return complain(error, EXIT_FAILED);
    if (unsafe)
        complain(unsafe, EXIT_GOOD);
    int status = end_engine(o, e, packets);
    engine_free(e);
    return status;
}

/* What is called "live eth0" or "echo.pcapng". */
static char *title_of(const options *o)
{
    if (!o->read_file)
        return g_strconcat("live ", o->interface ? o->interface : "any", NULL);
    return strcmp(o->read_file, "-") == 0 ? g_strdup(input_name("-"))
                                          : g_path_get_basename(o->read_file);
}

/* On screens, where there can be any and the user did not say otherwise; else as text or JSON. */
static int show(const options *o, source *packets, filter *display, FILE *written, bool screens,
                FILE *keys, opener *files)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *title = title_of(o);
    interface_options shown = {.title = title,
                               .filter = o->display,
                               .bpf = o->bpf,
                               .live = !o->read_file,
                               .saved = written,
                               .connection = o->goto_connection,
                               .frame = o->goto_frame,
                               .keys = keys,
                               .open_file = open_to_save,
                               .open_user = files};
    if (screens && interface_open(&shown, &error))
        return look_on(o, packets, written, &shown);
    if (error)
        complain(error, EXIT_FAILED);
    if (o->tui || o->goto_connection)
        return EXIT_FAILED;
    g_clear_error(&error);
    if (!sandbox_enter(false, &error))
        complain(error, EXIT_FAILED); /* less safe, but no reason to show nothing */
    return decode(o, packets, display, written);
}

static void list_fields(void)
{
    g_autoptr(GString) list = g_string_new(NULL);
    filter_fields_describe(list);
    fputs(list->str, stdout);
}

/* Before the capture is open, and any thread runs: it gets neither. */
static opener *start_opener(const options *o, int *status, GError **error)
{
    *status = EXIT_FAILED;
    opener_options settings = {interface_file_endings, {o->read_file, o->write_file}};
    return opener_start(&settings, error);
}

/* Open everything, give up what is not needed any longer, decode. Returns the exit status. */
static int capture(const options *o)
{
    g_autoptr(GError) error = NULL;
    filter *display = o->display ? filter_new(o->display, &error) : NULL;
    if (o->display && !display)
        return complain(error, EXIT_USAGE);
    bool screens;
    FILE *keys;
    int status = EXIT_USAGE;
    FILE *written;
    opener *files = NULL;
    source *packets = NULL;
    if (choose_screens(o, &screens, &keys, &error) &&
        (!screens || (files = start_opener(o, &status, &error))))
        packets = open_source(o, &written, &status, &error);
    if (packets) {
        status = show(o, packets, display, written, screens, keys, files);
        source_close(packets);
        if (written)
            fclose(written);
    } else {
        complain(error, status);
    }
    opener_stop(files);
    if (keys)
        fclose(keys);
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
