/*
 * One element of Sec-WebSocket-Extensions: its form, and its parameters one at a time. The walk
 * over the parameters is also what judges them, so nothing is read in two ways.
 */
#include "wsproto/extension.h"

#include "text.h"
#include "wsproto/error.h"

#include <limits.h>

/* RFC 6455 9.1 takes RFC 2616's rules, where white space may stand between any two parts. */
static void skip_space(wsp_text *rest)
{
    while (rest->len > 0 && is_space(rest->data[0]))
        text_cut(rest, 1);
}

static bool skip_mark(wsp_text *rest, char mark)
{
    skip_space(rest);
    if (rest->len == 0 || rest->data[0] != mark)
        return false;
    text_cut(rest, 1);
    skip_space(rest);
    return true;
}

static bool take_token(wsp_text *rest, wsp_text *token)
{
    size_t n = token_front(*rest);
    if (n == 0)
        return false;
    *token = text_cut(rest, n);
    return true;
}

/* RFC 6455 9.1: a quoted value, once unescaped, must be a token: so it is not empty. */
static bool take_quoted(wsp_text *rest, wsp_text *inner)
{
    text_cut(rest, 1);
    size_t n = 0;
    for (; n < rest->len && rest->data[n] != '"'; n++) {
        if (rest->data[n] == '\\' && n + 1 < rest->len)
            n++;
        if (!is_token_char(rest->data[n]))
            return false;
    }
    if (n == 0 || n == rest->len)
        return false;
    *inner = text_cut(rest, n);
    text_cut(rest, 1);
    return true;
}

bool wsp_extension_parameter_next(wsp_text *rest, wsp_extension_parameter *parameter)
{
    *parameter = (wsp_extension_parameter){0};
    if (!skip_mark(rest, ';') || !take_token(rest, &parameter->name))
        return false;
    if (skip_mark(rest, '=')) {
        parameter->quoted = rest->len > 0 && rest->data[0] == '"';
        bool ok = parameter->quoted ? take_quoted(rest, &parameter->value)
                                    : take_token(rest, &parameter->value);
        if (!ok)
            return false;
    }
    skip_space(rest);
    return true;
}

bool wsp_extension_parse(wsp_extension *extension, wsp_text element)
{
    *extension = (wsp_extension){0};
    wsp_text rest = text_trim(element, is_space);
    if (!take_token(&rest, &extension->name))
        return false;
    skip_space(&rest);

    wsp_text parameters = rest;
    wsp_extension_parameter ignored;
    while (rest.len > 0)
        if (!wsp_extension_parameter_next(&rest, &ignored))
            return false;
    extension->parameters = parameters;
    return true;
}

int wsp_extension_parameter_value(char *out, size_t size, const wsp_extension_parameter *parameter)
{
    wsp_text value = parameter->value;
    size_t n = 0;
    for (size_t i = 0; i < value.len; i++, n++) {
        if (parameter->quoted && value.data[i] == '\\' && i + 1 < value.len)
            i++;
        if (n < size)
            out[n] = value.data[i];
    }
    if (n >= size || n > INT_MAX)
        return WSP_ERR_SPACE;
    out[n] = '\0';
    return (int)n;
}
