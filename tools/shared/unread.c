#include "unread.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int unread_open(void)
{
    int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    struct timeval patience = {.tv_sec = 1}; /* the kernel answers at once, or not at all */
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

static bool ask(int netlink, uint16_t program_port, uint32_t our_address, uint16_t our_port)
{
    struct {
        struct nlmsghdr head;
        struct inet_diag_req_v2 body;
    } q = {
        .head = {.nlmsg_len = sizeof q,
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST},
        .body = {.sdiag_family = AF_INET,
                 .sdiag_protocol = IPPROTO_TCP,
                 .idiag_states = ~0U,
                 .id = {.idiag_sport = htons(program_port),
                        .idiag_dport = htons(our_port),
                        .idiag_src = {htonl(INADDR_LOOPBACK)},
                        .idiag_dst = {htonl(our_address)},
                        .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}},
    };
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    return sendto(netlink, &q, sizeof q, 0, (struct sockaddr *)&kernel, sizeof kernel) ==
           (ssize_t)sizeof q;
}

bool unread_bytes(int netlink, uint16_t program_port, uint32_t our_address, uint16_t our_port,
                  uint32_t *bytes)
{
    _Alignas(struct nlmsghdr) char answer[4096];
    if (netlink < 0 || !ask(netlink, program_port, our_address, our_port))
        return false;
    ssize_t n = recv(netlink, answer, sizeof answer, 0);
    struct nlmsghdr head;
    struct inet_diag_msg body;
    if (n < (ssize_t)(NLMSG_HDRLEN + sizeof body))
        return false;
    memcpy(&head, answer, sizeof head);
    if (head.nlmsg_type != SOCK_DIAG_BY_FAMILY)
        return false;
    memcpy(&body, answer + NLMSG_HDRLEN, sizeof body);
    *bytes = body.idiag_rqueue;
    return true;
}
