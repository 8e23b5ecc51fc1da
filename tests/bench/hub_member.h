/*
 * One connection of the load client: the publisher, or a subscriber. It opens, joins, takes what
 * comes in apart into messages, and sees to it that none is lost, doubled or out of order.
 *
 * A message that was sent for measuring holds "#" and seven hexadecimal digits, its number, and
 * then as many dots as its length asks for. What the server puts around that is its own business:
 * it may come in fragments, and several messages may come as one, joined by newlines.
 *
 * Whatever goes wrong ends the program with one line and status 1.
 */
#ifndef WSKIT_HUB_MEMBER_H
#define WSKIT_HUB_MEMBER_H

#include <wsproto/wsproto.h>

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a server wants to be spoken to. */
typedef struct dialect {
    const char *name;
    const char *target;  /* of the request */
    const char *join;    /* the message that asks for what the publisher says; NULL = all get it */
    const char *joined;  /* what the answer to it holds */
    const char *refused; /* what an answer holds that says no */
    const char *before, *behind; /* what stands around the text in a message that is said */
} dialect;

extern const dialect dialects[]; /* ends with one without a name */

typedef struct member {
    unsigned number; /* 0 = the publisher */
    int fd;          /* blocks; the caller waits for it to be readable */
    const dialect *dialect;
    bool joined;
    unsigned pongs; /* behind the joining */
    uint32_t next;  /* the number of the message that is due */
    wsp_conn ws;
    GByteArray *message; /* what has come of one that comes in pieces */
} member;

/* Where a text stood in a message, and when it came (member_now). */
typedef struct heard {
    uint32_t number;
    size_t len, text_len; /* bytes of the message, and of the text in it */
    uint64_t at;
} heard;

typedef void hear_function(const member *m, const heard *h);

enum { MEMBER_TEXT_MIN = 8, MEMBER_WAIT_S = 10 }; /* nothing is waited for longer than that */

/* Nanoseconds on a clock that never goes back. */
uint64_t member_now(void);

/* Connect to 127.0.0.1, open the WebSocket, ask to join: m->joined is true when the answer has been
 * read. `rcvbuf` is the size of its socket's receive buffer, 0 = the system's choice. */
member *member_open(unsigned number, uint16_t port, const dialect *d, int rcvbuf);

/* Read once; `hear` is called for each message. With nothing to read it returns at once. */
void member_receive(member *m, hear_function *hear);

/* Put message `number` in a frame, with a text of so many bytes, at the end of `out`. */
void member_say(member *m, GByteArray *out, uint32_t number, size_t text_len);

/* Send a ping, or bytes that are frames already. */
void member_ping(member *m);
void member_send(member *m, const void *bytes, size_t len);

_Noreturn void member_fail(const member *m, const char *format, ...) G_GNUC_PRINTF(2, 3);

#endif
