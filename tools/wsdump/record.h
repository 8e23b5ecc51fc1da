/*
 * Records: what wsdump says of the traffic, one struct per line of output. The session stage makes
 * them, the sinks print them. Everything a record points at is valid during the call only.
 */
#ifndef WSDUMP_RECORD_H
#define WSDUMP_RECORD_H

#include "endpoint.h"

#include <wsproto/wsproto.h>

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum record_type {
    RECORD_OPEN,
    RECORD_FRAME,
    RECORD_MESSAGE,
    RECORD_VIOLATION,
    RECORD_GAP,
    RECORD_END,
    RECORD_TYPES
} record_type;

/* The names of the types, in the order above, as --show and the JSON records have them. */
extern const char *const record_names[RECORD_TYPES];

typedef enum record_handshake {
    HANDSHAKE_SEEN,    /* request and 101 */
    HANDSHAKE_PARTIAL, /* only one of the two */
    HANDSHAKE_MISSING,
    HANDSHAKE_REFUSED,
} record_handshake;

typedef struct record_open {
    const endpoint *client, *server;
    record_handshake handshake;
    const wsp_http_head *request;  /* NULL where it was not seen */
    const wsp_http_head *response; /* NULL where it was not seen */
} record_open;

typedef struct record_frame {
    uint64_t number; /* per connection, from 1 */
    uint64_t packet; /* that completed the header */
    const wsp_frame_header *header;
    uint32_t violations;
    bool guessed;
} record_frame;

/* A stretch of a message's payload that is not known. */
typedef struct record_missing {
    uint64_t offset, len;
} record_missing;

typedef struct record_message {
    uint64_t number;      /* per connection, from 1 */
    uint8_t opcode;       /* text, binary, close, ping or pong */
    uint64_t frames;      /* that it was sent in */
    uint64_t wire_length; /* payload bytes on the wire */
    uint64_t length;      /* bytes of the message, inflated; unknown when data is NULL */
    bool compressed;      /* it was DEFLATE on the wire; data is NULL when that was not inflated */
    bool complete;        /* every byte of it is known */
    bool truncated;       /* data holds only the beginning */
    bool guessed;
    bool utf8;           /* data is valid UTF-8 (but for a character cut by truncation) */
    const uint8_t *data; /* unmasked; unknown bytes are zero */
    size_t data_len;
    const record_missing *missing;
    size_t missing_count;
    int32_t close_code; /* of a Close; -1 = it has none, or it is not known */
    int64_t rtt_ns;     /* pong: since its ping; -1 when there was none */
} record_message;

/* A broken rule: one of wsp_violation or wsp_handshake_fault. All texts are static. */
typedef struct record_violation {
    uint64_t frame; /* 0 for the handshake */
    const char *rule, *clause, *text;
} record_violation;

typedef struct record_gap {
    uint64_t bytes; /* 0 = unknown */
} record_gap;

typedef struct record_side_totals {
    uint64_t frames, messages;
    uint64_t bytes;      /* of messages */
    uint64_t wire_bytes; /* of the stream behind the handshake */
} record_side_totals;

typedef enum record_how { ENDED_CLOSE, ENDED_FIN, ENDED_RST, ENDED_TIMEOUT, ENDED_EOF } record_how;

typedef struct record_end {
    record_how how;
    record_side_totals totals[2]; /* WSP_FROM_CLIENT, WSP_FROM_SERVER */
} record_end;

typedef struct record {
    record_type type;
    int64_t time_ns;
    uint64_t conn;
    wsp_sender from; /* FRAME, MESSAGE, VIOLATION, GAP; WSP_FROM_UNKNOWN otherwise */
    union {
        record_open open;
        record_frame frame;
        record_message message;
        record_violation violation;
        record_gap gap;
        record_end end;
    };
} record;

typedef void record_sink(void *user, const record *r);

/* Names as the JSON records have them. */
const char *record_handshake_name(record_handshake handshake);
const char *record_how_name(record_how how);
const char *record_from_name(wsp_sender from); /* "client", "server"; NULL for unknown */

/* What a data or control opcode makes of a message; NULL for opcodes that make none. */
const char *record_message_type(uint8_t opcode);

/* The subprotocol and the extensions that the response granted, the host and target that the
 * request asked for; data = NULL where unknown. */
wsp_text record_open_header(const wsp_http_head *head, const char *name);

/* Append all header lines of one name as one list (RFC 9110 5.3). False when there is none. */
bool record_open_list(const wsp_http_head *head, const char *name, GString *out);

/* What people read of its data, in *data and *len: all of it, but for the code of a Close. True
 * when it reads as text: text and reasons always, what a ping carries only where people wrote it.
 */
bool record_message_reading(const record_message *m, const uint8_t **data, size_t *len);

/* Does the response grant permessage-deflate? */
bool record_open_deflates(const wsp_http_head *response);

/* Are its data shown as the text that they are? Otherwise as bytes. */
bool record_message_is_text(const record_message *m);

#endif
