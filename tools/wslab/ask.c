/*
 * wslab ask: the learner's own capture, and questions about it. The capture is made from the
 * lesson's talk with the learner's seed, the answers are computed from its bytes.
 */
#include "commands.h"
#include "paint.h"
#include "questions.h"
#include "talk_file.h"

#include <glib/gstdio.h>
#include <string.h>

enum { WIDTH = 80, INDENT = 6 };

static char **answers;
static gint64 class_seed = -1;
static gboolean again, list;

const GOptionEntry ask_options[] = {
    {"answer", 0, 0, G_OPTION_ARG_STRING_ARRAY, &answers,
     "Answer question N, without being asked (may be given again)", "N=VALUE"},
    {"class-seed", 0, 0, G_OPTION_ARG_INT64, &class_seed,
     "The same capture for everybody who gives this number", "N"},
    {"again", 0, 0, G_OPTION_ARG_NONE, &again, "Ask what is answered already, too", NULL},
    {"list", 0, 0, G_OPTION_ARG_NONE, &list, "Make the capture and print the questions only", NULL},
    G_OPTION_ENTRY_NULL};

/* One run of wslab ask. */
typedef struct asking {
    lab *lab;
    const course_lesson *lesson;
    questions *questions;
    guint64 seed;
    char *capture; /* its path */
    decoded *decoded;
} asking;

/* ---- The capture -------------------------------------------------------------------------------
 */

static gboolean choose_seed(asking *a, GError **error)
{
    if (class_seed < -1) {
        lab_wrong(error, LAB_USAGE, "--class-seed takes a number from 0");
        return FALSE;
    }
    a->seed = (guint64)class_seed;
    return class_seed >= 0 || progress_seed(a->lab->progress, &a->seed, error);
}

/* Always anew: it is the same each time, and the learner may have lost it. */
static gboolean make_capture(asking *a, GError **error)
{
    g_autofree char *folder = g_build_filename(a->lab->project.state, "ask", NULL);
    g_autofree char *name =
        class_seed >= 0
            ? g_strdup_printf("%s-class-%" G_GINT64_FORMAT ".pcapng", a->lesson->id, class_seed)
            : g_strconcat(a->lesson->id, ".pcapng", NULL);
    g_mkdir_with_parents(folder, 0755); /* writing says why, if it failed */
    a->capture = g_build_filename(folder, name, NULL);
    transcript *said;
    if (talk_file_write(a->questions->talk, a->seed, a->capture, &said, error) != LAB_PASSED)
        return FALSE;
    a->decoded = decoded_of(said);
    transcript_free(said);
    return TRUE;
}

/* ---- Talking -----------------------------------------------------------------------------------
 */

/* Print text in lines that fit, all but the first indented. */
static void say(const char *first, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    GString *out = g_string_new(first);
    glong column = g_utf8_strlen(first, -1);
    for (char **word = words; *word; word++) {
        glong len = g_utf8_strlen(*word, -1);
        bool breaks = column + 1 + len > WIDTH && column > INDENT;
        if (breaks)
            g_string_append_printf(out, "\n%*s", INDENT, "");
        else if (word > words)
            g_string_append_c(out, ' ');
        column = breaks ? INDENT + len : column + (word > words ? 1 : 0) + len;
        g_string_append(out, *word);
    }
    lab_print(stdout, "%s\n", out->str);
    g_string_free(out, TRUE);
}

static void say_question(const asking *a, guint number)
{
    const question *q = g_ptr_array_index(a->questions->list, number - 1);
    g_autofree char *first = g_strdup_printf("%u/%-2u  ", number, a->questions->list->len);
    lab_print(stdout, "\n%s", paint_strong());
    say(first, q->text);
    lab_print(stdout, "%s", paint_end());
}

static void say_beginning(const asking *a)
{
    const lab *here = a->lab;
    lab_print(stdout,
              "Lesson %s, %s: questions about a capture that is %s (seed %" G_GUINT64_FORMAT ").\n"
              "Open it in a second terminal, in the project's folder:\n\n"
              "    %s -r %s\n",
              a->lesson->number, a->lesson->name, class_seed >= 0 ? "your class's" : "your own",
              a->seed, lab_shown(here, here->project.wsdump), lab_shown(here, a->capture));
}

/* What the value is and where it stands; never the value. */
static void say_verdict(const question *q, fact_verdict verdict)
{
    if (verdict == FACT_RIGHT) {
        lab_print(stdout, "%s", paint_good());
        say("      ", "Right.");
        lab_print(stdout, "%s", paint_end());
        say("      ", q->why);
    } else if (verdict == FACT_UNREADABLE) {
        g_autofree char *form = g_strconcat("The answer is ", fact_form(q->asks), ".", NULL);
        say("      ", form);
    } else {
        lab_print(stdout, "%s", paint_bad());
        say("      ", "Not so.");
        lab_print(stdout, "%s", paint_end());
        g_autofree char *where = g_strconcat("In wsdump: ", fact_where(q->asks), ".", NULL);
        say("      ", fact_means(q->asks));
        say("      ", where);
    }
}

/* ---- Answers -----------------------------------------------------------------------------------
 */

/* "00_wire.2": as progress keeps it. */
static char *id_of(const asking *a, guint number)
{
    return g_strdup_printf("%s.%u", a->lesson->id, number);
}

static gboolean is_answered(const asking *a, guint number)
{
    g_autofree char *id = id_of(a, number);
    return progress_answered(a->lab->progress, id, a->seed);
}

/* Judge an answer, tell, remember. FALSE: the grader cannot go on (*error). */
static gboolean take_answer(asking *a, guint number, const char *answer, fact_verdict *verdict,
                            GError **error)
{
    const question *q = g_ptr_array_index(a->questions->list, number - 1);
    GError *cause = NULL;
    g_autofree char *value = fact_value(q->asks, a->decoded, &cause);
    if (!value) {
        lab_wrong(error, LAB_CANNOT, "question %u of %s, seed %" G_GUINT64_FORMAT ": %s", number,
                  a->lesson->id, a->seed, cause->message);
        g_error_free(cause);
        return FALSE;
    }
    *verdict = fact_judge(q->asks, value, answer);
    say_verdict(q, *verdict);
    g_autofree char *id = id_of(a, number);
    return *verdict != FACT_RIGHT || progress_keep_answered(a->lab->progress, id, a->seed, error);
}

/* The next line of stdin without its end; NULL at the end. */
static char *read_line(void)
{
    char *line = NULL;
    size_t size = 0;
    if (getline(&line, &size, stdin) >= 0)
        return g_strchomp(line);
    free(line);
    return NULL;
}

/* Ask until it is right or put off. FALSE at the end of stdin, or when the grader cannot go on. */
static gboolean ask_one(asking *a, guint number, GError **error)
{
    const question *q = g_ptr_array_index(a->questions->list, number - 1);
    say_question(a, number);
    for (;;) {
        lab_print(stdout, "      %s(%s; Enter: later)%s > ", paint_faint(), fact_form(q->asks),
                  paint_end());
        char *line = read_line();
        if (!line || !*line) {
            gboolean more = line != NULL;
            free(line);
            return more;
        }
        fact_verdict verdict = FACT_WRONG;
        gboolean good = take_answer(a, number, line, &verdict, error);
        free(line);
        if (!good || verdict == FACT_RIGHT)
            return good;
    }
}

static void ask_all(asking *a, GError **error)
{
    gboolean more = TRUE;
    for (guint n = 1; more && n <= a->questions->list->len; n++)
        if (again || !is_answered(a, n))
            more = ask_one(a, n, error);
    if (!more && !*error)
        lab_print(stdout, "\n");
}

/* --answer N=VALUE. *wrong: one of them is not right. */
static gboolean take_given(asking *a, const char *given, gboolean *wrong, GError **error)
{
    const char *equals = strchr(given, '=');
    g_autofree char *digits = g_strndup(given, equals ? (gsize)(equals - given) : 0);
    guint64 number = 0;
    if (!g_ascii_string_to_unsigned(digits, 10, 1, a->questions->list->len, &number, NULL)) {
        lab_wrong(error, LAB_USAGE, "--answer takes N=VALUE with N from 1 to %u, not \"%s\"",
                  a->questions->list->len, given);
        return FALSE;
    }
    say_question(a, (guint)number);
    fact_verdict verdict = FACT_WRONG;
    gboolean good = take_answer(a, (guint)number, equals + 1, &verdict, error);
    *wrong |= verdict != FACT_RIGHT;
    return good;
}

/* How far the learner is; the exit status. */
static int say_end(const asking *a)
{
    guint count = a->questions->list->len, done = 0;
    for (guint n = 1; n <= count; n++)
        done += is_answered(a, n) ? 1 : 0;
    if (done == count)
        lab_print(stdout, "\nAll %u questions of lesson %s are answered.\n", count,
                  a->lesson->number);
    else
        lab_print(stdout, "\n%u of %u questions answered; go on with wslab ask %s\n", done, count,
                  a->lesson->number);
    return done == count ? LAB_PASSED : LAB_FAILED;
}

static int answer_given(asking *a, GError **error)
{
    gboolean wrong = FALSE;
    for (char **given = answers; *given; given++)
        if (!take_given(a, *given, &wrong, error))
            return (*error)->code;
    say_end(a);
    return wrong ? LAB_FAILED : LAB_PASSED;
}

static int ask(asking *a, GError **error)
{
    if (!choose_seed(a, error) || !make_capture(a, error))
        return (*error)->code;
    say_beginning(a);
    if (list) {
        for (guint n = 1; n <= a->questions->list->len; n++)
            say_question(a, n);
        return LAB_PASSED;
    }
    if (answers)
        return answer_given(a, error);
    ask_all(a, error);
    return *error ? (*error)->code : say_end(a);
}

static const course_lesson *choose_lesson(const lab *here, const char *wanted, GError **error)
{
    const course_check *check = NULL;
    if (wanted)
        return course_find(here->course, wanted, &check, error);
    const course_lesson *current = lab_current(here);
    if (!current)
        lab_wrong(error, LAB_USAGE,
                  "every lesson is passed: name the one whose questions you want");
    return current;
}

int ask_run(lab *here, char **arguments, GError **error)
{
    asking a = {.lab = here, .lesson = choose_lesson(here, arguments[0], error)};
    if (!a.lesson)
        return LAB_USAGE;
    g_autofree char *folder = g_build_filename(here->project.lessons, a.lesson->id, NULL);
    GError *cause = NULL;
    a.questions = questions_read(folder, &cause);
    if (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        lab_wrong(error, LAB_USAGE, "lesson %s has no questions about a capture", a.lesson->number);
    else if (cause)
        g_propagate_error(error, g_steal_pointer(&cause));
    g_clear_error(&cause);
    int status = a.questions ? ask(&a, error) : (*error)->code;
    questions_free(a.questions);
    decoded_free(a.decoded);
    g_free(a.capture);
    return status;
}
