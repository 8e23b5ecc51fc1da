/* wslab hint: the next of three, from a nudge to nearly the answer. */
#include "commands.h"
#include "paint.h"

#include <stdio.h>

/* The check whose hint is wanted: the first of the lesson that is not passed. */
static const course_check *first_failing(const lab *here, const course_lesson *lesson)
{
    const course_check *found = NULL;
    for (guint i = 0; !found && i < lesson->checks->len; i++) {
        const course_check *check = g_ptr_array_index(lesson->checks, i);
        progress_result r = progress_get(here->progress, check->id);
        /* What the starter passes needs no hint before it fails. */
        if (r.known ? r.verdict == PLAY_FAIL || r.verdict == PLAY_ERROR : check->exercise)
            found = check;
        progress_result_clear(&r);
    }
    return found;
}

static int show_next(lab *here, const course_check *check, GError **error)
{
    int shown = progress_hints(here->progress, check->id);
    for (int i = 0; i < shown; i++)
        printf("%shint %d of %d for %s: %s%s\n", paint_faint(), i + 1, COURSE_HINTS, check->id,
               check->hints[i], paint_end());
    if (shown == COURSE_HINTS) {
        printf("These are all the hints for %s. \"Read this first\" in lessons/%s/README.md says "
               "where more is written.\n",
               check->id, check->lesson->id);
        return LAB_PASSED;
    }
    printf("hint %d of %d for %s: %s%s%s\n", shown + 1, COURSE_HINTS, check->id, paint_strong(),
           check->hints[shown], paint_end());
    int left = COURSE_HINTS - shown - 1;
    if (left > 0)
        lab_print(stdout, "%d more: wslab hint %s\n", left, check->id);
    return progress_keep_hints(here->progress, check->id, shown + 1, error) ? LAB_PASSED
                                                                            : LAB_CANNOT;
}

int hint_run(lab *here, char **arguments, GError **error)
{
    const course_check *check = NULL;
    const course_lesson *lesson =
        arguments[0] ? course_find(here->course, arguments[0], &check, error) : lab_current(here);
    if (*error)
        return LAB_USAGE;
    if (lesson && !check)
        check = first_failing(here, lesson);
    if (check)
        return show_next(here, check, error);
    if (lesson && !lab_passed(here, lesson))
        lab_print(stdout, "Nothing of lesson %s has failed yet: wslab check %s first.\n",
                  lesson->number, lesson->number);
    else
        lab_print(
            stdout,
            "Everything %s is passed: no hint is needed. wslab hint ID shows one all the same.\n",
            lesson ? "in that lesson" : "");
    return LAB_PASSED;
}
