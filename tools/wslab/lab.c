#include "lab.h"

#include <string.h>

int lab_wrong(GError **error, int status, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    g_autofree char *message = g_strdup_vprintf(format, values);
    va_end(values);
    g_set_error_literal(error, LAB_ERROR, status, message);
    return status;
}

void lab_vprint(FILE *out, const char *format, va_list values)
{
    const char *command = g_getenv("WSLAB_COMMAND");
    g_autofree char *text = g_strdup_vprintf(format, values);
    if (command && *command) {
        g_autoptr(GRegex) named = g_regex_new("\\bwslab (?=[a-z])", G_REGEX_RAW, 0, NULL);
        g_autofree char *with = g_strconcat(command, " ", NULL);
        char *typed = g_regex_replace_literal(named, text, -1, 0, with, 0, NULL);
        g_free(text);
        text = typed;
    }
    fputs(text, out);
    fflush(out);
}

void lab_print(FILE *out, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    lab_vprint(out, format, values);
    va_end(values);
}

static gboolean is_done(const lab *here, const course_check *check)
{
    progress_result r = progress_get(here->progress, check->id);
    gboolean done = r.known && (r.verdict == PLAY_PASS || r.verdict == PLAY_SKIPPED);
    progress_result_clear(&r);
    return done;
}

gboolean lab_passed(const lab *here, const course_lesson *lesson)
{
    for (guint i = 0; i < lesson->checks->len; i++)
        if (!is_done(here, g_ptr_array_index(lesson->checks, i)))
            return FALSE;
    return TRUE;
}

const course_lesson *lab_current(const lab *here)
{
    for (guint i = 0; i < here->course->lessons->len; i++) {
        const course_lesson *lesson = g_ptr_array_index(here->course->lessons, i);
        if (!lab_passed(here, lesson))
            return lesson;
    }
    return NULL;
}

char *lab_exercise(const lab *here, const course_lesson *lesson)
{
    return g_build_filename(here->project.lessons, lesson->id, "exercise.c", NULL);
}

const char *lab_shown(const lab *here, const char *path)
{
    gsize len = strlen(here->project.root);
    return strncmp(path, here->project.root, len) == 0 && path[len] == '/' ? path + len + 1 : path;
}

char *lab_bar(const lab *here, int width)
{
    int all = 0, done = 0;
    for (guint i = 0; i < here->course->lessons->len; i++) {
        const course_lesson *lesson = g_ptr_array_index(here->course->lessons, i);
        for (guint j = 0; j < lesson->checks->len; j++, all++)
            done += is_done(here, g_ptr_array_index(lesson->checks, j)) ? 1 : 0;
    }
    GString *bar = g_string_new("[");
    for (int i = 0; i < width; i++)
        g_string_append_c(bar, i * all < width * done ? '#' : '.');
    g_string_append_printf(bar, "] %d of %d checks", done, all);
    return g_string_free(bar, FALSE);
}
