/* Regular expressions of display filters: on any bytes, and never for too long. */
#ifndef WSDUMP_FILTER_REGEX_H
#define WSDUMP_FILTER_REGEX_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct filter_regex filter_regex;

/*
 * All that needs compiling is compiled here, machine code included, so that a sandbox may be closed
 * afterwards. NULL when `pattern`, valid UTF-8, is none: then *reason, the caller's, says why and
 * *at is the byte of the pattern where that was noticed.
 */
filter_regex *filter_regex_new(const char *pattern, char **reason, size_t *at);

/*
 * Is there a match anywhere in the bytes? With `utf8` they are known to be valid UTF-8 and are
 * matched by characters, otherwise by bytes. A search that takes too many steps is given up: false.
 */
bool filter_regex_matches(filter_regex *regex, const char *data, size_t len, bool utf8);

/* How many searches were given up. */
uint64_t filter_regex_given_up(const filter_regex *regex);

void filter_regex_free(filter_regex *regex);

#endif
