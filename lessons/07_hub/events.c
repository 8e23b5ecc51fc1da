/*
 * Given: the events, what the server says: JSON in a text frame, ready for any number of clients,
 * for a server does not mask. Each is encoded once, however many get it.
 */
#include "07_hub/events.h"

#include <string.h>

#include <json-glib/json-glib.h>

/* One member of an event's object: a text, a number, or a node (taken over). One without any of
 * them is left out; the one without a name is the end. */
typedef struct field {
    const char *name, *text;
    bool is_number;
    uint64_t number;
    JsonNode *node;
} field;
#define TEXT(value) .text = (value)
#define NUMBER(value) .is_number = true, .number = (value)
#define NODE(value) .node = (value)

static GBytes *event_frame(const char *name, const field *fields)
{
    g_autoptr(JsonObject) object = json_object_new();
    json_object_set_string_member(object, "event", name);
    for (const field *f = fields; f->name; f++)
        if (f->text)
            json_object_set_string_member(object, f->name, f->text);
        else if (f->node)
            json_object_set_member(object, f->name, f->node);
        else if (f->is_number)
            json_object_set_int_member(object, f->name, (gint64)f->number);
    g_autoptr(JsonNode) root = json_node_init_object(json_node_alloc(), object);
    g_autofree char *text = json_to_string(root, FALSE);
    return frame_new(WSP_OPCODE_TEXT, text, strlen(text));
}

/* [{"member": …, "name": …}, …]: so many of them at most. */
static JsonNode *members_node(GHashTable *conns, unsigned most)
{
    g_autoptr(JsonArray) members = json_array_new();
    GHashTableIter each;
    g_hash_table_iter_init(&each, conns);
    for (void *one; most > 0 && g_hash_table_iter_next(&each, &one, NULL); most--) {
        const conn *c = one;
        JsonObject *member = json_object_new();
        json_object_set_string_member(member, "member", c->id);
        json_object_set_string_member(member, "name", c->name);
        json_array_add_object_element(members, member);
    }
    return json_node_init_array(json_node_alloc(), members);
}

GBytes *event_welcome(const conn *c)
{
    return event_frame("welcome", (field[]){{"member", TEXT(c->id)}, {"name", TEXT(c->name)}, {0}});
}

GBytes *event_error(const request *r, const char *code, const char *what)
{
    return event_frame("error",
                       (field[]){{"code", TEXT(code)},
                                 {"what", TEXT(what)},
                                 {"retry_ms", .is_number = r->retry_ms > 0, .number = r->retry_ms},
                                 {"ref", TEXT(r->ref)},
                                 {0}});
}

GBytes *event_joined(const char *room, uint64_t seq, GHashTable *members, const char *ref)
{
    return event_frame("joined", (field[]){{"room", TEXT(room)},
                                           {"seq", NUMBER(seq)},
                                           {"count", NUMBER(g_hash_table_size(members))},
                                           {"members", NODE(members_node(members, LISTED_MAX))},
                                           {"ref", TEXT(ref)},
                                           {0}});
}

GBytes *event_left(const char *room, const char *ref)
{
    return event_frame("left", (field[]){{"room", TEXT(room)}, {"ref", TEXT(ref)}, {0}});
}

GBytes *event_presence(const char *name, const char *room, const conn *c, unsigned count)
{
    return event_frame(name, (field[]){{"room", TEXT(room)},
                                       {"member", TEXT(c->id)},
                                       {"name", TEXT(c->name)},
                                       {"count", NUMBER(count)},
                                       {0}});
}

GBytes *event_message_sent(const char *room, uint64_t seq, const char *id, const conn *from,
                           const char *text)
{
    return event_frame("message_sent", (field[]){{"room", TEXT(room)},
                                                 {"seq", NUMBER(seq)},
                                                 {"id", TEXT(id)},
                                                 {"from", TEXT(from->id)},
                                                 {"name", TEXT(from->name)},
                                                 {"text", TEXT(text)},
                                                 {0}});
}

GBytes *event_told(const char *id, const conn *from, const char *text)
{
    return event_frame("told", (field[]){{"id", TEXT(id)},
                                         {"from", TEXT(from->id)},
                                         {"name", TEXT(from->name)},
                                         {"text", TEXT(text)},
                                         {0}});
}

GBytes *event_sent(const char *id, const conn *to, const char *ref)
{
    return event_frame("sent",
                       (field[]){{"id", TEXT(id)}, {"to", TEXT(to->id)}, {"ref", TEXT(ref)}, {0}});
}
