/* TCP without a network: sequence numbers, acknowledgments, checksums. See capture.h. */
#include "capture.h"

#include "pcapng_write.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

enum {
    LINKTYPE_RAW = 101, /* the packet begins with its IP header */
    IP_HEADER = 20,
    TCP_HEADER = 20,
    TCP_OPTIONS = 8,                              /* of a SYN */
    MAX_SEGMENT = 65535 - IP_HEADER - TCP_HEADER, /* loopback's MTU */
    WINDOW = 65535,
    WINDOW_SHIFT = 7,
};

enum { FIN = 0x01, SYN = 0x02, RST = 0x04, PSH = 0x08, ACK = 0x10 };

/* One side of a connection, as its TCP sees it. Sequence numbers wrap. */
typedef struct endpoint {
    uint32_t first; /* sequence number of its SYN; byte 0 of the stream comes behind it */
    uint32_t next;  /* of what it sends next */
    bool owes;      /* it has received bytes that it did not acknowledge yet */
    uint32_t address;
    uint16_t port;
} endpoint;

typedef struct writer {
    const transcript *transcript;
    pcapng_writer *file;
    endpoint (*ends)[2]; /* of each connection: the server, the client */
    uint16_t ip_id;
    uint8_t packet[65535];
} writer;

static uint8_t *put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return at + 2;
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
    return put16(put16(at, value >> 16), value);
}

/* The Internet checksum (RFC 1071) of bytes, going on from `sum`. */
static uint32_t add_up(uint32_t sum, const uint8_t *bytes, size_t len)
{
    uint64_t total = sum;
    for (size_t i = 0; i + 1 < len; i += 2)
        total += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
    if (len % 2)
        total += (uint32_t)bytes[len - 1] << 8;
    while (total >> 16)
        total = (total & 0xffff) + (total >> 16);
    return (uint32_t)total;
}

static void put_ip_header(uint8_t *ip, const endpoint *from, const endpoint *to, uint16_t id,
                          size_t tcp_len)
{
    enum { DONT_FRAGMENT = 0x4000, TTL = 64, TCP = 6 };
    uint8_t *at = put16(ip, 0x4500); /* version 4, five words, ordinary service */
    at = put16(at, (uint32_t)(IP_HEADER + tcp_len));
    at = put16(at, id);
    at = put16(at, DONT_FRAGMENT);
    at = put16(at, TTL << 8 | TCP);
    uint8_t *checksum = at;
    put32(put32(put16(at, 0), from->address), to->address);
    put16(checksum, ~add_up(0, ip, IP_HEADER));
}

static size_t put_tcp_header(uint8_t *tcp, const endpoint *from, const endpoint *to, uint8_t flags)
{
    size_t len = TCP_HEADER + (flags & SYN ? TCP_OPTIONS : 0);
    uint8_t *at = put16(tcp, from->port);
    at = put16(at, to->port);
    at = put32(at, from->next);
    at = put32(at, flags & ACK ? to->next : 0);
    at = put16(at, (uint32_t)(len / 4) << 12 | flags);
    at = put16(at, WINDOW);
    at = put32(at, 0); /* checksum: later; no urgent data */
    if (flags & SYN) {
        enum { MSS = 0x0204, NOP_WINDOW_SCALE = 0x010303 };
        put32(put32(at, MSS << 16 | MAX_SEGMENT), NOP_WINDOW_SCALE << 8 | WINDOW_SHIFT);
    }
    return len;
}

static void put_tcp_checksum(const uint8_t *ip, uint8_t *tcp, size_t len)
{
    enum { ADDRESSES = 12, PROTOCOL_TCP = 6, CHECKSUM = 16 };
    uint32_t sum = add_up(PROTOCOL_TCP + (uint32_t)len, ip + ADDRESSES, 8);
    put16(tcp + CHECKSUM, ~add_up(sum, tcp, len));
}

/* One packet of a connection. */
static void put_packet(writer *w, unsigned connection, bool from_client, int64_t time_ns,
                       uint8_t flags, const uint8_t *data, size_t len)
{
    endpoint *from = &w->ends[connection][from_client], *to = &w->ends[connection][!from_client];
    uint8_t *tcp = w->packet + IP_HEADER;
    size_t header = put_tcp_header(tcp, from, to, flags);
    if (len > 0)
        memcpy(tcp + header, data, len);
    put_ip_header(w->packet, from, to, ++w->ip_id, header + len);
    put_tcp_checksum(w->packet, tcp, header + len);
    uint32_t size = (uint32_t)(IP_HEADER + header + len);
    pcapng_writer_add(w->file, time_ns, LINKTYPE_RAW, w->packet, size, size);
    from->next += (uint32_t)len + (flags & (SYN | FIN) ? 1 : 0);
    from->owes = false;
    to->owes = len > 0 || flags & FIN;
}

/* The client's SYN, the server's SYN and ACK, the client's ACK. */
static void put_open(writer *w, const transcript_event *e)
{
    put_packet(w, e->connection, true, e->time_ns, SYN, NULL, 0);
    put_packet(w, e->connection, false, e->time_ns, SYN | ACK, NULL, 0);
    put_packet(w, e->connection, true, e->time_ns, ACK, NULL, 0);
}

/* The other side acknowledges what it got so far, unless bytes of its own did. */
static void put_acknowledgment(writer *w, const transcript_event *e)
{
    if (w->ends[e->connection][!e->from_client].owes)
        put_packet(w, e->connection, !e->from_client, e->time_ns, ACK, NULL, 0);
}

static void put_bytes(writer *w, const transcript_event *e)
{
    for (size_t done = 0; done < e->len;) {
        put_acknowledgment(w, e);
        size_t piece = MIN(e->len - done, MAX_SEGMENT);
        uint8_t push = done + piece == e->len ? PSH : 0;
        put_packet(w, e->connection, e->from_client, e->time_ns, ACK | push, e->data + done, piece);
        done += piece;
    }
}

static void put_end(writer *w, const transcript_event *e)
{
    put_acknowledgment(w, e);
    endpoint *from = &w->ends[e->connection][e->from_client];
    from->next = from->first + 1 + (uint32_t)e->at; /* behind what was not kept, too */
    uint8_t flag = e->type == TRANSCRIPT_FIN ? FIN : RST;
    put_packet(w, e->connection, e->from_client, e->time_ns, ACK | flag, NULL, 0);
    if (flag == FIN)
        put_acknowledgment(w, e);
}

static void put_event(writer *w, const transcript_event *e)
{
    switch (e->type) {
    case TRANSCRIPT_OPEN: put_open(w, e); break;
    case TRANSCRIPT_BYTES: put_bytes(w, e); break;
    case TRANSCRIPT_FIN:
    case TRANSCRIPT_RESET: put_end(w, e); break;
    }
}

/* Each side of each connection begins elsewhere, but always at the same number. */
static uint32_t first_sequence_number(unsigned connection, bool client)
{
    return (2 * connection + (client ? 1 : 0) + 1) * UINT32_C(2654435761);
}

static void prepare_ends(writer *w)
{
    unsigned count = transcript_connections(w->transcript);
    w->ends = g_malloc0_n(count, sizeof *w->ends);
    for (unsigned i = 0; i < count; i++)
        for (int client = 0; client < 2; client++) {
            endpoint *end = &w->ends[i][client];
            end->first = end->next = first_sequence_number(i, client);
            end->address = transcript_address(w->transcript, i, client);
            end->port = transcript_port(w->transcript, i, client);
        }
}

/* The note, and what is not there; NULL = nothing to say. */
static char *comment_on(const transcript *c)
{
    uint64_t lost = transcript_lost(c);
    const char *note = transcript_note(c);
    if (lost == 0)
        return g_strdup(note);
    return g_strdup_printf("%s%sThe conversation was too long to keep: %" G_GUINT64_FORMAT
                           " further bytes are not in this capture.",
                           note ? note : "", note ? "\n" : "", lost);
}

bool capture_write(const transcript *c, FILE *out)
{
    char *comment = comment_on(c);
    writer *w = g_new0(writer, 1);
    w->transcript = c;
    w->file = pcapng_writer_new(out, "wskit", comment);
    prepare_ends(w);
    for (size_t i = 0; i < transcript_events(c); i++) {
        transcript_event e = transcript_event_at(c, i);
        put_event(w, &e);
    }
    pcapng_writer_finish(w->file);
    int failed = pcapng_writer_failed(w->file);
    pcapng_writer_free(w->file);
    g_free(w->ends);
    g_free(w);
    g_free(comment);
    errno = failed;
    return failed == 0;
}
