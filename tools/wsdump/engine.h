/*
 * The engine: two threads that work while somebody looks on.
 *
 *     source -> ring | ring -> pipeline -> store
 *     the capture    | the analysis
 *
 * The capture never waits for the analysis when it is live (what does not fit is dropped and
 * counted), and neither waits for who looks at the store. When the packets are over both end by
 * themselves; what they found stays.
 */
#ifndef WSDUMP_ENGINE_H
#define WSDUMP_ENGINE_H

#include "packet_log.h"
#include "pipeline.h"
#include "source.h"
#include "store.h"

typedef struct engine engine;

typedef struct engine_options {
    bool live;
    uint64_t count;    /* packets; 0 = no limit */
    uint64_t max_data; /* bytes kept of a message's payload; 0 = no limit */
    uint64_t memory;   /* bytes of everything; 0 = 512 MiB. Five eighths are the store's, one is the
                          packet log's, the rest is for what is on its way and unfinished */
    FILE *save_to;     /* as in pipeline_options */
} engine_options;

/*
 * Open everything, with both threads running but doing nothing yet: so a system-call filter can be
 * set for them too before they read a byte. Signals are left to the caller's thread. The source
 * stays the caller's, who does not touch it before engine_stop. NULL when there can be no threads.
 */
engine *engine_new(source *packets, const engine_options *options, GError **error);

/* Begin. */
void engine_start(engine *e);

/* To look at; valid until engine_free. */
store *engine_store(engine *e);

/* The newest packets of all WebSocket connections; likewise. */
packet_log *engine_packets(engine *e);

/* End the capture, if it has not ended yet, and join both threads: within 200 ms or so. What is
 * still open gets its end record. */
void engine_stop(engine *e);

/* After engine_stop. */
pipeline_totals engine_get_totals(const engine *e);
int engine_save_failed(const engine *e); /* as pipeline_save_failed */

void engine_free(engine *e); /* stops it first, where that was not done */

#endif
