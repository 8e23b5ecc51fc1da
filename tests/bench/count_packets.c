/* The limit to measure wsdump against: libpcap reads every packet, and nothing is done with it. */
#include <pcap/pcap.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    char reason[PCAP_ERRBUF_SIZE];
    pcap_t *file = argc == 2 ? pcap_open_offline(argv[1], reason) : NULL;
    if (!file) {
        fprintf(stderr, "count_packets: %s\n", argc == 2 ? reason : "usage: count_packets FILE");
        return 1;
    }
    struct pcap_pkthdr *header;
    const u_char *data;
    unsigned long packets = 0, bytes = 0;
    while (pcap_next_ex(file, &header, &data) == 1) {
        packets++;
        bytes += header->caplen;
    }
    pcap_close(file);
    printf("%lu packets, %lu bytes\n", packets, bytes);
    return 0;
}
