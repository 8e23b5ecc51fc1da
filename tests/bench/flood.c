/*
 * flood INTERFACE FILE SECONDS: sends the Ethernet packets of a capture as fast as the kernel takes
 * them, once, and for so long at most. Prints how many that were, how many seconds it took, and
 * the time of day at the end, in seconds since the epoch.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

enum { BATCH = 64 };

static void die(const char *what, const char *why)
{
    fprintf(stderr, "flood: %s: %s\n", what, why);
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int open_socket(const char *interface)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = 0, /* sends only */
                                  .sll_ifindex = (int)if_nametoindex(interface)};
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    if (fd < 0 || address.sll_ifindex == 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        perror("flood");
        exit(1);
    }
    return fd;
}

/* The packets, in memory before the first is sent. */
static size_t load(const char *path, struct iovec **packets)
{
    char reason[PCAP_ERRBUF_SIZE];
    pcap_t *file = pcap_open_offline(path, reason);
    if (!file)
        die(path, reason);
    size_t count = 0, room = 0;
    struct pcap_pkthdr *header;
    const u_char *data;
    while (pcap_next_ex(file, &header, &data) == 1) {
        if (count == room) {
            room = room ? 2 * room : 1024;
            *packets = realloc(*packets, room * sizeof **packets);
        }
        void *copy = malloc(header->caplen);
        if (!copy || !*packets)
            die(path, "out of memory");
        memcpy(copy, data, header->caplen);
        (*packets)[count++] = (struct iovec){copy, header->caplen};
    }
    pcap_close(file);
    return count;
}

/* Returns how many packets were sent. */
static size_t send_all(int fd, struct iovec *packets, size_t count, double until)
{
    size_t sent = 0;
    while (sent < count && now() < until) {
        struct mmsghdr messages[BATCH] = {0};
        unsigned n = 0;
        for (; n < BATCH && sent + n < count; n++) {
            messages[n].msg_hdr.msg_iov = &packets[sent + n];
            messages[n].msg_hdr.msg_iovlen = 1;
        }
        int taken = sendmmsg(fd, messages, n, 0);
        if (taken < 0) {
            perror("flood");
            exit(1);
        }
        sent += (size_t)taken;
    }
    return sent;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        die("usage", "flood INTERFACE FILE SECONDS");
    struct iovec *packets = NULL;
    size_t count = load(argv[2], &packets);
    int fd = open_socket(argv[1]);
    const double start = now();
    size_t sent = send_all(fd, packets, count, start + atof(argv[3]));
    const double end = now();
    printf("%zu %.6f %.6f\n", sent, end - start, end);
    return 0;
}
