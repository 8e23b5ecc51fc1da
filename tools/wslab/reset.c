/* wslab reset: an exercise as it came. What the learner wrote is never lost. */
#include "commands.h"
#include "starter.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SAVED_MAX = 10000 };

static gboolean yes;

const GOptionEntry reset_options[] = {{"yes", 'y', 0, G_OPTION_ARG_NONE, &yes, "Do not ask", NULL},
                                      G_OPTION_ENTRY_NULL};

/* Ask on the terminal. */
static gboolean confirmed(const char *path)
{
    printf("Put the starter in the place of %s? Yours is kept beside it. [y/N] ", path);
    fflush(stdout);
    char answer[8];
    return fgets(answer, sizeof answer, stdin) && g_ascii_tolower(answer[0]) == 'y';
}

/*
 * Move the file to exercise.c.saved-N, N being the first that is free. link() takes no name that is
 * taken, so nothing that was saved before is written over. NULL: it cannot be done.
 */
static char *save(const char *path, GError **error)
{
    for (int n = 1; n < SAVED_MAX; n++) {
        char *saved = g_strdup_printf("%s.saved-%d", path, n);
        if (link(path, saved) == 0)
            return saved;
        g_free(saved);
        if (errno != EEXIST)
            break;
    }
    lab_wrong(error, LAB_CANNOT, "cannot keep a copy of %s beside it: %s; nothing was changed",
              path, g_strerror(errno));
    return NULL;
}

static int reset(lab *here, const course_lesson *lesson, GError **error)
{
    g_autofree char *path = lab_exercise(here, lesson);
    g_autofree char *text = starter_text(here, lesson, error);
    if (!text)
        return LAB_CANNOT;
    g_autofree char *saved = NULL;
    if (g_file_test(path, G_FILE_TEST_EXISTS) && !(saved = save(path, error)))
        return LAB_CANNOT;
    /* Written to another file which then takes the name: the saved one keeps its content. */
    GError *cause = NULL;
    if (!g_file_set_contents(path, text, -1, &cause)) {
        lab_wrong(error, LAB_CANNOT, "%s", cause->message);
        g_clear_error(&cause);
        return LAB_CANNOT;
    }
    for (guint i = 0; i < lesson->checks->len; i++) {
        const course_check *check = g_ptr_array_index(lesson->checks, i);
        if (!progress_forget(here->progress, check->id, error))
            return LAB_CANNOT;
    }
    printf("%s is the starter again.", lab_shown(here, path));
    if (saved)
        printf(" Your file is now %s.", lab_shown(here, saved));
    printf("\n");
    return LAB_PASSED;
}

int reset_run(lab *here, char **arguments, GError **error)
{
    const course_check *check = NULL;
    const course_lesson *lesson = course_find(here->course, arguments[0], &check, error);
    if (!lesson)
        return LAB_USAGE;
    if (check)
        return lab_wrong(error, LAB_USAGE, "reset is for a whole lesson: wslab reset %s",
                         lesson->number);
    g_autofree char *path = lab_exercise(here, lesson);
    if (starter_untouched(here, lesson)) {
        printf("%s is the starter already.\n", lab_shown(here, path));
        return LAB_PASSED;
    }
    if (!yes && !isatty(STDIN_FILENO))
        return lab_wrong(error, LAB_USAGE, "reset asks first, and there is no terminal: add --yes");
    if (!yes && !confirmed(lab_shown(here, path))) {
        printf("Nothing was changed.\n");
        return LAB_FAILED;
    }
    return reset(here, lesson, error);
}
