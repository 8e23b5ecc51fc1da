/* A record as a line of the list of messages. */
#ifndef WSDUMP_INTERFACE_MESSAGE_LINE_H
#define WSDUMP_INTERFACE_MESSAGE_LINE_H

#include "lines.h"
#include "ui.h"

/* What stands above the lines. `conn`: with a column for the connection. */
void message_line_head(const ui *u, lines *out, bool conn);

/* `before_ns`: time of the row above, or its own. `child`: a frame below its message. */
void message_line(const ui *u, lines *out, const record *r, int64_t before_ns, bool conn,
                  bool child);

#endif
