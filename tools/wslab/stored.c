/* wslab report: the last result of every check of the course. */
#include "commands.h"
#include "results.h"

#include <stdio.h>

static gboolean json;
static char *junit;

const GOptionEntry report_options[] = {
    {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print it as JSON", NULL},
    {"junit", 0, 0, G_OPTION_ARG_FILENAME, &junit, "Write it as JUnit's XML", "FILE"},
    G_OPTION_ENTRY_NULL};

int report_run(lab *here, char **arguments, GError **error)
{
    (void)arguments;
    if (!json && !junit)
        return lab_wrong(error, LAB_USAGE,
                         "report needs --json or --junit FILE; for people there is "
                         "wslab list");
    results *r = results_new();
    for (guint i = 0; i < here->course->lessons->len; i++) {
        const course_lesson *lesson = g_ptr_array_index(here->course->lessons, i);
        for (guint j = 0; j < lesson->checks->len; j++) {
            const course_check *check = g_ptr_array_index(lesson->checks, j);
            progress_result result = progress_get(here->progress, check->id);
            g_autofree char *capture = results_capture(here, check->id);
            gboolean there = g_file_test(capture, G_FILE_TEST_EXISTS);
            results_add(r, lesson->id, check->id, &result, there ? capture : NULL);
            progress_result_clear(&result);
        }
    }
    int status = results_report(r, json, junit, error) ? results_status(r) : LAB_CANNOT;
    results_free(r);
    return status;
}
