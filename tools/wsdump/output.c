/* Opening without emptying, then looking, then emptying: see output.h. */
#include "output.h"

#include "privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_standard(const char *path)
{
    return strcmp(path, "-") == 0;
}

static int open_descriptor(const char *path)
{
    const int flags = O_WRONLY | O_CREAT | O_CLOEXEC;
    if (is_standard(path))
        return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    int fd = privileges_open_as_caller(path, flags, 0666);
    return fd < 0 && geteuid() == 0 ? open(path, flags, 0666) : fd;
}

static bool is_input(const struct stat *file, const char *input)
{
    struct stat other;
    if (!input || (is_standard(input) ? fstat(STDIN_FILENO, &other) : stat(input, &other)) != 0)
        return false;
    return S_ISREG(file->st_mode) && file->st_dev == other.st_dev && file->st_ino == other.st_ino;
}

/* What is open but is not to be written; NULL when it is. */
static const char *objection(int fd, const char *input)
{
    struct stat file;
    if (isatty(fd))
        return "is a terminal; send the packets to a file or a pipe";
    if (fstat(fd, &file) == 0 && is_input(&file, input))
        return "is the capture that is read; write to another file";
    return NULL;
}

static int make_empty(int fd)
{
    struct stat file;
    return fstat(fd, &file) == 0 && S_ISREG(file.st_mode) ? ftruncate(fd, 0) : 0;
}

FILE *output_open(const char *path, const char *input, GError **error)
{
    const char *name = is_standard(path) ? "standard output" : path;
    int fd = open_descriptor(path);
    const char *why_not = fd < 0 ? NULL : objection(fd, input);
    FILE *file = NULL;
    if (why_not)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s %s", name, why_not);
    else if (fd < 0 || (!is_standard(path) && make_empty(fd) != 0) || !(file = fdopen(fd, "wb")))
        g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno),
                    "cannot write to %s: %s", name, g_strerror(errno));
    if (!file && fd >= 0)
        close(fd);
    return file;
}
