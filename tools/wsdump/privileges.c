/* Giving up root. See privileges.h. */
#define _GNU_SOURCE /* setgroups, initgroups, setresuid: in no standard */
#include "privileges.h"

#include <errno.h>
#include <fcntl.h>
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

/* NULL when nobody did, or root. */
static const struct passwd *caller_of_sudo(void)
{
    const char *sudo_uid = g_getenv("SUDO_UID");
    guint64 uid = sudo_uid ? g_ascii_strtoull(sudo_uid, NULL, 10) : 0;
    return uid ? getpwuid((uid_t)uid) : NULL;
}

static const struct passwd *choose(const char *user)
{
    errno = 0;
    if (user)
        return getpwnam(user);
    const struct passwd *account = caller_of_sudo();
    return account ? account : getpwnam("nobody");
}

static gboolean become(const struct passwd *account, GError **error)
{
    errno = 0;
    if (initgroups(account->pw_name, account->pw_gid) != 0)
        return failed(error, "initgroups", account->pw_name);
    if (setresgid(account->pw_gid, account->pw_gid, account->pw_gid) != 0)
        return failed(error, "setgid", account->pw_name);
    if (setresuid(account->pw_uid, account->pw_uid, account->pw_uid) != 0)
        return failed(error, "setuid", account->pw_name);
    return TRUE;
}

gboolean privileges_drop(const char *user, GError **error)
{
    if (!user && geteuid() != 0)
        return TRUE;
    const struct passwd *account = choose(user);
    if (!account)
        return failed(error, "looking up", user ? user : "nobody");
    return become(account, error);
}

gboolean privileges_become_caller(GError **error)
{
    const struct passwd *caller = geteuid() == 0 ? caller_of_sudo() : NULL;
    return caller ? become(caller, error) : TRUE;
}

/* The real user stays root, so that there is a way back. */
static int open_as(const struct passwd *account, const char *path, int flags, mode_t mode)
{
    gid_t group = getegid();
    int fd = -1;
    if (setegid(account->pw_gid) == 0 && seteuid(account->pw_uid) == 0)
        fd = open(path, flags, mode);
    int code = errno;
    if (seteuid(0) != 0 || setegid(group) != 0)
        g_error("cannot become root again"); /* nor go on as if nothing had happened */
    errno = code;
    return fd;
}

int privileges_open_as_caller(const char *path, int flags, mode_t mode)
{
    const struct passwd *caller = geteuid() == 0 ? caller_of_sudo() : NULL;
    int count = getgroups(0, NULL);
    if (!caller || count < 0)
        return open(path, flags, mode);
    gid_t *groups = g_new(gid_t, (gsize)count + 1);
    count = getgroups(count, groups);
    int fd = -1;
    if (count >= 0 && initgroups(caller->pw_name, caller->pw_gid) == 0) {
        fd = open_as(caller, path, flags, mode);
        int code = errno;
        if (setgroups((size_t)count, groups) != 0)
            g_error("cannot become root again");
        errno = code;
    }
    g_free(groups);
    return fd;
}
