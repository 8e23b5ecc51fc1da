/*
 * A case: the file lessons/NN/check/ID.case, read. Header lines `key: value`, then one step a line
 * (the verbs and how each is written are the table in verbs.c). All errors of a file are found
 * here, before any program is started.
 */
#ifndef SHARED_SCRIPT_H
#define SHARED_SCRIPT_H

#include <glib.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the program under test is. */
typedef enum script_role {
    SCRIPT_SERVER, /* started before the first step, stopped behind the last one */
    SCRIPT_CLIENT, /* the same, but it connects to us */
    SCRIPT_RUN,    /* steps run it, to its end */
} script_role;

/* With which sanitizer the program under test should be built for this case. */
typedef enum script_build { SCRIPT_PLAIN, SCRIPT_THREAD, SCRIPT_ADDRESS } script_build;

typedef struct script {
    char *path;           /* as given */
    char *id;             /* the file's name without ".case": "03.2" */
    char *title;          /* title: never NULL */
    char *covers;         /* covers: topic numbers of lessons/README.md; NULL = not said */
    char *clause;         /* clause: "RFC 6455 5.4"; NULL = not said */
    char **program;       /* program: further arguments, NULL-terminated; never NULL */
    char **ignore;        /* ignore: names of events, likewise */
    unsigned descriptors; /* descriptors: RLIMIT_NOFILE of the program; 0 = as it is */
    script_build build;   /* build: */
    script_role role;     /* role: or, where a step runs the program, SCRIPT_RUN */
    GPtrArray *steps;     /* of struct step (step.h) */
} script;

/* Read a case. NULL with *error when it cannot be read (G_FILE_ERROR), or is wrong (WORDS_ERROR of
 * words.h: FILE:LINE:COLUMN, the line, a caret). */
script *script_read(const char *path, GError **error);

/* The same from text: `path` is only a name. */
script *script_parse(const char *path, const char *text, GError **error);

void script_free(script *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(script, script_free)

#ifdef __cplusplus
}
#endif

#endif
