/* Output: the file that -w names, opened with the rights of whoever asked for it. */
#ifndef WSDUMP_OUTPUT_H
#define WSDUMP_OUTPUT_H

#include <glib.h>
#include <stdio.h>

/*
 * Open `path` for writing, empty; "-" is standard output. A file that is there is overwritten,
 * unless it is `input`, the capture that is being read ("-" = standard input, NULL = none). Root
 * through sudo opens it as who called sudo, who then owns it, if that one may; so call this before
 * root is given up. NULL on failure, with *error one line that names the file.
 */
FILE *output_open(const char *path, const char *input, GError **error);

#endif
