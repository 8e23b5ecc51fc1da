/*
 * Given to the programs of this lesson, so that they show their own subject: the command line, the
 * ends that a connection can have, and what the process weighs.
 */
#ifndef SHUTDOWN_SERVER_H
#define SHUTDOWN_SERVER_H

#include "common.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib-unix.h>

/* How a connection can end, with the word for it in log, statistics and Close, and the code of the
 * Close that we send: 0 = what the decoder says, NO_CLOSE = none is sent. */
enum { GOING_AWAY = 1001, NO_CODE = 1005, NO_CLOSE = 1006 }; /* RFC 6455 7.4.1 */
typedef enum end {
    OPEN,
    CLIENT,  /* the client sent a Close */
    RULE,    /* the client broke a rule of the protocol, or a limit */
    IDLE,    /* it said nothing for --read-ms */
    STUCK,   /* it took nothing for --write-ms */
    LOST,    /* TCP ended without a Close */
    STOPPED, /* this server stops */
    FORCED,  /* this server stops, and could not wait any longer */
    REFUSED, /* there was no sound handshake */
    ENDS,
} end;
static const struct {
    const char *word;
    uint16_t code;
} ends[ENDS] = {
    [CLIENT] = {"client", 0},        [RULE] = {"rule", 0},
    [IDLE] = {"idle", GOING_AWAY},   [STUCK] = {"stuck", NO_CLOSE},
    [LOST] = {"lost", NO_CLOSE},     [STOPPED] = {"shutdown", GOING_AWAY},
    [FORCED] = {"forced", NO_CLOSE}, [REFUSED] = {"refused", NO_CLOSE},
};

static const wsp_conn_options decoder_rules = {.role = WSP_SERVER, .message.max_message = 1 << 20};
static lesson_options options;
static int listener;

/* Read the command line and listen. */
static void start(int argc, char **argv)
{
    int send_buffer = 0;
    const GOptionEntry more[] = {{"send-buffer", 0, 0, G_OPTION_ARG_INT, &send_buffer,
                                  "The socket's send buffer; 1 = as small as the system allows",
                                  "BYTES"},
                                 {0}};
    options = lesson_options_read(argc, argv, LESSON_PING | LESSON_READ | LESSON_WRITE, more,
                                  "Echo WebSocket messages; SIGTERM stops it in good order.");
    if (options.ping_ms == 0)
        options.ping_ms = INT_MAX; /* 0 = never, or nearly so: in 24 days */
    if (options.read_ms == 0)
        options.read_ms = INT_MAX;
    listener = lesson_listen(&options);
    if (send_buffer > 0) /* accepted sockets inherit it */
        setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
}

/* How long a receive and a send may wait without one byte: then they fail with EAGAIN. */
static void set_limits(int fd)
{
    struct timeval in = {options.read_ms / 1000, options.read_ms % 1000 * 1000L};
    struct timeval out = {options.write_ms / 1000, options.write_ms % 1000 * 1000L};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &in, sizeof in);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &out, sizeof out);
}

/* Signals are main's. A thread that is made while they are blocked does not get them, nor do those
 * that it makes. */
static GThread *thread_without_signals(const char *name, GThreadFunc function)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    GThread *thread = g_thread_new(name, function, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return thread;
}

/* Closing the socket will throw away what is not sent yet, with a reset. */
static void drop_unsent(int fd)
{
    struct linger none = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

/* A number of /proc/self/status. */
static unsigned long process_status(const char *name)
{
    g_autofree char *text = NULL;
    const char *line = NULL;
    if (g_file_get_contents("/proc/self/status", &text, NULL, NULL))
        line = strstr(text, name);
    return line ? strtoul(line + strlen(name), NULL, 10) : 0;
}

/* One line: how many connections there are, were, and how they ended; what the process weighs. */
static void log_stats(unsigned active, unsigned opened, int messages, const unsigned ended[ENDS])
{
    g_autoptr(GString) by = g_string_new(NULL);
    for (int i = CLIENT; i < ENDS; i++)
        g_string_append_printf(by, " %s %u", ends[i].word, ended[i]);
    lesson_log(0, "stats: active %u, opened %u, messages %d, threads %lu, memory %lu KiB; ended:%s",
               active, opened, messages, process_status("Threads:"), process_status("VmRSS:"),
               by->str);
}

#endif
