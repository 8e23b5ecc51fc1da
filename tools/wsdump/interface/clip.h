/* What goes to the clipboard for a row: the text of a message, or the row as a JSON line. */
#ifndef WSDUMP_INTERFACE_CLIP_H
#define WSDUMP_INTERFACE_CLIP_H

#include "record.h"

enum { CLIP_MAX = 64 * 1024 }; /* bytes: what many terminals take */

typedef struct clip {
    bool json;
    bool cut; /* it is the beginning of it, at the end of a character */
} clip;

clip clip_make(const record *r, GString *out);

#endif
