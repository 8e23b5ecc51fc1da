/*
 * Any payload on the pages of its message, and any header on the page of its frame. Every line fits
 * and is text that a terminal does not obey; what is shown as JSON has every token that it had.
 *
 * The input: width, flags, opcode, then a frame's header, then the payload.
 */
#include "check.h"
#include "page_frame.h"
#include "page_hex.h"
#include "page_json.h"
#include "page_message.h"
#include "page_text.h"

#include <string.h>

enum { CONTROLS = 3, WIDTH_MIN = 40 };

static void check_line(const line *l, int width)
{
    int columns = 0;
    CHECK(strlen(l->text) == l->len && g_utf8_validate(l->text, (gssize)l->len, NULL));
    for (const char *at = l->text; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        CHECK(!g_unichar_iscntrl(c) && g_unichar_type(c) != G_UNICODE_FORMAT);
        CHECK(c != 0x2028 && c != 0x2029);
        columns += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
    }
    CHECK(columns <= width);
    for (size_t i = 0; i < l->span_count; i++)
        CHECK(l->spans[i].at <= l->len && (i == 0 || l->spans[i - 1].at <= l->spans[i].at));
}

static void check_page(lines *page, int width)
{
    for (size_t i = 0; i < lines_count(page); i++) {
        line l = lines_get(page, i);
        check_line(&l, width);
    }
    lines_free(page);
}

/* Without what indenting puts elsewhere. */
static void add_unblanked(GString *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!strchr(" \t\r\n", text[i]))
            g_string_append_c(out, text[i]);
}

static void check_json(const lines *page, const record_message *m)
{
    g_autoptr(GString) shown = g_string_new(NULL);
    g_autoptr(GString) was = g_string_new(NULL);
    for (size_t i = 0; i < lines_count(page); i++) {
        line l = lines_get(page, i);
        for (size_t k = 0; k < l.span_count; k++)
            if (l.spans[k].style == STYLE_DIM)
                return; /* something is escaped */
        add_unblanked(shown, l.text, l.len);
    }
    add_unblanked(was, (const char *)m->data, m->data_len);
    CHECK(g_string_equal(shown, was));
}

static void show_message(const record *r, const wsp_frame_header *h, int width)
{
    lines *page = lines_new();
    if (page_json(page, r, width))
        check_json(page, &r->message);
    page_text(page, r, width);
    page_hex(page, r, h, width);
    page_message(page, r, NULL, 0, width, true);
    check_page(page, width);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wsp_frame_header h;
    if (size < CONTROLS)
        return 0;
    int width = WIDTH_MIN + data[0] % 160, head;
    uint8_t flags = data[1], opcode = data[2] & 15;
    head = wsp_frame_header_decode(&h, data + CONTROLS, size - CONTROLS);
    if (head == 0)
        return 0;
    const uint8_t *payload = data + CONTROLS + head;
    size_t len = size - CONTROLS - (size_t)head;
    record_missing missing[] = {{flags, 1 + flags % 7}, {300, len}};
    record frame = {.type = RECORD_FRAME, .conn = 1, .from = flags & 1};
    frame.frame = (record_frame){1, 1, &h, (uint32_t)data[0] << 16 | (uint32_t)flags << 8 | opcode,
                                 flags & 2};
    record message = {.type = RECORD_MESSAGE, .conn = 1, .from = flags & 1};
    message.message = (record_message){
        .number = 1,
        .opcode = opcode,
        .frames = 1,
        .wire_length = len,
        .length = len,
        .complete = !(flags & 4),
        .truncated = flags & 8,
        .compressed = flags & 16,
        .data = flags & 32 ? NULL : payload,
        .data_len = flags & 32 ? 0 : len,
        .missing = flags & 4 ? missing : NULL,
        .missing_count = flags & 4 ? 2 : 0,
        .close_code = opcode == WSP_OPCODE_CLOSE && len >= 2 ? payload[0] << 8 | payload[1] : -1,
        .rtt_ns = -1,
    };
    lines *page = lines_new();
    page_frame(page, &frame, width, flags & 64);
    check_page(page, width);
    show_message(&message, &h, width);
    return 0;
}
