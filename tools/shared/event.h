/*
 * Messages and bodies that are JSON objects: what a case says about their members, and what it
 * remembers of them.
 *
 *     expect a event welcome member=$ann
 *     send b do tell to=$ann text="psst"
 *     expect a event told text=psst from=!$ann
 */
#ifndef SHARED_EVENT_H
#define SHARED_EVENT_H

#include "inbox.h"
#include "step.h"

/* How a member's value is meant. */
typedef enum member_kind {
    MEMBER_TEXT,      /* as it is; of an event a number or a truth as well, in JSON's form */
    MEMBER_ANY,       /* *: it is there */
    MEMBER_NAMED,     /* $name: what was remembered; in an event the first time: remember it */
    MEMBER_OTHER_THAN /* !$name: it is there, and not what was remembered */
} member_kind;

typedef struct member {
    member_kind kind;
    char *name;
    char *value; /* the text, or the name behind the $ */
} member;

/* NAME, which is plain word 3, and its members, which are all options. False with *error. */
bool event_read(step *s, const words *w, GError **error);

/* Are the names behind a $ known? `names` has those of the steps so far, and gets the new ones.
 * False with *error. */
bool event_names(const step *s, const words *w, GHashTable *names, GError **error);

/* A round of the repeat at this index ends: what was first remembered in it is forgotten. */
void event_forget(player *p, guint index);

/* Is it an event that the case ignores, and not what this step expects? As long as it is not whole,
 * it may be. */
bool event_is_ignored(const player *p, const inbox_item *item, const step *s);

/* " member=value, ...", as it is written. */
void event_describe(GString *out, const step *s);

void member_free(void *one);

/* `expect WHO event NAME [member=value …]`: the next message is a text with a JSON object, its
 * member "event" is NAME, and the others that are named have these values. */
bool event_expect(player *p, const step *s);

/* `send WHO do ACTION [member=value …]`: a text with a JSON object, {"do": ACTION, …}. */
bool event_send(player *p, const step *s);

/* The member of the JSON object in these bytes, as text: a string as it is, a number or a truth in
 * JSON's form. NULL where there is none. To be freed. */
char *event_member(const GByteArray *json, const char *name);

#endif
