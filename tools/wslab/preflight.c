/* wslab preflight: whether this machine has what the lessons need; under a minute. */
#include "commands.h"
#include "compile.h"
#include "paint.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* What a probe found: "" = fine; otherwise what is wrong. *detail is shown when it is fine. */
typedef struct machine {
    lab *lab;
    recipe *recipe; /* NULL: there is none */
    char *folder;   /* for what probes write */
} machine;

/* A program as the lessons write them: common.h, libwsproto, GLib, a second thread. */
static const char sample[] =
    "#include \"common.h\"\n"
    "static gpointer work(gpointer n) { g_atomic_int_inc((int *)n); return NULL; }\n"
    "int main(void)\n"
    "{\n"
    "    int n = 0;\n"
    "    GThread *thread = g_thread_new(\"work\", work, &n);\n"
    "    g_thread_join(thread);\n"
    "    printf(\"GLib %u.%u.%u\\n\", glib_major_version, glib_minor_version, "
    "glib_micro_version);\n"
    "    return lesson_send(-1, \"\", 0) && n == 1 ? 0 : 1;\n"
    "}\n";

/* The first line of a text; free it. */
static char *first_line(const char *text)
{
    const char *end = text ? strchr(text, '\n') : NULL;
    return end ? g_strndup(text, (gsize)(end - text)) : g_strdup(text);
}

/* Run it; its first line, or NULL and what was wrong in *wrong. */
static char *run(const char *const *words, char **wrong)
{
    g_autofree char *out = NULL, *err = NULL;
    GError *cause = NULL;
    int status = 0;
    if (!g_spawn_sync(NULL, (char **)words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err,
                      &status, &cause)) {
        *wrong = g_strdup(cause->message);
        g_clear_error(&cause);
        return NULL;
    }
    if (status == 0)
        return first_line(out);
    g_autofree char *line = first_line(err);
    *wrong = g_strdup_printf("%s ended with status %d: %s", words[0], status, line);
    return NULL;
}

static char *probe_kind(const machine *m, compile_kind kind, char **wrong)
{
    const char *lacks = m->recipe ? recipe_lacks(m->recipe, kind) : "there is no recipe.ini";
    if (lacks) {
        *wrong = g_strdup(lacks);
        return NULL;
    }
    g_autofree char *source = g_build_filename(m->folder, "sample.c", NULL);
    g_autofree char *program = g_build_filename(m->folder, compile_kinds[kind], NULL);
    g_autofree char *messages = NULL;
    GError *cause = NULL;
    g_autofree char *text = g_strconcat("#include <stdio.h>\n", sample, NULL);
    if (!g_file_set_contents(source, text, -1, &cause) ||
        compile(m->recipe, kind, NULL, m->folder, source, program, FALSE, &messages, &cause) !=
            COMPILE_DONE) {
        *wrong = cause ? g_strdup(cause->message) : first_line(messages);
        g_clear_error(&cause);
        return NULL;
    }
    return run((const char *[]){program, NULL}, wrong);
}

/* ---- The probes: what works, in a few words (free it); NULL and *wrong where it does not -------
 */

static char *probe_compiler(const machine *m, char **wrong)
{
    const char *compiler = m->recipe ? recipe_compiler(m->recipe) : "cc";
    return run((const char *[]){compiler, "--version", NULL}, wrong);
}

static char *probe_glib(const machine *m, char **wrong)
{
    return probe_kind(m, COMPILE_PLAIN, wrong);
}

static char *probe_address(const machine *m, char **wrong)
{
    return probe_kind(m, COMPILE_ADDRESS, wrong);
}

static char *probe_thread(const machine *m, char **wrong)
{
    return probe_kind(m, COMPILE_THREAD, wrong);
}

/* One byte over 127.0.0.1. */
static char *probe_loopback(const machine *m, char **wrong)
{
    (void)m;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    char byte = 0;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), server = -1;
    gboolean good = bind(listener, (struct sockaddr *)&at, size) == 0 && listen(listener, 1) == 0 &&
                    getsockname(listener, (struct sockaddr *)&at, &size) == 0 &&
                    connect(client, (struct sockaddr *)&at, size) == 0 &&
                    (server = accept(listener, NULL, NULL)) >= 0 && write(client, "x", 1) == 1 &&
                    read(server, &byte, 1) == 1 && byte == 'x';
    if (!good)
        *wrong = g_strdup(g_strerror(errno));
    const int all[] = {listener, client, server};
    for (guint i = 0; i < G_N_ELEMENTS(all); i++)
        if (all[i] >= 0)
            close(all[i]);
    return good ? g_strdup_printf("a byte went over 127.0.0.1:%d", ntohs(at.sin_port)) : NULL;
}

static char *probe_wsdump(const machine *m, char **wrong)
{
    return run((const char *[]){m->lab->project.wsdump, "--version", NULL}, wrong);
}

/* Whether ncurses knows this terminal, and whether wsdump's screens have room. */
static char *probe_terminal(const machine *m, char **wrong)
{
    (void)m;
    struct winsize size = {0};
    const char *type = g_getenv("TERM");
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) {
        *wrong = g_strdup("this output is no terminal");
        return NULL;
    }
    if (size.ws_col < 80 || size.ws_row < 24) {
        *wrong = g_strdup_printf("it has %d columns and %d lines", size.ws_col, size.ws_row);
        return NULL;
    }
    g_autofree char *cleared = run((const char *[]){"tput", "cup", "0", "0", NULL}, wrong);
    return cleared ? g_strdup_printf("%s, %d x %d", type, size.ws_col, size.ws_row) : NULL;
}

static char *probe_inotify(const machine *m, char **wrong)
{
    int watch = inotify_init1(IN_CLOEXEC);
    gboolean good =
        watch >= 0 && inotify_add_watch(watch, m->lab->project.lessons, IN_MOVED_TO) >= 0;
    if (!good)
        *wrong = g_strdup(g_strerror(errno));
    if (watch >= 0)
        close(watch);
    return good ? g_strdup("saves are seen at once") : NULL;
}

typedef struct probe {
    const char *name;
    char *(*run)(const machine *m, char **wrong);
    gboolean needed;    /* without it the lessons cannot be done */
    const char *advice; /* what to do when it does not work */
} probe;

static const probe probes[] = {
    {"compiler", probe_compiler, TRUE, "install gcc (Debian: gcc libc6-dev)"},
    {"GLib, libwsproto", probe_glib, TRUE, "install libglib2.0-dev, then ./kit build"},
    {"AddressSanitizer", probe_address, FALSE,
     "checks that need it are skipped; gcc with libasan has it"},
    {"ThreadSanitizer", probe_thread, FALSE,
     "checks that need it are skipped; \"unexpected memory mapping\" is cured by sudo sysctl "
     "vm.mmap_rnd_bits=28"},
    {"loopback sockets", probe_loopback, TRUE, "bring the interface lo up: sudo ip link set lo up"},
    {"wsdump", probe_wsdump, TRUE, "./kit build makes it (Debian: libpcap-dev libncurses-dev)"},
    {"terminal, ncurses", probe_terminal, FALSE,
     "use a terminal of 80 x 24 or more; install ncurses-bin, or set TERM=xterm-256color"},
    {"inotify", probe_inotify, FALSE, "wslab watch looks at the files twice a second instead"},
};

/* A folder that is removed afterwards, with what the probes put into it. */
static void remove_folder(const char *folder)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_unlink(path);
    }
    if (dir)
        g_dir_close(dir);
    g_rmdir(folder);
}

int preflight_run(lab *here, char **arguments, GError **error)
{
    (void)arguments;
    machine m = {.lab = here};
    m.folder = g_dir_make_tmp("wslab-XXXXXX", error);
    if (!m.folder)
        return LAB_CANNOT;
    m.recipe = recipe_read(here->project.recipe, NULL);
    int status = LAB_PASSED;
    for (const probe *p = probes; p < probes + G_N_ELEMENTS(probes); p++) {
        g_autofree char *wrong = NULL;
        g_autofree char *found = p->run(&m, &wrong);
        printf("%s%-4s%s %-18s %s\n", found ? paint_good() : paint_bad(), found ? "ok" : "NO",
               paint_end(), p->name, found ? found : wrong);
        if (!found) {
            printf("     %-18s %s: %s\n", "", p->needed ? "do this" : "not needed, but", p->advice);
            status = p->needed ? LAB_FAILED : status;
        }
        fflush(stdout);
    }
    puts(status == LAB_PASSED ? "This machine is ready for the lessons."
                              : "This machine is not ready yet.");
    recipe_free(m.recipe);
    remove_folder(m.folder);
    g_free(m.folder);
    return status;
}
