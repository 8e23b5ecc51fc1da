/*
 * Given: the parts of lesson 08, and the lines between them. The chat itself is lesson 07's; what
 * is new comes through its chat_rules.
 *
 *     gate.c    who is let in, and what each may do
 *     tls.c     wss
 *     token.c   tokens: to take one apart, to sign, to make one; rights.c: what one may say
 *     places.c  where a request may carry one
 *     settings.c  the command line; start.c: main
 *     quiet.c   the log, when somebody knocks ten thousand times
 */
#ifndef GATE_GATE_H
#define GATE_GATE_H

#include "07_hub/chat.h"
#include "08_gate/tls.h"
#include "08_gate/token.h"

/* What the command line says; set before the first client, the certificate before gate_start(). */
extern struct gate_settings {
    char *certificate;  /* for wss; NULL = plain ws */
    GBytes *secret;     /* signs and checks tokens */
    GPtrArray *origins; /* of char *: those of the pages that may use us, our own among them */
} gate;

/* The rules of this lesson, but for what gate_start() adds to `rules`: TLS, if there is a
 * certificate. It is the rule `start`. */
extern const chat_rules gate_rules;
extern const GOptionEntry gate_options[];
void gate_start(int port);

/* How many tokens this request has, in all places where one may be; *text is the last one.
 */
unsigned token_find(const wsp_http_head *head, wsp_text *text);

/* Is one in the address, where it must not be? */
bool token_in_address(wsp_text target);

/* Seconds since 1970. With --now they stand still, and SIGUSR2 moves them on by an hour: so nobody
 * has to wait to see a token expire. */
int64_t gate_clock(void);

/* From here on lines about clients that are refused are bounded (quiet.c). */
void quiet_log(void);

#endif
