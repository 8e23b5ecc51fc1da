/*
 * wslab schedule: the days of a course, computed from the minutes in the manifest. People learn in
 * blocks of 45 to 50 minutes, and after 5 to 6 taught hours they do not learn any more.
 */
#include "commands.h"

#include <stdio.h>
#include <string.h>

/* Minutes. */
enum {
    BLOCK = 50,     /* without a break */
    PIECE_MIN = 15, /* what is not worth beginning in front of a break */
    BREAK = 10,
    LUNCH = 60,
    LUNCH_AT = 12 * 60, /* the first break from then on */
    DAY_BEGINS = 9 * 60,
    DAY_MAX = 360, /* taught */
    HOURS_MAX = 1000,
};

static char *track;
static int hours;

const GOptionEntry schedule_options[] = {{"track", 0, 0, G_OPTION_ARG_STRING, &track,
                                          "The lessons of this track (default: all)", "NAME"},
                                         {"hours", 0, 0, G_OPTION_ARG_INT, &hours,
                                          "As many lessons as fit into so many taught hours", "H"},
                                         G_OPTION_ENTRY_NULL};

/* The day while it is planned. */
typedef struct day {
    int number, now;      /* minutes since midnight */
    int in_block, taught; /* minutes without a break; of this day */
    gboolean had_lunch;
} day;

static void print_line(day *d, int minutes, const char *what)
{
    printf("  %02d:%02d  %3d min  %s\n", d->now / 60, d->now % 60, minutes, what);
    d->now += minutes;
}

static void take_break(day *d)
{
    gboolean lunch = !d->had_lunch && d->now >= LUNCH_AT;
    print_line(d, lunch ? LUNCH : BREAK, lunch ? "lunch" : "break");
    d->had_lunch = d->had_lunch || lunch;
    d->in_block = 0;
}

static void begin_day(day *d)
{
    if (d->number > 0)
        printf("  %02d:%02d           end: %d minutes taught\n\n", d->now / 60, d->now % 60,
               d->taught);
    *d = (day){.number = d->number + 1, .now = DAY_BEGINS};
    printf("Day %d\n", d->number);
}

/* One part of a lesson, cut into blocks. */
static void plan(day *d, int minutes, const char *id, const char *what)
{
    const char *again = "";
    while (minutes > 0) {
        int left = BLOCK - d->in_block;
        if (minutes > left && left < PIECE_MIN) {
            take_break(d);
            continue;
        }
        int piece = MIN(minutes, left);
        if (minutes - piece > 0 && minutes - piece < PIECE_MIN) /* no scrap behind the break */
            piece = MAX(minutes - PIECE_MIN, 1);
        g_autofree char *line = g_strdup_printf("%s %s%s", id, what, again);
        print_line(d, piece, line);
        d->in_block += piece;
        d->taught += piece;
        minutes -= piece;
        again = " (goes on)";
        if (minutes > 0)
            take_break(d);
    }
}

static int minutes_of(const course_lesson *lesson)
{
    return lesson->minutes_teach + lesson->minutes_exercise;
}

/* The lessons of the track; or all, as far as they fit into the hours. */
static GPtrArray *lessons_wanted(const lab *here, GError **error)
{
    GPtrArray *wanted = g_ptr_array_new();
    GPtrArray *from = here->course->lessons;
    g_autoptr(GString) names = g_string_new("");
    for (guint i = 0; track && i < here->course->tracks->len; i++) {
        const course_track *t = g_ptr_array_index(here->course->tracks, i);
        g_string_append_printf(names, " %s", t->id);
        if (strcmp(t->id, track) == 0)
            from = t->lessons;
    }
    if (track && from == here->course->lessons)
        lab_wrong(error, LAB_USAGE, "there is no track \"%s\"; there are:%s", track,
                  names->len ? names->str : " none");
    int left = hours > 0 ? hours * 60 : G_MAXINT;
    for (guint i = 0; !*error && i < from->len; i++) {
        const course_lesson *lesson = g_ptr_array_index(from, i);
        left -= minutes_of(lesson);
        if (left < 0)
            break; /* what comes later needs what comes before */
        g_ptr_array_add(wanted, (gpointer)lesson);
    }
    if (!*error && wanted->len == 0)
        lab_wrong(error, LAB_USAGE, "no lesson fits into %d hours", hours);
    return wanted;
}

int schedule_run(lab *here, char **arguments, GError **error)
{
    (void)arguments;
    if (hours < 0 || hours > HOURS_MAX)
        return lab_wrong(error, LAB_USAGE, "--hours takes 1 to %d", HOURS_MAX);
    g_autoptr(GPtrArray) lessons = lessons_wanted(here, error);
    if (*error)
        return LAB_USAGE;
    day d = {0};
    int sum = 0;
    for (guint i = 0; i < lessons->len; i++) {
        const course_lesson *lesson = g_ptr_array_index(lessons, i);
        if (d.number == 0 || d.taught + minutes_of(lesson) > DAY_MAX)
            begin_day(&d);
        plan(&d, lesson->minutes_teach, lesson->id, "teach");
        plan(&d, lesson->minutes_exercise, lesson->id, "exercise");
        sum += minutes_of(lesson);
    }
    printf("  %02d:%02d           end: %d minutes taught\n\n%d day%s, %d h %02d min taught\n",
           d.now / 60, d.now % 60, d.taught, d.number, d.number == 1 ? "" : "s", sum / 60,
           sum % 60);
    return LAB_PASSED;
}
