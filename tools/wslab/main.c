/*
 * wslab: the learner's grader. This file knows the commands and the options that all of them take;
 * each command has a file of its own.
 */
#include "commands.h"
#include "paint.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

typedef struct command {
    const char *name, *arguments; /* as help shows them */
    guint least, most;            /* how many arguments */
    command_run *run;
    const GOptionEntry *options;
    const char *help;
} command;

/* In the order of the help; the first is done when no command is named. */
static const command commands[] = {
    {"watch", "[LESSON]", 0, 1, watch_run, watch_options,
     "Check the current lesson at each save (also without a command)"},
    {"check", "[ID]", 0, 1, check_run, check_options,
     "Check a lesson (03), one check (03.2), or all up to the current lesson"},
    {"hint", "[ID]", 0, 1, hint_run, NULL, "The next of three hints for the check that fails"},
    {"show", "ID", 1, 1, show_run, show_options,
     "Open what was said in a check in wsdump, at the frame that is wrong"},
    {"ask", "[LESSON]", 0, 1, ask_run, ask_options,
     "A capture of your own, and questions about it"},
    {"list", "", 0, 0, list_run, list_options, "The lessons, and how far you are"},
    {"reset", "LESSON", 1, 1, reset_run, reset_options,
     "Begin an exercise anew; your file is kept beside it"},
    {"report", "", 0, 0, report_run, report_options,
     "The last result of every check, for machines"},
    {"grade", "FOLDER", 1, 1, grade_run, grade_options,
     "Check the exercises of many people (for instructors)"},
    {"schedule", "", 0, 0, schedule_run, schedule_options,
     "A plan of the days, with breaks (for instructors)"},
    {"play", "FILE.case", 1, 1, play_run, play_command_options,
     "Play a case against any server, started here or elsewhere"},
    {"talk", "FILE.talk OUT.pcapng", 2, 2, talk_run, talk_options,
     "Make a capture from a script (for who writes lessons)"},
    {"preflight", "", 0, 0, preflight_run, NULL,
     "What works on this machine, and what to do about the rest"},
};

/* ---- Options that every command takes ----------------------------------------------------------
 */

static char *root, *color;
static char **rest;
static gboolean version;

static const GOptionEntry common_options[] = {
    {"root", 0, 0, G_OPTION_ARG_FILENAME, &root, "The project's folder (found by itself)",
     "FOLDER"},
    {"color", 0, 0, G_OPTION_ARG_STRING, &color, "auto, always or never", "WHEN"},
    {"version", 'V', 0, G_OPTION_ARG_NONE, &version, "Print the version", NULL},
    {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &rest, NULL, NULL},
    G_OPTION_ENTRY_NULL};

static char *list_of_commands(void)
{
    GString *text = g_string_new("Commands:\n");
    for (const command *c = commands; c < commands + G_N_ELEMENTS(commands); c++) {
        g_autofree char *usage = g_strjoin(" ", c->name, c->arguments, NULL);
        g_string_append_printf(text, "  %-16s %s\n", usage, c->help);
    }
    g_string_append(text,
                    "\nwslab COMMAND --help tells a command's options.\nExit status: 0 passed, "
                    "1 a check failed, 2 wrong usage, 3 the grader could not run.");
    return g_string_free(text, FALSE);
}

static GOptionContext *context_of(const command *c, gboolean named)
{
    g_autofree char *after = named ? g_strjoin(" ", c->arguments, "-", c->help, NULL)
                                   : g_strdup("[COMMAND] - the grader of the lessons");
    GOptionContext *context = g_option_context_new(after);
    if (c->options)
        g_option_context_add_main_entries(context, c->options, NULL);
    g_option_context_add_main_entries(context, common_options, NULL);
    if (!named) {
        g_autofree char *list = list_of_commands();
        g_option_context_set_description(context, list);
    }
    return context;
}

/* ---- Running one -------------------------------------------------------------------------------
 */

/*
 * Take the command's name out of the words, the first of which becomes "wslab NAME" for the help.
 * It is the first that is no option and no option's value; without one, `watch` is meant. NULL and
 * an error when there is no such command.
 */
static const command *take_command(char **words, gboolean *named, GError **error)
{
    char **at = words + 1;
    while (*at && (*at)[0] == '-')
        at += (strcmp(*at, "--root") == 0 || strcmp(*at, "--color") == 0) && at[1] ? 2 : 1;
    *named = *at != NULL;
    if (!*named)
        return commands;
    for (const command *c = commands; c < commands + G_N_ELEMENTS(commands); c++) {
        if (strcmp(c->name, *at) != 0)
            continue;
        g_free(words[0]);
        words[0] = g_strconcat("wslab ", c->name, NULL);
        g_set_prgname(words[0]);
        g_free(*at);
        memmove(at, at + 1, g_strv_length(at + 1) * sizeof *at + sizeof *at);
        return c;
    }
    lab_wrong(error, LAB_USAGE, "there is no command \"%s\"; wslab --help lists them", *at);
    return NULL;
}

/* Parse the words behind the command; *arguments are those that are no options. */
static gboolean parse(const command *c, gboolean named, char ***words, GError **error)
{
    GOptionContext *context = context_of(c, named);
    GError *cause = NULL;
    gboolean good = g_option_context_parse_strv(context, words, &cause);
    g_option_context_free(context);
    guint count = rest ? g_strv_length(rest) : 0;
    if (!good)
        lab_wrong(error, LAB_USAGE, "%s; wslab %s --help lists the options", cause->message,
                  c->name);
    else if (!paint_choose(color))
        lab_wrong(error, LAB_USAGE, "--color takes auto, always or never, not \"%s\"", color);
    else if (count < c->least)
        lab_wrong(error, LAB_USAGE, "%s needs a %s", c->name, c->arguments);
    else if (count > c->most)
        lab_wrong(error, LAB_USAGE, "\"%s\" is too much: wslab %s %s", rest[c->most], c->name,
                  c->arguments);
    g_clear_error(&cause);
    return !*error;
}

static int run(const command *c, GError **error)
{
    lab here = {0};
    int status = LAB_CANNOT;
    if (project_find(&here.project, root, error) &&
        (here.course = course_read(here.project.lessons, error)) &&
        (here.progress = progress_open(here.project.state, error)))
        status = c->run(&here, rest ? rest : (char *[]){NULL}, error);
    progress_close(here.progress);
    course_free(here.course);
    project_clear(&here.project);
    return status;
}

int main(int argc, char **argv)
{
    (void)argc;
    setlocale(LC_ALL, "");
    g_set_prgname("wslab");
    GError *error = NULL;
    gboolean named;
    g_auto(GStrv) words = g_strdupv(argv);
    const command *c = take_command(words, &named, &error);
    int status = LAB_USAGE;
    if (c && parse(c, named, &words, &error)) {
        status = LAB_PASSED;
        if (version)
            puts("wslab " WSKIT_VERSION);
        else
            status = run(c, &error);
        if (!error && (fflush(stdout) != 0 || ferror(stdout)))
            lab_wrong(&error, LAB_CANNOT, "not all of the output could be written");
    }
    if (error) {
        lab_print(stderr, "wslab: %s\n", error->message);
        status = error->domain == LAB_ERROR ? error->code : LAB_CANNOT;
    }
    g_clear_error(&error);
    g_free(root);
    g_free(color);
    g_strfreev(rest);
    return status;
}
