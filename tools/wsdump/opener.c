/* Descriptors travel through a pair of sockets: see unix(7), SCM_RIGHTS. See opener.h. */
#include "opener.h"

#include "privileges.h"
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct opener {
    int socket;
    pid_t process;
};

/* What is asked for: as much of it as the path needs. */
typedef struct request {
    bool overwrite;
    char path[PATH_MAX];
} request;

/* One integer, an errno or 0, with room for a descriptor beside it. */
typedef struct answer {
    int error;
    struct iovec bytes;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    struct msghdr message;
} answer;

static void answer_init(answer *a)
{
    memset(a, 0, sizeof *a);
    a->bytes = (struct iovec){&a->error, sizeof a->error};
    a->message.msg_iov = &a->bytes;
    a->message.msg_iovlen = 1;
    a->message.msg_control = a->control;
    a->message.msg_controllen = sizeof a->control;
}

/* ---- The process ----------------------------------------------------------------------------- */

typedef struct server {
    int socket;
    const opener_options *options;
    struct stat standard_input;
} server;

static bool may_be_named(const char *path, const char *const *endings)
{
    for (size_t i = 0; endings[i]; i++)
        if (g_str_has_suffix(path, endings[i]))
            return true;
    return false;
}

static bool is_busy(const server *s, const struct stat *file)
{
    for (size_t i = 0; i < G_N_ELEMENTS(s->options->busy); i++) {
        const char *path = s->options->busy[i];
        struct stat other = s->standard_input;
        if (!path || (strcmp(path, "-") != 0 && stat(path, &other) != 0))
            continue;
        if (other.st_dev == file->st_dev && other.st_ino == file->st_ino)
            return true;
    }
    return false;
}

/* Not what is there is emptied, but what was looked at. */
static int make_empty(const server *s, int fd)
{
    struct stat file;
    if (fstat(fd, &file) != 0)
        return errno;
    if (is_busy(s, &file))
        return EBUSY;
    return ftruncate(fd, 0) == 0 ? 0 : errno; /* EINVAL where it is no regular file */
}

static int open_there(const server *s, const char *path, int *error)
{
    /* O_NONBLOCK: a named pipe that nobody reads would be waited for */
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
    *error = fd < 0 ? errno : make_empty(s, fd);
    if (*error == ENXIO || *error == EISDIR || *error == ELOOP)
        *error = EINVAL;
    if (*error == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static int open_asked(const server *s, const request *r, int *error)
{
    if (!may_be_named(r->path, s->options->endings)) {
        *error = EPERM;
        return -1;
    }
    int fd = open(r->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    *error = fd < 0 ? errno : 0;
    return *error == EEXIST && r->overwrite ? open_there(s, r->path, error) : fd;
}

static void hand_over(const server *s, const request *r)
{
    answer a;
    answer_init(&a);
    int fd = open_asked(s, r, &a.error);
    if (fd >= 0) {
        struct cmsghdr *head = CMSG_FIRSTHDR(&a.message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(head), &fd, sizeof fd);
    } else {
        a.message.msg_controllen = 0;
    }
    sendmsg(s->socket, &a.message, MSG_NOSIGNAL);
    if (fd >= 0)
        close(fd);
}

/* Its own end: when nobody is left at the other one. Until then signals are the other's matter. */
static void serve(const server *s)
{
    static request r;
    ssize_t len;
    while ((len = read(s->socket, &r, sizeof r)) > 0) {
        if ((size_t)len > offsetof(request, path) && ((const char *)&r)[len - 1] == '\0')
            hand_over(s, &r);
        else
            break;
    }
}

static void ignore_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGTSTP};
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
        signal(signals[i], SIG_IGN);
}

/* It has nothing to say, and keeps no terminal or pipe open. */
static void let_go_of_standard_streams(void)
{
    int nothing = open("/dev/null", O_RDWR);
    for (int fd = STDIN_FILENO; nothing >= 0 && fd <= STDERR_FILENO; fd++)
        dup2(nothing, fd);
    if (nothing > STDERR_FILENO)
        close(nothing);
}

static void run(int socket, const opener_options *options)
{
    server s = {.socket = socket, .options = options};
    if (fstat(STDIN_FILENO, &s.standard_input) != 0)
        s.standard_input = (struct stat){0};
    ignore_signals();
    let_go_of_standard_streams();
    if (!privileges_become_caller(NULL))
        _exit(1);
    sandbox_enter_opener(NULL); /* without it less safe, as the other side */
    serve(&s);
    _exit(0);
}

/* ---- The other side -------------------------------------------------------------------------- */

opener *opener_start(const opener_options *options, GError **error)
{
    int ends[2];
    pid_t process = -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0) {
        process = fork();
        if (process == 0) {
            close(ends[0]);
            run(ends[1], options);
        }
        int code = errno;
        close(ends[1]);
        if (process < 0)
            close(ends[0]);
        errno = code;
    }
    if (process < 0) {
        g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno),
                    "cannot start the process that opens files: %s", g_strerror(errno));
        return NULL;
    }
    opener *o = g_new(opener, 1);
    *o = (opener){ends[0], process};
    return o;
}

/* -1 when the message brought none. */
static int take_descriptor(const answer *a)
{
    int fd = -1;
    const struct cmsghdr *head = CMSG_FIRSTHDR(&a->message);
    if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(head), sizeof fd);
    return fd;
}

static int ask(const opener *o, const request *r, int *error)
{
    size_t len = offsetof(request, path) + strlen(r->path) + 1;
    answer a;
    answer_init(&a);
    *error = EPIPE;
    if (write(o->socket, r, len) != (ssize_t)len)
        return -1;
    ssize_t got;
    do
        got = recvmsg(o->socket, &a.message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof a.error)
        return -1;
    *error = a.error;
    return take_descriptor(&a);
}

int opener_open(opener *o, const char *path, bool overwrite)
{
    request r = {.overwrite = overwrite};
    int error = ENAMETOOLONG;
    int fd = -1;
    if (g_strlcpy(r.path, path, sizeof r.path) < sizeof r.path)
        fd = ask(o, &r, &error);
    errno = error;
    return fd;
}

void opener_stop(opener *o)
{
    if (!o)
        return;
    close(o->socket);
    waitpid(o->process, NULL, 0); /* behind the filter init does that */
    g_free(o);
}
