/* The signs that the interface draws with: one display column each, in UTF-8 or in plain ASCII. */
#ifndef WSDUMP_INTERFACE_GLYPHS_H
#define WSDUMP_INTERFACE_GLYPHS_H

#include <stdbool.h>

typedef struct glyphs {
    const char *client, *server; /* by whom: an arrow to the server, an arrow to the client */
    const char *violation, *guess, *gap, *refused, *fine;
    const char *line, *bar;             /* horizontal, vertical */
    const char *pause;                  /* vertical, while nothing happens */
    const char *corner[2];              /* where a vertical line ends below: left, right */
    const char *cut;                    /* what follows was cut off */
    const char *dash, *between, *micro; /* a range, "from one to the other", a millionth */
    const char *paused, *follow; /* of the picture: it stands still, it goes with what is new */
    const char *rising, *falling;
    const char *dot;
    const char *levels[9];  /* of a sparkline, from nothing to full */
    const char *eighths[9]; /* of one cell of a bar, from nothing to full */
} glyphs;

const glyphs *glyphs_get(bool ascii);

#endif
