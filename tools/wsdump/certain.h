/*
 * Inflating messages that refer to bytes which were not captured: the connection was joined
 * mid-stream, or something is lost. A wsp_inflater that also says which bytes it does not know.
 *
 * Then everything is inflated twice, behind a window full of 00 and behind one full of FF. Lengths
 * and structure are in the stream itself, so both agree but where a byte came from what is unknown.
 * Once they have agreed for a whole window, nothing unknown can be referred to any more, and one
 * of them is enough.
 */
#ifndef WSDUMP_CERTAIN_H
#define WSDUMP_CERTAIN_H

#include "budget.h"
#include "record.h"

#include <wsproto/wsproto.h>

#include <glib.h>
#include <stdbool.h>

typedef struct certain certain;

/* What all of them may take together. */
typedef struct certain_memory {
    uint64_t max, used; /* bytes */
    budget *shared;     /* that they count in as well; NULL = none */
} certain_memory;

/*
 * For one direction, with any parameters of permessage-deflate. `from_the_start`: its first message
 * is the first one sent; else what came before is unknown. *memory must outlive it. Returns NULL
 * when there is none left, and always in a build without zlib.
 */
certain *certain_new(certain_memory *memory, bool from_the_start);
void certain_free(certain *c); /* NULL is fine */

/* For wsp_message_rules. A message can be inflated whatever happened before it, unless there is no
 * memory for the second inflater. */
wsp_inflater *certain_inflater(certain *c);

/* Can no byte of the message that is being inflated, or was last, be unknown? */
bool certain_is_sure(const certain *c);

/*
 * The bytes of the message that is being inflated, or was last, which are not known: an array of
 * record_missing, in order. They are zero in what was given. Valid until the next message begins.
 */
const GArray *certain_unknown(const certain *c);

#endif
