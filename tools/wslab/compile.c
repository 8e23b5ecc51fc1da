#include "compile.h"

#include "lab.h"
#include "printable.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct recipe {
    char *path;
    GKeyFile *file;
    char *compiler, *sanitized;
};

const char *const compile_kinds[COMPILE_KINDS] = {"plain", "thread", "address"};

gboolean compile_kind_of(const char *word, compile_kind *kind)
{
    for (int i = COMPILE_THREAD; i < COMPILE_KINDS; i++)
        if (strcmp(word, compile_kinds[i]) == 0) {
            *kind = (compile_kind)i;
            return TRUE;
        }
    return FALSE;
}

recipe *recipe_read(const char *path, GError **error)
{
    recipe *r = g_new0(recipe, 1);
    r->path = g_strdup(path);
    r->file = g_key_file_new();
    GError *cause = NULL;
    if (g_key_file_load_from_file(r->file, path, G_KEY_FILE_NONE, &cause) &&
        (r->compiler = g_key_file_get_string(r->file, "recipe", "compiler", &cause)) &&
        (r->sanitized = g_key_file_get_string(r->file, "recipe", "sanitized", &cause)))
        return r;
    lab_wrong(error, LAB_CANNOT, "%s: %s; ./kit build makes it", path, cause->message);
    g_clear_error(&cause);
    recipe_free(r);
    return NULL;
}

void recipe_free(recipe *r)
{
    if (!r)
        return;
    g_key_file_unref(r->file);
    g_free(r->path);
    g_free(r->compiler);
    g_free(r->sanitized);
    g_free(r);
}

/* The recipe's group for this kind: where all of the build is sanitized that way, its plain one. */
static const char *group_of(const recipe *r, compile_kind kind)
{
    return compile_kinds[strstr(r->sanitized, compile_kinds[kind]) ? COMPILE_PLAIN : kind];
}

const char *recipe_lacks(const recipe *r, compile_kind kind)
{
    if (g_key_file_has_group(r->file, group_of(r, kind)))
        return NULL;
    if (*r->sanitized)
        return "this build is sanitized itself, and a program takes one sanitizer only";
    return kind == COMPILE_THREAD ? "this compiler has no ThreadSanitizer"
                                  : "this compiler has no AddressSanitizer";
}

const char *recipe_compiler(const recipe *r)
{
    return r->compiler;
}

/* ---- The command -------------------------------------------------------------------------------
 */

/* Append the values of a list, each behind `prefix`: what this lesson needs (NULL = none), then
 * what all do. */
static void add_list(GPtrArray *command, const recipe *r, compile_kind kind, const char *lesson,
                     const char *key, const char *prefix)
{
    const char *common = group_of(r, kind);
    g_autofree char *own = lesson ? g_strdup_printf("%s:%s", common, lesson) : NULL;
    const char *groups[] = {own, common};
    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++) {
        g_auto(GStrv) values =
            groups[i] ? g_key_file_get_string_list(r->file, groups[i], key, NULL, NULL) : NULL;
        for (char **value = values; value && *value; value++)
            g_ptr_array_add(command, g_strconcat(prefix, *value, NULL));
    }
}

static GPtrArray *command_line(const recipe *r, compile_kind kind, const char *lesson,
                               const char *source, const char *program, gboolean colours)
{
    GPtrArray *command = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(command, g_strdup(r->compiler));
    add_list(command, r, kind, lesson, "flags", "");
    add_list(command, r, kind, lesson, "definitions", "-D");
    add_list(command, r, kind, lesson, "includes", "-I");
    g_ptr_array_add(command,
                    g_strdup(colours ? "-fdiagnostics-color=always" : "-fdiagnostics-color=never"));
    g_ptr_array_add(command, g_strdup("-o"));
    g_ptr_array_add(command, g_strdup(program));
    g_ptr_array_add(command, g_strdup(source));
    add_list(command, r, kind, lesson, "libraries", "");
    g_ptr_array_add(command, NULL);
    return command;
}

/* ---- What is kept ------------------------------------------------------------------------------
 */

static gint64 nanoseconds(const struct timespec *time)
{
    return (gint64)time->tv_sec * 1000000000 + time->tv_nsec;
}

/* When what stands there last became another, in nanoseconds; of a file that is missing, never (0).
 * A file that was moved or unpacked there keeps the time of its content: what counts is when it
 * came. */
static gint64 changed(const char *path)
{
    GStatBuf info;
    if (g_stat(path, &info) != 0)
        return 0;
    return MAX(nanoseconds(&info.st_mtim), nanoseconds(&info.st_ctim));
}

/* When it was begun to be made: what compile() dates it with. */
static gint64 made(const char *program)
{
    GStatBuf info;
    return g_stat(program, &info) == 0 ? nanoseconds(&info.st_mtim) : 0;
}

/* The newest of the C files in the source's folder: the learner may have split theirs. */
static gint64 newest_source(const char *source)
{
    g_autofree char *folder = g_path_get_dirname(source);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    gint64 newest = changed(source);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        if (!g_str_has_suffix(name, ".c") && !g_str_has_suffix(name, ".h"))
            continue;
        g_autofree char *path = g_build_filename(folder, name, NULL);
        newest = MAX(newest, changed(path));
    }
    return newest;
}

static gboolean is_current(const recipe *r, compile_kind kind, const char *lesson,
                           const char *source, const char *program)
{
    gint64 newest = MAX(newest_source(source), changed(r->path));
    g_autoptr(GPtrArray) libraries = g_ptr_array_new_with_free_func(g_free);
    add_list(libraries, r, kind, lesson, "libraries", "");
    for (guint i = 0; i < libraries->len; i++)
        newest = MAX(newest, changed(libraries->pdata[i]));
    return made(program) > newest;
}

compile_result compile(const recipe *r, compile_kind kind, const char *lesson, const char *from,
                       const char *source, const char *program, gboolean colours, char **messages,
                       GError **error)
{
    *messages = NULL;
    g_autofree char *path = g_canonicalize_filename(source, from);
    if (is_current(r, kind, lesson, path, program)) {
        *messages = g_strdup("");
        return COMPILE_DONE;
    }
    g_autofree char *folder = g_path_get_dirname(program);
    if (g_mkdir_with_parents(folder, 0755) != 0) {
        lab_wrong(error, LAB_CANNOT, "cannot make %s: %s", folder, g_strerror(errno));
        return COMPILE_CANNOT;
    }
    /* A save while the compiler runs is newer than the program; one that is ended in the middle
     * leaves no half program. */
    g_autofree char *unfinished = g_strdup_printf("%s.%d", program, (int)getpid());
    struct timespec dates[2];
    clock_gettime(CLOCK_REALTIME, &dates[0]);
    g_autoptr(GPtrArray) command = command_line(r, kind, lesson, source, unfinished, colours);
    GError *cause = NULL;
    int status = 0;
    if (!g_spawn_sync(from, (char **)command->pdata, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
                      NULL, messages, &status, &cause)) {
        lab_wrong(error, LAB_CANNOT, "cannot run the compiler %s: %s; wslab preflight", r->compiler,
                  cause->message);
        g_clear_error(&cause);
        return COMPILE_CANNOT;
    }
    char *said = *messages;
    *messages = printable_messages(said);
    g_free(said);
    if (status != 0) {
        g_unlink(unfinished);
        return COMPILE_REFUSED;
    }
    /* A program that had warnings is compiled again next time, so that they are said again. */
    if (**messages)
        dates[0] = (struct timespec){.tv_sec = 1};
    dates[1] = dates[0];
    if (utimensat(AT_FDCWD, unfinished, dates, 0) != 0 || g_rename(unfinished, program) != 0) {
        lab_wrong(error, LAB_CANNOT, "cannot write %s: %s", program, g_strerror(errno));
        g_unlink(unfinished);
        return COMPILE_CANNOT;
    }
    return COMPILE_DONE;
}
