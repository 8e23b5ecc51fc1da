#include "heads.h"

#include "data.h"

#include <string.h>

bool heads_read_lines(const words *w, const char *name, GPtrArray *lines, GError **error)
{
    for (guint i = 0; i < w->options->len; i++) {
        const word *option = &g_array_index(w->options, word, i);
        if (strcmp(option->name, name) != 0)
            continue;
        char *line = data_quoted(w, option, error);
        if (!line)
            return false;
        g_ptr_array_add(lines, line);
        if (lines->len > HEADS_MAX_LINES)
            return words_wrong(w, option->column, error, "more than %d headers", HEADS_MAX_LINES);
        const char *colon = strchr(line, ':');
        if (!colon || colon == line || strpbrk(line, "\r\n"))
            return words_wrong(w, option->column, error, "a header is \"Name: value\" in one line");
    }
    return true;
}

bool heads_read_path(const words *w, char **path, GError **error)
{
    const word *option = words_option(w, "path");
    *path = g_strdup(option ? option->text : "/ws");
    return !option || *option->text == '/' ||
           words_wrong(w, option->column, error, "a path begins with /");
}

/* The status of a refusal; 0 = it is none. */
static uint16_t refusal_of(const char *kind)
{
    guint64 status = 0;
    return g_ascii_string_to_unsigned(kind, 10, 300, 599, &status, NULL) ? (uint16_t)status : 0;
}

bool heads_check_kind(const words *w, const word *at, GError **error)
{
    static const char *const kinds[] = {"101", "plain-101", "wrong-accept", NULL};
    return g_strv_contains(kinds, at->text) || refusal_of(at->text) > 0 ||
           words_wrong(w, at->column, error,
                       "no such answer; there is 101, plain-101, wrong-accept and the statuses 300 "
                       "to 599");
}

size_t heads_split(const GPtrArray *lines, wsp_http_header headers[HEADS_MAX_LINES])
{
    for (guint i = 0; i < lines->len; i++) {
        const char *text = lines->pdata[i], *colon = strchr(text, ':');
        const char *value = colon + 1 + strspn(colon + 1, " \t");
        headers[i] = (wsp_http_header){{text, (size_t)(colon - text)}, {value, strlen(value)}};
    }
    return lines->len;
}

int heads_write_request(char head[HEADS_MAX_SIZE], const char *path, unsigned port, const char *key,
                        const GPtrArray *lines)
{
    g_autofree char *host = g_strdup_printf("127.0.0.1:%u", port);
    wsp_http_header headers[HEADS_MAX_LINES];
    const size_t count = heads_split(lines, headers);
    const wsp_handshake_offer offer = {
        .target = path, .host = host, .key = key, .more = headers, .more_count = count};
    return wsp_handshake_request_write(head, HEADS_MAX_SIZE, &offer);
}

int heads_write_answer(char head[HEADS_MAX_SIZE], const char *kind, const char *key,
                       const GPtrArray *lines)
{
    static const char plain[] = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
    static const char another_key[] = "AAAAAAAAAAAAAAAAAAAAAA==";
    const uint16_t status = refusal_of(kind);
    wsp_http_header headers[HEADS_MAX_LINES];
    const size_t count = heads_split(lines, headers);
    if (status > 0)
        return wsp_handshake_refusal_write(head, HEADS_MAX_SIZE, status, NULL, headers, count);
    if (strcmp(kind, "plain-101") == 0)
        return (int)g_strlcpy(head, plain, HEADS_MAX_SIZE);
    const char *answered = strcmp(kind, "wrong-accept") == 0 ? another_key : key;
    const wsp_handshake_answer answer = {
        .key = {answered, strlen(answered)}, .more = headers, .more_count = count};
    return wsp_handshake_accept_write(head, HEADS_MAX_SIZE, &answer);
}
