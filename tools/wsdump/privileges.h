/* Giving up root once the capture is open. */
#ifndef WSDUMP_PRIVILEGES_H
#define WSDUMP_PRIVILEGES_H

#include <glib.h>
#include <sys/types.h>

/*
 * Become `user`, or, when that is NULL and we are root, whoever called sudo, or nobody. Does
 * nothing when we are not root and no user is named. FALSE when it could not be done: *error says
 * which step failed; the program must then stop.
 */
gboolean privileges_drop(const char *user, GError **error);

/*
 * Become who called sudo, if we are root through it; otherwise stay who we are. FALSE when it could
 * not be done, as above.
 */
gboolean privileges_become_caller(GError **error);

/*
 * open(2), as who called sudo when we are root through it, as we are otherwise: so a file belongs
 * to who asked for it, and is opened only where that one may. -1 and errno on failure.
 */
int privileges_open_as_caller(const char *path, int flags, mode_t mode);

#endif
