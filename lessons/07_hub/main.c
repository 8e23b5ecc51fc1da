/*
 * The chat service: a door, a hub, two writers. Main has the signals, and a thread of its own
 * accepts new clients.
 */
#include "07_hub/chat.h"

#include <signal.h>
#include <sys/socket.h>

#include <glib-unix.h>

static int listener;
static GMainLoop *loop;

static void *keeper(void *unused)
{
    unsigned number = 0;
    for (int fd; (fd = lesson_accept(listener)) >= 0;)
        conn_start(fd, ++number);
    hub_tell(LAST, NULL, NULL);
    return unused;
}

static gboolean on_stop(G_GNUC_UNUSED void *unused)
{
    shutdown(listener, SHUT_RDWR); /* nobody new: lesson_accept gives -1 from now on */
    hub_tell(STOP, NULL, NULL);
    return G_SOURCE_CONTINUE;
}

static gboolean on_stats(G_GNUC_UNUSED void *unused)
{
    hub_tell(STATS, NULL, NULL);
    return G_SOURCE_CONTINUE;
}

static void *hub_thread(void *unused)
{
    hub_run();
    g_main_loop_quit(loop);
    return unused;
}

int chat_run(int argc, char **argv, const chat_rules *which)
{
    rules = *which;
    loop = g_main_loop_new(NULL, FALSE);
    g_unix_signal_add(SIGTERM, on_stop, NULL);
    g_unix_signal_add(SIGINT, on_stop, NULL);
    g_unix_signal_add(SIGUSR1, on_stats, NULL);
    chat_read_options(argc, argv);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before); /* signals are main's: threads inherit this */
    hub_init();
    listener = lesson_listen(&options);
    chat_listening(listener);
    writers_start();
    GThread *hub = g_thread_new("hub", hub_thread, NULL),
            *keep = g_thread_new("keeper", keeper, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    g_main_loop_run(loop);
    g_thread_join(hub), g_thread_join(keep);
    hub_clear();
    writers_stop();
    return 0;
}
