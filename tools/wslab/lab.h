/*
 * What every command of wslab is handed: the project that it works in, the course as its manifest
 * has it, and what the learner has done so far.
 */
#ifndef WSLAB_LAB_H
#define WSLAB_LAB_H

#include "course.h"
#include "progress.h"
#include "project.h"

#include <glib.h>
#include <stdio.h>

/* The exit statuses, which are also the codes of the errors that commands return. */
enum { LAB_PASSED = 0, LAB_FAILED = 1, LAB_USAGE = 2, LAB_CANNOT = 3 };

#define LAB_ERROR (g_quark_from_static_string("wslab"))

typedef struct lab {
    project project;
    course *course;
    progress *progress;
} lab;

/* Set *error to a message and one of the statuses above; returns it, for `return lab_wrong(…)`. */
int lab_wrong(GError **error, int status, const char *format, ...) G_GNUC_PRINTF(3, 4);

/*
 * Print for people, and at once. Where the text names a command, "wslab check", it is printed as
 * the user has to type it: WSLAB_COMMAND says how, and ./kit sets it.
 */
void lab_print(FILE *out, const char *format, ...) G_GNUC_PRINTF(2, 3);
void lab_vprint(FILE *out, const char *format, va_list values) G_GNUC_PRINTF(2, 0);

/* The first lesson that is not passed; NULL when all are. */
const course_lesson *lab_current(const lab *here);

/* Whether every check of the lesson has passed, or cannot be done on this machine. */
gboolean lab_passed(const lab *here, const course_lesson *lesson);

/* The learner's file, LESSONS/03_threads/exercise.c; free it. */
char *lab_exercise(const lab *here, const course_lesson *lesson);

/* The path as it is shown: from the project's root where it lies in there. Part of `path`. */
const char *lab_shown(const lab *here, const char *path);

/* A bar of `width` cells of how many of the course's checks have passed, and the numbers. */
char *lab_bar(const lab *here, int width);

#endif
