/*
 * What every lesson's server is given, so that its own file shows its own subject: the command
 * line, the listening socket, the opening handshake (lesson 02 writes its own), sending all of a
 * buffer, one line of log. Read it, use it, leave it as it is: the grader brings its own copy.
 */
#ifndef LESSONS_COMMON_H
#define LESSONS_COMMON_H

#include <wsproto/wsproto.h>

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* ---- Command line and log (options.c) ---- */

typedef struct lesson_options {
    int port;                       /* --port: 0 = let the system choose one */
    int ping_ms, read_ms, write_ms; /* --ping-ms 30000, --read-ms 60000, --write-ms 10000 */
} lesson_options;

enum { LESSON_PING = 1, LESSON_READ = 2, LESSON_WRITE = 4 };

/*
 * The options that this program takes: --port always, of the others those in `which`, and `more`,
 * the program's own (ending with an empty entry; NULL = none). A wrong command line ends the
 * program with one line and status 2. `purpose` is one sentence for --help.
 */
lesson_options lesson_options_read(int argc, char **argv, unsigned which, const GOptionEntry *more,
                                   const char *purpose);

/* One line of log on stderr about a connection: "… conn N what happened". Never payload, never
 * secrets. Any thread may call it, and nobody waits for who reads the log: what stderr would not
 * take at once is lost, and counted. */
void lesson_log(unsigned conn, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* ---- Sockets (net.c) ---- */

/* Listen on 127.0.0.1 and say so: "listening on 127.0.0.1:PORT" is the first line of stdout. Ends
 * the program with one line and status 1 when the port cannot be had. */
int lesson_listen(const lesson_options *options);

/* The next client's socket, with TCP_NODELAY; -1 when the listening socket is closed or shut down.
 * Where the process is out of descriptors, or the system of memory, it says so once, and tries
 * again until it has one. */
int lesson_accept(int listener);

/* Send all of it: false when the peer is gone or the socket's send timeout passed. A send may take
 * less than it was given (partial write), or be interrupted (EINTR); neither is an error. */
bool lesson_send(int fd, const void *bytes, size_t len);

/* ---- The opening handshake (handshake.c) ---- */

/*
 * Read a request head from fd and answer it: 101 when it is a sound request for a WebSocket on
 * /ws, otherwise the refusal that it calls for. True: the connection is open, and `behind` (empty
 * before) holds what came with the head and belongs to the frames.
 */
bool lesson_handshake(int fd, GByteArray *behind);

#endif
