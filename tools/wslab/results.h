/* What checks came to, and the reports about it for machines. */
#ifndef WSLAB_RESULTS_H
#define WSLAB_RESULTS_H

#include "lab.h"
#include "report.h"

typedef struct results results;

results *results_new(void);
void results_free(results *r);

/* Add a row; the strings are copied. `group` is the lesson's id, for a person's also who it was. */
void results_add(results *r, const char *group, const char *id, const progress_result *result,
                 const char *capture);

/* How many have this verdict. */
guint results_count(const results *r, play_verdict verdict);

/* 0 all passed (or were skipped), 1 one failed, 3 one could not be done. */
int results_status(const results *r);

/* The reports that are asked for: JSON on stdout, JUnit in a file (NULL = none). */
gboolean results_report(const results *r, gboolean json, const char *junit, GError **error);

/* Where the capture of a check's last play lies; free it. */
char *results_capture(const lab *here, const char *check);

#endif
