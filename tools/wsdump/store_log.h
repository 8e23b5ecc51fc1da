/*
 * The store's log: rows in segments. A segment grows at its end, by one writer; a row that is there
 * never changes or moves. Which segments there are is said by a list that never changes either: it
 * is replaced. Lists and segments are counted references, so what a reader holds stays.
 *
 * The log is the store's own: others read it through store.h.
 */
#ifndef WSDUMP_STORE_LOG_H
#define WSDUMP_STORE_LOG_H

#include "record.h"
#include "store.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct store_segment store_segment;

/* A list of segments, the oldest first. */
typedef struct store_log {
    atomic_uint references;
    atomic_size_t *in_use; /* bytes of all lists and segments that are alive */
    size_t count;
    struct store_log_entry {
        uint64_t first; /* its first row */
        store_segment *segment;
    } segments[];
} store_log;

typedef struct log_writer {
    pthread_mutex_t *lock; /* the caller's: guards `list` against readers */
    store_log *list;       /* the current one; there is always a segment in it */
    size_t bytes;          /* of the segments in it */
    size_t segment_bytes;  /* after so many bytes, or so many rows, a segment is full */
    uint32_t segment_rows;
    size_t chunk_bytes; /* rows are put into pieces of memory of this size */
    uint64_t end;       /* number of the next row */
    atomic_size_t in_use;
} log_writer;

/* `limit` is about what will be said in log_append: segments are a small part of it. */
void log_init(log_writer *w, pthread_mutex_t *lock, size_t limit);

/*
 * Append a copy of a record, behind row `before` of the same connection. Afterwards the log takes
 * at most `limit` bytes: the oldest segments go, and a payload of more than half of it is cut.
 * Takes the lock where the list has to change. Returns the row's number.
 */
uint64_t log_append(log_writer *w, const record *r, uint64_t before, size_t limit);

void log_clear(log_writer *w);

store_log *log_hold(store_log *l);
void log_release(store_log *l);

typedef struct log_row {
    uint64_t before;
    record record; /* as record_copy has it: only what its type uses */
} log_row;

/* `n` must be in the list. */
const log_row *log_get(const store_log *l, uint64_t n);

#endif
