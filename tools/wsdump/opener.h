/*
 * The opener: a process that opens files to write, for one that cannot do so any longer because it
 * has given up root and is behind the system-call filter. It is started before that, stays in the
 * directory and with the rights of whoever called, and ends when the other does.
 *
 * It asks nobody, so it does little: it makes new files, and empties regular ones if it is told to,
 * both only where their name has one of a few endings. Nothing is deleted, read or run by it.
 */
#ifndef WSDUMP_OPENER_H
#define WSDUMP_OPENER_H

#include <glib.h>
#include <stdbool.h>

typedef struct opener opener;

typedef struct opener_options {
    const char *const *endings; /* ".jsonl", ...; NULL ends the list */
    const char *busy[2];        /* files that are never opened: what is read, what is written; "-" =
                                   standard input, NULL = none */
} opener_options;

/*
 * Start the process; while this one has one thread only. What *options points at is used by the new
 * process alone, afterwards. NULL when it cannot be: *error says why.
 */
opener *opener_start(const opener_options *options, GError **error);

/*
 * A descriptor of `path`, empty, to write to; -1 and errno on failure:
 *
 *     EEXIST  there is something of this name, and `overwrite` is false
 *     EINVAL  it is no regular file
 *     EBUSY   it is one of `busy`
 *     EPERM   no ending that is allowed
 *     EPIPE   the process is gone
 *
 * and whatever open(2) says. Symbolic links are not followed: they are there, and no regular files.
 */
int opener_open(opener *o, const char *path, bool overwrite);

void opener_stop(opener *o); /* NULL is fine */

#endif
