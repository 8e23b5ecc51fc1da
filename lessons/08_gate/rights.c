#include "08_gate/rights.h"

#include "06_client/json.h"
#include "07_hub/chat.h"

#include <string.h>

#include <json-glib/json-glib.h>

#define ROOM_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789-:"

static bool is_name(const char *name)
{
    for (const char *at = name; name && *at; at = g_utf8_next_char(at)) {
        const GUnicodeType type = g_unichar_type(g_utf8_get_char(at));
        if (type == G_UNICODE_CONTROL || type == G_UNICODE_LINE_SEPARATOR ||
            type == G_UNICODE_PARAGRAPH_SEPARATOR)
            return false;
    }
    return name && *name && g_utf8_strlen(name, -1) <= PERSON_MAX;
}

/* Is it the name of a room, or the beginning of one and a "*"? */
static bool is_grant(const char *text)
{
    size_t len = strspn(text, ROOM_LETTERS);
    return *text && len <= ROOM_NAME_MAX && (text[len] == '\0' || strcmp(text + len, "*") == 0);
}

/* 0 where it is missing, -1 where it is no whole number. */
static int64_t time_of(JsonNode *node)
{
    const bool is_number = node && json_node_get_value_type(node) == G_TYPE_INT64;
    return is_number ? json_node_get_int(node) : node ? -1 : 0;
}

/* A list of rooms; empty where it is missing, NULL where it is anything else. */
static char **rooms_of(JsonNode *node)
{
    if (node && !JSON_NODE_HOLDS_ARRAY(node))
        return NULL;
    JsonArray *rooms = node ? json_node_get_array(node) : NULL;
    guint count = rooms ? json_array_get_length(rooms) : 0;
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();
    for (guint i = 0; i < count; i++) {
        const char *room = json_text(json_array_get_element(rooms, i));
        if (count > GRANTS_MAX || !room || !is_grant(room))
            return NULL;
        g_strv_builder_add(list, room);
    }
    return g_strv_builder_end(list);
}

void rights_free(rights *r)
{
    if (!r)
        return;
    g_free(r->name);
    g_strfreev(r->join);
    g_strfreev(r->say);
    g_free(r);
}

rights *rights_read(JsonNode *claims, const char **wrong)
{
    JsonObject *object = json_node_get_object(claims);
    rights *r = g_new(rights, 1);
    *r = (rights){.name = g_strdup(json_text(json_object_get_member(object, "sub"))),
                  .expires = time_of(json_object_get_member(object, "exp")),
                  .begins = time_of(json_object_get_member(object, "nbf")),
                  .join = rooms_of(json_object_get_member(object, "join")),
                  .say = rooms_of(json_object_get_member(object, "say"))};
    const struct {
        bool broken;
        const char *what;
    } table[] = {
        {!is_name(r->name), "sub is not a name of 1 to 32 characters"},
        {r->expires <= 0, "exp is not a time in whole seconds"},
        {r->begins < 0, "nbf is not a time in whole seconds"},
        {json_object_has_member(object, "aud"), "aud names whom it is for, and we have no name"},
        {!r->join, "join is not a list of up to 32 rooms"},
        {!r->say, "say is not a list of up to 32 rooms"},
    };
    *wrong = NULL;
    for (size_t i = 0; !*wrong && i < G_N_ELEMENTS(table); i++)
        *wrong = table[i].broken ? table[i].what : NULL;
    if (*wrong)
        g_clear_pointer(&r, rights_free);
    return r;
}
