/*
 * Facts about a capture: what a question in questions.ini asks for, computed from the bytes of the
 * capture whenever it is needed. A question's group names a fact and, beside it, which frame,
 * message or connection is meant:
 *
 *     fact=payload-byte
 *     from=client            one direction; otherwise both
 *     opcode=ping            text, binary, continuation, close, ping, pong; otherwise any
 *     connection=2           wsdump's number; otherwise any
 *     violating=yes          only frames that break a rule
 *     cut=yes                frames whose end never came; otherwise whole ones
 *     nth=3                  which of those that are left, from 1, or "last"; otherwise the first
 *     index=3                of a byte, from 0
 *     name=Host              of a header line
 */
#ifndef WSLAB_FACTS_H
#define WSLAB_FACTS_H

#include "decoded.h"

#include <glib.h>

typedef struct fact fact;

/* Read the fact of a group. NULL with *error (one line: the key, what is wrong) when it names no
 * fact, or a key is missing, not this fact's or not sound. `others` are further keys that the group
 * may have, NULL-terminated. Free with fact_free. */
fact *fact_read(GKeyFile *file, const char *group, const char *const *others, GError **error);
void fact_free(fact *f);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(fact, fact_free)

/* The fact, as text in its usual form: "yes", "37fa213d", "16". NULL with *error when the capture
 * has no such frame, message or connection: the question does not fit the capture. */
char *fact_value(const fact *f, const decoded *d, GError **error);

typedef enum fact_verdict {
    FACT_RIGHT,
    FACT_WRONG,
    FACT_UNREADABLE, /* not of the form that fact_form says */
} fact_verdict;

/* Is the answer this value? Forgiving about its form: "0x37 FA 21 3D" is 37fa213d, "Y" is yes. */
fact_verdict fact_judge(const fact *f, const char *value, const char *answer);

/* Static texts for the learner. */
const char *fact_form(const fact *f);  /* how to write the answer: "yes or no" */
const char *fact_means(const fact *f); /* one or two sentences: what this value is */
const char *fact_where(const fact *f); /* where wsdump shows it: keys, and the field's name */

#endif
