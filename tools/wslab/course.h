/*
 * The course as lessons/manifest.ini has it: a group for each lesson, one for each check with its
 * hints, one for each track. Strings belong to the course.
 */
#ifndef WSLAB_COURSE_H
#define WSLAB_COURSE_H

#include <glib.h>

enum { COURSE_HINTS = 3 };

typedef struct course_lesson course_lesson;

typedef struct course_check {
    const course_lesson *lesson;
    char *id;                  /* "03.2" */
    char *hints[COURSE_HINTS]; /* from a nudge to nearly the answer */
    gboolean exercise;         /* the starter fails it: it is the learner's work */
} course_check;

struct course_lesson {
    int order;
    char *id;      /* "03_threads", the name of its folder */
    char *number;  /* "03" */
    char *name;    /* for people: "Threads" */
    char *program; /* "threads": threads.c is the program that the lesson shows */
    char *goal;    /* one sentence */
    int minutes_teach, minutes_exercise;
    char **needs;      /* ids of the lessons that come before it */
    char *broken;      /* id of the check that broken.c fails */
    GPtrArray *checks; /* of course_check, in the order in which they are done */
};

/* Lessons that make a day of their own: [track:half-day] of the manifest. */
typedef struct course_track {
    char *id, *title;   /* "half-day", "Half a day" */
    GPtrArray *lessons; /* of const course_lesson */
} course_track;

typedef struct course {
    GPtrArray *lessons; /* of course_lesson, in their order */
    GPtrArray *tracks;  /* of course_track */
} course;

/* Read FOLDER/manifest.ini. An error names the group, the key and what is wrong with it. */
course *course_read(const char *folder, GError **error);
void course_free(course *c);

/*
 * The lesson that "03", "3", "03_threads" or "03.2" means; *check is the check of "03.2", otherwise
 * NULL. NULL and an error when there is none.
 */
const course_lesson *course_find(const course *c, const char *text, const course_check **check,
                                 GError **error);

#endif
