/* A payload as a hex dump. A megabyte has 65,536 lines, so lines are put together by hand. */
#include "page_hex.h"

#include "page.h"

enum { ROW_MAX = 16, OFFSET = 10, BETWEEN = 2 };

typedef struct dump {
    lines *out;
    const record_message *m;
    const uint8_t *key; /* NULL = there are no masked bytes to show */
    unsigned row;       /* bytes a line */
    size_t hole;
} dump;

/* One line's bytes. */
typedef struct row {
    size_t offset, len;
    uint8_t bytes[ROW_MAX], wire[ROW_MAX];
    bool known[ROW_MAX];
} row;

/* Columns of the digits of one row: two and a blank for each byte, and one more in the middle. */
static unsigned digits_width(unsigned bytes)
{
    return 3 * bytes - 1 + (bytes > 4);
}

static unsigned line_width(unsigned bytes, bool both)
{
    return OFFSET + (both ? 2 : 1) * (digits_width(bytes) + BETWEEN) + bytes;
}

static unsigned bytes_that_fit(int width, bool both)
{
    unsigned bytes = ROW_MAX;
    while (bytes > 4 && (int)line_width(bytes, both) > width)
        bytes /= 2;
    return bytes;
}

/* How many bytes from here on are all known, or all not? */
static size_t alike(const row *r, size_t from)
{
    size_t n = 1;
    while (from + n < r->len && r->known[from + n] == r->known[from])
        n++;
    return n;
}

static void add_digits(dump *d, const row *r, const uint8_t *bytes, style s)
{
    static const char digits[] = "0123456789abcdef";
    char text[3 * ROW_MAX + BETWEEN + 1];
    for (size_t i = 0; i < r->len;) {
        size_t len = 0, end = i + alike(r, i);
        bool known = r->known[i];
        for (; i < end; i++) {
            text[len++] = known ? digits[bytes[i] >> 4] : '?';
            text[len++] = known ? digits[bytes[i] & 15] : '?';
            text[len++] = ' ';
            if (d->row > 4 && i + 1 == d->row / 2)
                text[len++] = ' ';
        }
        lines_add_len(d->out, known ? s : STYLE_UNKNOWN, text, len);
    }
    unsigned used = (unsigned)r->len * 3 + (d->row > 4 && r->len >= d->row / 2);
    lines_addf(d->out, STYLE_NORMAL, "%*s", (int)(digits_width(d->row) + BETWEEN - used), "");
}

static void add_text(dump *d, const row *r)
{
    char text[ROW_MAX];
    for (size_t i = 0, n; i < r->len; i += n) {
        n = alike(r, i);
        for (size_t k = i; k < i + n; k++)
            text[k] = !r->known[k] ? '?' : g_ascii_isprint(r->bytes[k]) ? (char)r->bytes[k] : '.';
        lines_add_len(d->out, r->known[i] ? STYLE_STRING : STYLE_UNKNOWN, text + i, n);
    }
}

static void take_row(dump *d, row *r, size_t offset)
{
    const record_message *m = d->m;
    *r = (row){.offset = offset, .len = MIN(d->row, m->data_len - offset)};
    memcpy(r->bytes, m->data + offset, r->len);
    if (d->key)
        wsp_mask(r->wire, r->bytes, r->len, d->key, offset);
    for (size_t i = 0; i < r->len;) {
        bool known;
        size_t end = page_part(m, offset + i, &d->hole, &known) - offset;
        for (; i < MIN(end, r->len); i++)
            r->known[i] = known;
    }
}

static void add_rows(dump *d)
{
    for (size_t offset = 0; offset < d->m->data_len; offset += d->row) {
        row r;
        take_row(d, &r, offset);
        lines_begin(d->out);
        lines_addf(d->out, STYLE_DIM, "%08zx  ", offset);
        if (d->key)
            add_digits(d, &r, r.wire, STYLE_MASKED);
        add_digits(d, &r, r.bytes, STYLE_NORMAL);
        add_text(d, &r);
    }
}

static void add_heading(dump *d)
{
    int columns = (int)digits_width(d->row) + BETWEEN;
    bool narrow = columns < 20;
    lines_begin(d->out);
    lines_addf(d->out, STYLE_HEADING, "%-*s", OFFSET, "OFFSET");
    if (d->key)
        lines_addf(d->out, STYLE_HEADING, "%-*s", columns, narrow ? "WIRE" : "MASKED, ON THE WIRE");
    lines_addf(d->out, STYLE_HEADING, "%-*s", columns, d->key ? "UNMASKED" : "BYTES");
    lines_add(d->out, STYLE_HEADING, "TEXT");
}

/* Why the bytes on the wire are not beside these; NULL where they are, or are the same. */
static const char *why_not_wire(const record_message *m, const wsp_frame_header *frame)
{
    if (m->compressed)
        return "On the wire the payload is compressed: these are the bytes that it was inflated "
               "to.";
    if (!frame)
        return "The frame is not at hand: the bytes on the wire are not shown.";
    if (!frame->masked)
        return NULL;
    if (m->frames != 1)
        return "Each frame of the message has a masking key of its own: the bytes on the wire are "
               "not shown.";
    return NULL;
}

void page_hex(lines *out, const record *message, const wsp_frame_header *frame, int width)
{
    const record_message *m = &message->message;
    flow f;
    flow_init(&f, out, width);
    if (page_has_payload(&f, m)) {
        const char *why_not = why_not_wire(m, frame);
        dump d = {.out = out, .m = m};
        if (why_not)
            page_note(&f, STYLE_DIM, why_not);
        else if (frame->masked)
            d.key = frame->masking_key;
        d.row = bytes_that_fit(width, d.key != NULL);
        page_note_parts(&f, m);
        add_heading(&d);
        add_rows(&d);
    }
    flow_clear(&f);
}
