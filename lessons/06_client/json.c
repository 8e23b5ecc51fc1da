#include "06_client/json.h"

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
