#include "event.h"

#include "expect.h"
#include "player.h"

#include <string.h>

#include <json-glib/json-glib.h>

/* The object in these bytes; NULL where it is none. */
static JsonNode *object_in(const GByteArray *json)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonNode *root = NULL;
    if (json->len > 0 &&
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

/* Has it this value ("*" = any)? What it is otherwise is told. */
static bool has_member(player *p, JsonNode *object, const char *name, const char *value)
{
    g_autofree char *is = member_of(object, name);
    const bool right = is && (strcmp(value, "*") == 0 || strcmp(is, value) == 0);
    if (is && !right)
        finding_got(&p->found, "its %s is %.60s", name, is);
    else if (!is)
        finding_got(&p->found, "it has no %s", name);
    return right;
}

static bool is_event(player *p, const GByteArray *message, const step *s)
{
    g_autoptr(JsonNode) object = object_in(message);
    if (!object)
        finding_got(&p->found, "got a text that is no JSON object");
    bool right = object && has_member(p, object, "event", s->text);
    for (guint i = 0; i < s->lines->len && right; i++) {
        g_auto(GStrv) pair = g_strsplit(s->lines->pdata[i], "=", 2);
        right = has_member(p, object, pair[0], pair[1]);
    }
    return right;
}

static look looks_for_event(player *p, peer *who, const step *s)
{
    GList *link = expect_first(who);
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
