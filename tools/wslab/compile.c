#include "compile.h"

#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

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

/* Append the values of a list, each behind `prefix`. */
static void add_list(GPtrArray *command, const recipe *r, compile_kind kind, const char *key,
                     const char *prefix)
{
    g_auto(GStrv) values = g_key_file_get_string_list(r->file, group_of(r, kind), key, NULL, NULL);
    for (char **value = values; value && *value; value++)
        g_ptr_array_add(command, g_strconcat(prefix, *value, NULL));
}

static GPtrArray *command_line(const recipe *r, compile_kind kind, const char *source,
                               const char *program, gboolean colours)
{
    GPtrArray *command = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(command, g_strdup(r->compiler));
    add_list(command, r, kind, "flags", "");
    add_list(command, r, kind, "definitions", "-D");
    add_list(command, r, kind, "includes", "-I");
    g_ptr_array_add(command,
                    g_strdup(colours ? "-fdiagnostics-color=always" : "-fdiagnostics-color=never"));
    g_ptr_array_add(command, g_strdup("-o"));
    g_ptr_array_add(command, g_strdup(program));
    g_ptr_array_add(command, g_strdup(source));
    add_list(command, r, kind, "libraries", "");
    g_ptr_array_add(command, NULL);
    return command;
}

/* ---- What is kept ------------------------------------------------------------------------------
 */

/* When it was last changed, in nanoseconds; of a file that is missing, never (0). */
static gint64 changed(const char *path)
{
    GStatBuf info;
    if (g_stat(path, &info) != 0)
        return 0;
    return (gint64)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec;
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

static gboolean is_current(const recipe *r, compile_kind kind, const char *source,
                           const char *program)
{
    gint64 newest = MAX(newest_source(source), changed(r->path));
    g_auto(GStrv) libraries =
        g_key_file_get_string_list(r->file, group_of(r, kind), "libraries", NULL, NULL);
    for (char **library = libraries; library && *library; library++)
        newest = MAX(newest, changed(*library));
    return changed(program) > newest;
}

compile_result compile(const recipe *r, compile_kind kind, const char *from, const char *source,
                       const char *program, gboolean colours, char **messages, GError **error)
{
    *messages = NULL;
    g_autofree char *path = g_canonicalize_filename(source, from);
    if (is_current(r, kind, path, program)) {
        *messages = g_strdup("");
        return COMPILE_DONE;
    }
    g_autofree char *folder = g_path_get_dirname(program);
    if (g_mkdir_with_parents(folder, 0755) != 0) {
        lab_wrong(error, LAB_CANNOT, "cannot make %s: %s", folder, g_strerror(errno));
        return COMPILE_CANNOT;
    }
    g_autoptr(GPtrArray) command = command_line(r, kind, source, program, colours);
    GError *cause = NULL;
    int status = 0;
    if (!g_spawn_sync(from, (char **)command->pdata, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
                      NULL, messages, &status, &cause)) {
        lab_wrong(error, LAB_CANNOT, "cannot run the compiler %s: %s; wslab preflight", r->compiler,
                  cause->message);
        g_clear_error(&cause);
        return COMPILE_CANNOT;
    }
    /* A program that had warnings is compiled again next time, so that they are said again. */
    if (status == 0 && **messages) {
        const struct timespec old[] = {{.tv_sec = 1}, {.tv_sec = 1}};
        utimensat(AT_FDCWD, program, old, 0);
    }
    return status == 0 ? COMPILE_DONE : COMPILE_REFUSED;
}
