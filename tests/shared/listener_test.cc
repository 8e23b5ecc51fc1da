// A port that is held: refused while nobody listens there, the same when somebody does again.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

extern "C" {
#include "listener.h"
}

namespace
{
// Connects, and says 0 or what went wrong.
int connects(uint16_t port, int *fd)
{
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(*fd, reinterpret_cast<sockaddr *>(&to), sizeof to) == 0 ? 0 : errno;
}

TEST(Listener, RefusesAndListensAgainOnItsPort)
{
    listener l;
    int fd = -1;
    ASSERT_TRUE(listener_hold(&l));
    ASSERT_NE(l.port, 0);
    for (int round = 0; round < 3; round++) {
        const uint16_t port = l.port;
        EXPECT_EQ(connects(port, &fd), ECONNREFUSED);
        close(fd);
        ASSERT_TRUE(listener_open(&l));
        EXPECT_EQ(l.port, port);
        EXPECT_EQ(listener_accept(&l), -1);
        EXPECT_EQ(errno, EAGAIN);
        EXPECT_EQ(connects(port, &fd), 0);
        const int accepted = listener_accept(&l);
        EXPECT_GE(accepted, 0);
        listener_close(&l);
        char byte;
        close(accepted); // first, so that the port has a connection in TIME_WAIT
        EXPECT_EQ(recv(fd, &byte, 1, 0), 0);
        close(fd);
    }
    listener_release(&l);
}

TEST(Listener, NobodyElseGetsItsPort)
{
    listener l;
    sockaddr_in at = {};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto takes = [&at] {
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const bool taken = bind(fd, reinterpret_cast<sockaddr *>(&at), sizeof at) == 0;
        close(fd);
        return taken;
    };
    ASSERT_TRUE(listener_hold(&l));
    at.sin_port = htons(l.port);
    EXPECT_FALSE(takes());
    ASSERT_TRUE(listener_open(&l));
    listener_close(&l);
    EXPECT_FALSE(takes());
    listener_release(&l);
    EXPECT_TRUE(takes());
}
} // namespace
