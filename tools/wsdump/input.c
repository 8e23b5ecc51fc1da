/*
 * A stdio stream over a file descriptor and a buffer of our own: the buffer is filled once before
 * the stream is handed out, so the format can be recognised without seeking. What is packed
 * (gzip, zstd) is to be recognised and unpacked here, and nothing above has to know.
 */
#define _GNU_SOURCE /* fopencookie */

#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct input {
    int fd;
    size_t begin, end; /* of what waits in buffer */
    uint8_t buffer[256 * 1024];
} input;

static volatile sig_atomic_t interrupted;

void input_interrupt(void)
{
    interrupted = 1;
}

/* 0 at the end of the file, and when the user wants no more; signals of other kinds go unnoticed.
 */
static ssize_t read_on(int fd, void *out, size_t len)
{
    ssize_t n = -1;
    errno = EINTR;
    while (n < 0 && errno == EINTR && !interrupted)
        n = read(fd, out, len);
    return interrupted ? 0 : n;
}

static ssize_t input_read(void *cookie, char *out, size_t len)
{
    input *in = cookie;
    if (in->begin == in->end) {
        ssize_t n = read_on(in->fd, in->buffer, sizeof in->buffer);
        if (n <= 0)
            return n;
        in->begin = 0;
        in->end = (size_t)n;
    }
    size_t n = MIN(len, in->end - in->begin);
    memcpy(out, in->buffer + in->begin, n);
    in->begin += n;
    return (ssize_t)n;
}

static int input_close(void *cookie)
{
    input *in = cookie;
    int result = close(in->fd);
    g_free(in);
    return result;
}

/* Read until the magic is there; no further, since a pipe may have no more to give for a while. */
static gboolean fill_magic(input *in)
{
    while (in->end < INPUT_MAGIC) {
        ssize_t n = read_on(in->fd, in->buffer + in->end, sizeof in->buffer - in->end);
        if (n < 0)
            return FALSE;
        if (n == 0)
            break;
        in->end += (size_t)n;
    }
    return TRUE;
}

static gboolean is_standard_input(const char *path)
{
    return strcmp(path, "-") == 0;
}

const char *input_name(const char *path)
{
    return is_standard_input(path) ? "standard input" : path;
}

static int open_descriptor(const char *path)
{
    if (is_standard_input(path))
        return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* What is open but cannot be a capture; NULL when it can. */
static const char *objection(int fd)
{
    struct stat info;
    if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode))
        return "is a directory; name a capture file in it";
    if (isatty(fd))
        return "is a terminal; pipe a capture into it";
    return NULL;
}

static FILE *refuse(int fd, GError **error, const char *path, const char *why)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s %s", input_name(path), why);
    close(fd);
    return NULL;
}

static FILE *fail(GError **error, const char *path, const char *what)
{
    int code = errno;
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(code), "cannot %s %s: %s", what,
                input_name(path), g_strerror(code));
    return NULL;
}

FILE *input_open(const char *path, uint8_t magic[INPUT_MAGIC], size_t *magic_len, GError **error)
{
    int fd = open_descriptor(path);
    if (fd < 0)
        return fail(error, path, "open");
    const char *why_not = objection(fd);
    if (why_not)
        return refuse(fd, error, path, why_not);

    input *in = g_new(input, 1);
    in->fd = fd;
    in->begin = in->end = 0;
    cookie_io_functions_t functions = {.read = input_read, .close = input_close};
    FILE *stream = fill_magic(in) ? fopencookie(in, "rb", functions) : NULL;
    if (!stream) {
        fail(error, path, "read");
        input_close(in);
        return NULL;
    }
    *magic_len = MIN(in->end, INPUT_MAGIC);
    memcpy(magic, in->buffer, *magic_len);
    return stream;
}
