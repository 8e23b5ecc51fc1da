/*
 * permessage-deflate (RFC 7692): negotiation as pure functions, and the two directions on zlib.
 * The only part of the library that allocates, and only through wsp_mem; built when zlib is there
 * (WSPROTO_DEFLATE).
 *
 * Each side compresses with one window and inflates with another: server_* parameters are about
 * what the server sends, client_* about what the client sends.
 *
 * Memory per connection, measured by the tests: an inflater takes about 7 KiB and its window
 * (2^bits bytes); a deflater about 6 KiB, 2^(bits + 2) and 2^(mem_level + 9) bytes.
 */
#ifndef WSPROTO_DEFLATE_H
#define WSPROTO_DEFLATE_H

#include "wsproto/api.h"
#include "wsproto/handshake.h"
#include "wsproto/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where memory comes from. NULL in place of a wsp_mem = malloc and free. */
typedef struct wsp_mem {
    void *(*alloc)(void *user, size_t size); /* NULL when there is none */
    void (*free)(void *user, void *memory);
    void *user;
} wsp_mem;

/* What both sides agreed on (RFC 7692 7.1). */
typedef struct wsp_deflate_params {
    bool server_no_context_takeover;
    bool client_no_context_takeover;
    uint8_t server_max_window_bits;    /* 8 to 15 */
    uint8_t client_max_window_bits;    /* 8 to 15 */
    bool server_max_window_bits_asked; /* the offer named it: then the answer must, even if it is 15
                                          (RFC 7692 7.1.2.1) */
} wsp_deflate_params;

/* ---- Negotiation ------------------------------------------------------------------------------
 */

/*
 * What a side wants. As a server's policy: limits that it puts on both directions. As a client's:
 * what it offers. All zero = windows of 15 bits, kept over messages.
 */
typedef struct wsp_deflate_policy {
    bool server_no_context_takeover;
    bool client_no_context_takeover;
    uint8_t server_max_window_bits; /* at most; 8 to 15, 0 = 15 */
    uint8_t client_max_window_bits; /* at most; 8 to 15, 0 = 15 */
} wsp_deflate_policy;

/* The longest text that the writers below write, with its NUL. */
#define WSP_DEFLATE_TEXT 160

/*
 * A server chooses: the first permessage-deflate element of the request's offers that is
 * well-formed and that the policy can meet (RFC 7692 5.1, 7.1). An element with an unknown, double
 * or wrongly valued parameter is declined, and the next one is looked at. A client window smaller
 * than 15 can be asked for only where the offer has client_max_window_bits; where the policy needs
 * one and the offer cannot have it, the element is declined. Returns true with *agreed filled;
 * false when there is none, and the connection goes on uncompressed.
 */
WSP_API bool wsp_deflate_choose(wsp_deflate_params *agreed, const wsp_deflate_policy *policy,
                                const wsp_http_head *request);

/*
 * The element of the server's Sec-WebSocket-Extensions that grants *agreed, NUL-terminated: only
 * parameters that differ from the default, or that must be named, are. Returns its length;
 * WSP_ERR_RANGE when a number of bits is not 8 to 15, WSP_ERR_SPACE when `size` is too small.
 */
WSP_API int wsp_deflate_answer_write(char *out, size_t size, const wsp_deflate_params *agreed);

/*
 * The element of a client's offer: always with client_max_window_bits, with a value where the
 * policy limits it. Returns as above.
 */
WSP_API int wsp_deflate_offer_write(char *out, size_t size, const wsp_deflate_policy *policy);

typedef enum wsp_deflate_verdict {
    WSP_DEFLATE_NONE,    /* the answer has no permessage-deflate: go on uncompressed */
    WSP_DEFLATE_AGREED,  /* *agreed is filled */
    WSP_DEFLATE_ILLEGAL, /* the client must fail the connection (RFC 7692 7.1): an unknown, double
                            or wrongly valued parameter, one that the offer did not allow, a window
                            wider than offered, two answers */
} wsp_deflate_verdict;

/*
 * A client judges the answer against what it offered. `request` is the head that it sent; NULL for
 * an observer that did not see it, who judges the answer's form alone.
 */
WSP_API wsp_deflate_verdict wsp_deflate_answer_check(wsp_deflate_params *agreed,
                                                     const wsp_http_head *response,
                                                     const wsp_http_head *request);

/* ---- Inflating ---------------------------------------------------------------------------------
 */

/*
 * An inflater for one direction: `max_window_bits` as agreed for its sender; 15 inflates every
 * legal sender, with or without context takeover, so an observer needs no parameters.
 * `no_context_takeover`: the window is forgotten after every message (less memory is no reason:
 * inflating what kept its window then fails). All memory is taken here: nothing can run out later.
 * Returns NULL when there is no memory or the bits are not 8 to 15. For wsp_message_rules.inflater;
 * free it with wsp_inflater_free.
 *
 * After wrong data, a gap or an abandoned message, messages can be inflated again only with
 * no_context_takeover; what a kept window should hold is unknown for good (begin() returns false).
 *
 * A sender that reaches back further than `max_window_bits` allow is illegal. With 15 there is no
 * further. With less it may be found out or not, depending on how its bytes come in: zlib does not
 * look. What is inflated is right in either case.
 */
WSP_API wsp_inflater *wsp_inflater_new(uint8_t max_window_bits, bool no_context_takeover,
                                       const wsp_mem *mem);
WSP_API void wsp_inflater_free(wsp_inflater *inflater); /* NULL is fine */

/*
 * For an observer that missed what came before: make the inflater ready for the beginning of any
 * message, behind a window that ends with these `len` bytes (of more than the window holds, the
 * last ones). Whatever it was doing is forgotten. Who does not know the window can fill it with
 * anything: structure and length of what is inflated do not depend on it, so bytes that are the
 * same behind two windows that differ everywhere are certain.
 */
WSP_API void wsp_inflater_set_window(wsp_inflater *inflater, const uint8_t *window, size_t len);

/* ---- Deflating ---------------------------------------------------------------------------------
 */

typedef struct wsp_deflater wsp_deflater;

/*
 * A deflater for one direction. `max_window_bits` as agreed for us as sender, 8 to 15 (8 is
 * honoured with zlib's 9, whose matches reach back 250 bytes); level 1 to 9 or -1 for zlib's
 * default, mem_level 1 to 9, 0 = 8. Returns NULL when there is no memory or a number is out of
 * range.
 */
WSP_API wsp_deflater *wsp_deflater_new(uint8_t max_window_bits, bool no_context_takeover, int level,
                                       int mem_level, const wsp_mem *mem);
WSP_API void wsp_deflater_free(wsp_deflater *deflater); /* NULL is fine */

/* Room that surely suffices for the whole payload of a message of `len` bytes, begun anew. */
WSP_API size_t wsp_deflate_bound(const wsp_deflater *deflater, size_t len);

/*
 * Compress a message, whole or in pieces: take from in[0..*in_len), write to out[0..*out_len); both
 * are then set to what was used and written. `end` with the last piece (which may be empty). What
 * is written is the payload of frames whose first has RSV1 set, without the 00 00 ff ff of RFC 7692
 * 7.2.1. Returns 1 when it must be called again because `out` is full (with the rest of the input,
 * perhaps none, and the same `end`), 0 when the piece is done. The same pieces give the same bytes
 * whatever the size of `out`. Nothing can fail: all memory was taken when the deflater was made.
 *
 * Once a message has been begun here it must be sent so: its bytes are in the window that both
 * sides keep. Decide before (a message that is short or compressed already is best sent plain).
 */
WSP_API int wsp_deflate(wsp_deflater *deflater, const uint8_t *in, size_t *in_len, bool end,
                        uint8_t *out, size_t *out_len);

#ifdef __cplusplus
}
#endif

#endif
