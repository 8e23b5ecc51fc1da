/*
 * One client, and the thread that reads what it says; the thread lives as long as the connection.
 * It decodes, and hands each request to the hub. It sends nothing itself.
 */
#include "07_hub/conn.h"

#include "07_hub/rules.h"
#include "07_hub/schema.h"
#include "07_hub/turns.h"
#include "07_hub/writers.h"

#include <errno.h>

enum { READ_MAX = 4096 };

/* A whole message. */
static void hear(conn *c, GQueue *heard, uint8_t opcode, const GByteArray *message)
{
    uint16_t code;
    if (outbox_why(c, &code))
        return; /* it was told to go: what it says does not count any more */
    const unsigned wait = rules.allow(c, opcode, message->len);
    request *r = wait ? request_too_fast(wait)
                      : request_read(opcode == WSP_OPCODE_TEXT, message->data, message->len);
    g_queue_push_tail(heard, r);
    if (g_queue_get_length(heard) >= CREDIT) /* empty messages: 4096 bytes are 680 of them */
        hub_ask_all(c, heard);
}

/* A flood of pings need not be answered one for one, nor where there is no room. */
static void hear_control(conn *c, const wsp_conn_event *ev)
{
    const uint8_t opcode = ev->type == WSP_CONN_PING ? WSP_OPCODE_PING : WSP_OPCODE_PONG;
    if (rules.allow(c, opcode, ev->len) || opcode == WSP_OPCODE_PONG)
        return;
    g_autoptr(GBytes) frame = frame_new(WSP_OPCODE_PONG, ev->data, ev->len);
    outbox_put(c, frame);
    writers_look(c);
}

/* What came in one read goes to the hub in one go, so that it goes out in one go, too. A client
 * that sends faster than the hub works waits there, and TCP makes it wait where it is. */
static void decode(conn *c, wsp_conn *ws, GByteArray *message, const uint8_t *in, size_t len)
{
    uint8_t out[READ_MAX];
    GQueue heard = G_QUEUE_INIT;
    wsp_conn_event ev;
    do {
        size_t used = wsp_conn_receive(ws, 0, in, len, out, sizeof out, &ev);
        in += used, len -= used;
        if (ev.type == WSP_CONN_DATA)
            g_byte_array_append(message, ev.data, (guint)ev.len);
        if (ev.type == WSP_CONN_DATA && ev.last) {
            hear(c, &heard, ev.opcode, message);
            g_byte_array_set_size(message, 0);
        } else if (ev.type == WSP_CONN_PING || ev.type == WSP_CONN_PONG) {
            hear_control(c, &ev);
        } else if (ev.type == WSP_CONN_CLOSE || ev.type == WSP_CONN_FAILURE) {
            outbox_end(c, ev.type == WSP_CONN_CLOSE ? CLIENT : RULE, ev.code, NULL);
            writers_look(c);
        }
    } while (ev.type != WSP_CONN_NONE);
    c->half = wsp_reader_end(&ws->reader) | wsp_message_end(&ws->message);
    hub_ask_all(c, &heard);
}

/* Until the client ends its direction, behind a Close too. */
static void read_all(conn *c, GByteArray *in, const wsp_conn_options *decoder)
{
    wsp_conn ws;
    wsp_conn_init(&ws, decoder, 0);
    g_autoptr(GByteArray) message = g_byte_array_new();
    decode(c, &ws, message, in->data, in->len);
    for (g_byte_array_set_size(in, READ_MAX);;) {
        ssize_t n = rules.receive(c, in->data, in->len);
        if (n < 0 && errno == EAGAIN) { /* it said nothing for --read-ms, not even a pong */
            outbox_end(c, IDLE, 0, NULL);
            writers_look(c);
        } else if (n <= 0) {
            return;
        } else {
            decode(c, &ws, message, in->data, (size_t)n);
        }
    }
}

void *conn_read(void *data)
{
    conn *c = data;
    g_autoptr(GByteArray) in = g_byte_array_new();
    wsp_conn_options decoder = {.role = WSP_SERVER, .message.max_message = MESSAGE_MAX};
    if ((!rules.arrive || rules.arrive(c)) && door_open(c, in, &decoder)) {
        hub_tell(OPENED, c, NULL);
        read_all(c, in, &decoder);
    }
    outbox_end(c, atomic_load(&c->open) ? LOST : REFUSED, 0, NULL);
    atomic_store(&c->left, true);
    writers_look(c);
    hub_tell(GONE, c, NULL);
    conn_unref(c);
    return NULL;
}
