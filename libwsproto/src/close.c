/* Close codes and the payload of a Close frame (RFC 6455 5.5.1 and 7.4, IANA registry). */
#include "wsproto/close.h"

#include "wsproto/error.h"
#include "wsproto/utf8.h"
#include "wsproto/violation.h"

#include <string.h>

/* Ranges of codes in ascending order. What no row covers may not be sent. */
static const struct {
    uint16_t first, last;
    bool on_wire;
    const char *name;
} codes[] = {
    {1000, 1000, true, "normal closure"},
    {1001, 1001, true, "going away"},
    {1002, 1002, true, "protocol error"},
    {1003, 1003, true, "unsupported data"},
    {1004, 1004, false, NULL}, /* reserved without a meaning */
    {1005, 1005, false, "no status received"},
    {1006, 1006, false, "abnormal closure"},
    {1007, 1007, true, "invalid payload data"},
    {1008, 1008, true, "policy violation"},
    {1009, 1009, true, "message too big"},
    {1010, 1010, true, "mandatory extension"},
    {1011, 1011, true, "internal error"},
    {1012, 1012, true, "service restart"},
    {1013, 1013, true, "try again later"},
    {1014, 1014, true, "bad gateway"},
    {1015, 1015, false, "TLS handshake failed"},
    {3000, 3999, true, "registered by a library"},
    {4000, 4999, true, "private use"},
};

static size_t find(uint16_t code)
{
    size_t i = 0;
    while (i < sizeof codes / sizeof *codes && (code < codes[i].first || code > codes[i].last))
        i++;
    return i;
}

bool wsp_close_code_valid(uint16_t code)
{
    size_t i = find(code);
    return i < sizeof codes / sizeof *codes && codes[i].on_wire;
}

const char *wsp_close_code_name(uint16_t code)
{
    size_t i = find(code);
    return i < sizeof codes / sizeof *codes ? codes[i].name : NULL;
}

static bool is_utf8(const uint8_t *in, size_t len)
{
    wsp_utf8 u = {0};
    return wsp_utf8_feed(&u, in, len) == len && wsp_utf8_done(&u);
}

int wsp_close_encode(uint8_t *out, size_t size, uint16_t code, const char *reason,
                     size_t reason_len)
{
    if (!wsp_close_code_valid(code) || reason_len > WSP_CLOSE_REASON_MAX)
        return WSP_ERR_RANGE;
    if (!is_utf8((const uint8_t *)reason, reason_len))
        return WSP_ERR_VALUE;
    if (size < 2 + reason_len)
        return WSP_ERR_SPACE;
    out[0] = (uint8_t)(code >> 8);
    out[1] = (uint8_t)code;
    if (reason_len)
        memcpy(out + 2, reason, reason_len);
    return (int)(2 + reason_len);
}

uint32_t wsp_close_check(const uint8_t *payload, size_t len, uint16_t *code)
{
    *code = 0;
    if (len == 0)
        return 0;
    if (len == 1)
        return WSP_V_CLOSE_SHORT;
    *code = (uint16_t)(payload[0] << 8 | payload[1]);
    uint32_t set = 0;
    if (!wsp_close_code_valid(*code))
        set |= WSP_V_CLOSE_CODE;
    if (!is_utf8(payload + 2, len - 2))
        set |= WSP_V_CLOSE_UTF8;
    return set;
}
