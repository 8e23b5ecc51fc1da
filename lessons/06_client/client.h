/*
 * Given to the programs of this lesson, so that they show their own subject: the command line
 * (command.c), what a session is and when there is another (session.c), lines and Ctrl+C
 * (keyboard.c), the opening handshake (opening.c), what is printed of a message and which id it has
 * (message.c). dial.h has the way to the server.
 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include "06_client/dial.h"
#include "common.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* ---- The command line (command.c) ---------------------------------------------------------- */

/* Times in milliseconds. */
typedef struct client_options {
    GUri *url;                 /* ws or wss, with host and port */
    wsp_handshake_offer offer; /* of the request, all but the key */
    wsp_conn_options rules;    /* of each session: limits and times */
    char *ca;              /* --ca: a file of certificates to trust; NULL = those of the system */
    GQueue subscriptions;  /* --subscribe: lines, as char * */
    int stay, raw;         /* --stay, --raw */
    int open_ms, close_ms; /* the longest time to connect and open, and to close */
    int quiet_ms;          /* stdin has ended and nothing came for so long: we close */
    int base_ms, cap_ms, tries; /* the back-off; tries: 0 = no limit */
    int ids;                    /* of so many messages the ids are remembered */
    GRand *jitter;              /* seeded with --seed, or with nobody knows what */
} client_options;

extern client_options options;

/* Read it. A wrong one ends the program with one line and status 2; --print-backoff N prints what
 * backoff_ms() says to 0, 1, 2, ... N-1, and ends it with status 0. */
void command_read(int argc, char **argv);

/* The program's own: how long to wait before the next attempt, when there were n waits before. */
int backoff_ms(unsigned n);

/* ---- A session (session.c) ----------------------------------------------------------------- */

enum { NO_ANSWER = 1006 };

typedef struct session {
    unsigned id;
    dial *line; /* valid while it is open */
    wsp_conn ws;
    GByteArray *in;                       /* received just now */
    GByteArray *out;                      /* frames that are not sent yet */
    GByteArray *message;                  /* what is there of the message that is coming */
    unsigned printed, dropped, unprinted; /* messages */
    bool leaving;                         /* it is we who end it */
    uint64_t end_by;                      /* so long we wait for the end of TCP */
    const char *why;                      /* how it ended, for the log */
    char *reason;                         /* of the server's Close */
    uint64_t opened, lived;               /* when, and for how long */
    uint64_t messaged;                    /* when the last message came */
    uint16_t status; /* of the answer to the handshake; NO_ANSWER until there is one */
    int retry_ms;    /* for so long the server asks us to stay away */
} session;

session *session_new(unsigned id);
void session_free(session *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(session, session_free)

/* A Close came, or had to be sent for a rule that the server broke: keep why, and from now on wait
 * --close-ms for the end of TCP, no longer. */
void session_closing(session *s, const wsp_conn_event *ev);

/* What to do when a session is over: try again; again, but not soon; end well; end, for another
 * attempt would not help. */
typedef enum next { AGAIN, LATER, DONE, STOP } next;

/* By the status of an answer that opened none, or by the code of a Close (1006 = there was none).
 */
next verdict(uint16_t code);

/* TCP has ended, or is given up: one line of log, and the verdict. Who wanted to leave has left, if
 * the server's Close came too. */
next session_ended(session *s);

/* A message could not be printed: the first time one line of log says why. */
void session_unprinted(session *s, int error);

/* When everything is said: stdin has ended, and no message came for --quiet-ms. */
uint64_t session_all_said_at(const session *s);

/* The point in time that is --close-ms away. */
static inline uint64_t soon(void)
{
    return now_ms() + (uint64_t)options.close_ms;
}

/* ---- Lines, and Ctrl+C (keyboard.c) -------------------------------------------------------- */

enum { TYPED_MAX = 1 << 20 }; /* bytes of a line; of a longer one the end is not kept */

/* Call this first. SIGINT (Ctrl+C) and SIGTERM end the program with status 0 from now on; or, while
 * they are held, make something readable: give it to poll(). SIGPIPE is ignored. */
void keyboard_open(void);
void keyboard_hold(bool hold);
struct pollfd keyboard_poll_signal(void);

/* It was readable: forget the signal, and let the next one kill the program. */
void keyboard_told(void);

/* Stdin, for poll(), when a line is wanted and may still come. */
struct pollfd keyboard_poll_input(bool wanted);

/*
 * Read from it once, and call take(data, line) for each line that is whole now. What stands behind
 * the last one is kept until its end comes, in another session perhaps; it counts as a line when
 * stdin ends.
 */
typedef void (*keyboard_take)(void *data, const GString *line);
void keyboard_read(keyboard_take take, void *data);

/* When stdin ended; 0 = it has not. */
uint64_t keyboard_ended_at(void);

/* ---- The opening handshake (opening.c) ----------------------------------------------------- */

/*
 * Ask for a WebSocket as options.offer says, and check the answer: is it open? Then s->in holds
 * what came with the answer and belongs to the frames. If not, s->status says why: it is the
 * answer's, also of a 101 that was wrong; 0 for what is no HTTP; NO_ANSWER when none came until
 * `until`. One line of log says how it went.
 */
bool opening(session *s, uint64_t until);

/* ---- Messages (message.c) ------------------------------------------------------------------ */

/*
 * Print it to stdout: one line, whatever is in it. Control characters, which could drive a
 * terminal, are written \n, \r, \xHH; a binary message is written hex:00ff7f. With --raw its bytes,
 * and nothing else. Who reads stdout may be slow: this waits until it is taken, or until `until`,
 * or for a signal while they are held. False when it was not taken whole, and from then
 * on always; errno tells.
 */
bool message_print(uint8_t opcode, const void *data, size_t len, uint64_t until);

/* Stdout, for poll(), where it is wanted: something is told when nobody reads it any more. */
struct pollfd message_poll_reader(bool wanted);

/* Text of somebody else for a line of log: control characters as above. To be freed. */
char *message_plain(const void *data, size_t len);

/* The member "id" of a message that is a JSON object, as JSON: "a-17" with its quotation marks, or
 * 17. NULL when there is none, or it is no string or number, or longer than 128 bytes. To be freed.
 */
char *message_id(const void *data, size_t len);

#endif
