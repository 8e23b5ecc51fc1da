/* wslab talk: a script of a conversation (talk.h) becomes a capture. For who writes lessons. */
#include "talk_file.h"

#include "capture_file.h"
#include "commands.h"
#include "talk.h"

static gint64 seed = 1;

const GOptionEntry talk_options[] = {
    {"seed", 0, 0, G_OPTION_ARG_INT64, &seed, "Of all that the script leaves to chance (1)", "N"},
    G_OPTION_ENTRY_NULL};

int talk_file_write(const char *from, guint64 number, const char *path, transcript **said,
                    GError **error)
{
    GError *cause = NULL;
    g_autoptr(talk) t = talk_read(from, &cause);
    *said = t ? talk_play(t, number, &cause) : NULL;
    if (!*said) {
        lab_wrong(error, LAB_CANNOT, "%s", cause->message);
        g_error_free(cause);
        return LAB_CANNOT;
    }
    if (capture_file_write(*said, path, error))
        return LAB_PASSED;
    g_clear_pointer(said, transcript_free);
    return LAB_CANNOT;
}

int talk_run(lab *here, char **arguments, GError **error)
{
    (void)here;
    if (seed < 0)
        return lab_wrong(error, LAB_USAGE, "--seed takes a number from 0");
    transcript *said;
    int status = talk_file_write(arguments[0], (guint64)seed, arguments[1], &said, error);
    transcript_free(said);
    return status;
}
