/*
 * Play a case against a program: start it, do the steps, judge, stop it.
 *
 *     g_autoptr(script) s = script_read("lessons/03_threads/check/03.2.case", &error);
 *     play_options o = {.program = "build/dev/lessons/03_threads/exercise", .seed = 7};
 *     play_result *r = play_case(s, &o);
 *     if (r->verdict != PLAY_PASS)
 *         story_print(stdout, s, r);              // story.h
 *     capture_write(r->transcript, file);       // capture.h
 *     play_result_free(r);
 *
 * No verdict comes from a clock: an expectation waits for what it wants, and gives up when the
 * ceiling has passed, when the program has ended, or when it has neither computed nor sent anything
 * for a while (it waits for us, as we for it). Traffic goes over 127.0.0.1 only. The program is
 * always ended and waited for; when this process dies, the kernel kills it.
 *
 * Not for two threads at once in one process (a child that ends is waited for by its id only, so
 * other children of the process are safe).
 */
#ifndef SHARED_PLAY_H
#define SHARED_PLAY_H

#include "script.h"
#include "transcript.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct play_options {
    const char *program;          /* path of the program under test */
    unsigned port;                /* not 0: the server runs already, here on 127.0.0.1, and is left
                                     running; `program` is not used. Cases that ask about the
                                     program itself (its log, its end), or are about a client,
                                     are skipped */
    const char *const *arguments; /* further ones, before those of the case; NULL-terminated; may be
                                     NULL. A server gets "--port 0" first */
    uint64_t seed;                /* of random data, masking keys and random splits */
    double scale;                 /* how much slower this machine is: multiplies every waiting time;
                                     0 = 1. play_measure_scale gives it */
    double ceiling_s;             /* an expectation gives up after so long; 0 = 30 */
    double idle_s;                /* ... or when the program was idle for so long; 0 = 5 */
    double idle_max_s; /* ... and no longer, however slow this machine is: a server that does
                          nothing but ping every 30 s does nothing; 0 = 20 */
    double stop_s;     /* a server must end so soon after SIGTERM; 0 = 5 */
} play_options;

typedef enum play_verdict {
    PLAY_PASS,
    PLAY_FAIL,    /* the program did not do what the case says */
    PLAY_ERROR,   /* the grader's own trouble (the program does not exist, no memory, no socket):
                     says nothing about the program */
    PLAY_SKIPPED, /* not tried: this machine lacks something; `reason` says what */
} play_verdict;

/* Static lower-case name: "pass", "fail", "error", "skipped". */
const char *play_verdict_name(play_verdict verdict);

/* One numbered line of the story. */
typedef struct play_line {
    bool expect;  /* "expect", otherwise "action" */
    char *text;   /* what was done or expected: "a sends text 4096 x 'a'" */
    char *result; /* "ok", or what was got: "got a ping header inside it"; printable.h */
    bool ok;
    GPtrArray *detail;  /* further lines (char *) below it: context, caret, end of the log */
    unsigned file_line; /* of the case; 0 = not a line of it (starting, stopping the program) */
} play_line;

/* Where in the transcript the wrong bytes are, for `wslab show`. */
typedef struct play_place {
    bool known;
    unsigned connection; /* number in the transcript, from 0 */
    bool from_client;    /* the direction; false: what the program sent */
    uint64_t frame;      /* of this direction and connection, from 1; 0 = before the first frame
                            (the handshake) */
    uint64_t offset;     /* stream offset of the first wrong byte, handshake included */
} play_place;

typedef struct play_result {
    play_verdict verdict;
    char *reason;     /* one line: why it failed, could not be tried, was skipped; NULL: passed */
    GPtrArray *story; /* of play_line; never NULL */
    play_place place; /* of a failure */
    struct transcript *transcript; /* all that was said, also of a case that passed; never NULL */
    GString *log;                  /* stderr of the program, its last 256 KiB */
    GString *output;               /* stdout of the program, its first 1 MiB */
    uint64_t seed;                 /* as given: --seed replays it */
    double seconds;                /* it took */
} play_result;

/* Play it. Never NULL. */
play_result *play_case(const script *s, const play_options *options);

/* A result without a play: verdict ERROR or SKIPPED with this reason. */
play_result *play_not_tried(play_verdict verdict, const char *reason);

/*
 * From now on SIGINT, SIGTERM and SIGHUP end what the program under test has started, too, before
 * they end this process as ever. Signals that are ignored stay so.
 */
void play_ends_with_us(void);

void play_result_free(play_result *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(play_result, play_result_free)

/*
 * How much slower than a quick machine this one is now, at least 1: measured with processes that
 * are started and bytes that go over loopback, about 20 ms. Put it into play_options.scale.
 */
double play_measure_scale(void);

#ifdef __cplusplus
}
#endif

#endif
