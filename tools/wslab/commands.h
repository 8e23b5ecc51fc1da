/*
 * The commands of wslab. Each is given its arguments without options (NULL-terminated, as many as
 * its row of the table in main.c allows) and returns the exit status; with *error set, main prints
 * it and the status is the error's code.
 */
#ifndef WSLAB_COMMANDS_H
#define WSLAB_COMMANDS_H

#include "lab.h"

typedef int command_run(lab *here, char **arguments, GError **error);

command_run watch_run, check_run, hint_run, list_run, show_run, reset_run, report_run, grade_run,
    schedule_run, preflight_run, ask_run, talk_run, play_run;

/* The options of each command beside those that all take; ending with an empty entry. They are
 * parsed into variables of the command's own file. */
extern const GOptionEntry watch_options[], check_options[], list_options[], show_options[],
    reset_options[], report_options[], grade_options[], schedule_options[], ask_options[],
    talk_options[], play_command_options[];

#endif
