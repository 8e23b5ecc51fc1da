/* What all sinks share: choosing, writing, flushing. */
#include "sink.h"

#include <errno.h>

void sink_write(void *user, const record *r)
{
    sink *s = user;
    if (!s->show[r->type] || s->failed)
        return;
    g_string_truncate(s->line, 0);
    s->format(s, r);
    g_string_append_c(s->line, '\n');
    errno = EIO;
    if (fwrite(s->line->str, 1, s->line->len, s->out) != s->line->len)
        s->failed = errno;
    else if (s->line_buffered)
        sink_flush(s);
}

bool sink_flush(sink *s)
{
    errno = EIO;
    if (!s->failed && fflush(s->out) != 0)
        s->failed = errno;
    return !s->failed;
}
