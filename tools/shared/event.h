/* Messages and bodies that are JSON: an object's members, as cases expect them. */
#ifndef SHARED_EVENT_H
#define SHARED_EVENT_H

#include "step.h"

/* `expect WHO event NAME [member=value …]`: the next message is a text with a JSON object, its
 * member "event" is NAME, and the others that are named have these values. */
bool event_expect(player *p, const step *s);

/* The member of the JSON object in these bytes, as text: a string as it is, a number or a truth in
 * JSON's form. NULL where there is none. To be freed. */
char *event_member(const GByteArray *json, const char *name);

#endif
