/* A script of a conversation made into a capture. */
#ifndef WSLAB_TALK_FILE_H
#define WSLAB_TALK_FILE_H

#include "transcript.h"

#include <glib.h>

/*
 * Play the talk `from` with the seed `number` and write it to `path` as pcapng. *said is then what
 * was said, the caller's. An exit status: LAB_PASSED, or LAB_CANNOT with *error and *said NULL.
 */
int talk_file_write(const char *from, guint64 number, const char *path, transcript **said,
                    GError **error);

#endif
