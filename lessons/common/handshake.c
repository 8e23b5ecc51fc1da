/* The opening handshake of a server (RFC 6455 4.2). Lesson 02 takes it apart. */
#include "common.h"

#include <errno.h>
#include <sys/socket.h>

enum { HEAD_MAX = 8192, LINES_MAX = 64 };

/* Receive until the head is whole: its size, or -1. What came behind it stays in `in`. */
static int64_t receive_head(int fd, GByteArray *in)
{
    wsp_http_scanner scan;
    wsp_http_scan_init(&scan, &(wsp_http_limits){.max_head = HEAD_MAX, .max_headers = LINES_MAX});
    for (uint8_t chunk[1024]; !scan.done;) {
        ssize_t n = recv(fd, chunk, sizeof chunk, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || wsp_http_scan(&scan, chunk, (size_t)n) < 0)
            return -1;
        g_byte_array_append(in, chunk, (guint)n);
    }
    return (int64_t)scan.head_len;
}

bool lesson_handshake(int fd, GByteArray *behind)
{
    int64_t head_len = receive_head(fd, behind);
    if (head_len < 0)
        return false;
    wsp_http_header lines[LINES_MAX];
    wsp_http_head head;
    wsp_handshake_request request;
    wsp_http_parse(&head, behind->data, (size_t)head_len, lines, LINES_MAX);
    uint16_t status = wsp_handshake_status(wsp_handshake_request_check(&request, &head));
    if (status == 0 && !wsp_text_equal(request.target, "/ws"))
        status = 404;

    char answer[512];
    wsp_handshake_answer accepted = {.key = request.key};
    int size = status ? wsp_handshake_refusal_write(answer, sizeof answer, status, NULL, NULL, 0)
                      : wsp_handshake_accept_write(answer, sizeof answer, &accepted);
    bool sent = size > 0 && lesson_send(fd, answer, (size_t)size);
    g_byte_array_remove_range(behind, 0, (guint)head_len); /* the rest are frames */
    return sent && status == 0;
}
