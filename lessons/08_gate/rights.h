/* Given: what the claims of a token say, in the form that they must have. */
#ifndef GATE_RIGHTS_H
#define GATE_RIGHTS_H

#include <stdint.h>

struct _JsonNode;

enum { PERSON_MAX = 32, GRANTS_MAX = 32 }; /* characters of a name; rooms in one list */

typedef struct rights {
    char *name;         /* sub: who it is */
    int64_t expires;    /* exp, in seconds since 1970 */
    int64_t begins;     /* nbf, the same; 0 = there is none */
    char **join, **say; /* names of rooms, or patterns: "game:*", "*"; empty where there is none */
} rights;

/*
 * A signature says who wrote the claims, not that they are sound: the one who makes tokens has bugs
 * as well. NULL where a claim is not what it must be, or a right that must be there is not: *wrong
 * is a sentence (static). Free with rights_free.
 */
rights *rights_read(struct _JsonNode *claims, const char **wrong);
void rights_free(rights *r);

#endif
