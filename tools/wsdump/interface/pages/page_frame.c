/* The page of a frame's header. */
#include "page_frame.h"

#include "escape.h"
#include "frame_box.h"
#include "page.h"

enum { NAME = 17, BITS = 7, VALUE_MIN = 9 }; /* columns */

static const char *const names[FIELDS] = {
    "FIN",         "RSV1",    "RSV2", "RSV3", "opcode", "MASK", "payload len", "extended length",
    "masking key", "payload",
};

/* ---- Values -----------------------------------------------------------------------------------
 */

/* What the seven bits of the length field hold. */
static unsigned length_code(const wsp_frame_header *h)
{
    return h->length_form == 64 ? 127 : h->length_form == 16 ? 126 : (unsigned)h->payload_length;
}

static void value_of(GString *out, const frame_fields *f, field which)
{
    const wsp_frame_header *h = f->header;
    const uint64_t values[FIELDS] = {
        h->fin,
        (h->rsv & WSP_RSV1) != 0,
        (h->rsv & WSP_RSV2) != 0,
        (h->rsv & WSP_RSV3) != 0,
        h->opcode,
        h->masked,
        length_code(h),
        h->payload_length,
        0,
        h->payload_length,
    };
    if (which == FIELD_KEY)
        escape_hex(out, h->masking_key, sizeof h->masking_key);
    else
        g_string_append_printf(
            out, which == FIELD_OPCODE ? "0x%" G_GINT64_MODIFIER "x" : "%" G_GUINT64_FORMAT,
            values[which]);
}

/* ---- Meanings ---------------------------------------------------------------------------------
 */

static const char *fin_meaning(const wsp_frame_header *h)
{
    bool first = h->opcode != WSP_OPCODE_CONTINUATION;
    if (wsp_opcode_is_control(h->opcode))
        return h->fin ? "a control frame is always a whole message"
                      : "says that more frames follow, which a control frame may not say";
    if (h->fin)
        return first ? "the only frame of its message" : "the last frame of its message";
    return first ? "the first frame of a message: more follow"
                 : "a frame in the middle of a message: more follow";
}

static const char *rsv1_meaning(const frame_fields *f)
{
    if (f->at[FIELD_RSV1].violations)
        return "set, but no extension gave it a meaning in this frame";
    if (f->header->rsv & WSP_RSV1)
        return "the message is compressed (permessage-deflate, RFC 7692 6)";
    if (f->header->opcode == WSP_OPCODE_CONTINUATION)
        return "only the first frame says if a message is compressed (RFC 7692 6)";
    return "not compressed";
}

static const char *rsv_meaning(const frame_fields *f, field which)
{
    bool set = f->header->rsv & (which == FIELD_RSV2 ? WSP_RSV2 : WSP_RSV3);
    return set ? "set: no registered extension uses it" : "reserved for extensions";
}

static const char *opcode_meaning(uint8_t opcode)
{
    static const char *const meanings[16] = {
        [WSP_OPCODE_CONTINUATION] = "continuation: goes on with the message begun before",
        [WSP_OPCODE_TEXT] = "text: begins a message in UTF-8",
        [WSP_OPCODE_BINARY] = "binary: begins a message of any bytes",
        [WSP_OPCODE_CLOSE] = "close: the sender sends nothing more; a code may say why",
        [WSP_OPCODE_PING] = "ping: asks for a pong with the same payload",
        [WSP_OPCODE_PONG] = "pong: answers a ping, or only shows that the sender lives",
    };
    return meanings[opcode & 15]           ? meanings[opcode & 15]
           : wsp_opcode_is_control(opcode) ? "reserved for further control frames"
                                           : "reserved for further data frames";
}

static const char *mask_meaning(const wsp_frame_header *h, wsp_sender from)
{
    static const char *const meanings[2][3] = {
        {"not masked, though the client must", "not masked: a server must not mask", "not masked"},
        {"masked: a client must mask", "masked, though the server must not", "masked"},
    };
    return meanings[h->masked != 0][from];
}

static const char *length_meaning(const wsp_frame_header *h)
{
    return h->length_form == 64   ? "127: the length is in the next 64 bits"
           : h->length_form == 16 ? "126: the length is in the next 16 bits"
                                  : "bytes of payload; up to 125 fit into these 7 bits";
}

static const char *extended_meaning(const wsp_frame_header *h)
{
    if (h->payload_length <= 125)
        return "bytes of payload; so few belong into the 7 bits before";
    if (h->length_form == 16)
        return "bytes of payload; 126 to 65535 are written in 16 bits";
    return h->payload_length <= 65535 ? "bytes of payload; so few belong into 16 bits"
                                      : "bytes of payload; 65536 and more are written in 64 bits";
}

static const char *key_meaning(const wsp_frame_header *h)
{
    static const uint8_t zero[4] = {0};
    return memcmp(h->masking_key, zero, sizeof zero) == 0
               ? "all zero: masked and unmasked payload are the same"
               : "XORed with the payload, four bytes again and again; new for each frame, so that "
                 "nobody can choose the bytes that a proxy sees (RFC 6455 10.3)";
}

static const char *payload_meaning(const wsp_frame_header *h)
{
    return h->payload_length == 0 ? "nothing follows the header"
           : h->masked            ? "bytes follow the header, masked"
                                  : "bytes follow the header";
}

static const char *meaning_of(const frame_fields *f, field which)
{
    const wsp_frame_header *h = f->header;
    switch (which) {
    case FIELD_FIN: return fin_meaning(h);
    case FIELD_RSV1: return rsv1_meaning(f);
    case FIELD_RSV2:
    case FIELD_RSV3: return rsv_meaning(f, which);
    case FIELD_OPCODE: return opcode_meaning(h->opcode);
    case FIELD_MASK: return mask_meaning(h, f->frame->from);
    case FIELD_LENGTH: return length_meaning(h);
    case FIELD_EXTENDED: return extended_meaning(h);
    case FIELD_KEY: return key_meaning(h);
    default: return payload_meaning(h);
    }
}

/* ---- The page ---------------------------------------------------------------------------------
 */

static void add_title(flow *w, const frame_fields *f, bool ascii)
{
    const record *r = f->frame;
    const char *from = record_from_name(r->from);
    flow_line(w, 0);
    flow_wordsf(w, STYLE_HEADING, "Frame %" G_GUINT64_FORMAT " of connection %" G_GUINT64_FORMAT,
                r->frame.number, r->conn);
    if (from)
        flow_wordsf(w, r->from == WSP_FROM_CLIENT ? STYLE_CLIENT : STYLE_SERVER, " from the %s",
                    from);
    flow_wordsf(
        w, STYLE_NORMAL,
        ": %s, %u bytes of header, %" G_GUINT64_FORMAT " of payload, packet %" G_GUINT64_FORMAT,
        wsp_opcode_name(f->header->opcode), f->size, f->header->payload_length, r->frame.packet);
    if (r->frame.guessed) {
        flow_line(w, 2);
        flow_wordsf(w, STYLE_GUESS,
                    "%s guessed: bytes before it are missing, and nothing proves yet that a frame "
                    "begins here",
                    ascii ? "?" : "≈");
    }
}

static void add_bytes(flow *w, const frame_fields *f)
{
    page_label(w, "on the wire");
    for (unsigned i = 0; i < f->size; i++)
        flow_wordsf(w, STYLE_STRONG, "%s%02x", i ? " " : "", f->bytes[i]);
}

/* Columns of the longest value, and two more. */
static int value_width(const frame_fields *f)
{
    g_autoptr(GString) value = g_string_new(NULL);
    size_t longest = VALUE_MIN;
    for (field i = 0; i < FIELDS; i++) {
        g_string_truncate(value, 0);
        if (f->at[i].bits)
            value_of(value, f, i);
        longest = MAX(longest, value->len + 2);
    }
    return (int)longest;
}

static void add_violations(flow *w, uint32_t set, bool ascii)
{
    for (const wsp_violation *v; (v = wsp_violation_first(set)); set &= ~v->bit) {
        flow_line(w, 4);
        flow_to(w, 2);
        page_violation(w, v->name, v->clause, v->text, ascii);
    }
}

static void add_field(flow *w, const frame_fields *f, field which, int values)
{
    g_autoptr(GString) value = g_string_new(NULL);
    unsigned first = f->at[which].first, bits = f->at[which].bits;
    style s = frame_fields_style(f, which);
    value_of(value, f, which);
    flow_line(w, NAME + BITS + values);
    flow_words(w, s, names[which]);
    flow_to(w, NAME);
    if (which == FIELD_PAYLOAD)
        flow_wordsf(w, STYLE_DIM, "%u-", first);
    else
        flow_wordsf(w, STYLE_DIM, bits > 1 ? "%u-%u" : "%u", first, first + bits - 1);
    flow_to(w, NAME + BITS);
    flow_words(w, s, value->str);
    if (NAME + BITS + values > w->width * 3 / 5) /* too narrow for the meaning to stand beside it */
        flow_line(w, 4);
    flow_to(w, w->indent);
    flow_words(w, STYLE_NORMAL, meaning_of(f, which));
}

static void add_fields(flow *w, const frame_fields *f, bool ascii)
{
    int values = value_width(f);
    flow_line(w, 0);
    flow_wordsf(w, STYLE_HEADING, "%-*s%-*s%-*s%s", NAME, "FIELD", BITS, "BITS", values, "VALUE",
                "MEANING");
    for (field i = 0; i < FIELDS; i++) {
        if (!f->at[i].bits && i != FIELD_PAYLOAD)
            continue;
        add_field(w, f, i, values);
        add_violations(w, f->at[i].violations, ascii);
    }
}

void page_frame(lines *out, const record *frame, int width, bool ascii)
{
    frame_fields f;
    flow w;
    frame_fields_init(&f, frame);
    flow_init(&w, out, width);
    add_title(&w, &f, ascii);
    lines_begin(out);
    if (f.size && width >= FRAME_BOX_WIDTH)
        frame_box(out, &f, width, ascii);
    if (f.size && width < FRAME_BOX_WIDTH_HEX)
        add_bytes(&w, &f);
    lines_begin(out);
    add_fields(&w, &f, ascii);
    flow_clear(&w);
}
