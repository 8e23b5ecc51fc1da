/*
 * How connections of a case begin: TCP, and the opening handshake, from both sides. We connect to a
 * server, or accept a client. Each function is a verb's `play`: true = done, or it came.
 */
#ifndef SHARED_OPENING_H
#define SHARED_OPENING_H

#include "step.h"

/* We are the client. */
bool opening_open(player *p, const step *s);
bool opening_connect(player *p, const step *s);
bool opening_request(player *p, const step *s); /* the answer is another step's */
bool opening_expect_status(player *p, const step *s);

/* We are the server. */
bool opening_accept(player *p, const step *s);
bool opening_accept_tcp(player *p, const step *s);
bool opening_expect_request(player *p, const step *s);
bool opening_reply(player *p, const step *s);

#endif
