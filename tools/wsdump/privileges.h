/* Giving up root once the capture is open. */
#ifndef WSDUMP_PRIVILEGES_H
#define WSDUMP_PRIVILEGES_H

#include <glib.h>

/*
 * Become `user`, or, when that is NULL and we are root, whoever called sudo, or nobody. Does
 * nothing when we are not root and no user is named. FALSE when it could not be done: *error says
 * which step failed; the program must then stop.
 */
gboolean privileges_drop(const char *user, GError **error);

#endif
