#include "course.h"

#include "lab.h"

#include <stdlib.h>
#include <string.h>

static const char track_prefix[] = "track:";

/* The manifest while it is read: the first thing that is wrong ends it. */
typedef struct reading {
    GKeyFile *file;
    char *path;
    course *course;
    GError **error;
} reading;

static gboolean wrong(reading *r, const char *group, const char *format, ...) G_GNUC_PRINTF(3, 4);
static gboolean wrong(reading *r, const char *group, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    g_autofree char *what = g_strdup_vprintf(format, values);
    va_end(values);
    lab_wrong(r->error, LAB_CANNOT, "%s: [%s] %s", r->path, group, what);
    return FALSE;
}

/* ---- Values ------------------------------------------------------------------------------------
 */

/* Texts are taken as they stand: a hint may say "\r\n". */
static gboolean read_text(reading *r, const char *group, const char *key, char **value)
{
    *value = g_key_file_get_value(r->file, group, key, NULL);
    if (*value && *g_strstrip(*value))
        return TRUE;
    return wrong(r, group, "has no %s", key);
}

static gboolean read_number(reading *r, const char *group, const char *key, int *value)
{
    g_autofree char *text = NULL;
    if (!read_text(r, group, key, &text))
        return FALSE;
    char *end;
    guint64 number = g_ascii_strtoull(text, &end, 10);
    if (!g_ascii_isdigit(*text) || *end || number > 1000)
        return wrong(r, group, "%s=%s is not a number from 0 to 1000", key, text);
    *value = (int)number;
    return TRUE;
}

/* A list that may be missing: then it is empty. */
static char **read_list(reading *r, const char *group, const char *key)
{
    char **list = g_key_file_get_string_list(r->file, group, key, NULL, NULL);
    if (list)
        return list;
    return g_strsplit("", ";", -1);
}

/* ---- Lessons and their checks ------------------------------------------------------------------
 */

static const course_check *check_of(const course_lesson *lesson, const char *id)
{
    for (guint i = 0; i < lesson->checks->len; i++) {
        const course_check *check = g_ptr_array_index(lesson->checks, i);
        if (strcmp(check->id, id) == 0)
            return check;
    }
    return NULL;
}

static const course_lesson *lesson_of(const course *c, const char *id)
{
    for (guint i = 0; i < c->lessons->len; i++) {
        const course_lesson *lesson = g_ptr_array_index(c->lessons, i);
        if (strcmp(lesson->id, id) == 0)
            return lesson;
    }
    return NULL;
}

static void check_free(gpointer data)
{
    course_check *check = data;
    g_free(check->id);
    for (int i = 0; i < COURSE_HINTS; i++)
        g_free(check->hints[i]);
    g_free(check);
}

static void lesson_free(gpointer data)
{
    course_lesson *lesson = data;
    char *const strings[] = {lesson->id,   lesson->number, lesson->name, lesson->program,
                             lesson->goal, lesson->broken, NULL};
    for (char *const *string = strings; string < strings + G_N_ELEMENTS(strings); string++)
        g_free(*string);
    g_strfreev(lesson->needs);
    g_ptr_array_unref(lesson->checks);
    g_free(lesson);
}

static gboolean read_check(reading *r, course_lesson *lesson, const char *id)
{
    if (!g_str_has_prefix(id, lesson->number) || id[strlen(lesson->number)] != '.' ||
        strpbrk(id, "/ "))
        return wrong(r, lesson->id, "checks: %s is not %s.N", id, lesson->number);
    if (check_of(lesson, id))
        return wrong(r, lesson->id, "checks: %s stands there twice", id);
    if (!g_key_file_has_group(r->file, id))
        return wrong(r, lesson->id, "checks: there is no group [%s] with the hints", id);
    course_check *check = g_new0(course_check, 1);
    check->lesson = lesson;
    check->id = g_strdup(id);
    g_ptr_array_add(lesson->checks, check);
    for (int i = 0; i < COURSE_HINTS; i++) {
        char key[] = {'h', 'i', 'n', 't', (char)('1' + i), '\0'};
        if (!read_text(r, id, key, &check->hints[i]))
            return FALSE;
    }
    return TRUE;
}

static gboolean read_checks(reading *r, course_lesson *lesson)
{
    g_auto(GStrv) ids = read_list(r, lesson->id, "checks");
    g_auto(GStrv) exercise = read_list(r, lesson->id, "exercise");
    for (char **id = ids; *id; id++)
        if (!read_check(r, lesson, *id))
            return FALSE;
    if (!*ids)
        return wrong(r, lesson->id, "has no checks");
    for (char **id = exercise; *id; id++) {
        const course_check *check = check_of(lesson, *id);
        if (!check)
            return wrong(r, lesson->id, "exercise: %s is not among the checks", *id);
        ((course_check *)check)->exercise = TRUE;
    }
    if (!*exercise)
        return wrong(r, lesson->id, "has no exercise: which checks does the starter fail?");
    if (!check_of(lesson, lesson->broken))
        return wrong(r, lesson->id, "broken: %s is not among the checks", lesson->broken);
    return TRUE;
}

static gboolean read_lesson(reading *r, const char *id)
{
    const char *underscore = strchr(id, '_');
    if (!g_ascii_isdigit(id[0]) || !underscore || underscore == id || strpbrk(id, "/ "))
        return wrong(r, id, "is neither a lesson (03_threads), a check (03.1) nor a track (%sNAME)",
                     track_prefix);
    course_lesson *lesson = g_new0(course_lesson, 1);
    lesson->id = g_strdup(id);
    lesson->number = g_strndup(id, (gsize)(underscore - id));
    lesson->checks = g_ptr_array_new_with_free_func(check_free);
    g_ptr_array_add(r->course->lessons, lesson);
    lesson->needs = read_list(r, id, "needs");
    return read_text(r, id, "name", &lesson->name) &&
           read_text(r, id, "program", &lesson->program) &&
           read_text(r, id, "goal", &lesson->goal) && read_text(r, id, "broken", &lesson->broken) &&
           read_number(r, id, "order", &lesson->order) &&
           read_number(r, id, "minutes_teach", &lesson->minutes_teach) &&
           read_number(r, id, "minutes_exercise", &lesson->minutes_exercise) &&
           read_checks(r, lesson);
}

/* ---- Tracks ------------------------------------------------------------------------------------
 */

static void track_free(gpointer data)
{
    course_track *track = data;
    g_free(track->id);
    g_free(track->title);
    g_ptr_array_unref(track->lessons);
    g_free(track);
}

static gboolean read_track(reading *r, const char *group)
{
    course_track *track = g_new0(course_track, 1);
    track->id = g_strdup(group + strlen(track_prefix));
    track->lessons = g_ptr_array_new();
    g_ptr_array_add(r->course->tracks, track);
    if (!read_text(r, group, "title", &track->title))
        return FALSE;
    g_auto(GStrv) ids = read_list(r, group, "lessons");
    for (char **id = ids; *id; id++) {
        const course_lesson *lesson = lesson_of(r->course, *id);
        if (!lesson)
            return wrong(r, group, "lessons: there is no lesson %s", *id);
        g_ptr_array_add(track->lessons, (gpointer)lesson);
    }
    return *ids ? TRUE : wrong(r, group, "has no lessons");
}

/* ---- The whole ---------------------------------------------------------------------------------
 */

static int compare_orders(gconstpointer a, gconstpointer b)
{
    return (*(course_lesson *const *)a)->order - (*(course_lesson *const *)b)->order;
}

/* What only the whole manifest can tell. */
static gboolean judge_lessons(reading *r)
{
    g_ptr_array_sort(r->course->lessons, compare_orders);
    int before = -1;
    for (guint i = 0; i < r->course->lessons->len; i++) {
        const course_lesson *lesson = g_ptr_array_index(r->course->lessons, i);
        if (lesson->order == before)
            return wrong(r, lesson->id, "order=%d is another lesson's too", lesson->order);
        before = lesson->order;
        for (char **need = lesson->needs; *need; need++) {
            const course_lesson *other = lesson_of(r->course, *need);
            if (!other || other->order >= lesson->order)
                return wrong(r, lesson->id, "needs: %s is no lesson that comes before it", *need);
        }
    }
    if (r->course->lessons->len == 0)
        return lab_wrong(r->error, LAB_CANNOT, "%s: has no lessons", r->path) == 0;
    return TRUE;
}

static gboolean read_groups(reading *r)
{
    g_auto(GStrv) groups = g_key_file_get_groups(r->file, NULL);
    for (char **group = groups; *group; group++)
        if (!g_str_has_prefix(*group, track_prefix) && !strchr(*group, '.') &&
            !read_lesson(r, *group))
            return FALSE;
    for (char **group = groups; *group; group++) {
        if (g_str_has_prefix(*group, track_prefix) && !read_track(r, *group))
            return FALSE;
        if (strchr(*group, '.') &&
            !course_find(r->course, *group, &(const course_check *){NULL}, NULL))
            return wrong(r, *group, "is in no lesson's list of checks");
    }
    return judge_lessons(r);
}

course *course_read(const char *folder, GError **error)
{
    course *c = g_new0(course, 1);
    c->lessons = g_ptr_array_new_with_free_func(lesson_free);
    c->tracks = g_ptr_array_new_with_free_func(track_free);
    g_autofree char *path = g_build_filename(folder, "manifest.ini", NULL);
    g_autoptr(GKeyFile) file = g_key_file_new();
    GError *cause = NULL;
    reading r = {file, path, c, error};
    gboolean good = g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &cause);
    if (!good) {
        lab_wrong(error, LAB_CANNOT, "%s: %s", path, cause->message);
        g_clear_error(&cause);
    }
    if (good && read_groups(&r))
        return c;
    course_free(c);
    return NULL;
}

void course_free(course *c)
{
    if (!c)
        return;
    g_ptr_array_unref(c->tracks);
    g_ptr_array_unref(c->lessons);
    g_free(c);
}

/* "03", "3" and "03_threads" mean the lesson 03_threads. */
static gboolean means(const course_lesson *lesson, const char *text)
{
    char *end;
    guint64 number = g_ascii_strtoull(text, &end, 10);
    return strcmp(lesson->id, text) == 0 ||
           (end > text && !*end && number == g_ascii_strtoull(lesson->number, NULL, 10));
}

const course_lesson *course_find(const course *c, const char *text, const course_check **check,
                                 GError **error)
{
    *check = NULL;
    for (guint i = 0; i < c->lessons->len; i++) {
        const course_lesson *lesson = g_ptr_array_index(c->lessons, i);
        *check = check_of(lesson, text);
        if (*check || means(lesson, text))
            return lesson;
    }
    lab_wrong(error, LAB_USAGE, "there is no lesson or check \"%s\"; wslab list names them", text);
    return NULL;
}
