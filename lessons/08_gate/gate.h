/*
 * Given: the parts of lesson 08, and the lines between them. The chat itself is lesson 07's; what
 * is new comes through its chat_rules.
 *
 *     gate.c    who is let in, and what each may do
 *     tls.c     wss; certificate.c: what it needs before it can begin
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

/* What the command line says. It is set before we listen; our own origins, which need the port,
 * before the first client. */
extern struct gate_settings {
    char *certificate;  /* for wss; NULL = plain ws */
    GBytes *secret;     /* signs and checks tokens */
    GPtrArray *origins; /* of char *: those of the pages that may use us, our own among them */
} gate;

/* The rules of this lesson. `prepare` adds TLS to `rules`, if there is a certificate; the rule
 * `start` is gate_start(). */
extern const chat_rules gate_rules;
extern const GOptionEntry gate_options[];
void gate_prepare(void);
void gate_start(int port);

/* How many tokens this request has, in all places where one may be; *text is the last one. */
unsigned token_find(const wsp_http_head *head, wsp_text *text);

/* Is one in the address, where it must not be? */
bool token_in_address(wsp_text target);

/* Seconds since 1970. With --now they stand still, and SIGUSR2 moves them on by an hour: so nobody
 * has to wait to see a token expire. */
int64_t gate_clock(void);

/* From here on lines about clients that are refused are bounded (quiet.c). */
void quiet_log(void);

#endif
