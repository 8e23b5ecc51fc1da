/*
 * wslab grade: the exercises of many people. Each person's lesson is checked by a process of its
 * own, some of them at a time, none of them for ever.
 */
#include "child.h"
#include "commands.h"
#include "paint.h"
#include "printable.h"
#include "results.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LIMIT = 300, JOBS_MAX = 64, POLL_MS = 20, NAME_WIDTH = 24 };

static gboolean json;
static char *junit;
static int jobs = 2, limit = LIMIT;
static gint64 seed = -1;

const GOptionEntry grade_options[] = {
    {"jobs", 'j', 0, G_OPTION_ARG_INT, &jobs, "So many at a time (2)", "N"},
    {"limit", 0, 0, G_OPTION_ARG_INT, &limit, "For a lesson of a person at most (300)", "SECONDS"},
    {"seed", 0, 0, G_OPTION_ARG_INT64, &seed, "As of wslab check", "N"},
    {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print a report as JSON, and nothing else", NULL},
    {"junit", 0, 0, G_OPTION_ARG_FILENAME, &junit, "Write a report as JUnit's XML", "FILE"},
    G_OPTION_ENTRY_NULL};

/* One person's file for one lesson. */
typedef struct submission {
    char *person, *file, *state;
    const course_lesson *lesson;
    pid_t pid; /* 0 = not started, -1 = ended */
    gint64 until;
    gboolean late;
} submission;

static void submission_free(gpointer data)
{
    submission *s = data;
    if (s->pid > 0)
        child_end(s->pid);
    g_free(s->person);
    g_free(s->file);
    g_free(s->state);
    g_free(s);
}

/* ---- What was handed in ------------------------------------------------------------------------
 */

/* FOLDER/NAME/03_threads/exercise.c, or the same below a copy of the project; NULL: neither. */
static char *file_of(const char *folder, const char *person, const course_lesson *lesson)
{
    static const char *const between[] = {".", "lessons"};
    for (guint i = 0; i < G_N_ELEMENTS(between); i++) {
        g_autofree char *path =
            g_build_filename(folder, person, between[i], lesson->id, "exercise.c", NULL);
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
            return g_canonicalize_filename(path, NULL);
    }
    return NULL;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *names_in(const char *folder, GError **error)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    GError *cause = NULL;
    GDir *dir = g_dir_open(folder, 0, &cause);
    for (const char *name; dir && (name = g_dir_read_name(dir));)
        if (name[0] != '.')
            g_ptr_array_add(names, g_strdup(name));
    if (!dir)
        lab_wrong(error, LAB_USAGE, "%s", cause->message);
    else
        g_dir_close(dir);
    g_clear_error(&cause);
    g_ptr_array_sort(names, compare_names);
    return names;
}

static GPtrArray *submissions_in(const lab *here, const char *folder, GError **error)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(submission_free);
    g_autoptr(GPtrArray) names = names_in(folder, error);
    for (guint i = 0; i < names->len; i++)
        for (guint j = 0; j < here->course->lessons->len; j++) {
            const char *person = g_ptr_array_index(names, i);
            const course_lesson *lesson = g_ptr_array_index(here->course->lessons, j);
            char *file = file_of(folder, person, lesson);
            if (!file)
                continue;
            submission *s = g_new0(submission, 1);
            *s = (submission){.person = g_strdup(person), .file = file, .lesson = lesson};
            s->state = g_build_filename(here->project.state, "grade", person, lesson->id, NULL);
            g_ptr_array_add(all, s);
        }
    if (!*error && all->len == 0)
        lab_wrong(error, LAB_USAGE, "%s: there is no NAME/03_threads/exercise.c or the like in it",
                  folder);
    return all;
}

/* ---- Checking them -----------------------------------------------------------------------------
 */

/* Begin; what it says goes to STATE/output. FALSE: it cannot be started. */
static gboolean start(const lab *here, submission *s, GError **error)
{
    g_autofree char *old = g_build_filename(s->state, "progress.ini", NULL);
    g_autofree char *path = g_build_filename(s->state, "output", NULL);
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, seed);
    const char *words[] = {here->project.self,
                           "check",
                           s->lesson->number,
                           "--record",
                           "--keep-going",
                           "--source",
                           s->file,
                           "--root",
                           here->project.root,
                           seed < 0 ? NULL : "--seed",
                           number,
                           NULL};
    int output = -1;
    if (g_mkdir_with_parents(s->state, 0755) == 0)
        output = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (output < 0) {
        lab_wrong(error, LAB_CANNOT, "cannot write %s: %s", path, g_strerror(errno));
        return FALSE;
    }
    unlink(old); /* results of another day */
    s->pid = child_start(words, s->state, output, error);
    s->until = g_get_monotonic_time() + (gint64)limit * G_USEC_PER_SEC;
    close(output);
    return s->pid > 0;
}

/* Look after one that runs: TRUE while it does. */
static gboolean runs(submission *s)
{
    int status;
    if (s->pid <= 0)
        return FALSE;
    s->late = g_get_monotonic_time() > s->until;
    if (s->late)
        child_end(s->pid);
    else if (!child_ended(s->pid, &status))
        return TRUE;
    s->pid = -1;
    return FALSE;
}

static gboolean check_all(const lab *here, GPtrArray *all, GError **error)
{
    for (guint done = 0; done < all->len;) {
        int running = 0;
        done = 0;
        for (guint i = 0; i < all->len; i++) {
            submission *s = g_ptr_array_index(all, i);
            if (s->pid == 0 && running < jobs && !start(here, s, error))
                return FALSE;
            running += runs(s);
            done += s->pid < 0;
        }
        g_usleep(POLL_MS * 1000UL);
    }
    return TRUE;
}

/* ---- What came out -----------------------------------------------------------------------------
 */

/* A check of a submission that has no result: why. */
static progress_result missing(const submission *s)
{
    g_autofree char *shown = printable(s->state);
    return (progress_result){
        .known = TRUE,
        .verdict = s->late ? PLAY_FAIL : PLAY_ERROR,
        .reason = s->late ? g_strdup_printf("was not done within %d seconds", limit)
                          : g_strdup_printf("was not done: see %s/output", shown),
    };
}

static void collect(results *r, const submission *s)
{
    progress *p = progress_open(s->state, NULL); /* NULL: its program has spoilt them */
    g_autofree char *group = g_strconcat(s->person, ".", s->lesson->id, NULL);
    g_autoptr(GString) row = g_string_new("");
    guint passed = 0, done = 0;
    for (guint i = 0; i < s->lesson->checks->len; i++) {
        const course_check *check = g_ptr_array_index(s->lesson->checks, i);
        progress_result result = p ? progress_get(p, check->id) : (progress_result){0};
        if (!result.known)
            result = missing(s);
        results_add(r, group, check->id, &result, NULL);
        done += result.verdict != PLAY_SKIPPED;
        passed += result.verdict == PLAY_PASS;
        if (result.verdict == PLAY_FAIL || result.verdict == PLAY_ERROR)
            g_string_append_printf(row, "%s%s %s", row->len ? "; " : "", check->id,
                                   result.reason ? result.reason : "");
        progress_result_clear(&result);
    }
    progress_close(p);
    g_autofree char *name = printable(s->person);
    if (!json)
        printf("%-*s %-14s %s%u of %u%s  %s\n", NAME_WIDTH, name, s->lesson->id,
               passed == done ? paint_good() : paint_bad(), passed, done, paint_end(), row->str);
}

int grade_run(lab *here, char **arguments, GError **error)
{
    if (jobs < 1 || jobs > JOBS_MAX)
        return lab_wrong(error, LAB_USAGE, "--jobs takes 1 to %d", JOBS_MAX);
    if (limit < 1)
        return lab_wrong(error, LAB_USAGE, "--limit takes seconds, from 1");
    g_autoptr(GPtrArray) all = submissions_in(here, arguments[0], error);
    if (*error || !check_all(here, all, error))
        return LAB_CANNOT;
    results *r = results_new();
    for (guint i = 0; i < all->len; i++)
        collect(r, g_ptr_array_index(all, i));
    if (!json)
        lab_print(stdout,
                  "What each check said: WSLAB_STATE=%s/grade/NAME/LESSON wslab report --json\n",
                  here->project.state);
    int status = results_report(r, json, junit, error) ? results_status(r) : LAB_CANNOT;
    results_free(r);
    return status;
}
