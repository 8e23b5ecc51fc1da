/* Asking what to save and where to, and seeing to it that it is written. */
#ifndef WSDUMP_INTERFACE_EXPORT_DIALOG_H
#define WSDUMP_INTERFACE_EXPORT_DIALOG_H

#include "export.h"
#include "screen.h"

typedef struct export_dialog {
    GArray *rows;        /* what was chosen: rows ... */
    GArray *connections; /* ... or connections, of which the rows are not looked for yet */
    export_job *asked;   /* waits for an answer: the file is there */
    export_job *running;
} export_dialog;

/* The actions of the keys: to a file, and to the clipboard. */
void export_dialog_ask(ui *u, screen *s);
void export_dialog_copy(ui *u, screen *s);

/* Write some more of what is being written, until `deadline`, and say so at its end. False when
 * there was nothing to do. */
bool export_dialog_step(ui *u, gint64 deadline);

void export_dialog_clear(export_dialog *d);

#endif
