/* Fails 08.10. The learner looks at the time where the client comes in, and whenever it asks for
 * something. Who listens and says nothing stays, for years. */
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

/* A browser says which page it speaks for, and the page cannot change that. Origins are compared as
 * a whole: "all that ends in example.com" lets evil-example.com in. "null", a page without an
 * origin, equals nothing. No Origin at all: that is no browser, so nobody's browser is deceived. */
static bool may_speak(wsp_text origin)
{
    for (guint i = 0; i < gate.origins->len; i++) {
        const char *one = gate.origins->pdata[i];
        if (wsp_origin_equal(origin, (wsp_text){one, strlen(one)}))
            return true;
    }
    return !origin.data;
}

/* ---- For whom? ---- */

/* Nothing in a token is believed before its signature is. How long the comparison takes must not
 * say how much of the signature is right: then it could be guessed byte by byte. */
static bool is_signed(const token *t)
{
    g_autofree char *ours = token_sign(t->text, gate.secret);
    return t->signature.len == strlen(ours) &&
           CRYPTO_memcmp(t->signature.data, ours, t->signature.len) == 0;
}

/* Which algorithm there is, is our choice and not the token's: "none" is one that it could name. */
static bool is_ours(const token *t)
{
    g_autofree char *algorithm = token_algorithm(t);
    return g_strcmp0(algorithm, "HS256") == 0;
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
    if (gate_clock() < (*who)->begins)
        return &refusals[TOO_EARLY];
    return gate_clock() < (*who)->expires ? NULL : &refusals[EXPIRED];
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

/* "game:*" grants every room of games, "*" every room. */
static bool is_granted(char *const *grants, const char *room)
{
    for (; *grants; grants++) {
        const size_t before = strcspn(*grants, "*");
        if (strncmp(*grants, room, before) == 0 && ((*grants)[before] || !room[before]))
            return true;
    }
    return false;
}

/* Each action anew: who is a member of a room receives what is said there, so `join` is the right
 * to read, and `say` is another one. What no claim grants is denied. */
static const char *may(const conn *c, const request *asked)
{
    const rights *has = c->rights;
    if (gate_clock() >= has->expires)
        return "token-expired";
    const bool granted = asked->action == JOIN   ? is_granted(has->join, asked->room)
                         : asked->action == SAY  ? is_granted(has->say, asked->room)
                         : asked->action == TELL ? *has->say != NULL
                                                 : asked->action == LEAVE;
    return granted ? NULL : "denied";
}

static void gone(conn *c)
{
    rights_free(c->rights);
    if (c->tls)
        tls_gone(c);
}

const chat_rules gate_rules = {.prepare = gate_prepare, .admit = admit, .may = may, .gone = gone};
