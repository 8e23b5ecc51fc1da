/* A blocking echo server for the connection on stdin and stdout, as inetd and its kin start it. */
#include <wsproto/wsproto.h>

#include <string.h>
#include <unistd.h>

static uint8_t in[4096], data[4096], out[sizeof data + WSP_FRAME_HEADER_MAX];

int main(void)
{
    size_t len = 0; /* the head, byte by byte: what is behind it are frames */
    while (len < 4 || memcmp(in + len - 4, "\r\n\r\n", 4) != 0)
        if (len == sizeof in || read(0, in + len++, 1) != 1)
            return 1;
    wsp_http_header lines[64];
    wsp_http_head head;
    wsp_handshake_request request;
    wsp_http_parse(&head, in, len, lines, 64);
    if (wsp_handshake_request_check(&request, &head))
        return 1;
    wsp_handshake_answer answer = {.key = request.key};
    int64_t size = wsp_handshake_accept_write((char *)out, sizeof out, &answer);
    wsp_conn c;
    wsp_conn_event ev = {0};
    wsp_conn_options options = {.role = WSP_SERVER};
    wsp_conn_init(&c, &options, 0);
    for (size_t used = len = 0; size >= 0 && write(1, out, (size_t)size) == size;) {
        if (ev.type == WSP_CONN_NONE) { /* all input is used */
            ssize_t n = wsp_conn_get_tcp(&c) == WSP_TCP_KEEP ? read(0, in, sizeof in) : 0;
            if (n <= 0)
                return 0;
            len = (size_t)n, used = 0;
        }
        used += wsp_conn_receive(&c, 0, in + used, len - used, data, sizeof data, &ev);
        wsp_conn_frame echo = {ev.first ? ev.opcode : 0, !ev.last, false, NULL, ev.data, ev.len};
        size = ev.type == WSP_CONN_DATA ? wsp_conn_send(&c, 0, &echo, out, sizeof out)
                                        : wsp_conn_reply(&c, 0, &ev, NULL, out, sizeof out);
    }
}
