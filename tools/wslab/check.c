/*
 * wslab check: compile the exercise, play each check's case against it, say what happened and what
 * comes next.
 */
#include "capture_file.h"
#include "commands.h"
#include "compile.h"
#include "decoded.h"
#include "paint.h"
#include "results.h"
#include "script.h"
#include "starter.h"
#include "story.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

enum { SEED = 7, SCALE_MAX = 10 };

static char *program, *source, *sanitize, *junit;
static gint64 seed = SEED;
static gboolean keep_going, json, record;

const GOptionEntry check_options[] = {
    {"program", 0, 0, G_OPTION_ARG_FILENAME, &program, "Check this program, not the exercise",
     "FILE"},
    {"source", 0, 0, G_OPTION_ARG_FILENAME, &source,
     "Compile and check this file, not the exercise", "FILE.c"},
    {"seed", 0, 0, G_OPTION_ARG_INT64, &seed, "Of all that looks random in a check (7)", "N"},
    {"sanitize", 0, 0, G_OPTION_ARG_STRING, &sanitize,
     "Build the program with this sanitizer: thread or address", "KIND"},
    {"keep-going", 0, 0, G_OPTION_ARG_NONE, &keep_going, "Do not stop at a check that fails", NULL},
    {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print a report as JSON, and nothing else", NULL},
    {"junit", 0, 0, G_OPTION_ARG_FILENAME, &junit, "Write a report as JUnit's XML", "FILE"},
    {"record", 0, 0, G_OPTION_ARG_NONE, &record,
     "Keep the results as progress, also of --source or --program", NULL},
    G_OPTION_ENTRY_NULL};

/* One run of wslab check. */
typedef struct run {
    lab *lab;
    recipe *recipe;
    compile_kind kind; /* of checks that do not ask for another */
    gboolean own;      /* it is the learner's exercise: the results are progress */
    double scale;
    results *results;
    char *refused; /* what the compiler said of this lesson's file; NULL: it compiles */
} run;

/* For people: nothing with --json. */
static void say(const char *format, ...) G_GNUC_PRINTF(1, 2);
static void say(const char *format, ...)
{
    if (json)
        return;
    va_list values;
    va_start(values, format);
    lab_vprint(stdout, format, values);
    va_end(values);
}

/* ---- The program under test --------------------------------------------------------------------
 */

/* The file that is compiled for this lesson; free it. */
static char *source_of(const run *r, const course_lesson *lesson)
{
    return source ? g_canonicalize_filename(source, NULL) : lab_exercise(r->lab, lesson);
}

/* STATE/build/FOLDER/KIND/NAME: each file has a folder of its own, whatever it is called. */
static char *program_of(const run *r, const course_lesson *lesson, const char *file,
                        compile_kind kind)
{
    g_autofree char *base = g_path_get_basename(file);
    if (g_str_has_suffix(base, ".c"))
        base[strlen(base) - 2] = '\0';
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, file, -1);
    sum[12] = '\0';
    return g_build_filename(r->lab->project.state, "build", source ? sum : lesson->id,
                            compile_kinds[kind], base, NULL);
}

/*
 * The program for a check that wants this kind of build: *path, or *why there is none. FALSE: its
 * source does not compile (r->refused) or the compiler cannot be run (*error).
 */
static gboolean build(run *r, const course_lesson *lesson, compile_kind kind, char **path,
                      const char **why, GError **error)
{
    *why = recipe_lacks(r->recipe, kind);
    if (*why)
        return TRUE;
    g_autofree char *file = source_of(r, lesson);
    g_autofree char *messages = NULL;
    *path = program_of(r, lesson, file, kind);
    compile_result result =
        compile(r->recipe, kind, lesson->id, r->lab->project.root, lab_shown(r->lab, file), *path,
                paint_has_colours(), &messages, error);
    if (result == COMPILE_REFUSED)
        r->refused = g_steal_pointer(&messages);
    else if (result == COMPILE_DONE && *messages && kind == COMPILE_PLAIN)
        say("%s%sThe compiler warns; it compiles all the same.%s\n", messages, paint_faint(),
            paint_end());
    return result == COMPILE_DONE;
}

/* ---- One check ---------------------------------------------------------------------------------
 */

static gboolean write_capture(const run *r, const course_check *check, const play_result *played,
                              GError **error)
{
    g_autofree char *path = results_capture(r->lab, check->id);
    g_autofree char *folder = g_path_get_dirname(path);
    g_mkdir_with_parents(folder, 0755);
    if (transcript_connections(played->transcript) == 0) { /* nothing to show, nor what was */
        g_unlink(path);
        return TRUE;
    }
    if (!capture_file_write(played->transcript, path, error))
        return FALSE;
    const play_place *at = &played->place;
    g_autoptr(decoded) said = decoded_of(played->transcript);
    g_autofree char *where =
        at->known ? decoded_place(said, at->connection,
                                  at->from_client ? WSP_FROM_CLIENT : WSP_FROM_SERVER, at->frame)
                  : NULL;
    return progress_keep_where(r->lab->progress, check->id, where, error);
}

/* "lessons/03_threads/exercise.c:41" where the check's TODO still stands; NULL elsewhere. */
static char *todo_of(const run *r, const course_check *check)
{
    g_autofree char *path = source_of(r, check->lesson);
    g_autofree char *text = NULL;
    g_autofree char *mark = g_strconcat("TODO ", check->id, NULL);
    if (program || !g_file_get_contents(path, &text, NULL, NULL))
        return NULL;
    const char *at = strstr(text, mark);
    guint line = 1;
    for (const char *c = text; at && c < at; c++)
        line += *c == '\n';
    return at ? g_strdup_printf("%s:%u", lab_shown(r->lab, path), line) : NULL;
}

static void say_verdict(const run *r, const course_check *check, const progress_result *result)
{
    if (result->verdict == PLAY_PASS) {
        say("%sok%s %s  %s\n", paint_good(), paint_end(), check->id, result->title);
    } else if (result->verdict == PLAY_SKIPPED) {
        say("%sskip%s %s  %s: %s\n", paint_faint(), paint_end(), check->id, result->title,
            result->reason);
    } else {
        const char *rest = strchr(result->details, ' ');
        g_autofree char *word = g_strndup(result->details, (gsize)(rest - result->details));
        say("\n%s%s%s%s", paint_bad(), word, paint_end(), rest);
        g_autofree char *todo = todo_of(r, check);
        if (todo)
            say("  todo  %s\n", todo);
        say("\n");
    }
}

/* Play it; never without a result. */
static play_result *play(run *r, const course_check *check, const script *s, GError **error)
{
    compile_kind kind = s->build == SCRIPT_THREAD    ? COMPILE_THREAD
                        : s->build == SCRIPT_ADDRESS ? COMPILE_ADDRESS
                                                     : r->kind;
    g_autofree char *built = NULL;
    const char *why = NULL;
    if (program && s->build != SCRIPT_PLAIN)
        why = "needs the program built with a sanitizer: give --source";
    else if (r->refused || (!program && !build(r, check->lesson, kind, &built, &why, error)))
        return play_not_tried(PLAY_FAIL, "the file does not compile");
    if (why)
        return play_not_tried(PLAY_SKIPPED, why);
    g_autofree char *given = program ? g_canonicalize_filename(program, NULL) : NULL;
    if (r->scale <= 0)
        r->scale = CLAMP(play_measure_scale(), 1, SCALE_MAX);
    play_options options = {
        .program = given ? given : built, .seed = (guint64)seed, .scale = r->scale};
    return play_case(s, &options);
}

/* FALSE: the grader cannot go on (*error). */
static gboolean check_one(run *r, const course_check *check, gboolean *passed, GError **error)
{
    g_autofree char *name = g_strconcat(check->id, ".case", NULL);
    g_autofree char *path =
        g_build_filename(r->lab->project.lessons, check->lesson->id, "check", name, NULL);
    GError *cause = NULL;
    g_autoptr(script) s = script_read(path, &cause);
    if (!s) {
        lab_wrong(error, LAB_CANNOT, "%s", cause->message);
        g_clear_error(&cause);
        return FALSE;
    }
    g_autoptr(play_result) played = play(r, check, s, error);
    if (*error)
        return FALSE;
    progress_result result = {TRUE,
                              played->verdict,
                              s->title,
                              played->reason,
                              r->refused ? r->refused : story_text(s, played),
                              played->seconds,
                              (guint64)seed};
    g_autofree char *capture = results_capture(r->lab, check->id);
    gboolean tried = played->verdict != PLAY_SKIPPED && !r->refused;
    gboolean talked = tried && transcript_connections(played->transcript) > 0;
    results_add(r->results, check->lesson->id, check->id, &result, talked ? capture : NULL);
    if (!r->refused)
        say_verdict(r, check, &result);
    *passed = result.verdict == PLAY_PASS || result.verdict == PLAY_SKIPPED;
    gboolean kept = (!tried || write_capture(r, check, played, error)) &&
                    (!r->own || progress_keep(r->lab->progress, check->id, &result, error));
    if (!r->refused)
        g_free(result.details);
    return kept;
}

/* ---- A lesson ----------------------------------------------------------------------------------
 */

static void say_refused(const run *r, const course_lesson *lesson)
{
    g_autofree char *path = source_of(r, lesson);
    say("%s\n%s%s does not compile yet.%s Begin with the first line above that says \"error\": the "
        "others often\ncome from it. Then: wslab check %s\n",
        r->refused, paint_bad(), lab_shown(r->lab, path), paint_end(), lesson->number);
}

/* What the learner can do now, behind a lesson whose checks passed. */
static void say_passed(const run *r, const course_lesson *lesson)
{
    if (!r->own || !lab_passed(r->lab, lesson))
        return;
    say("\n%sLesson %s is passed.%s Compare with lessons/solutions/%s/exercise.c, and read\n"
        "\"After you pass\" in lessons/%s/README.md.\n",
        paint_good(), lesson->number, paint_end(), lesson->id, lesson->id);
    const course_lesson *next = lab_current(r->lab);
    if (next)
        say("next: lesson %s, %s (%d + %d minutes): lessons/%s/README.md\n", next->number,
            next->name, next->minutes_teach, next->minutes_exercise, next->id);
    else
        say("next: nothing. You have passed every lesson.\n");
}

static void say_failed(const run *r, const course_lesson *lesson)
{
    g_autofree char *path = source_of(r, lesson);
    if (r->own && starter_untouched(r->lab, lesson))
        say("This is the exercise as it came, and it is meant to fail here: making it pass is your "
            "part.\nWhat to do is in lessons/%s/README.md.\n",
            lesson->id);
    if (program)
        say("next: change the program, then the same command again (seed %" G_GINT64_FORMAT ")\n",
            seed);
    else
        say("next: change %s, then: wslab check %s\n", lab_shown(r->lab, path), lesson->number);
}

/* `only` is the one check that is wanted; NULL = all. */
static gboolean check_lesson(run *r, const course_lesson *lesson, const course_check *only,
                             gboolean *passed, GError **error)
{
    *passed = TRUE;
    g_clear_pointer(&r->refused, g_free);
    say("%sLesson %s  %s%s\n", paint_strong(), lesson->number, lesson->name, paint_end());
    for (guint i = 0; i < lesson->checks->len && (*passed || keep_going); i++) {
        const course_check *check = g_ptr_array_index(lesson->checks, i);
        gboolean good = TRUE;
        if ((!only || only == check) && !check_one(r, check, &good, error))
            return FALSE;
        *passed = *passed && good;
    }
    if (r->refused)
        say_refused(r, lesson);
    else if (*passed)
        say_passed(r, lesson);
    else
        say_failed(r, lesson);
    return TRUE;
}

/* ---- The command -------------------------------------------------------------------------------
 */

/* The lessons of the command line, in their order, and the one check of them that is wanted. */
static GPtrArray *chosen(const run *r, const char *id, const course_check **only, GError **error)
{
    GPtrArray *lessons = g_ptr_array_new();
    const course_lesson *last =
        id ? course_find(r->lab->course, id, only, error) : lab_current(r->lab);
    for (guint i = 0; !*error && i < r->lab->course->lessons->len; i++) {
        const course_lesson *lesson = g_ptr_array_index(r->lab->course->lessons, i);
        if (!id || lesson == last)
            g_ptr_array_add(lessons, (gpointer)lesson);
        if (lesson == last)
            break;
    }
    return lessons;
}

static gboolean options_are_sound(const char *id, run *r, GError **error)
{
    if (program && source)
        lab_wrong(error, LAB_USAGE, "--program and --source exclude each other");
    else if ((program || source) && !id)
        lab_wrong(error, LAB_USAGE, "--%s needs to know which lesson: wslab check 03 --%s FILE",
                  program ? "program" : "source", program ? "program" : "source");
    else if ((program && !g_file_test(program, G_FILE_TEST_IS_EXECUTABLE)) ||
             (source && !g_file_test(source, G_FILE_TEST_IS_REGULAR)))
        lab_wrong(error, LAB_USAGE, "%s: there is no such %s", program ? program : source,
                  program ? "program" : "file");
    else if (sanitize && program)
        lab_wrong(error, LAB_USAGE,
                  "--sanitize builds the program, and --program is built already");
    else if (sanitize && !compile_kind_of(sanitize, &r->kind))
        lab_wrong(error, LAB_USAGE, "--sanitize takes thread or address, not \"%s\"", sanitize);
    else if (seed < 0)
        lab_wrong(error, LAB_USAGE, "--seed takes a number from 0");
    return !*error;
}

static int check_lessons(run *r, const char *id, GError **error)
{
    const course_check *only = NULL;
    g_autoptr(GPtrArray) lessons = chosen(r, id, &only, error);
    gboolean passed = TRUE, able = !*error;
    for (guint i = 0; able && i < lessons->len && (passed || keep_going); i++)
        able = check_lesson(r, g_ptr_array_index(lessons, i), only, &passed, error);
    if (able && results_report(r->results, json, junit, error))
        return results_status(r->results);
    return LAB_CANNOT;
}

int check_run(lab *here, char **arguments, GError **error)
{
    run r = {.lab = here, .own = record || (!program && !source)};
    if (!options_are_sound(arguments[0], &r, error))
        return LAB_USAGE;
    play_ends_with_us();
    starter_keep(here);
    int status = LAB_CANNOT;
    r.results = results_new();
    if (!program)
        r.recipe = recipe_read(here->project.recipe, error);
    if (r.recipe && sanitize && recipe_lacks(r.recipe, r.kind))
        lab_wrong(error, LAB_CANNOT, "--sanitize %s: %s", sanitize, recipe_lacks(r.recipe, r.kind));
    if (!*error)
        status = check_lessons(&r, arguments[0], error);
    results_free(r.results);
    recipe_free(r.recipe);
    g_free(r.refused);
    return status;
}
