#!/usr/bin/python3
"""Puts the IP packets of a capture into another link, a tunnel or fragments.

    encapsulate.py KIND FROM TO     KIND: see --list; FROM: pcap or pcapng; TO: pcap, nanoseconds
    encapsulate.py --list           the kinds, one per line

Nothing is left to chance: the same input gives the same output. Lengths and the checksums of the
headers that are added are right. What is not IP is left out.
"""

import struct
import sys

ETHERNET, RAW = 1, 101
IPV4, IPV6, MPLS = 0x0800, 0x86DD, 0x8847

# ---- Reading ----


def read_pcap(data):
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    magic, *_, link = struct.unpack_from(order + "IHHiIII", data)
    unit = 1 if magic == 0xA1B23C4D else 1000
    at = 24
    while at < len(data):
        seconds, part, captured, _ = struct.unpack_from(order + "IIII", data, at)
        yield link, seconds * 10**9 + part * unit, data[at + 16 : at + 16 + captured]
        at += 16 + captured


def options(body):
    at = 0
    while at + 4 <= len(body):
        code, length = struct.unpack_from("<HH", body, at)
        yield code, body[at + 4 : at + 4 + length]
        at += 4 + (length + 3) // 4 * 4


def read_pcapng(data):
    """As dumpcap writes it: little-endian, enhanced packet blocks."""
    at, interfaces = 0, []
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        body = data[at + 8 : at + length - 4]
        at += length
        if kind == 1:
            resolution = dict(options(body[8:])).get(9, b"\x06")[0]
            interfaces.append((struct.unpack_from("<H", body)[0], 10 ** (9 - resolution)))
        elif kind == 6:
            index, high, low, captured = struct.unpack_from("<IIII", body)
            link, unit = interfaces[index]
            yield link, (high << 32 | low) * unit, body[20 : 20 + captured]


def ip_packets(path):
    """(time in ns, ethertype, packet) of all that is IP, without padding."""
    with open(path, "rb") as file:
        data = file.read()
    read = read_pcapng if data[:4] == b"\x0a\x0d\x0d\x0a" else read_pcap
    # Where the ethertype is, and how long the header.
    links = {ETHERNET: (12, 14), 113: (14, 16), 276: (0, 20)}
    for link, time, frame in read(data):
        type_at, header = links[link]
        ethertype = struct.unpack_from(">H", frame, type_at)[0]
        while ethertype in (0x8100, 0x88A8):
            ethertype = struct.unpack_from(">H", frame, header + 2)[0]
            header += 4
        packet = frame[header:]
        if ethertype == IPV4:
            yield time, ethertype, packet[: struct.unpack_from(">H", packet, 2)[0] or None]
        elif ethertype == IPV6:
            length = struct.unpack_from(">H", packet, 4)[0]
            yield time, ethertype, packet[: 40 + length] if length else packet


# ---- Headers: each takes what comes after it ----


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


OUTER4 = bytes([198, 51, 100, 1, 198, 51, 100, 2])
OUTER6 = bytes.fromhex("20010db8000100000000000000000001" "20010db8000100000000000000000002")


class Numbers:
    """Identification fields: each packet gets the next."""

    last = 0

    @classmethod
    def next(cls):
        cls.last += 1
        return cls.last & 0xFFFF


def ipv4(protocol, payload, place=0, number=None):
    total = 20 + len(payload)
    if total > 65535:
        total = 0  # as a card that cuts it into segments gets it
    number = Numbers.next() if number is None else number
    header = struct.pack(">BBHHHBBH", 0x45, 0, total, number, place, 64, protocol, 0) + OUTER4
    return header[:10] + struct.pack(">H", checksum(header)) + header[12:] + payload


def ipv6(following, payload):
    length = len(payload) if len(payload) <= 65535 else 0
    return struct.pack(">IHBB", 6 << 28, length, following, 64) + OUTER6 + payload


def ethernet(ethertype, payload):
    return b"\x02\0\0\0\0\x02" b"\x02\0\0\0\0\x01" + struct.pack(">H", ethertype) + payload


def tags(types, ethertype, payload):
    """An Ethernet frame with a tag of each of these types."""
    inside = b""
    for type_after in [*types[1:], ethertype]:
        inside += struct.pack(">HH", 42, type_after)
    return ethernet(types[0], inside + payload)


def udp(port, payload):
    length = 8 + len(payload)
    return struct.pack(">HHHH", 50000, port, length if length <= 65535 else 0, 0) + payload


def gre(protocol, payload, key=False, sequence=False, check=False):
    flags = check << 15 | key << 13 | sequence << 12
    fields = b"\0\0\0\x2a" * key + struct.pack(">I", Numbers.next()) * sequence
    header = struct.pack(">HH", flags, protocol)
    if check:
        covered = header + b"\0\0\0\0" + fields + payload
        covered += b"\0" * (len(covered) % 2)
        header += struct.pack(">HH", checksum(covered), 0)
    return header + fields + payload


def mpls(labels, payload):
    out = b""
    for label in labels:
        out += struct.pack(">I", label << 12 | (label == labels[-1]) << 8 | 64)
    return out + payload


def ppp(ethertype):
    return struct.pack(">H", {IPV4: 0x0021, IPV6: 0x0057}[ethertype])


def pppoe(ethertype, payload):
    content = ppp(ethertype) + payload
    return struct.pack(">BBHH", 0x11, 0, 9, min(len(content), 65535)) + content


def vxlan(frame):
    return struct.pack(">II", 0x08000000, 42 << 8) + frame


def geneve(frame):
    option = struct.pack(">HBBI", 0x0102, 0x80, 1, 7)
    return struct.pack(">BBHI", len(option) // 4, 0, 0x6558, 42 << 8) + option + frame


def gtp(payload):
    """With a sequence number and an extension header, as 5G has it."""
    extra = struct.pack(">HBB", 1, 0, 0x85) + b"\x01\x00\x09\x00"
    length = min(len(extra) + len(payload), 65535)
    return struct.pack(">BBHI", 0x36, 255, length, 42) + extra + payload


def authenticated(ethertype, packet):
    """An authentication header between IP and what was in it."""
    header = lambda following: struct.pack(">BBHII", following, 4, 0, 42, 1) + bytes(12)
    if ethertype == IPV6:
        length = struct.unpack_from(">H", packet, 4)[0] + 24
        return packet[:4] + struct.pack(">HB", length, 51) + packet[7:40] + header(packet[6]) + packet[40:]
    total = struct.unpack_from(">H", packet, 2)[0] + 24
    changed = packet[:2] + struct.pack(">H", total if total <= 65535 else 0) + packet[4:9] + b"\x33\0\0"
    changed += packet[12:20]
    changed = changed[:10] + struct.pack(">H", checksum(changed)) + changed[12:]
    return changed + header(packet[9]) + packet[20:]


def extended(packet):
    """IPv6 with options of all kinds, each padded with PadN, and an atomic fragment."""
    pad = b"\x01\x04\0\0\0\0"
    chain = bytes([43, 0]) + pad  # hop-by-hop, then
    chain += bytes([60, 0, 0, 0, 0, 0, 0, 0])  # a routing header with nothing left to visit
    chain += bytes([44, 1]) + b"\x01\x0c" + bytes(12)  # destination options
    chain += struct.pack(">BBHI", packet[6], 0, 0, Numbers.next())
    length = struct.unpack_from(">H", packet, 4)[0] + len(chain)
    return packet[:4] + struct.pack(">HBB", length, 0, 64) + packet[8:40] + chain + packet[40:]


# ---- Fragments ----


def fragments(ethertype, packet, mtu=576):
    """The packet in pieces that fit. One that is larger than any, before a card cuts it, stays."""
    if len(packet) <= mtu or len(packet) > 65535:
        return [packet]
    number = Numbers.next()
    if ethertype == IPV4:
        size, payload = (mtu - 20) // 8 * 8, packet[20:]
        if packet[0] != 0x45:
            raise SystemExit("fragments: IPv4 options are not known here")
    else:
        size, payload = (mtu - 48) // 8 * 8, packet[40:]
    pieces = []
    for at in range(0, len(payload), size):
        piece, more = payload[at : at + size], at + size < len(payload)
        if ethertype == IPV4:
            header = packet[:2] + struct.pack(">HHH", 20 + len(piece), number, more << 13 | at // 8)
            header += packet[8:10] + b"\0\0" + packet[12:20]
            pieces.append(header[:10] + struct.pack(">H", checksum(header)) + header[12:] + piece)
        else:
            header = packet[:4] + struct.pack(">HB", 8 + len(piece), 44) + packet[7:40]
            pieces.append(header + struct.pack(">BBHI", packet[6], 0, at | more, number) + piece)
    return pieces


# ---- The kinds: a link, and what a packet becomes on it ----


def one(link, function):
    return link, lambda ethertype, packet: [function(ethertype, packet)]


def in_ip(protocol, wrap):
    return one(ETHERNET, lambda e, p: ethernet(IPV4, ipv4(protocol, wrap(e, p))))


def in_udp(port, wrap):
    return in_ip(17, lambda e, p: udp(port, wrap(e, p)))


def framed(change):
    """Fragments, each in an Ethernet frame, in an order of their own."""
    return ETHERNET, lambda e, p: [ethernet(e, piece) for piece in change(fragments(e, p))]


def cooked_family(ethertype):
    return {IPV4: 2, IPV6: 24}[ethertype]


def nflog(ethertype, packet):
    """A prefix, then the packet, both padded."""
    family = {IPV4: 2, IPV6: 10}[ethertype]
    prefix = struct.pack("<HH6sxx", 10, 10, b"wskit")
    length = min(4 + len(packet), 65535)
    return struct.pack(">BBH", family, 0, 7) + prefix + struct.pack("<HH", length, 9) + packet + bytes(-len(packet) % 4)


def vxlan_in_fragments(ethertype, packet):
    outer = ipv4(17, udp(4789, vxlan(ethernet(ethertype, packet))))
    return [ethernet(IPV4, piece) for piece in fragments(IPV4, outer)]


def gre_in_fragments6(ethertype, packet):
    outer = ipv6(47, gre(ethertype, packet))
    return [ethernet(IPV6, piece) for piece in fragments(IPV6, outer, 1280)]


def fragments_in_fragments(ethertype, packet):
    frames = []
    for piece in fragments(ethertype, packet, 1280):
        frames += gre_in_fragments6(ethertype, piece)
    return frames


def all_at_once(ethertype, packet):
    """A tagged frame in VXLAN, in GRE, in MPLS, in PPPoE, in QinQ."""
    inner = vxlan(tags([0x8100], ethertype, packet))
    outer = ipv6(47, gre(IPV4, ipv4(17, udp(4789, inner)), key=True))
    session = struct.pack(">BBHH", 0x11, 0, 9, min(len(outer) + 10, 65535)) + b"\x02\x81"
    return tags([0x88A8, 0x8100], 0x8864, session + mpls([7, 8], outer))


KINDS = {
    "raw": one(RAW, lambda e, p: p),
    "null": one(0, lambda e, p: struct.pack("<I", cooked_family(e)) + p),
    "null-big-endian": one(0, lambda e, p: struct.pack(">I", cooked_family(e)) + p),
    "loop": one(108, lambda e, p: struct.pack(">I", cooked_family(e)) + p),
    "cooked": one(113, lambda e, p: struct.pack(">HHH8xH", 0, 1, 6, e) + p),
    "cooked2": one(276, lambda e, p: struct.pack(">HHIHBB8x", e, 0, 3, 1, 0, 6) + p),
    "nflog": one(239, nflog),
    "ppp": one(9, lambda e, p: b"\xff\x03" + ppp(e) + p),
    "hdlc": one(104, lambda e, p: struct.pack(">HH", 0x0F00, e) + p),
    "snap": one(ETHERNET, lambda e, p: ethernet(min(8 + len(p), 1500),
                                                struct.pack(">BBB3xH", 0xAA, 0xAA, 3, e) + p)),
    "padded": one(ETHERNET, lambda e, p: ethernet(e, p) + b"\xee" * 6),
    "vlan": one(ETHERNET, lambda e, p: tags([0x8100], e, p)),
    "qinq": one(ETHERNET, lambda e, p: tags([0x88A8, 0x8100], e, p)),
    "qinq-9100": one(ETHERNET, lambda e, p: tags([0x9100, 0x8100], e, p)),
    "pppoe": one(ETHERNET, lambda e, p: ethernet(0x8864, pppoe(e, p))),
    "mpls": one(ETHERNET, lambda e, p: ethernet(MPLS, mpls([16, 17, 18], p))),
    "mpls-ethernet": one(ETHERNET, lambda e, p: ethernet(MPLS, mpls([16], bytes(4) + ethernet(e, p)))),
    "ipip": one(ETHERNET, lambda e, p: ethernet(IPV4, ipv4({IPV4: 4, IPV6: 41}[e], p))),
    "in-ipv6": one(ETHERNET, lambda e, p: ethernet(IPV6, ipv6({IPV4: 4, IPV6: 41}[e], p))),
    "gre": in_ip(47, lambda e, p: gre(e, p)),
    "gre-fields": in_ip(47, lambda e, p: gre(e, p, key=True, sequence=True, check=True)),
    "gre-ethernet": in_ip(47, lambda e, p: gre(0x6558, ethernet(e, p), key=True)),
    "erspan": in_ip(47, lambda e, p: gre(0x88BE, ethernet(e, p))),
    "erspan2": in_ip(47, lambda e, p: gre(0x88BE, b"\x10\x2a\x00\x01\0\0\0\x07" + ethernet(e, p),
                                          sequence=True)),
    "vxlan": in_udp(4789, lambda e, p: vxlan(ethernet(e, p))),
    "vxlan-8472": in_udp(8472, lambda e, p: vxlan(ethernet(e, p))),
    "geneve": in_udp(6081, lambda e, p: geneve(ethernet(e, p))),
    "gtp": in_udp(2152, lambda e, p: gtp(p)),
    "mpls-udp": in_udp(6635, lambda e, p: mpls([16], p)),
    "etherip": in_ip(97, lambda e, p: b"\x30\0" + ethernet(e, p)),
    "authentication": one(ETHERNET, lambda e, p: ethernet(e, authenticated(e, p))),
    "extensions": one(ETHERNET, lambda e, p: ethernet(e, extended(p) if e == IPV6 and p[6] else p)),
    "fragments": framed(lambda pieces: pieces),
    "fragments-backwards": framed(lambda pieces: pieces[::-1]),
    "fragments-twice": framed(lambda pieces: [p for piece in pieces for p in (piece, piece)]),
    "fragments-vxlan": (ETHERNET, vxlan_in_fragments),
    "fragments-ipv6": (ETHERNET, gre_in_fragments6),
    "fragments-inside-fragments": (ETHERNET, fragments_in_fragments),
    "all-at-once": one(ETHERNET, all_at_once),
}


def main():
    if sys.argv[1:] == ["--list"]:
        print("\n".join(KINDS))
        return
    kind, source, target = sys.argv[1:]
    link, become = KINDS[kind]
    with open(target, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, link))
        for time, ethertype, packet in ip_packets(source):
            for frame in become(ethertype, packet):
                file.write(struct.pack("<IIII", *divmod(time, 10**9), len(frame), len(frame)))
                file.write(frame)


if __name__ == "__main__":
    main()
