/* See clip.h. */
#include "clip.h"

#include "sink.h"

#include <stdlib.h>

static void cut(GString *text)
{
    gsize len = CLIP_MAX;
    while (len > 0 && ((uint8_t)text->str[len] & 0xc0) == 0x80)
        len--;
    g_string_truncate(text, len);
}

/* Without its newline. */
static void add_json(const record *r, GString *out)
{
    char *text = NULL;
    size_t len = 0;
    sink s = {.out = open_memstream(&text, &len), .line = g_string_new(NULL), .format = sink_json};
    s.show[r->type] = true;
    sink_write(&s, r);
    sink_flush(&s);
    fclose(s.out);
    g_string_append_len(out, text, (gssize)len - 1);
    g_string_free(s.line, TRUE);
    free(text);
}

clip clip_make(const record *r, GString *out)
{
    clip c = {.json = true};
    const uint8_t *data;
    size_t len;
    if (r->type == RECORD_MESSAGE && r->message.data && r->message.utf8 &&
        record_message_reading(&r->message, &data, &len)) {
        g_string_append_len(out, (const char *)data, (gssize)len);
        c.json = false;
        c.cut = r->message.truncated;
    } else {
        add_json(r, out);
    }
    if (out->len > CLIP_MAX) {
        cut(out);
        c.cut = true;
    }
    return c;
}
