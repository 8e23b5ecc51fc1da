/* The statistics screen: its sections, in one column or two. See page_statistics.h. */
#include "page_statistics.h"

#include "layout.h"
#include "statistics_sections.h"

enum { TWO_COLUMNS = 120 };

const style statistics_side_styles[] = {STYLE_CLIENT, STYLE_SERVER};

/* ---- Rows ----------------------------------------------------------------------------------- */

void statistics_heading(const statistics_page *p, const char *text)
{
    if (lines_count(p->out) > 0)
        lines_begin(p->out);
    lines_begin(p->out);
    lines_add(p->out, STYLE_HEADING, text);
}

void statistics_row(const statistics_page *p, const char *label)
{
    lines_begin(p->out);
    lines_add(p->out, STYLE_NORMAL, "  ");
    layout_add_left(p->out, STYLE_DIM, label, STATISTICS_LABEL - 2);
}

void statistics_number(const statistics_page *p, style s, const char *number)
{
    lines_add(p->out, STYLE_NORMAL, " ");
    layout_add_right(p->out, s, number, STATISTICS_NUMBER - 1);
}

void statistics_count(const statistics_page *p, style s, uint64_t count)
{
    char text[FORMAT_TEXT];
    statistics_number(p, s, format_count(text, count));
}

style statistics_warn_if(uint64_t count, style warning)
{
    return count ? warning : STYLE_NORMAL;
}

const char *statistics_side_name(const statistics_page *p, int side, char out[FORMAT_TEXT])
{
    const char *name = record_from_name((wsp_sender)side);
    g_snprintf(out, FORMAT_TEXT, "%s %s", name, side ? p->g->server : p->g->client);
    return out;
}

void statistics_column_heads(const statistics_page *p, const char *title, bool both)
{
    char text[FORMAT_TEXT];
    statistics_heading(p, "");
    layout_add_left(p->out, STYLE_HEADING, title, STATISTICS_LABEL);
    for (int side = 0; side < STATISTICS_SIDES; side++)
        statistics_number(p, STYLE_HEADING, statistics_side_name(p, side, text));
    if (both)
        statistics_number(p, STYLE_HEADING, "both");
}

/* ---- The page ------------------------------------------------------------------------------- */

static statistics_section *const columns[2][8] = {
    {statistics_connections, statistics_totals, statistics_rates, statistics_sizes},
    {statistics_opcodes, statistics_compression, statistics_round_trips, statistics_close_codes,
     statistics_rules, statistics_ends, statistics_losses},
};

static lines *make_column(statistics_page p, int column)
{
    p.out = lines_new();
    for (size_t i = 0; columns[column][i]; i++)
        columns[column][i](&p);
    lines *fitting = lines_new();
    layout_clip(fitting, p.out, p.width, p.ascii);
    lines_free(p.out);
    return fitting;
}

void page_statistics(lines *out, const statistics *s, const store_capture *c, int width, bool ascii)
{
    bool beside = width >= TWO_COLUMNS;
    statistics_page p = {.s = s, .c = c, .g = glyphs_get(ascii), .width = width, .ascii = ascii};
    if (beside)
        p.width = (width - LAYOUT_BETWEEN) / 2;
    lines *made[] = {make_column(p, 0), make_column(p, 1)};
    if (beside) {
        layout_beside(out, made[0], p.width, made[1], ascii);
    } else {
        layout_clip(out, made[0], width, ascii);
        lines_begin(out);
        layout_clip(out, made[1], width, ascii);
    }
    lines_free(made[0]);
    lines_free(made[1]);
}
