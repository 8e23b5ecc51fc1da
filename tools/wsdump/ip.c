/* IP, its extension headers and fragments, and UDP, in which tunnels are. */
#include "walk.h"

#include <string.h>

static inline void set_addresses(walk *w, uint8_t version, const uint8_t *source, size_t len)
{
    segment *s = w->segment;
    s->source = s->destination = (endpoint){.version = version};
    memcpy(s->source.address, source, len);
    memcpy(s->destination.address, source + len, len);
}

/* Of the last IP header: its addresses are the segment's so far. */
static fragment_key key_of(const walk *w, uint32_t id, uint8_t protocol)
{
    const segment *s = w->segment;
    const size_t len = s->source.version == 4 ? 4 : 16;
    fragment_key key;
    memset(&key, 0, sizeof key);
    key.version = s->source.version;
    key.id = id;
    key.protocol = protocol;
    memcpy(key.addresses, s->source.address, len);
    memcpy(key.addresses + len, s->destination.address, len);
    return key;
}

/* A piece of a packet begins `header` bytes further on. */
static int take_fragment(walk *w, const fragment_key *key, uint32_t header, uint16_t offset,
                         bool more, uint8_t next)
{
    if (w->captured < header)
        return DECAP_CUT;
    if (!reader_of(LAYER_PROTOCOL, next)) /* only the first counts, but they all say the same */
        return DECAP_OTHER;
    if (!w->pieces)
        return DECAP_FRAGMENT;
    fragment piece = {.key = *key,
                      .offset = offset,
                      .more = more,
                      .next = next,
                      .data = w->at + header,
                      .captured = w->captured - header,
                      .wire = w->wire - header,
                      .time_ns = w->time_ns};
    fragments_whole whole;
    if (!fragments_add(w->pieces, &piece, &whole))
        return DECAP_FRAGMENT;
    if (++w->depth > MAX_DEPTH)
        return DECAP_OTHER;
    w->at = whole.data;
    w->captured = whole.known;
    w->wire = whole.len;
    return go_on(w, 0, LAYER_PROTOCOL, whole.next);
}

int read_ipv4(walk *w)
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
    if (++w->depth > MAX_DEPTH)
        return DECAP_OTHER;
    set_length(w, total);
    set_addresses(w, 4, at + 12, 4);
    uint16_t place = read16(at + 6);
    bool more = place & 0x2000;
    uint16_t offset = (uint16_t)((place & 0x1fff) * 8);
    if (!more && offset == 0)
        return go_on(w, header, LAYER_PROTOCOL, at[9]);
    fragment_key key = key_of(w, read16(at + 4), at[9]);
    return take_fragment(w, &key, header, offset, more, at[9]);
}

int read_ipv6(walk *w)
{
    if (w->captured < 40)
        return DECAP_CUT;
    const uint8_t *at = w->at;
    if (at[0] >> 4 != 6)
        return DECAP_CUT;
    if (++w->depth > MAX_DEPTH)
        return DECAP_OTHER;
    uint32_t payload = read16(at + 4);
    if (payload != 0) /* 0: a jumbogram, or segmentation is left to the network card */
        set_length(w, 40 + payload);
    set_addresses(w, 6, at + 8, 16);
    return go_on(w, 40, LAYER_PROTOCOL, at[6]);
}

/* Hop-by-hop options, routing, destination options, mobility, host identity: next header, length
 * in eights less 1. */
int read_ipv6_extension(walk *w)
{
    if (w->captured < 8)
        return DECAP_CUT;
    return go_on(w, (w->at[1] + 1u) * 8, LAYER_PROTOCOL, w->at[0]);
}

/* AH, of either IP: its length is in fours less 2. It signs and hides nothing. */
int read_authentication(walk *w)
{
    if (w->captured < 8)
        return DECAP_CUT;
    return go_on(w, (w->at[1] + 2u) * 4, LAYER_PROTOCOL, w->at[0]);
}

int read_ipv6_fragment(walk *w)
{
    if (w->captured < 8)
        return DECAP_CUT;
    uint16_t place = read16(w->at + 2);
    bool more = place & 1;
    uint16_t offset = place & 0xfff8;
    if (!more && offset == 0) /* "atomic": the only fragment of its packet */
        return go_on(w, 8, LAYER_PROTOCOL, w->at[0]);
    fragment_key key = key_of(w, read32(w->at + 4), 0);
    return take_fragment(w, &key, 8, offset, more, w->at[0]);
}

int read_udp(walk *w)
{
    return w->captured < 8 ? DECAP_CUT : go_on(w, 8, LAYER_UDP, read16(w->at + 2));
}
