/* One list of events, one array that holds all their bytes. See transcript.h. */
#include "transcript.h"

#include <glib.h>
#include <netinet/in.h>

/* A direction of a connection. */
typedef struct side {
    uint32_t address;
    uint16_t port;
    uint64_t sent; /* bytes, those that were not kept too */
    bool ended;
} side;

typedef struct peers {
    side sides[2]; /* the server's, the client's: as from_client counts */
} peers;

typedef struct event {
    transcript_event_type type;
    bool from_client;
    unsigned connection;
    int64_t time_ns;
    uint64_t at;
    size_t data, len; /* in bytes */
} event;

struct transcript {
    GArray *connections;
    GArray *events;
    GByteArray *bytes;
    uint64_t lost;
    char *note;
};

transcript *transcript_new(void)
{
    transcript *c = g_new0(transcript, 1);
    c->connections = g_array_new(FALSE, FALSE, sizeof(peers));
    c->events = g_array_new(FALSE, FALSE, sizeof(event));
    c->bytes = g_byte_array_new();
    return c;
}

void transcript_free(transcript *c)
{
    if (!c)
        return;
    g_array_unref(c->connections);
    g_array_unref(c->events);
    g_byte_array_unref(c->bytes);
    g_free(c->note);
    g_free(c);
}

void transcript_set_note(transcript *c, const char *note)
{
    g_free(c->note);
    c->note = g_strdup(note);
}

const char *transcript_note(const transcript *c)
{
    return c->note;
}

static side *side_of(const transcript *c, unsigned connection, bool client)
{
    g_return_val_if_fail(connection < c->connections->len, NULL);
    return &g_array_index(c->connections, peers, connection).sides[client];
}

static void add(transcript *c, const event *e)
{
    g_array_append_vals(c->events, e, 1);
}

unsigned transcript_open(transcript *c, int64_t time_ns, uint16_t client_port, uint16_t server_port)
{
    peers new = {.sides = {{.address = INADDR_LOOPBACK, .port = server_port},
                           {.address = INADDR_LOOPBACK, .port = client_port}}};
    g_array_append_vals(c->connections, &new, 1);
    event e = {TRANSCRIPT_OPEN, true, c->connections->len - 1, time_ns, 0, 0, 0};
    add(c, &e);
    return e.connection;
}

void transcript_set_client(transcript *c, unsigned connection, uint32_t address)
{
    side *s = side_of(c, connection, true);
    if (s)
        s->address = address;
}

static bool has_room(const transcript *c, size_t len)
{
    size_t kept = c->bytes->len + (size_t)c->events->len * TRANSCRIPT_EVENT_COST;
    return kept <= TRANSCRIPT_MAX - TRANSCRIPT_EVENT_COST &&
           len <= TRANSCRIPT_MAX - TRANSCRIPT_EVENT_COST - kept;
}

void transcript_bytes(transcript *c, unsigned connection, bool from_client, int64_t time_ns,
                      const void *data, size_t len)
{
    side *s = side_of(c, connection, from_client);
    if (!s || len == 0)
        return;
    if (c->lost == 0 && has_room(c, len)) {
        event e = {TRANSCRIPT_BYTES, from_client, connection, time_ns, s->sent, c->bytes->len, len};
        add(c, &e);
        g_byte_array_append(c->bytes, data, (guint)len);
    } else {
        c->lost += len; /* from the first loss on nothing is kept: no holes but the last one */
    }
    s->sent += len;
}

static void end(transcript *c, transcript_event_type how, unsigned connection, bool from_client,
                int64_t time_ns)
{
    side *s = side_of(c, connection, from_client);
    if (!s || s->ended)
        return;
    s->ended = true;
    event e = {how, from_client, connection, time_ns, s->sent, 0, 0};
    add(c, &e);
}

void transcript_fin(transcript *c, unsigned connection, bool from_client, int64_t time_ns)
{
    end(c, TRANSCRIPT_FIN, connection, from_client, time_ns);
}

void transcript_reset(transcript *c, unsigned connection, bool from_client, int64_t time_ns)
{
    end(c, TRANSCRIPT_RESET, connection, from_client, time_ns);
}

uint64_t transcript_lost(const transcript *c)
{
    return c->lost;
}

unsigned transcript_connections(const transcript *c)
{
    return c->connections->len;
}

uint16_t transcript_port(const transcript *c, unsigned connection, bool of_client)
{
    side *s = side_of(c, connection, of_client);
    return s ? s->port : 0;
}

uint32_t transcript_address(const transcript *c, unsigned connection, bool of_client)
{
    side *s = side_of(c, connection, of_client);
    return s ? s->address : 0;
}

size_t transcript_events(const transcript *c)
{
    return c->events->len;
}

transcript_event transcript_event_at(const transcript *c, size_t index)
{
    const event *e = &g_array_index(c->events, event, index);
    return (transcript_event){e->type,    e->connection, e->from_client,
                              e->time_ns, e->at,         c->bytes->data + e->data,
                              e->len};
}
