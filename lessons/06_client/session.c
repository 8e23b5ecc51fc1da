/* Given: a session, and what its end says about the next one. */
#include "06_client/client.h"

session *session_new(unsigned id)
{
    session *s = g_new0(session, 1);
    s->id = id;
    s->in = g_byte_array_new(), s->out = g_byte_array_new();
    s->message = g_byte_array_sized_new(1024); /* an empty one has bytes somewhere, too */
    s->why = "lost";
    s->status = NO_ANSWER;
    s->end_by = WSP_NEVER;
    return s;
}

void session_free(session *s)
{
    g_byte_array_unref(s->in), g_byte_array_unref(s->out), g_byte_array_unref(s->message);
    g_free(s->reason);
    g_free(s);
}

void session_closing(session *s, const wsp_conn_event *ev)
{
    s->end_by = soon();
    if (ev->type == WSP_CONN_FAILURE) {
        s->why = wsp_violation_first(ev->violations)->text;
    } else {
        s->why = s->leaving ? "we closed" : "the server closed";
        s->reason = message_plain(ev->data, ev->len);
    }
}

void session_unprinted(session *s, int error)
{
    if (s->unprinted++ == 0)
        lesson_log(s->id, "cannot print: %s", g_strerror(error));
}

uint64_t session_all_said_at(const session *s)
{
    uint64_t since = MAX(keyboard_ended_at(), MAX(s->messaged, s->opened));
    return keyboard_ended_at() && !options.stay && !s->leaving ? since + (uint64_t)options.quiet_ms
                                                               : WSP_NEVER;
}

/* Who is told "you may not" and comes back every second has not listened. The first that fits. */
static const struct {
    uint16_t from, to;
    next next;
} verdicts[] = {
    {408, 408, AGAIN},     /* request timeout */
    {425, 425, AGAIN},     /* too early */
    {429, 429, LATER},     /* too many requests */
    {100, 499, STOP},      /* we may not (401, 403), it is not there (404), it is no WebSocket */
    {503, 503, LATER},     /* service unavailable */
    {500, 599, AGAIN},     /* the server is in trouble */
    {1000, 1000, DONE},    /* all has been said */
    {1001, 1001, AGAIN},   /* going away: it restarts, or it thinks that we do */
    {1005, 1006, AGAIN},   /* a Close without a code; no Close at all */
    {1011, 1012, AGAIN},   /* an error of the server; it restarts */
    {1013, 1013, LATER},   /* try again later */
    {1014, 1014, AGAIN},   /* a gateway got no answer from the server behind it */
    {1000, 2999, STOP},    /* 1002, 1003, 1007 to 1010: it does not want what we do */
    {0, UINT16_MAX, STOP}, /* from 3000: only the application knows what it means */
};

next verdict(uint16_t code)
{
    for (size_t i = 0;; i++)
        if (code >= verdicts[i].from && code <= verdicts[i].to)
            return verdicts[i].next;
}

next session_ended(session *s)
{
    s->lived = now_ms() - s->opened;
    wsp_conn_event end;
    wsp_conn_end_of_stream(&s->ws, &end);
    bool has_reason = s->reason && *s->reason;
    lesson_log(s->id, "ended: %s, code %u%s%s; printed %u, dropped %u", s->why, end.code,
               has_reason ? ", " : "", has_reason ? s->reason : "", s->printed, s->dropped);
    if (s->out->len > 0)
        lesson_log(s->id, "lost: %u bytes of frames were not sent", s->out->len);
    return !s->leaving ? verdict(end.code) : end.clean && s->unprinted == 0 ? DONE : STOP;
}
