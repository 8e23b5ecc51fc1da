/* wslab show: the conversation of a check's last play, in wsdump, at the frame that is wrong. */
#include "commands.h"
#include "results.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static gboolean print;

const GOptionEntry show_options[] = {{"print", 0, 0, G_OPTION_ARG_NONE, &print,
                                      "Only print the command (as without a terminal)", NULL},
                                     G_OPTION_ENTRY_NULL};

int show_run(lab *here, char **arguments, GError **error)
{
    const course_check *check = NULL;
    course_find(here->course, arguments[0], &check, error);
    if (*error)
        return LAB_USAGE;
    if (!check)
        return lab_wrong(error, LAB_USAGE, "show needs one check, such as %s.1, not a whole lesson",
                         arguments[0]);
    g_autofree char *capture = results_capture(here, check->id);
    if (!g_file_test(capture, G_FILE_TEST_EXISTS))
        return lab_wrong(error, LAB_FAILED,
                         "there is no traffic of %s: it was not played yet (wslab check %s), or "
                         "it talks to nobody",
                         check->id, check->id);
    g_autofree char *where = progress_where(here->progress, check->id);
    char *command[] = {here->project.wsdump, "-r", capture, NULL, NULL, NULL};
    if (where) {
        command[3] = "--goto";
        command[4] = where;
    }
    if (print || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        for (char **word = command; *word; word++) {
            g_autofree char *quoted = g_shell_quote(*word);
            size_t plain = strspn(*word, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "/._-+:,=@%");
            printf("%s%s", word > command ? " " : "", (*word)[plain] ? quoted : *word);
        }
        printf("\n");
        return LAB_PASSED;
    }
    execv(command[0], command);
    return lab_wrong(error, LAB_CANNOT, "cannot run %s: %s; ./kit build makes it", command[0],
                     g_strerror(errno));
}
