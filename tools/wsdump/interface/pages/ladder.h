/*
 * The ladder: one connection as arrows between two lifelines, downwards in time, with the time that
 * passed between them. A record's lines depend on it and the arrow before it alone, so that any
 * piece of a long connection can be drawn.
 *
 *     client 127.0.0.1:37106                        server 127.0.0.1:8080
 *      11:26:34.268           │── GET /echo ───────▶│
 *                             │◀── 101 ─────────────│
 *      11:26:34.271   2.96 ms │── text 19 B ───────▶│ "client closes: 1000"
 */
#ifndef WSDUMP_INTERFACE_LADDER_H
#define WSDUMP_INTERFACE_LADDER_H

#include "lines.h"
#include "record.h"
#include "store.h"

/* Append what stands above: who the two are. One line or two. */
void ladder_head(lines *out, const endpoint *client, const endpoint *server, int width, bool ascii);

/* Does the time since this record count: is it an open, a message or an end? */
bool ladder_is_arrow(const record *r);

/* Of the rows before row `n` of a view, of the same connection, the newest that is an arrow; NULL
 * when there is none, it left, or it is more than 10,000 of that connection's rows away, and for
 * rows that are no arrows, which do not need it. Valid as store_row says. */
const record *ladder_before(const store_view *v, uint64_t n);

/*
 * Append the lines of a record: none of a frame (its message is the arrow), one or two of an open,
 * one of any other, and one for the pause before it, if that was a second or longer. `before` is
 * what ladder_before gives; NULL = there is none, or it is not known. No line has more than `width`
 * columns, which should be 80 at least. `ascii`: our own signs are ASCII.
 */
void ladder_row(lines *out, const record *r, const record *before, int width, bool ascii);

#endif
