/*
 * Walks from header to header. Each header is one function that checks its bytes, steps over them
 * and says which header is next; one table says which function reads what. Another link, tunnel
 * or extension header is a row and a function. Checksums are never verified: a machine's own
 * packets are captured before the network card computes them.
 */

#include "decap.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* Which numbering the next header's number belongs to. */
typedef enum layer {
    LAYER_LINK,      /* LINKTYPE_* */
    LAYER_ETHERTYPE, /* IEEE 802 numbers */
    LAYER_PROTOCOL,  /* IP protocol and next-header numbers */
} layer;

typedef struct walk {
    const uint8_t *at; /* the header to read */
    uint32_t captured; /* bytes of the packet from here on that we have */
    uint32_t wire;     /* and that were on the wire */
    layer layer;
    uint32_t next; /* what is at `at` */
    segment *segment;
} walk;

/* Besides a decap_result: the next header is to be read. */
enum { GO_ON = -1 };

typedef int header_reader(walk *w);

static header_reader *reader_of(layer in, uint32_t number);

static uint16_t read16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t read32(const uint8_t *at)
{
    return (uint32_t)read16(at) << 16 | read16(at + 2);
}

static void step(walk *w, uint32_t len)
{
    w->at += len;
    w->captured -= len;
    w->wire -= len;
}

/* A header of `len` bytes is done; `next`, a number of `in`, follows it. */
static int go_on(walk *w, uint32_t len, layer in, uint32_t next)
{
    if (w->captured < len)
        return DECAP_CUT;
    step(w, len);
    w->layer = in;
    w->next = next;
    return GO_ON;
}

/* --- links --- */

static int ethernet(walk *w)
{
    return w->captured < 14 ? DECAP_CUT : go_on(w, 14, LAYER_ETHERTYPE, read16(w->at + 12));
}

static int vlan_tag(walk *w)
{
    return w->captured < 4 ? DECAP_CUT : go_on(w, 4, LAYER_ETHERTYPE, read16(w->at + 2));
}

static int linux_cooked(walk *w)
{
    return w->captured < 16 ? DECAP_CUT : go_on(w, 16, LAYER_ETHERTYPE, read16(w->at + 14));
}

static int linux_cooked_2(walk *w)
{
    return w->captured < 20 ? DECAP_CUT : go_on(w, 20, LAYER_ETHERTYPE, read16(w->at));
}

enum { ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_IPV6 = 0x86dd };

/* Loopback: the address family as the capturing system counts, in its byte order or the other. */
static int loopback(walk *w)
{
    static const struct {
        uint8_t family;
        uint16_t ethertype;
    } families[] = {
        {2, ETHERTYPE_IPV4}, {24, ETHERTYPE_IPV6}, {28, ETHERTYPE_IPV6}, {30, ETHERTYPE_IPV6}};
    if (w->captured < 4)
        return DECAP_CUT;
    uint32_t family = read32(w->at);
    if ((family & 0xffffff) == 0) /* little-endian: a family fits in a byte */
        family >>= 24;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (family == families[i].family)
            return go_on(w, 4, LAYER_ETHERTYPE, families[i].ethertype);
    return DECAP_OTHER;
}

/* No link header: the version is in the first four bits of either IP. */
static int raw_ip(walk *w)
{
    if (w->captured < 1)
        return DECAP_CUT;
    switch (w->at[0] >> 4) {
    case 4: return go_on(w, 0, LAYER_ETHERTYPE, ETHERTYPE_IPV4);
    case 6: return go_on(w, 0, LAYER_ETHERTYPE, ETHERTYPE_IPV6);
    default: return DECAP_OTHER;
    }
}

/* --- IP --- */

/* The IP packet says how long it is: what follows it is padding or a checksum of the link. It may
 * be longer than what was captured, or even than what the capture calls its original length. */
static void set_length(walk *w, uint32_t len)
{
    w->wire = len;
    if (w->captured > len)
        w->captured = len;
}

static void set_addresses(walk *w, uint8_t version, const uint8_t *source, size_t len)
{
    segment *s = w->segment;
    s->source.version = s->destination.version = version;
    memcpy(s->source.address, source, len);
    memcpy(s->destination.address, source + len, len);
}

/* Fragments are put together here once they are; until then only those count that could be TCP. */
static int fragment(uint32_t protocol)
{
    return reader_of(LAYER_PROTOCOL, protocol) ? DECAP_FRAGMENT : DECAP_OTHER;
}

static int ipv4(walk *w)
{
    if (w->captured < 20)
        return DECAP_CUT;
    const uint8_t *at = w->at;
    uint32_t header = (uint32_t)(at[0] & 15) * 4;
    uint32_t total = read16(at + 2);
    if (total == 0) /* segmentation is left to the network card, or more than 65535 bytes */
        total = w->wire;
    if (at[0] >> 4 != 4 || header < 20)
        return DECAP_CUT;
    set_length(w, total);
    set_addresses(w, 4, at + 12, 4);
    uint16_t more_or_offset = read16(at + 6) & 0x3fff;
    if (more_or_offset != 0)
        return fragment(at[9]);
    return go_on(w, header, LAYER_PROTOCOL, at[9]);
}

static int ipv6(walk *w)
{
    if (w->captured < 40)
        return DECAP_CUT;
    const uint8_t *at = w->at;
    if (at[0] >> 4 != 6)
        return DECAP_CUT;
    uint32_t payload = read16(at + 4);
    if (payload != 0) /* 0: a jumbogram, or segmentation is left to the network card */
        set_length(w, 40 + payload);
    set_addresses(w, 6, at + 8, 16);
    return go_on(w, 40, LAYER_PROTOCOL, at[6]);
}

/* Hop-by-hop options, routing header, destination options: next header, length in eights less 1. */
static int ipv6_extension(walk *w)
{
    if (w->captured < 8)
        return DECAP_CUT;
    return go_on(w, (w->at[1] + 1u) * 8, LAYER_PROTOCOL, w->at[0]);
}

static int ipv6_fragment(walk *w)
{
    if (w->captured < 8)
        return DECAP_CUT;
    uint16_t offset_or_more = read16(w->at + 2) & 0xfff9;
    if (offset_or_more != 0)
        return fragment(w->at[0]);
    return go_on(w, 8, LAYER_PROTOCOL, w->at[0]); /* "atomic": the only fragment of its packet */
}

/* --- TCP --- */

static int tcp_header(walk *w)
{
    if (w->captured < 20)
        return DECAP_CUT;
    const uint8_t *at = w->at;
    uint32_t header = (uint32_t)(at[12] >> 4) * 4;
    if (header < 20 || header > w->wire)
        return DECAP_CUT;
    segment *s = w->segment;
    s->source.port = read16(at);
    s->destination.port = read16(at + 2);
    s->sequence = read32(at + 4);
    s->acknowledgment = read32(at + 8);
    s->flags = at[13];
    s->window = read16(at + 14);
    /* The snaplen may have cut within the options: the segment is known all the same. */
    uint32_t options_end = header < w->captured ? header : w->captured;
    s->data = at + options_end;
    s->len = w->captured - options_end;
    s->missing = w->wire - header - s->len;
    return DECAP_TCP;
}

/* --- the table --- */

static const struct {
    layer layer;
    uint32_t number;
    header_reader *read;
} headers[] = {
    {LAYER_PROTOCOL, 6, tcp_header},
    {LAYER_ETHERTYPE, ETHERTYPE_IPV4, ipv4},
    {LAYER_LINK, 1, ethernet},
    {LAYER_ETHERTYPE, ETHERTYPE_IPV6, ipv6},
    {LAYER_LINK, 276, linux_cooked_2},
    {LAYER_LINK, 113, linux_cooked},
    {LAYER_LINK, 101, raw_ip},
    {LAYER_LINK, 12, raw_ip}, /* 12 and 14: DLT_RAW of some systems, written to files as it is */
    {LAYER_LINK, 14, raw_ip},
    {LAYER_LINK, 228, raw_ip},
    {LAYER_LINK, 229, raw_ip},
    {LAYER_LINK, 0, loopback},
    {LAYER_LINK, 108, loopback},
    {LAYER_ETHERTYPE, 0x8100, vlan_tag},
    {LAYER_ETHERTYPE, 0x88a8, vlan_tag},
    {LAYER_ETHERTYPE, 0x9100, vlan_tag},
    {LAYER_PROTOCOL, 0, ipv6_extension},
    {LAYER_PROTOCOL, 43, ipv6_extension},
    {LAYER_PROTOCOL, 60, ipv6_extension},
    {LAYER_PROTOCOL, 44, ipv6_fragment},
};

static header_reader *reader_of(layer in, uint32_t number)
{
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        if (headers[i].layer == in && headers[i].number == number)
            return headers[i].read;
    return NULL;
}

bool decap_knows_link(uint32_t link)
{
    return reader_of(LAYER_LINK, link) != NULL;
}

decap_result decap(const packet *p, segment *s)
{
    memset(s, 0, sizeof *s);
    walk w = {.at = p->data,
              .captured = p->captured,
              .wire = p->original > p->captured ? p->original : p->captured,
              .layer = LAYER_LINK,
              .next = p->link,
              .segment = s};
    if (!decap_knows_link(p->link))
        return DECAP_LINK;
    int result = GO_ON;
    while (result == GO_ON) { /* ends: every header but raw_ip, which is the first, has a length */
        header_reader *read = reader_of(w.layer, w.next);
        result = read ? read(&w) : DECAP_OTHER;
    }
    return (decap_result)result;
}

int endpoint_format(char out[ENDPOINT_TEXT], const endpoint *e)
{
    char address[INET6_ADDRSTRLEN] = "?";
    inet_ntop(e->version == 6 ? AF_INET6 : AF_INET, e->address, address, sizeof address);
    return snprintf(out, ENDPOINT_TEXT, e->version == 6 ? "[%s]:%u" : "%s:%u", address, e->port);
}
