/*
 * Violations: the rules of RFC 6455 that bytes can break, one bit for each.
 *
 * A decoder computes a set of these bits beside every event and goes on. An endpoint fails the
 * connection when the set is not empty; an observer prints it.
 */
#ifndef WSPROTO_VIOLATION_H
#define WSPROTO_VIOLATION_H

#include "wsproto/api.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WSP_V_RSV_UNNEGOTIATED UINT32_C(0x000001)
#define WSP_V_OPCODE_RESERVED UINT32_C(0x000002)
#define WSP_V_MASK_MISSING UINT32_C(0x000004)
#define WSP_V_MASK_UNEXPECTED UINT32_C(0x000008)
#define WSP_V_LENGTH_NOT_MINIMAL UINT32_C(0x000010)
#define WSP_V_LENGTH_MSB UINT32_C(0x000020)
#define WSP_V_CONTROL_FRAGMENTED UINT32_C(0x000040)
#define WSP_V_CONTROL_TOO_LONG UINT32_C(0x000080)
#define WSP_V_CONTINUATION_UNEXPECTED UINT32_C(0x000100)
#define WSP_V_CONTINUATION_EXPECTED UINT32_C(0x000200)
#define WSP_V_CLOSE_SHORT UINT32_C(0x000400)
#define WSP_V_CLOSE_CODE UINT32_C(0x000800)
#define WSP_V_CLOSE_UTF8 UINT32_C(0x001000)
#define WSP_V_TEXT_UTF8 UINT32_C(0x002000)
#define WSP_V_AFTER_CLOSE UINT32_C(0x004000)
#define WSP_V_DEFLATE_DATA UINT32_C(0x008000)
#define WSP_V_LIMIT_FRAME UINT32_C(0x010000)
#define WSP_V_LIMIT_MESSAGE UINT32_C(0x020000)
#define WSP_V_LIMIT_FRAGMENTS UINT32_C(0x040000)
#define WSP_V_LIMIT_INFLATED UINT32_C(0x080000)
#define WSP_V_LIMIT_RATIO UINT32_C(0x100000)
#define WSP_V_TRUNCATED UINT32_C(0x200000)

/* One row of the table of rules. All texts are static. */
typedef struct wsp_violation {
    uint32_t bit;        /* WSP_V_* */
    const char *name;    /* "mask-missing": the id in JSON, on the command line and in vectors */
    const char *clause;  /* "RFC 6455 5.1"; "limit" where the caller, not the RFC, set the rule */
    const char *text;    /* one sentence: what is wrong */
    uint16_t close_code; /* the code that an endpoint closes with (RFC 6455 7.4.1) */
} wsp_violation;

/*
 * The row of the lowest bit in `set`; NULL when `set` has no known bit. To walk a set:
 *
 *     for (const wsp_violation *v; (v = wsp_violation_first(set)); set &= ~v->bit)
 */
WSP_API const wsp_violation *wsp_violation_first(uint32_t set);

/* The row with this name (NUL-terminated, exact); NULL when there is none. */
WSP_API const wsp_violation *wsp_violation_named(const char *name);

/*
 * The close code with which an endpoint answers `set`: that of its lowest bit; 0 when the set is
 * empty (there is nothing to close for).
 */
WSP_API uint16_t wsp_violation_close_code(uint32_t set);

#ifdef __cplusplus
}
#endif

#endif
