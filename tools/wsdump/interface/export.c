/* See export.h. */
#include "export.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

const char *const interface_file_endings[] = {".jsonl", ".json", ".txt", ".pcapng",
                                              ".bin",   ".raw",  NULL};
static const export_format formats[] = {EXPORT_JSON,   EXPORT_JSON, EXPORT_TEXT,
                                        EXPORT_PCAPNG, EXPORT_RAW,  EXPORT_RAW};

enum { ROWS_PER_LOOK = 256 };

const char *export_format_name(export_format f)
{
    static const char *const names[EXPORT_FORMATS] = {
        [EXPORT_JSON] = "JSON lines",
        [EXPORT_TEXT] = "text",
        [EXPORT_PCAPNG] = "pcapng (all packets)",
        [EXPORT_RAW] = "raw payload",
    };
    return f < EXPORT_FORMATS ? names[f] : NULL;
}

export_format export_format_of(const char *path)
{
    for (size_t i = 0; interface_file_endings[i]; i++)
        if (g_str_has_suffix(path, interface_file_endings[i]))
            return formats[i];
    return EXPORT_FORMATS;
}

export_job *export_new(const char *path, GArray *rows, GArray *connections)
{
    export_job *j = g_new0(export_job, 1);
    j->path = g_strdup(path);
    j->format = export_format_of(path);
    j->rows = rows;
    j->connections = connections;
    j->out.line = g_string_new(NULL);
    j->out.format = j->format == EXPORT_TEXT ? sink_text : sink_json;
    for (int type = 0; type < RECORD_TYPES; type++)
        j->out.show[type] = true;
    return j;
}

static uint64_t row_of(const export_job *j, guint i)
{
    return g_array_index(j->rows, uint64_t, i);
}

/* NULL when the row is no message, or has left. */
static const record_message *message_of(const export_job *j, const store_view *v)
{
    uint64_t row = row_of(j, 0);
    const record *r = row >= v->first && row < v->end ? store_row(v, row) : NULL;
    return r && r->type == RECORD_MESSAGE ? &r->message : NULL;
}

static const char *payload_objection(const export_job *j, const store_view *v)
{
    if (j->rows->len != 1)
        return "raw payload is that of one message; for more use .jsonl, .txt or .pcapng";
    const record_message *m = message_of(j, v);
    if (!m)
        return "only a message has a payload; use .jsonl, .txt or .pcapng";
    return m->data ? NULL : "its payload is not known: it was compressed and is not inflated";
}

const char *export_objection(const export_job *j, const store_view *v)
{
    switch (j->format) {
    case EXPORT_JSON:
    case EXPORT_TEXT: return j->rows->len ? NULL : "there are no rows to write; .pcapng may do";
    case EXPORT_PCAPNG: return j->connections->len ? NULL : "there is no connection to write";
    case EXPORT_RAW: return payload_objection(j, v);
    case EXPORT_FORMATS: break;
    }
    return "end the name in .jsonl (or .json), .txt, .pcapng, or .bin (or .raw)";
}

int export_open(export_job *j, const interface_options *o, bool overwrite)
{
    int fd = o->open_file(o->open_user, j->path, overwrite);
    if (fd < 0)
        return errno;
    j->out.out = fdopen(fd, "wb");
    if (j->out.out)
        return 0;
    int error = errno;
    close(fd);
    return error;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void write_row(export_job *j, const store_view *v, uint64_t row)
{
    if (row < v->first) {
        j->lost++;
        return;
    }
    const record *r = store_row(v, row);
    sink_write(&j->out, r);
    if (j->out.failed)
        return;
    j->written++;
    j->messages += r->type == RECORD_MESSAGE;
    j->cut += r->type == RECORD_MESSAGE && r->message.truncated;
}

/* A view keeps what it shows from leaving: so it is held for some rows only. */
static bool write_rows(export_job *j, store *s, gint64 deadline)
{
    do {
        store_view v = store_look(s);
        guint end = j->next + MIN(ROWS_PER_LOOK, j->rows->len - j->next);
        for (; j->next < end && !j->out.failed; j->next++)
            write_row(j, &v, row_of(j, j->next));
        store_release(&v);
    } while (j->next < j->rows->len && !j->out.failed && g_get_monotonic_time() < deadline);
    return (j->next == j->rows->len && sink_flush(&j->out)) || j->out.failed;
}

static void write_payload(export_job *j, store *s)
{
    store_view v = store_look(s);
    const record_message *m = message_of(j, &v);
    if (m) {
        errno = EIO;
        j->written = fwrite(m->data, 1, m->data_len, j->out.out);
        j->out.failed = j->written == m->data_len ? 0 : errno;
        j->cut = m->truncated;
        j->unknown = !m->complete;
    } else {
        j->lost = 1;
    }
    store_release(&v);
}

static void write_packets(export_job *j, const interface_options *o)
{
    interface_packets said = {0};
    const uint64_t *numbers = (const uint64_t *)(const void *)j->connections->data;
    j->out.failed =
        o->write_packets(o->packets_user, numbers, j->connections->len, j->out.out, &said);
    j->written = said.written;
    j->lost = said.lost;
    j->lost_more = said.lost_more;
}

bool export_step(export_job *j, store *s, const interface_options *o, gint64 deadline)
{
    bool over = true;
    if (j->format == EXPORT_PCAPNG)
        write_packets(j, o);
    else if (j->format == EXPORT_RAW)
        write_payload(j, s);
    else
        over = write_rows(j, s, deadline);
    if (!over)
        return false;
    errno = EIO;
    if (fclose(j->out.out) != 0 && !j->out.failed)
        j->out.failed = errno;
    j->out.out = NULL;
    return true;
}

double export_progress(const export_job *j)
{
    return j->rows->len ? (double)j->next / j->rows->len : 0;
}

/* ---- What came of it ------------------------------------------------------------------------- */

static void add_count(GString *out, uint64_t n, const char *one, const char *many)
{
    g_string_append_printf(out, "%" G_GUINT64_FORMAT " %s", n, n == 1 ? one : many);
}

static void add_connections(const export_job *j, GString *out)
{
    if (j->connections->len == 1)
        g_string_append_printf(out, "connection %" G_GUINT64_FORMAT,
                               g_array_index(j->connections, uint64_t, 0));
    else
        g_string_append_printf(out, "%u connections", j->connections->len);
}

static void add_written(const export_job *j, GString *out)
{
    if (j->format == EXPORT_PCAPNG) {
        add_count(out, j->written, "packet of ", "packets of ");
        add_connections(j, out);
    } else if (j->format == EXPORT_RAW) {
        add_count(out, j->written, "byte", "bytes");
    } else if (j->messages == j->written) {
        add_count(out, j->written, "message", "messages");
    } else {
        add_count(out, j->written, "row", "rows");
    }
}

static void add_shortcomings(const export_job *j, GString *out)
{
    const char *what = j->format == EXPORT_PCAPNG ? "packet" : "row";
    const char *more = j->format == EXPORT_PCAPNG ? "packets" : "rows";
    if (j->lost) {
        g_string_append(out, "; ");
        add_count(out, j->lost, what, more);
        g_string_append(out, j->lost == 1 ? " is" : " are");
        g_string_append(out, " not in memory any longer");
    }
    if (j->lost_more)
        g_string_append(out, "; of some connections no packet is in memory any longer");
    if (j->cut) {
        g_string_append(out, "; of ");
        add_count(out, j->cut, "message", "messages");
        g_string_append(out, " the beginning only (--max-data)");
    }
    if (j->unknown)
        g_string_append(out, "; bytes that were not captured are zero");
}

bool export_describe(const export_job *j, GString *out)
{
    if (j->out.failed) {
        g_string_append_printf(out, "cannot write to %s: %s; it is there in part", j->path,
                               g_strerror(j->out.failed));
        return false;
    }
    add_written(j, out);
    g_string_append_printf(out, " written to %s", j->path);
    add_shortcomings(j, out);
    return j->written || !(j->lost || j->lost_more);
}

void export_describe_error(const char *path, int error, GString *out)
{
    static const struct {
        int error;
        const char *text;
    } ours[] = {
        {EINVAL, "it is no regular file"},
        {EBUSY, "wsdump itself reads or writes it"},
        {EPIPE, "the process that opens files has gone"},
        {ENOENT, "there is no such directory"},
    };
    const char *text = g_strerror(error);
    for (size_t i = 0; i < G_N_ELEMENTS(ours); i++)
        if (ours[i].error == error)
            text = ours[i].text;
    g_string_append_printf(out, "cannot write to %s: %s", path, text);
}

void export_free(export_job *j)
{
    if (!j)
        return;
    if (j->out.out)
        fclose(j->out.out);
    g_array_unref(j->rows);
    g_array_unref(j->connections);
    g_string_free(j->out.line, TRUE);
    g_free(j->path);
    g_free(j);
}
