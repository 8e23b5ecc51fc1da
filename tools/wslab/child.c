#include "child.h"

#include "lab.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 1000 };

/* What the child needs between fork and exec. */
typedef struct place {
    int output;
    pid_t parent;
} place;

/* In the child. Only calls that are safe there. */
static void prepare(gpointer data)
{
    const place *p = data;
    setpgid(0, 0);
    signal(SIGTTOU, SIG_IGN); /* it writes to the terminal, whatever stty tostop says of others */
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* it ends what it has started first */
    if (getppid() != p->parent)       /* it went before we asked to be told */
        _exit(1);
    if (p->output >= 0 &&
        (dup2(p->output, STDOUT_FILENO) < 0 || dup2(p->output, STDERR_FILENO) < 0))
        _exit(1);
}

pid_t child_start(const char *const *words, const char *state, int output, GError **error)
{
    g_auto(GStrv) environment = g_get_environ();
    if (state)
        environment = g_environ_setenv(environment, "WSLAB_STATE", state, TRUE);
    place p = {output, getpid()};
    GError *cause = NULL;
    GPid pid = -1;
    if (!g_spawn_async(NULL, (char **)words, environment, G_SPAWN_DO_NOT_REAP_CHILD, prepare, &p,
                       &pid, &cause)) {
        lab_wrong(error, LAB_CANNOT, "cannot start %s: %s", words[0], cause->message);
        g_clear_error(&cause);
        return -1;
    }
    setpgid(pid, pid); /* here too: it may not have come to it when child_end is called */
    return pid;
}

static int exit_status(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

gboolean child_ended(pid_t pid, int *status)
{
    int raw = 0;
    if (waitpid(pid, &raw, WNOHANG) != pid)
        return FALSE;
    *status = exit_status(raw);
    return TRUE;
}

void child_end(pid_t pid)
{
    siginfo_t ended = {0};
    kill(-pid, SIGTERM);
    for (int i = 0; i < PATIENCE_MS && ended.si_pid == 0; i++) {
        g_usleep(1000);
        waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOHANG | WNOWAIT);
    }
    kill(-pid, SIGKILL); /* of its group, who stays */
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}
