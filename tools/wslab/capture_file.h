/* A transcript in a file. */
#ifndef WSLAB_CAPTURE_FILE_H
#define WSLAB_CAPTURE_FILE_H

#include "transcript.h"

#include <glib.h>

/* Write it to `path` as pcapng. FALSE with *error, LAB_CANNOT. */
gboolean capture_file_write(const transcript *said, const char *path, GError **error);

#endif
