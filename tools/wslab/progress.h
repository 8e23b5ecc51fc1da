/*
 * What the learner has done: STATE/progress.ini. A group per check with its last result and how
 * many hints were shown; the learner's own seed. Written at once and as a whole; what other
 * commands wrote meanwhile is kept.
 */
#ifndef WSLAB_PROGRESS_H
#define WSLAB_PROGRESS_H

#include "play.h"

#include <glib.h>

typedef struct progress progress;

/* The last result of a check. The strings are the reader's: progress_result_clear frees them. */
typedef struct progress_result {
    gboolean known; /* FALSE: it was never checked */
    play_verdict verdict;
    char *title, *reason;
    char *details; /* the story of a failure, without colours */
    double seconds;
    guint64 seed;
} progress_result;

/* Reads STATE/progress.ini where there is one; the folder is made when something is first kept. */
progress *progress_open(const char *state, GError **error);
void progress_close(progress *p);

progress_result progress_get(const progress *p, const char *check);
void progress_result_clear(progress_result *r);
gboolean progress_keep(progress *p, const char *check, const progress_result *r, GError **error);

/* How many hints of the check were shown. */
int progress_hints(const progress *p, const char *check);
gboolean progress_keep_hints(progress *p, const char *check, int shown, GError **error);

/* The learner's own seed, made on first use: their captures and questions differ from others'. */
gboolean progress_seed(progress *p, guint64 *seed, GError **error);

/* Forget the result of the check, not the hints that were shown. */
gboolean progress_forget(progress *p, const char *check, GError **error);

/*
 * Where in its capture the last play of a check went wrong, "CONN:FRAME" as wsdump's --goto takes
 * it; NULL when it did not, or nowhere in particular. Free what progress_where returns.
 */
char *progress_where(const progress *p, const char *check);
gboolean progress_keep_where(progress *p, const char *check, const char *where, GError **error);

/* Whether the learner has answered this question ("00_wire.2") about the capture of this seed. */
gboolean progress_answered(const progress *p, const char *question, guint64 seed);
gboolean progress_keep_answered(progress *p, const char *question, guint64 seed, GError **error);

#endif
