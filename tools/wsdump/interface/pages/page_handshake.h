/* The handshake screen: both heads with every header explained, what came of them, what is wrong.
 */
#ifndef WSDUMP_INTERFACE_PAGE_HANDSHAKE_H
#define WSDUMP_INTERFACE_PAGE_HANDSHAKE_H

#include "lines.h"
#include "record.h"

/*
 * Append the page of the connection with this open record. `faults` are `count` records of its
 * broken rules, of which those with frame 0, the handshake's, are shown. The heads stand beside
 * each other from 100 columns on. No line has more than `width`, which should be 80 at least.
 */
void page_handshake(lines *out, const record *open, const record *const *faults, size_t count,
                    int width, bool ascii);

#endif
