/*
 * The text that a learner reads about a check. Plain, at most 100 columns.
 *
 *     FAIL 03.2  only one thread writes a connection                 covers 29
 *       1 action  two threads send 200 x 4096-byte text                ok
 *       2 expect  frame 37 payload = 4096 x 'a'                        got a ping header inside it
 *                 ... 61 61 61 89 00 61 61 ...
 *                              ^ stream offset 151204
 *       look  wslab show 03.2     hint  wslab hint 03.2     replay  --seed 7
 */
#ifndef SHARED_STORY_H
#define SHARED_STORY_H

#include "play.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The first line: "PASS", "FAIL", "ERROR" or "SKIP", the id, the title, "covers N". */
void story_print_head(FILE *out, const script *s, const play_result *r);

/* The numbered lines and their details, or the reason where there are none. */
void story_print_lines(FILE *out, const play_result *r);

/* The last line. */
void story_print_ways(FILE *out, const script *s, const play_result *r);

/* All of it: for a failure the three above; else the head, and the reason where there is one. */
void story_print(FILE *out, const script *s, const play_result *r);

/* The same in memory. Free with g_free. */
char *story_text(const script *s, const play_result *r);

#ifdef __cplusplus
}
#endif

#endif
