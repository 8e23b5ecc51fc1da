/* How well it goes. See statistics_sections.h. */
#include "layout.h"
#include "statistics_sections.h"

#include <string.h>

void statistics_compression(const statistics_page *p)
{
    const statistics_side *of = p->s->sides;
    const uint64_t counts[] = {of[0].compressed_messages, of[1].compressed_messages};
    char text[FORMAT_TEXT];
    if (!counts[0] && !counts[1]) {
        statistics_heading(p, "Compression (permessage-deflate)");
        statistics_row(p, "none");
        return;
    }
    statistics_column_heads(p, "Compression", false);
    const struct {
        const char *label;
        const char *(*format)(char out[FORMAT_TEXT], uint64_t value);
        uint64_t values[STATISTICS_SIDES];
    } rows[] = {
        {"messages", format_count, {counts[0], counts[1]}},
        {"bytes inflated", format_size, {of[0].compressed_from, of[1].compressed_from}},
        {"bytes on wire", format_size, {of[0].compressed_to, of[1].compressed_to}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        statistics_row(p, rows[i].label);
        for (int side = 0; side < STATISTICS_SIDES; side++)
            statistics_number(p, statistics_side_styles[side],
                              rows[i].format(text, rows[i].values[side]));
    }
    statistics_row(p, "ratio");
    for (int side = 0; side < STATISTICS_SIDES; side++)
        statistics_number(p, statistics_side_styles[side],
                          format_ratio(text, of[side].compressed_from, of[side].compressed_to));
}

void statistics_round_trips(const statistics_page *p)
{
    static const struct {
        const char *name;
        double share;
    } shares[] = {{"fastest", 0}, {"median", 0.5}, {"90 %", 0.9}, {"99 %", 0.99}};
    char text[FORMAT_TEXT];
    statistics_heading(p, "Round trips (ping to pong), within 20 %");
    if (!p->s->rtt_count) {
        statistics_row(p, "none");
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(shares); i++) {
        if (i % 2 == 0)
            statistics_row(p, shares[i].name);
        else
            layout_add_right(p->out, STYLE_DIM, shares[i].name, STATISTICS_LABEL - 2);
        statistics_number(p, STYLE_NORMAL,
                          format_duration(text, statistics_rtt(p->s, shares[i].share), p->ascii));
    }
    statistics_row(p, "answered pings");
    statistics_count(p, STYLE_NORMAL, p->s->rtt_count);
}

static const char *code_meaning(int32_t code)
{
    if (code < 0)
        return code == -1 ? "a Close without a code" : "all further codes";
    const char *name = wsp_close_code_name((uint16_t)code);
    return name ? name : "not a registered code";
}

void statistics_close_codes(const statistics_page *p)
{
    statistics_heading(p, "Close codes");
    bool any = false;
    for (size_t i = 0; i < STATISTICS_CODES; i++) {
        int32_t code = p->s->codes[i].code;
        if (!p->s->codes[i].count)
            continue;
        any = true;
        char label[FORMAT_TEXT];
        g_snprintf(label, sizeof label, "%d", (int)code);
        statistics_row(p, code == -1 ? "none" : code < 0 ? "other" : label);
        statistics_count(p, STYLE_NORMAL, p->s->codes[i].count);
        lines_addf(p->out, STYLE_DIM, "  %s", code_meaning(code));
    }
    if (!any)
        statistics_row(p, "none yet");
}

static const char *clause_of(const char *rule)
{
    const wsp_violation *v = wsp_violation_named(rule);
    const wsp_handshake_fault *f = wsp_handshake_fault_named(rule);
    return v ? v->clause : f ? f->clause : "";
}

void statistics_rules(const statistics_page *p)
{
    statistics_heading(p, "Broken rules");
    bool any = false;
    for (size_t i = 0; i < STATISTICS_RULES && p->s->rules[i].rule; i++) {
        const char *rule = p->s->rules[i].rule;
        any = true;
        lines_begin(p->out);
        lines_add(p->out, STYLE_NORMAL, "  ");
        layout_add_left(p->out, STYLE_VIOLATION, rule, STATISTICS_LABEL + 8);
        statistics_count(p, STYLE_NORMAL, p->s->rules[i].count);
        lines_addf(p->out, STYLE_DIM, "  %s", clause_of(rule));
    }
    if (!any)
        statistics_row(p, "none");
}

void statistics_ends(const statistics_page *p)
{
    static const char *const means[] = {
        [ENDED_CLOSE] = "closing handshake", [ENDED_FIN] = "TCP closed without one",
        [ENDED_RST] = "TCP reset",           [ENDED_TIMEOUT] = "nothing more came",
        [ENDED_EOF] = "the capture ended",
    };
    statistics_heading(p, "How connections ended");
    for (record_how how = ENDED_CLOSE; how <= ENDED_EOF; how++) {
        statistics_row(p, record_how_name(how));
        statistics_count(p, STYLE_NORMAL, p->s->hows[how]);
        lines_addf(p->out, STYLE_DIM, "  %s", means[how]);
    }
}

static void add_file_progress(const statistics_page *p)
{
    char read[FORMAT_TEXT], total[FORMAT_TEXT];
    if (p->c->live || !p->c->bytes)
        return;
    statistics_row(p, "file");
    lines_addf(p->out, STYLE_NORMAL, "  %s", format_size(read, p->c->bytes));
    if (p->c->bytes_total)
        lines_addf(p->out, STYLE_NORMAL, " of %s", format_size(total, p->c->bytes_total));
    lines_add(p->out, STYLE_NORMAL, " read");
}

static void add_drops(const statistics_page *p)
{
    statistics_row(p, "kernel drops");
    if (p->c->kernel_drops < 0)
        statistics_number(p, STYLE_DIM, "not known");
    else
        statistics_count(p, statistics_warn_if((uint64_t)p->c->kernel_drops, STYLE_ERROR),
                         (uint64_t)p->c->kernel_drops);
    statistics_row(p, "wsdump drops");
    statistics_count(p, statistics_warn_if(p->c->ring_drops, STYLE_ERROR), p->c->ring_drops);
    lines_add(p->out, STYLE_DIM, "  packets: we were too slow");
}

void statistics_losses(const statistics_page *p)
{
    const statistics *s = p->s;
    char text[FORMAT_TEXT];
    statistics_heading(p, "Capture");
    statistics_row(p, "packets");
    statistics_count(p, STYLE_NORMAL, p->c->packets);
    add_file_progress(p);
    add_drops(p);
    statistics_row(p, "gaps");
    statistics_count(p, statistics_warn_if(s->gaps, STYLE_GAP), s->gaps);
    lines_addf(p->out, STYLE_DIM, "  %s missing", format_size(text, s->gap_bytes));
    statistics_row(p, "incomplete");
    statistics_count(p, statistics_warn_if(s->incomplete, STYLE_GAP), s->incomplete);
    lines_add(p->out, STYLE_DIM, "  messages");
    statistics_row(p, "guessed");
    statistics_count(p, statistics_warn_if(s->guessed, STYLE_GUESS), s->guessed);
    lines_add(p->out, STYLE_DIM, "  messages");
    if (p->c->phase != STORE_DAMAGED)
        return;
    statistics_row(p, "damaged");
    lines_add_bytes(p->out, STYLE_ERROR, p->c->error, strnlen(p->c->error, sizeof p->c->error));
}
