/* The steps of a talk: what talk.c has read and talk_play.c plays. */
#ifndef SHARED_TALK_STEP_H
#define SHARED_TALK_STEP_H

#include "frame_line.h"
#include "heads.h"
#include "talk.h"

typedef struct talk_step talk_step;
typedef struct talk_player talk_player;

/* A row of the table of steps. */
typedef struct talk_verb {
    const char *name;
    const char *options; /* for words_only */
    size_t words;        /* at most; the side and the name count */
    enum talk_shape {
        TALK_STEP,    /* one line */
        TALK_SIDED,   /* ... of the client or the server */
        TALK_SEGMENT, /* ... that sends bytes: it may stand in a join */
        TALK_CHOICE,  /* one line, of which the children are parts */
        TALK_BLOCK,   /* children up to `end` */
    } shape;
    bool (*read)(talk_step *s, GError **error); /* NULL: nothing to read */
    bool (*play)(talk_player *p, const talk_step *s, GError **error);
} talk_verb;

struct talk_step {
    const talk_verb *verb;
    words words;
    wsp_sender from;     /* where it has a side */
    frame_line *frame;   /* send */
    data *bytes;         /* bytes */
    GPtrArray *headers;  /* request, answer, handshake: of char *, "Name: value" */
    char *path;          /* request, handshake */
    const char *kind;    /* answer, handshake: in words */
    uint64_t number;     /* a port, how often, nanoseconds */
    GPtrArray *children; /* of talk_step: of a choice or a block */
};

struct talk {
    char *name;
    char *title;
    talk_step *all; /* a block of all steps */
};

/* The table of steps (talk.c). */
extern const talk_verb talk_verbs[];
extern const size_t talk_verb_count;

/* How each step is played (talk_play.c). */
typedef bool talk_play_step(talk_player *p, const talk_step *s, GError **error);
talk_play_step talk_play_handshake, talk_play_request, talk_play_answer, talk_play_send,
    talk_play_bytes, talk_play_end, talk_play_port, talk_play_connection, talk_play_delay,
    talk_play_pick, talk_play_join, talk_play_shuffle, talk_play_repeat;

#endif
