#include "starter.h"

#include <errno.h>
#include <string.h>

enum { SHA256_HEX = 64, COMMITS_MAX = 500 };

/* The checksum of the lesson's starter, from the list; "" where it is not in there. */
static char *checksum_of(const lab *here, const course_lesson *lesson)
{
    g_autofree char *list = g_build_filename(here->project.lessons, "starters.sha256", NULL);
    g_autofree char *text = NULL;
    g_autofree char *name = g_strconcat(lesson->id, "/exercise.c", NULL);
    if (!g_file_get_contents(list, &text, NULL, NULL))
        return g_strdup("");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        if (strlen(*line) > SHA256_HEX + 2 && strcmp(*line + SHA256_HEX + 2, name) == 0)
            return g_strndup(*line, SHA256_HEX);
    return g_strdup("");
}

static gboolean is_starter(const char *text, const char *checksum)
{
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    return strcmp(sum, checksum) == 0;
}

/* The file's text when it is the starter, otherwise NULL. */
static char *starter_in(const char *path, const char *checksum)
{
    char *text = NULL;
    if (g_file_get_contents(path, &text, NULL, NULL) && is_starter(text, checksum))
        return text;
    g_free(text);
    return NULL;
}

static char *kept_path(const lab *here, const course_lesson *lesson)
{
    return g_build_filename(here->project.state, "starters", lesson->id, "exercise.c", NULL);
}

void starter_keep(const lab *here)
{
    for (guint i = 0; i < here->course->lessons->len; i++) {
        const course_lesson *lesson = g_ptr_array_index(here->course->lessons, i);
        g_autofree char *kept = kept_path(here, lesson);
        if (g_file_test(kept, G_FILE_TEST_EXISTS))
            continue;
        g_autofree char *checksum = checksum_of(here, lesson);
        g_autofree char *exercise = lab_exercise(here, lesson);
        g_autofree char *text = starter_in(exercise, checksum);
        g_autofree char *folder = g_path_get_dirname(kept);
        if (text && g_mkdir_with_parents(folder, 0755) == 0)
            g_file_set_contents(kept, text, -1, NULL);
    }
}

gboolean starter_untouched(const lab *here, const course_lesson *lesson)
{
    g_autofree char *checksum = checksum_of(here, lesson);
    g_autofree char *exercise = lab_exercise(here, lesson);
    g_autofree char *text = starter_in(exercise, checksum);
    return text != NULL;
}

/* What git prints; NULL when it fails or is missing. */
static char *git(const char *root, const char *command, const char *argument, const char *last)
{
    const char *argv[] = {"git", command, argument, "--", last, NULL};
    if (!last)
        argv[3] = NULL;
    char *out = NULL;
    int status = -1;
    if (g_spawn_sync(root, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL,
                     NULL, NULL, &out, NULL, &status, NULL) &&
        status == 0)
        return out;
    g_free(out);
    return NULL;
}

/* The version of the file in git's history that is the starter: the learner may have committed
 * their work. */
static char *starter_in_git(const lab *here, const course_lesson *lesson, const char *checksum)
{
    g_autofree char *path = g_build_filename("lessons", lesson->id, "exercise.c", NULL);
    g_autofree char *log = git(here->project.root, "log", "--format=%H", path);
    g_auto(GStrv) commits = g_strsplit(log ? log : "", "\n", COMMITS_MAX);
    for (char **commit = commits; *commit && **commit; commit++) {
        g_autofree char *version = g_strconcat(*commit, ":./", path, NULL);
        char *text = git(here->project.root, "show", version, NULL);
        if (text && is_starter(text, checksum))
            return text;
        g_free(text);
    }
    return NULL;
}

char *starter_text(const lab *here, const course_lesson *lesson, GError **error)
{
    g_autofree char *checksum = checksum_of(here, lesson);
    g_autofree char *exercise = lab_exercise(here, lesson);
    g_autofree char *kept = kept_path(here, lesson);
    char *text = starter_in(exercise, checksum);
    if (!text)
        text = starter_in(kept, checksum);
    if (!text)
        text = starter_in_git(here, lesson, checksum);
    if (!text)
        lab_wrong(
            error, LAB_CANNOT,
            "there is no copy of the starter of %s here: take lessons/%s/exercise.c from where "
            "you have the project from",
            lesson->id, lesson->id);
    return text;
}
