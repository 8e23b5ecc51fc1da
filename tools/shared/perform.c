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

/* ---- Opening ---- */

/* `connect a` may come again for the same name, in a repeat: the old ones are left. */
static GPtrArray *new_group(player *p, const char *name)
{
    GPtrArray *old = player_group(p, name);
    for (guint i = 0; i < old->len; i++)
        g_ptr_array_remove_fast(p->peers, old->pdata[i]);
    GPtrArray *group = g_ptr_array_new();
    g_hash_table_insert(p->groups, g_strdup(name), group);
    return group;
}

static bool open_group(player *p, const step *s)
{
    const uint64_t count = MAX(s->number, 1);
    GPtrArray *group = new_group(p, s->who);
    for (uint64_t i = 0; i < count; i++) {
        char *name = count == 1 ? g_strdup(s->who)
                                : g_strdup_printf("%s[%" G_GUINT64_FORMAT "]", s->who, i + 1);
        peer *one = peer_open(name, (uint16_t)p->program.port, s->receive, p->options->seed,
                              p->result->conversation, p->netlink);
        if (!one) {
            p->found.trouble = true;
            finding_got(&p->found, "no socket for client %" G_GUINT64_FORMAT ": %s", i + 1,
                        g_strerror(errno));
            return false;
        }
        g_ptr_array_add(p->peers, one);
        g_ptr_array_add(group, one);
    }
    return true;
}

static look looks_connected(player *p, peer *who, const step *s)
{
    (void)s;
    if (who->connecting)
        return LOOK_AGAIN;
    if (!who->broken)
        return LOOK_RIGHT;
    finding_got(&p->found, "nobody listens on 127.0.0.1:%u any more", p->program.port);
    return LOOK_WRONG;
}

bool perform_open(player *p, const step *s)
{
    return open_group(p, s) && player_wait_all(p, looks_connected, s);
}

/* The head of the opening handshake; NULL when a header of the case cannot be written. */
static GByteArray *make_request(const player *p, peer *one, const step *s)
{
    g_autofree wsp_http_header *more = g_new0(wsp_http_header, s->lines->len + 1);
    for (guint i = 0; i < s->lines->len; i++) {
        const char *line = s->lines->pdata[i], *colon = strchr(line, ':');
        const char *value = colon + 1 + strspn(colon + 1, " \t");
        more[i].name = (wsp_text){line, (size_t)(colon - line)};
        more[i].value = (wsp_text){value, strlen(value)};
    }
    uint8_t nonce[16];
    char key[25], host[32], head[16384];
    seed_bytes(&one->keys, nonce, sizeof nonce);
    wsp_handshake_key(key, nonce);
    g_snprintf(host, sizeof host, "127.0.0.1:%u", p->program.port);
    const wsp_handshake_offer offer = {
        .target = s->path, .host = host, .key = key, .more = more, .more_count = s->lines->len};
    const int size = wsp_handshake_request_write(head, sizeof head, &offer);
    GByteArray *request = size > 0 ? g_byte_array_new() : NULL;
    return request ? g_byte_array_append(request, (const guint8 *)head, (guint)size) : NULL;
}

/* The lines of a head, for the details. */
static void tell_head(finding *f, const inbox_item *answer)
{
    g_autofree char *text =
        g_utf8_make_valid((const char *)answer->bytes->data, (gssize)answer->bytes->len);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 12);
    for (guint i = 0; i < 11 && lines[i]; i++)
        if (*g_strchomp(lines[i]))
            finding_detail(f, "%.80s", lines[i]);
}

/* The answer to our handshake: a 101 that a client may accept. */
static look judge_answer(player *p, const peer *who, const inbox_item *answer)
{
    wsp_http_header ours[100], theirs[100];
    wsp_http_head request, head;
    wsp_handshake_response response;
    inbox_parse(answer, &head, theirs, G_N_ELEMENTS(theirs));
    wsp_http_parse(&request, who->request->data, who->request->len, ours, G_N_ELEMENTS(ours));
    const uint32_t faults = wsp_handshake_response_check(&response, &head, &request);
    if (faults == 0)
        return LOOK_RIGHT;
    const wsp_handshake_fault *fault = wsp_handshake_fault_first(faults);
    finding_item(&p->found, who->connection, answer);
    if (answer->status == 101) {
        finding_got_instead(&p->found, "got a 101 that no client accepts: %s", fault->name);
        finding_detail(&p->found, "%s (%s)", fault->text, fault->clause);
    }
    tell_head(&p->found, answer);
    return LOOK_WRONG;
}

static look looks_shaken(player *p, peer *who, const step *s)
{
    (void)s;
    GList *link = who->in.items.head;
    const inbox_item *item = link ? link->data : NULL;
    if (who->broken && item && item->kind == INBOX_RESET && who->in.at == 0 && !who->last_sent_us)
        finding_got(&p->found, "nobody listens on 127.0.0.1:%u any more", p->program.port);
    if (!item || (item->kind == INBOX_ANSWER && !item->whole))
        return LOOK_AGAIN;
    if (item->kind != INBOX_ANSWER) {
        finding_item(&p->found, who->connection, item);
        return LOOK_WRONG;
    }
    const look seen = judge_answer(p, who, item);
    if (seen == LOOK_RIGHT)
        inbox_drop(&who->in, link);
    return seen;
}

bool perform_connect(player *p, const step *s)
{
    if (!open_group(p, s))
        return false;
    const GPtrArray *group = player_group(p, s->who);
    g_autoptr(GByteArray) then = s->then ? player_bytes(p, s->then) : g_byte_array_new();
    for (guint i = 0; i < group->len; i++) {
        peer *one = group->pdata[i];
        one->request = make_request(p, one, s);
        if (!one->request) {
            p->found.trouble = true;
            finding_got(&p->found, "the path or a header of the case cannot be written");
            return false;
        }
        g_autoptr(GByteArray) all = g_byte_array_new();
        g_byte_array_append(all, one->request->data, one->request->len);
        g_byte_array_append(all, then->data, then->len);
        peer_send(one, all->data, all->len);
    }
    return player_wait_all(p, looks_shaken, s);
}

/* ---- Sending ---- */

static look looks_flushed(player *p, peer *who, const step *s)
{
    (void)p;
    (void)s;
    /* Who does not read may keep the program from reading: then it is sent when it can be. */
    return peer_flushed(who) || who->paused ? LOOK_RIGHT : LOOK_AGAIN;
}

static bool flush(player *p, const step *s)
{
    if (player_wait_all(p, looks_flushed, s))
        return true;
    finding_got_instead(&p->found, "the program does not read it");
    return false;
}

bool perform_bytes(player *p, const step *s)
{
    const GPtrArray *group = player_group(p, s->who);
    g_autoptr(GByteArray) bytes = player_bytes(p, s->data);
    for (guint i = 0; i < group->len; i++)
        peer_send(group->pdata[i], bytes->data, bytes->len);
    return flush(p, s);
}

bool perform_send(player *p, const step *s)
{
    const GPtrArray *group = player_group(p, s->who);
    for (guint i = 0; i < group->len; i++) {
        peer *one = group->pdata[i];
        g_autoptr(GByteArray) frame = g_byte_array_new();
        frame_line_append(s->frame, WSP_FROM_CLIENT, &one->keys, p->options->seed, frame);
        one->close_sent = one->close_sent || s->frame->header.opcode == WSP_OPCODE_CLOSE;
        peer_send(one, frame->data, frame->len);
    }
    return flush(p, s);
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
    return flush(p, s);
}

bool perform_finish(player *p, const step *s)
{
    const GPtrArray *group = player_group(p, s->who);
    for (guint i = 0; i < group->len; i++)
        peer_finish(group->pdata[i]);
    return flush(p, s);
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
    bool flushed = flush(p, s);
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
    const wsp_frame_header ping = {
        .fin = 1, .opcode = WSP_OPCODE_PING, .masked = 1, .payload_length = len};
    for (guint i = 0; i < group->len; i++)
        peer_send_frame(group->pdata[i], &ping, payload, len);
    return player_wait_all(p, looks_fenced, s);
}

/* ---- A program that is no server ---- */

bool perform_input(player *p, const step *s)
{
    g_clear_pointer(&p->input, g_byte_array_unref);
    p->input = player_bytes(p, s->data);
    return true;
}

static look looks_ended(player *p, peer *who, const step *s)
{
    (void)who;
    (void)s;
    if (!program_has_ended(&p->program))
        return LOOK_AGAIN;
    program_read(&p->program);
    if (!program_crashed(&p->program))
        return LOOK_RIGHT;
    return LOOK_WRONG; /* how it ended is told with every failure */
}

bool perform_run(player *p, const step *s)
{
    if (!player_start(p, NULL, s->lines))
        return false;
    if (player_wait(p, looks_ended, NULL, s))
        return true;
    finding_got(&p->found, "it does not end");
    return false;
}
