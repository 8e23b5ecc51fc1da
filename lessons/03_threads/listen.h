/*
 * Given to the programs of this lesson, so that they show their own subject: the command line, the
 * listening socket, and SIGTERM, which ends the listening. What is set here is set before the first
 * thread starts and never again: every thread may read it without a lock.
 */
#ifndef THREADS_LISTEN_H
#define THREADS_LISTEN_H

#include "common.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* --policy: what becomes of a message when the outbox is full. */
typedef enum outbox_policy {
    BLOCK,      /* who puts it in waits for room */
    DROP_NEW,   /* it is thrown away */
    DISCONNECT, /* the connection ends */
} outbox_policy;

static outbox_policy policy;
static int ping_ms;     /* --ping-ms */
static int send_buffer; /* --send-buffer: of each client's socket; 0 = the system's choice */
static int listener;

static gboolean policy_read(const char *option, const char *name, void *data, GError **error)
{
    static const char *const names[] = {"block", "drop-new", "disconnect"};
    (void)option, (void)data;
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_str_equal(name, names[i])) {
            policy = (outbox_policy)i;
            return TRUE;
        }
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "--policy takes block, drop-new or disconnect, not '%s'", name);
    return FALSE;
}

/* A handler may call very little; shutdown is allowed. next_client gives -1 from now on. */
static void stop(int number)
{
    (void)number;
    shutdown(listener, SHUT_RDWR);
}

/* Read the command line, listen, and let SIGTERM end that. */
static void start(int argc, char **argv)
{
    const GOptionEntry more[] = {
        {"policy", 0, 0, G_OPTION_ARG_CALLBACK, (void *)(intptr_t)policy_read,
         "When the outbox is full: block (default), drop-new, disconnect", "POLICY"},
        {"send-buffer", 0, 0, G_OPTION_ARG_INT, &send_buffer,
         "The socket's send buffer; 1 = as small as the system allows", "BYTES"},
        {0}};
    lesson_options o = lesson_options_read(argc, argv, LESSON_PING, more,
                                           "Echo WebSocket messages to many clients at once.");
    if (send_buffer < 0) {
        fprintf(stderr, "%s: --send-buffer takes 0 or more; --help lists the options\n",
                g_get_prgname());
        exit(2);
    }
    ping_ms = o.ping_ms ? o.ping_ms : INT_MAX; /* 0 = never, or nearly so: in 24 days */

    /* A SIGTERM that comes while there is no listener yet waits until there is one. */
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    signal(SIGTERM, stop);
    listener = lesson_listen(&o);
    sigprocmask(SIG_UNBLOCK, &term, NULL);
}

/* The next client's socket; -1 when the server is to stop. */
static int next_client(void)
{
    int fd = lesson_accept(listener);
    if (fd >= 0 && send_buffer > 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
    return fd;
}

#endif
