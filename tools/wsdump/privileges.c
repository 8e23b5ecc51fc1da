/* Giving up root. See privileges.h. */
#define _GNU_SOURCE /* setgroups, initgroups, setresuid: in no standard */
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

static gboolean failed(GError **error, const char *step, const char *user)
{
    int code = errno;
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(code),
                "cannot give up root: %s for user %s: %s", step, user,
                code ? g_strerror(code) : "no such user");
    return FALSE;
}

static const struct passwd *choose(const char *user)
{
    errno = 0;
    if (user)
        return getpwnam(user);
    const char *sudo_uid = g_getenv("SUDO_UID");
    guint64 uid = sudo_uid ? g_ascii_strtoull(sudo_uid, NULL, 10) : 0;
    const struct passwd *account = uid ? getpwuid((uid_t)uid) : NULL;
    return account ? account : getpwnam("nobody");
}

gboolean privileges_drop(const char *user, GError **error)
{
    if (!user && geteuid() != 0)
        return TRUE;
    const struct passwd *account = choose(user);
    if (!account)
        return failed(error, "looking up", user ? user : "nobody");
    errno = 0;
    if (initgroups(account->pw_name, account->pw_gid) != 0)
        return failed(error, "initgroups", account->pw_name);
    if (setresgid(account->pw_gid, account->pw_gid, account->pw_gid) != 0)
        return failed(error, "setgid", account->pw_name);
    if (setresuid(account->pw_uid, account->pw_uid, account->pw_uid) != 0)
        return failed(error, "setuid", account->pw_name);
    return TRUE;
}
