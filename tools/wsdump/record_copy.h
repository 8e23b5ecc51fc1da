/*
 * Copies of records that last: in one piece of memory, with everything that they point at behind
 * them. Of the record itself only what its type has is copied, so that many fit.
 */
#ifndef WSDUMP_RECORD_COPY_H
#define WSDUMP_RECORD_COPY_H

#include "record.h"

/* What of a message is copied. */
typedef struct record_cut {
    size_t data, missing; /* the first bytes of its data, the first stretches that are missing */
} record_cut;

/* As much of it as fits into `room` bytes. */
record_cut record_cut_to(const record *r, size_t room);

/* Bytes that record_copy needs. */
size_t record_copy_size(const record *r, record_cut cut);

/*
 * Copy into memory that is aligned for any type. Nothing points at the original afterwards, but for
 * texts that are static. A message that is cut says so (truncated). Members of other types are not
 * there: reading them reads beyond the copy.
 */
record *record_copy(void *memory, const record *r, record_cut cut);

#endif
