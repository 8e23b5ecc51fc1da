/* One step of a case as it was read, and the verb that it is: what script.c and the player share.
 * verbs.c has the table of verbs. */
#ifndef SHARED_STEP_H
#define SHARED_STEP_H

#include "frame_line.h"
#include "heads.h"
#include "peer.h"
#include "script.h"

typedef struct player player; /* player.h */
typedef struct step step;

/* A row of the table. */
typedef struct verb {
    const char *name;    /* the first word */
    const char *what;    /* the word that tells rows of the same name apart; NULL = none does */
    unsigned what_at;    /* where that word stands */
    const char *shape;   /* for errors and documentation: "pause WHO" */
    const char *options; /* names of its options, separated by spaces */
    /* How it reads in a story: %w who, %o the other one, %n the number, %d the data, %c the close
     * code and reason, %f the frame or its opcode, %h the headers, %m the members, %e the error, %p
     * the path, %t the text, %k the kind of answer, %a the same where it is no 101; the rest stands
     * as it is. */
    const char *reads;
    bool (*read)(step *s, const words *w, GError **error); /* what is behind the name and WHO */
    bool has_who;                                          /* word 1 is WHO */
    const char *makes_who;                                 /* ... and this step opens it: many are
                                                              "clients", "connections" */
    bool (*play)(player *p, const step *s); /* true: ok; false: the player knows what was wrong */
    enum step_fits {
        STEP_OF_ANY,
        STEP_OF_CLIENT, /* the program is a client */
        STEP_OF_OTHERS, /* ... is none */
        STEP_OF_RUN,    /* the step runs it, to its end */
    } fits;
} verb;

enum { STEP_GROUP_MAX = 5000 };

enum { STEP_NO_CODE = -1 };

/* What a verb does not have is all zero. */
struct step {
    const verb *verb;
    unsigned line; /* of the file */
    char *who, *other;
    char *text;                       /* a quoted text, a signal's name, what `say` says, an event,
                                         error=CODE */
    uint64_t number;                  /* how many, which, how long */
    uint64_t rounds, base_ms, cap_ms; /* of `expect backoff` */
    data *data;                       /* NULL = any payload, nothing to send */
    uint8_t opcode;
    int code;           /* of a Close; STEP_NO_CODE = not said */
    char *reason;       /* of a Close; NULL = not said */
    GPtrArray *lines;   /* header="Name: value" */
    GPtrArray *members; /* of struct member (event.h) */
    char *absent;       /* no-header=Name */
    char *path;         /* path=/ws */
    peer_socket socket; /* from=ADDRESS, rcvbuf=N */
    char *kind;         /* of our answer to a client's request */
    frame_line *frame;  /* of `send` */
    data *then;         /* then=DATA */
    GRegex *pattern;    /* of `expect log` */
    guint partner;      /* repeat: index of its end; end: index of its repeat */
    bool ends_join;     /* this `end` ends a `join` */
};

/* The rows; *count gets how many. */
const verb *verbs(size_t *count);

/* The row for a line; NULL with *error when there is none. */
const verb *verb_find(const words *w, GError **error);

/* How a step reads; `who` stands for s->who, where that is a group; NULL = as it is. Free with
 * g_free. */
char *step_describe(const step *s, const char *who);

/* Is it an expectation? */
bool step_expects(const step *s);

void step_free(void *one);

#endif
