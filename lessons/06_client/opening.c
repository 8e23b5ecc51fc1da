/* Given: the opening handshake of a client (RFC 6455 4.1), the other side of lesson 02. */
#include "06_client/client.h"

#include <sys/random.h>

enum { HEAD_MAX = 16384, LINES_MAX = 64, DAY_S = 24 * 3600 };

/* The request: its size. That its texts may stand in one is known since command_read(). */
static size_t write_request(char out[HEAD_MAX])
{
    uint8_t nonce[16]; /* so that an old answer, out of some cache, does not fit */
    char key[25];
    while (getrandom(nonce, sizeof nonce, 0) != sizeof nonce)
        continue;
    wsp_handshake_key(key, nonce);
    wsp_handshake_offer offer = options.offer;
    offer.key = key;
    return (size_t)wsp_handshake_request_write(out, HEAD_MAX, &offer);
}

static bool send_all(dial *line, const char *bytes, size_t len, uint64_t until)
{
    for (ssize_t n; len > 0; bytes += n, len -= (size_t)n)
        if ((n = dial_write(line, bytes, len, until)) <= 0)
            return false;
    return true;
}

/* Receive until the head is whole: its size, or -1 and *why. What came behind it stays in `in`. */
static int64_t receive_head(dial *line, GByteArray *in, uint64_t until, const char **why)
{
    wsp_http_scanner scan;
    wsp_http_scan_init(&scan, &(wsp_http_limits){.max_head = HEAD_MAX, .max_headers = LINES_MAX});
    for (uint8_t chunk[16384]; !scan.done;) {
        ssize_t n = dial_read(line, chunk, sizeof chunk, until);
        *why = n > 0    ? "its head is too long, or no HTTP"
               : n == 0 ? "the server ended the connection"
                        : g_strerror(errno == EAGAIN ? ETIMEDOUT : errno);
        if (n <= 0 || wsp_http_scan(&scan, chunk, (size_t)n) < 0)
            return -1;
        g_byte_array_append(in, chunk, (guint)n);
    }
    return (int64_t)scan.head_len;
}

/* What is wrong with the answer; NULL = nothing. */
static const char *judge(const wsp_http_head *answer, const wsp_http_head *request,
                         wsp_handshake_response *response)
{
    uint32_t faults = wsp_handshake_response_check(response, answer, request);
    if (faults)
        return wsp_handshake_fault_first(faults)->text;
    bool chosen = response->subprotocol.data;
    return options.offer.subprotocols && !chosen ? "it chose none of our subprotocols" : NULL;
}

/* How long the server asks us to stay away, in milliseconds (RFC 9110 10.2.3; a date counts as 0).
 */
static int retry_after(const wsp_http_head *answer)
{
    wsp_text value = wsp_http_header_value(answer, "Retry-After", NULL);
    guint64 seconds = value.data ? g_ascii_strtoull(value.data, NULL, 10) : 0;
    return (int)MIN(seconds, DAY_S) * 1000;
}

bool opening(session *s, uint64_t until)
{
    char sent[HEAD_MAX];
    size_t size = write_request(sent);
    const char *why = "it could not be sent";
    int64_t head_len =
        send_all(s->line, sent, size, until) ? receive_head(s->line, s->in, until, &why) : -1;
    if (head_len < 0) {
        lesson_log(s->id, "refused: no answer to the request: %s", why);
        return false;
    }
    wsp_http_header lines[2][LINES_MAX];
    wsp_http_head request, answer;
    wsp_handshake_response response;
    wsp_http_parse(&request, sent, size, lines[0], LINES_MAX);
    wsp_http_parse(&answer, s->in->data, (size_t)head_len, lines[1], LINES_MAX);
    const char *wrong = judge(&answer, &request, &response);
    wsp_text chosen = response.subprotocol, to = wsp_http_header_value(&answer, "Location", NULL);
    g_autofree char *place = to.data ? message_plain(to.data, to.len) : NULL;
    if (wrong)
        lesson_log(s->id, "refused: status %u, %s%s%s", response.status, wrong,
                   place ? "; Location: " : "", place ? place : "");
    else
        lesson_log(s->id, "open: %s%s%.*s", options.offer.host, chosen.data ? ", subprotocol " : "",
                   (int)chosen.len, chosen.data ? chosen.data : "");
    s->status = response.status;
    s->retry_ms = retry_after(&answer);
    g_byte_array_remove_range(s->in, 0, (guint)head_len);
    return !wrong;
}
