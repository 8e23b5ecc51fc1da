/* What all sinks share: choosing, writing, flushing. */
#include "sink.h"

#include "escape.h"
#include "print.h"

#include <errno.h>

/* The session may keep more of a message than is shown, for a filter to look into. */
static record cut(const record *r, uint64_t max_data)
{
    record shown = *r;
    record_message *m = &shown.message;
    m->truncated = true;
    m->data_len = (size_t)max_data;
    while (m->utf8 && m->data_len > 0 && (m->data[m->data_len] & 0xc0) == 0x80)
        m->data_len--; /* not inside a character */
    return shown;
}

static void write_lines(sink *s)
{
    errno = EIO;
    if (!s->failed && fwrite_unlocked(s->line->str, 1, s->line->len, s->out) != s->line->len)
        s->failed = errno;
    g_string_truncate(s->line, 0);
}

void sink_spill(sink *s)
{
    if (s->out && s->line->len >= SINK_PIECE)
        write_lines(s);
}

void sink_escape_long(sink *s, sink_escape *escape, const void *data, size_t len)
{
    const uint8_t *in = data;
    while (len > SINK_PIECE && !s->failed) {
        size_t n = SINK_PIECE;
        while (escape != escape_base64 && n > SINK_PIECE - 4 && (in[n] & 0xc0) == 0x80)
            n--; /* not inside a character */
        escape(s->line, in, n);
        sink_spill(s);
        in += n;
        len -= n;
    }
    escape(s->line, in, len);
}

void sink_write(void *user, const record *r)
{
    sink *s = user;
    if (!s->show[r->type] || s->failed)
        return;
    if (r->type == RECORD_MESSAGE && s->max_data && r->message.data_len > s->max_data) {
        record shown = cut(r, s->max_data);
        s->format(s, &shown);
    } else {
        s->format(s, r);
    }
    print_char(s->line, '\n');
    if (s->line_buffered)
        sink_flush(s);
    else
        sink_spill(s);
}

bool sink_flush(sink *s)
{
    write_lines(s);
    errno = EIO;
    if (!s->failed && fflush(s->out) != 0)
        s->failed = errno;
    return !s->failed;
}
