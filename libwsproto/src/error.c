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
    {WSP_ERR_STATE, "WSP_ERR_STATE", "the connection is closing, has failed or has ended"},
    {WSP_ERR_ORDER, "WSP_ERR_ORDER", "the frame does not fit the message that is being sent"},
    {WSP_ERR_MASK, "WSP_ERR_MASK", "a client must mask each frame with a key of its own"},
    {WSP_ERR_EXTENSION, "WSP_ERR_EXTENSION", "compression was not agreed for this connection"},
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
