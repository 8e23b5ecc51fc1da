/*
 * Given: the outbox of a client: what waits to be sent. Many put frames in, one writer takes them
 * out. Nobody waits: where it is full, who puts has to decide.
 */
#include "07_hub/conn.h"
#include "07_hub/rules.h"
#include "07_hub/settings.h"
#include "07_hub/writers.h"

#include <string.h>

const struct end_kind ends[ENDS] = {
    [CLIENT] = {"client", 0},        [RULE] = {"rule", 0},
    [IDLE] = {"idle", GOING_AWAY},   [STUCK] = {"stuck", NO_CLOSE},
    [SLOW] = {"slow", TRY_LATER},    [POLICY] = {"policy", POLICY_CODE},
    [LOST] = {"lost", NO_CLOSE},     [STOPPED] = {"shutdown", GOING_AWAY},
    [FORCED] = {"forced", NO_CLOSE}, [REFUSED] = {"refused", NO_CLOSE},
    [PAGE] = {"page", NO_CLOSE},
};

GBytes *frame_new(uint8_t opcode, const void *payload, size_t len)
{
    uint8_t *frame = g_malloc(len + WSP_FRAME_HEADER_MAX);
    const wsp_conn_frame f = {.opcode = opcode, .payload = payload, .len = len};
    const int64_t size = wsp_conn_shared_encode(&f, frame, len + WSP_FRAME_HEADER_MAX);
    g_assert(size > 0); /* the payload is our own */
    return g_bytes_new_take(frame, (size_t)size);
}

/* What a frame takes, which may be shared with others. */
static size_t cost(GBytes *frame)
{
    return g_bytes_get_size(frame) + OUTBOX_COST;
}

static bool is_too_much(outbox *o, GBytes *frame)
{
    return settings.outbox_bytes > 0 &&
           atomic_load(&o->bytes) + cost(frame) > (size_t)settings.outbox_bytes;
}

static void put_in(outbox *o, GBytes *frame)
{
    atomic_fetch_add(&o->bytes, cost(frame));
    o->frames[o->put++ % OUTBOX_PLACES] = frame;
}

void outbox_sent(outbox *o, GBytes *frame)
{
    atomic_fetch_sub(&o->bytes, cost(frame));
    g_bytes_unref(frame);
}

put outbox_put(conn *c, GBytes *frame)
{
    outbox *o = &c->out;
    put result = PUT;
    bool first = false;
    g_autoptr(GBytes) dressed = rules.dress ? rules.dress(c, frame) : g_bytes_ref(frame);
    g_mutex_lock(&o->lock);
    if (o->ended)
        result = PUT_ENDED;
    else if (o->put - o->taken >= OUTBOX_MAX || is_too_much(o, dressed))
        result = PUT_FULL;
    else {
        first = o->put == o->taken;
        put_in(o, g_steal_pointer(&dressed));
    }
    g_mutex_unlock(&o->lock);
    if (first) /* its writer knows, or will be told, of one that has not been taken yet */
        writers_note(c);
    return result;
}

static void throw_away(outbox *o)
{
    while (o->put != o->taken)
        outbox_sent(o, o->frames[--o->put % OUTBOX_PLACES]);
}

bool outbox_open(conn *c, GBytes *answer)
{
    outbox *o = &c->out;
    g_mutex_lock(&o->lock);
    const bool opens = !o->ended;
    if (opens)
        put_in(o, g_bytes_ref(answer));
    atomic_store(&c->open, opens);
    g_mutex_unlock(&o->lock);
    writers_look(c);
    return opens;
}

/* The Close has a place of its own: it always fits. */
static void put_close(outbox *o, const char *reason)
{
    uint8_t payload[WSP_CONTROL_PAYLOAD_MAX];
    const int len = wsp_close_encode(payload, sizeof payload, o->code, reason, strlen(reason));
    put_in(o, frame_new(WSP_OPCODE_CLOSE, payload, (size_t)MAX(len, 0))); /* 1005: empty */
}

void outbox_end(conn *c, end why, uint16_t code, const char *reason)
{
    outbox *o = &c->out;
    g_mutex_lock(&o->lock);
    if (!o->ended) {
        o->code = ends[why].code ? ends[why].code : code;
        if (why == SLOW)
            throw_away(o);
        if (o->code != NO_CLOSE && atomic_load(&c->open))
            put_close(o, why == CLIENT ? "" : reason ? reason : ends[why].word);
    }
    if (!o->ended || why == FORCED)
        o->ended = why;
    g_mutex_unlock(&o->lock);
    writers_note(c);
}

end outbox_why(conn *c, uint16_t *code)
{
    g_mutex_lock(&c->out.lock);
    end why = c->out.ended;
    *code = c->out.code;
    g_mutex_unlock(&c->out.lock);
    return why;
}

sending *outbox_take(conn *c)
{
    outbox *o = &c->out;
    sending *s = NULL;
    g_mutex_lock(&o->lock);
    if (o->put != o->taken)
        s = g_new0(sending, 1);
    while (o->put != o->taken)
        s->frames[s->count++] = o->frames[o->taken++ % OUTBOX_PLACES];
    g_mutex_unlock(&o->lock);
    return s;
}

void outbox_clear(conn *c)
{
    throw_away(&c->out);
    while (c->rest && c->rest->first < c->rest->count)
        outbox_sent(&c->out, c->rest->frames[c->rest->first++]);
    g_clear_pointer(&c->rest, g_free);
    g_mutex_clear(&c->out.lock);
}
