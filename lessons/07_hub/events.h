/*
 * Given: the messages that we send (events.c): JSON in text frames, which the caller owns. `ref`
 * may be NULL.
 */
#ifndef CHAT_EVENTS_H
#define CHAT_EVENTS_H

#include "07_hub/conn.h"
#include "07_hub/schema.h"

enum { LISTED_MAX = 100 }; /* members that an event lists */

GBytes *event_welcome(const conn *c);
GBytes *event_error(const request *r, const char *code, const char *what);
GBytes *event_joined(const char *room, uint64_t seq, GHashTable *members, const char *ref);
GBytes *event_left(const char *room, const char *ref);
/* name: member_joined, member_left */
GBytes *event_presence(const char *name, const char *room, const conn *c, unsigned count);
GBytes *event_message_sent(const char *room, uint64_t seq, const char *id, const conn *from,
                           const char *text);
GBytes *event_told(const char *id, const conn *from, const char *text);
GBytes *event_sent(const char *id, const conn *to, const char *ref);

#endif
