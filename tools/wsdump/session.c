/* Joins what comes before a 101 and what comes after it. See session.h. */
#include "session.h"

#include "conversation.h"
#include "join.h"
#include "upgrade.h"

#include <glib.h>
#include <string.h>

/* What is watched of a connection until there is a conversation: nearly as much as that takes. */
typedef struct prelude {
    upgrade upgrade;
    join join;
} prelude;

/* One TCP connection: its `user`. */
typedef struct connection {
    tcp_connection *tcp;
    uint64_t number;            /* of the open record; 0 = no WebSocket in sight yet */
    int client;                 /* side */
    prelude *before;            /* NULL when there is a conversation and no `request_due` */
    conversation *conversation; /* NULL until the 101 */
    bool request_due;           /* the 101 came, and no byte of its client so far */
} connection;

enum {
    CONNECTION_COST = sizeof(connection) + BUDGET_BLOCK,
    PRELUDE_COST = sizeof(prelude) + BUDGET_BLOCK,
};

/* Servers of WebSockets that are remembered; the first ones are as good as any. */
enum { MAX_SERVERS = 4096 };

struct session {
    conversation_settings settings;
    GHashTable *servers; /* a set of endpoint */
    session_totals totals;
    record_sink *sink;
    void *user;
};

static guint hash_endpoint(gconstpointer key)
{
    const endpoint *e = key;
    guint hash = e->port;
    for (size_t i = 0; i < sizeof e->address; i++)
        hash = hash * 31 + e->address[i];
    return hash;
}

static gboolean equal_endpoints(gconstpointer a, gconstpointer b)
{
    const endpoint *x = a, *y = b;
    return x->port == y->port && x->version == y->version &&
           memcmp(x->address, y->address, sizeof x->address) == 0;
}

static void remember_server(session *s, const endpoint *server)
{
    if (g_hash_table_size(s->servers) < MAX_SERVERS && !g_hash_table_contains(s->servers, server))
        g_hash_table_add(s->servers, g_memdup2(server, sizeof *server));
}

/* Count what passes on its way to the sink. */
static void count_and_hand_on(void *user, const record *r)
{
    session *s = user;
    s->totals.messages += r->type == RECORD_MESSAGE;
    s->totals.violations += r->type == RECORD_VIOLATION;
    s->sink(s->user, r);
}

session *session_new(const session_options *options, record_sink *sink, void *user)
{
    session *s = g_new0(session, 1);
    s->servers = g_hash_table_new_full(hash_endpoint, equal_endpoints, g_free, NULL);
    s->settings.max_data = options->max_data;
    s->settings.no_frames = options->no_frames;
    s->settings.memory.limit = options->memory ? options->memory : (uint64_t)512 << 20;
    s->settings.inflaters.max = s->settings.memory.limit / 2;
    s->settings.inflaters.shared = &s->settings.memory;
    /* Bytes of connections that may be WebSockets may take a part of it. */
    s->settings.waiting.max = s->settings.memory.limit / 4;
    s->settings.waiting.shared = &s->settings.memory;
    s->settings.sink = count_and_hand_on;
    s->settings.user = s;
    s->sink = sink;
    s->user = user;
    return s;
}

static void emit(session *s, const connection *c, record *r, int64_t time_ns)
{
    r->conn = c->number;
    r->time_ns = time_ns;
    count_and_hand_on(s, r);
}

static void emit_faults(session *s, const connection *c, wsp_sender from, uint32_t faults,
                        int64_t time_ns)
{
    for (const wsp_handshake_fault *f; (f = wsp_handshake_fault_first(faults)); faults &= ~f->bit) {
        record r = {.type = RECORD_VIOLATION, .from = from};
        r.violation = (record_violation){0, f->name, f->clause, f->text};
        emit(s, c, &r, time_ns);
    }
}

/* The end of what has a number: a conversation, or an attempt that was refused. */
static void emit_end(session *s, connection *c, record_how how, capture_place place)
{
    record r = {.type = RECORD_END, .from = WSP_FROM_UNKNOWN, .end = {.how = how}};
    if (c->conversation) {
        conversation_finish(c->conversation, how == ENDED_FIN || how == ENDED_RST, place);
        if (conversation_closed(c->conversation))
            r.end.how = ENDED_CLOSE;
        for (int side = WSP_FROM_CLIENT; side <= WSP_FROM_SERVER; side++)
            r.end.totals[side] = *conversation_totals(c->conversation, (wsp_sender)side);
        s->totals.undecoded_bytes += conversation_undecoded(c->conversation);
    }
    emit(s, c, &r, place.time_ns);
    c->number = 0;
}

/* RSV1 has a meaning with permessage-deflate (RFC 7692 6); of the bits that an extension uses which
 * is not known here, nobody can say. */
static conversation_extensions negotiated(const wsp_http_head *response)
{
    conversation_extensions agreed = {0};
    wsp_http_list_place at = {0};
    wsp_text element;
    while (wsp_http_list_next(response, "Sec-WebSocket-Extensions", &at, &element)) {
        wsp_extension extension;
        bool deflate = wsp_extension_parse(&extension, element) &&
                       wsp_text_equal_nocase(extension.name, "permessage-deflate");
        agreed.deflate |= deflate;
        agreed.rsv_allowed |= deflate ? WSP_RSV1 : WSP_RSV1 | WSP_RSV2 | WSP_RSV3;
    }
    return agreed;
}

static void end_prelude(session *s, connection *c)
{
    if (!c->before)
        return;
    budget_charge(&s->settings.memory, -(uint64_t)PRELUDE_COST);
    upgrade_clear(&c->before->upgrade);
    join_clear(&c->before->join);
    g_clear_pointer(&c->before, g_free);
}

/* Hand what the client sent too early to its new conversation. */
static void feed_early(connection *c)
{
    conversation_replay(c->conversation, WSP_FROM_CLIENT, &c->before->upgrade.early);
}

static record_handshake judge(const upgrade_decision *d)
{
    if (d->response && d->status != 101)
        return HANDSHAKE_REFUSED;
    if (!d->request && !d->response)
        return HANDSHAKE_MISSING;
    return d->request && d->response ? HANDSHAKE_SEEN : HANDSHAKE_PARTIAL;
}

/* An attempt is decided: number it, report it, and on a 101 begin the conversation. */
static void open_connection(session *s, connection *c, upgrade_decision *d, capture_place place)
{
    wsp_http_header headers[2][UPGRADE_MAX_HEADERS];
    wsp_http_head request = {0}, response = {0};
    if (d->request)
        wsp_http_parse(&request, d->request->data, d->request->len, headers[0],
                       UPGRADE_MAX_HEADERS);
    if (d->response)
        wsp_http_parse(&response, d->response->data, d->response->len, headers[1],
                       UPGRADE_MAX_HEADERS);

    if (c->number) /* an attempt before this one was refused */
        emit_end(s, c, ENDED_CLOSE, place);
    c->number = ++s->totals.websockets;
    c->tcp->websocket = c->number;
    if (!c->tcp->first_websocket)
        c->tcp->first_websocket = c->number;
    c->client = d->client;
    record r = {.type = RECORD_OPEN, .from = WSP_FROM_UNKNOWN};
    r.open = (record_open){.client = &c->tcp->side[d->client],
                           .server = &c->tcp->side[1 - d->client],
                           .handshake = judge(d),
                           .request = d->request ? &request : NULL,
                           .response = d->response ? &response : NULL};
    emit(s, c, &r, place.time_ns);

    wsp_handshake_request asked;
    wsp_handshake_response answered;
    if (d->request)
        emit_faults(s, c, WSP_FROM_CLIENT, wsp_handshake_request_check(&asked, &request),
                    place.time_ns);
    if (d->response && d->status == 101) {
        uint32_t faults =
            wsp_handshake_response_check(&answered, &response, d->request ? &request : NULL);
        emit_faults(s, c, WSP_FROM_SERVER, faults, place.time_ns);
        conversation_extensions agreed = negotiated(&response);
        c->conversation = conversation_new(&s->settings, c->number, &agreed);
        remember_server(s, &c->tcp->side[1 - c->client]);
        join_clear(&c->before->join);
        feed_early(c);
        upgrade_clear(&c->before->upgrade);
        c->request_due = !d->request;
        if (!c->request_due)
            end_prelude(s, c);
    }
    if (d->request)
        g_byte_array_unref(d->request);
    if (d->response)
        g_byte_array_unref(d->response);
}

static wsp_sender sender_of(const connection *c, int side)
{
    return side == c->client ? WSP_FROM_CLIENT : WSP_FROM_SERVER;
}

/*
 * The frames tell that it is a WebSocket. Where it was asked for, and only the answer is missing,
 * it is known where the client's begin: behind its request.
 */
static void open_joined(session *s, connection *c, int client)
{
    const conversation_extensions unknown = {.rsv_allowed = WSP_RSV1, .deflate = true};
    capture_place place = join_begin(&c->before->join);
    upgrade_decision d = {.client = client};
    bool asked = upgrade_finish(&c->before->upgrade, &d);
    open_connection(s, c, &d, place);
    s->totals.joined++;
    remember_server(s, &c->tcp->side[1 - client]);
    c->conversation = conversation_new(&s->settings, c->number, &unknown);
    for (int side = 0; side < 2; side++) {
        hunt h = join_take(&c->before->join, side);
        if (asked && side == client)
            hunt_clear(&h);
        else
            conversation_join(c->conversation, sender_of(c, side), &h);
    }
    feed_early(c);
    end_prelude(s, c);
}

/* Other connections to the same server may have shown what it is. */
static void ask_who_serves(const session *s, connection *c)
{
    for (int side = 0; c->before && side < 2; side++)
        c->before->join.serves[side] = g_hash_table_contains(s->servers, &c->tcp->side[side]);
}

/* Before anything new is dealt with; `ended` as join_decide has it. */
static void try_to_join(session *s, connection *c, bool ended)
{
    int client;
    if (!c->conversation && join_decide(&c->before->join, ended, &client))
        open_joined(s, c, client);
}

/*
 * Where the two directions were captured apart, the request may come behind its 101. It is no
 * frame: pass over it. False when these are frames.
 */
static bool take_late_request(session *s, connection *c, const tcp_event *e, capture_place place)
{
    if (!c->before || !c->request_due || e->side != c->client)
        return false;
    upgrade *u = &c->before->upgrade;
    GByteArray **head = &u->side[e->side].head;
    c->request_due = *head || (e->segment_start && e->data[0] == 'G'); /* GET; no legal frame */
    if (!c->request_due) {
        end_prelude(s, c);
        return false;
    }
    bool decided; /* never: this is no response */
    upgrade_decision decision;
    upgrade_feed(u, e->side, e->data, e->len, e->segment_start, place, &decided, &decision);
    c->request_due = *head;
    if (c->request_due)
        return true;
    bool found = u->request;
    if (found)
        feed_early(c);
    end_prelude(s, c);
    return found;
}

static void take_data(session *s, connection *c, const tcp_event *e, capture_place place)
{
    const uint8_t *in = e->data;
    size_t len = e->len;
    bool start = e->segment_start;
    if (start)
        try_to_join(s, c, false);
    while (len && !c->conversation) {
        bool decided;
        upgrade_decision decision;
        size_t n =
            upgrade_feed(&c->before->upgrade, e->side, in, len, start, place, &decided, &decision);
        if (!decided)
            join_feed(&c->before->join, e->side, in, n, start, place);
        else
            open_connection(s, c, &decision, place);
        if (c->before && c->before->upgrade.request)
            join_ask(&c->before->join, c->before->upgrade.client);
        in += n;
        len -= n;
        start = false;
    }
    if (len && !(in == e->data && take_late_request(s, c, e, place)))
        conversation_feed(c->conversation, sender_of(c, e->side), in, len, start, place);
}

static void take_gap(session *s, connection *c, const tcp_event *e, capture_place place)
{
    try_to_join(s, c, false);
    if (c->conversation) {
        conversation_gap(c->conversation, sender_of(c, e->side), e->len, place);
        return;
    }
    upgrade_gap(&c->before->upgrade, e->side, e->len, place);
    join_gap(&c->before->join, e->side, e->len, place);
}

static void take_fin(session *s, connection *c)
{
    try_to_join(s, c, false);
    if (c->conversation)
        conversation_pause(c->conversation);
}

static void end_connection(session *s, connection *c, tcp_end end, capture_place place)
{
    static const record_how hows[] = {[TCP_END_FIN] = ENDED_FIN,
                                      [TCP_END_RST] = ENDED_RST,
                                      [TCP_END_TIMEOUT] = ENDED_TIMEOUT,
                                      [TCP_END_EOF] = ENDED_EOF};
    upgrade_decision decision;
    ask_who_serves(s, c);
    try_to_join(s, c, true);
    s->totals.suspected += !c->conversation && !c->number && join_suspects(&c->before->join);
    if (!c->conversation && upgrade_finish(&c->before->upgrade, &decision))
        open_connection(s, c, &decision, place);
    if (c->number)
        emit_end(s, c, hows[end], place);
    end_prelude(s, c);
    if (c->conversation)
        conversation_free(c->conversation);
    budget_charge(&s->settings.memory, -(uint64_t)CONNECTION_COST);
    g_free(c);
}

/* What was sent twice with different content is worth a word where it is a WebSocket's. */
static void note_conflict(session *s, const connection *c, const tcp_event *e)
{
    if (c->number == 0)
        return;
    if (s->totals.conflicting_bytes == 0) {
        s->totals.conflict_connection = c->number;
        s->totals.conflict_packet = e->packet;
    }
    s->totals.conflicting_bytes += e->len;
}

void session_tcp_event(void *user, const tcp_event *e)
{
    session *s = user;
    capture_place place = {e->packet, e->time_ns};
    connection *c = e->connection->user;
    switch (e->type) {
    case TCP_EVENT_OPEN:
        c = g_new0(connection, 1);
        budget_charge(&s->settings.memory, CONNECTION_COST);
        c->tcp = e->connection;
        c->before = g_new0(prelude, 1);
        budget_charge(&s->settings.memory, PRELUDE_COST);
        upgrade_init(&c->before->upgrade, &s->settings.waiting);
        join_init(&c->before->join, &s->settings.waiting, e->connection->syn_side < 0 ? -1 : 0);
        ask_who_serves(s, c);
        e->connection->user = c;
        s->totals.connections++;
        break;
    case TCP_EVENT_DATA: take_data(s, c, e, place); break;
    case TCP_EVENT_GAP: take_gap(s, c, e, place); break;
    case TCP_EVENT_CONFLICT: note_conflict(s, c, e); break;
    case TCP_EVENT_FIN: take_fin(s, c); break;
    case TCP_EVENT_END: end_connection(s, c, e->end, place); break;
    }
}

budget *session_budget(session *s)
{
    return &s->settings.memory;
}

const session_totals *session_get_totals(session *s)
{
    s->totals.frames = s->settings.frames;
    s->totals.cut_short = s->settings.cut_short;
    s->totals.not_inflated = s->settings.not_inflated;
    s->totals.not_kept = s->settings.waiting.refused;
    return &s->totals;
}

void session_free(session *s)
{
    g_hash_table_unref(s->servers);
    g_free(s);
}
