/* What pages have in common. */
#include "page.h"

#include "glyphs.h"

void page_label(flow *f, const char *label)
{
    flow_line(f, PAGE_LABEL);
    lines_add(f->out, STYLE_KEY, label);
    f->column = (int)strlen(label);
    flow_to(f, PAGE_LABEL);
}

void page_violation(flow *f, const char *rule, const char *clause, const char *text, bool ascii)
{
    flow_wordsf(f, STYLE_VIOLATION, "%s %s:", glyphs_get(ascii)->violation, rule);
    flow_wordsf(f, STYLE_NORMAL, " %s (%s)", text, clause);
}

void page_note(flow *f, style s, const char *sentence)
{
    flow_line(f, 0);
    flow_words(f, s, sentence);
}

bool page_has_payload(flow *f, const record_message *m)
{
    if (!m->data)
        page_note(f, STYLE_UNKNOWN,
                  m->compressed ? "The payload was compressed and could not be inflated: its bytes "
                                  "are not known."
                                : "The bytes of the payload are not known.");
    else if (m->data_len == 0)
        page_note(f, STYLE_DIM,
                  m->length ? "No bytes of the payload were kept." : "The payload is empty.");
    return m->data && m->data_len > 0;
}

void page_note_parts(flow *f, const record_message *m)
{
    if (m->truncated) {
        flow_line(f, 0);
        flow_wordsf(f, STYLE_UNKNOWN, "Only the first %zu bytes were kept.", m->data_len);
    }
    if (!m->complete)
        page_note(f, STYLE_UNKNOWN, "Not all bytes of the payload were captured.");
}

size_t page_part(const record_message *m, size_t from, size_t *hole, bool *known)
{
    while (*hole < m->missing_count && m->missing[*hole].offset + m->missing[*hole].len <= from)
        ++*hole;
    const record_missing *next = *hole < m->missing_count ? &m->missing[*hole] : NULL;
    *known = !next || next->offset > from;
    uint64_t end = !next ? m->data_len : *known ? next->offset : next->offset + next->len;
    return (size_t)MIN(end, m->data_len);
}
