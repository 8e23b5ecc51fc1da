/*
 * A capture file of any bytes through all of wsdump: pcapng blocks, packets, streams, sessions, and
 * both outputs. Every connection ends once, every open record has its end, and no byte that a
 * terminal would obey comes out. What -w writes can be read again.
 */
#include "check.h"
#include "decap.h"
#include "pcapng.h"
#include "pcapng_write.h"
#include "save.h"
#include "session.h"
#include "sink.h"
#include "tcp.h"

#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct outcome {
    session *sessions;
    sink text, json;
    int64_t connections; /* open now */
    int64_t records;     /* open records without their end */
} outcome;

static void check_line(const GString *line)
{
    for (gsize i = 0; i < line->len; i++)
        CHECK((uint8_t)line->str[i] >= 0x20 && line->str[i] != 0x7f);
    CHECK(g_utf8_validate(line->str, (gssize)line->len, NULL));
}

static void on_record(void *user, const record *r)
{
    outcome *o = user;
    o->records += (r->type == RECORD_OPEN) - (r->type == RECORD_END);
    sink *sinks[] = {&o->text, &o->json};
    for (size_t i = 0; i < G_N_ELEMENTS(sinks); i++) {
        g_string_truncate(sinks[i]->line, 0);
        sinks[i]->format(sinks[i], r);
        check_line(sinks[i]->line);
    }
}

static void on_stream(void *user, const tcp_event *event)
{
    outcome *o = user;
    o->connections += (event->type == TCP_EVENT_OPEN) - (event->type == TCP_EVENT_END);
    session_tcp_event(o->sessions, event);
}

static void on_saved(void *user, const packet *p, const save_origin *origin)
{
    CHECK(origin->first > 0 && origin->first <= origin->newest);
    pcapng_writer_add(user, p->time_ns, p->link, p->data, p->captured, p->original);
}

/* The file is whole, and holds as many packets as were handed to the writer. */
static void check_written(char *file, size_t size, uint64_t packets)
{
    FILE *stream = fmemopen(file, size, "rb");
    pcapng *reader = pcapng_new(stream);
    packet p;
    while (pcapng_next(reader, &p) == PCAPNG_PACKET)
        packets--;
    CHECK(packets == 0 && pcapng_error(reader)[0] == '\0');
    pcapng_free(reader);
    fclose(stream);
}

static void run(FILE *stream, outcome *o)
{
    const session_options options = {.max_data = 1000, .memory = 10000};
    o->sessions = session_new(&options, on_record, o);
    const tcp_limits limits = {
        .max_buffered = 4096, .max_connections = 8, .memory = session_budget(o->sessions)};
    char *written = NULL;
    size_t written_size = 0;
    FILE *file = open_memstream(&written, &written_size);
    pcapng_writer *writer = pcapng_writer_new(file, "wsdump", NULL);
    const save_limits bounds = {.max_held = 4000, .max_connection = 1000};
    save *saving = save_new(on_saved, writer, &bounds, on_stream, o);
    tcp *streams = tcp_new(&limits, save_tcp_event, saving);
    const fragment_limits room = {.max_bytes = 4096, .max_packets = 8};
    fragments *pieces = fragments_new(&room);
    pcapng *reader = pcapng_new(stream);
    packet p;
    segment s;
    for (uint64_t number = 1; pcapng_next(reader, &p) == PCAPNG_PACKET; number++) {
        p.number = number;
        decap_result result = decap(&p, pieces, &s);
        if (result == DECAP_FRAGMENT)
            save_fragment(saving, &p);
        if (result != DECAP_TCP)
            continue;
        tcp_connection *connection;
        do
            connection = tcp_segment(streams, &s, number, p.time_ns);
        while (decap_rest(pieces, &s));
        size_t count;
        const uint64_t *sources = fragments_sources(pieces, &count);
        save_claim(saving, sources, count, connection);
        save_packet(saving, &p, connection);
    }
    tcp_finish(streams);
    CHECK(o->connections == 0 && o->records == 0);
    pcapng_writer_finish(writer);
    check_written(written, written_size, save_get_totals(saving)->packets);
    save_free(saving);
    pcapng_writer_free(writer);
    fclose(file);
    free(written);
    pcapng_free(reader);
    fragments_free(pieces);
    tcp_free(streams);
    session_free(o->sessions);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FILE *stream = size > 0 ? fmemopen((void *)(uintptr_t)data, size, "rb") : NULL;
    if (!stream)
        return 0;
    outcome o = {.text = {.line = g_string_new(NULL), .format = sink_text},
                 .json = {.line = g_string_new(NULL), .format = sink_json}};
    run(stream, &o);
    g_string_free(o.text.line, TRUE);
    g_string_free(o.json.line, TRUE);
    fclose(stream);
    return 0;
}
