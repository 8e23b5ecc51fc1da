/* Given: messages. What is printed of one, and which id it has. */
#include "06_client/client.h"
#include "06_client/json.h"

#include <limits.h>
#include <string.h>

#include <json-glib/json-glib.h>

enum { ID_MAX = 128, PARTS_MAX = 1000 };

/* How a control character is written; NULL = it is none. A tab stays. C1 (U+0080 to U+009F) is two
 * bytes in UTF-8; some terminals obey it. */
static const char *escape(const uint8_t *at, size_t left, char as[8])
{
    bool c1 = left > 1 && at[0] == 0xc2 && at[1] < 0xa0;
    if (!c1 && (at[0] == '\t' || (at[0] >= ' ' && at[0] != 0x7f)))
        return NULL;
    if (at[0] == '\n' || at[0] == '\r')
        return at[0] == '\n' ? "\\n" : "\\r";
    g_snprintf(as, 8, "\\x%02x", c1 ? at[1] : at[0]);
    return as;
}

char *message_plain(const void *data, size_t len)
{
    GString *plain = g_string_sized_new(len + 1);
    const uint8_t *at = data, *end = at + len;
    while (at < end) {
        char as[8];
        const char *escaped = escape(at, (size_t)(end - at), as);
        if (escaped)
            g_string_append(plain, escaped);
        else
            g_string_append_c(plain, (char)*at);
        at += escaped && *at == 0xc2 ? 2 : 1;
    }
    return g_string_free(plain, FALSE);
}

static char *hex(const uint8_t *data, size_t len)
{
    GString *text = g_string_sized_new(len * 2 + 5);
    g_string_assign(text, "hex:");
    for (size_t i = 0; i < len; i++)
        g_string_append_printf(text, "%02x", data[i]);
    return g_string_free(text, FALSE);
}

/* Who reads us is slow: then we are, too, and the server waits for us. But Ctrl+C is not kept
 * waiting, so nothing blocks in write(): a pipe that is ready takes PIPE_BUF bytes at once. */
static bool print(const char *bytes, size_t len, uint64_t until)
{
    static int error; /* behind half a line nothing is printed any more */
    while (len > 0 && !error) {
        struct pollfd wait[] = {{.fd = STDOUT_FILENO, .events = POLLOUT}, keyboard_poll_signal()};
        if (poll(wait, G_N_ELEMENTS(wait), ms_until(until)) < 0 && errno == EINTR)
            continue;
        if (!wait[0].revents) {
            error = wait[1].revents ? EINTR : ETIMEDOUT;
            break;
        }
        ssize_t n = write(STDOUT_FILENO, bytes, MIN(len, PIPE_BUF));
        if (n >= 0)
            bytes += n, len -= (size_t)n;
        else if (errno != EAGAIN && errno != EINTR)
            error = errno;
    }
    errno = error;
    return !error;
}

bool message_print(uint8_t opcode, const void *data, size_t len, uint64_t until)
{
    if (options.raw)
        return print(data, len, until);
    g_autofree char *text = opcode == WSP_OPCODE_TEXT ? message_plain(data, len) : hex(data, len);
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    return print(line, strlen(line), until);
}

struct pollfd message_poll_reader(bool wanted)
{
    return (struct pollfd){.fd = wanted ? STDOUT_FILENO : -1}; /* POLLERR needs no asking */
}

char *message_id(const void *data, size_t len)
{
    if (!memmem(data, len, "\"id\"", 4) || !json_is_small(data, len, PARTS_MAX))
        return NULL;
    g_autoptr(JsonParser) parser = json_parser_new();
    if (!json_parser_load_from_data(parser, data, (gssize)len, NULL))
        return NULL;
    JsonNode *root = json_parser_get_root(parser);
    JsonNode *id = root && JSON_NODE_HOLDS_OBJECT(root)
                       ? json_object_get_member(json_node_get_object(root), "id")
                       : NULL;
    if (!id || !JSON_NODE_HOLDS_VALUE(id) || json_node_get_value_type(id) == G_TYPE_BOOLEAN)
        return NULL;
    g_autofree char *text = json_to_string(id, FALSE);
    return strlen(text) <= ID_MAX ? g_steal_pointer(&text) : NULL;
}
