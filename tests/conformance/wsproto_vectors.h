// The test vectors as C++ sees them, read from their JSON files. Needs json-glib.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <json-glib/json-glib.h>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace wsproto_conformance
{
using Bytes = std::vector<uint8_t>;

// ---- What a vector says ----------------------------------------------------------------------

// A message as a strict endpoint delivers it. A Close has a code (-1 = none) and a reason instead
// of data.
struct Event {
    std::string type; // "text", "binary", "ping", "pong", "close"
    Bytes data;
    int code = -1;
    std::string reason;
};

inline bool operator==(const Event &a, const Event &b)
{
    return a.type == b.type && a.data == b.data && a.code == b.code && a.reason == b.reason;
}

// The parameters of an extension that was negotiated; one without a value has an empty text.
using Parameters = std::map<std::string, std::string>;

// What an implementation is told before the first byte.
struct Setup {
    std::string role;                             // who sends the bytes: "client" or "server"
    std::map<std::string, Parameters> extensions; // e.g. "permessage-deflate"
    uint8_t rsv_allowed = 0;                      // of "rsv": RSV1 = 4, RSV2 = 2, RSV3 = 1
    std::map<std::string, uint64_t> limits;       // e.g. "max_frame"
    bool handshake = false;   // the stream begins with the head of the opening handshake
    Bytes request;            // a server's handshake: the head of the request that it answers
    bool negotiation = false; // the handshake is about the parameters of permessage-deflate
    Parameters policy;        // negotiation by a server: what it insists on

    // 0 = no such limit.
    uint64_t limit(const std::string &name) const
    {
        const auto found = limits.find(name);
        return found == limits.end() ? 0 : found->second;
    }
};

struct Vector {
    std::string id, clause, level, why, result;
    Setup setup;
    Bytes feed;
    bool end = false; // the stream ends behind feed
    std::vector<std::string> violations;
    int64_t decidable_at = -1; // -1 = never
    std::vector<Event> events;
    int status = 0; // of the refusal of a request; 0 = not said
    // Negotiation. By a server: the parameters that its answer must name (none: the offer is
    // declined), and those that it may name besides. By a client: what holds (none: nothing).
    std::optional<Parameters> answer, agreed;
    Parameters answer_may;
    bool may_decline = false;
};

// ---- Reading the vectors ---------------------------------------------------------------------

// One JSON object. A member that is missing or of another type is an error in the file.
class JsonReading
{
public:
    explicit JsonReading(JsonObject *object) : object_(object) {}

    bool has(const char *name) const
    {
        return json_object_has_member(object_, name);
    }
    JsonNode *node(const char *name) const
    {
        JsonNode *found = json_object_get_member(object_, name);
        return found ? found : throw std::runtime_error(std::string(name) + " is missing");
    }
    bool is_null(const char *name) const
    {
        return JSON_NODE_HOLDS_NULL(node(name));
    }
    std::string text(const char *name) const
    {
        const char *value = value_of(name, G_TYPE_STRING) ? json_node_get_string(node(name)) : "";
        return value;
    }
    int64_t number(const char *name) const
    {
        return value_of(name, G_TYPE_INT64) ? json_node_get_int(node(name)) : 0;
    }
    bool truth(const char *name) const
    {
        return value_of(name, G_TYPE_BOOLEAN) && json_node_get_boolean(node(name));
    }
    // Call each(node) for every element.
    template <typename Each>
    void elements(const char *name, Each each) const
    {
        if (!JSON_NODE_HOLDS_ARRAY(node(name)))
            throw std::runtime_error(std::string(name) + " is no array");
        JsonArray *array = json_node_get_array(node(name));
        for (guint i = 0; i < json_array_get_length(array); i++)
            each(json_array_get_element(array, i));
    }
    // Call each(name, node) for every member of the object of this name.
    template <typename Each>
    void members(const char *name, Each each) const
    {
        if (!JSON_NODE_HOLDS_OBJECT(node(name)))
            throw std::runtime_error(std::string(name) + " is no object");
        JsonObjectIter iter;
        const char *key;
        JsonNode *value;
        json_object_iter_init(&iter, json_node_get_object(node(name)));
        while (json_object_iter_next(&iter, &key, &value))
            each(std::string(key), value);
    }

private:
    bool value_of(const char *name, GType type) const
    {
        if (!JSON_NODE_HOLDS_VALUE(node(name)) || json_node_get_value_type(node(name)) != type)
            throw std::runtime_error(std::string(name) + " has another type");
        return true;
    }

    JsonObject *object_;
};

inline Bytes bytes_of_hex(const std::string &hex)
{
    Bytes bytes;
    for (size_t i = 0; i + 1 < hex.size(); i += 2) {
        const int high = g_ascii_xdigit_value(hex[i]), low = g_ascii_xdigit_value(hex[i + 1]);
        if (high < 0 || low < 0)
            break;
        bytes.push_back(static_cast<uint8_t>(high << 4 | low));
    }
    return bytes.size() * 2 == hex.size() ? bytes : throw std::runtime_error("not hex: " + hex);
}

// Hex, or an array of hex and of {"repeat": hex, "times": number}.
inline Bytes bytes_of(const JsonReading &json, const char *name)
{
    if (!JSON_NODE_HOLDS_ARRAY(json.node(name)))
        return bytes_of_hex(json.text(name));
    Bytes bytes;
    json.elements(name, [&](JsonNode *node) {
        const bool run = JSON_NODE_HOLDS_OBJECT(node);
        const JsonReading part(run ? json_node_get_object(node) : nullptr);
        const Bytes piece = bytes_of_hex(run ? part.text("repeat") : json_node_get_string(node));
        for (int64_t times = run ? part.number("times") : 1; times > 0; times--)
            bytes.insert(bytes.end(), piece.begin(), piece.end());
    });
    return bytes;
}

inline Event event_of(const JsonReading &json)
{
    Event event;
    event.type = json.text("type");
    if (event.type != "close") {
        event.data = bytes_of(json, "data");
        return event;
    }
    if (!json.is_null("code"))
        event.code = static_cast<int>(json.number("code"));
    event.reason = json.text("reason");
    return event;
}

inline Parameters parameters_of(const std::string &member, const JsonReading &json)
{
    Parameters parameters;
    json.members(member.c_str(), [&](const std::string &name, JsonNode *value) {
        const GType type = json_node_get_value_type(value);
        if (type == G_TYPE_INT64)
            parameters[name] = std::to_string(json_node_get_int(value));
        else if (type == G_TYPE_STRING)
            parameters[name] = json_node_get_string(value);
        else if (json_node_get_boolean(value)) // false: as if it were not there
            parameters[name] = "";
    });
    return parameters;
}

inline Setup setup_of(const JsonReading &json)
{
    Setup setup;
    setup.role = json.text("role");
    setup.negotiation = json.has("policy") || json.has("agreed");
    setup.handshake = setup.negotiation || json.text("id").rfind("handshake-", 0) == 0;
    if (json.has("policy"))
        setup.policy = parameters_of("policy", json);
    if (json.has("request"))
        setup.request = bytes_of(json, "request");
    if (json.has("limits"))
        json.members("limits", [&](const std::string &name, JsonNode *value) {
            setup.limits[name] = static_cast<uint64_t>(json_node_get_int(value));
        });
    if (!json.has("extensions"))
        return setup;
    const JsonReading extensions(json_node_get_object(json.node("extensions")));
    json.members("extensions", [&](const std::string &name, JsonNode *) {
        setup.extensions[name] = name == "rsv" ? Parameters() : parameters_of(name, extensions);
    });
    if (extensions.has("rsv"))
        extensions.elements("rsv", [&](JsonNode *node) {
            setup.rsv_allowed |= static_cast<uint8_t>(8 >> json_node_get_int(node));
        });
    return setup;
}

// The parameters of this name; none where there is null, or nothing.
inline std::optional<Parameters> parameters_if_any(const char *name, const JsonReading &json)
{
    if (!json.has(name) || json.is_null(name))
        return std::nullopt;
    return parameters_of(name, json);
}

inline Vector vector_of(const JsonReading &json)
{
    Vector v;
    v.id = json.text("id");
    v.clause = json.text("clause");
    v.level = json.text("level");
    v.why = json.text("why");
    v.result = json.text("result");
    v.setup = setup_of(json);
    v.feed = bytes_of(json, "feed");
    v.end = json.has("end") && json.truth("end");
    json.elements("violations",
                  [&](JsonNode *node) { v.violations.push_back(json_node_get_string(node)); });
    if (!json.is_null("decidable_at"))
        v.decidable_at = json.number("decidable_at");
    json.elements("events", [&](JsonNode *node) {
        v.events.push_back(event_of(JsonReading(json_node_get_object(node))));
    });
    if (json.has("status"))
        v.status = static_cast<int>(json.number("status"));
    v.answer = parameters_if_any("answer", json);
    v.answer_may = parameters_if_any("answer_may", json).value_or(Parameters());
    v.agreed = parameters_if_any("agreed", json);
    v.may_decline = json.has("may_decline") && json.truth("may_decline");
    return v;
}

// The vectors of one file. Throws std::runtime_error where the file is not as it should be.
inline std::vector<Vector> read_file(const std::string &path)
{
    const std::unique_ptr<JsonParser, void (*)(void *)> parser(json_parser_new(), g_object_unref);
    GError *error = nullptr;
    if (!json_parser_load_from_file(parser.get(), path.c_str(), &error)) {
        const std::string message = error->message;
        g_error_free(error);
        throw std::runtime_error(message);
    }
    std::vector<Vector> vectors;
    JsonReading(json_node_get_object(json_parser_get_root(parser.get())))
        .elements("vectors", [&](JsonNode *node) {
            vectors.push_back(vector_of(JsonReading(json_node_get_object(node))));
        });
    return vectors;
}

// Every vector of every *.json in the folder, file by file in the order of their names.
inline std::vector<Vector> read_folder(const std::string &folder)
{
    std::set<std::string> paths;
    std::error_code error;
    for (const auto &entry : std::filesystem::directory_iterator(folder, error))
        if (entry.path().extension() == ".json")
            paths.insert(entry.path().string());
    if (paths.empty())
        throw std::runtime_error("no vectors in " + folder);
    std::vector<Vector> all;
    for (const std::string &path : paths)
        for (Vector &v : read_file(path))
            all.push_back(std::move(v));
    return all;
}
} // namespace wsproto_conformance
