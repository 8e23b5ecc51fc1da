/* The screens that there are; each is a file of its own. */
#ifndef WSDUMP_INTERFACE_SCREENS_H
#define WSDUMP_INTERFACE_SCREENS_H

#include "ui.h"

/* conn: its number; 0 = of all connections. row: of the store. */
screen *connections_new(ui *u);
screen *messages_new(ui *u, uint64_t conn);
screen *messages_new_at(ui *u, uint64_t conn, uint64_t row); /* with this row selected */
/* What the user asked for: says when there is none. frame: its number in the connection, selected
 * as soon as it is there, among all frames; 0 = only messages. */
screen *messages_new_goto(ui *u, uint64_t conn, uint64_t frame);
screen *ladder_new(ui *u, uint64_t conn);
screen *statistics_new(uint64_t conn);
screen *handshake_new(uint64_t conn);
screen *findings_new(ui *u);
screen *help_new(const screen *of);

#endif
