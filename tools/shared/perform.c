#include "perform.h"

#include "player.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

/* ---- Signals ---- */

static const struct {
    const char *name;
    int number;
    bool ends; /* it ends the program, or asks it to */
} signals[] = {{"TERM", SIGTERM, true},  {"INT", SIGINT, true},    {"HUP", SIGHUP, true},
               {"KILL", SIGKILL, true},  {"USR1", SIGUSR1, false}, {"USR2", SIGUSR2, false},
               {"STOP", SIGSTOP, false}, {"CONT", SIGCONT, false}};

int perform_signal_number(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
        if (strcmp(signals[i].name, name) == 0)
            return signals[i].number;
    return 0;
}

bool perform_signal(player *p, const step *s)
{
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
        if (strcmp(signals[i].name, s->text) == 0) {
            p->told_to_end = p->told_to_end || signals[i].ends;
            program_signal(&p->program, signals[i].number);
        }
    return true;
}

/* ---- Sending ---- */

bool perform_bytes(player *p, const step *s)
{
    const GPtrArray *group = player_group(p, s->who);
    g_autoptr(GByteArray) bytes = player_bytes(p, s->data);
    for (guint i = 0; i < group->len; i++)
        peer_send(group->pdata[i], bytes->data, bytes->len);
    return player_flush(p, s);
}

bool perform_send(player *p, const step *s)
{
    const GPtrArray *group = player_group(p, s->who);
    for (guint i = 0; i < group->len; i++) {
        peer *one = group->pdata[i];
        g_autoptr(GByteArray) frame = g_byte_array_new();
        frame_line_append(s->frame, one->role, &one->keys, p->options->seed, frame);
        one->close_sent = one->close_sent || s->frame->header.opcode == WSP_OPCODE_CLOSE;
        peer_send(one, frame->data, frame->len);
    }
    return player_flush(p, s);
}

bool perform_split(player *p, const step *s)
{
    const GPtrArray *group = player_group(p, s->who);
    for (guint i = 0; i < group->len; i++) {
        peer *one = group->pdata[i];
        one->piece = s->number;
        one->random_pieces = strcmp(s->text, "random") == 0;
        if (!one->piece && !one->random_pieces)
            one->piece_since = 0;
    }
    return true;
}

static void set_joining(player *p, const step *s, bool joining)
{
    const GPtrArray *group = player_group(p, s->who);
    for (guint i = 0; i < group->len; i++)
        ((peer *)group->pdata[i])->joining = joining;
}

bool perform_join(player *p, const step *s)
{
    set_joining(p, s, true);
    return true;
}

bool perform_end_join(player *p, const step *s)
{
    set_joining(p, s, false);
    return player_flush(p, s);
}

bool perform_finish(player *p, const step *s)
{
    const GPtrArray *group = player_group(p, s->who);
    for (guint i = 0; i < group->len; i++)
        peer_finish(group->pdata[i]);
    return player_flush(p, s);
}

/* ---- Reading or not, leaving ---- */

static void set_paused(player *p, const step *s, bool paused)
{
    const GPtrArray *group = player_group(p, s->who);
    for (guint i = 0; i < group->len; i++)
        ((peer *)group->pdata[i])->paused = paused;
}

bool perform_pause(player *p, const step *s)
{
    set_paused(p, s, true);
    return true;
}

bool perform_resume(player *p, const step *s)
{
    set_paused(p, s, false);
    return true;
}

bool perform_answer(player *p, const step *s)
{
    const GPtrArray *group = player_group(p, s->who);
    for (guint i = 0; i < group->len; i++)
        ((peer *)group->pdata[i])->silent = s->number == 0;
    return true;
}

bool perform_abort(player *p, const step *s)
{
    const GPtrArray *group = player_group(p, s->who);
    for (guint i = 0; i < group->len; i++)
        peer_abort(group->pdata[i]);
    return true;
}

bool perform_leave(player *p, const step *s)
{
    const GPtrArray *group = player_group(p, s->who);
    bool flushed = player_flush(p, s);
    for (guint i = 0; flushed && i < group->len; i++)
        peer_close(group->pdata[i]);
    return flushed;
}

/* ---- Fence: the program has dealt with all that we sent before ---- */

enum { FENCE_MAX = 24 };

static int fence_payload(const player *p, char payload[FENCE_MAX])
{
    return g_snprintf(payload, FENCE_MAX, "fence %u", p->fences);
}

static look looks_fenced(player *p, peer *who, const step *s)
{
    (void)s;
    char payload[FENCE_MAX];
    const size_t len = (size_t)fence_payload(p, payload);
    for (GList *link = who->in.items.head; link; link = link->next) {
        const inbox_item *item = link->data;
        const bool frame = item->kind == INBOX_FRAME;
        if (!frame || item->violations || item->header.opcode == WSP_OPCODE_CLOSE) {
            if (!item->whole)
                return LOOK_AGAIN;
            finding_item(&p->found, who->connection, item);
            return LOOK_WRONG;
        }
        if (item->whole && item->header.opcode == WSP_OPCODE_PONG && item->bytes->len == len &&
            memcmp(item->bytes->data, payload, len) == 0) {
            inbox_drop(&who->in, link);
            return LOOK_RIGHT;
        }
    }
    return LOOK_AGAIN;
}

bool perform_fence(player *p, const step *s)
{
    const GPtrArray *group = player_group(p, s->who);
    char payload[FENCE_MAX];
    p->fences++;
    const size_t len = (size_t)fence_payload(p, payload);
    const wsp_frame_header ping = {.fin = 1, .opcode = WSP_OPCODE_PING, .payload_length = len};
    for (guint i = 0; i < group->len; i++)
        peer_send_frame(group->pdata[i], &ping, payload, len);
    return player_wait_all(p, looks_fenced, s);
}

/* ---- A program that is a client ---- */

bool perform_listen(player *p, const step *s)
{
    (void)s;
    if (listener_open(&p->listener))
        return true;
    p->found.trouble = true;
    finding_got(&p->found, "cannot listen on 127.0.0.1:%u: %s", p->listener.port,
                g_strerror(errno));
    return false;
}

bool perform_refuse(player *p, const step *s)
{
    (void)s;
    listener_close(&p->listener);
    return true;
}

static look looks_typed(player *p, peer *who, const step *s)
{
    (void)who;
    (void)s;
    if (p->program.in < 0) {
        finding_got(&p->found, "the program has closed its stdin");
        return LOOK_WRONG;
    }
    return p->program.typed->len == 0 ? LOOK_RIGHT : LOOK_AGAIN;
}

bool perform_type(player *p, const step *s)
{
    g_autoptr(GByteArray) bytes = player_bytes(p, s->data);
    program_type(&p->program, bytes->data, bytes->len);
    if (player_wait(p, looks_typed, NULL, s))
        return true;
    if (p->program.in >= 0)
        finding_got_instead(&p->found, "the program does not read it");
    return false;
}

bool perform_type_end(player *p, const step *s)
{
    (void)s;
    program_type_end(&p->program);
    return true;
}

/* ---- A program that runs to its end ---- */

bool perform_input(player *p, const step *s)
{
    g_clear_pointer(&p->input, g_byte_array_unref);
    p->input = player_bytes(p, s->data);
    return true;
}

bool perform_run(player *p, const step *s)
{
    return player_run(p, s->lines, s);
}
