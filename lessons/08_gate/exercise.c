/*
 * Lesson 08: the gate. Who is let in is decided before the 101, where a refusal is one small
 * answer. What each may do is decided at each action, for a connection lives longer than a right.
 *
 *     origin: whose page speaks?     token: for whom?     rights: what may they do, until when?
 */
#include "08_gate/gate.h"

#include <openssl/crypto.h>
#include <string.h>

/* ---- How we refuse ---- */

typedef enum reason {
    IN_ADDRESS,
    FOREIGN,
    NO_TOKEN,
    TWO_TOKENS,
    NO_FORM,
    ALGORITHM,
    SIGNATURE,
    CLAIMS,
    TOO_EARLY,
    EXPIRED,
} reason;

/* The code is for the program on the other side, the sentence for whoever writes it. A 401 says how
 * to prove who one is (RFC 6750 3). */
#define CHALLENGE "WWW-Authenticate", "Bearer realm=\"chat\""
#define NOT_VALID CHALLENGE ", error=\"invalid_token\""
static const refusal refusals[] = {
    [IN_ADDRESS] = {400, "token-in-address",
                    "addresses end up in logs: send it as header, cookie or subprotocol", NULL,
                    NULL},
    [FOREIGN] = {403, "origin-not-allowed", "pages from there may not use this server", NULL, NULL},
    [NO_TOKEN] = {401, "token-missing", "send it as header, cookie or subprotocol", CHALLENGE},
    [TWO_TOKENS] = {400, "token-twice", "send one token, in one place", NULL, NULL},
    [NO_FORM] = {401, "token-malformed", "a token is header.claims.signature", NOT_VALID},
    [ALGORITHM] = {401, "token-algorithm", "we take HS256 and nothing else", NOT_VALID},
    [SIGNATURE] = {401, "token-signature", "this signature is not ours", NOT_VALID},
    [CLAIMS] = {401, "token-claims", "a claim is not what it must be", NOT_VALID},
    [TOO_EARLY] = {401, "token-too-early", "it is not valid yet", NOT_VALID},
    [EXPIRED] = {401, "token-expired", "get a new one and come back", NOT_VALID},
};

/* ---- Whose page speaks? ---- */

/* A browser says which page it speaks for, and the page cannot change that.
 *
 * TODO 08.1: so far every page may speak. gate.origins has the origins (char *) that may: compare
 * with each of them as a whole, with wsp_origin_equal().
 * TODO 08.2: "null", a page without an origin, may not. Without an Origin (origin.data is NULL)
 * that is no browser, so nobody's browser is deceived: it may. */
static bool may_speak(wsp_text origin)
{
    (void)origin;
    return true;
}

/* ---- For whom? ---- */

/* Nothing in a token is believed before its signature is.
 *
 * TODO 08.4: token_sign() makes the signature that the token's text has to have. Is it the one that
 * it has? How long the comparison takes must not say how much of it is right: CRYPTO_memcmp(), and
 * the lengths before it. */
static bool is_signed(const token *t)
{
    (void)t;
    return true;
}

/* Which algorithm there is, is our choice and not the token's: "none" is one that it could name.
 *
 * TODO 08.5: token_algorithm() gives the one in its header. Only HS256 is ours. */
static bool is_ours(const token *t)
{
    (void)t;
    return true;
}

/* NULL: it is valid, and *who says for whom. */
static const refusal *judge(conn *c, wsp_text text, rights **who)
{
    token t;
    const char *wrong = NULL;
    if (!token_split(&t, text))
        return &refusals[NO_FORM];
    if (!is_ours(&t))
        return &refusals[ALGORITHM];
    if (!is_signed(&t))
        return &refusals[SIGNATURE];
    *who = token_rights(&t, &wrong);
    if (!*who) {
        lesson_log(c->number, "refused its token: %s", wrong);
        return &refusals[CLAIMS];
    }
    /* TODO 08.6: gate_clock() is the time. Is it before `begins`, or not before `expires`? */
    return NULL;
}

static const refusal *admit(conn *c, const wsp_http_head *head)
{
    wsp_text text, origin = wsp_http_header_value(head, "Origin", NULL);
    if (token_in_address(head->target))
        return &refusals[IN_ADDRESS];
    if (!may_speak(origin)) {
        lesson_log(c->number, "refused its origin: %.*s", (int)MIN(origin.len, 80), origin.data);
        return &refusals[FOREIGN];
    }
    const unsigned tokens = token_find(head, &text);
    if (tokens != 1)
        return &refusals[tokens ? TWO_TOKENS : NO_TOKEN];
    rights *who = NULL;
    const refusal *no = judge(c, text, &who);
    c->name = no ? NULL : g_strdup(who->name);
    c->rights = who;
    return no;
}

/* ---- What may they do, until when? ---- */

/* Each action anew: who is a member of a room receives what is said there, so `join` is the right
 * to read, and `say` is another one. What no claim grants is denied.
 *
 * TODO 08.9: return "denied" where the rights of this connection, c->rights, do not grant what is
 * asked. JOIN a room needs a grant in `join`, SAY one in `say`: "room:tea" is that room, "game:*"
 * every room that begins with "game:", "*" every room. To TELL somebody needs any grant in `say`.
 * To LEAVE needs none.
 * TODO 08.11: a right that has expired is none any more: "token-expired". */
static const char *may(const conn *c, const request *asked)
{
    (void)c, (void)asked;
    return NULL;
}

/* Who says nothing for a day is asked about as well: once per --ping-ms.
 *
 * TODO 08.10: return "token expired" where it has; the connection ends with these words. Look at
 * c->rights only where c->open is true (atomic_load): before that they are the reader's. */
static const char *stay(const conn *c)
{
    (void)c;
    return NULL;
}

static void gone(conn *c)
{
    rights_free(c->rights);
    if (c->tls)
        tls_gone(c);
}

const chat_rules gate_rules = {
    .prepare = gate_prepare, .admit = admit, .may = may, .stay = stay, .gone = gone};
