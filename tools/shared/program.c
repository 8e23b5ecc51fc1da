#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Start ---- */

/* What the child needs, made before the fork: behind it only async-signal-safe calls are allowed
 * where another thread may have held a lock. */
typedef struct start {
    const char *const *argv;
    char **environment;
    int in, out, err, failed; /* the child's ends */
    struct rlimit files;
    pid_t parent;
} start;

static _Noreturn void become(const start *s)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != s->parent) /* it died before prctl */
        _exit(127);
    /* Ignored where it is not allowed: only ThreadSanitizer on some kernels needs it. */
    const int now = personality(0xffffffff);
    if (now != -1)
        personality((unsigned long)now | ADDR_NO_RANDOMIZE);
    /* Whatever this process was given open: it is not the program's, and would be counted as its.
     */
    close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC);
    setrlimit(RLIMIT_NOFILE, &s->files);
    if (dup2(s->in, 0) == 0 && dup2(s->out, 1) == 1 && dup2(s->err, 2) == 2)
        execve(s->argv[0], (char *const *)s->argv, s->environment);
    const int error = errno;
    if (write(s->failed, &error, sizeof error) < 0)
        _exit(126);
    _exit(127);
}

/* The options of a sanitizer: what is set already, then ours, which win. */
static char **with_options(char **environment, const char *name, const char *ours)
{
    const char *set = g_environ_getenv(environment, name);
    g_autofree char *all = g_strdup_printf("%s%s%s", set ? set : "", set ? ":" : "", ours);
    return g_environ_setenv(environment, name, all, TRUE);
}

static char **make_environment(void)
{
    char **e = g_get_environ();
    e = with_options(e, "TSAN_OPTIONS",
                     "exitcode=66:log_path=stderr:color=never:atexit_sleep_ms=0");
    e = with_options(e, "ASAN_OPTIONS", "exitcode=66:log_path=stderr:color=never");
    e = with_options(e, "UBSAN_OPTIONS", "exitcode=66:log_path=stderr:color=never");
    /* GLib before 2.76 keeps small pieces of memory for itself, and hands them from thread to
     * thread under locks that no sanitizer sees. */
    return g_environ_setenv(e, "G_SLICE", "always-malloc", TRUE);
}

/* What our own limit was before we raised it: the child's, where the case sets none. */
static const struct rlimit *first_limit(void)
{
    static struct rlimit ours;
    if (ours.rlim_max == 0)
        getrlimit(RLIMIT_NOFILE, &ours);
    return &ours;
}

void program_raise_our_limit(void)
{
    struct rlimit limit = *first_limit();
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static struct rlimit limit_of_child(unsigned descriptors)
{
    if (!descriptors)
        return *first_limit();
    return (struct rlimit){.rlim_cur = descriptors, .rlim_max = descriptors};
}

/* A file in memory with this content, to be read from its beginning. */
static int make_input(const GByteArray *input)
{
    if (!input)
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    int fd = memfd_create("input", MFD_CLOEXEC);
    if (fd >= 0 && (write(fd, input->data, input->len) != (ssize_t)input->len ||
                    lseek(fd, 0, SEEK_SET) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* The two ends of its stdin: [0] is the child's; [1] is ours where it is to be typed, else -1. */
static bool open_input(const program_setup *setup, int in[2])
{
    if (setup->typed)
        return pipe2(in, O_CLOEXEC) == 0;
    in[0] = make_input(setup->input);
    return in[0] >= 0;
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

/* The group of the program that runs, for a handler; 0 = none. */
static volatile sig_atomic_t group;

static void end_group(int number)
{
    if (group > 0)
        kill(-group, SIGKILL);
    raise(number); /* SA_RESETHAND: this time it ends us */
}

void program_ends_with_us(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    const struct sigaction ours = {.sa_handler = end_group, .sa_flags = (int)SA_RESETHAND};
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        struct sigaction before;
        sigaction(numbers[i], NULL, &before);
        if (before.sa_handler != SIG_IGN)
            sigaction(numbers[i], &ours, NULL);
    }
}

static bool fork_it(program *p, const start *s, int failed)
{
    p->pid = fork();
    if (p->pid == 0)
        become(s);
    close_all((const int[]){s->in, s->out, s->err, s->failed}, 4);
    if (p->pid < 0) {
        p->pid = 0;
        return false;
    }
    setpgid(p->pid, p->pid); /* whoever comes first */
    group = p->pid;
    int error = 0;
    ssize_t n;
    do { /* the end of the pipe: execve has closed it */
        n = read(failed, &error, sizeof error);
    } while (n < 0 && errno == EINTR);
    if (n == (ssize_t)sizeof error)
        errno = error;
    return n == 0;
}

bool program_start(program *p, const program_setup *setup, GError **error)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1}, failed[2] = {-1, -1};
    *p = (program){.in = -1,
                   .out = -1,
                   .err = -1,
                   .typed = g_byte_array_new(),
                   .output = g_string_new(NULL),
                   .log = g_string_new(NULL)};
    if (!open_input(setup, in) || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0 ||
        pipe2(failed, O_CLOEXEC) != 0) {
        g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FORK, "no descriptors for a program: %s",
                    g_strerror(errno));
        close_all((const int[]){in[0], in[1], out[0], out[1], err[0], err[1], failed[0], failed[1]},
                  8);
        return false;
    }
    g_auto(GStrv) environment = make_environment();
    const start s = {.argv = setup->argv,
                     .environment = environment,
                     .in = in[0],
                     .out = out[1],
                     .err = err[1],
                     .failed = failed[1],
                     .files = limit_of_child(setup->descriptors),
                     .parent = getpid()};
    p->in = in[1];
    p->out = out[0];
    p->err = err[0];
    if (p->in >= 0)
        fcntl(p->in, F_SETFL, O_NONBLOCK);
    fcntl(p->out, F_SETFL, O_NONBLOCK);
    fcntl(p->err, F_SETFL, O_NONBLOCK);
    bool ok = fork_it(p, &s, failed[0]);
    if (!ok)
        g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED, "cannot start %s: %s",
                    setup->argv[0], g_strerror(errno));
    close(failed[0]);
    return ok;
}

/* ---- What it writes ---- */

static void keep_output(GString *text, const char *bytes, size_t len)
{
    const size_t room = PROGRAM_OUTPUT_MAX - MIN(text->len, PROGRAM_OUTPUT_MAX);
    g_string_append_len(text, bytes, (gssize)MIN(len, room));
}

static void keep_log(GString *text, const char *bytes, size_t len)
{
    g_string_append_len(text, bytes, (gssize)len);
    if (text->len > PROGRAM_LOG_MAX) { /* whole lines go, the oldest first */
        const char *cut = memchr(text->str + text->len - PROGRAM_LOG_MAX, '\n', PROGRAM_LOG_MAX);
        g_string_erase(text, 0, cut ? cut + 1 - text->str : (gssize)text->len - PROGRAM_LOG_MAX);
    }
}

static void read_pipe(int *fd, GString *text, void (*keep)(GString *, const char *, size_t))
{
    char bytes[16384];
    while (*fd >= 0) {
        ssize_t n = read(*fd, bytes, sizeof bytes);
        if (n > 0) {
            keep(text, bytes, (size_t)n);
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            close(*fd);
            *fd = -1;
        } else if (errno == EAGAIN) {
            return;
        }
    }
}

void program_read(program *p)
{
    read_pipe(&p->out, p->output, keep_output);
    read_pipe(&p->err, p->log, keep_log);
}

char *program_listening(program *p)
{
    static const char begin[] = "listening on 127.0.0.1:";
    const char *end = memchr(p->output->str, '\n', p->output->len);
    if (!end)
        return NULL;
    g_autofree char *line = g_strndup(p->output->str, (gsize)(end - p->output->str));
    guint64 port = 0;
    if (g_str_has_prefix(line, begin) &&
        g_ascii_string_to_unsigned(line + strlen(begin), 10, 1, 65535, &port, NULL)) {
        p->port = (unsigned)port;
        return NULL;
    }
    return g_utf8_make_valid(line, -1);
}

static const char *find_report(const program *p)
{
    static const char *const marks[] = {"WARNING: ThreadSanitizer", "FATAL: ThreadSanitizer",
                                        "ERROR: AddressSanitizer", "ERROR: LeakSanitizer",
                                        "runtime error: "};
    const char *found = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(marks) && !found; i++)
        found = strstr(p->log->str, marks[i]);
    return found;
}

char *program_sanitizer_report(const program *p)
{
    const char *found = find_report(p), *end = found ? strpbrk(found, "\n(") : NULL;
    if (!found)
        return NULL;
    const char *text = strstr(found, "Sanitizer: ") ? strchr(found, ' ') + 1 : found;
    if (g_str_has_prefix(found, "runtime error: "))
        text = found;
    return g_strchomp(end ? g_strndup(text, (gsize)(end - text)) : g_strdup(text));
}

GPtrArray *program_report_lines(const program *p, unsigned count)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
    const char *found = find_report(p);
    while (found && found > p->log->str && found[-1] != '\n')
        found--; /* the file and line before "runtime error" */
    g_autofree char *text = g_utf8_make_valid(found ? found : "", -1);
    g_auto(GStrv) lines = g_strsplit(text, "\n", (gint)count + 1);
    for (guint i = 0; i < count && lines[i]; i++)
        g_ptr_array_add(all, g_strdup(lines[i]));
    return all;
}

GPtrArray *program_last_lines(const program *p, unsigned count)
{
    GPtrArray *last = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = g_strchomp(g_utf8_make_valid(p->log->str, (gssize)p->log->len));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    const guint total = g_strv_length(lines);
    for (guint i = total > count ? total - count : 0; i < total; i++)
        g_ptr_array_add(last, g_strdup(lines[i]));
    return last;
}

/* ---- What it reads ---- */

static void end_input(program *p)
{
    close_all(&p->in, 1);
    p->in = -1;
    g_byte_array_set_size(p->typed, 0);
}

/* write() to a pipe that nobody reads would end this process. */
static ssize_t write_quietly(int fd, const void *bytes, size_t len)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction before;
    sigaction(SIGPIPE, &ignore, &before);
    const ssize_t n = write(fd, bytes, len);
    const int error = errno;
    sigaction(SIGPIPE, &before, NULL);
    errno = error;
    return n;
}

void program_write(program *p)
{
    while (p->in >= 0 && p->typed->len > 0) {
        const ssize_t n = write_quietly(p->in, p->typed->data, p->typed->len);
        if (n > 0)
            g_byte_array_remove_range(p->typed, 0, (guint)n);
        else if (n < 0 && errno == EAGAIN)
            return;
        else if (n < 0 && errno != EINTR)
            end_input(p);
    }
    if (p->in >= 0 && p->typed_end)
        end_input(p);
}

void program_type(program *p, const void *bytes, size_t len)
{
    if (p->in < 0 || p->typed_end)
        return;
    g_byte_array_append(p->typed, bytes, (guint)len);
    program_write(p);
}

void program_type_end(program *p)
{
    p->typed_end = true;
    program_write(p);
}

/* ---- How it is, how it ends ---- */

bool program_has_ended(program *p)
{
    if (p->pid > 0 && waitpid(p->pid, &p->status, WNOHANG) == p->pid) {
        p->ended = true;
        /* Its group may have more members: they go too. */
        kill(-p->pid, SIGKILL);
        p->pid = group = 0;
    }
    return p->ended;
}

void program_signal(const program *p, int signal)
{
    if (p->pid > 0)
        kill(p->pid, signal);
}

void program_end(program *p)
{
    if (p->pid > 0) {
        kill(-p->pid, SIGKILL);
        kill(p->pid, SIGKILL);
        while (waitpid(p->pid, &p->status, 0) < 0 && errno == EINTR)
            ;
        p->ended = true;
        p->pid = group = 0;
    }
    close_all((const int[]){p->in, p->out, p->err}, 3);
    p->in = p->out = p->err = -1;
    if (p->typed)
        g_byte_array_unref(p->typed);
    if (p->output)
        g_string_free(p->output, TRUE);
    if (p->log)
        g_string_free(p->log, TRUE);
    p->output = p->log = NULL;
    p->typed = NULL;
}

bool program_crashed(const program *p)
{
    static const int crashes[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGTRAP};
    for (size_t i = 0; i < G_N_ELEMENTS(crashes); i++)
        if (p->ended && WIFSIGNALED(p->status) && WTERMSIG(p->status) == crashes[i])
            return true;
    return false;
}

char *program_how_it_ended(const program *p)
{
    if (!p->ended)
        return g_strdup("the program is still running");
    if (WIFEXITED(p->status))
        return g_strdup_printf("the program ended with status %d", WEXITSTATUS(p->status));
    const int signal = WTERMSIG(p->status);
    return g_strdup_printf(program_crashed(p) ? "the program crashed: SIG%s (%s)"
                                              : "the program was ended by SIG%s (%s)",
                           sigabbrev_np(signal), strsignal(signal));
}

/* ---- /proc ---- */

static GDir *open_proc(const program *p, const char *folder)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)p->pid, folder);
    return p->pid > 0 ? g_dir_open(path, 0, NULL) : NULL;
}

static unsigned count_proc(const program *p, const char *folder)
{
    GDir *dir = open_proc(p, folder);
    unsigned count = 0;
    if (dir) {
        while (g_dir_read_name(dir))
            count++;
        g_dir_close(dir);
    }
    return count;
}

unsigned program_descriptors(const program *p)
{
    return count_proc(p, "fd");
}

unsigned program_threads(const program *p)
{
    return count_proc(p, "task");
}

GPtrArray *program_descriptor_kinds(const program *p)
{
    GPtrArray *kinds = g_ptr_array_new_with_free_func(g_free);
    GDir *dir = open_proc(p, "fd");
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_strdup_printf("/proc/%d/fd/%s", (int)p->pid, name);
        char *target = g_file_read_link(path, NULL);
        if (target) {
            if (strstr(target, ":[")) /* "socket:[1234]" */
                *strchr(target, ':') = '\0';
            g_ptr_array_add(kinds, target);
        }
    }
    if (dir)
        g_dir_close(dir);
    return kinds;
}

/* The fields of a stat file behind the command's name: state, ... utime and stime are 11 and 12
 * further. */
static bool read_stat(const char *path, char *state, uint64_t *ticks)
{
    char text[1024];
    FILE *file = fopen(path, "re");
    size_t len = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[len] = '\0';
    const char *at = strrchr(text, ')');
    if (!at || strlen(at) < 4)
        return false;
    *state = at[2];
    g_auto(GStrv) fields = g_strsplit(at + 2, " ", 14);
    if (g_strv_length(fields) < 13)
        return false;
    *ticks = g_ascii_strtoull(fields[11], NULL, 10) + g_ascii_strtoull(fields[12], NULL, 10);
    return true;
}

uint64_t program_ticks(const program *p, bool *waiting)
{
    uint64_t all = 0;
    GDir *dir = open_proc(p, "task");
    *waiting = true;
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_strdup_printf("/proc/%d/task/%s/stat", (int)p->pid, name);
        uint64_t ticks = 0;
        char state = 'S';
        if (read_stat(path, &state, &ticks))
            all += ticks;
        *waiting = *waiting && (state == 'S' || state == 'T');
    }
    if (dir)
        g_dir_close(dir);
    return all;
}
