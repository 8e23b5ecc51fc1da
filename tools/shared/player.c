/* The loop over all connections of a case, waiting in it, starting the program. */
#include "player.h"

#include <poll.h>

/* ---- The loop ---- */

GPtrArray *player_group(player *p, const char *name)
{
    GPtrArray *group = g_hash_table_lookup(p->groups, name);
    if (!group) {
        group = g_ptr_array_new();
        g_hash_table_insert(p->groups, g_strdup(name), group);
    }
    return group;
}

GByteArray *player_bytes(const player *p, const data *d)
{
    return data_bytes(d, p->options->seed);
}

/* Of what poll waits for: the program's pipes, our listening socket; then the peers come. */
enum { OUT, ERR, IN, LISTENER, PEERS };

static bool collect(const player *p, GArray *fds)
{
    bool between = false;
    g_array_set_size(fds, PEERS + p->peers->len);
    struct pollfd *at = &g_array_index(fds, struct pollfd, 0);
    const bool typing = p->program.typed && p->program.typed->len > 0;
    at[OUT] = (struct pollfd){.fd = p->program.out, .events = POLLIN};
    at[ERR] = (struct pollfd){.fd = p->program.err, .events = POLLIN};
    at[IN] = (struct pollfd){.fd = typing ? p->program.in : -1, .events = POLLOUT};
    at[LISTENER] = (struct pollfd){.fd = p->accepting ? p->listener.fd : -1, .events = POLLIN};
    for (guint i = 0; i < p->peers->len; i++) {
        const peer *one = p->peers->pdata[i];
        const short events = peer_events(one);
        at[PEERS + i] = (struct pollfd){.fd = events ? one->fd : -1, .events = events};
        between = between || peer_between_pieces(one);
    }
    return between;
}

void player_turn(player *p, int timeout_ms)
{
    g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
    const bool between = collect(p, fds);
    const struct timespec soon = {.tv_nsec = between ? 50000 : (long)timeout_ms * 1000000};
    struct pollfd *at = &g_array_index(fds, struct pollfd, 0);
    if (ppoll(at, fds->len, &soon, NULL) < 0)
        return;
    program_read(&p->program);
    program_write(&p->program);
    for (guint i = 0; i < p->peers->len; i++) {
        peer *one = p->peers->pdata[i];
        if (at[PEERS + i].revents || peer_between_pieces(one))
            peer_turn(one);
    }
}

/* ---- Waiting with an end ---- */

/* A number that grows with every byte that goes anywhere. */
static uint64_t bytes_moved(const player *p)
{
    uint64_t bytes = p->program.output->len + p->program.log->len - p->program.typed->len;
    for (guint i = 0; i < p->peers->len; i++) {
        const peer *one = p->peers->pdata[i];
        bytes += one->in.at + one->out_at + one->in.ended;
    }
    return bytes;
}

/* Since when nothing happens: neither bytes nor computing. */
typedef struct quiet {
    int64_t since_us, looked_us;
    uint64_t bytes, ticks;
} quiet;

static bool is_idle(player *p, quiet *q, int64_t now)
{
    if (now - q->looked_us < 50000)
        return false;
    bool waiting = true;
    const uint64_t bytes = bytes_moved(p), ticks = program_ticks(&p->program, &waiting);
    if (bytes != q->bytes || ticks != q->ticks || !waiting || q->looked_us == 0)
        q->since_us = now;
    q->bytes = bytes, q->ticks = ticks, q->looked_us = now;
    return now - q->since_us > p->idle_us;
}

void player_place_at_end(player *p, const peer *who)
{
    p->found.place = (play_place){.known = true,
                                  .connection = who->connection,
                                  .frame = who->in.frames,
                                  .offset = who->in.at};
}

/* No hope any more: what came instead? */
static void gave_up(player *p, const peer *who, const char *why)
{
    const inbox_item *item = who ? g_queue_peek_tail((GQueue *)&who->in.items) : NULL;
    if (who)
        player_place_at_end(p, who);
    if (item && who->in.full)
        finding_got(&p->found, "got more than %d MiB that nobody asked for",
                    (int)(INBOX_MAX >> 20));
    else if (item && item->kind == INBOX_FRAME && !item->whole)
        finding_got(&p->found, "got %u of %" G_GUINT64_FORMAT " bytes of a %s frame, then no more",
                    item->bytes->len, item->header.payload_length,
                    wsp_opcode_name(item->header.opcode));
    else if (item && item->kind == INBOX_HEAD && !item->whole)
        finding_got(&p->found, "got an HTTP %s without an end", finding_head_word(item));
    else if (item && item->kind == INBOX_NOISE)
        finding_item(&p->found, who->connection, item);
    else
        finding_got(&p->found, "no response");
    finding_detail(&p->found, "%s", why);
}

/* `ended`: the program had ended, and all of its log had come, before we looked for the last time.
 */
static bool no_more_hope(player *p, const peer *who, quiet *q, int64_t deadline, bool ended)
{
    const int64_t now = g_get_monotonic_time();
    g_autofree char *why = NULL;
    if (!who && ended)
        why = g_strdup("the program has ended");
    else if (who && who->in.full)
        why = g_strdup("it does not stop");
    else if (now > deadline)
        why = g_strdup_printf("waited %.0f s", (double)p->ceiling_us / 1e6);
    else if (is_idle(p, q, now))
        why = g_strdup(p->started ? "the program does nothing: all of its threads wait"
                                  : "the program sends nothing");
    if (why)
        gave_up(p, who, why);
    return why != NULL;
}

/*
 * Something is wrong, but has all of it come that a story shows? A verdict is final, its words are
 * not to depend on where the stream was cut: so wait until what is wrong is whole or has enough
 * behind it, or nothing more comes.
 */
static bool is_told_whole(const player *p, const peer *who, int64_t *first_us)
{
    enum { ENOUGH = 160 }; /* the longest control frame, and some bytes behind it */
    const inbox_item *item = who ? g_queue_peek_tail((GQueue *)&who->in.items) : NULL;
    const int64_t now = g_get_monotonic_time();
    if (*first_us == 0)
        *first_us = now;
    return !item || item->whole || who->in.at >= p->found.place.offset + ENOUGH ||
           now - *first_us > MIN(p->idle_us, G_USEC_PER_SEC);
}

bool player_wait(player *p, looker looks, peer *who, const step *s)
{
    const int64_t deadline = g_get_monotonic_time() + p->ceiling_us;
    quiet q = {.since_us = g_get_monotonic_time()};
    for (int64_t wrong_us = 0;;) {
        const bool ended = program_has_ended(&p->program) && p->program.err < 0;
        const look seen = looks(p, who, s);
        if (seen == LOOK_RIGHT)
            return true;
        if (seen == LOOK_WRONG) {
            if (is_told_whole(p, who, &wrong_us))
                return false;
            finding_clear(&p->found);
            finding_init(&p->found);
            player_turn(p, 20);
            continue;
        }
        if (no_more_hope(p, who, &q, deadline, ended))
            return false;
        player_turn(p, 20);
    }
}

bool player_wait_all(player *p, looker looks, const step *s)
{
    GPtrArray *group = player_group(p, s->who);
    for (guint i = 0; i < group->len; i++) {
        peer *who = group->pdata[i];
        if (player_wait(p, looks, who, s))
            continue;
        if (group->len > 1) {
            g_autofree char *text = g_steal_pointer(&p->found.expected);
            p->found.expected =
                text ? g_strdup_printf("%s: %s", who->name, text) : step_describe(s, who->name);
        }
        return false;
    }
    return true;
}

look player_wrong_item(player *p, const peer *who, const inbox_item *item)
{
    if (item->kind == INBOX_HEAD && !item->whole)
        return LOOK_AGAIN; /* when its head is whole it has a name */
    finding_item(&p->found, who->connection, item);
    return LOOK_WRONG;
}

static look looks_flushed(player *p, peer *who, const step *s)
{
    (void)p;
    (void)s;
    /* Who does not read may keep the program from reading: then it is sent when it can be. */
    return peer_flushed(who) || who->paused ? LOOK_RIGHT : LOOK_AGAIN;
}

bool player_flush(player *p, const step *s)
{
    if (player_wait_all(p, looks_flushed, s))
        return true;
    finding_got_instead(&p->found, "the program does not read it");
    return false;
}

/* ---- Starting the program ---- */

/* An argument with our port in it; to be freed. */
static char *argument(const player *p, const char *text)
{
    GString *out = g_string_new(text);
    g_autofree char *port = g_strdup_printf("%u", p->listener.port);
    if (p->script->role == SCRIPT_CLIENT)
        g_string_replace(out, "{port}", port, 0);
    return g_string_free(out, FALSE);
}

bool player_start(player *p, const char *const *first, const GPtrArray *more)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    const char *const *lists[] = {first, p->options->arguments,
                                  (const char *const *)p->script->program};
    g_ptr_array_add(argv, g_strdup(p->options->program));
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        for (const char *const *at = lists[i]; at && *at; at++)
            g_ptr_array_add(argv, argument(p, *at));
    for (guint i = 0; more && i < more->len; i++)
        g_ptr_array_add(argv, g_strdup(more->pdata[i]));
    g_ptr_array_add(argv, NULL);
    if (p->started)
        program_end(&p->program); /* an earlier `run` */
    p->started = true;
    const program_setup setup = {.argv = (const char *const *)argv->pdata,
                                 .descriptors = p->script->descriptors,
                                 .input = p->input,
                                 .typed = p->script->role == SCRIPT_CLIENT};
    if (program_start(&p->program, &setup, &error))
        return true;
    p->found.trouble = true;
    finding_got(&p->found, "%s", error->message);
    return false;
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

bool player_run(player *p, const GPtrArray *more, const step *s)
{
    if (!player_start(p, NULL, more))
        return false;
    if (player_wait(p, looks_ended, NULL, s))
        return true;
    if (!p->program.ended)
        finding_got_instead(&p->found, "it does not end");
    return false;
}
