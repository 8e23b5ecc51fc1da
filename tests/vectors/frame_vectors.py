"""Vectors of what follows the handshake: frames and messages (RFC 6455 5 to 8)."""

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
KEY = bytes.fromhex("37fa213d")  # of the examples in RFC 6455 5.7

# ---- Writing frames --------------------------------------------------------------------------


class Frame:
    """A frame on the wire. key=None: unmasked; form: 7, 16 or 64 bits of length; declared: say
    this length instead of the payload's."""

    def __init__(self, opcode, payload=b"", fin=1, rsv=0, key=None, form=None, declared=None):
        if isinstance(payload, str):
            payload = payload.encode()
        length = len(payload) if declared is None else declared
        form = form or (7 if length < 126 else 16 if length < 1 << 16 else 64)
        field = {7: length, 16: 126, 64: 127}[form]
        self.header = bytes([fin << 7 | rsv << 4 | opcode, (key is not None) << 7 | field])
        if form > 7:
            self.header += length.to_bytes(form // 8, "big")
        self.header += key or b""
        self.payload = bytes(b ^ (key[i % 4] if key else 0) for i, b in enumerate(payload))
        self.bytes = self.header + self.payload


def client(opcode, payload=b"", key=KEY, **fields):
    return Frame(opcode, payload, key=key, **fields)


def server(opcode, payload=b"", **fields):
    return Frame(opcode, payload, **fields)


class Known:
    """A frame in which something is wrong: known after `payload_bytes` of its payload, 0 = from its
    header alone, None = from its last byte."""

    def __init__(self, frame, payload_bytes=0):
        self.bytes = frame.bytes
        size = len(frame.payload) if payload_bytes is None else payload_bytes
        self.known_after = len(frame.header) + size


class Part:
    """Some bytes of a frame, no more of which follow."""

    def __init__(self, frame, length):
        self.bytes = frame.bytes[:length]


# ---- Writing vectors -------------------------------------------------------------------------


def event(kind, data=b""):
    data = data.encode() if isinstance(data, str) else data
    return {"type": kind, "data": data.hex()}


def text(data=""):
    return event("text", data)


def binary(data=b""):
    return event("binary", data)


def ping(data=b""):
    return event("ping", data)


def pong(data=b""):
    return event("pong", data)


def close(code=None, reason=""):
    return {"type": "close", "code": code, "reason": reason}


def code_payload(code, reason=b""):
    return code.to_bytes(2, "big") + (reason.encode() if isinstance(reason, str) else reason)


def vector(id, clause, role, why, frames, violations=(), events=(), level="MUST", result=None,
           end=False, extensions=None):
    """The stream of `frames`; the first Known one says where the violation is known."""
    feed, known = b"", None
    for frame in frames:
        if isinstance(frame, Known) and known is None:
            known = len(feed) + frame.known_after
        feed += frame.bytes
    if end and violations and known is None:
        known = len(feed)
    v = {"id": id, "clause": clause, "level": level, "role": role, "why": why, "feed": feed.hex(),
         "result": result or ("invalid" if violations else "valid"),
         "violations": list(violations), "decidable_at": known, "events": list(events)}
    if end:
        v["end"] = True
    if extensions:
        v["extensions"] = extensions
    assert bool(violations) == (known is not None), id
    return v


# ---- The subjects ----------------------------------------------------------------------------


def framing():
    rsv1 = {"rsv": [1]}
    yield vector("framing/text-unmasked", "RFC 6455 5.7", "server",
                 "The RFC's example of a single-frame unmasked text message.",
                 [server(TEXT, "Hello")], events=[text("Hello")])
    yield vector("framing/text-masked", "RFC 6455 5.7", "client",
                 "The RFC's example of a single-frame masked text message.",
                 [client(TEXT, "Hello")], events=[text("Hello")])
    yield vector("framing/ping-unmasked", "RFC 6455 5.7", "server",
                 "The RFC's example of a Ping with a body.", [server(PING, "Hello")],
                 events=[ping("Hello")])
    yield vector("framing/pong-masked", "RFC 6455 5.7", "client",
                 "The RFC's example of the Pong that answers it.", [client(PONG, "Hello")],
                 events=[pong("Hello")])
    yield vector("framing/binary-256", "RFC 6455 5.7", "server",
                 "The RFC's example of 256 bytes of binary data: the length takes 16 bits.",
                 [server(BINARY, bytes(range(256)))], events=[binary(bytes(range(256)))])
    yield vector("framing/empty-messages", "RFC 6455 5.2", "client",
                 "Messages without payload are messages.",
                 [client(TEXT), client(BINARY)], events=[text(), binary()])
    yield vector("framing/two-messages-in-a-row", "RFC 6455 5.2", "server",
                 "A frame ends where its length says; the next one begins there.",
                 [server(TEXT, "a"), server(BINARY, b"\x81\x01b")],
                 events=[text("a"), binary(b"\x81\x01b")])
    for bit, value in ((1, 4), (2, 2), (3, 1)):
        yield vector(f"framing/rsv{bit}", "RFC 6455 5.2", "client",
                     f"RSV{bit} is set and no extension was negotiated.",
                     [client(TEXT, "a"), Known(client(TEXT, "b", rsv=value))],
                     ["rsv-unnegotiated"], [text("a")])
    yield vector("framing/rsv-on-control", "RFC 6455 5.2", "server",
                 "The rule is for control frames too.",
                 [Known(server(PING, rsv=1))], ["rsv-unnegotiated"])
    yield vector("framing/rsv-on-continuation", "RFC 6455 5.2", "server",
                 "The rule is for every frame of a message.",
                 [server(TEXT, "a", fin=0), Known(server(CONTINUATION, "b", rsv=2))],
                 ["rsv-unnegotiated"])
    yield vector("framing/rsv1-negotiated", "RFC 7692 6", "server",
                 "A negotiated extension gives RSV1 of a message's first frame a meaning.",
                 [server(BINARY, b"\x01", rsv=4, fin=0), server(CONTINUATION, b"\x02")],
                 events=[binary(b"\x01\x02")], extensions=rsv1)
    yield vector("framing/rsv2-while-rsv1-negotiated", "RFC 6455 5.2", "server",
                 "A negotiated bit does not allow the others.",
                 [Known(server(BINARY, b"\x01", rsv=6))], ["rsv-unnegotiated"], extensions=rsv1)
    yield vector("framing/rsv1-negotiated-on-continuation", "RFC 7692 6", "server",
                 "RSV1 belongs to the first frame of a message only.",
                 [server(BINARY, b"\x01", rsv=4, fin=0),
                  Known(server(CONTINUATION, b"\x02", rsv=4))],
                 ["rsv-unnegotiated"], extensions=rsv1)
    yield vector("framing/rsv1-negotiated-on-ping", "RFC 7692 6", "server",
                 "RSV1 must not be set on a control frame.",
                 [Known(server(PING, rsv=4))], ["rsv-unnegotiated"], extensions=rsv1)
    yield vector("framing/all-wrong-at-once", "RFC 6455 5.2", "client",
                 "One header may break many rules: reserved bits, opcode, mask, length, FIN.",
                 [Known(server(0xB, "ab", fin=0, rsv=7, form=64))],
                 ["rsv-unnegotiated", "opcode-reserved", "mask-missing", "length-not-minimal",
                  "control-fragmented"])
    yield vector("framing/truncated-in-header", "RFC 6455 5.2", "client",
                 "The stream ends inside a masking key.",
                 [client(TEXT, "a"), Part(client(TEXT, "b"), 4)], ["truncated"], [text("a")],
                 end=True)
    yield vector("framing/truncated-in-payload", "RFC 6455 5.2", "server",
                 "The stream ends one byte before the payload does.",
                 [Part(server(TEXT, "abc"), 4)], ["truncated"], end=True)


def masking():
    fa, fb = bytes.fromhex("00ff0102"), bytes.fromhex("80402010")
    yield vector("masking/client-unmasked-text", "RFC 6455 5.1", "client",
                 "A client must mask every frame.", [Known(server(TEXT, "a"))], ["mask-missing"])
    yield vector("masking/client-unmasked-empty", "RFC 6455 5.1", "client",
                 "A frame without payload must be masked too.", [Known(server(TEXT))],
                 ["mask-missing"])
    yield vector("masking/client-unmasked-ping", "RFC 6455 5.1", "client",
                 "A control frame must be masked too.", [Known(server(PING))], ["mask-missing"])
    yield vector("masking/client-unmasked-close", "RFC 6455 5.1", "client",
                 "A Close must be masked too.", [Known(server(CLOSE, code_payload(1000)))],
                 ["mask-missing"])
    yield vector("masking/client-unmasked-after-masked", "RFC 6455 5.1", "client",
                 "That earlier frames were masked does not help this one.",
                 [client(TEXT, "a"), Known(server(TEXT, "b"))], ["mask-missing"], [text("a")])
    yield vector("masking/client-unmasked-continuation", "RFC 6455 5.1", "client",
                 "Every frame of a message must be masked, not only its first.",
                 [client(TEXT, "a", fin=0), Known(server(CONTINUATION, "b"))], ["mask-missing"])
    yield vector("masking/server-masked-text", "RFC 6455 5.1", "server",
                 "A server must not mask.", [Known(client(TEXT, "a"))], ["mask-unexpected"])
    yield vector("masking/server-masked-empty", "RFC 6455 5.1", "server",
                 "A server must not set the mask bit, even where there is nothing to mask.",
                 [Known(client(TEXT))], ["mask-unexpected"])
    yield vector("masking/server-masked-with-zero-key", "RFC 6455 5.1", "server",
                 "A key that changes nothing is a mask all the same.",
                 [Known(client(TEXT, "a", key=bytes(4)))], ["mask-unexpected"])
    yield vector("masking/server-masked-pong", "RFC 6455 5.1", "server",
                 "A server must not mask control frames.",
                 [server(TEXT, "a"), Known(client(PONG))], ["mask-unexpected"], [text("a")])
    yield vector("masking/key-zero", "RFC 6455 5.3", "client",
                 "The key of four zero bytes is a key like any other to who reads it.",
                 [client(TEXT, "plain", key=bytes(4))], events=[text("plain")])
    yield vector("masking/key-in-wire-order", "RFC 6455 5.3", "client",
                 "Byte i of the payload is masked with byte i mod 4 of the key, in wire order.",
                 [client(BINARY, bytes(9), key=bytes([1, 2, 3, 4]))], events=[binary(bytes(9))])
    yield vector("masking/key-per-frame", "RFC 6455 5.3", "client",
                 "Each frame is unmasked with its own key.",
                 [client(TEXT, "Hel", fin=0, key=fa), client(PING, "p", key=KEY),
                  client(CONTINUATION, "lo", key=fb)],
                 events=[ping("p"), text("Hello")])
    yield vector("masking/phase-begins-anew-with-each-frame", "RFC 6455 5.3", "client",
                 "The key starts over with its first byte in every frame, not in every message.",
                 [client(BINARY, b"abc", fin=0), client(CONTINUATION, b"de", fin=0),
                  client(CONTINUATION, b"fghij")],
                 events=[binary(b"abcdefghij")])
    long = bytes(i * 7 & 255 for i in range(131))
    yield vector("masking/length-in-16-bits", "RFC 6455 5.2", "client",
                 "The key stands behind the extended length; 131 bytes end in the middle of it.",
                 [client(BINARY, long)], events=[binary(long)])


def length():
    payload = bytes(i & 255 for i in range(127))
    for n in (1, 125, 126, 127):
        yield vector(f"length/{n}", "RFC 6455 5.2", "server",
                     f"{n} bytes are written in the shortest form: {7 if n < 126 else 16} bits.",
                     [server(BINARY, payload[:n])], events=[binary(payload[:n])])
    for n, name, form in ((65535, "65535", 16), (65536, "65536", 64), (1 << 31, "2-to-31", 64),
                          ((1 << 32) + 1, "2-to-32-plus-1", 64),
                          ((1 << 63) - 1, "2-to-63-minus-1", 64)):
        yield vector(f"length/declared-{name}", "RFC 6455 5.2", "client",
                     f"{n} is a legal length in {form} bits: two bytes in, nothing is wrong, "
                     "nothing is delivered, and no memory need be set aside.",
                     [client(BINARY, b"ab", declared=n)])
    for n, form in ((0, 16), (1, 16), (125, 16), (0, 64), (125, 64), (126, 64), (65535, 64)):
        yield vector(f"length/not-minimal-{n}-in-{form}", "RFC 6455 5.2", "server",
                     f"{n} fits fewer than {form} bits.",
                     [Known(server(BINARY, b"ab" if n > 2 else bytes(n), form=form, declared=n))],
                     ["length-not-minimal"])
    yield vector("length/not-minimal-masked", "RFC 6455 5.2", "client",
                 "The rule is for both senders; the masking key belongs to the header.",
                 [client(TEXT, "a"), Known(client(TEXT, "b", form=16))], ["length-not-minimal"],
                 [text("a")])
    yield vector("length/not-minimal-ping", "RFC 6455 5.2", "server",
                 "A control frame's length has a shortest form too; five bytes are not too many.",
                 [Known(server(PING, "Hello", form=16))], ["length-not-minimal"])
    for n, name in ((1 << 63, "2-to-63"), ((1 << 64) - 1, "2-to-64-minus-1"),
                    ((1 << 63) + 5, "top-bit-and-5")):
        yield vector(f"length/{name}", "RFC 6455 5.2", "client",
                     "The most significant bit of a 64-bit length must be 0.",
                     [Known(client(BINARY, b"ab", declared=n))], ["length-msb"])


def opcodes():
    for opcode in (3, 4, 5, 6, 7):
        yield vector(f"opcodes/reserved-{opcode:x}", "RFC 6455 5.2", "client",
                     f"0x{opcode:X} is reserved for further data frames.",
                     [client(TEXT, "a"), Known(client(opcode, "b"))], ["opcode-reserved"],
                     [text("a")])
    for opcode in (0xB, 0xC, 0xD, 0xE, 0xF):
        yield vector(f"opcodes/reserved-{opcode:x}", "RFC 6455 5.2", "server",
                     f"0x{opcode:X} is reserved for further control frames.",
                     [server(TEXT, "a"), Known(server(opcode))], ["opcode-reserved"], [text("a")])
    yield vector("opcodes/reserved-data-inside-message", "RFC 6455 5.2", "client",
                 "A reserved data frame also breaks into the open message.",
                 [client(TEXT, "a", fin=0), Known(client(3, "b"))],
                 ["opcode-reserved", "continuation-expected"])
    yield vector("opcodes/reserved-control-inside-message", "RFC 6455 5.2", "client",
                 "A reserved control frame may stand between fragments, but is reserved.",
                 [client(TEXT, "a", fin=0), Known(client(0xB)), client(CONTINUATION, "b")],
                 ["opcode-reserved"])
    yield vector("opcodes/reserved-control-not-final", "RFC 6455 5.5", "server",
                 "Control frames are those whose opcode has its top bit set: the rules for them "
                 "hold for the reserved ones.",
                 [Known(server(0xF, bytes(126), fin=0))],
                 ["opcode-reserved", "control-fragmented", "control-too-long"])


def fragmentation():
    def first(data, opcode=TEXT):
        return client(opcode, data, fin=0)

    def middle(data):
        return client(CONTINUATION, data, fin=0)

    def last(data):
        return client(CONTINUATION, data)

    clause = "RFC 6455 5.4"
    yield vector("fragmentation/two-frames", "RFC 6455 5.7", "server",
                 "The RFC's example of a fragmented unmasked text message.",
                 [server(TEXT, "Hel", fin=0), server(CONTINUATION, "lo")], events=[text("Hello")])
    yield vector("fragmentation/three-frames", clause, "client",
                 "First the opcode without FIN, then continuations, the last one with FIN.",
                 [first("a"), middle("b"), last("c")], events=[text("abc")])
    yield vector("fragmentation/binary", clause, "client",
                 "The first frame's opcode is that of the message.",
                 [first(b"\xff", BINARY), last(b"\xfe")], events=[binary(b"\xff\xfe")])
    yield vector("fragmentation/empty-frames", clause, "client",
                 "Any fragment may be empty.",
                 [first(""), middle("a"), middle(""), middle("b"), last("")], events=[text("ab")])
    yield vector("fragmentation/all-empty", clause, "server",
                 "Fragments that are all empty make an empty message.",
                 [server(BINARY, fin=0), server(CONTINUATION, fin=0), server(CONTINUATION)],
                 events=[binary()])
    yield vector("fragmentation/one-byte-each", clause, "client",
                 "A fragment may be as small as a byte.",
                 [first("t")] + [middle(c) for c in "ini-fragment"] + [last("s")],
                 events=[text("tini-fragments")])
    yield vector("fragmentation/ping-between", clause, "client",
                 "A control frame may stand between fragments and is delivered before the message.",
                 [first("a"), client(PING, "p"), last("b")], events=[ping("p"), text("ab")])
    yield vector("fragmentation/control-frames-between-all", clause, "server",
                 "Any number of control frames may stand between fragments.",
                 [server(TEXT, "a", fin=0), server(PING, "1"), server(PONG, "2"),
                  server(CONTINUATION, "b", fin=0), server(PING), server(CONTINUATION, "c")],
                 events=[ping("1"), pong("2"), ping(), text("abc")])
    yield vector("fragmentation/close-between", "RFC 6455 5.5.1", "client",
                 "A Close may come before a message is whole; the message is then never delivered.",
                 [first("a"), client(CLOSE, code_payload(1001))], events=[close(1001)])
    yield vector("fragmentation/second-message-follows", clause, "client",
                 "Behind the last fragment, a new message may begin.",
                 [first("a"), last("b"), first("c", BINARY), last("d")],
                 events=[text("ab"), binary(b"cd")])
    yield vector("fragmentation/continuation-first", clause, "client",
                 "There is no message to continue yet.", [Known(last("a"))],
                 ["continuation-unexpected"])
    yield vector("fragmentation/continuation-not-final-first", clause, "client",
                 "There is no message to continue, whether or not this frame would end it.",
                 [Known(middle("a")), last("b")], ["continuation-unexpected"])
    yield vector("fragmentation/continuation-after-whole-message", clause, "server",
                 "A message in one frame leaves nothing to continue.",
                 [server(TEXT, "a"), Known(server(CONTINUATION, "b"))],
                 ["continuation-unexpected"], [text("a")])
    yield vector("fragmentation/continuation-after-last-fragment", clause, "client",
                 "FIN ended the message.", [first("a"), last("b"), Known(last("c"))],
                 ["continuation-unexpected"], [text("ab")])
    yield vector("fragmentation/continuation-after-ping", clause, "client",
                 "A control frame begins no message.", [client(PING), Known(last("a"))],
                 ["continuation-unexpected"], [ping()])
    yield vector("fragmentation/text-inside-text", clause, "client",
                 "A new message must not begin before the open one has ended.",
                 [first("a"), Known(client(TEXT, "b"))], ["continuation-expected"])
    yield vector("fragmentation/binary-inside-text", clause, "server",
                 "Nor may a message of another type.",
                 [server(TEXT, "a", fin=0), Known(server(BINARY, "b", fin=0))],
                 ["continuation-expected"])
    yield vector("fragmentation/text-inside-after-ping", clause, "client",
                 "A control frame in between does not end the open message.",
                 [first("a"), client(PING), Known(client(TEXT, "b"))], ["continuation-expected"],
                 [ping()])
    yield vector("fragmentation/truncated-in-message", clause, "client",
                 "The stream ends before the last fragment.",
                 [first("a"), middle("b")], ["truncated"], end=True)


def control():
    most, clause = bytes(range(125)), "RFC 6455 5.5"
    for opcode, name, make in ((PING, "ping", ping), (PONG, "pong", pong)):
        yield vector(f"control/{name}-empty", clause, "client",
                     f"A {name.title()} may be empty.", [client(opcode)], events=[make()])
        yield vector(f"control/{name}-125", clause, "server",
                     "125 bytes are the most that a control frame may carry.",
                     [server(opcode, most)], events=[make(most)])
        yield vector(f"control/{name}-126", clause, "server", "126 bytes are one too many.",
                     [Known(server(opcode, most + b"x"))], ["control-too-long"])
        yield vector(f"control/{name}-not-final", clause, "client",
                     "A control frame must not be fragmented.",
                     [Known(client(opcode, "a", fin=0)), client(CONTINUATION, "b")],
                     ["control-fragmented", "continuation-unexpected"])
    yield vector("control/ping-65536", clause, "client",
                 "A 64-bit length in its shortest form is still too long for a control frame.",
                 [Known(client(PING, "ab", declared=65536))], ["control-too-long"])
    yield vector("control/ping-bytes-need-not-be-text", "RFC 6455 5.5.2", "client",
                 "Application data of a Ping is bytes, not UTF-8.",
                 [client(PING, b"\xff\xc0\x80")], events=[ping(b"\xff\xc0\x80")])
    yield vector("control/pong-unsolicited", "RFC 6455 5.5.3", "client",
                 "A Pong may be sent without a Ping, as a heartbeat; nobody answers it.",
                 [client(PONG, "beat"), client(TEXT, "a")], events=[pong("beat"), text("a")],
                 level="MAY")
    yield vector("control/pings-in-a-row", "RFC 6455 5.5.2", "server",
                 "Each is delivered, in order.",
                 [server(PING, "1"), server(PING, "2"), server(PING, "3")],
                 events=[ping("1"), ping("2"), ping("3")])
    yield vector("control/close-not-final", clause, "client", "A Close must not be fragmented.",
                 [Known(client(CLOSE, code_payload(1000), fin=0))], ["control-fragmented"])
    yield vector("control/close-126", clause, "client", "126 bytes are one too many.",
                 [Known(client(CLOSE, code_payload(1000, "x" * 124)))], ["control-too-long"])


VALID_CODES = {
    1000: "normal closure", 1001: "going away", 1002: "protocol error", 1003: "unsupported data",
    1007: "invalid payload data", 1008: "policy violation", 1009: "message too big",
    1010: "mandatory extension", 1011: "internal error", 1012: "service restart",
    1013: "try again later", 1014: "bad gateway",
    3000: "the first for libraries and frameworks", 3999: "the last for libraries and frameworks",
    4000: "the first for private use", 4999: "the last for private use",
}
INVALID_CODES = {
    0: "0 to 999 are not used", 999: "0 to 999 are not used", 1004: "1004 is reserved",
    1005: "1005 stands for a Close without a code and must not be sent",
    1006: "1006 stands for a missing Close and must not be sent",
    1015: "1015 stands for a failed TLS handshake and must not be sent",
    1016: "1016 is the first code that the registry leaves open",
    2999: "2999 is the last code reserved for the protocol, and unassigned",
}


def closing():
    for code, name in VALID_CODES.items():
        clause = "IANA registry" if 1011 < code < 1015 else \
            "RFC 6455 7.4.1" if code < 3000 else "RFC 6455 7.4.2"
        yield vector(f"close/code-{code}", clause, "client", f"{code} may be sent: {name}.",
                     [client(CLOSE, code_payload(code))], events=[close(code)])
    for code, why in INVALID_CODES.items():
        clause = "RFC 6455 7.4.1" if 999 < code < 1016 else "RFC 6455 7.4.2"
        yield vector(f"close/code-{code}", clause, "server", why + ".",
                     [Known(server(CLOSE, code_payload(code, "x")), 2)], ["close-code"])
    for code in (5000, 65535):
        yield vector(f"close/code-{code}", "RFC 6455 7.4.2", "client",
                     "The RFC gives codes from 5000 on no range and no rule.",
                     [Known(client(CLOSE, code_payload(code)), 2)], ["close-code"],
                     level="MAY", result="acceptable")
    clause = "RFC 6455 5.5.1"
    yield vector("close/empty", clause, "client", "A Close need not carry a code.",
                 [client(CLOSE)], events=[close()], level="MAY")
    yield vector("close/one-byte", clause, "client", "One byte cannot hold a code.",
                 [Known(client(CLOSE, b"\x03"))], ["close-short"])
    yield vector("close/reason", clause, "server", "Behind the code stands a reason in UTF-8.",
                 [server(CLOSE, code_payload(1000, "Grüße"))], events=[close(1000, "Grüße")])
    yield vector("close/reason-of-123-bytes", clause, "client",
                 "123 bytes of reason fill the control frame.",
                 [client(CLOSE, code_payload(1000, "r" * 123))], events=[close(1000, "r" * 123)])
    for name, reason, known, why in (
            ("wrong-byte", b"ab\xffcd", 3, "FF is never UTF-8; it is known as soon as it is there"),
            ("surrogate", b"\xed\xa0\x80", 2, "ED A0 begins a surrogate"),
            ("overlong", b"\xc0\xaf", 1, "C0 would write a character longer than needed"),
            ("ends-inside-character", b"ab\xe2\x82", 4, "The reason ends inside a character")):
        yield vector(f"close/reason-{name}", clause, "client", why + ".",
                     [Known(client(CLOSE, code_payload(1000, reason)), 2 + known)],
                     ["close-utf8"])
    yield vector("close/code-and-reason-wrong", "RFC 6455 7.4.1", "server",
                 "The code is known to be wrong before the reason is.",
                 [Known(server(CLOSE, code_payload(1005, b"a\x80")), 2)],
                 ["close-code", "close-utf8"])
    yield vector("close/text-behind", clause, "client",
                 "No data frame may follow a Close from the same side.",
                 [client(CLOSE, code_payload(1000)), Known(client(TEXT, "a"))], ["after-close"],
                 [close(1000)])
    yield vector("close/continuation-behind", clause, "client",
                 "Not even the rest of a message that was open.",
                 [client(TEXT, "a", fin=0), client(CLOSE), Known(client(CONTINUATION, "b"))],
                 ["after-close"], [close()])
    yield vector("close/close-behind", "RFC 6455 5.5.1", "client",
                 "A second Close says nothing new; the RFC forbids only data frames by name.",
                 [client(CLOSE), Known(client(CLOSE))], ["after-close"], [close()], level="MAY",
                 result="acceptable")
    yield vector("close/ping-behind", "RFC 6455 5.5.2", "server",
                 "The RFC forbids only data frames by name; a Ping behind a Close needs no answer.",
                 [server(CLOSE), Known(server(PING))], ["after-close"], [close()], level="MAY",
                 result="acceptable")


# hex, what it is
VALID_TEXTS = {
    "nul": ("00", "U+0000 is a character"),
    "u-7f": ("7f", "the last character of one byte"),
    "u-80": ("c280", "U+0080, the first of two bytes"),
    "u-7ff": ("dfbf", "U+07FF, the last of two bytes"),
    "u-800": ("e0a080", "U+0800, the first of three bytes"),
    "u-d7ff": ("ed9fbf", "U+D7FF, just before the surrogates"),
    "u-e000": ("ee8080", "U+E000, just behind the surrogates"),
    "u-ffff": ("efbfbf", "U+FFFF, a noncharacter, may be encoded"),
    "u-10000": ("f0908080", "U+10000, the first of four bytes"),
    "u-10ffff": ("f48fbfbf", "U+10FFFF, the last character"),
    "byte-order-mark": ("efbbbf61", "U+FEFF in front is part of the text"),
    "many-scripts": ("c3a9e282ac e0a4b9 ed959c f09f9880", "characters of two to four bytes"),
}
# hex, number of bytes up to and with the first that cannot be there, why
INVALID_TEXTS = {
    "continuation-80": ("80", 1, "80 begins no character"),
    "continuation-bf": ("61bf", 2, "BF begins no character"),
    "one-continuation-too-many": ("c3a9a9", 3, "C3 takes one continuation byte"),
    "overlong-c0": ("c080", 1, "C0 would write 7 bits in two bytes"),
    "overlong-c1": ("c1bf", 1, "C1 would write 7 bits in two bytes"),
    "overlong-e0-9f": ("e09fbf", 2, "E0 9F would write 11 bits in three bytes"),
    "overlong-f0-8f": ("f08fbfbf", 2, "F0 8F would write 16 bits in four bytes"),
    "surrogate-d800": ("eda080", 2, "ED A0 begins the surrogate U+D800"),
    "surrogate-dfff": ("edbfbf", 2, "ED BF begins the surrogate U+DFFF"),
    "surrogate-pair": ("eda0bdedb880", 2, "a pair of surrogates is not a character in UTF-8"),
    "beyond-10ffff": ("f4908080", 2, "F4 90 begins U+110000"),
    "lead-f5": ("f5808080", 1, "F5 could only begin something beyond U+10FFFF"),
    "lead-f8": ("f888808080", 1, "F8 began a character of five bytes in older UTF-8"),
    "lead-fe": ("fe", 1, "FE never appears in UTF-8"),
    "lead-ff": ("6162ff6364", 3, "FF never appears in UTF-8"),
    "two-cut-by-ascii": ("c328", 2, "C3 needs a continuation byte"),
    "three-cut-by-ascii": ("e228a1", 2, "E2 needs a continuation byte"),
    "three-cut-at-the-end-by-ascii": ("e28228", 3, "E2 82 needs one more continuation byte"),
    "four-cut-by-lead": ("f09fc3a9", 3, "F0 9F needs a continuation byte, not a new character"),
    "ends-in-two": ("61c3", None, "the message ends inside a character of two bytes"),
    "ends-in-three": ("e282", None, "the message ends inside a character of three bytes"),
    "ends-in-four": ("f09f98", None, "the message ends inside a character of four bytes"),
}


def utf8():
    clause = "RFC 6455 8.1"
    for name, (hex_text, what) in VALID_TEXTS.items():
        data = bytes.fromhex(hex_text)
        yield vector(f"utf8/{name}", clause, "client", what[0].upper() + what[1:] + ".",
                     [client(TEXT, data)], events=[text(data)])
    for name, (hex_text, known, why) in INVALID_TEXTS.items():
        yield vector(f"utf8/{name}", clause, "client", why[0].upper() + why[1:] + ".",
                     [Known(client(TEXT, bytes.fromhex(hex_text)), known)], ["text-utf8"])
    euro = "€".encode()
    yield vector("utf8/character-over-fragments", clause, "client",
                 "Fragments may cut a character, and control frames may stand in the cut.",
                 [client(TEXT, euro[:1], fin=0), client(CONTINUATION, euro[1:2], fin=0),
                  client(PING), client(CONTINUATION, euro[2:])], events=[ping(), text("€")])
    yield vector("utf8/wrong-byte-in-later-fragment", clause, "client",
                 "The second fragment does not go on with the character that the first began.",
                 [client(TEXT, b"a\xe2", fin=0), Known(client(CONTINUATION, b"\x28\xa1"), 1)],
                 ["text-utf8"])
    yield vector("utf8/known-before-message-ends", clause, "server",
                 "Text that cannot become valid any more need not be read to its end.",
                 [Known(server(TEXT, b"ab\xff", fin=0), 3)], ["text-utf8"], level="SHOULD")
    yield vector("utf8/known-before-frame-ends", clause, "server",
                 "Nor need the frame be read to its end.",
                 [Known(server(TEXT, b"ab\xff", declared=1 << 40), 3)], ["text-utf8"],
                 level="SHOULD")
    yield vector("utf8/ends-in-empty-last-fragment", clause, "client",
                 "The character that the first fragment began is missing when FIN comes.",
                 [client(TEXT, b"\xc3", fin=0), Known(client(CONTINUATION), None)], ["text-utf8"])
    yield vector("utf8/second-message-begins-afresh", clause, "client",
                 "Nothing of one text is carried over into the next.",
                 [client(TEXT, "é"), Known(client(TEXT, b"\xa9"), 1)], ["text-utf8"], [text("é")])
    yield vector("utf8/not-for-binary", "RFC 6455 5.6", "client",
                 "Binary messages may hold any bytes.", [client(BINARY, b"\xff\xed\xa0\x80\xc3")],
                 events=[binary(b"\xff\xed\xa0\x80\xc3")])

SUBJECTS = {
    "framing": (framing, "The shape of a frame: reserved bits, boundaries, the end of the stream."),
    "masking": (masking, "Who masks, and how the key is applied."),
    "length": (length, "The three forms of the length and their limits."),
    "opcodes": (opcodes, "Reserved opcodes."),
    "fragmentation": (fragmentation, "Messages in several frames, control frames in between."),
    "control": (control, "Ping, Pong and Close as control frames."),
    "close": (closing, "The payload of a Close, and what may follow one."),
    "utf8": (utf8, "Text messages are UTF-8."),
}
