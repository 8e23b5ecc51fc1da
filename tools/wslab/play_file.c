/*
 * wslab play: one case against any program, of any language: one that is started here, or a server
 * that runs already. For who writes lessons, for demonstrations, and for programs that are no
 * exercise.
 */
#include "capture_file.h"
#include "commands.h"
#include "play.h"
#include "story.h"

/* Of a server that runs already only what it sends is seen, not whether it is about to: a time-out
 * of ten seconds is silence, too. */
enum { SILENCE_S = 15 };

static char *program, *capture;
static int port;
static gint64 seed = 7;

const GOptionEntry play_command_options[] = {
    {"port", 0, 0, G_OPTION_ARG_INT, &port, "A server that listens on 127.0.0.1 already", "N"},
    {"program", 0, 0, G_OPTION_ARG_FILENAME, &program, "Start this program", "FILE"},
    {"seed", 0, 0, G_OPTION_ARG_INT64, &seed, "Of all that looks random (7)", "N"},
    {"capture", 0, 0, G_OPTION_ARG_FILENAME, &capture, "Write what was said to this file",
     "OUT.pcapng"},
    G_OPTION_ENTRY_NULL};

int play_run(lab *here, char **arguments, GError **error)
{
    static const int statuses[] = {[PLAY_PASS] = LAB_PASSED,
                                   [PLAY_FAIL] = LAB_FAILED,
                                   [PLAY_ERROR] = LAB_CANNOT,
                                   [PLAY_SKIPPED] = LAB_CANNOT};
    (void)here;
    if (!program == !port || port < 0 || port > G_MAXUINT16 || seed < 0)
        return lab_wrong(error, LAB_USAGE,
                         "play needs --port N, or --program FILE; a seed is not negative");
    GError *cause = NULL;
    g_autoptr(script) s = script_read(arguments[0], &cause);
    if (!s) {
        lab_wrong(error, LAB_CANNOT, "%s", cause->message);
        g_error_free(cause);
        return LAB_CANNOT;
    }
    play_ends_with_us();
    play_options options = {.program = program,
                            .port = (unsigned)port,
                            .idle_s = port ? SILENCE_S : 0,
                            .seed = (guint64)seed,
                            .scale = play_measure_scale()};
    g_autoptr(play_result) r = play_case(s, &options);
    story_print_head(stdout, s, r);
    if (r->verdict != PLAY_PASS)
        story_print_lines(stdout, r);
    if (capture && !capture_file_write(r->transcript, capture, error))
        return LAB_CANNOT;
    return statuses[r->verdict];
}
