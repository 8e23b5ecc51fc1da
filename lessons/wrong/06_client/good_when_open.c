/* Fails 06.5. The learner starts the back-off again as soon as a session is open: a server that
 * lets everybody in and throws them out at once is asked again at once, for ever. */
#include "06_client/client.h" /* options; dial_...(): TCP or TLS; opening(), keyboard_, message_ */

enum { CHUNK = 16384, OUT_MAX = 1 << 16, LONG_AGO = 20 };

/* How long to wait before the next attempt: anything between 0 and a limit, which doubles each time
 * (n = 0, 1, 2, ...) up to a cap. All of it is random, "full jitter": a thousand clients that were
 * thrown out in the same instant do not come back in the same instant. */
int backoff_ms(unsigned n)
{
    int64_t limit = MIN((int64_t)options.base_ms << MIN(n, 20), options.cap_ms);
    return g_rand_int_range(options.jitter, 0, (int)limit + 1);
}

/* Have we had this one? The last options.ids are kept, over all sessions: a server that makes
 * good what we may have missed sends some of it twice. */
static bool seen_before(const char *id)
{
    static GHashTable *seen;
    static GQueue order = G_QUEUE_INIT; /* the same ids, the oldest first */
    if (!seen)
        seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (g_hash_table_contains(seen, id))
        return true;
    char *kept = g_strdup(id);
    g_hash_table_add(seen, kept);
    g_queue_push_tail(&order, kept);
    if (order.length > (guint)options.ids)
        g_hash_table_remove(seen, g_queue_pop_head(&order));
    return false;
}

/* A client masks every frame, each with a key that nobody can guess. Not g_random_int(): that is a
 * formula, and who has seen enough of its numbers knows the next (RFC 6455 5.3). False: the frame
 * may not be sent. */
static bool put_frame(session *s, uint8_t opcode, const void *payload, size_t len)
{
    uint8_t key[4];
    while (getrandom(key, sizeof key, 0) != sizeof key)
        continue;
    wsp_conn_frame f = {.opcode = opcode, .masking_key = key, .payload = payload, .len = len};
    guint at = s->out->len, room = (guint)len + WSP_FRAME_HEADER_MAX;
    g_byte_array_set_size(s->out, at + room);
    int64_t size = wsp_conn_send(&s->ws, now_ms(), &f, s->out->data + at, room);
    g_byte_array_set_size(s->out, at + (guint)MAX(size, 0));
    return size >= 0;
}

/* Our Close, behind all that waits to be sent. Then we read on: messages may come until the
 * server's Close, and that comes when the server has read all that we sent. */
static void leave(session *s, uint16_t code, uint64_t end_by)
{
    s->leaving = true;
    s->end_by = MIN(s->end_by, end_by);
    if (put_frame(s, WSP_OPCODE_CLOSE, (uint8_t[]){(uint8_t)(code >> 8), (uint8_t)code}, 2))
        s->why = "no answer to our Close";
}

/* The first thing in every session: to the server we are somebody new. */
static void subscribe(session *s)
{
    for (const GList *each = options.subscriptions.head; each; each = each->next)
        put_frame(s, WSP_OPCODE_TEXT, each->data, strlen(each->data));
}

static void send_line(void *data, const GString *text)
{
    session *s = data;
    if (text->len > TYPED_MAX)
        lesson_log(s->id, "not sent: a line of more than %d bytes", TYPED_MAX);
    else if (!put_frame(s, WSP_OPCODE_TEXT, text->str, text->len))
        lesson_log(s->id, "not sent: a line that is not UTF-8");
}

static void take_message(session *s, uint8_t opcode)
{
    g_autofree char *id = message_id(s->message->data, s->message->len);
    if (id && seen_before(id)) {
        s->dropped++;
    } else if (message_print(opcode, s->message->data, s->message->len, s->end_by)) {
        s->printed++;
    } else {
        session_unprinted(s, errno);
        leave(s, 1001, soon());
    }
    g_byte_array_set_size(s->message, 0);
    s->messaged = now_ms();
}

/* Decode what came in: messages are printed, and what the protocol wants answered is. But who sends
 * pings and does not read our pongs gets no more of them. */
static void take(session *s, const uint8_t *in, size_t len)
{
    wsp_conn_event ev;
    do {
        size_t used = wsp_conn_receive(&s->ws, now_ms(), in, len, NULL, 0, &ev);
        in += used, len -= used;
        if (ev.type == WSP_CONN_DATA)
            g_byte_array_append(s->message, ev.data, (guint)ev.len);
        if (ev.type == WSP_CONN_DATA && ev.last)
            take_message(s, ev.opcode);
        else if (ev.reply.opcode == WSP_OPCODE_CLOSE || (ev.reply.opcode && s->out->len < OUT_MAX))
            put_frame(s, ev.reply.opcode, ev.reply.payload, ev.reply.len);
        if (ev.type == WSP_CONN_CLOSE || ev.type == WSP_CONN_FAILURE)
            session_closing(s, &ev);
    } while (ev.type != WSP_CONN_NONE);
}

/* Wait for whatever comes first, and deal with it. A line is read only when all before it is sent,
 * and behind a look whether the session is open still: until then it waits in its pipe. False: TCP
 * has ended, or has to. */
static bool step(session *s)
{
    wsp_conn_task due = wsp_conn_due(&s->ws, now_ms());
    if (due == WSP_TASK_PING)
        put_frame(s, WSP_OPCODE_PING, NULL, 0);
    if (now_ms() >= s->end_by)
        return false;
    if (now_ms() >= session_all_said_at(s))
        leave(s, 1000, WSP_NEVER);
    bool may_send = s->out->len == 0 && wsp_conn_get_state(&s->ws) == WSP_STATE_OPEN;
    struct pollfd wait[] = {dial_poll(s->line, s->out->len > 0), keyboard_poll_signal(),
                            keyboard_poll_input(may_send), message_poll_reader(!s->leaving)};
    uint64_t until = MIN(MIN(s->end_by, session_all_said_at(s)), wsp_conn_deadline(&s->ws));
    poll(wait, G_N_ELEMENTS(wait), ms_until(until));
    if (wait[1].revents)
        keyboard_told();
    if (wait[3].revents)
        session_unprinted(s, EPIPE);
    if (wait[1].revents || wait[3].revents)
        leave(s, 1001, soon());
    g_byte_array_set_size(s->in, CHUNK);
    ssize_t n = dial_read(s->line, s->in->data, CHUNK, 0);
    if (n < 0 && errno == EAGAIN && due == WSP_TASK_DEAD)
        s->why = "silent";
    if (n == 0 || (n < 0 && (errno != EAGAIN || due == WSP_TASK_DEAD)))
        return false;
    if (n > 0)
        take(s, s->in->data, (size_t)n);
    if (wait[2].revents && wsp_conn_get_state(&s->ws) == WSP_STATE_OPEN)
        keyboard_read(send_line, s);
    bool sent = dial_flush(s->line, s->out);
    if (s->out->len == 0 && wsp_conn_get_tcp(&s->ws) == WSP_TCP_FINISH)
        dial_finish(s->line);
    return sent;
}

/* One connection, from dialling it to its end. Says what to do next. */
static next run(session *s)
{
    g_autoptr(GError) error = NULL;
    uint64_t until = now_ms() + (uint64_t)options.open_ms;
    g_autoptr(dial) line = s->line = dial_open(options.url, options.ca, until, &error);
    if (!line) {
        lesson_log(s->id, "no connection: %s", error->message);
        return error->code == DIAL_UNTRUSTED ? STOP : AGAIN;
    }
    if (!opening(s, until))
        return verdict(s->status);
    s->opened = now_ms();
    wsp_conn_init(&s->ws, &options.rules, s->opened);
    keyboard_hold(true);
    subscribe(s);
    take(s, s->in->data, s->in->len); /* what came with the answer */
    while (step(s))
        continue;
    keyboard_hold(false);
    return session_ended(s);
}

int main(int argc, char **argv)
{
    command_read(argc, argv);
    keyboard_open();
    for (unsigned id = 1, waits = 0;; id++) {
        g_autoptr(session) s = session_new(id);
        next what = run(s);
        if (what == DONE || what == STOP)
            return what == DONE ? 0 : 1;
        if (s->opened)
            waits = 0;
        if (waits + 1 == (unsigned)options.tries)
            return 1;
        int ms = s->retry_ms + backoff_ms(what == LATER ? LONG_AGO : waits);
        lesson_log(id, "attempt %u in %d ms (wait %u)", id + 1, ms, ++waits);
        poll(NULL, 0, ms);
    }
}
