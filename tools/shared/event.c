#include "event.h"

#include "expect.h"
#include "player.h"

#include <string.h>

#include <json-glib/json-glib.h>

/* json-glib calls itself for each nested part: a deep text would end us. No event is near this. */
static bool is_deep(const GByteArray *json)
{
    unsigned parts = 0;
    for (guint i = 0; i < json->len; i++)
        parts += json->data[i] == '[' || json->data[i] == '{';
    return parts > 1000;
}

/* The object in these bytes; NULL where it is none. */
static JsonNode *object_in(const GByteArray *json)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonNode *root = NULL;
    if (json->len > 0 && !is_deep(json) &&
        json_parser_load_from_data(parser, (const char *)json->data, (gssize)json->len, NULL))
        root = json_parser_steal_root(parser);
    if (root && !JSON_NODE_HOLDS_OBJECT(root))
        g_clear_pointer(&root, json_node_unref);
    return root;
}

static char *member_of(JsonNode *object, const char *name)
{
    JsonNode *node = json_object_get_member(json_node_get_object(object), name);
    if (node && json_node_get_value_type(node) == G_TYPE_STRING)
        return json_node_dup_string(node);
    return node ? json_to_string(node, FALSE) : NULL;
}

char *event_member(const GByteArray *json, const char *name)
{
    g_autoptr(JsonNode) object = object_in(json);
    return object ? member_of(object, name) : NULL;
}

/* ---- What a case says about members ---- */

/* How a value begins, for its kind; what is behind that is the value. The first that fits. */
static const char *const marks[] = {
    [MEMBER_ANY] = "*", [MEMBER_NAMED] = "$", [MEMBER_OTHER_THAN] = "!$", [MEMBER_TEXT] = ""};
static const member_kind kinds[] = {MEMBER_ANY, MEMBER_NAMED, MEMBER_OTHER_THAN, MEMBER_TEXT};

void member_free(void *one)
{
    member *m = one;
    g_free(m->name);
    g_free(m->value);
    g_free(m);
}

/* A text with a quote is DATA, so that it may have spaces, escapes and N*; else it is as it is. */
static char *read_text(const words *w, const word *at, GError **error)
{
    if (!strchr(at->text, '"'))
        return g_strdup(at->text);
    g_autoptr(data) text = data_read_word(w, at, error);
    g_autoptr(GByteArray) bytes = text ? data_bytes(text, 0) : NULL;
    return bytes ? g_strndup((const char *)bytes->data, bytes->len) : NULL;
}

static bool read_member(step *s, const words *w, const word *at, GError **error)
{
    member *m = g_new0(member, 1);
    g_ptr_array_add(s->members, m);
    m->name = g_strdup(at->name);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        m->kind = kinds[i];
        if (g_str_has_prefix(at->text, marks[m->kind]))
            break;
    }
    const char *name = at->text + strlen(marks[m->kind]);
    if (m->kind == MEMBER_TEXT)
        return (m->value = read_text(w, at, error)) != NULL;
    m->value = g_strdup(name);
    if ((m->kind == MEMBER_ANY) != (*name == '\0'))
        return words_wrong(w, at->column, error,
                           "a value is a text, *, $name or !$name; \"*\" and \"$\" are texts");
    return step_expects(s) || m->kind == MEMBER_NAMED ||
           words_wrong(w, at->column, error, "what is sent is a text or $name");
}

bool event_read(step *s, const words *w, GError **error)
{
    s->text = g_strdup(words_at(w, 3)->text);
    for (guint i = 0; i < w->options->len; i++)
        if (!read_member(s, w, &g_array_index(w->options, word, i), error))
            return false;
    return words_count(w) == 4 || words_wrong(w, words_at(w, 4)->column, error,
                                              "one name belongs here: %s", s->verb->shape);
}

bool event_names(const step *s, const words *w, GHashTable *names, GError **error)
{
    for (guint i = 0; i < s->members->len; i++) {
        const member *m = s->members->pdata[i];
        if (m->kind == MEMBER_NAMED && step_expects(s))
            g_hash_table_add(names, g_strdup(m->value));
        else if ((m->kind == MEMBER_NAMED || m->kind == MEMBER_OTHER_THAN) &&
                 !g_hash_table_contains(names, m->value))
            return words_wrong(w, words_option(w, m->name)->column, error,
                               "no value is named %s so far: expect WHO event NAME %s=$%s",
                               m->value, m->name, m->value);
    }
    return true;
}

void event_describe(GString *out, const step *s)
{
    for (guint i = 0; i < s->members->len; i++) {
        const member *m = s->members->pdata[i];
        const bool longer = g_utf8_strlen(m->value, -1) > 40;
        g_autofree char *value = g_utf8_substring(m->value, 0, longer ? 40 : -1);
        g_string_append_printf(out, ", %s=%s%s%s", m->name, marks[m->kind], value,
                               longer ? "..." : "");
    }
}

/* Does a step before this one remember a value by this name? */
static bool is_named_before(const GPtrArray *steps, guint index, const char *name)
{
    for (guint i = 0; i < index; i++) {
        const step *s = steps->pdata[i];
        for (guint k = 0; k < s->members->len; k++) {
            const member *m = s->members->pdata[k];
            if (step_expects(s) && m->kind == MEMBER_NAMED && strcmp(m->value, name) == 0)
                return true;
        }
    }
    return false;
}

void event_forget(player *p, guint index)
{
    GHashTableIter each;
    void *name;
    g_hash_table_iter_init(&each, p->remembered);
    while (g_hash_table_iter_next(&each, &name, NULL))
        if (!is_named_before(p->script->steps, index, name))
            g_hash_table_iter_remove(&each);
}

/* ---- What came ---- */

static bool fits(player *p, const member *m, const char *is)
{
    const char *known =
        m->kind == MEMBER_TEXT ? m->value : g_hash_table_lookup(p->remembered, m->value);
    if (m->kind == MEMBER_NAMED && !known)
        g_hash_table_insert(p->remembered, g_strdup(m->value), g_strdup(is));
    if (m->kind == MEMBER_ANY || !known)
        return true;
    const bool right = (strcmp(is, known) == 0) == (m->kind != MEMBER_OTHER_THAN);
    if (!right && m->kind != MEMBER_TEXT)
        finding_detail(&p->found, "$%s is %.60s", m->value, known);
    return right;
}

/* What it is otherwise is told. */
static bool has_member(player *p, JsonNode *object, const member *m)
{
    g_autofree char *is = member_of(object, m->name);
    const bool right = is && fits(p, m, is);
    if (is && !right)
        finding_got(&p->found, "its %s is %.60s", m->name, is);
    else if (!is)
        finding_got(&p->found, "it has no %s", m->name);
    return right;
}

static bool is_event(player *p, const GByteArray *message, const step *s)
{
    g_autoptr(JsonNode) object = object_in(message);
    if (!object)
        finding_got(&p->found, "got a text that is no JSON object");
    bool right = object && has_member(p, object, &(member){MEMBER_TEXT, "event", s->text});
    for (guint i = 0; i < s->members->len && right; i++)
        right = has_member(p, object, s->members->pdata[i]);
    return right;
}

bool event_is_ignored(const player *p, const inbox_item *item, const step *s)
{
    char **names = p->script->ignore;
    const bool text = item->kind == INBOX_FRAME && item->header.opcode == WSP_OPCODE_TEXT &&
                      item->header.fin && !item->violations;
    if (!*names || !text || s->opcode == WSP_OPCODE_TEXT)
        return false;
    g_autofree char *name = item->whole ? event_member(item->bytes, "event") : NULL;
    if (!name)
        return !item->whole; /* nobody knows yet */
    const bool expected = s->verb->play == event_expect && strcmp(s->text, name) == 0;
    return !expected && g_strv_contains((const char *const *)names, name);
}

static look looks_for_event(player *p, peer *who, const step *s)
{
    GList *link = expect_first(p, who, s);
    if (!link)
        return LOOK_AGAIN;
    const inbox_item *item = link->data;
    const bool text = item->kind == INBOX_FRAME && item->header.opcode == WSP_OPCODE_TEXT &&
                      item->header.fin && !item->violations;
    if (!text)
        return player_wrong_item(p, who, item);
    if (!item->whole)
        return LOOK_AGAIN;
    if (!is_event(p, item->bytes, s)) {
        finding_item(&p->found, who->connection, item);
        finding_detail(&p->found, "%.*s", (int)MIN(item->bytes->len, 400), item->bytes->data);
        return LOOK_WRONG;
    }
    inbox_drop(&who->in, link);
    return LOOK_RIGHT;
}

bool event_expect(player *p, const step *s)
{
    return player_wait_all(p, looks_for_event, s);
}

/* ---- What is sent ---- */

bool event_send(player *p, const step *s)
{
    g_autoptr(JsonObject) object = json_object_new();
    json_object_set_string_member(object, "do", s->text);
    for (guint i = 0; i < s->members->len; i++) {
        const member *m = s->members->pdata[i];
        json_object_set_string_member(
            object, m->name,
            m->kind == MEMBER_TEXT ? m->value : g_hash_table_lookup(p->remembered, m->value));
    }
    g_autoptr(JsonNode) root = json_node_init_object(json_node_alloc(), object);
    g_autofree char *text = json_to_string(root, FALSE);
    const wsp_frame_header header = {
        .fin = 1, .opcode = WSP_OPCODE_TEXT, .payload_length = strlen(text)};
    const GPtrArray *group = player_group(p, s->who);
    for (guint i = 0; i < group->len; i++)
        peer_send_frame(group->pdata[i], &header, text, strlen(text));
    return player_flush(p, s);
}
