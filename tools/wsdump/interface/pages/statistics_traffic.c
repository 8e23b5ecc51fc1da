/* What the traffic is made of. See statistics_sections.h. */
#include "layout.h"
#include "statistics_sections.h"

enum { SECOND = 1000000000 };

static void add_two_times(const statistics_page *p)
{
    const statistics *s = p->s;
    char from[FORMAT_TEXT], to[FORMAT_TEXT], text[FORMAT_TEXT];
    if (!s->first_ns)
        return;
    statistics_row(p, "time");
    lines_addf(p->out, STYLE_NORMAL, " %s %s %s, %s", format_clock(from, s->first_ns), p->g->dash,
               format_clock(to, s->last_ns),
               format_duration(text, s->last_ns - s->first_ns, p->ascii));
    statistics_row(p, "longest silence");
    lines_addf(p->out, STYLE_NORMAL, " %s between two messages",
               format_duration(text, s->longest_silence_ns, p->ascii));
}

static void add_kind(const statistics_page *p, uint64_t count, style warning, const char *kind)
{
    char text[FORMAT_TEXT];
    lines_addf(p->out, statistics_warn_if(count, warning), " %s %s", format_count(text, count),
               kind);
}

void statistics_connections(const statistics_page *p)
{
    const statistics *s = p->s;
    statistics_heading(p, "Connections");
    statistics_row(p, "connections");
    add_kind(p, s->connections, STYLE_STRONG, "in all,");
    add_kind(p, s->connections - MIN(s->ended, s->connections), STYLE_NORMAL, "open,");
    add_kind(p, s->ended, STYLE_NORMAL, "ended");
    statistics_row(p, "handshakes");
    add_kind(p, s->refused, STYLE_VIOLATION, "refused,");
    add_kind(p, s->joined, STYLE_GUESS, "not seen");
    add_two_times(p);
}

static uint64_t count_frames(const statistics_side *side)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(side->frames); i++)
        sum += side->frames[i];
    return sum;
}

void statistics_totals(const statistics_page *p)
{
    const statistics_side *of = p->s->sides;
    const struct {
        const char *label;
        const char *(*format)(char out[FORMAT_TEXT], uint64_t value);
        uint64_t values[STATISTICS_SIDES];
    } rows[] = {
        {"messages", format_count, {of[0].messages, of[1].messages}},
        {"bytes", format_size, {of[0].bytes, of[1].bytes}},
        {"on the wire", format_size, {of[0].wire_bytes, of[1].wire_bytes}},
        {"frames", format_count, {count_frames(&of[0]), count_frames(&of[1])}},
    };
    char text[FORMAT_TEXT];
    statistics_column_heads(p, "Totals", true);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        statistics_row(p, rows[i].label);
        for (int side = 0; side < STATISTICS_SIDES; side++)
            statistics_number(p, statistics_side_styles[side],
                              rows[i].format(text, rows[i].values[side]));
        statistics_number(p, STYLE_STRONG,
                          rows[i].format(text, rows[i].values[0] + rows[i].values[1]));
    }
}

/* The rates as they are at the newest packet: silence since the newest message counts. */
static void rates_now(const statistics_page *p, int side, uint64_t out[STATISTICS_RATES])
{
    const statistics *s = p->s;
    int64_t later = p->c->time_ns / SECOND - s->rates_second;
    int64_t shift = s->rates_second ? CLAMP(later, 0, STATISTICS_RATES) : 0;
    for (int64_t i = 0; i < STATISTICS_RATES; i++)
        out[i] = i + shift < STATISTICS_RATES ? s->sides[side].rates[i + shift] : 0;
}

static void add_rates(const statistics_page *p, const uint64_t *rates, uint64_t messages)
{
    uint64_t peak = 0;
    for (int i = 0; i < STATISTICS_RATES; i++)
        peak = MAX(peak, rates[i]);
    int64_t time = p->s->last_ns - p->s->first_ns;
    char text[FORMAT_TEXT];
    statistics_count(p, STYLE_NORMAL,
                     rates[STATISTICS_RATES - 2]); /* the newest one is not over yet */
    statistics_count(p, STYLE_NORMAL, peak);
    statistics_number(p, STYLE_NORMAL,
                      time > 0 ? format_rate(text, (double)messages * SECOND / (double)time) : "-");
}

static void add_sparkline(const statistics_page *p, int side, const uint64_t *rates, int shown,
                          uint64_t max)
{
    GString *text = g_string_new(NULL);
    format_sparkline(text, rates, STATISTICS_RATES, shown, max, p->ascii);
    lines_begin(p->out);
    lines_addf(p->out, STYLE_DIM, "  %s%s", side ? p->g->server : p->g->client, p->g->bar);
    lines_add_len(p->out, statistics_side_styles[side], text->str, text->len);
    lines_add(p->out, STYLE_DIM, p->g->bar);
    g_string_free(text, TRUE);
}

void statistics_rates(const statistics_page *p)
{
    static const char *const heads[] = {"now", "peak", "mean"};
    uint64_t rates[STATISTICS_SIDES][STATISTICS_RATES], max = 0;
    char text[FORMAT_TEXT];
    statistics_heading(p, "");
    layout_add_left(p->out, STYLE_HEADING, "Messages/s", STATISTICS_LABEL);
    for (size_t i = 0; i < G_N_ELEMENTS(heads); i++)
        statistics_number(p, STYLE_HEADING, heads[i]);
    for (int side = 0; side < STATISTICS_SIDES; side++) {
        rates_now(p, side, rates[side]);
        for (int i = 0; i < STATISTICS_RATES; i++)
            max = MAX(max, rates[side][i]);
        statistics_row(p, statistics_side_name(p, side, text));
        add_rates(p, rates[side], p->s->sides[side].messages);
    }
    int shown = MIN(STATISTICS_RATES, p->width - 5);
    lines_begin(p->out);
    lines_addf(p->out, STYLE_DIM, "  the last %d seconds, a column each, to %s/s:", shown,
               format_count(text, max));
    for (int side = 0; side < STATISTICS_SIDES; side++)
        add_sparkline(p, side, rates[side], shown, max);
}

static uint64_t count_size(const statistics *s, int step)
{
    return s->sides[0].sizes[step] + s->sides[1].sizes[step];
}

/* "64 B – 127 B" */
static void add_size_range(const statistics_page *p, int step)
{
    char from[FORMAT_TEXT], to[FORMAT_TEXT], range[2 * FORMAT_TEXT + 8];
    uint64_t first = statistics_size_from(step);
    bool last = step + 1 == STATISTICS_SIZES;
    uint64_t end = last ? first : statistics_size_from(step + 1);
    format_size(from, first);
    if (last)
        g_snprintf(range, sizeof range, "%s and more", from);
    else if (end - first <= 1)
        g_strlcpy(range, from, sizeof range);
    else
        g_snprintf(range, sizeof range, "%s %s %s", from, p->g->dash,
                   format_size(to, end < 2048 ? end - 1 : end));
    layout_add_right(p->out, STYLE_DIM, range, STATISTICS_LABEL + 2);
}

/* The clients' part of a bar is in whole cells, so that the colours do not meet inside one. */
static void add_size_bar(const statistics_page *p, const uint64_t counts[STATISTICS_SIDES],
                         uint64_t max, int width)
{
    uint64_t both = counts[0] + counts[1];
    GString *bar = g_string_new(NULL);
    int columns = format_bar(bar, both, max, width, p->ascii);
    int clients = both ? (int)((double)counts[0] / (double)both * columns + 0.5) : 0;
    int used;
    size_t at = layout_fit(bar->str, bar->len, clients, &used);
    lines_add_len(p->out, STYLE_CLIENT, bar->str, at);
    lines_add_len(p->out, STYLE_SERVER, bar->str + at, bar->len - at);
    g_string_free(bar, TRUE);
}

void statistics_sizes(const statistics_page *p)
{
    int first = STATISTICS_SIZES, last = -1;
    uint64_t max = 0;
    for (int i = 0; i < STATISTICS_SIZES; i++) {
        uint64_t count = count_size(p->s, i);
        if (!count)
            continue;
        first = MIN(first, i);
        last = i;
        max = MAX(max, count);
    }
    statistics_heading(p, "Sizes of text and binary messages");
    for (int i = first; i <= last; i++) {
        const uint64_t counts[STATISTICS_SIDES] = {p->s->sides[0].sizes[i],
                                                   p->s->sides[1].sizes[i]};
        lines_begin(p->out);
        add_size_range(p, i);
        statistics_count(p, STYLE_NORMAL, counts[0] + counts[1]);
        lines_add(p->out, STYLE_NORMAL, " ");
        add_size_bar(p, counts, max, p->width - STATISTICS_LABEL - 2 - STATISTICS_NUMBER - 1);
    }
    if (last < 0)
        statistics_row(p, "none yet");
}

void statistics_opcodes(const statistics_page *p)
{
    const statistics_side *of = p->s->sides;
    statistics_column_heads(p, "Frames by opcode", false);
    bool any = false;
    for (size_t i = 0; i < G_N_ELEMENTS(of->frames); i++) {
        if (!of[0].frames[i] && !of[1].frames[i])
            continue;
        any = true;
        statistics_row(p, wsp_opcode_name((uint8_t)i));
        for (int side = 0; side < STATISTICS_SIDES; side++)
            statistics_count(p, statistics_side_styles[side], of[side].frames[i]);
    }
    if (!any)
        statistics_row(p, "none yet");
    statistics_column_heads(p, "Messages by type", false);
    for (size_t i = 0; i < G_N_ELEMENTS(of->types); i++) {
        const char *type = record_message_type((uint8_t)i);
        if (!type)
            continue;
        statistics_row(p, type);
        for (int side = 0; side < STATISTICS_SIDES; side++)
            statistics_count(p, statistics_side_styles[side], of[side].types[i]);
    }
}
