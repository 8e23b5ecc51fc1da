/*
 * A live interface through libpcap. Not in immediate mode: that makes libpcap use ring slots as
 * large as the snaplen, so the kernel's buffer holds a few dozen packets and bursts are lost.
 */

#include "source_kind.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/if_packet.h>
#endif

enum {
    TIMEOUT_MS = 100, /* how long the kernel may hold packets back to hand over many at once */
    DEFAULT_SNAPLEN = 262144,
    DEFAULT_BUFFER_KIB = 32 * 1024,
};

/* After so long it surely holds none back any longer. */
static const gint64 held_back_us = 2 * (gint64)TIMEOUT_MS * 1000;

static const int64_t ask_interval_ns = 60 * (int64_t)1000000000; /* between counts of drops */

typedef struct source_live {
    source base;
    pcap_t *pcap;
    int64_t time_unit;   /* nanoseconds in one of the kernel's fractions of a second */
    uint32_t drops_seen; /* the kernel's count wraps */
    int64_t drops;
    int64_t asked_at; /* for them: the time of a packet */
    gboolean told;    /* that there is nothing more for now, since the last packet, */
    gint64 told_at;   /* by g_get_monotonic_time, */
    int64_t last_ns;  /* which was of that time */
    struct {
        int64_t time_ns;  /* what came later is not wanted any more; 0 = all is */
        gint64 patience;  /* until then, by g_get_monotonic_time */
        int empty_rounds; /* in which nothing more had come */
    } stop;
} source_live;

/* --- packets --- */

/* Sleep until there may be a packet, for at most the timeout. */
static void wait_for_packet(pcap_t *pcap)
{
    struct pollfd wanted = {.fd = pcap_get_selectable_fd(pcap), .events = POLLIN};
    int milliseconds = TIMEOUT_MS;
    const struct timeval *required = pcap_get_required_select_timeout(pcap);
    if (required && required->tv_sec == 0)
        milliseconds = MIN(milliseconds, (int)(required->tv_usec / 1000) + 1);
    poll(&wanted, wanted.fd < 0 ? 0 : 1, milliseconds);
}

/* The kernel's count wraps at 2^32, so ask for it now and then. */
static int64_t drops(source *s)
{
    source_live *live = (source_live *)s;
    struct pcap_stat stat;
    if (pcap_stats(live->pcap, &stat) == 0) {
        live->drops += (uint32_t)(stat.ps_drop - live->drops_seen);
        live->drops_seen = stat.ps_drop;
    }
    return live->drops;
}

static source_status stopped(source_live *live, int result)
{
    const char *why = result == PCAP_ERROR ? pcap_geterr(live->pcap) : pcap_statustostr(result);
    return source_damaged(&live->base, "the capture stopped: %s", why);
}

/* Nothing more for now. The clock of the packets goes on; how it runs only they tell, so it goes on
 * from the last of them, by as much as has passed in which none can still be on its way. */
static source_status nothing(source_live *live, packet *p)
{
    gint64 passed = g_get_monotonic_time() - live->told_at - held_back_us;
    p->time_ns = live->last_ns + MAX(passed, 0) * 1000;
    return SOURCE_WAIT;
}

/* A packet, SOURCE_WAIT or worse. */
static source_status read_packet(source *s, packet *p)
{
    source_live *live = (source_live *)s;
    struct pcap_pkthdr *header;
    int result = pcap_next_ex(live->pcap, &header, &p->data);
    if (result == 0 && !live->told) { /* before waiting, so that what there is can be shown */
        live->told = TRUE;
        live->told_at = g_get_monotonic_time();
        return nothing(live, p);
    }
    if (result == 0) {
        wait_for_packet(live->pcap);
        result = pcap_next_ex(live->pcap, &header, &p->data);
    }
    if (result == 0)
        return nothing(live, p);
    if (result != 1)
        return stopped(live, result);
    live->told = FALSE;
    p->time_ns =
        (int64_t)header->ts.tv_sec * 1000000000 + (int64_t)header->ts.tv_usec * live->time_unit;
    live->last_ns = p->time_ns;
    p->link = (uint32_t)s->link;
    p->captured = header->caplen;
    p->original = MAX(header->len, header->caplen);
    if (ABS(p->time_ns - live->asked_at) > ask_interval_ns) {
        live->asked_at = p->time_ns;
        drops(s);
    }
    return SOURCE_PACKET;
}

static void stop(source *s)
{
    source_live *live = (source_live *)s;
    live->stop.time_ns = g_get_real_time() * 1000;
    live->stop.patience = g_get_monotonic_time() + G_USEC_PER_SEC;
}

/* The kernel hands over what it has at last after TIMEOUT_MS: so two rounds are waited for. */
static source_status next(source *s, packet *p)
{
    source_live *live = (source_live *)s;
    source_status status = read_packet(s, p);
    if (live->stop.time_ns == 0 || status == SOURCE_DAMAGED)
        return status;
    live->stop.empty_rounds += status == SOURCE_WAIT;
    bool over =
        status == SOURCE_PACKET ? p->time_ns > live->stop.time_ns : live->stop.empty_rounds > 2;
    return over || g_get_monotonic_time() > live->stop.patience ? SOURCE_END : status;
}

static gboolean set_filter(source *s, const char *expression, GError **error)
{
    source_live *live = (source_live *)s;
    struct bpf_program program;
    if (pcap_compile(live->pcap, &program, expression, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        source_filter_error(error, expression, pcap_geterr(live->pcap));
        return FALSE;
    }
    int result = pcap_setfilter(live->pcap, &program);
    pcap_freecode(&program);
    if (result != 0)
        source_filter_error(error, expression, pcap_geterr(live->pcap));
    return result == 0;
}

static void close_live(source *s)
{
    source_live *live = (source_live *)s;
    pcap_close(live->pcap);
    g_free(live);
}

static const source_kind live_kind = {
    .next = next, .set_filter = set_filter, .drops = drops, .stop = stop, .close = close_live};

/* --- opening --- */

/* For the remedy: the program as setcap has to be told it. */
static char *this_program(void)
{
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path);
    return len > 0 ? g_strndup(path, (gsize)len) : g_strdup("wsdump");
}

static void permission_error(GError **error, const char *interface)
{
    char *program = this_program();
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_PERM,
                "no permission to capture on %s; run wsdump with sudo, or allow it once and for "
                "all with: sudo setcap cap_net_raw+ep %s",
                interface, program);
    g_free(program);
}

static void activation_error(GError **error, const char *interface, int result, pcap_t *pcap)
{
    switch (result) {
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED: permission_error(error, interface); return;
    case PCAP_ERROR_NO_SUCH_DEVICE:
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NODEV,
                    "there is no interface %s; wsdump -D lists those there are", interface);
        return;
    case PCAP_ERROR_IFACE_NOT_UP:
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    "the interface %s is down; bring it up with: sudo ip link set %s up", interface,
                    interface);
        return;
    }
    const char *detail = pcap_geterr(pcap);
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "cannot capture on %s: %s%s%s", interface,
                pcap_statustostr(result), *detail ? ": " : "", detail);
}

static void configure(pcap_t *pcap, const source_live_options *options)
{
    int kib = options->buffer_kib > 0 ? options->buffer_kib : DEFAULT_BUFFER_KIB;
    pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO); /* where the system has it */
    pcap_set_snaplen(pcap, options->snaplen > 0 ? options->snaplen : DEFAULT_SNAPLEN);
    pcap_set_promisc(pcap, !options->no_promiscuous);
    pcap_set_timeout(pcap, TIMEOUT_MS);
    pcap_set_buffer_size(pcap, MIN(kib, G_MAXINT / 1024) * 1024);
}

static pcap_t *activate(const source_live_options *options, int *warning, GError **error)
{
    const char *interface = options->interface;
    char why[PCAP_ERRBUF_SIZE] = "";
    pcap_t *pcap = pcap_create(interface, why);
    if (!pcap) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "cannot capture on %s: %s", interface,
                    why);
        return NULL;
    }
    configure(pcap, options);
    int result = pcap_activate(pcap);
    if (result < 0) {
        activation_error(error, interface, result, pcap);
    } else if (pcap_setnonblock(pcap, 1, why) != 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "cannot capture on %s: %s", interface,
                    why);
        result = PCAP_ERROR;
    }
    if (result < 0) {
        pcap_close(pcap);
        return NULL;
    }
    *warning = result;
    return pcap;
}

/* A positive result of pcap_activate: it works, but not as asked. */
static void warn(const source *s, pcap_t *pcap, int result)
{
    const char *detail = pcap_geterr(pcap);
    source_warn(s, "%s", *detail ? detail : pcap_statustostr(result));
}

/*
 * On the loopback interface every packet passes twice, out and in. libpcap drops one of the two;
 * where the kernel can, it should, for else only half of its buffer is of use.
 */
static void leave_out_doubles(pcap_t *pcap, const char *interface)
{
#ifdef PACKET_IGNORE_OUTGOING
    const int yes = 1;
    if (strcmp(interface, "lo") == 0)
        setsockopt(pcap_fileno(pcap), SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes);
#else
    (void)pcap, (void)interface;
#endif
}

source *source_open_live(const source_live_options *options, GError **error)
{
    int warning = 0;
    pcap_t *pcap = activate(options, &warning, error);
    if (!pcap)
        return NULL;
    /* Cooked v2 tells on which interface a packet came, v1 does not; elsewhere it is refused. */
    if (strcmp(options->interface, "any") == 0)
        pcap_set_datalink(pcap, DLT_LINUX_SLL2);

    leave_out_doubles(pcap, options->interface);

    source_live *live = g_new0(source_live, 1);
    source_init(&live->base, &live_kind, options->interface,
                linktype_from_dlt(pcap_datalink(pcap)));
    live->pcap = pcap;
    if (warning > 0)
        warn(&live->base, pcap, warning);
    live->time_unit = pcap_get_tstamp_precision(pcap) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000;
    return &live->base;
}
