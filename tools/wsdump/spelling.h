/* What a misspelt word was meant to be. */
#ifndef WSDUMP_SPELLING_H
#define WSDUMP_SPELLING_H

#include <stddef.h>

/* The edits that make one word of another; of words longer than any of ours, a rough number. */
size_t spelling_distance(const char *a, const char *b);

#endif
