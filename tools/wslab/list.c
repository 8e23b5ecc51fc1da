/* wslab list: the lessons with their minutes, and how far the learner is. */
#include "commands.h"
#include "paint.h"

#include <stdio.h>

enum { BAR_WIDTH = 40 };

static gboolean solutions;

const GOptionEntry list_options[] = {{"solutions", 0, 0, G_OPTION_ARG_NONE, &solutions,
                                      "Also where all the solutions are (for instructors)", NULL},
                                     G_OPTION_ENTRY_NULL};

/* "ok", "FAIL" and so on of a check, as one letter of its lesson's row. */
static char letter_of(const lab *here, const course_check *check)
{
    static const char letters[] = {
        [PLAY_PASS] = '#', [PLAY_FAIL] = 'x', [PLAY_ERROR] = '!', [PLAY_SKIPPED] = '-'};
    progress_result r = progress_get(here->progress, check->id);
    char letter = r.known ? letters[r.verdict] : '.';
    progress_result_clear(&r);
    return letter;
}

static void print_lesson(const lab *here, const course_lesson *lesson)
{
    gboolean passed = lab_passed(here, lesson), current = lesson == lab_current(here);
    g_autoptr(GString) checks = g_string_new("");
    for (guint i = 0; i < lesson->checks->len; i++)
        g_string_append_c(checks, letter_of(here, g_ptr_array_index(lesson->checks, i)));
    printf("%s%s %-14s %3d + %-3d min  %-7s %-8s%s %s\n",
           passed    ? paint_good()
           : current ? paint_strong()
                     : "",
           current ? ">" : " ", lesson->id, lesson->minutes_teach, lesson->minutes_exercise,
           passed    ? "passed"
           : current ? "current"
                     : "open",
           checks->str, paint_end(), lesson->goal);
    if (solutions || passed)
        printf("%s                                                solution: "
               "lessons/solutions/%s/exercise.c%s\n",
               paint_faint(), lesson->id, paint_end());
}

int list_run(lab *here, char **arguments, GError **error)
{
    (void)arguments, (void)error;
    int teach = 0, exercise = 0;
    for (guint i = 0; i < here->course->lessons->len; i++) {
        const course_lesson *lesson = g_ptr_array_index(here->course->lessons, i);
        print_lesson(here, lesson);
        teach += lesson->minutes_teach;
        exercise += lesson->minutes_exercise;
    }
    g_autofree char *bar = lab_bar(here, BAR_WIDTH);
    printf("%s, %d + %d minutes (reading + exercise)\n"
           "checks: # passed, x failed, - not possible here, . not checked yet\n",
           bar, teach, exercise);
    return LAB_PASSED;
}
