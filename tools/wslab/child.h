/*
 * This program once more, as another process, in a process group of its own that dies with us. For
 * work that must be left in the middle: a newer save while a check runs, a submission without end.
 */
#ifndef WSLAB_CHILD_H
#define WSLAB_CHILD_H

#include <glib.h>
#include <sys/types.h>

/*
 * Start `words` (this program's path first; NULL-terminated) with `state` as its WSLAB_STATE (NULL
 * = ours). `output` is where stdout and stderr go, -1 = where ours do; stdin is empty. -1 with
 * *error when it cannot be started.
 */
pid_t child_start(const char *const *words, const char *state, int output, GError **error);

/* Whether it has ended: then *status is its exit status, or -1 when a signal ended it. */
gboolean child_ended(pid_t pid, int *status);

/* End it and all of its group, and wait for it. It can end what it has started before. */
void child_end(pid_t pid);

#endif
