/* What the parts of an opening handshake mean, in plain words with the clause that says so. */
#ifndef WSDUMP_INTERFACE_EXPLAIN_H
#define WSDUMP_INTERFACE_EXPLAIN_H

#include "record.h"

typedef struct explanation {
    const char *clause; /* "RFC 6455 4.1" */
    const char *text;   /* a sentence or two */
} explanation;

/* A header of the request (WSP_FROM_CLIENT) or the response; NULL where it does not matter to a
 * WebSocket. Names compare without regard to case. */
const explanation *explain_header(wsp_sender from, wsp_text name);

/* The rule that says how this header must be: "handshake-key"; NULL where none is about it. */
const char *explain_header_rule(wsp_sender from, wsp_text name);

/* A status of a response, never NULL. */
const explanation *explain_status(uint16_t status);

/* The sentence for the lowest bit of wsp_http_head.faults that is in `faults`, with its bit;
 * NULL when there is none. */
const char *explain_head_fault(uint32_t faults, uint32_t *bit);

#endif
