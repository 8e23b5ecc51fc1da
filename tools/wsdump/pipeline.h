/*
 * The pipeline: the stages between a source and whoever takes records, joined:
 *
 *     packets -> decap -> tcp -> session -> records
 *
 * and, where packets are saved, save between tcp and session, and behind it pcapng_write, or
 * whoever else takes them. It does not know where packets come from.
 */
#ifndef WSDUMP_PIPELINE_H
#define WSDUMP_PIPELINE_H

#include "decap.h"
#include "packet.h"
#include "record.h"
#include "save.h"
#include "session.h"
#include "tcp.h"

#include <stdio.h>

typedef struct pipeline pipeline;

typedef struct pipeline_options {
    uint64_t max_data; /* bytes kept of a message's payload; 0 = no limit */
    uint64_t memory; /* bytes for all that is unfinished; 0 = 512 MiB. A quarter is for packets that
                        are held back, if any are saved */
    bool no_frames;  /* as in session_options */
    FILE *save_to;   /* the packets of WebSocket connections go there; NULL = nowhere. Stays the
                        caller's */
    save_sink *packets; /* they go to packets(packets_user, ...) too; NULL = to nobody else */
    void *packets_user;
} pipeline_options;

/* What was seen so far. */
typedef struct pipeline_totals {
    uint64_t packets;
    uint64_t by_result[DECAP_LINK + 1]; /* the packets, by what decap said of them */
    uint32_t unknown_link;              /* of one of those whose link is not known */
    fragments_totals fragments;
    session_totals sessions;
    tcp_totals streams;
    bool saving;
    save_totals saved;
} pipeline_totals;

/* Records go to sink(user, record), from within pipeline_take, pipeline_pass and pipeline_finish
 * only. */
pipeline *pipeline_new(const pipeline_options *options, record_sink *sink, void *user);

/* The next packet. */
void pipeline_take(pipeline *l, const packet *p);

/* Live, when no packet comes: by the capture's clock it is that late all the same. */
void pipeline_pass(pipeline *l, int64_t time_ns);

/* Write out what is saved so far. */
void pipeline_flush(pipeline *l);

/* There are no more packets: every connection ends, and so does the file that is saved to. */
void pipeline_finish(pipeline *l);

/* errno of a write of saved packets that failed; 0 as long as none did. */
int pipeline_save_failed(const pipeline *l);

pipeline_totals pipeline_get_totals(const pipeline *l);

/* What unfinished messages take from, and what waits for them, for others to share: valid until
 * pipeline_free. */
budget *pipeline_budget(pipeline *l);

/* After pipeline_finish. */
void pipeline_free(pipeline *l);

#endif
