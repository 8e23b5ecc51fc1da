/*
 * What all sources share: recognising a file's format, numbering packets, filtering those of files
 * (an interface filters in the kernel) and the names of link types.
 */

#include "source.h"

#include "decap.h"
#include "input.h"
#include "source_kind.h"

#include <pcap/pcap.h>
#include <string.h>

/* --- link types --- */

/* Where LINKTYPE_* and DLT_* differ; everywhere else they are the same number. */
static const struct {
    uint32_t linktype;
    int dlt;
} renumbered[] = {
    {100, DLT_ATM_RFC1483}, {101, DLT_RAW},  {102, DLT_SLIP_BSDOS}, {103, DLT_PPP_BSDOS},
    {106, DLT_ATM_CLIP},    {108, DLT_LOOP}, {12, DLT_RAW},         {14, DLT_RAW},
};

uint32_t linktype_from_dlt(int dlt)
{
    for (size_t i = 0; i < G_N_ELEMENTS(renumbered); i++)
        if (renumbered[i].dlt == dlt)
            return renumbered[i].linktype;
    return (uint32_t)dlt;
}

int linktype_to_dlt(uint32_t linktype)
{
    for (size_t i = 0; i < G_N_ELEMENTS(renumbered); i++)
        if (renumbered[i].linktype == linktype)
            return renumbered[i].dlt;
    return (int)linktype;
}

/* --- what the kinds use --- */

void source_init(source *s, const source_kind *kind, const char *name, int64_t link)
{
    s->kind = kind;
    s->name = g_strdup(name);
    s->link = link;
}

source_status source_damaged(source *s, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *why = g_strdup_vprintf(format, values);
    va_end(values);
    g_free(s->error);
    s->error = g_strdup_printf("%s: %s", s->name, why);
    g_free(why);
    return SOURCE_DAMAGED;
}

void source_warn(const source *s, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *what = g_strdup_vprintf(format, values);
    va_end(values);
    fprintf(stderr, "wsdump: %s: %s\n", s->name, what);
    g_free(what);
}

void source_filter_error(GError **error, const char *expression, const char *why)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "cannot use the filter '%s': %s",
                expression, why);
}

/* --- filtering packets of files --- */

typedef struct filter_program {
    uint32_t link;
    gboolean usable; /* FALSE: the expression means nothing on this link, nothing matches */
    struct bpf_program program;
} filter_program;

enum { FILTER_SNAPLEN = 262144 };

/* While a file's links are not known yet: the expression has to mean something on one of these,
 * Ethernet and the richest of the others, Linux cooked v2. */
static const uint32_t links_to_try[] = {1, 276};

static filter_program compile(uint32_t link, const char *expression, char **why)
{
    filter_program result = {.link = link};
    pcap_t *dead = pcap_open_dead(linktype_to_dlt(link), FILTER_SNAPLEN);
    result.usable =
        dead && pcap_compile(dead, &result.program, expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (!result.usable && why)
        *why = g_strdup(dead ? pcap_geterr(dead) : "out of memory");
    if (dead)
        pcap_close(dead);
    return result;
}

static void free_program(gpointer element)
{
    filter_program *f = element;
    if (f->usable)
        pcap_freecode(&f->program);
}

static gboolean means_something(const char *expression, const uint32_t *links, size_t count,
                                GError **error)
{
    char *first_why = NULL;
    for (size_t i = 0; i < count; i++) {
        filter_program f = compile(links[i], expression, first_why ? NULL : &first_why);
        if (f.usable) {
            free_program(&f);
            g_free(first_why);
            return TRUE;
        }
    }
    source_filter_error(error, expression, first_why);
    g_free(first_why);
    return FALSE;
}

static filter_program *program_for(source *s, uint32_t link)
{
    for (guint i = 0; i < s->programs->len; i++) {
        filter_program *known = &g_array_index(s->programs, filter_program, i);
        if (known->link == link)
            return known;
    }
    char *why = NULL;
    filter_program f = compile(link, s->filter, &why);
    if (!f.usable && decap_knows_link(link))
        source_warn(s, "packets of link type %u are left out, the filter cannot be used there: %s",
                    link, why);
    g_free(why);
    g_array_append_val(s->programs, f);
    return &g_array_index(s->programs, filter_program, s->programs->len - 1);
}

static gboolean matches(source *s, const packet *p)
{
    if (!s->filter)
        return TRUE;
    const filter_program *f = program_for(s, p->link);
    struct pcap_pkthdr header = {.caplen = p->captured, .len = p->original};
    return f->usable && pcap_offline_filter(&f->program, &header, p->data) != 0;
}

static void forget_filter(source *s)
{
    g_clear_pointer(&s->filter, g_free);
    g_clear_pointer(&s->programs, g_array_unref);
}

gboolean source_set_filter(source *s, const char *expression, GError **error)
{
    if (s->kind->set_filter)
        return s->kind->set_filter(s, expression, error);
    uint32_t link = (uint32_t)s->link;
    gboolean known = s->link >= 0;
    if (!means_something(expression, known ? &link : links_to_try,
                         known ? 1 : G_N_ELEMENTS(links_to_try), error))
        return FALSE;
    forget_filter(s);
    s->filter = g_strdup(expression);
    s->programs = g_array_new(FALSE, FALSE, sizeof(filter_program));
    g_array_set_clear_func(s->programs, free_program);
    return TRUE;
}

/* --- the public face --- */

static const uint32_t pcapng_magic = 0x0a0d0d0a; /* reads the same in both byte orders */

/* By the first bytes. */
static source *open_input(input *in, const uint8_t *first, size_t len, const char *name,
                          GError **error)
{
    uint32_t magic = 0;
    memcpy(&magic, first, len);
    if (len == INPUT_MAGIC && magic == pcapng_magic)
        return source_pcapng_open(input_stream(in), name);
    if (len == INPUT_MAGIC && source_is_pcap(magic))
        return source_pcap_open(in, magic, name, error);

    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                len == 0 ? "%s is empty; it should be a pcap or pcapng capture"
                         : "%s is not a pcap or pcapng capture",
                name);
    return NULL;
}

source *source_open_file(const char *path, GError **error)
{
    uint8_t first[INPUT_MAGIC];
    size_t len;
    input *in = input_open(path, first, &len, error);
    if (!in)
        return NULL;
    source *s = open_input(in, first, len, input_name(path), error);
    if (s) {
        s->input = in;
        return s;
    }
    if (input_error(in)) { /* so it is no capture, but that is not the reason */
        g_clear_error(error);
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s cannot be read: %s",
                    input_name(path), input_error(in));
    }
    input_free(in);
    return NULL;
}

/* When what it is unpacked from is at fault, where the capture broke off says nothing; and it may
 * have broken off just behind a packet. */
static source_status check_input(source *s, source_status status)
{
    const char *why = s->input ? input_error(s->input) : NULL;
    if (!why || (status != SOURCE_END && status != SOURCE_DAMAGED))
        return status;
    return source_damaged(s, "cannot be read beyond packet %" G_GUINT64_FORMAT ": %s", s->packets,
                          why);
}

source_status source_next(source *s, packet *p)
{
    for (;;) {
        if (s->stopped)
            return SOURCE_END;
        source_status status = s->error ? SOURCE_DAMAGED : s->kind->next(s, p);
        if (status != SOURCE_PACKET)
            return check_input(s, status);
        p->number = ++s->packets;
        if (matches(s, p))
            return SOURCE_PACKET;
    }
}

const char *source_error(const source *s)
{
    return s->error;
}

void source_stop(source *s)
{
    if (s->kind->stop)
        s->kind->stop(s);
    else
        s->stopped = TRUE;
}

int64_t source_drops(source *s)
{
    return s->kind->drops ? s->kind->drops(s) : -1;
}

uint64_t source_progress(const source *s, uint64_t *total)
{
    *total = 0;
    return s->input ? input_progress(s->input, total) : 0;
}

void source_cancel(source *s)
{
    if (s->input)
        input_stop(s->input);
}

void source_close(source *s)
{
    if (!s)
        return;
    forget_filter(s);
    g_free(s->error);
    g_free(s->name);
    input *in = s->input;
    s->kind->close(s);
    input_free(in);
}
