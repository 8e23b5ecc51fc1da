/*
 * Given: where a request may carry its token.
 *
 *     Authorization: Bearer TOKEN                   programs: the usual place
 *     Sec-WebSocket-Protocol: chat, bearer.TOKEN    a page's script: all that it can choose
 *     Cookie: token=TOKEN                           a browser sends it by itself, whosever page it
 *                                                   shows: one more reason to look at the origin
 *
 * Not in the address: addresses stand in logs, in histories, and on screens that others see.
 */
#include "08_gate/gate.h"

#include <string.h>

static const struct place {
    const char *header, *before;
    char between; /* what separates items in this header; 0 = it is no list */
} places[] = {
    {"Authorization", "Bearer ", 0},
    {"Sec-WebSocket-Protocol", "bearer.", ','},
    {"Cookie", "token=", ';'},
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static unsigned tokens_in(wsp_text line, const struct place *at, wsp_text *text)
{
    unsigned found = 0;
    const size_t before = strlen(at->before);
    const char *behind = line.data + line.len, *stop;
    for (const char *item = line.data; item && item < behind; item = stop + 1) {
        stop = at->between ? memchr(item, at->between, (size_t)(behind - item)) : behind;
        stop = stop ? stop : behind;
        while (item < stop && is_space(*item))
            item++;
        size_t len = (size_t)(stop - item);
        while (len > 0 && is_space(item[len - 1]))
            len--;
        if (len >= before && g_ascii_strncasecmp(item, at->before, before) == 0) {
            *text = (wsp_text){item + before, len - before};
            found++;
        }
    }
    return found;
}

unsigned token_find(const wsp_http_head *head, wsp_text *text)
{
    unsigned found = 0;
    for (size_t line = 0; line < head->header_count; line++)
        for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
            if (wsp_text_equal_nocase(head->headers[line].name, places[i].header))
                found += tokens_in(head->headers[line].value, &places[i], text);
    return found;
}

bool token_in_address(wsp_text target)
{
    g_autofree char *text = g_ascii_strdown(target.data, (gssize)target.len);
    return strstr(text, "token=") != NULL;
}
