/* The bytes of a transcript, through the library. See decoded.h. */
#include "decoded.h"

#include <string.h>

/* One direction of a connection while it is decoded. */
typedef struct stream {
    wsp_http_scanner scan;
    bool no_head;      /* it does not begin with a head that ends */
    GByteArray *early; /* a client's bytes behind its request while there is no answer */
    wsp_reader reader;
    wsp_message message;
    decoded_frame *frame;            /* being read */
    decoded_message *data, *control; /* being read */
} stream;

typedef enum phase {
    PHASE_HANDSHAKE,
    PHASE_FRAMES, /* behind a 101 */
    PHASE_OTHER,  /* refused, or HTTP */
} phase;

typedef struct decoder {
    decoded *result;
    stream (*streams)[2]; /* of each connection */
    phase *phases;        /* of each connection */
    unsigned numbered;    /* connections so far */
} decoder;

static void free_frame(void *frame)
{
    decoded_frame *f = frame;
    g_byte_array_unref(f->payload);
    g_free(f);
}

static void free_message(void *message)
{
    decoded_message *m = message;
    if (m)
        g_byte_array_unref(m->payload);
    g_free(m);
}

/* ---- Frames and messages ----------------------------------------------------------------------
 */

static void take_frame(decoder *d, unsigned c, wsp_sender from, const wsp_event *ev, int64_t now)
{
    stream *s = &d->streams[c][from];
    decoded_connection *connection = &d->result->connections[c];
    if (ev->type == WSP_EVENT_FRAME) {
        s->frame = g_new0(decoded_frame, 1);
        s->frame->connection = connection;
        s->frame->from = from;
        s->frame->header = *ev->frame;
        s->frame->payload = g_byte_array_new();
        s->frame->nth = ++connection->frames[from];
        s->frame->number =
            connection->frames[WSP_FROM_CLIENT] + connection->frames[WSP_FROM_SERVER];
    }
    guint at = s->frame->payload->len;
    g_byte_array_append(s->frame->payload, ev->data, (guint)ev->len);
    if (ev->frame->masked)
        wsp_mask(s->frame->payload->data + at, ev->data, ev->len, ev->frame->masking_key,
                 ev->offset);
    s->frame->violations |= ev->violations;
    if (ev->bytes_left > 0)
        return;
    s->frame->time_ns = now;
    s->frame->whole = true;
    g_ptr_array_add(d->result->frames, g_steal_pointer(&s->frame));
}

static decoded_message **message_of(stream *s, uint8_t opcode)
{
    return wsp_opcode_is_control(opcode) ? &s->control : &s->data;
}

static void take_message(decoder *d, unsigned c, wsp_sender from, const wsp_message_event *mev,
                         int64_t now)
{
    decoded_message **m = message_of(&d->streams[c][from], mev->opcode);
    if (mev->first || !*m) {
        free_message(*m);
        *m = g_new0(decoded_message, 1);
        (*m)->connection = &d->result->connections[c];
        (*m)->from = from;
        (*m)->opcode = mev->opcode;
        (*m)->payload = g_byte_array_new();
    }
    g_byte_array_append((*m)->payload, mev->data, (guint)mev->len);
    if (!mev->last)
        return;
    (*m)->frames = (unsigned)mev->frames;
    (*m)->time_ns = now;
    g_ptr_array_add(d->result->messages, g_steal_pointer(m));
}

/* The message layer's word on a frame belongs to the frame: what its payload breaks. */
static uint32_t take_messages(decoder *d, unsigned c, wsp_sender from, const wsp_event *ev,
                              int64_t now)
{
    uint8_t unmasked[4096];
    uint32_t violations = 0;
    wsp_message_event mev;
    do {
        wsp_message_next(&d->streams[c][from].message, ev, unmasked, sizeof unmasked, &mev);
        take_message(d, c, from, &mev, now);
        violations |= mev.violations;
    } while (mev.more);
    return violations;
}

static void take_frames(decoder *d, unsigned c, wsp_sender from, const uint8_t *in, size_t len,
                        int64_t now)
{
    for (;;) {
        wsp_event ev;
        size_t used = wsp_reader_next(&d->streams[c][from].reader, in, len, &ev);
        in += used;
        len -= used;
        if (ev.type == WSP_EVENT_NONE)
            return;
        ev.violations |= take_messages(d, c, from, &ev, now);
        take_frame(d, c, from, &ev, now);
    }
}

/* ---- Handshakes -------------------------------------------------------------------------------
 */

/* Which reserved bits the answer gave a meaning. */
static uint8_t rsv_allowed(const wsp_http_head *answer)
{
    static const char deflate[] = "permessage-deflate";
    wsp_http_list_place at = {0};
    wsp_text element;
    while (wsp_http_list_next(answer, "Sec-WebSocket-Extensions", &at, &element)) {
        wsp_text name = {element.data, MIN(element.len, strlen(deflate))};
        if (wsp_text_equal(name, deflate))
            return WSP_RSV1;
    }
    return 0;
}

/* The answer is there: what comes now? */
static void decide(decoder *d, unsigned c, int64_t now)
{
    decoded_connection *connection = &d->result->connections[c];
    const decoded_head *request = &connection->heads[WSP_FROM_CLIENT];
    const wsp_http_head *answer = &connection->heads[WSP_FROM_SERVER].parsed;
    bool switched = answer->kind == WSP_HTTP_RESPONSE && answer->status == 101;
    connection->answered_ns = now;
    d->phases[c] = switched ? PHASE_FRAMES : PHASE_OTHER;
    if (switched || (request->whole && wsp_handshake_is_attempt(&request->parsed)))
        connection->number = ++d->numbered;
    if (!switched)
        return;
    for (wsp_sender from = WSP_FROM_CLIENT; from <= WSP_FROM_SERVER; from++) {
        wsp_frame_rules rules = {.sender = from, .rsv_allowed = rsv_allowed(answer)};
        wsp_reader_init(&d->streams[c][from].reader, &rules);
        wsp_message_init(&d->streams[c][from].message, NULL);
    }
    GByteArray *early = d->streams[c][WSP_FROM_CLIENT].early;
    take_frames(d, c, WSP_FROM_CLIENT, early->data, early->len, now);
}

/* The next bytes of a head that is not whole yet; returns how many of them belong to it. */
static size_t take_head(decoder *d, unsigned c, wsp_sender from, const uint8_t *in, size_t len)
{
    stream *s = &d->streams[c][from];
    decoded_head *head = &d->result->connections[c].heads[from];
    int64_t used = wsp_http_scan(&s->scan, in, len);
    if (used < 0) {
        s->no_head = true;
        return len;
    }
    g_byte_array_append(head->text, in, (guint)used);
    if (s->scan.done) {
        head->whole = true;
        wsp_http_parse(&head->parsed, head->text->data, head->text->len, head->headers,
                       DECODED_MAX_HEADERS);
    }
    return (size_t)used;
}

static void take_bytes(decoder *d, unsigned c, wsp_sender from, const uint8_t *in, size_t len,
                       int64_t now)
{
    stream *s = &d->streams[c][from];
    const decoded_head *head = &d->result->connections[c].heads[from];
    if (d->phases[c] == PHASE_HANDSHAKE && !head->whole && !s->no_head) {
        size_t used = take_head(d, c, from, in, len);
        in += used;
        len -= used;
        if (head->whole && from == WSP_FROM_SERVER)
            decide(d, c, now);
    }
    if (d->phases[c] == PHASE_FRAMES)
        take_frames(d, c, from, in, len, now);
    else if (d->phases[c] == PHASE_HANDSHAKE)
        g_byte_array_append(s->early, in, (guint)len);
}

/* ---- All of it --------------------------------------------------------------------------------
 */

static void take_event(decoder *d, const transcript_event *e)
{
    decoded_connection *connection = &d->result->connections[e->connection];
    wsp_sender from = e->from_client ? WSP_FROM_CLIENT : WSP_FROM_SERVER;
    switch (e->type) {
    case TRANSCRIPT_OPEN: break;
    case TRANSCRIPT_BYTES:
        connection->bytes[from] += e->len;
        take_bytes(d, e->connection, from, e->data, e->len, e->time_ns);
        break;
    case TRANSCRIPT_FIN:
    case TRANSCRIPT_RESET:
        if (!connection->ended)
            connection->ended_by = from;
        connection->ended = true;
        connection->reset |= e->type == TRANSCRIPT_RESET;
        break;
    }
}

static void begin(decoder *d, unsigned count)
{
    d->result = g_new0(decoded, 1);
    d->result->connections = g_new0(decoded_connection, count);
    d->result->connection_count = count;
    d->result->frames = g_ptr_array_new_with_free_func(free_frame);
    d->result->messages = g_ptr_array_new_with_free_func(free_message);
    d->streams = g_malloc0_n(count, sizeof *d->streams);
    d->phases = g_malloc0_n(count, sizeof *d->phases);
    for (unsigned c = 0; c < count; c++)
        for (int from = 0; from < 2; from++) {
            d->result->connections[c].heads[from].text = g_byte_array_new();
            d->streams[c][from].early = g_byte_array_new();
            wsp_http_scan_init(&d->streams[c][from].scan, NULL);
        }
}

static void finish(decoder *d)
{
    for (unsigned c = 0; c < d->result->connection_count; c++) {
        decoded_connection *connection = &d->result->connections[c];
        const decoded_head *request = &connection->heads[WSP_FROM_CLIENT];
        if (d->phases[c] == PHASE_HANDSHAKE && request->whole &&
            wsp_handshake_is_attempt(&request->parsed))
            connection->number = ++d->numbered; /* never answered */
        for (int from = 0; from < 2; from++) {
            stream *s = &d->streams[c][from];
            g_byte_array_unref(s->early);
            if (s->frame)
                g_ptr_array_add(d->result->frames, s->frame);
            free_message(s->data);
            free_message(s->control);
        }
    }
    g_free(d->streams);
    g_free(d->phases);
}

decoded *decoded_of(const transcript *c)
{
    decoder d = {0};
    begin(&d, transcript_connections(c));
    for (size_t i = 0; i < transcript_events(c); i++) {
        transcript_event e = transcript_event_at(c, i);
        take_event(&d, &e);
    }
    finish(&d);
    return d.result;
}

void decoded_free(decoded *d)
{
    if (!d)
        return;
    for (unsigned c = 0; c < d->connection_count; c++)
        for (int from = 0; from < 2; from++)
            g_byte_array_unref(d->connections[c].heads[from].text);
    g_ptr_array_unref(d->frames);
    g_ptr_array_unref(d->messages);
    g_free(d->connections);
    g_free(d);
}

char *decoded_place(const decoded *d, unsigned connection, wsp_sender from, uint64_t nth)
{
    const decoded_connection *c =
        connection < d->connection_count ? &d->connections[connection] : NULL;
    if (!c || c->number == 0)
        return NULL;
    for (guint i = 0; i < d->frames->len; i++) {
        const decoded_frame *f = g_ptr_array_index(d->frames, i);
        if (f->connection == c && f->from == from && f->nth == nth)
            return g_strdup_printf("%u:%u", c->number, f->number);
    }
    return g_strdup_printf("%u", c->number);
}
