/* Colours, where the output is a terminal that has them and nobody forbids them. */
#ifndef WSLAB_PAINT_H
#define WSLAB_PAINT_H

#include <glib.h>

/* "auto" (also NULL), "always" or "never"; FALSE for another word. NO_COLOR counts for auto. */
gboolean paint_choose(const char *when);

gboolean paint_has_colours(void);

/* The sequences that begin and end a colour; "" without colours. */
const char *paint_good(void);
const char *paint_bad(void);
const char *paint_strong(void);
const char *paint_faint(void);
const char *paint_end(void);

#endif
