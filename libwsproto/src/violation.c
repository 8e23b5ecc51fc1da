/* The rules as one table: everything that names a rule reads it. */
#include "wsproto/violation.h"

#include <string.h>

/* In the order of the bits: wsp_violation_first counts on it. */
static const wsp_violation violations[] = {
    {WSP_V_RSV_UNNEGOTIATED, "rsv-unnegotiated", "RFC 6455 5.2",
     "a reserved bit is set that no negotiated extension gives a meaning here", 1002},
    {WSP_V_OPCODE_RESERVED, "opcode-reserved", "RFC 6455 5.2",
     "the opcode is reserved for later versions of the protocol", 1002},
    {WSP_V_MASK_MISSING, "mask-missing", "RFC 6455 5.1", "a client must mask every frame it sends",
     1002},
    {WSP_V_MASK_UNEXPECTED, "mask-unexpected", "RFC 6455 5.1",
     "a server must not mask the frames it sends", 1002},
    {WSP_V_LENGTH_NOT_MINIMAL, "length-not-minimal", "RFC 6455 5.2",
     "the length is written in more bytes than it needs", 1002},
    {WSP_V_LENGTH_MSB, "length-msb", "RFC 6455 5.2", "the top bit of a 64-bit length must be 0",
     1002},
    {WSP_V_CONTROL_FRAGMENTED, "control-fragmented", "RFC 6455 5.5",
     "a control frame must not be fragmented", 1002},
    {WSP_V_CONTROL_TOO_LONG, "control-too-long", "RFC 6455 5.5",
     "a control frame may carry at most 125 bytes", 1002},
    {WSP_V_CONTINUATION_UNEXPECTED, "continuation-unexpected", "RFC 6455 5.4",
     "a continuation frame without a message to continue", 1002},
    {WSP_V_CONTINUATION_EXPECTED, "continuation-expected", "RFC 6455 5.4",
     "a new message begins before the fragmented one has ended", 1002},
    {WSP_V_CLOSE_SHORT, "close-short", "RFC 6455 5.5.1",
     "a Close payload of one byte cannot hold a status code", 1002},
    {WSP_V_CLOSE_CODE, "close-code", "RFC 6455 7.4", "this close code must not appear on the wire",
     1002},
    {WSP_V_CLOSE_UTF8, "close-utf8", "RFC 6455 5.5.1", "the reason of a Close is not valid UTF-8",
     1007},
    {WSP_V_TEXT_UTF8, "text-utf8", "RFC 6455 8.1", "a text message is not valid UTF-8", 1007},
    {WSP_V_AFTER_CLOSE, "after-close", "RFC 6455 5.5.1",
     "no frame may follow a Close from the same side", 1002},
    {WSP_V_DEFLATE_DATA, "deflate-data", "RFC 7692 7.2.2",
     "the compressed payload is not valid DEFLATE data", 1007},
    {WSP_V_LIMIT_FRAME, "limit-frame", "limit",
     "a frame declares more payload than the limit allows", 1009},
    {WSP_V_LIMIT_MESSAGE, "limit-message", "limit", "a message is longer than the limit allows",
     1009},
    {WSP_V_LIMIT_FRAGMENTS, "limit-fragments", "limit",
     "a message has more fragments than the limit allows", 1008},
    {WSP_V_LIMIT_INFLATED, "limit-inflated", "limit",
     "a message inflates to more bytes than the limit allows", 1009},
    {WSP_V_LIMIT_RATIO, "limit-ratio", "limit",
     "a message inflates by a higher ratio than the limit allows", 1009},
    {WSP_V_TRUNCATED, "truncated", "RFC 6455 5.2",
     "the stream ended inside a frame or inside a fragmented message", 1006},
};

const wsp_violation *wsp_violation_first(uint32_t set)
{
    for (size_t i = 0; set && i < sizeof violations / sizeof *violations; i++)
        if (set & violations[i].bit)
            return &violations[i];
    return NULL;
}

const wsp_violation *wsp_violation_named(const char *name)
{
    for (size_t i = 0; i < sizeof violations / sizeof *violations; i++)
        if (strcmp(name, violations[i].name) == 0)
            return &violations[i];
    return NULL;
}

uint16_t wsp_violation_close_code(uint32_t set)
{
    const wsp_violation *first = wsp_violation_first(set);
    return first ? first->close_code : 0;
}
