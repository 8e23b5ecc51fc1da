/* The page of a message. */
#include "page_message.h"

#include "page.h"

#include <time.h>

enum { LISTED = 64 }; /* frames, violations and unknown stretches that are named one by one */

static void add_title(flow *f, const record *r)
{
    const char *from = record_from_name(r->from), *type = record_message_type(r->message.opcode);
    flow_line(f, 0);
    flow_wordsf(f, STYLE_HEADING, "Message %" G_GUINT64_FORMAT " of connection %" G_GUINT64_FORMAT,
                r->message.number, r->conn);
    if (from)
        flow_wordsf(f, r->from == WSP_FROM_CLIENT ? STYLE_CLIENT : STYLE_SERVER, " from the %s",
                    from);
    flow_wordsf(f, STYLE_NORMAL, ": %s", type ? type : "unknown");
}

static void add_time(flow *f, int64_t time_ns)
{
    time_t seconds = (time_t)(time_ns / 1000000000 - (time_ns % 1000000000 < 0));
    int64_t rest = time_ns - (int64_t)seconds * 1000000000;
    struct tm local;
    char text[64];
    if (!localtime_r(&seconds, &local) || !strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local))
        g_strlcpy(text, "?", sizeof text);
    page_label(f, "time");
    flow_wordsf(f, STYLE_NORMAL, "%s.%06d", text, (int)(rest / 1000));
}

static void add_bytes(flow *f, const char *label, uint64_t bytes)
{
    page_label(f, label);
    flow_wordsf(f, STYLE_NORMAL, "%" G_GUINT64_FORMAT " %s", bytes, bytes == 1 ? "byte" : "bytes");
}

static void add_lengths(flow *f, const record_message *m)
{
    if (m->data) {
        add_bytes(f, "length", m->length);
    } else {
        page_label(f, "length");
        flow_words(f, STYLE_UNKNOWN, "not known");
    }
    add_bytes(f, "on the wire", m->wire_length);
    if (!m->compressed)
        return;
    flow_words(f, STYLE_NORMAL, ", compressed (permessage-deflate)");
    if (!m->data)
        flow_words(f, STYLE_UNKNOWN, ", could not be inflated");
    else if (m->length && m->wire_length)
        flow_wordsf(f, STYLE_NORMAL, " to %.0f%% of its length",
                    (double)m->wire_length * 100 / (double)m->length);
}

static void add_missing(flow *f, const record_message *m)
{
    if (m->complete)
        return;
    page_label(f, "unknown");
    for (size_t i = 0; i < MIN(m->missing_count, LISTED); i++)
        flow_wordsf(f, STYLE_UNKNOWN, "%sbytes %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT,
                    i ? ", " : "", m->missing[i].offset,
                    m->missing[i].offset + m->missing[i].len - 1);
    if (m->missing_count > LISTED)
        flow_wordsf(f, STYLE_UNKNOWN, ", and %zu stretches more", m->missing_count - LISTED);
    if (m->missing_count == 0)
        flow_words(f, STYLE_UNKNOWN,
                   m->data ? "what follows: the message was not seen to its end"
                           : "all of its bytes");
}

static void add_doubts(flow *f, const record_message *m, bool ascii)
{
    if (m->truncated) {
        page_label(f, "kept");
        flow_wordsf(f, STYLE_UNKNOWN, "only the first %zu bytes (--max-data, or the memory limit)",
                    m->data_len);
    }
    if (m->guessed) {
        page_label(f, "guessed");
        flow_wordsf(f, STYLE_GUESS,
                    "%s bytes before it are missing, and nothing proves yet that "
                    "its frames are frames",
                    ascii ? "?" : "≈");
    }
}

static void add_close(flow *f, const record_message *m)
{
    if (m->opcode != WSP_OPCODE_CLOSE)
        return;
    page_label(f, "close code");
    if (m->close_code < 0) {
        flow_words(f, STYLE_DIM,
                   m->complete && m->length == 0
                       ? "none: the other side reports 1005, no status received"
                       : "not known");
        return;
    }
    uint16_t code = (uint16_t)m->close_code;
    const char *name = wsp_close_code_name(code);
    flow_wordsf(f, STYLE_STRONG, "%u", code);
    if (name)
        flow_wordsf(f, STYLE_NORMAL, " %s", name);
    if (!wsp_close_code_valid(code))
        flow_words(f, STYLE_VIOLATION, ", which must not appear on the wire");
}

static void add_round_trip(flow *f, const record_message *m)
{
    if (m->opcode != WSP_OPCODE_PONG)
        return;
    page_label(f, "round trip");
    if (m->rtt_ns >= 0)
        flow_wordsf(f, STYLE_NORMAL, "%" G_GINT64_FORMAT ".%03d ms since its ping",
                    m->rtt_ns / 1000000, (int)(m->rtt_ns / 1000 % 1000));
    else
        flow_words(f, STYLE_DIM, "answers no ping that was seen");
}

static void add_frames(flow *f, const record_message *m, const record *const *related, size_t count)
{
    size_t listed = 0, seen = 0;
    page_label(f, "frames");
    flow_wordsf(f, STYLE_NORMAL, "%" G_GUINT64_FORMAT, m->frames);
    for (size_t i = 0; i < count; i++) {
        const record *r = related[i];
        if (r->type != RECORD_FRAME || ++seen > LISTED)
            continue;
        flow_wordsf(f, STYLE_NORMAL, "%s #%" G_GUINT64_FORMAT, listed++ ? "," : ":",
                    r->frame.number);
        flow_wordsf(f, STYLE_DIM, " (%" G_GUINT64_FORMAT " bytes, packet %" G_GUINT64_FORMAT ")",
                    r->frame.header->payload_length, r->frame.packet);
    }
    if (seen > listed)
        flow_wordsf(f, STYLE_DIM, ", and %zu more", seen - listed);
}

static void add_violations(flow *f, const record *const *related, size_t count, bool ascii)
{
    size_t seen = 0;
    for (size_t i = 0; i < count; i++) {
        const record *r = related[i];
        if (r->type != RECORD_VIOLATION || ++seen > LISTED)
            continue;
        page_label(f, seen == 1 ? "violations" : "");
        page_violation(f, r->violation.rule, r->violation.clause, r->violation.text, ascii);
        if (r->violation.frame)
            flow_wordsf(f, STYLE_DIM, " frame #%" G_GUINT64_FORMAT, r->violation.frame);
    }
    if (seen > LISTED) {
        page_label(f, "");
        flow_wordsf(f, STYLE_DIM, "and %zu more", seen - LISTED);
    }
}

void page_message(lines *out, const record *message, const record *const *related, size_t count,
                  int width, bool ascii)
{
    const record_message *m = &message->message;
    flow f;
    flow_init(&f, out, width);
    add_title(&f, message);
    add_time(&f, message->time_ns);
    add_lengths(&f, m);
    add_missing(&f, m);
    add_doubts(&f, m, ascii);
    add_close(&f, m);
    add_round_trip(&f, m);
    add_frames(&f, m, related, count);
    add_violations(&f, related, count, ascii);
    flow_clear(&f);
}
