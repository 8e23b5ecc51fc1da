/* Given: from a name to a connected socket. A name may have many addresses, old ones and new ones;
 * the first that answers is taken. */
#include "06_client/dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

bool dial_wait(int fd, short events, uint64_t until)
{
    for (;;) {
        struct pollfd wait = {.fd = fd, .events = events};
        int ready = poll(&wait, 1, ms_until(until));
        if (ready >= 0 || errno != EINTR)
            return ready > 0;
    }
}

/* A connected socket, or -1 with errno. */
static int connect_to(const struct addrinfo *at, uint64_t until)
{
    int on = 1, error = 0;
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, at->ai_addr, at->ai_addrlen) != 0)
        error = errno;
    if (error == EINPROGRESS && !dial_wait(fd, POLLOUT, until))
        error = ETIMEDOUT;
    else if (error == EINPROGRESS)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){sizeof error});
    if (error == 0)
        return fd;
    close(fd);
    errno = error;
    return -1;
}

int dial_connect(const char *host, int port, uint64_t until, GError **error)
{
    struct addrinfo *list, hints = {.ai_socktype = SOCK_STREAM};
    g_autofree char *service = g_strdup_printf("%d", port);
    int fd = -1, left = 0, wrong = getaddrinfo(host, service, &hints, &list);
    if (wrong) {
        g_set_error(error, DIAL_ERROR, DIAL_FAILED, "%s: %s", host, gai_strerror(wrong));
        return -1;
    }
    for (struct addrinfo *at = list; at; at = at->ai_next)
        left++;
    for (struct addrinfo *at = list; at && fd < 0; at = at->ai_next, left--)
        fd = connect_to(at, now_ms() + (uint64_t)(ms_until(until) / left));
    if (fd < 0)
        g_set_error(error, DIAL_ERROR, DIAL_FAILED, "%s port %d: %s", host, port,
                    g_strerror(errno));
    freeaddrinfo(list);
    return fd;
}
