/*
 * The talk language: a conversation written down, both sides of it. It becomes a capture without
 * any program having run, always the same for the same file and seed. lessons/doc/grader.md shows
 * it to people.
 *
 *     title: a ping between two fragments
 *     handshake
 *     client send text "Hel" fin=no
 *     client send ping "?"
 *     server send pong "?"
 *     client send continuation "lo"
 *     server send text "Hello"
 *
 * The first line is the title. Then a step a line:
 *
 *     handshake [path=/ws] [header="Name: value"]... [answer=KIND]    both heads
 *     client request [path=/ws] [header="Name: value"]...             the request's head alone
 *     server answer [KIND] [header="Name: value"]...                  the answer's
 *         KIND: 101 (right), plain-101 (a 101 without any header), wrong-accept, or a status that
 *         refuses: 300 to 599
 *     client|server send FRAME           frame_line.h has FRAME: text "hello" fin=no, ...
 *     client|server bytes DATA           data.h has DATA: "text", hex:00ff, random:5, 3*"no"
 *     client|server fin|rst
 *     client PORT, server PORT           of the connections that come later; before: 50001 (then
 *                                        50002, ...) and 8080
 *     connection NAME                    the next steps are about this connection; it is opened
 *                                        where it is named first. Without a name there is one
 *     delay 30s|10ms                     besides the millisecond between any two packets
 *     pick A | B | C                     one of these steps: the seed decides
 *     join ... end                       what one side sends in between is one segment
 *     shuffle ... end                    these steps in an order that the seed decides
 *     repeat N ... end                   N times
 *
 * '#' at the beginning of a line makes it a comment. Masking keys, the handshake's key and random
 * data come from the seed. The time is 2026-01-05 09:00:00 UTC.
 */
#ifndef SHARED_TALK_H
#define SHARED_TALK_H

#include "transcript.h"

#include <glib.h>

#ifdef __cplusplus
extern "C" {
#endif

/* No talk has more steps than this when it is played, or blocks inside one another. */
enum { TALK_MAX_STEPS = 200000, TALK_MAX_DEPTH = 8 };

typedef struct talk talk;

/*
 * Read a talk. Everything that is wrong with it and does not depend on the seed is found here. NULL
 * with *error when it cannot be read (G_FILE_ERROR) or is wrong (WORDS_ERROR: FILE:LINE:COLUMN).
 */
talk *talk_read(const char *path, GError **error);

/* The same from text: `name` stands in the errors. */
talk *talk_parse(const char *name, const char *text, GError **error);

/*
 * Play it; the result is the caller's, its note is the title. NULL with *error (WORDS_ERROR) where
 * a side sends after its end, or where it has too many steps.
 */
transcript *talk_play(const talk *t, uint64_t seed, GError **error);

void talk_free(talk *t);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(talk, talk_free)

#ifdef __cplusplus
}
#endif

#endif
