/* What there is to say of a message before its payload is looked at. */
#ifndef WSDUMP_INTERFACE_PAGE_MESSAGE_H
#define WSDUMP_INTERFACE_PAGE_MESSAGE_H

#include "lines.h"
#include "record.h"

/*
 * Append the page of a message for a screen of `width` columns: type, sender, time, lengths,
 * compression, which of its bytes are known, close code, round trip, frames with their packets, and
 * violations. With `ascii` our own signs are ASCII.
 *
 * `related` are `count` records, in their order: the frames that it came in and the violations that
 * were found in them. None need be at hand; other types are passed over.
 */
void page_message(lines *out, const record *message, const record *const *related, size_t count,
                  int width, bool ascii);

#endif
