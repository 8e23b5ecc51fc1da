/* Joining the stages. See pipeline.h. */
#include "pipeline.h"

#include "fragments.h"
#include "pcapng_write.h"

static const uint64_t DEFAULT_MEMORY = (uint64_t)512 << 20;

struct pipeline {
    fragments *pieces;
    tcp *streams;
    session *sessions;
    save *save;            /* NULL = nothing is saved; otherwise its packets go to ... */
    pcapng_writer *writer; /* ... this one, unless NULL, ... */
    save_sink *packets;    /* ... and there, unless NULL */
    void *packets_user;
    pipeline_totals totals; /* of packets; the rest is asked for */
};

static void keep_packet(void *user, const packet *p, const save_origin *origin)
{
    pipeline *l = user;
    if (l->writer)
        pcapng_writer_add(l->writer, p->time_ns, p->link, p->data, p->captured, p->original);
    if (l->packets)
        l->packets(l->packets_user, p, origin);
}

static void begin_saving(pipeline *l, const pipeline_options *o, uint64_t memory,
                         const tcp_limits *bounds)
{
    save_limits limits = {.max_held = (size_t)memory};
    l->packets = o->packets;
    l->packets_user = o->packets_user;
    if (o->save_to) {
        l->writer = pcapng_writer_new(o->save_to, "wsdump", NULL);
        pcapng_writer_flush(l->writer);
    }
    l->save = save_new(keep_packet, l, &limits, session_tcp_event, l->sessions);
    l->streams = tcp_new(bounds, save_tcp_event, l->save);
}

pipeline *pipeline_new(const pipeline_options *o, record_sink *sink, void *user)
{
    pipeline *l = g_new0(pipeline, 1);
    bool saving = o->save_to || o->packets;
    uint64_t memory = o->memory ? o->memory : DEFAULT_MEMORY, held = saving ? memory / 4 : 0;
    session_options settings = {
        .max_data = o->max_data, .memory = memory - held, .no_frames = o->no_frames};
    l->sessions = session_new(&settings, sink, user);
    l->pieces = fragments_new(NULL);
    tcp_limits limits = {.memory = session_budget(l->sessions)};
    if (saving)
        begin_saving(l, o, held, &limits);
    else
        l->streams = tcp_new(&limits, session_tcp_event, l->sessions);
    return l;
}

void pipeline_take(pipeline *l, const packet *p)
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

void pipeline_pass(pipeline *l, int64_t time_ns)
{
    tcp_pass(l->streams, time_ns);
}

void pipeline_flush(pipeline *l)
{
    if (l->writer)
        pcapng_writer_flush(l->writer);
}

void pipeline_finish(pipeline *l)
{
    tcp_finish(l->streams);
    if (l->writer)
        pcapng_writer_finish(l->writer);
}

int pipeline_save_failed(const pipeline *l)
{
    return l->writer ? pcapng_writer_failed(l->writer) : 0;
}

pipeline_totals pipeline_get_totals(const pipeline *l)
{
    pipeline_totals totals = l->totals;
    totals.fragments = fragments_get_totals(l->pieces);
    totals.sessions = *session_get_totals(l->sessions);
    totals.streams = *tcp_get_totals(l->streams);
    totals.saving = l->writer;
    if (l->writer)
        totals.saved = *save_get_totals(l->save);
    return totals;
}

budget *pipeline_budget(pipeline *l)
{
    return session_budget(l->sessions);
}

void pipeline_free(pipeline *l)
{
    fragments_free(l->pieces);
    tcp_free(l->streams);
    save_free(l->save);
    pcapng_writer_free(l->writer);
    session_free(l->sessions);
    g_free(l);
}
