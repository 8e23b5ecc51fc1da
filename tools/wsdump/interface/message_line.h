/* A record as a line of the list of messages. */
#ifndef WSDUMP_INTERFACE_MESSAGE_LINE_H
#define WSDUMP_INTERFACE_MESSAGE_LINE_H

#include "lines.h"
#include "ui.h"

typedef struct message_layout {
    const ui *ui;
    bool conn;         /* with a column for the connection */
    bool narrow;       /* without the one for the size on the wire */
    bool child;        /* it is a frame below its message */
    int64_t before_ns; /* time of the row above, or its own */
} message_layout;

/* What stands above the lines. */
void message_line_head(const message_layout *l, lines *out);

void message_line(const message_layout *l, lines *out, const record *r);

#endif
