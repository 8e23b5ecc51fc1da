/* A frame's header: drawn bit by bit as in RFC 6455 5.2, and each field explained. */
#ifndef WSDUMP_INTERFACE_PAGE_FRAME_H
#define WSDUMP_INTERFACE_PAGE_FRAME_H

#include "lines.h"
#include "record.h"

/*
 * Append the page of a frame for a screen of `width` columns: the drawing, where it has room, the
 * header's bytes, a line for each field with its bits, value and meaning, and under a field the
 * rules that it breaks. With `ascii` all of it is ASCII.
 */
void page_frame(lines *out, const record *frame, int width, bool ascii);

#endif
