/*
 * Findings: what of the traffic deserves a look, for the list of it: broken rules, gaps, messages
 * that are guessed, incomplete or could not be inflated, opening handshakes that were refused or
 * not seen whole, Closes that complain, connections that ended without a Close.
 */
#ifndef WSDUMP_INTERFACE_FINDINGS_H
#define WSDUMP_INTERFACE_FINDINGS_H

#include "lines.h"
#include "record.h"

/*
 * Is it one? Of an end by FIN only when anything had been said: the connection of a refused
 * handshake ends so as well, and is a finding already. Cheap.
 */
bool findings_is(const record *r);

/* Append the line of a record that is one: sign, time, connection, from whom, what, a sentence.
 * At most `width` columns, which should be 80 at least. `ascii`: our own signs are ASCII. */
void findings_line(lines *out, const record *r, int width, bool ascii);

#endif
