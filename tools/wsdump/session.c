/* Joins what comes before a 101 and what comes after it. See session.h. */
#include "session.h"

#include "conversation.h"
#include "upgrade.h"

#include <glib.h>
#include <string.h>

/* One TCP connection: its `user`. */
typedef struct connection {
    tcp_connection *tcp;
    uint64_t number; /* of the open record; 0 = no WebSocket in sight yet */
    int client;      /* side */
    upgrade upgrade;
    conversation *conversation; /* NULL until the 101 */
    bool request_due;           /* the 101 came, and no byte of its client so far */
} connection;

struct session {
    conversation_settings settings;
    session_totals totals;
    record_sink *sink;
    void *user;
};

/* Count what passes on its way to the sink. */
static void count_and_hand_on(void *user, const record *r)
{
    session *s = user;
    s->totals.messages += r->type == RECORD_MESSAGE;
    s->totals.frames += r->type == RECORD_FRAME;
    s->totals.violations += r->type == RECORD_VIOLATION;
    s->sink(s->user, r);
}

session *session_new(const session_options *options, record_sink *sink, void *user)
{
    session *s = g_new0(session, 1);
    s->settings.max_data = options->max_data;
    s->settings.memory = options->memory ? options->memory : (uint64_t)512 << 20;
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
#ifdef WSPROTO_DEFLATE
    wsp_deflate_params params;
    if (wsp_deflate_answer_check(&params, response, NULL) == WSP_DEFLATE_AGREED) {
        agreed.no_context_takeover[WSP_FROM_CLIENT] = params.client_no_context_takeover;
        agreed.no_context_takeover[WSP_FROM_SERVER] = params.server_no_context_takeover;
    }
#endif
    return agreed;
}

/* Hand what the client sent too early to its new conversation. */
static void feed_early(connection *c, capture_place place)
{
    if (c->upgrade.early)
        conversation_feed(c->conversation, WSP_FROM_CLIENT, c->upgrade.early->data,
                          c->upgrade.early->len, place);
    if (c->upgrade.early_gap)
        conversation_gap(c->conversation, WSP_FROM_CLIENT, 0, place);
}

static record_handshake judge(const upgrade_decision *d)
{
    if (d->response && d->status != 101)
        return HANDSHAKE_REFUSED;
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
        feed_early(c, place);
        upgrade_clear(&c->upgrade);
        c->request_due = !d->request;
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
 * Where the two directions were captured apart, the request may come behind its 101. It is no
 * frame: pass over it. False when these are frames.
 */
static bool take_late_request(connection *c, const tcp_event *e, capture_place place)
{
    if (!c->request_due || e->side != c->client)
        return false;
    GByteArray **head = &c->upgrade.side[e->side].head;
    c->request_due = *head || (e->segment_start && e->data[0] == 'G'); /* GET; no legal frame */
    if (!c->request_due)
        return false;
    bool decided; /* never: this is no response */
    upgrade_decision decision;
    upgrade_feed(&c->upgrade, e->side, e->data, e->len, e->segment_start, &decided, &decision);
    c->request_due = *head;
    if (c->request_due)
        return true;
    bool found = c->upgrade.request;
    if (found)
        feed_early(c, place);
    upgrade_clear(&c->upgrade);
    return found;
}

static void take_data(session *s, connection *c, const tcp_event *e, capture_place place)
{
    const uint8_t *in = e->data;
    size_t len = e->len;
    bool start = e->segment_start;
    while (len && !c->conversation) {
        bool decided;
        upgrade_decision decision;
        size_t n = upgrade_feed(&c->upgrade, e->side, in, len, start, &decided, &decision);
        if (decided)
            open_connection(s, c, &decision, place);
        in += n;
        len -= n;
        start = false;
    }
    if (len && !(in == e->data && take_late_request(c, e, place)))
        conversation_feed(c->conversation, sender_of(c, e->side), in, len, place);
}

static void take_gap(connection *c, const tcp_event *e, capture_place place)
{
    if (c->conversation)
        conversation_gap(c->conversation, sender_of(c, e->side), e->len, place);
    else
        upgrade_gap(&c->upgrade, e->side, e->len);
}

static void end_connection(session *s, connection *c, tcp_end end, capture_place place)
{
    static const record_how hows[] = {[TCP_END_FIN] = ENDED_FIN,
                                      [TCP_END_RST] = ENDED_RST,
                                      [TCP_END_TIMEOUT] = ENDED_TIMEOUT,
                                      [TCP_END_EOF] = ENDED_EOF};
    upgrade_decision decision;
    if (!c->conversation && upgrade_finish(&c->upgrade, &decision))
        open_connection(s, c, &decision, place);
    if (c->number)
        emit_end(s, c, hows[end], place);
    upgrade_clear(&c->upgrade);
    if (c->conversation)
        conversation_free(c->conversation);
    g_free(c);
}

void session_tcp_event(void *user, const tcp_event *e)
{
    session *s = user;
    capture_place place = {e->packet, e->time_ns};
    connection *c = e->connection->user;
    switch (e->type) {
    case TCP_EVENT_OPEN:
        c = g_new0(connection, 1);
        c->tcp = e->connection;
        upgrade_init(&c->upgrade);
        e->connection->user = c;
        s->totals.connections++;
        break;
    case TCP_EVENT_DATA: take_data(s, c, e, place); break;
    case TCP_EVENT_GAP: take_gap(c, e, place); break;
    case TCP_EVENT_FIN: break;
    case TCP_EVENT_END: end_connection(s, c, e->end, place); break;
    }
}

const session_totals *session_get_totals(const session *s)
{
    return &s->totals;
}

void session_free(session *s)
{
    g_free(s);
}
