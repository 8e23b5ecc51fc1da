#include "inbox.h"

#include <string.h>

enum { LINES = 100 };

static inbox_item *add(inbox *in, inbox_kind kind)
{
    inbox_item *item = g_new0(inbox_item, 1);
    item->kind = kind;
    item->from = in->from;
    item->at = in->at;
    item->bytes = g_byte_array_new();
    g_queue_push_tail(&in->items, item);
    in->held += INBOX_ITEM_COST;
    in->full = in->full || in->held > INBOX_MAX;
    return item;
}

static void free_item(void *memory)
{
    inbox_item *item = memory;
    g_byte_array_unref(item->bytes);
    g_clear_pointer(&item->body, g_byte_array_unref);
    g_free(item);
}

void inbox_drop(inbox *in, GList *link)
{
    inbox_item *item = link->data;
    in->held -= item->bytes->len + (item->body ? item->body->len : 0) + INBOX_ITEM_COST;
    free_item(item);
    g_queue_delete_link(&in->items, link);
}

void inbox_init(inbox *in, wsp_sender from)
{
    *in = (inbox){.from = from, .items = G_QUEUE_INIT};
    wsp_http_scan_init(&in->scan, NULL);
}

void inbox_clear(inbox *in)
{
    g_queue_clear_full(&in->items, free_item);
}

/* Add bytes of an item, as long as there is room for them. */
static void keep(inbox *in, GByteArray *to, const uint8_t *bytes, size_t len)
{
    in->full = in->full || in->held + len > INBOX_MAX;
    if (in->full || len == 0)
        return;
    g_byte_array_append(to, bytes, (guint)len);
    in->held += len;
}

/* ---- HTTP ---- */

void inbox_parse(const inbox_item *item, wsp_http_head *head, wsp_http_header *lines, size_t max)
{
    wsp_http_parse(head, item->bytes->data, item->bytes->len, lines, max);
}

/* The head is whole: what follows it? */
static void read_head(inbox *in, inbox_item *item)
{
    wsp_http_header lines[LINES];
    wsp_http_head head;
    inbox_parse(item, &head, lines, LINES);
    item->whole = true;
    item->status = head.status;
    if (head.kind != (in->from == WSP_FROM_CLIENT ? WSP_HTTP_REQUEST : WSP_HTTP_RESPONSE)) {
        item->kind = INBOX_NOISE;
        return;
    }
    wsp_http_scan_init(&in->scan, NULL);
    if (in->from == WSP_FROM_CLIENT || head.status == 101) {
        in->framed = true;
        in->frames_at = item->at + item->bytes->len;
        wsp_reader_init(&in->reader, &(wsp_frame_rules){.sender = in->from});
        wsp_message_init(&in->message, NULL);
        return;
    }
    const wsp_text length = wsp_http_header_value(&head, "Content-Length", NULL);
    g_autofree char *digits = g_strndup(length.data ? length.data : "", length.len);
    guint64 bytes = 0;
    item->body = g_byte_array_new();
    in->body_left =
        g_ascii_string_to_unsigned(digits, 10, 0, INT64_MAX, &bytes, NULL) ? bytes : UINT64_MAX;
}

/* Does it begin as a head does, as far as there is something: "HTTP/1.", "GET "? */
static bool may_be_head(const inbox_item *item)
{
    static const char begin[] = "HTTP/1.";
    const GByteArray *b = item->bytes;
    if (item->from == WSP_FROM_CLIENT) /* a method: capital letters; another than GET is told so */
        return b->len == 0 || g_ascii_isupper((char)b->data[0]);
    return b->len == 0 || memcmp(b->data, begin, MIN(b->len, strlen(begin))) == 0;
}

static size_t take_http(inbox *in, const uint8_t *bytes, size_t len)
{
    inbox_item *item = g_queue_peek_tail(&in->items);
    if (in->body_left > 0) {
        const size_t n = (size_t)MIN(in->body_left, len);
        in->body_left -= in->body_left == UINT64_MAX ? 0 : n;
        if (item && item->body) /* otherwise nobody has asked for it */
            keep(in, item->body, bytes, n);
        return n;
    }
    if (!item || item->whole)
        item = add(in, INBOX_HEAD);
    if (item->kind == INBOX_NOISE) {
        keep(in, item->bytes, bytes, len);
        return len;
    }
    const int64_t n = wsp_http_scan(&in->scan, bytes, len);
    keep(in, item->bytes, bytes, n < 0 ? len : (size_t)n);
    if (n < 0 || !may_be_head(item))
        item->kind = INBOX_NOISE;
    else if (in->scan.done)
        read_head(in, item);
    return n < 0 ? len : (size_t)n;
}

/* ---- Frames ---- */

/* The payload of a reader's event, unmasked, and what the message layer thinks of it. */
static void take_payload(inbox *in, inbox_item *item, const wsp_event *ev)
{
    wsp_message_event mev;
    uint8_t piece[4096];
    do {
        wsp_message_next(&in->message, ev, piece, sizeof piece, &mev);
        keep(in, item->bytes, mev.data, mev.len);
        if (mev.violations && !item->violations)
            item->violation_at = in->frames_at + mev.violation_at;
        item->violations |= mev.violations;
    } while (mev.more);
}

static size_t take_frames(inbox *in, const uint8_t *bytes, size_t len)
{
    wsp_event ev;
    const size_t n = wsp_reader_next(&in->reader, bytes, len, &ev);
    if (ev.type == WSP_EVENT_NONE)
        return n;
    inbox_item *item = g_queue_peek_tail(&in->items);
    if (ev.type == WSP_EVENT_FRAME) {
        item = add(in, INBOX_FRAME);
        item->at = item->violation_at = in->frames_at + ev.at;
        item->header = *ev.frame;
        item->header_size = (unsigned)wsp_frame_header_size(ev.frame);
        item->number = ++in->frames;
    }
    item->violations |= ev.violations;
    take_payload(in, item, &ev);
    item->whole = ev.bytes_left == 0;
    return n;
}

void inbox_take(inbox *in, const uint8_t *bytes, size_t len)
{
    while (len > 0 && !in->full) {
        const size_t n = in->framed ? take_frames(in, bytes, len) : take_http(in, bytes, len);
        bytes += n, len -= n, in->at += n;
    }
    in->at += len;
}

void inbox_end(inbox *in, bool reset)
{
    if (!in->ended)
        add(in, reset ? INBOX_RESET : INBOX_FIN)->whole = true;
    in->ended = true;
}
