/*
 * hub_load --port PORT [OPTION...]: what a chat server does with one room of a thousand.
 *
 * It opens subscribers and one publisher, warms up, measures for a while, and waits until all that
 * was sent has come to everybody: nothing lost, nothing twice, all in order. Then it prints one
 * line of JSON; or one line that says what went wrong, with status 1; or, where this machine does
 * not let a process have so many connections, what forbids it, with status 77.
 *
 *   --mode closed   the publisher keeps --window messages on their way: a message is on its way
 * until the slowest subscriber has it. How many deliveries are there in a second?
 *   --mode open     it sends --rate messages a second, whatever comes of them. How late are they,
 *                   counted from when they were to be sent?
 *   --mode idle     nothing is said, and each connection answers a ping; at the end one message
 * goes to everybody.
 *
 * A delivery is one message to one subscriber; the publisher's own copy is checked, but not
 * counted.
 */
#include "histogram.h"
#include "hub_member.h"
#include "process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SKIP = 77,
    SECOND = 1000000000,
    ON_THE_WAY = 4096,     /* messages at most, a power of two */
    STOPPED_RCVBUF = 2048, /* bytes that a stopped one takes in before it is full */
    FILL = 3 << 20,        /* bytes that are more than the sockets' buffers take */
    FILL_MESSAGE = 2000,
};

static struct {
    int port, pid, subscribers, stopped, window, rate, bytes;
    double seconds, warm;
    gboolean thread_each, spin;
    char *mode, *dialect;
} options = {.subscribers = 1000,
             .window = 16,
             .rate = 100,
             .bytes = 128,
             .seconds = 5,
             .warm = 0.7,
             .mode = "closed",
             .dialect = "hub"};

static const GOptionEntry entries[] = {
    {"port", 0, 0, G_OPTION_ARG_INT, &options.port, "of the server on 127.0.0.1", "N"},
    {"pid", 0, 0, G_OPTION_ARG_INT, &options.pid, "of the server, to tell what it uses", "N"},
    {"dialect", 0, 0, G_OPTION_ARG_STRING, &options.dialect,
     "hub: join and say in JSON; plain: what one says goes to all", "NAME"},
    {"mode", 0, 0, G_OPTION_ARG_STRING, &options.mode, "closed, open or idle", "NAME"},
    {"subscribers", 0, 0, G_OPTION_ARG_INT, &options.subscribers, "1000", "N"},
    {"stopped", 0, 0, G_OPTION_ARG_INT, &options.stopped,
     "so many more, which join and then read nothing", "N"},
    {"window", 0, 0, G_OPTION_ARG_INT, &options.window, "closed: messages on their way, 16", "N"},
    {"rate", 0, 0, G_OPTION_ARG_INT, &options.rate, "open: messages a second, 100", "N"},
    {"bytes", 0, 0, G_OPTION_ARG_INT, &options.bytes,
     "of payload that a subscriber gets, 128 (more if the server's format needs them)", "N"},
    {"warm", 0, 0, G_OPTION_ARG_DOUBLE, &options.warm, "before measuring, 0.7", "SECONDS"},
    {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &options.seconds, "of measuring, 5", "SECONDS"},
    {"spin", 0, 0, G_OPTION_ARG_NONE, &options.spin,
     "never sleep: for a client that has a processor for itself", NULL},
    {"thread-each", 0, 0, G_OPTION_ARG_NONE, &options.thread_each,
     "the server has a thread for each connection: look at the limits of threads, too", NULL},
    {0},
};

static struct {
    int epoll;
    member **members;             /* 0 the publisher, then the subscribers, then the stopped ones */
    GByteArray *out;              /* frames of the publisher that wait to be sent */
    int listening;                /* members that must get what is said: these from 0 on */
    uint32_t sent, done;          /* messages; done: all who listen have them */
    uint64_t sent_at[ON_THE_WAY]; /* when message n was to be sent, at n % ON_THE_WAY */
    int missing[ON_THE_WAY];      /* how many do not have it yet */
    size_t around;                /* bytes that the server puts around a text */
    size_t shortest, longest;     /* message that was measured */
    bool paced;                   /* time alone decides when something is said */
    uint64_t start, from, until;  /* measured is what was to be sent from, until */
    uint32_t before;              /* messages sent before the start */
    uint64_t deliveries, heard;   /* heard: when the last one was */
    uint64_t waited;              /* nanoseconds without anything to do */
    histogram latency;
} load;

/* What was used up to a moment. */
typedef struct usage {
    uint64_t at, deliveries, waited;
    double server;   /* seconds of CPU time */
    int descriptors; /* of the server */
} usage;

static usage use_now(void)
{
    return (usage){member_now(), load.deliveries, load.waited,
                   options.pid ? process_cpu(options.pid) : 0, process_descriptors(options.pid)};
}

static _Noreturn void die(int status, const char *format, ...) G_GNUC_PRINTF(2, 3);
static _Noreturn void die(int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    fprintf(stderr, "hub_load: %s\n", what);
    exit(status);
}

/* ---- What the members hear ------------------------------------------------------------------- */

static void hear(const member *m, const heard *h)
{
    const size_t slot = h->number % ON_THE_WAY;
    if (h->number >= load.sent)
        member_fail(m, "message %u comes, which was not sent", h->number);
    load.around = h->len - h->text_len;
    load.heard = h->at;
    if (--load.missing[slot] == 0)
        load.done = h->number + 1;
    if (m->number == 0)
        return;
    load.deliveries++;
    const uint64_t sent = load.sent_at[slot];
    if (sent >= load.from && sent < load.until) {
        histogram_add(&load.latency, h->at - sent);
        load.shortest = load.shortest ? MIN(load.shortest, h->len) : h->len;
        load.longest = MAX(load.longest, h->len);
    }
}

/* Who has something to read, after waiting for that, but not past `until`. A client that sleeps has
 * to be woken, and who sends to it pays for that, more than for all else if the client is quick. */
static int wait_for_some(struct epoll_event *ready, int most, uint64_t now, uint64_t until)
{
    const uint64_t wait = options.spin || until < now ? 0 : until - now;
    const struct timespec time = {.tv_sec = (time_t)(wait / SECOND),
                                  .tv_nsec = (long)(wait % SECOND)};
    int count;
    do
        count = epoll_pwait2(load.epoll, ready, most, &time, NULL);
    while (options.spin && count == 0 && member_now() < until);
    return count;
}

static void pump(uint64_t until)
{
    static struct epoll_event ready[1024];
    const uint64_t now = member_now();
    const int count = wait_for_some(ready, G_N_ELEMENTS(ready), now, until);
    load.waited += member_now() - now;
    for (int i = 0; i < count; i++)
        member_receive(ready[i].data.ptr, hear);
}

/* ---- Sending --------------------------------------------------------------------------------- */

/* Say something that is `bytes` long where it arrives, and was to be said at `intended`. */
static void say(size_t bytes, uint64_t intended)
{
    const size_t slot = load.sent % ON_THE_WAY;
    if (load.sent == load.done)
        load.heard = member_now(); /* nothing was on its way: nobody is late */
    load.sent_at[slot] = intended;
    load.missing[slot] = load.listening;
    member_say(load.members[0], load.out, load.sent++,
               bytes > load.around ? bytes - load.around : 0);
}

/* What was said goes out in one send. */
static void flush(void)
{
    member_send(load.members[0], load.out->data, load.out->len);
    g_byte_array_set_size(load.out, 0);
}

static _Noreturn void lost(void)
{
    for (int i = 0; i < load.listening; i++)
        if (load.members[i]->next == load.done)
            member_fail(load.members[i], "message %u has not come within %d s (%d lack it)",
                        load.done, MEMBER_WAIT_S, load.missing[load.done % ON_THE_WAY]);
    die(1, "message %u has not come", load.done);
}

static void give_up_when_silent(void)
{
    if (load.sent > load.done && member_now() > load.heard + MEMBER_WAIT_S * (uint64_t)SECOND)
        lost();
}

/* Until all has come that was said. */
static void drain(void)
{
    while (load.done < load.sent) {
        pump(member_now() + SECOND / 10);
        give_up_when_silent();
    }
}

/* ---- Opening --------------------------------------------------------------------------------- */

/* Descriptors that we may have: as many as the system lets us. */
static void raise_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

static void check_limits(int connections)
{
    const long spare = 64; /* what a program has open beside its connections */
    char *why = process_lacks(getpid(), connections + spare, 0);
    if (!why && options.pid)
        why = process_lacks(options.pid, connections + spare,
                            options.thread_each ? connections + spare : 0);
    if (why)
        die(SKIP, "%d connections are more than this machine allows: %s", connections, why);
}

static const dialect *find_dialect(void)
{
    for (const dialect *d = dialects; d->name; d++)
        if (strcmp(d->name, options.dialect) == 0)
            return d;
    die(2, "no such dialect: %s", options.dialect);
}

static void watch(member *m, int operation)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = m};
    if (epoll_ctl(load.epoll, operation, m->fd, &event) != 0)
        member_fail(m, "epoll: %s", g_strerror(errno));
}

static void open_member(unsigned number, const dialect *d, int rcvbuf)
{
    const uint64_t until = member_now() + MEMBER_WAIT_S * (uint64_t)SECOND;
    member *m = member_open(number, (uint16_t)options.port, d, rcvbuf);
    load.members[number] = m;
    m->next = load.sent;
    watch(m, EPOLL_CTL_ADD);
    while (!m->joined && member_now() < until)
        pump(until);
    if (!m->joined)
        member_fail(m, "no answer to joining within %d s", MEMBER_WAIT_S);
}

/* The stopped ones get different amounts of long messages in advance, so that the buffers of the
 * sockets, whatever they hold, become full for one after the other while we measure. */
static void open_stopped(const dialect *d)
{
    for (int i = 1; i <= options.stopped; i++) {
        const unsigned number = (unsigned)(options.subscribers + i);
        open_member(number, d, STOPPED_RCVBUF);
        watch(load.members[number], EPOLL_CTL_DEL); /* reads no more from now on */
        for (int filled = 0; filled < FILL / options.stopped; filled += FILL_MESSAGE) {
            say(FILL_MESSAGE, member_now());
            flush();
            drain();
        }
    }
}

static void open_all(void)
{
    const dialect *d = find_dialect();
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    load.members = g_new(member *, (gsize)options.subscribers + (gsize)options.stopped + 1);
    load.listening = 1;
    open_member(0, d, 0);
    say(1, member_now()); /* to learn how much the server puts around a text */
    flush();
    drain();
    open_stopped(d);
    for (int i = 1; i <= options.subscribers; i++)
        open_member((unsigned)i, d, 0);
    load.listening = options.subscribers + 1;
}

/* ---- Measuring ------------------------------------------------------------------------------- */

/* May the next message be sent now? When it was to be sent is `*intended`. */
static bool is_due(uint64_t now, uint64_t *intended)
{
    *intended = now;
    if (load.paced) {
        const uint64_t number = load.sent - load.before; /* from the start on */
        *intended = load.start + number * SECOND / (uint64_t)options.rate;
        if (load.sent - load.done == ON_THE_WAY)
            die(1, "the server is %d messages behind", ON_THE_WAY);
        return *intended <= now;
    }
    return load.sent - load.done < (uint32_t)options.window;
}

/* Say all that is due. Returns when the next is, where time alone decides that. */
static uint64_t say_what_is_due(uint64_t until)
{
    uint64_t now = member_now(), intended;
    while (is_due(now, &intended) && intended < load.until)
        say((size_t)options.bytes, intended);
    flush();
    return intended > now ? MIN(intended, until) : until;
}

static void talk(uint64_t until)
{
    while (member_now() < until) {
        pump(say_what_is_due(until));
        give_up_when_silent();
    }
}

/* Each connection is pinged once, one after the other, until the time is over. */
static void keep_quiet(uint64_t until)
{
    const uint64_t start = member_now();
    const int count = options.subscribers + 1;
    for (int i = 0; i < count; i++) {
        member_ping(load.members[i]);
        const uint64_t next = start + (until - start) / (uint64_t)count * ((uint64_t)i + 1);
        while (member_now() < next)
            pump(next);
    }
}

static void finish_idle(void)
{
    say((size_t)options.bytes, member_now());
    flush();
    drain();
    for (int i = 0; i < load.listening; i++)
        if (load.members[i]->pongs == 0)
            member_fail(load.members[i], "no answer to a ping");
}

/* ---- The report ------------------------------------------------------------------------------ */

static double ms(double share)
{
    return (double)histogram_at(&load.latency, share) / 1e6;
}

static void report(const usage *a, const usage *b, long before, long open, long threads)
{
    const double seconds = (double)(b->at - a->at) / SECOND;
    const double deliveries = (double)(b->deliveries - a->deliveries);
    const double connections = options.subscribers + options.stopped + 1;
    printf("{\"mode\": \"%s\", \"subscribers\": %d, \"stopped\": %d, \"seconds\": %.3f, "
           "\"messages\": %u, \"bytes\": [%zu, %zu], \"deliveries\": %.0f, ",
           options.mode, options.subscribers, options.stopped, seconds, load.sent, load.shortest,
           load.longest, deliveries);
    printf("\"deliveries_per_s\": %.0f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f, ",
           deliveries / seconds, ms(0.5), ms(0.99), ms(1));
    printf("\"server_cpu\": %.3f, \"server_cpu_per_million\": %.4f, \"client_busy\": %.3f, ",
           (b->server - a->server) / seconds,
           deliveries > 0 ? 1e6 * (b->server - a->server) / deliveries : 0,
           1 - (double)(b->waited - a->waited) / SECOND / seconds);
    printf("\"rss_kib_per_connection\": %.2f, \"rss_kib_at_end\": %ld, \"threads\": %ld, "
           "\"dropped\": %d}\n",
           (double)(open - before) / connections, process_status(options.pid, "VmRSS"), threads,
           a->descriptors - b->descriptors);
}

static void read_options(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new("- load a chat server");
    g_autoptr(GError) error = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error))
        die(2, "%s", error->message);
    if (argc > 1)
        die(2, "what is %s? See --help", argv[1]);
    if (options.port <= 0 || options.port > 65535 || options.subscribers < 1 ||
        options.stopped < 0 || options.window < 1 || options.window >= ON_THE_WAY ||
        options.rate < 1 || options.seconds <= 0 || options.warm < 0)
        die(2, "a number is missing or out of its range: see --help");
    if (!g_strv_contains((const char *const[]){"closed", "open", "idle", NULL}, options.mode))
        die(2, "no such mode: %s", options.mode);
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    const int connections = options.subscribers + options.stopped + 1;
    const bool idle = strcmp(options.mode, "idle") == 0;
    load.out = g_byte_array_new();
    load.paced = strcmp(options.mode, "open") == 0;
    raise_limit();
    check_limits(connections);
    const long before = process_status(options.pid, "VmRSS");
    open_all();
    const long open = process_status(options.pid, "VmRSS");
    const long threads = process_status(options.pid, "Threads");

    load.start = member_now(), load.before = load.sent;
    load.from = load.start + (uint64_t)(options.warm * SECOND);
    load.until = load.from + (uint64_t)(options.seconds * SECOND);
    void (*pass)(uint64_t) = idle ? keep_quiet : talk;
    if (!idle)
        talk(load.from);
    usage a = use_now();
    pass(load.until);
    usage b = use_now();
    drain();
    if (idle)
        finish_idle();
    report(&a, &b, before, open, threads);
    return 0;
}
