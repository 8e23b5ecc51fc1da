/*
 * Scans: which rows of the store a list shows. A scan looks at every row once, in its order, as
 * they come, and names those that its display filter lets through. It works in slices, so that a
 * million rows do not stop the screen.
 */
#ifndef WSDUMP_INTERFACE_SCAN_H
#define WSDUMP_INTERFACE_SCAN_H

#include "store.h"

#include <glib.h>

typedef struct scan scan;

/* Of all connections (0) or of one. `text`: a display filter, as with -Y; NULL = every row. NULL
 * when the filter is wrong: *error then is filter_new's. */
scan *scan_new(uint64_t conn, const char *text, GError **error);

typedef void scan_found(void *user, uint64_t row, const record *r);

/*
 * Look at what the view has that was not looked at before, until `deadline` (g_get_monotonic_time)
 * or the end. `newest`: the newest row of the connection, when it is of one. Returns true when
 * nothing is left to look at.
 */
bool scan_update(scan *s, const store_view *v, uint64_t newest, gint64 deadline, scan_found *found,
                 void *user);

void scan_free(scan *s); /* NULL is fine */

#endif
