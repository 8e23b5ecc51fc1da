/* Sockets: listening, accepting, sending all of a buffer. */
#include "common.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int lesson_listen(const lesson_options *options)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)options->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(listener, SOMAXCONN) != 0 ||
        getsockname(listener, (struct sockaddr *)&at, &size) != 0) {
        fprintf(stderr, "%s: cannot listen on 127.0.0.1:%d: %s\n", g_get_prgname(), options->port,
                g_strerror(errno));
        exit(1);
    }
    printf("listening on 127.0.0.1:%d\n", ntohs(at.sin_port));
    fflush(stdout); /* who started us may be waiting for this line at the end of a pipe */
    return listener;
}

int lesson_accept(int listener)
{
    for (bool told = false;;) {
        int on = 1, fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0) {
            /* Frames are small and each is wanted now: do not wait to fill a segment (Nagle). */
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            return fd;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            if (!told)
                lesson_log(0, "cannot accept: %s", g_strerror(errno));
            told = true;
            g_usleep(10000);
        } else if (errno != EINTR && errno != ECONNABORTED && errno != EPROTO) {
            return -1;
        }
    }
}

bool lesson_send(int fd, const void *bytes, size_t len)
{
    for (const char *at = bytes; len > 0;) {
        /* MSG_NOSIGNAL: a peer that is gone is an error here, not the end of the process. */
        ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);
        if (sent >= 0)
            at += sent, len -= (size_t)sent;
        else if (errno != EINTR)
            return false;
    }
    return true;
}
