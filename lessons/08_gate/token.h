/*
 * Given: tokens. A JSON Web Token (RFC 7519) is three texts with points between them,
 *
 *     base64url(header) . base64url(claims) . base64url(HMAC-SHA256(secret, "header.claims"))
 *
 * Everybody can read it; nobody can change it who does not know the secret. Here is what is only
 * form: to take one apart, to sign, to make one. Whom it lets in is for gate.c to say.
 */
#ifndef GATE_TOKEN_H
#define GATE_TOKEN_H

#include "08_gate/rights.h"

#include <wsproto/wsproto.h>

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    TOKEN_MAX = 4096, /* bytes of a token */
    SECRET_MIN = 32,  /* bytes of a secret: as many as SHA-256 gives (RFC 7518 3.2) */
};

/* The parts of a token; they point into its text. */
typedef struct token {
    wsp_text header, claims, signature; /* each in base64url */
    wsp_text text;                      /* header.claims: what is signed */
} token;

/* False: not three parts, or longer than TOKEN_MAX. Nothing is decoded yet. */
bool token_split(token *t, wsp_text text);

/* The algorithm that the header names; NULL where there is no sound header. Free it. */
char *token_algorithm(const token *t);

/* The signature of this text with our secret, in base64url. Free it. */
char *token_sign(wsp_text text, GBytes *secret);

/* What its claims say; NULL where they are not what they must be: *wrong is a sentence (static). */
rights *token_rights(const token *t, const char **wrong);

/* A token that gives these rights. Free it. */
char *token_make(const rights *r, GBytes *secret);

/* The secret in a file, without the line ends behind it; a random one where path is NULL. Ends the
 * program with one line and status 2 where the file cannot be read or is too short. */
GBytes *secret_read(const char *path);

#endif
