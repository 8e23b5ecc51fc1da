/*
 * A buffer over a file descriptor, and a stdio stream over that for who wants one. The buffer is
 * filled first, so the format can be recognised without seeking. What is packed is recognised and
 * unpacked here, and nothing above has to know.
 */
#define _GNU_SOURCE /* fopencookie */

#include "input.h"

#include "unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BUFFER_SIZE = INPUT_PIECE,
    READ_SIZE = 64 * 1024, /* what is read at once fits into a processor's cache */
    LOOK_UP_MS = 100,
};

typedef struct buffer {
    size_t begin, end; /* of what waits in it */
    uint8_t bytes[BUFFER_SIZE];
} buffer;

struct input {
    int fd;
    uint64_t read, total; /* bytes of it; total 0 = not known */
    atomic_bool stopped;
    int failed;         /* errno of a read */
    unpacker *unpacker; /* NULL: the bytes are as they are */
    buffer *packed;     /* what it has not got yet; NULL too */
    buffer plain;
    char streamed[READ_SIZE]; /* a stream's own */
};

static volatile sig_atomic_t interrupted;

void input_interrupt(void)
{
    interrupted = 1;
}

void input_stop(input *in)
{
    atomic_store(&in->stopped, true);
}

static bool unwanted(const input *in)
{
    return interrupted || atomic_load(&in->stopped);
}

/* 0 at the end of the file, and when the user wants no more; signals of other kinds go unnoticed.
 * A signal ends poll() even where it does not end read(); another thread's wish is looked for. */
static ssize_t read_on(input *in, void *out, size_t len)
{
    struct pollfd wanted = {.fd = in->fd, .events = POLLIN};
    ssize_t n = -1;
    errno = EINTR;
    while (n < 0 && errno == EINTR && !unwanted(in)) {
        int ready = poll(&wanted, 1, LOOK_UP_MS);
        if (ready > 0)
            n = read(in->fd, out, len);
        else if (ready == 0)
            errno = EINTR;
    }
    if (unwanted(in))
        return 0;
    if (n > 0)
        in->read += (uint64_t)n;
    else if (n < 0)
        in->failed = errno;
    return n;
}

/* Unpacks what there is before it reads more: a pipe may have no more to give for a while. */
static ssize_t read_unpacked(input *in, uint8_t *out, size_t room)
{
    buffer *packed = in->packed;
    for (;;) {
        const uint8_t *at = packed->bytes + packed->begin;
        size_t len = packed->end - packed->begin;
        size_t made = unpack_some(in->unpacker, &at, &len, out, room);
        packed->begin = packed->end - len;
        if (made > 0)
            return (ssize_t)made;
        if (unpack_error(in->unpacker))
            return 0;
        ssize_t n = read_on(in, packed->bytes, READ_SIZE);
        if (n == 0 && !unwanted(in))
            unpack_finish(in->unpacker);
        if (n <= 0)
            return n;
        packed->begin = 0;
        packed->end = (size_t)n;
    }
}

static ssize_t read_plain(input *in, uint8_t *out, size_t room)
{
    return in->unpacker ? read_unpacked(in, out, room) : read_on(in, out, room);
}

static ssize_t input_read(void *cookie, char *out, size_t len)
{
    input *in = cookie;
    buffer *plain = &in->plain;
    if (plain->begin == plain->end) /* what was read before the stream was there is used up */
        return read_plain(in, (uint8_t *)out, len);
    size_t n = MIN(len, plain->end - plain->begin);
    memcpy(out, plain->bytes + plain->begin, n);
    plain->begin += n;
    return (ssize_t)n;
}

void input_free(input *in)
{
    if (!in)
        return;
    close(in->fd);
    unpack_free(in->unpacker);
    g_free(in->packed);
    g_free(in);
}

/* Read until `len` bytes are there; no further, since a pipe may have no more to give for a while.
 * False when there are not so many. */
static bool fill(input *in, size_t len)
{
    buffer *plain = &in->plain;
    memmove(plain->bytes, plain->bytes + plain->begin, input_left(in));
    plain->end -= plain->begin;
    plain->begin = 0;
    while (plain->end < len) {
        size_t room = MIN(BUFFER_SIZE - plain->end, READ_SIZE);
        ssize_t n = read_plain(in, plain->bytes + plain->end, room);
        if (n <= 0)
            return false;
        plain->end += (size_t)n;
    }
    return true;
}

size_t input_left(const input *in)
{
    return in->plain.end - in->plain.begin;
}

int input_failed(const input *in)
{
    return in->failed;
}

const uint8_t *input_take(input *in, size_t len)
{
    if (input_left(in) < len && !fill(in, len))
        return NULL;
    const uint8_t *at = in->plain.bytes + in->plain.begin;
    in->plain.begin += len;
    return at;
}

/* What was read is the beginning of something packed: it goes through the unpacker. */
static gboolean unpack(input *in, const unpack_kind *kind, const char *path, GError **error)
{
    in->unpacker = unpack_new(kind, input_name(path), error);
    if (!in->unpacker)
        return FALSE;
    in->packed = g_memdup2(&in->plain, sizeof in->plain);
    in->plain.begin = in->plain.end = 0;
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

/* What is in a pipe, nobody knows. */
static uint64_t size_of(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? (uint64_t)info.st_size : 0;
}

static input *refuse(int fd, GError **error, const char *path, const char *why)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s %s", input_name(path), why);
    close(fd);
    return NULL;
}

static input *fail(GError **error, const char *path, const char *what)
{
    int code = errno;
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(code), "cannot %s %s: %s", what,
                input_name(path), g_strerror(code));
    return NULL;
}

/* The stream does not own the input: what was wrong with it is asked for after its end. */
FILE *input_stream(input *in)
{
    cookie_io_functions_t functions = {.read = input_read};
    FILE *stream = fopencookie(in, "rb", functions);
    if (!stream)
        g_error("no memory for a stream"); /* as GLib ends where there is none */
    setvbuf(stream, in->streamed, _IOFBF, sizeof in->streamed);
    __fsetlocking(stream, FSETLOCKING_BYCALLER); /* nobody else reads from it */
    return stream;
}

input *input_open(const char *path, uint8_t magic[INPUT_MAGIC], size_t *magic_len, GError **error)
{
    int fd = open_descriptor(path);
    if (fd < 0)
        return fail(error, path, "open");
    const char *why_not = objection(fd);
    if (why_not)
        return refuse(fd, error, path, why_not);

    input *in = g_new0(input, 1);
    in->fd = fd;
    in->total = size_of(fd);
    fill(in, INPUT_MAGIC);
    const unpack_kind *kind = unpack_recognise(in->plain.bytes, in->plain.end);
    if (kind) {
        if (!unpack(in, kind, path, error)) {
            input_free(in);
            return NULL;
        }
        fill(in, INPUT_MAGIC);
    }
    if (in->failed) {
        errno = in->failed;
        fail(error, path, "read");
        input_free(in);
        return NULL;
    }
    *magic_len = MIN(in->plain.end, INPUT_MAGIC);
    memcpy(magic, in->plain.bytes, *magic_len);
    return in;
}

uint64_t input_progress(const input *in, uint64_t *total)
{
    *total = in->total;
    return in->read;
}

const char *input_error(const input *in)
{
    return in->unpacker ? unpack_error(in->unpacker) : NULL;
}
