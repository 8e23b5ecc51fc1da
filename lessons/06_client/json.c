#include "06_client/json.h"

#include <json-glib/json-glib.h>

bool json_is_small(const char *text, size_t len, unsigned most)
{
    unsigned parts = 0;
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        const char c = text[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '\'' || c == '/' || c == '#'))
            return false;
        else if (!quoted && (c == '[' || c == '{' || c == ','))
            parts++;
    }
    return parts <= most;
}

const char *json_text(JsonNode *node)
{
    const bool is_text = node && json_node_get_value_type(node) == G_TYPE_STRING;
    const char *text = is_text ? json_node_get_string(node) : NULL;
    return text && g_utf8_validate(text, -1, NULL) ? text : NULL;
}
