#include "process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

double process_cpu(pid_t pid)
{
    clockid_t clock;
    struct timespec t;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
        return 0;
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The text of a file in /proc or /sys; empty when it is not there. */
static char *read_text(const char *format, ...) G_GNUC_PRINTF(1, 2);
static char *read_text(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *path = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    char *text;
    return g_file_get_contents(path, &text, NULL, NULL) ? text : g_strdup("");
}

long process_status(pid_t pid, const char *name)
{
    g_autofree char *text = read_text("/proc/%d/status", (int)pid);
    g_autofree char *line = g_strdup_printf("\n%s:", name);
    const char *found = strstr(text, line);
    return found ? strtol(found + strlen(line), NULL, 10) : 0;
}

int process_descriptors(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/fd", (int)pid);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    int count = 0;
    while (folder && g_dir_read_name(folder))
        count++;
    return count;
}

/* A number in a file; LONG_MAX where it says "max" or nothing. */
static long read_limit(const char *path)
{
    g_autofree char *text = read_text("%s", path);
    return g_ascii_isdigit(text[0]) ? strtol(text, NULL, 10) : G_MAXLONG;
}

/* Threads that the machine has now: "… running/all …". */
static long all_threads(void)
{
    g_autofree char *text = read_text("/proc/loadavg");
    const char *slash = strchr(text, '/');
    return slash ? strtol(slash + 1, NULL, 10) : 0;
}

/* The process's control group and all above it, in either version's place: the first whose
 * pids.max leaves no room for `threads` more. NULL when there is none. */
static char *group_lacks(pid_t pid, long threads)
{
    g_autofree char *text = read_text("/proc/%d/cgroup", (int)pid);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) parts = g_strsplit(*line, ":", 3); /* 0::/path, or 8:pids:/path */
        if (g_strv_length(parts) < 3 || (parts[1][0] && strcmp(parts[1], "pids") != 0))
            continue;
        g_autofree char *path = g_strdup(parts[2]);
        for (char *end = path + strlen(path); end; end = strrchr(path, '/')) {
            *end = '\0';
            g_autofree char *folder =
                g_strconcat("/sys/fs/cgroup", parts[1][0] ? "/pids" : "", path, NULL);
            g_autofree char *max = g_build_filename(folder, "pids.max", NULL);
            g_autofree char *current = g_build_filename(folder, "pids.current", NULL);
            long limit = read_limit(max), now = read_limit(current);
            if (limit < G_MAXLONG && now < G_MAXLONG && limit - now < threads)
                return g_strdup_printf("%s is %ld, %ld in use", max, limit, now);
        }
    }
    return NULL;
}

char *process_lacks(pid_t pid, long descriptors, long threads)
{
    struct rlimit files, processes;
    if (prlimit(pid, RLIMIT_NOFILE, NULL, &files) == 0 && (long)files.rlim_cur < descriptors)
        return g_strdup_printf("process %d may have %ld descriptors (RLIMIT_NOFILE)", (int)pid,
                               (long)files.rlim_cur);
    if (threads == 0)
        return NULL;
    if (process_status(pid, "Uid") != 0 && prlimit(pid, RLIMIT_NPROC, NULL, &processes) == 0 &&
        processes.rlim_cur != RLIM_INFINITY && (long)processes.rlim_cur < threads)
        return g_strdup_printf("process %d may have %ld threads (RLIMIT_NPROC)", (int)pid,
                               (long)processes.rlim_cur);
    const struct {
        const char *path;
        long needed;
    } rows[] = {
        {"/proc/sys/kernel/threads-max", all_threads() + threads},
        {"/proc/sys/kernel/pid_max", all_threads() + threads},
        /* a thread's stack and the guard page below it */
        {"/proc/sys/vm/max_map_count", 2 * threads + 1000},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        long limit = read_limit(rows[i].path);
        if (limit < rows[i].needed)
            return g_strdup_printf("%s is %ld, and %ld are needed", rows[i].path, limit,
                                   rows[i].needed);
    }
    return group_lacks(pid, threads);
}
