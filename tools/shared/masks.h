/* The masking keys of a client: each frame must have a new one that nobody can foretell (RFC 6455
 * 5.3). */
#ifndef SHARED_MASKS_H
#define SHARED_MASKS_H

#include "step.h"

/* `expect masks differ`: of all frames that the client has sent in this case so far, on whichever
 * connection, no key is zero, none is there twice, and they are not just counted up. */
bool masks_expect(player *p, const step *s);

#endif
