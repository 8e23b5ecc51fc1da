/* Playing a talk: steps to the bytes of a conversation. See talk.h. */
#include "talk_step.h"

#include <string.h>

#define BEGINNING_NS (INT64_C(1767603600) * 1000000000) /* 2026-01-05 09:00:00 UTC */
#define BETWEEN_NS INT64_C(1000000)                     /* two steps */

enum { FIRST_CLIENT_PORT = 50001, SERVER_PORT = 8080 };

/* A connection by its name. */
typedef struct line {
    unsigned number;         /* in the transcript */
    char key[25];            /* of its last request */
    const talk_step *end;    /* a rst, after which nobody sends */
    const talk_step *fin[2]; /* of the client, of the server */
} line;

struct talk_player {
    transcript *transcript;
    GHashTable *lines; /* of line by their names */
    line *now;         /* the connection that the steps are about; NULL = none yet */
    seed seed;         /* keys and choices */
    uint64_t data_seed;
    int64_t time_ns;
    uint16_t ports[2];  /* of the client and the server of the next connection */
    GByteArray *joined; /* what waits for the end of a join; NULL = there is none */
    unsigned steps;
};

static bool play_step(talk_player *p, const talk_step *s, GError **error)
{
    if (++p->steps > TALK_MAX_STEPS)
        return words_wrong(&s->words, words_at(&s->words, 0)->column, error,
                           "more than %d steps in one talk", TALK_MAX_STEPS);
    if (transcript_lost(p->transcript) > 0 || (p->joined && p->joined->len > TRANSCRIPT_MAX))
        return words_wrong(&s->words, words_at(&s->words, 0)->column, error,
                           "too long: a talk is at most %u MiB", TRANSCRIPT_MAX >> 20);
    return s->verb->play(p, s, error);
}

static bool play_children(talk_player *p, const talk_step *s, GError **error)
{
    for (guint i = 0; i < s->children->len; i++)
        if (!play_step(p, g_ptr_array_index(s->children, i), error))
            return false;
    return true;
}

/* The time of the next packet. */
static int64_t tick(talk_player *p)
{
    int64_t now = p->time_ns;
    p->time_ns += BETWEEN_NS;
    return now;
}

/* ---- Connections ------------------------------------------------------------------------------
 */

static void use_connection(talk_player *p, const char *name)
{
    p->now = g_hash_table_lookup(p->lines, name);
    if (p->now)
        return;
    p->now = g_new0(line, 1);
    g_hash_table_insert(p->lines, g_strdup(name), p->now);
    p->now->number = transcript_open(p->transcript, tick(p), p->ports[WSP_FROM_CLIENT],
                                     p->ports[WSP_FROM_SERVER]);
    p->ports[WSP_FROM_CLIENT]++;
}

bool talk_play_connection(talk_player *p, const talk_step *s, GError **error)
{
    (void)error;
    use_connection(p, words_at(&s->words, 1)->text);
    return true;
}

bool talk_play_port(talk_player *p, const talk_step *s, GError **error)
{
    (void)error;
    p->ports[s->from] = (uint16_t)s->number;
    return true;
}

bool talk_play_delay(talk_player *p, const talk_step *s, GError **error)
{
    (void)error;
    p->time_ns += (int64_t)s->number;
    return true;
}

/* The connection that step `s` is about, opened if need be; NULL with *error when s comes after
 * its end. */
static line *line_for(talk_player *p, const talk_step *s, GError **error)
{
    if (!p->now)
        use_connection(p, "");
    const talk_step *end = p->now->end ? p->now->end : p->now->fin[s->from];
    if (!end)
        return p->now;
    words_wrong(&s->words, words_at(&s->words, 0)->column, error,
                "this side has ended its stream in line %u", end->words.line);
    return NULL;
}

static void send_bytes(talk_player *p, wsp_sender from, const void *bytes, size_t len)
{
    if (p->joined)
        g_byte_array_append(p->joined, bytes, (guint)len);
    else
        transcript_bytes(p->transcript, p->now->number, from == WSP_FROM_CLIENT, tick(p), bytes,
                         len);
}

bool talk_play_bytes(talk_player *p, const talk_step *s, GError **error)
{
    if (!line_for(p, s, error))
        return false;
    g_autoptr(GByteArray) bytes = data_bytes(s->bytes, p->data_seed);
    send_bytes(p, s->from, bytes->data, bytes->len);
    return true;
}

bool talk_play_send(talk_player *p, const talk_step *s, GError **error)
{
    if (!line_for(p, s, error))
        return false;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    frame_line_append(s->frame, s->from, &p->seed, p->data_seed, bytes);
    send_bytes(p, s->from, bytes->data, bytes->len);
    return true;
}

bool talk_play_end(talk_player *p, const talk_step *s, GError **error)
{
    line *l = line_for(p, s, error);
    if (!l)
        return false;
    bool client = s->from == WSP_FROM_CLIENT;
    if (strcmp(s->verb->name, "rst") == 0) {
        l->end = s;
        transcript_reset(p->transcript, l->number, client, tick(p));
    } else {
        l->fin[s->from] = s;
        transcript_fin(p->transcript, l->number, client, tick(p));
    }
    return true;
}

/* ---- The handshake ----------------------------------------------------------------------------
 */

/* The library refuses what could not be one line of a head. */
static bool send_head(talk_player *p, const talk_step *s, const char *head, int len, GError **error)
{
    if (len < 0)
        return words_wrong(&s->words, words_at(&s->words, 0)->column, error,
                           "this head cannot be written: %s", wsp_error_text(len));
    send_bytes(p, s->from, head, (size_t)len);
    return true;
}

bool talk_play_request(talk_player *p, const talk_step *s, GError **error)
{
    line *l = line_for(p, s, error);
    if (!l)
        return false;
    uint8_t nonce[16];
    seed_bytes(&p->seed, nonce, sizeof nonce);
    wsp_handshake_key(l->key, nonce);
    char head[HEADS_MAX_SIZE];
    const int len = heads_write_request(
        head, s->path, transcript_port(p->transcript, l->number, false), l->key, s->headers);
    return send_head(p, s, head, len, error);
}

bool talk_play_answer(talk_player *p, const talk_step *s, GError **error)
{
    line *l = line_for(p, s, error);
    if (!l)
        return false;
    if (strcmp(s->kind, "101") == 0 && !*l->key)
        return words_wrong(&s->words, words_at(&s->words, 0)->column, error,
                           "no request came before this answer");
    char head[HEADS_MAX_SIZE];
    return send_head(p, s, head, heads_write_answer(head, s->kind, l->key, s->headers), error);
}

bool talk_play_handshake(talk_player *p, const talk_step *s, GError **error)
{
    talk_step answer = *s;
    answer.from = WSP_FROM_SERVER;
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    answer.headers = none;
    return talk_play_request(p, s, error) && talk_play_answer(p, &answer, error);
}

/* ---- What the seed decides, and blocks --------------------------------------------------------
 */

bool talk_play_pick(talk_player *p, const talk_step *s, GError **error)
{
    guint choice = (guint)seed_below(&p->seed, s->children->len);
    return play_step(p, g_ptr_array_index(s->children, choice), error);
}

bool talk_play_join(talk_player *p, const talk_step *s, GError **error)
{
    p->joined = g_byte_array_new();
    bool ok = play_children(p, s, error);
    g_autoptr(GByteArray) all = g_steal_pointer(&p->joined);
    const talk_step *first = g_ptr_array_index(s->children, 0);
    while (first->children->len > 0)
        first = g_ptr_array_index(first->children, 0);
    if (all->len > 0)
        send_bytes(p, first->from, all->data, all->len);
    return ok;
}

bool talk_play_shuffle(talk_player *p, const talk_step *s, GError **error)
{
    g_autoptr(GPtrArray) left = g_ptr_array_new();
    for (guint i = 0; i < s->children->len; i++)
        g_ptr_array_add(left, g_ptr_array_index(s->children, i));
    while (left->len > 0) {
        guint choice = (guint)seed_below(&p->seed, left->len);
        if (!play_step(p, g_ptr_array_remove_index_fast(left, choice), error))
            return false;
    }
    return true;
}

bool talk_play_repeat(talk_player *p, const talk_step *s, GError **error)
{
    for (uint64_t i = 0; i < s->number; i++)
        if (!play_children(p, s, error))
            return false;
    return true;
}

transcript *talk_play(const talk *t, uint64_t seed_number, GError **error)
{
    talk_player p = {
        .transcript = transcript_new(),
        .lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
        .seed = {seed_number},
        .data_seed = ~seed_number, /* data must not look like the keys that mask it */
        .time_ns = BEGINNING_NS,
        .ports = {[WSP_FROM_CLIENT] = FIRST_CLIENT_PORT, [WSP_FROM_SERVER] = SERVER_PORT}};
    transcript_set_note(p.transcript, t->title);
    bool ok = play_children(&p, t->all, error);
    g_hash_table_unref(p.lines);
    if (!ok)
        g_clear_pointer(&p.transcript, transcript_free);
    return p.transcript;
}
