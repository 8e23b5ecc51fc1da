/*
 * A frame's header as RFC 6455 5.2 draws it, 32 bits a row, with its own bits:
 *
 *       0 1 2 3 4 5 6 7 8 9 …
 *      +-+-+-+-+-------+-+ …
 *      |F|R|R|R|opcode |M| …
 *      |1|0|0|0|0 0 0 1|1| …   81 fe 01 2c
 *      +-+-+-+-+-------+-+ …
 */
#ifndef WSDUMP_INTERFACE_FRAME_BOX_H
#define WSDUMP_INTERFACE_FRAME_BOX_H

#include "frame_fields.h"
#include "lines.h"

enum {
    FRAME_BOX_WIDTH = 65,     /* columns */
    FRAME_BOX_WIDTH_HEX = 78, /* with the bytes of each row beside it */
};

/* Append the drawing, with the bytes if `width` has room for them. The header has a size. With
 * `ascii` it is drawn with + - and |. */
void frame_box(lines *out, const frame_fields *f, int width, bool ascii);

#endif
