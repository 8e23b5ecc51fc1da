/*
 * The sections of the handshake screen, and what they are made of. A section appends itself to
 * p->f.
 */
#ifndef WSDUMP_INTERFACE_HANDSHAKE_SECTIONS_H
#define WSDUMP_INTERFACE_HANDSHAKE_SECTIONS_H

#include "glyphs.h"
#include "page.h"
#include "record.h"

typedef struct handshake_page {
    flow *f;
    const record *open;
    const wsp_http_head *request, *response; /* of the open record */
    const record *const *faults;
    size_t count;
    const glyphs *g;
    bool ascii;
} handshake_page;

typedef void handshake_section(const handshake_page *p);

/* What came of the two heads. */
handshake_section handshake_accept, handshake_subprotocol, handshake_extensions;

/* A line, indented like those that go on from it. */
void handshake_line(const handshake_page *p, int indent);

/* A heading, behind an empty line. */
void handshake_heading(const handshake_page *p, const char *text);

/* Is there a record of this broken rule by this side? `rule` may be NULL: no. */
bool handshake_has_fault(const handshake_page *p, wsp_sender from, const char *rule);

#endif
