#include "finding.h"

#include <string.h>

void finding_init(finding *f)
{
    *f = (finding){.detail = g_ptr_array_new_with_free_func(g_free)};
}

void finding_clear(finding *f)
{
    g_free(f->expected);
    g_free(f->got);
    g_clear_pointer(&f->detail, g_ptr_array_unref);
    *f = (finding){0};
}

void finding_got(finding *f, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    if (!f->got)
        f->got = g_strdup_vprintf(format, values);
    va_end(values);
}

void finding_got_instead(finding *f, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *got = g_strdup_vprintf(format, values); /* the old one may be among the values */
    va_end(values);
    g_free(f->got);
    f->got = got;
}

void finding_detail(finding *f, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    g_ptr_array_add(f->detail, g_strdup_vprintf(format, values));
    va_end(values);
}

/* ---- Bytes with a caret ---- */

static bool all_printable(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] < 0x20 || bytes[i] > 0x7E)
            return false;
    return true;
}

/* The part of some bytes that is shown: [from, to), with the byte `at` in it or at its end. */
typedef struct window {
    const uint8_t *bytes;
    size_t len, from, to, at;
    bool text;
} window;

static window window_around(const uint8_t *bytes, size_t len, size_t at)
{
    window w = {.bytes = bytes, .len = len, .at = at};
    w.from = at > 24 ? at - 24 : 0;
    w.to = MIN(len, at + 24);
    w.text = w.to > w.from && all_printable(bytes + w.from, w.to - w.from);
    if (!w.text) {
        w.from = at > 3 ? at - 3 : 0;
        w.to = MIN(len, at + 4);
    }
    return w;
}

static char *draw(const window *w, size_t *column)
{
    GString *line = g_string_new(w->from > 0 ? "... " : "");
    g_string_append(line, w->text ? "\"" : "");
    *column = line->len + (w->at - w->from) * (w->text ? 1 : 3);
    if (w->text)
        g_string_append_len(line, (const char *)w->bytes + w->from, (gssize)(w->to - w->from));
    for (size_t i = w->from; !w->text && i < w->to; i++)
        g_string_append_printf(line, "%s%02x", i > w->from ? " " : "", w->bytes[i]);
    g_string_append(line, w->text ? "\"" : "");
    g_string_append(line, w->to < w->len ? " ..." : "");
    return g_string_free(line, FALSE);
}

static void show(finding *f, const uint8_t *bytes, size_t len, size_t at, const char *what,
                 uint64_t offset)
{
    const window w = window_around(bytes, len, at);
    size_t column = 0;
    char *line = draw(&w, &column);
    g_ptr_array_add(f->detail, line);
    finding_detail(f, "%*s^ %s %" G_GUINT64_FORMAT, (int)column, "", what, offset);
}

/* What should have been there, in the same columns. */
static void show_wanted(finding *f, const finding_bytes *b, size_t at)
{
    const window got = window_around(b->got, b->got_len, at);
    window w = {.bytes = b->wanted, .len = b->wanted_len, .from = got.from, .at = at};
    w.text = got.text;
    w.to = MIN(b->wanted_len, MAX(got.to, at + (w.text ? 24U : 4U)));
    if (w.to <= w.from || (w.text && !all_printable(w.bytes + w.from, w.to - w.from)))
        return;
    size_t column = 0;
    g_autofree char *line = draw(&w, &column);
    finding_detail(f, "%s   wanted", line);
}

/* ---- Names ---- */

static char *close_name(const GByteArray *payload)
{
    uint16_t code = 0;
    const uint32_t wrong = wsp_close_check(payload->data, payload->len, &code);
    if (payload->len < 2)
        return g_strdup("close without a code");
    const char *name = wsp_close_code_name(code);
    g_autofree char *reason = payload->len > 2 && !(wrong & WSP_V_CLOSE_UTF8)
                                  ? g_strndup((const char *)payload->data + 2, payload->len - 2)
                                  : NULL;
    return g_strdup_printf("close %u%s%s%s%s%s%s", code, name ? " (" : "", name ? name : "",
                           name ? ")" : "", reason ? " \"" : "", reason ? reason : "",
                           reason ? "\"" : "");
}

bool finding_is_another(const inbox_item *item)
{
    return item->kind == INBOX_FRAME && item->whole && item->header.fin && item->bytes->len > 0 &&
           item->bytes->len <= 24 && all_printable(item->bytes->data, item->bytes->len);
}

static char *frame_name(const inbox_item *item)
{
    const char *opcode = wsp_opcode_name(item->header.opcode);
    const GByteArray *payload = item->bytes;
    if (item->header.opcode == WSP_OPCODE_CLOSE)
        return close_name(payload);
    if (payload->len == 0)
        return g_strdup_printf("an empty %s", opcode);
    if (finding_is_another(item))
        return g_strdup_printf("%s \"%.*s\"", opcode, (int)payload->len,
                               (const char *)payload->data);
    return g_strdup_printf("%s of %" G_GUINT64_FORMAT " bytes", opcode,
                           item->header.payload_length);
}

const char *finding_head_word(const inbox_item *item)
{
    return item->from == WSP_FROM_CLIENT ? "request" : "answer";
}

/* At most 40 bytes of it. */
static char *text_of(wsp_text text)
{
    return g_strndup(text.data ? text.data : "", MIN(text.len, 40));
}

static char *head_name(const inbox_item *item)
{
    wsp_http_header lines[100];
    wsp_http_head head;
    inbox_parse(item, &head, lines, G_N_ELEMENTS(lines));
    const bool request = item->from == WSP_FROM_CLIENT;
    g_autofree char *first = text_of(request ? head.method : head.reason);
    g_autofree char *target = text_of(head.target);
    return request ? g_strdup_printf("the request %s %s", first, target)
                   : g_strdup_printf("HTTP %u %s", head.status, first);
}

char *finding_name(const inbox_item *item)
{
    switch (item->kind) {
    case INBOX_FIN: return g_strdup("the end of the stream (FIN)");
    case INBOX_RESET: return g_strdup("a reset (RST)");
    case INBOX_NOISE: return g_strdup_printf("bytes that are no HTTP %s", finding_head_word(item));
    case INBOX_FRAME: return frame_name(item);
    case INBOX_HEAD: return head_name(item);
    }
    g_assert_not_reached();
}

/* The frame as on the wire, as far as it is here. */
static GByteArray *wire_of(const inbox_item *item)
{
    uint8_t header[WSP_FRAME_HEADER_MAX];
    const int size = wsp_frame_header_encode(header, &item->header);
    GByteArray *wire = g_byte_array_new();
    g_byte_array_append(wire, header, size > 0 ? (guint)size : 0);
    g_byte_array_append(wire, item->bytes->data, item->bytes->len);
    if (item->header.masked && size > 0)
        wsp_mask(wire->data + size, wire->data + size, item->bytes->len, item->header.masking_key,
                 0);
    return wire;
}

static void illegal_frame(finding *f, const inbox_item *item)
{
    const wsp_violation *v = wsp_violation_first(item->violations);
    g_autoptr(GByteArray) wire = wire_of(item);
    const uint64_t at = MIN(item->violation_at - item->at, (uint64_t)wire->len);
    if (item->violations & WSP_V_MASK_UNEXPECTED)
        finding_got(f, "got a frame masked by the server");
    else if (item->violations & WSP_V_MASK_MISSING)
        finding_got(f, "got a frame that the client did not mask");
    else
        finding_got(f, "got an illegal frame: %s", v->name);
    show(f, wire->data, wire->len, (size_t)at, "stream offset", item->violation_at);
    finding_detail(f, "%s (%s)", v->text, v->clause);
    f->place.offset = item->violation_at;
}

void finding_item(finding *f, unsigned connection, const inbox_item *item)
{
    f->place = (play_place){
        .known = true, .connection = connection, .frame = item->number, .offset = item->at};
    if (item->kind == INBOX_FRAME && item->violations) {
        illegal_frame(f, item);
        return;
    }
    g_autofree char *name = finding_name(item);
    finding_got(f, "got %s", name);
    if (item->kind == INBOX_NOISE)
        show(f, item->bytes->data, item->bytes->len, 0, "stream offset", item->at);
}

void finding_opcode(finding *f, unsigned connection, const inbox_item *item, uint8_t wanted)
{
    g_autoptr(GByteArray) wire = wire_of(item);
    f->place = (play_place){
        .known = true, .connection = connection, .frame = item->number, .offset = item->at};
    finding_got(f, "got %s for %s", wsp_opcode_name(item->header.opcode), wsp_opcode_name(wanted));
    show(f, wire->data, wire->len, 0, "stream offset", item->at);
}

/* ---- Two stretches of bytes ---- */

int64_t finding_difference(const finding_bytes *b)
{
    const size_t both = MIN(b->got_len, b->wanted_len);
    for (size_t i = 0; i < both; i++)
        if (b->got[i] != b->wanted[i])
            return (int64_t)i;
    if (b->got_len > both)
        return (int64_t)both;
    return b->whole && b->wanted_len > both ? (int64_t)both : -1;
}

/* The size of the small frame of a server that begins there, 0 = there is none; *cut = the bytes
 * end inside its header. */
static size_t small_frame(const uint8_t *at, size_t left, uint8_t *opcode, bool *cut)
{
    wsp_frame_header h;
    const wsp_frame_rules rules = {.sender = WSP_FROM_SERVER};
    const int size = wsp_frame_header_decode(&h, at, left);
    *cut = size == 0;
    if (size == 0 || wsp_frame_header_check(&h, &rules) != 0 ||
        h.payload_length > left - (size_t)size ||
        (!wsp_opcode_is_control(h.opcode) && h.payload_length == 0))
        return 0;
    *opcode = h.opcode;
    return (size_t)size + (size_t)h.payload_length;
}

/* Are there whole small frames of a server at `index`, behind which what was wanted goes on? Two
 * threads that write one connection leave that. Returns the first one's opcode; -1 = no. */
static int header_inside(const finding_bytes *b, size_t index)
{
    uint8_t first = 0, opcode;
    bool cut;
    size_t behind = index;
    for (unsigned frames = 0; frames < 16; frames++) {
        const size_t size = small_frame(b->got + behind, b->got_len - behind, &opcode, &cut);
        if (size == 0)
            return frames > 0 && cut ? first : -1;
        first = frames == 0 ? opcode : first;
        behind += size;
        const size_t rest = MIN(MIN(b->got_len - behind, b->wanted_len - index), 16);
        if (memcmp(b->got + behind, b->wanted + index, rest) == 0)
            return first;
    }
    return -1;
}

void finding_difference_told(finding *f, const finding_bytes *b, int64_t index)
{
    const size_t at = (size_t)index;
    const char *what = b->in_stream ? "stream offset" : "byte";
    const uint64_t offset = b->offset + at + (b->in_stream ? 0 : 1); /* people count from 1 */
    f->place.offset = offset;
    if (at >= b->got_len) {
        finding_got(f, "got %zu of %zu bytes, %zu missing", b->got_len, b->wanted_len,
                    b->wanted_len - b->got_len);
        if (b->got_len == 0)
            return;
    } else if (at >= b->wanted_len) {
        finding_got(f, "got %zu bytes more than that", b->got_len - b->wanted_len);
    } else {
        const int opcode = header_inside(b, at);
        if (opcode >= 0)
            finding_got(f, "got a %s header inside it", wsp_opcode_name((uint8_t)opcode));
        else
            finding_got(f, "byte %zu of %zu is 0x%02x, not 0x%02x", at + 1, b->wanted_len,
                        b->got[at], b->wanted[at]);
        show(f, b->got, b->got_len, at, what, offset);
        if (opcode < 0)
            show_wanted(f, b, at);
        return;
    }
    show(f, b->got, b->got_len, at, what, offset);
}
