/* Given: what the command line says (settings.c). */
#ifndef CHAT_SETTINGS_H
#define CHAT_SETTINGS_H

#include "common.h"

extern lesson_options options;

extern struct chat_settings {
    gboolean drop;    /* --drop: a slow client loses messages; otherwise it is disconnected */
    int room_max;     /* --room-max: members of one room */
    int send_buffer;  /* --send-buffer: of each socket, in bytes; 0 = what the system gives, which
                         grows to 4 MB: a queue, too, and out of our hands */
    int outbox_bytes; /* that may wait for one client, each frame with OUTBOX_COST more; 0 = no
                         limit but that of their number */
} settings;

/* The command line is wrong: one line, `what` with `more` behind it, and status 2. */
G_NORETURN void chat_wrong(const char *what, const char *more);

/* Read the command line; a wrong one ends the program with one line and status 2. */
void chat_read_options(int argc, char **argv);

/* We listen: the rule `start` learns the port. */
void chat_listening(int listener);

#endif
