/* The table of facts (fact_kinds.c), and what a fact is inside (facts.c, fact_judge.c). */
#ifndef WSLAB_FACT_KINDS_H
#define WSLAB_FACT_KINDS_H

#include "facts.h"

/* What a fact is about: which of the arguments choose it. */
typedef enum fact_subject { OF_FRAME, OF_MESSAGE, OF_CONNECTION } fact_subject;

/* How an answer is written. */
typedef enum fact_form_kind {
    YES_NO,
    HEX,
    NUMBER,
    COUNT, /* a number; nothing at all is 0 */
    SECONDS,
    OPCODE,
    NAME,
    TEXT,
    FORMS
} fact_form_kind;

/* What the arguments have chosen. */
typedef struct fact_found {
    const decoded *all;
    const decoded_frame *frame;     /* of a fact OF_FRAME */
    const decoded_message *message; /* of a fact OF_MESSAGE */
    const decoded_connection *connection;
    unsigned frames, messages; /* how many fit the arguments, but for nth */
} fact_found;

typedef struct fact_kind {
    const char *name;
    fact_subject subject;
    fact_form_kind form;
    const char *needs; /* a key that must be there; NULL = none */
    /* Its text; NULL when the capture has no such thing. */
    char *(*value)(const fact *f, const fact_found *at);
    const char *means, *where;
} fact_kind;

enum { ANY = -1, LAST = 0 };

struct fact {
    const fact_kind *kind;
    int from, opcode;   /* ANY, or one */
    guint64 connection; /* 0 = any */
    gboolean violating, cut;
    guint64 nth; /* from 1; LAST */
    guint64 index;
    char *header; /* name= */
};

extern const fact_kind fact_kinds[];
extern const size_t fact_kind_count;

#endif
