#include "listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* A socket that is bound to the port; port 0 is any that is free, and is set. Two may be bound to
 * one port as long as not both listen. */
static int bound(uint16_t *port)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(*port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
        getsockname(fd, (struct sockaddr *)&at, &size) == 0) {
        *port = ntohs(at.sin_port);
        return fd;
    }
    const int error = errno;
    close_fd(&fd);
    errno = error;
    return -1;
}

void listener_init(listener *l)
{
    *l = (listener){.held = -1, .fd = -1};
}

bool listener_hold(listener *l)
{
    listener_init(l);
    l->held = bound(&l->port);
    return l->held >= 0;
}

bool listener_open(listener *l)
{
    if (l->fd >= 0)
        return true;
    l->fd = bound(&l->port);
    if (l->fd >= 0 && listen(l->fd, SOMAXCONN) == 0)
        return true;
    const int error = errno;
    close_fd(&l->fd);
    errno = error;
    return false;
}

void listener_close(listener *l)
{
    close_fd(&l->fd);
}

int listener_accept(const listener *l)
{
    int fd;
    do {
        fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    } while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
    return fd;
}

void listener_release(listener *l)
{
    close_fd(&l->fd);
    close_fd(&l->held);
}
