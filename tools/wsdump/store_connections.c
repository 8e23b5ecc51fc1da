/* Summaries of connections. See store_connections.h. */
#include "store_connections.h"

#include "rates.h"

#include <string.h>

enum { COPIED_AT_ONCE = 128 };

void connections_init(connection_table *t, uint32_t max)
{
    *t = (connection_table){.max = MAX(max, 1)};
    t->by_number = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
}

connection_summary *connections_find(connection_table *t, uint64_t number)
{
    if (!t->newest || t->newest->seen.number != number)
        t->newest = g_hash_table_lookup(t->by_number, &number);
    return t->newest;
}

static void drop_one(connection_table *t)
{
    connection_summary *c = (t->ended.length ? &t->ended : &t->all)->head->data;
    if (t->next == &c->all)
        t->next = c->all.next;
    if (t->newest == c)
        t->newest = NULL;
    g_queue_unlink(&t->all, &c->all);
    if (c->seen.ended)
        g_queue_unlink(&t->ended, &c->ended);
    g_hash_table_remove(t->by_number, &c->seen.number);
    t->dropped++;
}

/* --- what records say --- */

static void copy_text(char out[STORE_TEXT], wsp_text text)
{
    size_t len = MIN(text.len, STORE_TEXT - 1);
    if (len)
        memcpy(out, text.data, len);
    out[len] = '\0';
}

static void fill(store_connection *c, const record *r, uint64_t row)
{
    const record_open *o = &r->open;
    *c = (store_connection){.number = r->conn,
                            .client = *o->client,
                            .server = *o->server,
                            .handshake = o->handshake,
                            .status = o->response ? o->response->status : 0,
                            .compressed = record_open_deflates(o->response),
                            .opened_ns = r->time_ns,
                            .close_code = -1,
                            .closed_by = WSP_FROM_UNKNOWN,
                            .rtt_ns = -1,
                            .rates_second = rates_second(r->time_ns),
                            .open_row = row};
    copy_text(c->host, record_open_header(o->request, "Host"));
    copy_text(c->path, o->request ? o->request->target : (wsp_text){NULL, 0});
    copy_text(c->subprotocol, record_open_header(o->response, "Sec-WebSocket-Protocol"));
}

static connection_summary *add(connection_table *t, const record *r, uint64_t row)
{
    if (t->all.length >= t->max)
        drop_one(t);
    connection_summary *c = g_new0(connection_summary, 1);
    fill(&c->seen, r, row);
    c->all.data = c->ended.data = c;
    g_queue_push_tail_link(&t->all, &c->all);
    g_hash_table_insert(t->by_number, &c->seen.number, c);
    return t->newest = c;
}

static void take_rate(store_connection *c, int side, int64_t time_ns)
{
    int64_t now = rates_second(time_ns);
    if (now > c->rates_second) {
        for (int i = 0; i < 2; i++)
            rates_move(c->rates[i], sizeof c->rates[i][0], STORE_RATES, now - c->rates_second);
        c->rates_second = now;
    }
    int place = rates_place(STORE_RATES, c->rates_second, now);
    if (place >= 0 && c->rates[side][place] < UINT16_MAX)
        c->rates[side][place]++;
}

static void take_message(store_connection *c, const record *r)
{
    const record_message *m = &r->message;
    int side = r->from == WSP_FROM_SERVER;
    c->messages[side]++;
    c->bytes[side] += m->length;
    c->wire_bytes[side] += m->wire_length;
    c->compressed |= m->compressed;
    if (m->opcode == WSP_OPCODE_CLOSE && c->closed_by == WSP_FROM_UNKNOWN) {
        c->closed_by = r->from;
        c->close_code = m->close_code;
    }
    if (m->opcode == WSP_OPCODE_PONG && m->rtt_ns >= 0)
        c->rtt_ns = m->rtt_ns;
    take_rate(c, side, r->time_ns);
}

static void take_end(connection_table *t, connection_summary *c, record_how how)
{
    if (c->seen.ended)
        return;
    c->seen.ended = true;
    c->seen.how = how;
    g_queue_push_tail_link(&t->ended, &c->ended);
}

void connections_take(connection_table *t, connection_summary *c, const record *r, uint64_t row)
{
    if (!c && r->type == RECORD_OPEN)
        c = add(t, r, row);
    if (!c)
        return;
    c->seen.last_ns = r->time_ns;
    c->seen.last_row = row;
    switch (r->type) {
    case RECORD_MESSAGE: take_message(&c->seen, r); break;
    case RECORD_VIOLATION: c->seen.violations++; break;
    case RECORD_GAP: c->seen.gaps++; break;
    case RECORD_END: take_end(t, c, r->end.how); break;
    default: break;
    }
}

/* --- the reader's part --- */

bool connections_copy(connection_table *t, bool first, GArray *out)
{
    GList *at = first ? t->all.head : t->next;
    for (int i = 0; at && i < COPIED_AT_ONCE; i++, at = at->next)
        g_array_append_vals(out, at->data, 1);
    t->next = at;
    return at != NULL;
}

size_t connections_bytes(const connection_table *t)
{
    return (size_t)t->all.length * CONNECTION_BYTES;
}

void connections_clear(connection_table *t)
{
    g_hash_table_unref(t->by_number);
}
