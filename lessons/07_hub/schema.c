/*
 * Given: what clients may ask for. WebSocket carries messages and does not care what they say; what
 * they mean is ours to define, to check, and to answer when it is wrong. A request that is none is
 * no reason to hang up: its sender is told what is wrong with it.
 */
#include "07_hub/schema.h"

#include "06_client/json.h"

#include <string.h>

#include <json-glib/json-glib.h>

enum { PARTS_MAX = 16 }; /* of a request */

/* Which members each action has to have. */
static const struct action_kind {
    const char *name;
    action action;
    bool room, text, to;
} actions[] = {
    {"join", JOIN, .room = true},
    {"leave", LEAVE, .room = true},
    {"say", SAY, .room = true, .text = true},
    {"tell", TELL, .text = true, .to = true},
};

static request *wrong(request *r, const char *code, const char *what)
{
    r->action = WRONG;
    r->code = code;
    g_free(r->what);
    r->what = g_strdup(what);
    return r;
}

request *request_too_fast(unsigned retry_ms)
{
    request *r = wrong(g_new0(request, 1), "too-fast", "this message was dropped");
    r->retry_ms = retry_ms;
    return r;
}

void request_free(request *r)
{
    g_free(r->room), g_free(r->text), g_free(r->to), g_free(r->ref), g_free(r->what);
    g_free(r);
}

/* A member that is a text of 1 to `most` bytes; NULL = it is missing, or something else. */
static char *text_member(JsonObject *object, const char *name, size_t most)
{
    const char *text = json_text(json_object_get_member(object, name));
    const size_t len = text ? strlen(text) : 0;
    return len > 0 && len <= most ? g_strdup(text) : NULL;
}

/* "room:tea", "device-group:7": a kind, a colon, and a name. */
static bool is_room(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    const size_t kind = strspn(name, letters);
    const char *rest = name[kind] == ':' ? name + kind + 1 : "";
    return kind > 0 && *rest && rest[strspn(rest, letters)] == '\0';
}

static const struct action_kind *action_named(const char *name)
{
    for (size_t i = 0; name && i < G_N_ELEMENTS(actions); i++)
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    return NULL;
}

static request *read_object(JsonObject *object)
{
    request *r = g_new0(request, 1);
    g_autofree char *name = text_member(object, "do", 16);
    const struct action_kind *kind = action_named(name);
    r->ref = text_member(object, "ref", REF_MAX);
    if (!kind)
        return wrong(r, "no-such-action", "\"do\" is join, leave, say or tell");
    r->action = kind->action;
    r->room = kind->room ? text_member(object, "room", ROOM_NAME_MAX) : NULL;
    r->text = kind->text ? text_member(object, "text", TEXT_MAX) : NULL;
    r->to = kind->to ? text_member(object, "to", 8) : NULL;
    if (kind->room && (!r->room || !is_room(r->room)))
        return wrong(r, "bad-field", "\"room\" is like room:tea, 48 bytes at most");
    if (kind->text && !r->text)
        return wrong(r, "bad-field", "\"text\" has 1 to 2000 bytes");
    if (kind->to && !r->to)
        return wrong(r, "bad-field", "\"to\" is the id of a client");
    return r;
}

request *request_read(bool is_text, const void *message, size_t len)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    JsonNode *root = NULL;
    if (is_text && len > 0 && json_is_small(message, len, PARTS_MAX) &&
        json_parser_load_from_data(parser, message, (gssize)len, NULL))
        root = json_parser_get_root(parser);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root))
        return wrong(g_new0(request, 1), "not-json", "a message is a text with one JSON object");
    return read_object(json_node_get_object(root));
}
