/* The error codes as a table. */
#include "wsproto/error.h"

#include <stddef.h>

static const struct {
    int code;
    const char *name, *text;
} errors[] = {
    {WSP_OK, "WSP_OK", "no error"},
    {WSP_ERR_RANGE, "WSP_ERR_RANGE", "a number does not fit the field it is for"},
    {WSP_ERR_SPACE, "WSP_ERR_SPACE", "the output buffer is too small"},
    {WSP_ERR_VALUE, "WSP_ERR_VALUE", "a text holds bytes that may not be written there"},
    {WSP_ERR_LIMIT, "WSP_ERR_LIMIT", "an HTTP head is longer than the limits allow"},
};

static size_t find(int error)
{
    size_t i = 0;
    while (i < sizeof errors / sizeof *errors && errors[i].code != error)
        i++;
    return i;
}

const char *wsp_error_name(int error)
{
    size_t i = find(error);
    return i < sizeof errors / sizeof *errors ? errors[i].name : "WSP_ERR_UNKNOWN";
}

const char *wsp_error_text(int error)
{
    size_t i = find(error);
    return i < sizeof errors / sizeof *errors ? errors[i].text : "not an error code of libwsproto";
}
