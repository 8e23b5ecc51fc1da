/*
 * wslab watch: the current lesson is checked each time that its exercise is saved. inotify tells of
 * saves; where it cannot be had, or does not see them (network file systems, containers), the files
 * are looked at instead. Either way the keys, and the commands to use by hand, are always there.
 */
#include "child.h"
#include "commands.h"
#include "paint.h"
#include "results.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include <glib-unix.h>

enum { POLL_MS = 500, SETTLE_MS = 100, CHILD_MS = 30, BAR_WIDTH = 30 };

static gboolean poll_files;

const GOptionEntry watch_options[] = {
    {"poll", 0, 0, G_OPTION_ARG_NONE, &poll_files,
     "Look at the files twice a second (where saves are not noticed)", NULL},
    G_OPTION_ENTRY_NULL};

typedef struct watch {
    lab *lab;
    const course_lesson *lesson;
    GMainLoop *loop;
    pid_t check;           /* the check that runs; 0 = none */
    int notify;            /* inotify; -1 = the files are looked at */
    guint64 stamp;         /* of the exercise when it was last checked */
    guint settling;        /* a save was noticed: what runs when the editor is done */
    struct termios before; /* of the terminal */
    GError **error;
} watch;

static gboolean is_dumb(void)
{
    const char *type = g_getenv("TERM");
    return !type || strcmp(type, "dumb") == 0;
}

/* ---- The screen --------------------------------------------------------------------------------
 */

/* The keys and the commands that do the same. */
static const struct {
    char key;
    const char *name, *what, *command; /* %s: the lesson's number */
} keys[] = {
    {'c', "Enter or c", "check now", "check %s"},
    {'h', "h", "hint", "hint %s"},
    {'n', "n", "next lesson", "check"},
    {'s', "s", "show in wsdump", "show %s.N"},
    {'l', "l", "list", "list"},
    {'q', "q", "quit", NULL},
};

static void print_keys(const watch *w)
{
    printf("\n%s", paint_strong());
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
        printf("%s%s: %s", i ? "  " : "", keys[i].name, keys[i].what);
    printf("%s\n%sby hand:", paint_end(), paint_faint());
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (!keys[i].command)
            continue;
        g_autoptr(GString) command = g_string_new(keys[i].command);
        g_string_replace(command, "%s", w->lesson->number, 0);
        lab_print(stdout, "%s wslab %s", i ? " |" : "", command->str);
    }
    g_autofree char *file = lab_exercise(w->lab, w->lesson);
    printf("%s\n%s %s\n", paint_end(), w->notify >= 0 ? "watching" : "looking twice a second at",
           lab_shown(w->lab, file));
    fflush(stdout);
}

static void print_top(const watch *w)
{
    g_autofree char *bar = lab_bar(w->lab, BAR_WIDTH);
    if (!is_dumb())
        printf("\033[H\033[2J\033[3J");
    printf("%s\n\n", bar);
    fflush(stdout);
}

/* ---- Checking ----------------------------------------------------------------------------------
 */

/* Of the file's content as it is now; 0 when it is missing (an editor may be replacing it). */
static guint64 stamp_of(const watch *w)
{
    g_autofree char *path = lab_exercise(w->lab, w->lesson);
    GStatBuf info;
    if (g_stat(path, &info) != 0)
        return 0;
    return ((guint64)info.st_mtim.tv_sec * 1000000007U + (guint64)info.st_mtim.tv_nsec) ^
           ((guint64)info.st_size << 40) ^ (guint64)info.st_ino;
}

/* The results are in progress.ini, which the check wrote. */
static gboolean read_progress(watch *w)
{
    progress_close(w->lab->progress);
    w->lab->progress = progress_open(w->lab->project.state, w->error);
    return w->lab->progress != NULL;
}

static gboolean look_after_check(gpointer data)
{
    watch *w = data;
    int status;
    if (w->check == 0 || !child_ended(w->check, &status))
        return w->check != 0;
    w->check = 0;
    if (!read_progress(w))
        g_main_loop_quit(w->loop);
    else
        print_keys(w);
    return FALSE;
}

static void begin_check(watch *w)
{
    gboolean was_running = w->check != 0;
    if (was_running)
        child_end(w->check);
    w->stamp = stamp_of(w);
    print_top(w);
    const char *words[] = {w->lab->project.self,
                           "check",
                           w->lesson->number,
                           "--color",
                           paint_has_colours() ? "always" : "never",
                           "--root",
                           w->lab->project.root,
                           NULL};
    pid_t started = child_start(words, w->lab->project.state, -1, w->error);
    w->check = started > 0 ? started : 0;
    if (w->check == 0)
        g_main_loop_quit(w->loop);
    else if (!was_running) /* otherwise it is looked after already */
        g_timeout_add(CHILD_MS, look_after_check, w);
}

/* ---- Saves -------------------------------------------------------------------------------------
 */

static gboolean when_settled(gpointer data)
{
    watch *w = data;
    w->settling = 0;
    guint64 stamp = stamp_of(w);
    if (stamp != 0 && stamp != w->stamp)
        begin_check(w);
    return FALSE;
}

/* Something in the folder changed. Editors write a file in several steps. */
static void noticed(watch *w)
{
    if (w->settling == 0)
        w->settling = g_timeout_add(SETTLE_MS, when_settled, w);
}

static gboolean on_notify(int fd, GIOCondition condition, gpointer data)
{
    (void)condition;
    char events[4096];
    while (read(fd, events, sizeof events) > 0)
        ;
    noticed(data);
    return TRUE;
}

static gboolean on_poll(gpointer data)
{
    watch *w = data;
    guint64 stamp = stamp_of(w);
    if (stamp != 0 && stamp != w->stamp)
        noticed(w);
    return TRUE;
}

/* Where changes made elsewhere raise no event here: NFS, SMB, 9p, FUSE, VirtualBox' vboxsf. */
static gboolean is_remote(const char *folder)
{
    static const guint64 remote[] = {0x6969,     0xFF534D42, 0xFE534D42,
                                     0x01021997, 0x65735546, 0x786F4256};
    struct statfs info;
    for (guint i = 0; statfs(folder, &info) == 0 && i < G_N_ELEMENTS(remote); i++)
        if ((guint64)info.f_type == remote[i])
            return TRUE;
    return FALSE;
}

/* The folder is watched, not the file: editors replace files. */
static void watch_folder(watch *w)
{
    g_autofree char *folder = g_build_filename(w->lab->project.lessons, w->lesson->id, NULL);
    if (w->notify >= 0)
        close(w->notify);
    w->notify = poll_files || is_remote(folder) ? -1 : inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (w->notify >= 0 &&
        inotify_add_watch(w->notify, folder, IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE) < 0) {
        close(w->notify);
        w->notify = -1;
    }
}

/* ---- Keys --------------------------------------------------------------------------------------
 */

static void set_terminal(const watch *w, gboolean raw)
{
    struct termios t = w->before;
    if (raw) {
        t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        t.c_cc[VMIN] = 1;
        t.c_cc[VTIME] = 0;
    }
    tcsetattr(STDIN_FILENO, TCSADRAIN, &t);
}

/* The check that failed last; NULL when none did. */
static const course_check *first_failed(const watch *w)
{
    const course_check *found = NULL;
    for (guint i = 0; !found && i < w->lesson->checks->len; i++) {
        const course_check *check = g_ptr_array_index(w->lesson->checks, i);
        progress_result r = progress_get(w->lab->progress, check->id);
        if (r.known && r.verdict == PLAY_FAIL)
            found = check;
        progress_result_clear(&r);
    }
    return found;
}

/* A program of our own or wsdump has the terminal until it ends. */
static void run_show(watch *w)
{
    const course_check *check = first_failed(w);
    const char *words[] = {w->lab->project.self, "show", check ? check->id : "", "--root",
                           w->lab->project.root, NULL};
    if (!check) {
        lab_print(stdout, "%s\n",
                  "Nothing has failed: there is nothing to show. wslab show ID shows any check.");
        return;
    }
    set_terminal(w, FALSE);
    g_spawn_sync(NULL, (char **)words, NULL, G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, NULL, NULL,
                 NULL, NULL);
    set_terminal(w, TRUE);
    print_top(w);
}

static void next_lesson(watch *w)
{
    if (!lab_passed(w->lab, w->lesson)) {
        printf("Lesson %s is not passed yet.\n", w->lesson->number);
        return;
    }
    const course_lesson *next = lab_current(w->lab);
    if (!next) {
        puts("That was the last lesson: you have passed them all.");
        return;
    }
    w->lesson = next;
    g_main_loop_quit(w->loop); /* comes back with this lesson */
}

static void press(watch *w, char key)
{
    char *no_arguments[] = {(char *)w->lesson->number, NULL};
    GError *error = NULL;
    switch (key) {
    case 'c':
    case '\n':
    case '\r': begin_check(w); return;
    case 'q':
        w->lesson = NULL;
        g_main_loop_quit(w->loop);
        return;
    case 'h':
        puts("");
        hint_run(w->lab, no_arguments, &error);
        break;
    case 'l':
        puts("");
        list_run(w->lab, no_arguments, &error);
        break;
    case 's': run_show(w); break;
    case 'n': next_lesson(w); break;
    default: return;
    }
    if (error)
        puts(error->message);
    g_clear_error(&error);
    if (g_main_loop_is_running(w->loop))
        print_keys(w);
}

static gboolean on_key(int fd, GIOCondition condition, gpointer data)
{
    (void)condition;
    watch *w = data;
    char key;
    if (read(fd, &key, 1) != 1) {
        key = 'q';
    }
    if (w->check == 0 || strchr("qc\n\r", key))
        press(w, key);
    return TRUE;
}

static gboolean on_stop(gpointer data)
{
    watch *w = data;
    w->lesson = NULL;
    g_main_loop_quit(w->loop);
    return TRUE;
}

/* ---- The command -------------------------------------------------------------------------------
 */

/* Watch w->lesson until it is another, or NULL. */
static void watch_lesson(watch *w)
{
    watch_folder(w);
    guint sources[] = {
        w->notify >= 0 ? g_unix_fd_add(w->notify, G_IO_IN, on_notify, w)
                       : g_timeout_add(POLL_MS, on_poll, w),
        g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, on_key, w),
        g_unix_signal_add(SIGINT, on_stop, w),
        g_unix_signal_add(SIGTERM, on_stop, w),
        g_unix_signal_add(SIGHUP, on_stop, w),
    };
    begin_check(w);
    if (w->check > 0)
        g_main_loop_run(w->loop);
    for (guint i = 0; i < G_N_ELEMENTS(sources); i++)
        g_source_remove(sources[i]);
    if (w->settling)
        g_source_remove(w->settling);
    w->settling = 0;
    if (w->check > 0)
        child_end(w->check);
    w->check = 0;
}

int watch_run(lab *here, char **arguments, GError **error)
{
    const course_check *check = NULL;
    watch w = {.lab = here, .notify = -1, .error = error};
    w.lesson =
        arguments[0] ? course_find(here->course, arguments[0], &check, error) : lab_current(here);
    if (*error)
        return LAB_USAGE;
    if (!w.lesson) {
        lab_print(
            stdout, "%s\n",
            "You have passed every lesson. wslab list shows them; wslab check checks them again.");
        return LAB_PASSED;
    }
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &w.before) != 0)
        return lab_wrong(error, LAB_USAGE,
                         "watching needs a terminal; without one use: wslab check %s",
                         w.lesson->number);
    w.loop = g_main_loop_new(NULL, FALSE);
    set_terminal(&w, TRUE);
    while (w.lesson && !*error)
        watch_lesson(&w);
    set_terminal(&w, FALSE);
    if (w.notify >= 0)
        close(w.notify);
    g_main_loop_unref(w.loop);
    puts("");
    return *error ? LAB_CANNOT : LAB_PASSED;
}
