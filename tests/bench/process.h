/* A process seen from outside: what it has used, and what it may use. */
#ifndef WSKIT_PROCESS_H
#define WSKIT_PROCESS_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/* Seconds of CPU time, user and system, of all its threads, those that have ended too. */
double process_cpu(pid_t pid);

/* A line of /proc/PID/status as a number: "VmRSS" in KiB, "Threads". 0 when it is not there. */
long process_status(pid_t pid, const char *name);

/* Descriptors that it has open; 0 when that cannot be seen. */
int process_descriptors(pid_t pid);

/* May it have so many descriptors and threads more? NULL, or what forbids it (g_free). */
char *process_lacks(pid_t pid, long descriptors, long threads);

#endif
