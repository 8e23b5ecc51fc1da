/*
 * A payload as bytes: offsets, hexadecimal digits, and the bytes that are ASCII as text. Where it
 * was masked, the bytes on the wire stand beside those that they mean.
 */
#ifndef WSDUMP_INTERFACE_PAGE_HEX_H
#define WSDUMP_INTERFACE_PAGE_HEX_H

#include "lines.h"
#include "record.h"

/*
 * Append the page of a message for a screen of `width` columns: 16, 8 or 4 bytes a line.
 *
 * `frame` is the header of the frame that the message came in, or of its first one; NULL where it
 * is not at hand. The bytes on the wire can be told again of a message that one frame carried
 * uncompressed; for any other the page says why it does not have them. Unknown bytes are ??.
 */
void page_hex(lines *out, const record *message, const wsp_frame_header *frame, int width);

#endif
