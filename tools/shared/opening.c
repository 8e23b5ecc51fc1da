#include "opening.h"

#include "event.h"
#include "player.h"

#include <errno.h>
#include <string.h>

/* ---- Groups of connections ---- */

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

/* "a", or "c[17]" of a group: the name of the next member. */
static char *next_name(const step *s, const GPtrArray *group)
{
    return s->number > 1 ? g_strdup_printf("%s[%u]", s->who, group->len + 1) : g_strdup(s->who);
}

/* The grader's own. Always false. `why` may be NULL. */
static bool trouble(player *p, const char *what, const char *why)
{
    p->found.trouble = true;
    finding_got(&p->found, "%s%s%s", what, why ? ": " : "", why ? why : "");
    return false;
}

/* One more member, if there is a peer. */
static bool add_member(player *p, GPtrArray *group, peer *one)
{
    if (!one)
        return trouble(p, "no socket for one more connection", g_strerror(errno));
    g_ptr_array_add(p->peers, one);
    g_ptr_array_add(group, one);
    return true;
}

/* ---- TCP ---- */

static bool open_group(player *p, const step *s)
{
    GPtrArray *group = new_group(p, s->who);
    for (uint64_t i = 0; i < MAX(s->number, 1); i++)
        if (!add_member(p, group,
                        peer_open(next_name(s, group), (uint16_t)p->program.port, &s->socket,
                                  p->options->seed, p->result->transcript, p->netlink)))
            return false;
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

bool opening_open(player *p, const step *s)
{
    return open_group(p, s) && player_wait_all(p, looks_connected, s);
}

/* One more connection of the program; RIGHT with the last one that is wanted. */
static look looks_accepted(player *p, peer *who, const step *s)
{
    (void)who;
    GPtrArray *group = player_group(p, s->who);
    const int fd = listener_accept(&p->listener);
    if (fd < 0 && errno == EAGAIN)
        return LOOK_AGAIN;
    if (fd < 0 ? !trouble(p, "cannot accept a connection", g_strerror(errno))
               : !add_member(p, group,
                             peer_accepted(next_name(s, group), fd, p->options->seed,
                                           p->result->transcript, p->netlink)))
        return LOOK_WRONG;
    return group->len >= s->number ? LOOK_RIGHT : LOOK_AGAIN;
}

bool opening_accept_tcp(player *p, const step *s)
{
    const GPtrArray *group = new_group(p, s->who);
    if (p->listener.fd < 0)
        return trouble(p, "nobody listens: the case has no listen behind its refuse", NULL);
    p->accepting = true;
    const bool right = player_wait(p, looks_accepted, NULL, s);
    p->accepting = false;
    if (!right && !p->found.trouble)
        finding_got_instead(&p->found, group->len > 0 ? "%u came, then no more" : "no connection",
                            group->len);
    return right;
}

/* ---- Heads ---- */

/* The lines of a head, for the details. */
static void tell_head(finding *f, const inbox_item *item)
{
    g_autofree char *text =
        g_utf8_make_valid((const char *)item->bytes->data, (gssize)item->bytes->len);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 12);
    for (guint i = 0; i < 11 && lines[i]; i++)
        if (*g_strchomp(lines[i]))
            finding_detail(f, "%.80s", lines[i]);
}

/* "Name: value" in the head: the value is one of its lines, or an element of its list. */
static bool has_header(const wsp_http_head *head, const char *line)
{
    const char *colon = strchr(line, ':');
    g_autofree char *name = g_strndup(line, (gsize)(colon - line));
    const char *value = colon + 1 + strspn(colon + 1, " \t");
    for (size_t i = 0; i < head->header_count; i++)
        if (wsp_text_equal_nocase(head->headers[i].name, name) &&
            wsp_text_equal_nocase(head->headers[i].value, value))
            return true;
    return wsp_http_list_has(head, name, value);
}

/* Has it the header lines that the step wants, and not the one that it does not want? */
static bool has_lines(player *p, const wsp_http_head *head, const inbox_item *item, const step *s)
{
    const char *name = finding_head_word(item);
    for (guint i = 0; i < s->lines->len; i++)
        if (!has_header(head, s->lines->pdata[i])) {
            finding_got(&p->found, "the %s has no \"%s\"", name, (char *)s->lines->pdata[i]);
            return false;
        }
    if (s->absent && wsp_http_header_value(head, s->absent, NULL).data) {
        finding_got(&p->found, "the %s has a header %s", name, s->absent);
        return false;
    }
    return true;
}

/* The head that has come, if it is the first thing in the inbox. AGAIN: it is not whole; WRONG: it
 * is something else. */
static look first_head(player *p, const peer *who, const inbox_item **head)
{
    *head = g_queue_peek_head((GQueue *)&who->in.items);
    if (!*head || ((*head)->kind == INBOX_HEAD && !(*head)->whole))
        return LOOK_AGAIN;
    if ((*head)->kind == INBOX_HEAD)
        return LOOK_RIGHT;
    return player_wrong_item(p, who, *head);
}

/* ---- Our request, the program's answer ---- */

/* The head of the opening handshake; NULL when a header of the case cannot be written. */
static GByteArray *make_request(const player *p, peer *one, const step *s)
{
    uint8_t nonce[16];
    char key[25], head[HEADS_MAX_SIZE];
    seed_bytes(&one->keys, nonce, sizeof nonce);
    wsp_handshake_key(key, nonce);
    const int size = heads_write_request(head, s->path, p->program.port, key, s->lines);
    GByteArray *request = size > 0 ? g_byte_array_new() : NULL;
    return request ? g_byte_array_append(request, (const guint8 *)head, (guint)size) : NULL;
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
    const inbox_item *item = g_queue_peek_head(&who->in.items);
    if (who->broken && item && item->kind == INBOX_RESET && who->in.at == 0 && !who->last_sent_us)
        finding_got(&p->found, "nobody listens on 127.0.0.1:%u any more", p->program.port);
    look seen = first_head(p, who, &item);
    if (seen == LOOK_RIGHT)
        seen = judge_answer(p, who, item);
    if (seen == LOOK_RIGHT)
        inbox_drop(&who->in, who->in.items.head);
    return seen;
}

/* A sound request from each of the group. */
static bool ask(player *p, const step *s)
{
    if (!open_group(p, s))
        return false;
    const GPtrArray *group = player_group(p, s->who);
    g_autoptr(GByteArray) then = s->then ? player_bytes(p, s->then) : g_byte_array_new();
    for (guint i = 0; i < group->len; i++) {
        peer *one = group->pdata[i];
        one->request = make_request(p, one, s);
        if (!one->request)
            return trouble(p, "the path or a header of the case cannot be written", NULL);
        g_autoptr(GByteArray) all = g_byte_array_new();
        g_byte_array_append(all, one->request->data, one->request->len);
        g_byte_array_append(all, then->data, then->len);
        peer_send(one, all->data, all->len);
    }
    return true;
}

bool opening_connect(player *p, const step *s)
{
    return ask(p, s) && player_wait_all(p, looks_shaken, s);
}

bool opening_request(player *p, const step *s)
{
    return ask(p, s) && player_flush(p, s);
}

/* error=CODE: what follows the head is a JSON object that says so. */
static look judge_error(player *p, const peer *who, const inbox_item *item, const step *s)
{
    if (!s->text)
        return LOOK_RIGHT;
    if (who->in.body_left > 0 && !who->in.ended)
        return LOOK_AGAIN;
    g_autofree char *code = event_member(item->body, "error");
    if (g_strcmp0(code, s->text) == 0)
        return LOOK_RIGHT;
    if (code)
        finding_got(&p->found, "its error is %.60s", code);
    else
        finding_got(&p->found, "its body is no JSON object with an \"error\"");
    return player_wrong_item(p, who, item);
}

static look judge_status(player *p, const peer *who, const inbox_item *item, const step *s)
{
    wsp_http_header lines[100];
    wsp_http_head head;
    inbox_parse(item, &head, lines, G_N_ELEMENTS(lines));
    if (item->status == s->number && has_lines(p, &head, item, s))
        return judge_error(p, who, item, s);
    return player_wrong_item(p, who, item);
}

static look looks_for_status(player *p, peer *who, const step *s)
{
    const inbox_item *item;
    look seen = first_head(p, who, &item);
    if (seen == LOOK_RIGHT)
        seen = judge_status(p, who, item, s);
    if (seen == LOOK_RIGHT)
        inbox_drop(&who->in, who->in.items.head);
    return seen;
}

bool opening_expect_status(player *p, const step *s)
{
    return player_wait_all(p, looks_for_status, s);
}

/* ---- The program's request, our answer ---- */

static bool is_text(wsp_text text, const char *wanted)
{
    return wsp_text_equal(text, wanted);
}

/* Its Host must name our port, since that is not 80. */
static bool host_has_port(const player *p, wsp_text host)
{
    g_autofree char *port = g_strdup_printf(":%u", p->listener.port);
    const size_t len = strlen(port);
    return host.len > len && memcmp(host.data + host.len - len, port, len) == 0;
}

static bool is_sound(player *p, const wsp_http_head *head, const step *s)
{
    wsp_handshake_request request;
    const wsp_handshake_fault *fault =
        wsp_handshake_fault_first(wsp_handshake_request_check(&request, head));
    if (fault) {
        finding_got(&p->found, "got a request that no server accepts: %s", fault->name);
        finding_detail(&p->found, "%s (%s)", fault->text, fault->clause);
    } else if (s->path && !is_text(request.target, s->path)) {
        finding_got(&p->found, "it asks for %.*s", (int)MIN(request.target.len, 60),
                    request.target.data);
    } else if (!host_has_port(p, request.host)) {
        finding_got(&p->found, "its Host does not name the port");
        finding_detail(&p->found,
                       "a port that is not 80 belongs behind the host: 127.0.0.1:%u "
                       "(RFC 6455 4.1)",
                       p->listener.port);
    } else {
        return true;
    }
    return false;
}

/* A request that is what the step wants is kept, for its answer. */
static look looks_requested(player *p, peer *who, const step *s)
{
    const inbox_item *item;
    const look seen = first_head(p, who, &item);
    if (seen != LOOK_RIGHT)
        return seen;
    wsp_http_header lines[100];
    wsp_http_head head;
    inbox_parse(item, &head, lines, G_N_ELEMENTS(lines));
    if (!is_sound(p, &head, s) || !has_lines(p, &head, item, s)) {
        finding_item(&p->found, who->connection, item);
        tell_head(&p->found, item);
        return LOOK_WRONG;
    }
    who->request = g_byte_array_ref(item->bytes);
    inbox_drop(&who->in, who->in.items.head);
    return LOOK_RIGHT;
}

bool opening_expect_request(player *p, const step *s)
{
    return player_wait_all(p, looks_requested, s);
}

/* A client that has asked waits for the answer, and sends no frame before. */
static bool waits(player *p, const peer *who)
{
    const inbox_item *item = g_queue_peek_head((GQueue *)&who->in.items);
    if (!item || item->kind != INBOX_FRAME)
        return true;
    p->found.expected = g_strdup_printf("%s sends nothing before it is answered", who->name);
    finding_item(&p->found, who->connection, item);
    return false;
}

static bool answer_group(player *p, const step *s, const GPtrArray *lines)
{
    const GPtrArray *group = player_group(p, s->who);
    g_autoptr(GByteArray) then = s->then ? player_bytes(p, s->then) : g_byte_array_new();
    for (guint i = 0; i < group->len; i++) {
        peer *one = group->pdata[i];
        if (!waits(p, one))
            return false;
        wsp_http_header theirs[100];
        wsp_http_head request;
        wsp_http_parse(&request, one->request->data, one->request->len, theirs,
                       G_N_ELEMENTS(theirs));
        const wsp_text key = wsp_http_header_value(&request, "Sec-WebSocket-Key", NULL);
        g_autofree char *text = g_strndup(key.data, key.len);
        char head[HEADS_MAX_SIZE];
        const int size = heads_write_answer(head, s->kind, text, lines);
        if (size < 0)
            return trouble(p, "a header of the case cannot be written", wsp_error_text(size));
        g_autoptr(GByteArray) all = g_byte_array_new();
        g_byte_array_append(all, (const guint8 *)head, (guint)size);
        g_byte_array_append(all, then->data, then->len);
        peer_send(one, all->data, all->len);
    }
    return player_flush(p, s);
}

bool opening_accept(player *p, const step *s)
{
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    return opening_accept_tcp(p, s) && opening_expect_request(p, s) && answer_group(p, s, none);
}

/* Where no step expected the request, any sound one is answered. */
static look looks_asked(player *p, peer *who, const step *s)
{
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    step any = *s;
    any.path = NULL;
    any.lines = none;
    return who->request ? LOOK_RIGHT : looks_requested(p, who, &any);
}

bool opening_reply(player *p, const step *s)
{
    return player_wait_all(p, looks_asked, s) && answer_group(p, s, s->lines);
}
