/*
 * The store: where records end that an interface shows. It stands between two threads. One, the
 * writer, appends records as they come; the other, the reader, looks at them whenever it likes.
 *
 * Records are kept in an append-only log of rows, numbered from 0. A row never changes. When the
 * log takes more memory than it may, its oldest rows leave; the numbers of the others stay. Beside
 * the log there are a summary of every connection, and statistics of all records, whether their
 * rows are still there or not.
 *
 * The reader takes a view: a frozen piece of the log, which it reads without any lock, and which
 * keeps its rows alive until it is released. So a view is held while a picture is drawn, not
 * longer; memory that it holds is counted until then. Locks are held for short copies only.
 */
#ifndef WSDUMP_STORE_H
#define WSDUMP_STORE_H

#include "record.h"
#include "statistics.h"

typedef struct store store;

#define STORE_NO_ROW UINT64_MAX

typedef struct store_limits {
    uint64_t memory;      /* bytes of the log, payloads and all bookkeeping; 0 = 384 MiB, less than
                             512 KiB counts as that */
    uint32_t connections; /* summaries kept; 0 = 100,000. Of more, the oldest ended ones go, and of
                             open ones the oldest when none has ended. They take a quarter of the
                             memory at most */
} store_limits;

store *store_new(const store_limits *limits); /* NULL = the defaults */

/* ---- The writer ------------------------------------------------------------------------------ */

/*
 * A record_sink whose user is a store: keeps a deep copy. Readers see it at the latest after
 * store_publish. Of a message that takes more than half of the memory only the beginning is kept
 * (truncated).
 */
void store_take(void *user, const record *r);

/* Tell readers, by store_version, that something was taken: after every packet, or some of them. */
void store_publish(store *s);

/* ---- What the capture says of itself, by whoever captures ------------------------------------ */

typedef enum store_phase {
    STORE_RUNNING,
    STORE_ENDED,   /* nothing more will come */
    STORE_DAMAGED, /* nor here: `error` says why */
} store_phase;

typedef struct store_capture {
    bool live;
    store_phase phase;
    char error[256];       /* one line; empty where nothing is wrong */
    uint64_t packets;      /* seen so far */
    uint64_t bytes;        /* of the capture file read so far ... */
    uint64_t bytes_total;  /* ... of so many; 0 = not known, as for what is live */
    int64_t kernel_drops;  /* packets that the kernel dropped; -1 = not known */
    uint64_t ring_drops;   /* packets that we dropped, because the analysis was too slow */
    int64_t time_ns;       /* of the newest packet */
    uint64_t memory;       /* bytes that the analysis takes for what is unfinished */
    uint64_t packets_kept; /* bytes of packets that may be saved */
    uint64_t memory_limit; /* bytes that both and the store may take together; 0 = not known */
} store_capture;

void store_set_capture(store *s, const store_capture *c);

/* ---- The reader ------------------------------------------------------------------------------ */

/* Changes whenever there is something new to see. */
uint64_t store_version(store *s);

store_capture store_get_capture(store *s);
statistics store_get_statistics(store *s);

/* Bytes in use, and the limit. */
uint64_t store_memory(store *s, uint64_t *limit);

/* A view holds the rows first <= n < end. `first` of them, the older ones, have left. */
typedef struct store_view {
    uint64_t first, end;
    struct store_log *log;
} store_view;

store_view store_look(store *s);
void store_release(store_view *v);

/* Row `n` of the view, valid until the view is released, together with all that it points at.
 * `packet`, `frame` etc. are as the session said them. n must be inside. Only the member for its
 * type is there. */
const record *store_row(const store_view *v, uint64_t n);

/* The row before this one of the same connection; STORE_NO_ROW when there is none, or it left, or
 * the connection's summary was dropped in between. */
uint64_t store_row_before(const store_view *v, uint64_t n);

enum { STORE_RATES = 16, STORE_TEXT = 128 };

/* A connection in short. Texts are as on the wire, cut to fit, NUL-terminated: escape them. */
typedef struct store_connection {
    uint64_t number;
    endpoint client, server;
    record_handshake handshake;
    uint16_t status; /* of the response; 0 = not seen */
    char host[STORE_TEXT], path[STORE_TEXT], subprotocol[STORE_TEXT];
    bool compressed; /* permessage-deflate was granted, or used */
    bool ended;
    record_how how;                 /* when it ended */
    int64_t opened_ns, last_ns;     /* its first and its newest record */
    uint64_t messages[2], bytes[2]; /* data and control; by WSP_FROM_CLIENT, WSP_FROM_SERVER */
    uint64_t wire_bytes[2];         /* payload as on the wire */
    uint64_t violations, gaps;
    int32_t close_code;             /* of the first Close; -1 = none, or without a code */
    wsp_sender closed_by;           /* WSP_FROM_UNKNOWN = no Close yet */
    int64_t rtt_ns;                 /* of the newest pong that answers a ping; -1 = none */
    uint16_t rates[2][STORE_RATES]; /* messages in each of the last seconds of the connection's
                                       time, the newest last; 65535 = so many or more */
    int64_t rates_second;           /* seconds since the epoch that the newest stands for */
    uint64_t open_row, last_row;    /* its open record and its newest row */
} store_connection;

/* Copies of all that are kept, in the order of their numbers: replaces what `out` holds (a GArray
 * of store_connection). Returns how many were dropped, for want of memory, so far. One reader at a
 * time; the writer may go on in between, so each copy is whole, but not all of one moment. */
uint64_t store_connections(store *s, GArray *out);

/* One of them; false when it is not kept. */
bool store_find_connection(store *s, uint64_t number, store_connection *out);

void store_free(store *s); /* after the last view was released */

#endif
