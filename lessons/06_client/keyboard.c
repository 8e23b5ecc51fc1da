/* Given: who sits in front of the client, or stands before it in a pipe. Lines, and Ctrl+C. */
#include "06_client/client.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static int told;          /* signalfd: readable when a signal came while they were held */
static uint64_t ended_at; /* when stdin ended; 0 = it did not */

static void go(G_GNUC_UNUSED int number)
{
    _exit(0);
}

static sigset_t stops(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT), sigaddset(&set, SIGTERM);
    return set;
}

void keyboard_open(void)
{
    sigset_t set = stops();
    signal(SIGPIPE, SIG_IGN); /* a reader that is gone is an error of a write, not our end */
    signal(SIGINT, go), signal(SIGTERM, go);
    told = signalfd(-1, &set, SFD_CLOEXEC);
}

void keyboard_hold(bool hold)
{
    sigset_t set = stops();
    sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

struct pollfd keyboard_poll_signal(void)
{
    return (struct pollfd){.fd = told, .events = POLLIN};
}

void keyboard_told(void)
{
    struct signalfd_siginfo which;
    if (read(told, &which, sizeof which) > 0) {
        signal(SIGINT, SIG_DFL), signal(SIGTERM, SIG_DFL); /* the next one ends us as we are */
        keyboard_hold(false);
    }
}

struct pollfd keyboard_poll_input(bool wanted)
{
    return (struct pollfd){.fd = wanted && !ended_at ? STDIN_FILENO : -1, .events = POLLIN};
}

uint64_t keyboard_ended_at(void)
{
    return ended_at;
}

void keyboard_read(keyboard_take take, void *data)
{
    static GString *typed; /* a line that has no end yet */
    if (!typed)
        typed = g_string_new(NULL);
    char bytes[4096];
    ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
    for (ssize_t i = 0; i < n; i++) {
        if (bytes[i] != '\n') {
            if (typed->len <= TYPED_MAX) /* of one that is too long the end is not kept */
                g_string_append_c(typed, bytes[i]);
            continue;
        }
        take(data, typed);
        g_string_truncate(typed, 0);
    }
    if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
        return;
    if (typed->len > 0)
        take(data, typed);
    ended_at = now_ms();
}
