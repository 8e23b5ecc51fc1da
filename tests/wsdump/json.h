// JSON for tests: json-glib reads it, so that what wsdump writes is judged by somebody else.
#pragma once

#include <cstdint>
#include <json-glib/json-glib.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

// A value inside a parsed text, which it keeps alive.
class Json
{
public:
    // Throws when `text` is no JSON.
    static Json parse(const std::string &text)
    {
        std::shared_ptr<JsonParser> parser(json_parser_new(), g_object_unref);
        const std::string readable = hide_nul(text);
        GError *error = nullptr;
        if (!json_parser_load_from_data(parser.get(), readable.c_str(),
                                        static_cast<gssize>(readable.size()), &error)) {
            const std::string reason = error->message;
            g_error_free(error);
            throw std::invalid_argument(reason + " in " + text);
        }
        return Json(parser, json_parser_get_root(parser.get()));
    }

    // One value per line.
    static std::vector<Json> parse_lines(const std::string &text)
    {
        std::vector<Json> values;
        for (size_t at = 0; at < text.size();) {
            const size_t end = text.find('\n', at);
            if (end == std::string::npos)
                throw std::invalid_argument("the last line does not end: " + text.substr(at));
            values.push_back(parse(text.substr(at, end - at)));
            at = end + 1;
        }
        return values;
    }

    bool has(const char *member) const
    {
        return json_object_has_member(object(), member);
    }
    Json operator[](const char *member) const
    {
        if (!has(member))
            throw std::out_of_range(std::string(member) + " is missing in " + dump());
        return Json(parser_, json_object_get_member(object(), member));
    }
    Json operator[](size_t index) const
    {
        if (index >= size())
            throw std::out_of_range("no element " + std::to_string(index) + " in " + dump());
        return Json(parser_, json_array_get_element(array(), static_cast<guint>(index)));
    }
    size_t size() const
    {
        return json_array_get_length(array());
    }
    // In the order in which they stand.
    std::vector<std::string> members() const
    {
        std::vector<std::string> names;
        GList *list = json_object_get_members(object());
        for (GList *at = list; at; at = at->next)
            names.emplace_back(static_cast<const char *>(at->data));
        g_list_free(list);
        return names;
    }

    // "null", "bool", "int", "number" (with a fraction), "string", "array", "object".
    std::string kind() const
    {
        if (JSON_NODE_HOLDS_NULL(node_))
            return "null";
        if (JSON_NODE_HOLDS_OBJECT(node_))
            return "object";
        if (JSON_NODE_HOLDS_ARRAY(node_))
            return "array";
        switch (json_node_get_value_type(node_)) {
        case G_TYPE_STRING: return "string";
        case G_TYPE_BOOLEAN: return "bool";
        case G_TYPE_INT64: return "int";
        default: return "number";
        }
    }
    bool is_null() const
    {
        return kind() == "null";
    }
    // May hold NUL.
    std::string text() const
    {
        expect("string");
        return show_nul(json_node_get_string(node_));
    }
    int64_t number() const
    {
        expect("int");
        return json_node_get_int(node_);
    }
    double real() const
    {
        if (kind() != "int")
            expect("number");
        return json_node_get_double(node_);
    }
    bool flag() const
    {
        expect("bool");
        return json_node_get_boolean(node_) != FALSE;
    }
    std::string dump() const
    {
        char *text = json_to_string(node_, FALSE);
        std::string copy = text;
        g_free(text);
        return copy;
    }

private:
    Json(std::shared_ptr<JsonParser> parser, JsonNode *node)
        : parser_(std::move(parser)), node_(node)
    {
    }

    void expect(const char *wanted) const
    {
        if (kind() != wanted)
            throw std::invalid_argument(std::string("not ") + wanted + ": " + dump());
    }
    JsonObject *object() const
    {
        expect("object");
        return json_node_get_object(node_);
    }
    JsonArray *array() const
    {
        expect("array");
        return json_node_get_array(node_);
    }

    // json-glib ends a string at its first NUL. So NUL travels as U+F8FE, which no test has.
    static std::string hide_nul(std::string text)
    {
        for (size_t i = 0; i < text.size(); i++) {
            if (text[i] != '\\')
                continue;
            if (text.compare(i, 6, "\\u0000") == 0)
                text.replace(i, 6, "\\uf8fe");
            i++;
        }
        return text;
    }
    static std::string show_nul(std::string text)
    {
        for (size_t at; (at = text.find("\xef\xa3\xbe")) != std::string::npos;)
            text.replace(at, 3, 1, '\0');
        return text;
    }

    std::shared_ptr<JsonParser> parser_;
    JsonNode *node_;
};

inline std::string from_base64(const std::string &text)
{
    gsize len;
    guchar *bytes = g_base64_decode(text.c_str(), &len);
    std::string copy(reinterpret_cast<char *>(bytes), len);
    g_free(bytes);
    return copy;
}

// The bytes of a message record; only for those that have data.
inline std::string payload_of(const Json &message)
{
    const std::string data = message["data"].text();
    return message["encoding"].text() == "utf8" ? data : from_base64(data);
}
