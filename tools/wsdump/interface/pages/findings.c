/* What deserves a look. See findings.h. */
#include "findings.h"

#include "format.h"
#include "glyphs.h"
#include "layout.h"

enum { CONNECTION = 7, KIND = 24, KIND_SHORT = 18, WIDE = 100 };

/* What there is to say: static texts, but for what `detail` has to add. */
typedef struct finding {
    style style;
    const char *kind; /* NULL: none */
    const char *text;
} finding;

static finding judge_open(const record *r)
{
    static const finding found[] = {
        [HANDSHAKE_PARTIAL] = {STYLE_UNKNOWN, "handshake-partial",
                               "only one half of the handshake is in the capture"},
        [HANDSHAKE_MISSING] = {STYLE_GUESS, "joined",
                               "the handshake is not in the capture: known from its frames"},
        [HANDSHAKE_REFUSED] = {STYLE_VIOLATION, "refused", "the server refused the handshake"},
    };
    return found[r->open.handshake];
}

/* Of everything but what a well-behaved end sends. */
static bool complains(int32_t code)
{
    return code >= 1002 && code < 3000;
}

static finding judge_message(const record *r)
{
    const record_message *m = &r->message;
    if (!m->data)
        return (finding){STYLE_UNKNOWN, "not-inflated", "a compressed message was not inflated"};
    if (!m->complete)
        return (finding){STYLE_GAP, "incomplete", "bytes of a message are not known"};
    if (m->opcode == WSP_OPCODE_CLOSE && complains(m->close_code))
        return (finding){STYLE_VIOLATION, "close", "closed with"};
    if (m->guessed)
        return (finding){STYLE_GUESS, "guessed", "that this is a message is not proven"};
    return (finding){0};
}

static finding judge_violation(const record *r)
{
    return (finding){STYLE_VIOLATION, r->violation.rule, r->violation.text};
}

static finding judge_gap(const record *r)
{
    (void)r;
    return (finding){STYLE_GAP, "gap", "missing from the capture:"};
}

static finding judge_end(const record *r)
{
    static const finding found[] = {
        [ENDED_FIN] = {STYLE_VIOLATION, "no-close", "TCP was closed without a Close (code 1006)"},
        [ENDED_RST] = {STYLE_VIOLATION, "reset", "TCP was reset (code 1006)"},
        [ENDED_TIMEOUT] = {STYLE_GUESS, "timeout", "nothing more came, and TCP was never closed"},
        [ENDED_EOF] = {0},
    };
    const record_side_totals *t = r->end.totals;
    if (r->end.how == ENDED_FIN && !t[0].wire_bytes && !t[1].wire_bytes)
        return (finding){0};
    return found[r->end.how];
}

static finding judge(const record *r)
{
    static finding (*const judges[RECORD_TYPES])(const record *) = {
        [RECORD_OPEN] = judge_open,
        [RECORD_MESSAGE] = judge_message,
        [RECORD_VIOLATION] = judge_violation,
        [RECORD_GAP] = judge_gap,
        [RECORD_END] = judge_end,
    };
    return judges[r->type] ? judges[r->type](r) : (finding){0};
}

bool findings_is(const record *r)
{
    return judge(r).kind != NULL;
}

/* ---- The line ------------------------------------------------------------------------------- */

static void add_status(lines *out, const record *r)
{
    if (r->open.handshake == HANDSHAKE_REFUSED && r->open.response)
        lines_addf(out, STYLE_NORMAL, ": %u", r->open.response->status);
}

static void add_message(lines *out, const record *r)
{
    const record_message *m = &r->message;
    if (m->data && m->complete && m->opcode == WSP_OPCODE_CLOSE && complains(m->close_code)) {
        const char *name = wsp_close_code_name((uint16_t)m->close_code);
        lines_addf(out, STYLE_NORMAL, " %d %s", (int)m->close_code, name ? name : "");
        return;
    }
    char size[FORMAT_TEXT];
    lines_addf(out, STYLE_DIM, " (%s #%" G_GUINT64_FORMAT ", %s)", record_message_type(m->opcode),
               m->number, format_size(size, m->data ? m->length : m->wire_length));
}

static void add_frame(lines *out, const record *r)
{
    if (r->violation.frame)
        lines_addf(out, STYLE_DIM, ", frame #%" G_GUINT64_FORMAT, r->violation.frame);
    lines_addf(out, STYLE_DIM, " (%s)", r->violation.clause);
}

static void add_bytes(lines *out, const record *r)
{
    char size[FORMAT_TEXT];
    lines_addf(out, STYLE_NORMAL, " %s",
               r->gap.bytes ? format_size(size, r->gap.bytes) : "nobody knows how much");
}

static const char *mark_of(const glyphs *g, const finding *f)
{
    return f->style == STYLE_VIOLATION ? g->violation : f->style == STYLE_GAP ? g->gap : g->guess;
}

void findings_line(lines *out, const record *r, int width, bool ascii)
{
    static void (*const details[RECORD_TYPES])(lines *, const record *) = {
        [RECORD_OPEN] = add_status,
        [RECORD_MESSAGE] = add_message,
        [RECORD_VIOLATION] = add_frame,
        [RECORD_GAP] = add_bytes,
    };
    static const style side_styles[] = {STYLE_CLIENT, STYLE_SERVER, STYLE_NORMAL};
    const glyphs *g = glyphs_get(ascii);
    const char *const arrows[] = {g->client, g->server, " "};
    finding f = judge(r);
    if (!f.kind)
        return;
    char text[FORMAT_TEXT];
    lines *whole = lines_new();
    lines_begin(whole);
    lines_addf(whole, f.style, "%s ", mark_of(g, &f));
    lines_addf(whole, STYLE_DIM, "%s ", format_clock(text, r->time_ns));
    g_snprintf(text, sizeof text, "#%" G_GUINT64_FORMAT, r->conn);
    layout_add_right(whole, STYLE_NORMAL, text, CONNECTION);
    lines_addf(whole, side_styles[r->from], " %s ", arrows[r->from]);
    lines_addf(whole, f.style, "%-*s", width < WIDE ? KIND_SHORT : KIND, f.kind);
    lines_addf(whole, STYLE_NORMAL, " %s", f.text);
    if (details[r->type])
        details[r->type](whole, r);
    layout_clip(out, whole, width, ascii);
    lines_free(whole);
}
