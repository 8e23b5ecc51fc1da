/*
 * What was said over some TCP connections: the bytes of both directions in the order in which they
 * were sent, and how each connection ended. The scripted peer records into it, capture.h writes it
 * as a file that wsdump opens. It knows nothing of packets or WebSockets. Not for two threads at
 * once.
 */
#ifndef SHARED_CONVERSATION_H
#define SHARED_CONVERSATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* No more than this is kept: bytes, and CONVERSATION_EVENT_COST for each piece of them. Behind it
 * bytes are only counted. */
#define CONVERSATION_MAX (64u << 20)
#define CONVERSATION_EVENT_COST 64u

typedef struct conversation conversation;

typedef enum conversation_event_type {
    CONVERSATION_OPEN,  /* the client connected */
    CONVERSATION_BYTES, /* one side sent bytes */
    CONVERSATION_FIN,   /* one side has sent its last byte */
    CONVERSATION_RESET, /* one side gave the connection up */
} conversation_event_type;

typedef struct conversation_event {
    conversation_event_type type;
    unsigned connection;
    bool from_client;
    int64_t time_ns; /* since the epoch */
    uint64_t at;     /* stream offset of this direction: of data, or where the stream ended */
    const uint8_t *data;
    size_t len;
} conversation_event;

conversation *conversation_new(void);
void conversation_free(conversation *c);

/* What the capture says about itself, UTF-8: a title, which check it was. The text is copied. */
void conversation_set_note(conversation *c, const char *note);
const char *conversation_note(const conversation *c); /* NULL = none */

/* A client connects; the result is the number of the connection, 0, 1, 2, … */
unsigned conversation_open(conversation *c, int64_t time_ns, uint16_t client_port,
                           uint16_t server_port);

/* The client's address, as a number in the host's order; INADDR_LOOPBACK (127.0.0.1) unless said.
 */
void conversation_set_client(conversation *c, unsigned connection, uint32_t address);

/* One side sends `len` bytes, which are copied. They become a TCP segment of their own (several,
 * where one cannot hold them). len 0 is nothing. */
void conversation_bytes(conversation *c, unsigned connection, bool from_client, int64_t time_ns,
                        const void *data, size_t len);

/* One side sends no more: FIN; or drops the connection: RST. A second end of the same side is
 * ignored. */
void conversation_fin(conversation *c, unsigned connection, bool from_client, int64_t time_ns);
void conversation_reset(conversation *c, unsigned connection, bool from_client, int64_t time_ns);

/* How many bytes of all connections were not kept; 0 = it is whole. */
uint64_t conversation_lost(const conversation *c);

/* Reading it again. Connections and events count from 0, events in the order of the calls. The
 * data is valid until something is added. */
unsigned conversation_connections(const conversation *c);
uint16_t conversation_port(const conversation *c, unsigned connection, bool of_client);
uint32_t conversation_address(const conversation *c, unsigned connection, bool of_client);
size_t conversation_events(const conversation *c);
conversation_event conversation_event_at(const conversation *c, size_t index);

#ifdef __cplusplus
}
#endif

#endif
