/* Searching: is a text in a record? */
#ifndef WSDUMP_INTERFACE_SEARCH_H
#define WSDUMP_INTERFACE_SEARCH_H

#include "record.h"

/* In its payload, its headers, the rule that it breaks, or its type's name. Letters of ASCII match
 * large and small ones alike. */
bool search_record(const record *r, const char *text);

bool search_bytes(const void *data, size_t len, const char *text);

#endif
