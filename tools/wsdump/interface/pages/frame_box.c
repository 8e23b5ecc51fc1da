/* A frame's header, drawn. Every bit takes two columns: the line at its left, and itself. */
#include "frame_box.h"

#include <string.h>

enum { ROW = 32, NAME_LINES = 4 };

/* The names in the first row, where a field of one bit has its name from top to bottom. */
static const char *const names[FIELDS][NAME_LINES] = {
    [FIELD_FIN] = {"F", "I", "N", ""},
    [FIELD_RSV1] = {"R", "S", "V", "1"},
    [FIELD_RSV2] = {"R", "S", "V", "2"},
    [FIELD_RSV3] = {"R", "S", "V", "3"},
    [FIELD_OPCODE] = {"", "opcode", "(4)", ""},
    [FIELD_MASK] = {"M", "A", "S", "K"},
    [FIELD_LENGTH] = {"", "payload len", "(7)", ""},
    [FIELD_EXTENDED] = {"", "extended payload length", "", ""},
    [FIELD_KEY] = {"", "masking key", "(32)", ""},
    [FIELD_PAYLOAD] = {"", "payload", "", ""},
};

/* Lines that meet, by where there is one: up 8, down 4, left 2, right 1. */
static const char *const lines_unicode[16] = {
    " ", "─", "─", "─", "│", "┌", "┐", "┬", "│", "└", "┘", "┴", "│", "├", "┤", "┼",
};
static const char *const lines_ascii[16] = {
    " ", "-", "-", "-", "|", "+", "+", "+", "|", "+", "+", "+", "|", "+", "+", "+",
};

typedef struct box {
    lines *out;
    const frame_fields *f;
    unsigned rows;
    bool hex, ascii;
} box;

static field field_of(const box *b, unsigned row, unsigned bit)
{
    return frame_fields_of_bit(b->f, row * ROW + bit);
}

/* Is there a line at the left of this bit (0 to 32)? */
static bool has_line(const box *b, unsigned row, unsigned bit)
{
    return bit == 0 || bit == ROW || field_of(b, row, bit) != field_of(b, row, bit - 1);
}

/* The line above a row, which is broken inside a field that goes on below it. */
static void add_border(box *b, unsigned row)
{
    const char *const *glyphs = b->ascii ? lines_ascii : lines_unicode;
    bool above = row > 0, below = row < b->rows;
    lines_begin(b->out);
    for (unsigned column = 0; column < FRAME_BOX_WIDTH; column++) {
        unsigned bit = column / 2;
        bool meets = column % 2 == 0;
        unsigned which = (column > 0 ? 2 : 0) | (column < FRAME_BOX_WIDTH - 1 ? 1 : 0);
        if (meets && above && has_line(b, row - 1, bit))
            which |= 8;
        if (meets && below && has_line(b, row, bit))
            which |= 4;
        bool inside =
            which == 3 && above && below && field_of(b, row - 1, bit) == field_of(b, row, bit);
        lines_add(b->out, STYLE_DIM, inside && !meets ? " " : glyphs[which]);
    }
}

static void add_line(box *b)
{
    lines_add(b->out, STYLE_DIM, b->ascii ? "|" : "│");
}

static void add_centred(box *b, style s, const char *text, unsigned columns)
{
    unsigned len = (unsigned)strlen(text), left = (columns - len) / 2;
    lines_addf(b->out, s, "%*s%s%*s", (int)left, "", text, (int)(columns - len - left), "");
}

/* The bits from this one on that are of the same field, in the same row. */
static unsigned cell_bits(const box *b, unsigned row, unsigned bit)
{
    unsigned n = 1;
    while (!has_line(b, row, bit + n))
        n++;
    return n;
}

static const char *cell_name(const box *b, field which, unsigned row, unsigned bit, unsigned nth)
{
    if (row * ROW + bit > b->f->at[which].first && which != FIELD_PAYLOAD)
        return nth != 1 ? "" : which == FIELD_KEY ? "masking key, continued" : "length, continued";
    if (which == FIELD_EXTENDED && nth == 2)
        return b->f->header->length_form == 64 ? "(64)" : "(16)";
    return names[which][nth];
}

static void add_names(box *b, unsigned row, unsigned nth)
{
    lines_begin(b->out);
    for (unsigned bit = 0, n; bit < ROW; bit += n) {
        field which = field_of(b, row, bit);
        n = cell_bits(b, row, bit);
        add_line(b);
        add_centred(b, frame_fields_style(b->f, which), cell_name(b, which, row, bit, nth),
                    2 * n - 1);
    }
    add_line(b);
}

static void add_payload(box *b, unsigned bits)
{
    uint64_t len = b->f->header->payload_length;
    char text[ROW];
    (void)g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT " %s", len,
                     len == 1 ? "byte" : "bytes");
    add_centred(b, frame_fields_style(b->f, FIELD_PAYLOAD), len ? text : "none", 2 * bits - 1);
}

static void add_hex(box *b, unsigned row)
{
    unsigned end = MIN(b->f->size, (row + 1) * ROW / 8);
    lines_add(b->out, STYLE_NORMAL, " ");
    for (unsigned i = row * ROW / 8; i < end; i++)
        lines_addf(b->out, STYLE_STRONG, " %02x", b->f->bytes[i]);
}

static void add_bits(box *b, unsigned row)
{
    lines_begin(b->out);
    for (unsigned bit = 0, n; bit < ROW; bit += n) {
        field which = field_of(b, row, bit);
        n = cell_bits(b, row, bit);
        add_line(b);
        if (which == FIELD_PAYLOAD) {
            add_payload(b, n);
            continue;
        }
        for (unsigned i = bit; i < bit + n; i++) {
            unsigned at = row * ROW + i;
            lines_addf(b->out, frame_fields_style(b->f, which), "%s%d", i > bit ? " " : "",
                       b->f->bytes[at / 8] >> (7 - at % 8) & 1);
        }
    }
    add_line(b);
    if (b->hex && row * ROW / 8 < b->f->size)
        add_hex(b, row);
}

static void add_ruler(box *b)
{
    lines_begin(b->out);
    for (unsigned bit = 0; bit < ROW; bit += 10)
        lines_addf(b->out, STYLE_DIM, " %-*u", bit + 10 < ROW ? 19 : 3, bit / 10);
    if (b->hex)
        lines_addf(b->out, STYLE_DIM, "%*son the wire", FRAME_BOX_WIDTH + 2 - 64, "");
    lines_begin(b->out);
    for (unsigned bit = 0; bit < ROW; bit++)
        lines_addf(b->out, STYLE_DIM, " %u", bit % 10);
}

void frame_box(lines *out, const frame_fields *f, int width, bool ascii)
{
    box b = {out, f, f->size * 8 / ROW + 1, width >= FRAME_BOX_WIDTH_HEX, ascii};
    add_ruler(&b);
    for (unsigned row = 0; row < b.rows; row++) {
        add_border(&b, row);
        for (unsigned nth = row ? 1 : 0; nth < (row ? 2 : NAME_LINES); nth++)
            add_names(&b, row, nth);
        add_bits(&b, row);
    }
    add_border(&b, b.rows);
}
