/*
 * The sections of the statistics screen, and what their rows are made of. A section appends itself
 * to p->out: a heading, rows with a label; any width, for the page cuts them.
 */
#ifndef WSDUMP_INTERFACE_STATISTICS_SECTIONS_H
#define WSDUMP_INTERFACE_STATISTICS_SECTIONS_H

#include "format.h"
#include "glyphs.h"
#include "lines.h"
#include "statistics.h"
#include "store.h"

enum { STATISTICS_LABEL = 17, STATISTICS_NUMBER = 13, STATISTICS_SIDES = 2 };

typedef struct statistics_page {
    lines *out;
    const statistics *s;
    const store_capture *c;
    const glyphs *g;
    int width; /* of the column that the section is in */
    bool ascii;
} statistics_page;

typedef void statistics_section(const statistics_page *p);

/* What the traffic is made of. */
statistics_section statistics_connections, statistics_totals, statistics_rates, statistics_sizes,
    statistics_opcodes;

/* How well it goes. */
statistics_section statistics_compression, statistics_round_trips, statistics_close_codes,
    statistics_rules, statistics_ends, statistics_losses;

/* ---- Rows ----------------------------------------------------------------------------------- */

extern const style statistics_side_styles[STATISTICS_SIDES];

/* A heading, behind an empty line unless it is the first. */
void statistics_heading(const statistics_page *p, const char *text);

/* A heading with a column for each side, and one for both. */
void statistics_column_heads(const statistics_page *p, const char *title, bool both);

/* A row, STATISTICS_LABEL columns so far. */
void statistics_row(const statistics_page *p, const char *label);

/* A further column, STATISTICS_NUMBER wide. */
void statistics_number(const statistics_page *p, style s, const char *number);
void statistics_count(const statistics_page *p, style s, uint64_t count);

/* `warning` when there are any. */
style statistics_warn_if(uint64_t count, style warning);

/* "client ▶", as the label of a row or the heading of a column. */
const char *statistics_side_name(const statistics_page *p, int side, char out[FORMAT_TEXT]);

#endif
