/* The two directions of a WebSocket after its handshake. See conversation.h. */
#include "conversation.h"

#include <glib.h>
#include <string.h>

/* Pings that may still be answered, per direction; older ones are forgotten. */
enum { MAX_PINGS = 16, PINGS_COST = 320 };

/*
 * In a WebSocket the next segment start is likely to be a frame's, so less evidence is needed than
 * in a connection of which nothing is known, least of all where a segment is whole frames: only the
 * last segment of a message that began in the gap could be mistaken for one.
 */
static const hunt_bars bars = {.at_rest = 120, .running = 160};

/* A message that is being put together. */
typedef struct assembly {
    bool open;
    bool truncated; /* not all of it is kept */
    bool compressed;
    bool raw;      /* compressed and not inflated: nothing is kept */
    bool torn;     /* inflated only so far */
    bool not_utf8; /* text with a wrong byte, perhaps where it is not kept */
    bool unread;   /* text of which that may not be noticed */
    uint8_t opcode;
    uint64_t frames, wire_length;
    uint64_t length;  /* bytes so far, missing ones included */
    GByteArray *kept; /* its beginning; NULL until needed */
    GArray *missing;  /* of record_missing; NULL until needed */
} assembly;

typedef struct ping {
    int64_t time_ns;
    guint payload_hash;
} ping;

typedef struct direction {
    wsp_sender from;
    uint32_t held; /* violations of a frame that is a guess, not told yet */
    wsp_reader reader;
    wsp_message message;
    bool deflate;     /* compressed messages are permessage-deflate's */
    bool assumed;     /* nobody has said so */
    bool doubtful;    /* some of them may have been missed */
    bool masked;      /* the latest frame */
    bool after_close; /* the frame that is being read */
    bool close_sent;
    certain *inflater; /* NULL until needed: it is 40 KiB, or 80 */
    assembly data, control;
    record_frame frame; /* being read; number 0 = none */
    hunt *hunt;         /* nobody knows where the next frame begins; else NULL */
    evidence *proof;    /* for frames that were found by a hunt, until it suffices; else NULL */
    pieces queue;       /* what a hunt found, and has to be read */
    GArray *pings;      /* of ping, that this side sent; NULL until needed */
    record_side_totals totals;
} direction;

struct conversation {
    conversation_settings *settings;
    uint64_t number;
    uint64_t frames, messages, undecoded;
    capture_place place; /* of the bytes that are being read */
    direction directions[2];
};

conversation *conversation_new(conversation_settings *settings, uint64_t number,
                               const conversation_extensions *extensions)
{
    conversation *c = g_new0(conversation, 1);
    budget_charge(&settings->memory, sizeof *c + BUDGET_BLOCK);
    c->settings = settings;
    c->number = number;
    for (int side = WSP_FROM_CLIENT; side <= WSP_FROM_SERVER; side++) {
        direction *d = &c->directions[side];
        d->from = (wsp_sender)side;
        d->deflate = extensions->deflate;
        wsp_frame_rules rules = {.sender = d->from, .rsv_allowed = extensions->rsv_allowed};
        wsp_reader_init(&d->reader, &rules);
        wsp_message_init(&d->message, NULL);
    }
    return c;
}

/* What a direction has at times. */
enum {
    HUNT_COST = sizeof(hunt) + BUDGET_BLOCK,
    PROOF_COST = sizeof(evidence) + BUDGET_BLOCK,
};

/* ---- Records --------------------------------------------------------------------------------- */

static void emit(const conversation *c, const direction *d, record *r)
{
    r->time_ns = c->place.time_ns;
    r->conn = c->number;
    r->from = d->from;
    c->settings->sink(c->settings->user, r);
}

static void emit_violations(const conversation *c, const direction *d, uint32_t set)
{
    for (const wsp_violation *v; set && (v = wsp_violation_first(set)); set &= ~v->bit) {
        record r = {.type = RECORD_VIOLATION,
                    .violation = {d->frame.number, v->name, v->clause, v->text}};
        emit(c, d, &r);
    }
}

/* Violations are told at once, and again with their frame when that is whole; of a frame that is a
 * guess only then, since it may be taken back. */
static void note_violations(const conversation *c, direction *d, uint32_t set)
{
    d->frame.violations |= set;
    if (d->proof)
        d->held |= set;
    else
        emit_violations(c, d, set);
}

/* Is what is read now no more than a guess? */
static bool guessing(const direction *d)
{
    return d->proof && d->proof->bits < EVIDENCE_PROOF;
}

static void emit_frame(const conversation *c, direction *d)
{
    emit_violations(c, d, d->held);
    d->held = 0;
    c->settings->frames++;
    if (c->settings->no_frames)
        return;
    d->frame.guessed = guessing(d);
    record r; /* not cleared first: this is done for every frame */
    r.type = RECORD_FRAME;
    r.frame = d->frame;
    emit(c, d, &r);
}

/* Is text of which only the beginning is kept valid as far as it goes? Cuts a torn character. */
static bool valid_utf8(const uint8_t *data, size_t *len, bool truncated)
{
    wsp_utf8 u = {0};
    if (wsp_utf8_feed(&u, data, *len) != *len)
        return false;
    if (wsp_utf8_done(&u))
        return true;
    if (!truncated)
        return false;
    while (*len > 0 && (data[*len - 1] & 0xc0) == 0x80)
        (*len)--;
    (*len)--; /* the byte that began the character */
    return true;
}

static guint hash_payload(const uint8_t *data, size_t len)
{
    GBytes *bytes = g_bytes_new_static(data, len);
    guint hash = g_bytes_hash(bytes);
    g_bytes_unref(bytes);
    return hash;
}

static void remember_ping(conversation *c, direction *d, const uint8_t *data, size_t len)
{
    if (!d->pings) {
        d->pings = g_array_new(FALSE, FALSE, sizeof(ping));
        budget_charge(&c->settings->memory, PINGS_COST);
    }
    if (d->pings->len == MAX_PINGS)
        g_array_remove_index(d->pings, 0);
    ping p = {c->place.time_ns, hash_payload(data, len)};
    g_array_append_val(d->pings, p);
}

/* A pong answers the newest ping with its payload, and with it all older ones (RFC 6455 5.5.3). */
static int64_t round_trip(direction *pinger, int64_t time_ns, const uint8_t *data, size_t len)
{
    if (!pinger->pings)
        return -1;
    guint hash = hash_payload(data, len);
    for (guint i = pinger->pings->len; i-- > 0;) {
        ping p = g_array_index(pinger->pings, ping, i);
        if (p.payload_hash != hash)
            continue;
        g_array_remove_range(pinger->pings, 0, i + 1);
        return time_ns - p.time_ns;
    }
    return -1;
}

/* How much of a message is handed on. */
static uint64_t shown_limit(const conversation *c)
{
    return c->settings->max_data ? c->settings->max_data : UINT64_MAX;
}

/* How much is kept: of a control frame what a legal one can hold, so that pongs find their pings.
 */
static uint64_t kept_limit(const conversation *c, const assembly *a)
{
    uint64_t max = shown_limit(c);
    return wsp_opcode_is_control(a->opcode) ? MAX(max, WSP_CONTROL_PAYLOAD_MAX) : max;
}

/* The code of a Close whose first two bytes are known. */
static int32_t close_code(const assembly *a, const uint8_t *data, size_t len)
{
    bool unknown = a->missing && a->missing->len > 0 &&
                   g_array_index(a->missing, record_missing, 0).offset < 2;
    return len < 2 || unknown ? -1 : data[0] << 8 | data[1];
}

/* Hand a message on. `data` is its beginning, all of it unless it is truncated. */
static void emit_message(conversation *c, direction *d, assembly *a, const uint8_t *data,
                         size_t len, bool complete)
{
    a->open = false;
    d->close_sent |= complete && a->opcode == WSP_OPCODE_CLOSE;
    if (!record_message_type(a->opcode)) /* a continuation or a reserved opcode: frames only */
        return;
    int64_t rtt_ns = -1;
    int32_t code = -1;
    if (a->opcode == WSP_OPCODE_CLOSE)
        code = close_code(a, data, len);
    if (a->opcode == WSP_OPCODE_PING)
        remember_ping(c, d, data, len);
    if (a->opcode == WSP_OPCODE_PONG)
        rtt_ns = round_trip(&c->directions[1 - d->from], c->place.time_ns, data, len);

    bool truncated = a->truncated || len > shown_limit(c);
    len = (size_t)MIN(len, shown_limit(c));
    bool gaps = a->missing && a->missing->len > 0;
    bool all_read = complete && !a->unread && !gaps && !truncated;
    bool utf8 = a->opcode == WSP_OPCODE_TEXT && !a->not_utf8 &&
                (all_read || valid_utf8(data, &len, truncated));
    record r;
    r.type = RECORD_MESSAGE;
    r.message = (record_message){
        .number = ++c->messages,
        .opcode = a->opcode,
        .frames = a->frames,
        .wire_length = a->wire_length,
        .length = a->length,
        .compressed = a->compressed,
        .complete = complete && !a->raw && !a->torn && !gaps,
        .truncated = truncated,
        .guessed = guessing(d),
        .utf8 = utf8,
        .data = a->raw ? NULL : data,
        .data_len = a->raw ? 0 : len,
        .missing = a->missing ? (const record_missing *)(void *)a->missing->data : NULL,
        .missing_count = a->missing ? a->missing->len : 0,
        .close_code = code,
        .rtt_ns = rtt_ns,
    };
    d->totals.messages++;
    d->totals.bytes += a->length;
    emit(c, d, &r);
}

/* What the array of a message takes: it grows in powers of two, of which only large ones, that have
 * pages of their own, take no more than was written. */
static uint64_t kept_cost(const assembly *a)
{
    uint64_t room = 128;
    while (room < a->kept->len && room < 131072)
        room *= 2;
    return MAX(room, a->kept->len) + 2 * (uint64_t)BUDGET_BLOCK;
}

/* An array keeps the memory that it once had: so it goes with the message. */
static void release(conversation *c, assembly *a)
{
    if (a->kept) {
        budget_charge(&c->settings->memory, -kept_cost(a));
        g_byte_array_unref(a->kept);
    }
    if (a->missing) {
        budget_charge(&c->settings->memory, -(uint64_t)a->missing->len * sizeof(record_missing));
        g_array_unref(a->missing);
    }
    a->kept = NULL;
    a->missing = NULL;
}

static void emit_assembly(conversation *c, direction *d, assembly *a, bool complete)
{
    static const uint8_t nothing[1];
    bool some = a->kept && a->kept->len;
    emit_message(c, d, a, some ? a->kept->data : nothing, some ? a->kept->len : 0, complete);
    release(c, a);
}

/* Keep `len` more bytes, zero where data is NULL, as far as the limits let us. */
static void keep(conversation *c, assembly *a, const uint8_t *data, uint64_t len)
{
    if (a->truncated || a->raw || len == 0)
        return;
    if (!a->kept) {
        a->kept = g_byte_array_new();
        budget_charge(&c->settings->memory, kept_cost(a));
    }
    uint64_t wanted = MIN(len, kept_limit(c, a) - a->kept->len);
    uint64_t n = MIN(wanted, budget_room(&c->settings->memory));
    n = MIN(n, G_MAXINT - a->kept->len);
    a->truncated = n < len;
    c->settings->cut_short += n < wanted;
    if (n == 0)
        return;
    guint before = a->kept->len;
    uint64_t cost = kept_cost(a);
    g_byte_array_set_size(a->kept, before + (guint)n);
    if (data)
        memcpy(a->kept->data + before, data, (size_t)n);
    else
        memset(a->kept->data + before, 0, (size_t)n);
    budget_charge(&c->settings->memory, kept_cost(a) - cost);
}

/* Where there is no room for another range, the last one goes on up to here: then nothing of what
 * it covers besides may be shown as known. */
static void note_missing(conversation *c, assembly *a, uint64_t up_to)
{
    if (!a->missing)
        a->missing = g_array_new(FALSE, FALSE, sizeof(record_missing));
    record_missing hole = {a->length, up_to - a->length};
    bool full = budget_room(&c->settings->memory) < sizeof hole;
    c->settings->cut_short += full && !a->truncated;
    a->truncated |= full;
    if (full && a->missing->len > 0) {
        record_missing *last = &g_array_index(a->missing, record_missing, a->missing->len - 1);
        uint64_t known = last->offset + last->len;
        if (a->kept && a->kept->len > known)
            memset(a->kept->data + known, 0, a->kept->len - (size_t)known);
        last->len = up_to - last->offset;
    } else {
        g_array_append_val(a->missing, hole);
        budget_charge(&c->settings->memory, sizeof hole);
    }
    keep(c, a, NULL, hole.len);
    a->length = up_to;
}

static void begin_message(conversation *c, direction *d, assembly *a, const wsp_message_event *mev)
{
    if (a->open) /* abandoned by its sender */
        emit_assembly(c, d, a, false);
    a->open = true;
    a->truncated = false;
    /* RSV1 without an extension that gives it a meaning: nothing says that it is DEFLATE. */
    a->compressed = mev->compressed && (d->reader.rules.rsv_allowed & WSP_RSV1);
    a->raw = a->compressed && mev->raw;
    c->settings->not_inflated += a->raw && d->deflate;
    a->not_utf8 = false;
    a->unread = mev->compressed;
    a->opcode = mev->opcode;
    a->length = 0;
}

/* Of a message that is inflated: which bytes so far come from what was not captured. The last range
 * that is noted may have grown, and others come behind it. */
static void note_unknown(conversation *c, const direction *d, assembly *a)
{
    const GArray *unknown = certain_unknown(d->inflater);
    if (unknown->len == 0)
        return;
    if (!a->missing)
        a->missing = g_array_new(FALSE, FALSE, sizeof(record_missing));
    guint before = a->missing->len, same = before ? before - 1 : 0;
    g_array_set_size(a->missing, same);
    g_array_append_vals(a->missing, &g_array_index(unknown, record_missing, same),
                        unknown->len - same);
    budget_charge(&c->settings->memory,
                  (uint64_t)(a->missing->len - before) * sizeof(record_missing));
}

/* One piece of a message. True when the message is whole. */
static bool add_piece(conversation *c, assembly *a, const wsp_message_event *mev)
{
    a->frames = mev->frames;
    a->wire_length = mev->wire_length;
    a->torn = mev->torn;
    a->not_utf8 |= (mev->violations & WSP_V_TEXT_UTF8) != 0;
    if (mev->offset > a->length)
        note_missing(c, a, mev->offset);
    a->length += mev->len;
    if (!(mev->first && mev->last)) /* a message in one piece is never copied */
        keep(c, a, mev->data, mev->len);
    return mev->last;
}

/* The first compressed message of a direction needs an inflater. */
static void make_inflater(conversation *c, direction *d, const wsp_frame_header *h)
{
    bool begins = h->opcode != WSP_OPCODE_CONTINUATION && !wsp_opcode_is_control(h->opcode);
    if (!d->deflate || d->inflater || !begins || !(h->rsv & WSP_RSV1))
        return;
    d->inflater = certain_new(&c->settings->inflaters, !d->doubtful);
    if (d->inflater)
        d->message.rules.inflater = certain_inflater(d->inflater);
    else /* what this message leaves in the window is then unknown */
        d->doubtful = true;
}

static void read_event(conversation *c, direction *d, const wsp_event *ev)
{
    uint8_t *scratch = c->settings->scratch;
    wsp_message_event mev;
    bool control = wsp_opcode_is_control(ev->frame->opcode);
    assembly *a = control ? &d->control : &d->data;

    if (ev->type == WSP_EVENT_FRAME) {
        d->masked = ev->frame->masked;
        d->frame = (record_frame){.number = ++c->frames, .packet = c->place.packet};
        d->frame.header = ev->frame; /* the reader keeps it as long as it reads the frame */
        d->totals.frames++;
        note_violations(c, d, ev->violations);
        make_inflater(c, d, ev->frame);
    }
    bool whole;
    do {
        wsp_message_next(&d->message, ev, scratch, sizeof c->settings->scratch, &mev);
        if (mev.first)
            begin_message(c, d, a, &mev);
        if (a->compressed && !a->raw) {
            note_unknown(c, d, a);
            if (!certain_is_sure(d->inflater)) /* an unknown byte makes no character wrong */
                mev.violations &= ~WSP_V_TEXT_UTF8;
        }
        if (d->assumed) /* that it is DEFLATE */
            mev.violations &= ~WSP_V_DEFLATE_DATA;
        if (mev.violations)
            note_violations(c, d, mev.violations);
        whole = add_piece(c, a, &mev);
    } while (mev.more);

    if (ev->bytes_left == 0)
        emit_frame(c, d);
    if (whole && mev.first) {
        emit_message(c, d, a, mev.len ? mev.data : scratch, mev.len, true);
        release(c, a);
    } else if (whole) {
        emit_assembly(c, d, a, true);
    }
}

/* ---- Streams --------------------------------------------------------------------------------- */

static void drop_proof(conversation *c, direction *d)
{
    if (d->proof)
        budget_charge(&c->settings->memory, -(uint64_t)PROOF_COST);
    g_clear_pointer(&d->proof, g_free);
}

static hunt *new_hunt(conversation *c)
{
    budget_charge(&c->settings->memory, HUNT_COST);
    return g_new(hunt, 1);
}

/* From here on nobody knows where the next frame begins. */
static void begin_hunt(conversation *c, direction *d)
{
    bool by_role = d->from == WSP_FROM_CLIENT;
    evidence_rules rules = {.rsv_allowed = d->reader.rules.rsv_allowed,
                            .masked = d->totals.frames ? d->masked : by_role,
                            .websocket = true};
    d->hunt = new_hunt(c);
    hunt_init(d->hunt, &rules, &c->settings->waiting);
    d->doubtful = true;
    drop_proof(c, d);
    if (d->data.open)
        emit_assembly(c, d, &d->data, false);
    wsp_message_abandon(&d->message);
}

static void end_hunt(conversation *c, direction *d)
{
    hunt_clear(d->hunt);
    c->undecoded += d->hunt->skipped;
    g_clear_pointer(&d->hunt, g_free);
    budget_charge(&c->settings->memory, -(uint64_t)HUNT_COST);
}

/* What was guessed is wrong: nothing is told of the frame that is being read, if one has begun. */
static void retract(conversation *c, direction *d, bool begun)
{
    wsp_frame_rules rules = {.sender = d->from, .rsv_allowed = d->reader.rules.rsv_allowed};
    if (begun && c->frames == d->frame.number)
        c->frames--;
    d->totals.frames -= begun;
    wsp_reader_init(&d->reader, &rules);
    wsp_reader_gap(&d->reader, 0);
    d->reader.close_seen = d->after_close;
    d->held = 0;
    d->data.open = d->control.open = false;
    release(c, &d->data);
    release(c, &d->control);
    begin_hunt(c, d);
}

/* Bytes of which it is known where the frames begin, or guessed: then each is tried first. */
static void read_on(conversation *c, direction *d, const uint8_t *in, size_t len)
{
    wsp_event ev;
    do {
        bool closed = d->reader.close_seen;
        size_t n = wsp_reader_next(&d->reader, in, len, &ev);
        if (ev.type == WSP_EVENT_FRAME)
            d->after_close = closed;
        if (d->proof && !evidence_feed(d->proof, in, n)) {
            c->undecoded += len;
            if (ev.type == WSP_EVENT_NONE) /* the first byte of a header */
                d->after_close = closed;
            retract(c, d, ev.type == WSP_EVENT_PAYLOAD);
            return;
        }
        in = in ? in + n : NULL;
        len -= n;
        if (ev.type != WSP_EVENT_NONE)
            read_event(c, d, &ev);
        bool frame_ended = ev.type != WSP_EVENT_NONE && ev.bytes_left == 0;
        if (d->proof && frame_ended && !guessing(d))
            drop_proof(c, d);
    } while (len > 0 && ev.type != WSP_EVENT_NONE);
}

static void take_bytes(conversation *c, direction *d, const uint8_t *in, size_t len,
                       bool segment_start)
{
    if (d->hunt) {
        hunt_feed(d->hunt, in, len, segment_start, c->place);
        return;
    }
    if (segment_start && d->proof)
        evidence_segment_end(d->proof);
    read_on(c, d, in, len);
}

static void take_gap(conversation *c, direction *d, uint64_t bytes)
{
    if (d->hunt) {
        hunt_gap(d->hunt, bytes, false, c->place);
        return;
    }
    if (d->proof)
        evidence_segment_end(d->proof);
    if (d->proof && !evidence_gap(d->proof, bytes))
        drop_proof(c, d); /* the reader is lost as well */
    wsp_reader_gap(&d->reader, bytes);
    read_on(c, d, NULL, 0);
    if (wsp_reader_lost(&d->reader))
        begin_hunt(c, d);
}

static void emit_gap(const conversation *c, const direction *d, uint64_t bytes)
{
    record r = {.type = RECORD_GAP, .gap = {bytes}};
    emit(c, d, &r);
}

/* The segment that a direction is in is over: does the evidence suffice now? */
static void end_segment(conversation *c, direction *d)
{
    pieces found;
    if (!d->hunt)
        return;
    hunt_segment_end(d->hunt);
    evidence_rules rules = d->hunt->rules;
    if (!hunt_settle(d->hunt, &bars, &found))
        return;
    pieces_prepend(&d->queue, &found);
    end_hunt(c, d);
    d->proof = g_new(evidence, 1);
    budget_charge(&c->settings->memory, PROOF_COST);
    evidence_begin(d->proof, &rules);
}

/* The direction whose turn it is to have a piece read; NULL when there are no more. */
static direction *next_direction(conversation *c)
{
    direction *d = &c->directions[0], *other = &c->directions[1];
    if (!d->queue.first ||
        (other->queue.first && other->queue.first->place.packet < d->queue.first->place.packet))
        d = other;
    return d->queue.first ? d : NULL;
}

/* Read what hunts have found, in the order in which it was captured. Where a guess was wrong the
 * next hunt begins among these pieces, and its find comes before the rest of them. */
static void read_found(conversation *c)
{
    for (direction *d; (d = next_direction(c));) {
        piece *p = d->queue.first;
        if (p->segment_start || p->hole)
            end_segment(c, d);
        if (d->queue.first != p)
            continue;
        pieces_take(&d->queue);
        c->place = p->place;
        if (p->untold)
            emit_gap(c, d, p->len);
        if (p->hole)
            take_gap(c, d, p->len);
        else
            take_bytes(c, d, p->data, (size_t)p->len, p->segment_start);
        piece_free(&c->settings->waiting, p);
    }
}

/* Something else comes: the segments before it are over, but for that of side `going_on`. */
static void end_segments(conversation *c, int going_on)
{
    for (int side = WSP_FROM_CLIENT; side <= WSP_FROM_SERVER; side++)
        if (side != going_on)
            end_segment(c, &c->directions[side]);
    read_found(c);
}

/* Nothing is hunted for, and nothing that was found is still to be read: the usual case. */
static bool at_ease(const conversation *c)
{
    const direction *a = &c->directions[0], *b = &c->directions[1];
    return !a->hunt && !b->hunt && !a->queue.first && !b->queue.first;
}

void conversation_join(conversation *c, wsp_sender from, const hunt *h)
{
    direction *d = &c->directions[from];
    d->hunt = new_hunt(c);
    *d->hunt = *h;
    hunt_set_masked(d->hunt, from == WSP_FROM_CLIENT);
    d->totals.wire_bytes = h->at;
    d->assumed = d->doubtful = true;
    wsp_reader_gap(&d->reader, 0);
}

void conversation_replay(conversation *c, wsp_sender from, pieces *waiting)
{
    pieces_prepend(&c->directions[from].queue, waiting);
    end_segments(c, -1);
}

void conversation_feed(conversation *c, wsp_sender from, const uint8_t *in, size_t len,
                       bool segment_start, capture_place place)
{
    direction *d = &c->directions[from];
    if (!at_ease(c))
        end_segments(c, segment_start ? -1 : (int)from);
    c->place = place;
    d->totals.wire_bytes += len;
    take_bytes(c, d, in, len, segment_start);
}

void conversation_pause(conversation *c)
{
    end_segments(c, -1);
}

void conversation_gap(conversation *c, wsp_sender from, uint64_t bytes, capture_place place)
{
    direction *d = &c->directions[from];
    end_segments(c, -1);
    c->place = place;
    d->totals.wire_bytes += bytes;
    emit_gap(c, d, bytes);
    take_gap(c, d, bytes);
}

static void finish_direction(conversation *c, direction *d, bool ended)
{
    if (d->hunt) {
        end_hunt(c, d);
        return;
    }
    bool in_frame = wsp_reader_end(&d->reader) != 0;
    if (d->reader.header_len)
        d->frame.number = 0; /* what is cut off is no frame yet */
    if (ended && (in_frame || wsp_message_end(&d->message)))
        note_violations(c, d, WSP_V_TRUNCATED);
    if (d->reader.in_payload && d->reader.bytes_left)
        emit_frame(c, d);
    if (d->control.open)
        emit_assembly(c, d, &d->control, false);
    if (d->data.open)
        emit_assembly(c, d, &d->data, false);
}

void conversation_finish(conversation *c, bool ended, capture_place place)
{
    end_segments(c, -1);
    c->place = place;
    for (int side = WSP_FROM_CLIENT; side <= WSP_FROM_SERVER; side++)
        finish_direction(c, &c->directions[side], ended);
}

bool conversation_closed(const conversation *c)
{
    return c->directions[WSP_FROM_CLIENT].close_sent && c->directions[WSP_FROM_SERVER].close_sent;
}

const record_side_totals *conversation_totals(const conversation *c, wsp_sender from)
{
    return &c->directions[from].totals;
}

uint64_t conversation_undecoded(const conversation *c)
{
    return c->undecoded;
}

void conversation_free(conversation *c)
{
    for (int side = WSP_FROM_CLIENT; side <= WSP_FROM_SERVER; side++) {
        direction *d = &c->directions[side];
        release(c, &d->data);
        release(c, &d->control);
        certain_free(d->inflater);
        if (d->hunt)
            end_hunt(c, d);
        drop_proof(c, d);
        pieces_clear(&d->queue, &c->settings->waiting);
        if (d->pings) {
            budget_charge(&c->settings->memory, -(uint64_t)PINGS_COST);
            g_array_unref(d->pings);
        }
    }
    budget_charge(&c->settings->memory, -(uint64_t)(sizeof *c + BUDGET_BLOCK));
    g_free(c);
}
