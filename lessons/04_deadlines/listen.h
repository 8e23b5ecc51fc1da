/*
 * Given to the programs of this lesson, so that they show their own subject: the command line, the
 * listening socket, and SIGTERM, which ends the listening. What is set here is set before the first
 * thread starts and never again: every thread may read it without a lock.
 */
#ifndef DEADLINES_LISTEN_H
#define DEADLINES_LISTEN_H

#include "common.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* "Idle" has three meanings: no byte came, no message went out, no ping of ours was answered. */
enum { INPUT, OUTPUT, HEARTBEAT, MEANINGS };
static const char *const idle_ends[MEANINGS] = {"no input", "no output", "no heartbeat"};

static lesson_options options;
static int idle; /* the meaning that ends a connection */
static int listener;

static gboolean idle_read(const char *option, const char *word, void *data, GError **error)
{
    (void)option, (void)data;
    for (idle = 0; idle < MEANINGS; idle++)
        if (g_str_equal(word, idle_ends[idle] + strlen("no ")))
            return TRUE;
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "--idle takes input, output or heartbeat, not '%s'", word);
    return FALSE;
}

/* A handler may call very little; shutdown is allowed. lesson_accept gives -1 from now on. */
static void stop(int number)
{
    (void)number;
    shutdown(listener, SHUT_RDWR);
}

/* Read the command line, listen, and let SIGTERM end that. */
static void start(int argc, char **argv)
{
    const GOptionEntry more[] = {{"idle", 0, 0, G_OPTION_ARG_CALLBACK, (void *)(intptr_t)idle_read,
                                  "What ends a connection: no input (default), output, heartbeat",
                                  "MEANING"},
                                 {0}};
    options = lesson_options_read(argc, argv, LESSON_PING | LESSON_READ | LESSON_WRITE, more,
                                  "Echo WebSocket messages; give up peers that are dead.");
    if (options.ping_ms == 0)
        options.ping_ms = INT_MAX; /* 0 = never, or nearly so: in 24 days */
    if (options.read_ms == 0)
        options.read_ms = INT_MAX;
    /* Who started us may send SIGTERM as soon as it reads our first line. */
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &term, NULL);
    signal(SIGTERM, stop);
    listener = lesson_listen(&options);
    pthread_sigmask(SIG_UNBLOCK, &term, NULL);
}

#endif
