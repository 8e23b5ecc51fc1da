/* Which frames a message was sent in. */
#ifndef WSDUMP_INTERFACE_MESSAGE_FRAMES_H
#define WSDUMP_INTERFACE_MESSAGE_FRAMES_H

#include "store.h"

/*
 * Append the rows of its frames to `out` (of uint64_t), the oldest first, and, if `violations`,
 * those of the rules that they break. What left the store is missing; after 100,000 rows of the
 * connection the search is given up.
 */
void message_frames(const store_view *v, uint64_t message, bool violations, GArray *out);

/* The row of a frame by its number, near a row of the same connection behind it; STORE_NO_ROW when
 * it is not found likewise. */
uint64_t message_find_frame(const store_view *v, uint64_t row, uint64_t number);

#endif
