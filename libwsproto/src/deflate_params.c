/*
 * The negotiation of permessage-deflate (RFC 7692 5, 7.1): offers and answers, read and written.
 * One table of the four parameters serves them all. No zlib here.
 */
#include "text.h"
#include "window_bits.h"
#include "wsproto/deflate.h"
#include "wsproto/error.h"

#include <stdio.h>

/* ---- One element --------------------------------------------------------------------------- */

typedef enum parameter_id {
    SERVER_NO_CONTEXT_TAKEOVER,
    CLIENT_NO_CONTEXT_TAKEOVER,
    SERVER_MAX_WINDOW_BITS,
    CLIENT_MAX_WINDOW_BITS,
    PARAMETERS
} parameter_id;

typedef enum value_form { NO_VALUE, BITS, BITS_OR_NO_VALUE } value_form;

/* RFC 7692 7.1.1, 7.1.2: only in an offer may client_max_window_bits stand without a value. */
static const struct {
    const char *name;
    value_form in_offer, in_answer;
} table[PARAMETERS] = {
    [SERVER_NO_CONTEXT_TAKEOVER] = {"server_no_context_takeover", NO_VALUE, NO_VALUE},
    [CLIENT_NO_CONTEXT_TAKEOVER] = {"client_no_context_takeover", NO_VALUE, NO_VALUE},
    [SERVER_MAX_WINDOW_BITS] = {"server_max_window_bits", BITS, BITS},
    [CLIENT_MAX_WINDOW_BITS] = {"client_max_window_bits", BITS_OR_NO_VALUE, BITS},
};

/* The parameters of one element. */
typedef struct element {
    bool has[PARAMETERS];
    uint8_t bits[PARAMETERS]; /* 0 where it has no value */
} element;

/* 8 to 15, in decimal, without leading zeros; 0 = anything else. Quotes make no difference. */
static uint8_t bits_of(const wsp_extension_parameter *parameter)
{
    static const char *const texts[] = {"8", "9", "10", "11", "12", "13", "14", "15"};
    char value[3];
    if (wsp_extension_parameter_value(value, sizeof value, parameter) <= 0)
        return 0;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(value, texts[i]) == 0)
            return (uint8_t)(8 + i);
    return 0;
}

static bool take_parameter(element *e, const wsp_extension_parameter *parameter, bool answer)
{
    for (int id = 0; id < PARAMETERS; id++) {
        if (!wsp_text_equal_nocase(parameter->name, table[id].name))
            continue;
        value_form form = answer ? table[id].in_answer : table[id].in_offer;
        if (e->has[id]) /* double */
            return false;
        e->has[id] = true;
        if (!parameter->value.data)
            return form != BITS;
        e->bits[id] = bits_of(parameter);
        return form != NO_VALUE && e->bits[id];
    }
    return false; /* unknown */
}

/* Is this permessage-deflate, and if so, are its parameters in order? */
static bool is_deflate(wsp_text text, bool answer, element *e, bool *legal)
{
    wsp_extension extension;
    wsp_extension_parameter parameter;
    *e = (element){0};
    *legal = wsp_extension_parse(&extension, text);
    if (!wsp_text_equal_nocase(extension.name, "permessage-deflate"))
        return false;
    while (*legal && wsp_extension_parameter_next(&extension.parameters, &parameter))
        *legal = take_parameter(e, &parameter, answer);
    return true;
}

/* Walk the elements of a head that are permessage-deflate. */
static bool next_element(const wsp_http_head *head, wsp_http_list_place *at, bool answer,
                         element *e, bool *legal)
{
    wsp_text text;
    while (wsp_http_list_next(head, "Sec-WebSocket-Extensions", at, &text))
        if (is_deflate(text, answer, e, legal))
            return true;
    return false;
}

static uint8_t bits_or_15(uint8_t bits)
{
    return bits ? bits : 15;
}

static uint8_t lower(uint8_t a, uint8_t b)
{
    return a < b ? a : b;
}

/* ---- The server ---------------------------------------------------------------------------- */

static bool can_meet(const element *offer, const wsp_deflate_policy *policy)
{
    return offer->has[CLIENT_MAX_WINDOW_BITS] || bits_or_15(policy->client_max_window_bits) == 15;
}

bool wsp_deflate_choose(wsp_deflate_params *agreed, const wsp_deflate_policy *policy,
                        const wsp_http_head *request)
{
    wsp_http_list_place at = {0, 0};
    element offer;
    bool legal;
    while (next_element(request, &at, false, &offer, &legal)) {
        if (!legal || !can_meet(&offer, policy))
            continue;
        *agreed = (wsp_deflate_params){
            .server_no_context_takeover =
                policy->server_no_context_takeover || offer.has[SERVER_NO_CONTEXT_TAKEOVER],
            .client_no_context_takeover =
                policy->client_no_context_takeover || offer.has[CLIENT_NO_CONTEXT_TAKEOVER],
            .server_max_window_bits = lower(bits_or_15(policy->server_max_window_bits),
                                            bits_or_15(offer.bits[SERVER_MAX_WINDOW_BITS])),
            .client_max_window_bits = lower(bits_or_15(policy->client_max_window_bits),
                                            bits_or_15(offer.bits[CLIENT_MAX_WINDOW_BITS])),
            .server_max_window_bits_asked = offer.has[SERVER_MAX_WINDOW_BITS],
        };
        return true;
    }
    return false;
}

/* ---- The client ---------------------------------------------------------------------------- */

/*
 * Does the answer keep to this offer (RFC 7692 7.1)? What was asked for must be granted; the window
 * of the client may be limited only where it said that it can.
 */
static bool answers(const element *answer, const element *offer)
{
    if (offer->has[SERVER_NO_CONTEXT_TAKEOVER] && !answer->has[SERVER_NO_CONTEXT_TAKEOVER])
        return false;
    if (offer->has[SERVER_MAX_WINDOW_BITS] &&
        (!answer->has[SERVER_MAX_WINDOW_BITS] ||
         answer->bits[SERVER_MAX_WINDOW_BITS] > offer->bits[SERVER_MAX_WINDOW_BITS]))
        return false;
    if (!answer->has[CLIENT_MAX_WINDOW_BITS])
        return true;
    return offer->has[CLIENT_MAX_WINDOW_BITS] &&
           answer->bits[CLIENT_MAX_WINDOW_BITS] <= bits_or_15(offer->bits[CLIENT_MAX_WINDOW_BITS]);
}

/* What the client itself said that it would do holds even if the answer does not repeat it. */
static wsp_deflate_params granted(const element *answer, const element *offer)
{
    return (wsp_deflate_params){
        .server_no_context_takeover = answer->has[SERVER_NO_CONTEXT_TAKEOVER],
        .client_no_context_takeover =
            answer->has[CLIENT_NO_CONTEXT_TAKEOVER] || offer->has[CLIENT_NO_CONTEXT_TAKEOVER],
        .server_max_window_bits = bits_or_15(answer->bits[SERVER_MAX_WINDOW_BITS]),
        .client_max_window_bits = lower(bits_or_15(answer->bits[CLIENT_MAX_WINDOW_BITS]),
                                        bits_or_15(offer->bits[CLIENT_MAX_WINDOW_BITS])),
        .server_max_window_bits_asked = offer->has[SERVER_MAX_WINDOW_BITS],
    };
}

/* The first offer of the request that the answer keeps to. */
static bool find_offer(const wsp_http_head *request, const element *answer, element *offer)
{
    wsp_http_list_place at = {0, 0};
    bool legal;
    while (next_element(request, &at, false, offer, &legal))
        if (legal && answers(answer, offer))
            return true;
    return false;
}

wsp_deflate_verdict wsp_deflate_answer_check(wsp_deflate_params *agreed,
                                             const wsp_http_head *response,
                                             const wsp_http_head *request)
{
    wsp_http_list_place at = {0, 0};
    element answer, second, offer = {0};
    bool legal, second_legal;
    if (!next_element(response, &at, true, &answer, &legal))
        return WSP_DEFLATE_NONE;
    if (!legal || next_element(response, &at, true, &second, &second_legal))
        return WSP_DEFLATE_ILLEGAL;
    if (request && !find_offer(request, &answer, &offer))
        return WSP_DEFLATE_ILLEGAL;
    *agreed = granted(&answer, &offer);
    return WSP_DEFLATE_AGREED;
}

/* ---- Writing ------------------------------------------------------------------------------- */

/* `e` as text. Bits of 0 are not written. */
static int write_element(char *out, size_t size, const element *e)
{
    char text[WSP_DEFLATE_TEXT] = "permessage-deflate";
    size_t len = strlen(text);
    for (int id = 0; id < PARAMETERS; id++) {
        if (!e->has[id])
            continue;
        int n = snprintf(text + len, sizeof text - len, e->bits[id] ? "; %s=%u" : "; %s",
                         table[id].name, e->bits[id]);
        len += (size_t)n; /* WSP_DEFLATE_TEXT has room for all four */
    }
    if (len >= size)
        return WSP_ERR_SPACE;
    memcpy(out, text, len + 1);
    return (int)len;
}

int wsp_deflate_answer_write(char *out, size_t size, const wsp_deflate_params *agreed)
{
    if (!window_bits_legal(agreed->server_max_window_bits) ||
        !window_bits_legal(agreed->client_max_window_bits))
        return WSP_ERR_RANGE;
    element e = {.has = {[SERVER_NO_CONTEXT_TAKEOVER] = agreed->server_no_context_takeover,
                         [CLIENT_NO_CONTEXT_TAKEOVER] = agreed->client_no_context_takeover,
                         [SERVER_MAX_WINDOW_BITS] = agreed->server_max_window_bits_asked ||
                                                    agreed->server_max_window_bits < 15,
                         [CLIENT_MAX_WINDOW_BITS] = agreed->client_max_window_bits < 15},
                 .bits = {[SERVER_MAX_WINDOW_BITS] = agreed->server_max_window_bits,
                          [CLIENT_MAX_WINDOW_BITS] = agreed->client_max_window_bits}};
    return write_element(out, size, &e);
}

int wsp_deflate_offer_write(char *out, size_t size, const wsp_deflate_policy *policy)
{
    uint8_t server = bits_or_15(policy->server_max_window_bits);
    uint8_t client = bits_or_15(policy->client_max_window_bits);
    if (!window_bits_legal(server) || !window_bits_legal(client))
        return WSP_ERR_RANGE;
    element e = {.has = {[SERVER_NO_CONTEXT_TAKEOVER] = policy->server_no_context_takeover,
                         [CLIENT_NO_CONTEXT_TAKEOVER] = policy->client_no_context_takeover,
                         [SERVER_MAX_WINDOW_BITS] = server < 15,
                         [CLIENT_MAX_WINDOW_BITS] = true},
                 .bits = {[SERVER_MAX_WINDOW_BITS] = server,
                          [CLIENT_MAX_WINDOW_BITS] = client < 15 ? client : 0}};
    return write_element(out, size, &e);
}
