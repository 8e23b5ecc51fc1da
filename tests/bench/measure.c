/*
 * measure PROGRAM ARGUMENTS...: runs a program, its output thrown away, and prints what it took:
 * seconds of CPU time (user and system), seconds on the clock, and peak memory in KiB.
 *
 * Why a program of its own: what a process had before exec counts as its peak memory, and a
 * Python interpreter that starts one has more than wsdump ever needs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void become(char **command)
{
    int nothing = open("/dev/null", O_RDWR);
    dup2(nothing, STDIN_FILENO);
    dup2(nothing, STDOUT_FILENO);
    execvp(command[0], command);
    fprintf(stderr, "measure: %s: %s\n", command[0], strerror(errno));
    _exit(127);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: measure PROGRAM ARGUMENTS...\n");
        return 2;
    }
    const double start = now();
    pid_t child = fork();
    if (child == 0)
        become(argv + 1);
    int status;
    struct rusage used;
    if (child < 0 || wait4(child, &status, 0, &used) != child) {
        perror("measure");
        return 1;
    }
    printf("%.6f %.6f %ld\n", seconds(used.ru_utime) + seconds(used.ru_stime), now() - start,
           used.ru_maxrss);
    return status != 0;
}
