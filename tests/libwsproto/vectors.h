// The language-neutral vectors of tests/vectors, read from their JSON files.
#pragma once

#include "wire.h"

#include <json-glib/json-glib.h>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

// A message as a strict endpoint delivers it. A Close has a code (-1 = none) and a reason instead
// of data.
struct VectorEvent {
    std::string type;
    Bytes data;
    int code = -1;
    std::string reason;
};

struct Vector {
    std::string id, clause, level, role, why, result;
    Bytes feed, request;
    std::vector<std::string> violations;
    int64_t decidable_at = -1; // -1 = null
    std::vector<VectorEvent> events;
    bool end = false;
    uint8_t rsv_allowed = 0; // RSV1 = 4, RSV2 = 2, RSV3 = 1
    int status = 0;          // 0 = not said
};

inline bool operator==(const VectorEvent &a, const VectorEvent &b)
{
    return a.type == b.type && a.data == b.data && a.code == b.code && a.reason == b.reason;
}

inline void PrintTo(const VectorEvent &e, std::ostream *os)
{
    *os << e.type << " " << to_hex(e.data);
    if (e.type == "close")
        *os << e.code << " \"" << e.reason << "\"";
}

inline void PrintTo(const Vector &v, std::ostream *os)
{
    *os << v.id;
}

// One JSON object. A member that is missing or of another type is an error in the file.
class JsonReading
{
public:
    explicit JsonReading(JsonObject *object) : object_(object) {}

    bool has(const char *name) const
    {
        return json_object_has_member(object_, name);
    }
    bool is_null(const char *name) const
    {
        return json_node_get_node_type(node(name)) == JSON_NODE_NULL;
    }
    std::string text(const char *name) const
    {
        const char *value = json_node_get_string(node(name));
        return value ? value : throw std::runtime_error(std::string(name) + " is no string");
    }
    int64_t number(const char *name) const
    {
        if (json_node_get_value_type(node(name)) != G_TYPE_INT64)
            throw std::runtime_error(std::string(name) + " is no number");
        return json_node_get_int(node(name));
    }
    bool truth(const char *name) const
    {
        return json_node_get_boolean(node(name));
    }
    JsonReading object(const char *name) const
    {
        return JsonReading(json_node_get_object(node(name)));
    }

    // Call `each` with the node of every element.
    template <typename Each>
    void array(const char *name, Each each) const
    {
        JsonArray *array = json_node_get_array(node(name));
        for (guint i = 0; i < json_array_get_length(array); i++)
            each(json_array_get_element(array, i));
    }

private:
    JsonNode *node(const char *name) const
    {
        JsonNode *found = json_object_get_member(object_, name);
        return found ? found : throw std::runtime_error(std::string(name) + " is missing");
    }

    JsonObject *object_;
};

inline VectorEvent read_event(const JsonReading &json)
{
    VectorEvent event;
    event.type = json.text("type");
    if (event.type != "close") {
        event.data = from_hex(json.text("data"));
        return event;
    }
    if (!json.is_null("code"))
        event.code = static_cast<int>(json.number("code"));
    event.reason = json.text("reason");
    return event;
}

inline Vector read_vector(const JsonReading &json)
{
    Vector v;
    v.id = json.text("id");
    v.clause = json.text("clause");
    v.level = json.text("level");
    v.role = json.text("role");
    v.why = json.text("why");
    v.result = json.text("result");
    v.feed = from_hex(json.text("feed"));
    json.array("violations",
               [&](JsonNode *node) { v.violations.push_back(json_node_get_string(node)); });
    if (!json.is_null("decidable_at"))
        v.decidable_at = json.number("decidable_at");
    json.array("events", [&](JsonNode *node) {
        v.events.push_back(read_event(JsonReading(json_node_get_object(node))));
    });
    if (json.has("request"))
        v.request = from_hex(json.text("request"));
    if (json.has("end"))
        v.end = json.truth("end");
    if (json.has("status"))
        v.status = static_cast<int>(json.number("status"));
    if (json.has("extensions"))
        json.object("extensions").array("rsv", [&](JsonNode *node) {
            v.rsv_allowed |= static_cast<uint8_t>(8 >> json_node_get_int(node));
        });
    return v;
}

// The vectors of one file of the folder, e.g. "framing".
inline std::vector<Vector> read_vectors(const std::string &folder, const std::string &subject)
{
    JsonParser *parser = json_parser_new();
    GError *error = nullptr;
    const std::string path = folder + "/" + subject + ".json";
    if (!json_parser_load_from_file(parser, path.c_str(), &error))
        throw std::runtime_error(error->message);
    std::vector<Vector> vectors;
    JsonReading(json_node_get_object(json_parser_get_root(parser)))
        .array("vectors", [&](JsonNode *node) {
            vectors.push_back(read_vector(JsonReading(json_node_get_object(node))));
        });
    g_object_unref(parser);
    return vectors;
}
