/*
 * The least that printing the messages of a capture costs: libpcap reads the packets, the bytes
 * behind each 101 are split into frames, unmasked, inflated and printed, a line per message.
 *
 *     floor [--count] FILE
 *
 * --count: only how many messages there are and how long they are together. Nothing else is done,
 * and nothing of the project is used, so that this is a limit of its own: plain Ethernet, IPv4 and
 * TCP in order without a loss, unfragmented messages. What is different ends the program.
 */
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { SLOTS = 1 << 16, LINE_ROOM = 64, OUTPUT = 1 << 16 };

/* One direction of a connection. */
typedef struct flow {
    uint64_t addresses;
    uint32_t ports, next;
    bool used, upgraded, deflated;
    uint8_t *stash; /* what is not complete yet */
    size_t stashed, room;
    z_stream z;
} flow;

static flow flows[SLOTS];
static uint8_t *plain; /* of the message that is being inflated */
static size_t plain_room;
static uint64_t messages, message_bytes;
static bool only_count;

static void die(const char *why)
{
    fprintf(stderr, "floor: %s\n", why);
    exit(1);
}

static void *grown(void *memory, size_t *room, size_t needed)
{
    if (needed <= *room)
        return memory;
    *room = needed * 2;
    memory = realloc(memory, *room);
    if (!memory)
        die("out of memory");
    return memory;
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static flow *find_flow(const uint8_t *addresses, const uint8_t *ports)
{
    uint64_t a;
    uint32_t p;
    memcpy(&a, addresses, sizeof a);
    memcpy(&p, ports, sizeof p);
    uint64_t hash = (a ^ (uint64_t)p << 16) * 0x9e3779b97f4a7c15;
    for (size_t i = hash >> 48;; i = (i + 1) % SLOTS) {
        flow *f = &flows[i];
        if (!f->used) {
            f->used = true;
            f->addresses = a;
            f->ports = p;
            return f;
        }
        if (f->addresses == a && f->ports == p)
            return f;
    }
}

/* What is printed goes out in large pieces: stdio's locks would be a good part of the time. */
static char output[OUTPUT];
static size_t output_used;

static void flush(void)
{
    if (output_used && fwrite(output, 1, output_used, stdout) != output_used)
        die("cannot write");
    output_used = 0;
}

static void put(const void *data, size_t len)
{
    if (len > OUTPUT - output_used)
        flush();
    if (len > OUTPUT) {
        if (fwrite(data, 1, len, stdout) != len)
            die("cannot write");
        return;
    }
    memcpy(output + output_used, data, len);
    output_used += len;
}

static char *number(char *end, uint64_t value)
{
    do
        *--end = (char)('0' + value % 10);
    while (value /= 10);
    return end;
}

static void take_message(const struct timeval *time, int opcode, const uint8_t *data, size_t len)
{
    messages++;
    message_bytes += len;
    if (only_count)
        return;
    char line[LINE_ROOM], *end = line + sizeof line, *at = end;
    *--at = ' ';
    at = number(at, len);
    *--at = ' ';
    at = number(at, (uint64_t)opcode);
    *--at = ' ';
    at = number(at, 1000000 + (uint64_t)time->tv_usec);
    *at = '.'; /* instead of the 1 */
    at = number(at, (uint64_t)time->tv_sec);
    put(at, (size_t)(end - at));
    put(data, len);
    put("\n", 1);
}

static void unmask(uint8_t *data, size_t len, const uint8_t key[4])
{
    uint8_t keys[32];
    for (size_t i = 0; i < sizeof keys; i++)
        keys[i] = key[i % 4];
    size_t i = 0;
    for (; i + sizeof keys <= len; i += sizeof keys)
        for (size_t j = 0; j < sizeof keys; j++)
            data[i + j] ^= keys[j];
    for (; i < len; i++)
        data[i] ^= keys[i % 4];
}

static size_t inflate_all(flow *f, const uint8_t *data, size_t len)
{
    static const uint8_t tail[] = {0, 0, 0xff, 0xff};
    const struct {
        const uint8_t *data;
        size_t len;
    } parts[] = {{data, len}, {tail, sizeof tail}};
    size_t made = 0;
    for (int i = 0; i < 2; i++) {
        f->z.next_in = (uint8_t *)(uintptr_t)parts[i].data;
        f->z.avail_in = (uInt)parts[i].len;
        do {
            plain = grown(plain, &plain_room, made + 16384);
            f->z.next_out = plain + made;
            f->z.avail_out = (uInt)(plain_room - made);
            int status = inflate(&f->z, Z_SYNC_FLUSH);
            if (status != Z_OK && status != Z_BUF_ERROR)
                die("bytes that do not inflate");
            made = plain_room - f->z.avail_out;
        } while (f->z.avail_out == 0);
    }
    return made;
}

/* How long the frame at `data` is; 0 = not all of it is there. */
static size_t take_frame(flow *f, const struct timeval *time, uint8_t *data, size_t len)
{
    if (len < 2)
        return 0;
    size_t header = 2;
    uint64_t length = data[1] & 0x7f;
    if (length >= 126) {
        header = length == 126 ? 4 : 10;
        if (len < header)
            return 0;
        length =
            header == 4 ? get32(data) & 0xffff : (uint64_t)get32(data + 2) << 32 | get32(data + 6);
    }
    const bool masked = data[1] & 0x80;
    uint8_t *payload = data + header + (masked ? 4 : 0);
    if (len < (size_t)(payload - data) || len - (size_t)(payload - data) < length)
        return 0;
    if (masked)
        unmask(payload, length, payload - 4);
    if (!(data[0] & 0x80))
        die("a fragmented message");
    if (data[0] & 0x40) {
        size_t made = inflate_all(f, payload, length);
        take_message(time, data[0] & 0x0f, plain, made);
    } else {
        take_message(time, data[0] & 0x0f, payload, length);
    }
    return (size_t)(payload - data) + length;
}

/* How much of the bytes has been used. */
static size_t take_bytes(flow *f, const struct timeval *time, uint8_t *data, size_t len)
{
    size_t used = 0;
    if (!f->upgraded) {
        const uint8_t *end = memmem(data, len, "\r\n\r\n", 4);
        if (!end)
            return 0;
        used = (size_t)(end + 4 - data);
        f->upgraded = true;
        if (memmem(data, used, "permessage-deflate", 18) && inflateInit2(&f->z, -15) != Z_OK)
            die("inflateInit2 failed");
    }
    for (size_t n; (n = take_frame(f, time, data + used, len - used)) > 0;)
        used += n;
    return used;
}

static void take_segment(flow *f, const struct timeval *time, uint8_t *data, size_t len)
{
    if (!f->stashed) {
        size_t used = take_bytes(f, time, data, len);
        data += used;
        len -= used;
        if (!len)
            return;
    }
    f->stash = grown(f->stash, &f->room, f->stashed + len);
    memcpy(f->stash + f->stashed, data, len);
    f->stashed += len;
    size_t used = take_bytes(f, time, f->stash, f->stashed);
    if (used) {
        f->stashed -= used;
        memmove(f->stash, f->stash + used, f->stashed);
    }
}

static void take_packet(const struct pcap_pkthdr *h, uint8_t *packet)
{
    if (h->caplen < 54 || packet[12] != 8 || packet[13] != 0 || packet[14] != 0x45 ||
        packet[23] != 6)
        die("a packet that is not plain Ethernet, IPv4 and TCP");
    uint8_t *tcp = packet + 34;
    size_t total = (size_t)packet[16] << 8 | packet[17], headers = 20 + (size_t)(tcp[12] >> 4) * 4;
    if (total < headers || 14 + total > h->caplen)
        die("a packet cut short");
    flow *f = find_flow(packet + 26, tcp);
    uint32_t sequence = get32(tcp + 4);
    size_t len = total - headers;
    if (tcp[13] & 0x02)
        f->next = sequence + 1;
    else if (len && sequence != f->next)
        die("a segment out of order");
    if (!len)
        return;
    f->next += (uint32_t)len;
    take_segment(f, &h->ts, packet + 14 + headers, len);
}

int main(int argc, char **argv)
{
    only_count = argc == 3 && strcmp(argv[1], "--count") == 0;
    if (argc != 2 + only_count)
        die("usage: floor [--count] FILE");
    char reason[PCAP_ERRBUF_SIZE];
    pcap_t *file = pcap_open_offline(argv[argc - 1], reason);
    if (!file)
        die(reason);
    struct pcap_pkthdr *header;
    const u_char *data;
    while (pcap_next_ex(file, &header, &data) == 1)
        take_packet(header, (uint8_t *)(uintptr_t)data); /* libpcap's buffer: unmasked in place */
    pcap_close(file);
    if (only_count)
        printf("%llu %llu\n", (unsigned long long)messages, (unsigned long long)message_bytes);
    flush();
    return 0;
}
