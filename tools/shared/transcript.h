/*
 * A transcript: what was said over some TCP connections, the bytes of both directions in the order
 * in which they were sent, and how each connection ended. The scripted peer records into it,
 * capture.h writes it as a file that wsdump opens. It knows nothing of packets or WebSockets. Not
 * for two threads at once.
 */
#ifndef SHARED_TRANSCRIPT_H
#define SHARED_TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* No more than this is kept: bytes, and TRANSCRIPT_EVENT_COST for each piece of them. Behind it
 * bytes are only counted. */
#define TRANSCRIPT_MAX (64u << 20)
#define TRANSCRIPT_EVENT_COST 64u

typedef struct transcript transcript;

typedef enum transcript_event_type {
    TRANSCRIPT_OPEN,  /* the client connected */
    TRANSCRIPT_BYTES, /* one side sent bytes */
    TRANSCRIPT_FIN,   /* one side has sent its last byte */
    TRANSCRIPT_RESET, /* one side gave the connection up */
} transcript_event_type;

typedef struct transcript_event {
    transcript_event_type type;
    unsigned connection;
    bool from_client;
    int64_t time_ns; /* since the epoch */
    uint64_t at;     /* stream offset of this direction: of data, or where the stream ended */
    const uint8_t *data;
    size_t len;
} transcript_event;

transcript *transcript_new(void);
void transcript_free(transcript *c);

/* What the capture says about itself, UTF-8: a title, which check it was. The text is copied. */
void transcript_set_note(transcript *c, const char *note);
const char *transcript_note(const transcript *c); /* NULL = none */

/* A client connects; the result is the number of the connection, 0, 1, 2, … */
unsigned transcript_open(transcript *c, int64_t time_ns, uint16_t client_port,
                         uint16_t server_port);

/* The client's address, as a number in the host's order; INADDR_LOOPBACK (127.0.0.1) unless said.
 */
void transcript_set_client(transcript *c, unsigned connection, uint32_t address);

/* One side sends `len` bytes, which are copied. They become a TCP segment of their own (several,
 * where one cannot hold them). len 0 is nothing. */
void transcript_bytes(transcript *c, unsigned connection, bool from_client, int64_t time_ns,
                      const void *data, size_t len);

/* One side sends no more: FIN; or drops the connection: RST. A second end of the same side is
 * ignored. */
void transcript_fin(transcript *c, unsigned connection, bool from_client, int64_t time_ns);
void transcript_reset(transcript *c, unsigned connection, bool from_client, int64_t time_ns);

/* How many bytes of all connections were not kept; 0 = it is whole. */
uint64_t transcript_lost(const transcript *c);

/* Reading it again. Connections and events count from 0, events in the order of the calls. The
 * data is valid until something is added. */
unsigned transcript_connections(const transcript *c);
uint16_t transcript_port(const transcript *c, unsigned connection, bool of_client);
uint32_t transcript_address(const transcript *c, unsigned connection, bool of_client);
size_t transcript_events(const transcript *c);
transcript_event transcript_event_at(const transcript *c, size_t index);

#ifdef __cplusplus
}
#endif

#endif
