"""Vectors of what follows the handshake: frames and messages (RFC 6455 5 to 7)."""
from writing import *


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
    for bits in ("12", "13", "23", "123"):
        value = sum(8 >> int(bit) for bit in bits)
        yield vector(f"framing/rsv{bits}", "RFC 6455 5.2", "server",
                     "More than one reserved bit is set.",
                     [Known(server(BINARY, "b", rsv=value))], ["rsv-unnegotiated"])
    for opcode, name, bit in ((PING, "ping", 1), (PONG, "pong", 2), (CLOSE, "close", 3)):
        yield vector(f"framing/rsv{bit}-on-{name}", "RFC 6455 5.2", "client",
                     f"RSV{bit} is reserved on a {name.title()} too.",
                     [Known(client(opcode, rsv=8 >> bit))], ["rsv-unnegotiated"])
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
    yield vector("framing/rsv1-negotiated-and-not-used", "RFC 7692 6", "client",
                 "Where RSV1 may be set it need not be.",
                 [client(TEXT, "a"), client(BINARY, "b", rsv=4), client(TEXT, "c")],
                 events=[text("a"), binary("b"), text("c")], extensions=rsv1)
    yield vector("framing/rsv2-while-rsv1-negotiated", "RFC 6455 5.2", "server",
                 "A negotiated bit does not allow the others.",
                 [Known(server(BINARY, b"\x01", rsv=6))], ["rsv-unnegotiated"], extensions=rsv1)
    yield vector("framing/rsv1-negotiated-on-continuation", "RFC 7692 6", "server",
                 "RSV1 belongs to the first frame of a message only.",
                 [server(BINARY, b"\x01", rsv=4, fin=0),
                  Known(server(CONTINUATION, b"\x02", rsv=4))],
                 ["rsv-unnegotiated"], extensions=rsv1)
    yield vector("framing/rsv1-negotiated-on-first-and-last", "RFC 7692 6", "client",
                 "Nor does it belong to the last frame as well, whatever stands between.",
                 [client(BINARY, b"\x01", rsv=4, fin=0), client(PING),
                  Known(client(CONTINUATION, b"\x02", rsv=4))],
                 ["rsv-unnegotiated"], [ping()], extensions=rsv1)
    yield vector("framing/rsv1-negotiated-on-close", "RFC 7692 6", "client",
                 "RSV1 must not be set on a Close.",
                 [Known(client(CLOSE, code_payload(1000), rsv=4))], ["rsv-unnegotiated"],
                 extensions=rsv1)
    yield vector("framing/rsv1-negotiated-on-ping", "RFC 7692 6", "server",
                 "RSV1 must not be set on a control frame.",
                 [Known(server(PING, rsv=4))], ["rsv-unnegotiated"], extensions=rsv1)
    yield vector("framing/all-wrong-at-once", "RFC 6455 5.2", "client",
                 "One header may break many rules: reserved bits, opcode, mask, length, FIN.",
                 [Known(server(0xB, "ab", fin=0, rsv=7, form=64))],
                 ["rsv-unnegotiated", "opcode-reserved", "mask-missing", "length-not-minimal",
                  "control-fragmented"])
    for n, where in ((1, "behind its first byte"), (2, "before the 16-bit length"),
                     (3, "inside the 16-bit length"), (4, "before the masking key"),
                     (8, "before the payload"), (133, "one byte before the payload does")):
        yield vector(f"framing/truncated-after-{n}", "RFC 6455 5.2", "client",
                     f"The stream ends {where}.", [Part(client(BINARY, bytes(126)), n)],
                     ["truncated"], end=True)
    yield vector("framing/truncated-in-64-bit-length", "RFC 6455 5.2", "server",
                 "The stream ends inside a 64-bit length.",
                 [Part(server(BINARY, declared=65536), 9)], ["truncated"], end=True)
    yield vector("framing/truncated-in-close", "RFC 6455 5.5.1", "server",
                 "The stream ends inside the code of a Close.",
                 [server(TEXT, "a"), Part(server(CLOSE, code_payload(1000)), 3)], ["truncated"],
                 [text("a")], end=True)
    yield vector("framing/ends-behind-frame", "RFC 6455 5.2", "client",
                 "A stream that ends behind a frame is cut off nowhere.",
                 [client(TEXT, "a"), client(PING, "p")], events=[text("a"), ping("p")], end=True)
    yield vector("framing/ends-behind-close", "RFC 6455 5.5.1", "server",
                 "A stream that is closed in good order ends behind its Close.",
                 [server(TEXT, "a"), server(CLOSE, code_payload(1000, "bye"))],
                 events=[text("a"), close(1000, "bye")], end=True)
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
    for opcode, name in ((BINARY, "binary"), (PONG, "pong")):
        yield vector(f"masking/client-unmasked-{name}", "RFC 6455 5.1", "client",
                     f"A {name.title()} must be masked too.",
                     [client(TEXT, "a"), Known(server(opcode, b"\xff"))], ["mask-missing"],
                     [text("a")])
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
    yield vector("masking/server-masked-continuation", "RFC 6455 5.1", "server",
                 "A server must not mask the rest of a message either.",
                 [server(TEXT, "a", fin=0), Known(client(CONTINUATION, "b"))],
                 ["mask-unexpected"])
    yield vector("masking/server-masked-close", "RFC 6455 5.1", "server",
                 "A server must not mask a Close.",
                 [Known(client(CLOSE, code_payload(1000)))], ["mask-unexpected"])
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
    sizes = [bytes(range(n)) for n in range(1, 10)]
    yield vector("masking/payloads-of-1-to-9", "RFC 6455 5.3", "client",
                 "A payload may end at any byte of the key.",
                 [client(BINARY, data) for data in sizes], events=[binary(data) for data in sizes])
    yield vector("masking/ping-masked-with-its-own-key", "RFC 6455 5.3", "client",
                 "A control frame between fragments changes neither key nor phase of the next one.",
                 [client(BINARY, b"abc", fin=0, key=fa), client(PING, b"12345", key=fb),
                  client(CONTINUATION, b"defgh", key=fa)],
                 events=[ping("12345"), binary(b"abcdefgh")])
    yield vector("masking/close-masked", "RFC 6455 5.3", "client",
                 "Code and reason of a Close are masked like any payload.",
                 [client(CLOSE, code_payload(1001, "away"), key=fa)], events=[close(1001, "away")])
    long = bytes(i * 7 & 255 for i in range(131))
    yield vector("masking/length-in-16-bits", "RFC 6455 5.2", "client",
                 "The key stands behind the extended length; 131 bytes end in the middle of it.",
                 [client(BINARY, long)], events=[binary(long)])
    yield vector("masking/length-in-64-bits", "RFC 6455 5.2", "client",
                 "And behind a 64-bit length; the phase goes on over all reads of the payload.",
                 [client(BINARY, b"wxyz" * 16384 + b"!")], events=[binary(b"wxyz" * 16384 + b"!")])


def length():
    payload = bytes(i & 255 for i in range(127))
    for n in (1, 125, 126, 127):
        yield vector(f"length/{n}", "RFC 6455 5.2", "server",
                     f"{n} bytes are written in the shortest form: {7 if n < 126 else 16} bits.",
                     [server(BINARY, payload[:n])], events=[binary(payload[:n])])
    for n, role, frame in ((65535, "server", server), (65536, "server", server),
                           (65536, "client", client), (65537, "server", server)):
        data = b"a" * n
        yield vector(f"length/{n}-from-{role}", "RFC 6455 5.2", role,
                     f"{n} bytes are written in {16 if n < 65536 else 64} bits; behind them "
                     "stands the next frame.",
                     [frame(BINARY, data), frame(TEXT, "b")], events=[binary(data), text("b")])
    for n in (0, 125, 126, 127, 256):
        yield vector(f"length/frame-behind-{n}", "RFC 6455 5.2", "client",
                     f"Behind {n} bytes of text stands the next frame.",
                     [client(TEXT, "t" * n), client(PING, "p")], events=[text("t" * n), ping("p")])
    for n, name, form in ((65535, "65535", 16), (65536, "65536", 64),
                          ((1 << 31) - 1, "2-to-31-minus-1", 64), (1 << 31, "2-to-31", 64),
                          ((1 << 32) - 1, "2-to-32-minus-1", 64), (1 << 32, "2-to-32", 64),
                          ((1 << 32) + 1, "2-to-32-plus-1", 64), (1 << 48, "2-to-48", 64),
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
    yield vector("length/not-minimal-close", "RFC 6455 5.2", "client",
                 "Nor has a Close another form of its length.",
                 [Known(client(CLOSE, code_payload(1000), form=64))], ["length-not-minimal"])
    yield vector("length/not-minimal-continuation", "RFC 6455 5.2", "server",
                 "Nor has a continuation.",
                 [server(TEXT, "a", fin=0), Known(server(CONTINUATION, "b", form=16))],
                 ["length-not-minimal"])
    yield vector("length/top-bit-on-ping", "RFC 6455 5.2", "server",
                 "On a control frame, the length is too long besides.",
                 [Known(server(PING, declared=1 << 63))], ["length-msb", "control-too-long"])
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
    yield vector("opcodes/reserved-data-empty", "RFC 6455 5.2", "server",
                 "An empty frame has an opcode too.", [Known(server(3))], ["opcode-reserved"])
    yield vector("opcodes/reserved-as-first-frame", "RFC 6455 5.2", "client",
                 "The first frame of the stream is no exception.", [Known(client(0xF, "x"))],
                 ["opcode-reserved"])
    yield vector("opcodes/reserved-control-125", "RFC 6455 5.2", "server",
                 "A reserved control frame within the limits of one is reserved, and no more.",
                 [Known(server(0xC, bytes(125)))], ["opcode-reserved"])
    yield vector("opcodes/reserved-behind-close", "RFC 6455 5.2", "server",
                 "Behind a Close, a reserved frame breaks both rules.",
                 [server(CLOSE), Known(server(0xB))], ["opcode-reserved", "after-close"],
                 [close()])
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
    yield vector("fragmentation/pong-between", clause, "client",
                 "A Pong that nobody asked for may stand there too.",
                 [first("a"), client(PONG), last("b")], events=[pong(), text("ab")])
    yield vector("fragmentation/ping-between-with-bytes-of-another-type", clause, "client",
                 "What a Ping carries becomes no part of the text around it.",
                 [first("a"), client(PING, b"\xff"), last("b")],
                 events=[ping(b"\xff"), text("ab")])
    yield vector("fragmentation/ping-before-empty-last", clause, "server",
                 "The last fragment may be empty and come after a control frame.",
                 [server(BINARY, "a", fin=0), server(PING, "p"), server(CONTINUATION)],
                 events=[ping("p"), binary("a")])
    yield vector("fragmentation/empty-first", clause, "client",
                 "A message may begin with an empty frame that says no more than its type.",
                 [first("", BINARY), last(b"\xff")], events=[binary(b"\xff")])
    yield vector("fragmentation/of-both-length-forms", clause, "client",
                 "Each fragment has a length of its own.",
                 [first("a" * 125), middle("b" * 126), last("c" * 127)],
                 events=[text("a" * 125 + "b" * 126 + "c" * 127)])
    yield vector("fragmentation/many", clause, "server",
                 "A message of 300 fragments is one message.",
                 [server(BINARY, "x", fin=0)] + [server(CONTINUATION, "y", fin=0)] * 298 +
                 [server(CONTINUATION, "z")], events=[binary("x" + "y" * 298 + "z")])
    yield vector("fragmentation/whole-message-behind-fragmented", clause, "server",
                 "Behind the last fragment, a message may come in one frame.",
                 [server(TEXT, "a", fin=0), server(CONTINUATION, "b"), server(TEXT, "c")],
                 events=[text("ab"), text("c")])
    yield vector("fragmentation/open-message-is-not-delivered", clause, "client",
                 "What has come of a message is no message; a Ping meanwhile is delivered.",
                 [first("a"), middle("b"), client(PING, "p")], events=[ping("p")])
    yield vector("fragmentation/close-between", "RFC 6455 5.5.1", "client",
                 "A Close may come before a message is whole; the message is then never delivered.",
                 [first("a"), client(CLOSE, code_payload(1001))], events=[close(1001)])
    yield vector("fragmentation/close-between-then-end", "RFC 6455 5.5.1", "client",
                 "A stream that ends behind a Close ended as it should, whatever message was open.",
                 [first("a"), client(CLOSE, code_payload(1001))], events=[close(1001)], end=True)
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
    yield vector("fragmentation/continuation-empty-first", clause, "server",
                 "An empty continuation has nothing to continue either.",
                 [Known(server(CONTINUATION))], ["continuation-unexpected"])
    yield vector("fragmentation/continuation-after-pong-after-message", clause, "server",
                 "A control frame behind a message does not open it again.",
                 [server(BINARY, "a", fin=0), server(CONTINUATION, "b"), server(PONG),
                  Known(server(CONTINUATION, "c", fin=0))], ["continuation-unexpected"],
                 [binary("ab"), pong()])
    yield vector("fragmentation/text-inside-text", clause, "client",
                 "A new message must not begin before the open one has ended.",
                 [first("a"), Known(client(TEXT, "b"))], ["continuation-expected"])
    yield vector("fragmentation/binary-inside-text", clause, "server",
                 "Nor may a message of another type.",
                 [server(TEXT, "a", fin=0), Known(server(BINARY, "b", fin=0))],
                 ["continuation-expected"])
    yield vector("fragmentation/binary-inside-binary", clause, "client",
                 "Not even one that would go on with the same type.",
                 [first(b"a", BINARY), Known(client(BINARY, b"b"))], ["continuation-expected"])
    yield vector("fragmentation/text-inside-binary", clause, "server",
                 "Nor a text inside a binary message.",
                 [server(BINARY, "a", fin=0), Known(server(TEXT, "b"))],
                 ["continuation-expected"])
    yield vector("fragmentation/empty-text-inside-text", clause, "client",
                 "Nor an empty one.", [first("a"), Known(client(TEXT))],
                 ["continuation-expected"])
    yield vector("fragmentation/text-inside-after-continuation", clause, "client",
                 "A continuation without FIN leaves the message open.",
                 [first("a"), middle("b"), Known(first("c"))], ["continuation-expected"])
    yield vector("fragmentation/text-inside-after-ping", clause, "client",
                 "A control frame in between does not end the open message.",
                 [first("a"), client(PING), Known(client(TEXT, "b"))], ["continuation-expected"],
                 [ping()])
    yield vector("fragmentation/truncated-in-message", clause, "client",
                 "The stream ends before the last fragment.",
                 [first("a"), middle("b")], ["truncated"], end=True)
    yield vector("fragmentation/truncated-behind-ping", clause, "server",
                 "A whole control frame at the end does not end the message.",
                 [server(BINARY, "a", fin=0), server(PING)], ["truncated"], [ping()], end=True)
    yield vector("fragmentation/ends-behind-last", clause, "client",
                 "A stream that ends behind the last fragment is cut off nowhere.",
                 [first("a"), last("b")], events=[text("ab")], end=True)


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
    for opcode, name in ((PING, "ping"), (PONG, "pong"), (CLOSE, "close")):
        yield vector(f"control/{name}-declares-most", clause, "client",
                     f"A {name.title()} of 2^63 - 1 bytes is refused from its header.",
                     [Known(client(opcode, declared=(1 << 63) - 1))], ["control-too-long"])
        yield vector(f"control/{name}-empty-and-not-final", clause, "server",
                     "Not even an empty control frame may be without FIN.",
                     [Known(server(opcode, fin=0))], ["control-fragmented"])
    yield vector("control/ping-not-final-and-too-long", clause, "client",
                 "One header may break both rules of control frames.",
                 [Known(client(PING, bytes(126), fin=0))],
                 ["control-fragmented", "control-too-long"])
    yield vector("control/ping-not-final-inside-message", clause, "client",
                 "A fragmented Ping inside a fragmented message is a fault, and no part of it.",
                 [client(TEXT, "a", fin=0), Known(client(PING, "p", fin=0)),
                  client(CONTINUATION, "b")], ["control-fragmented"])
    yield vector("control/ping-126-inside-message", clause, "server",
                 "The limit holds between fragments too.",
                 [server(TEXT, "a", fin=0), Known(server(PING, most + b"x"))],
                 ["control-too-long"])
    yield vector("control/ping-of-a-frame", "RFC 6455 5.5.2", "server",
                 "A payload that looks like a frame is a payload.",
                 [server(PING, server(CLOSE, code_payload(1000)).bytes), server(PONG, b"\x8a\x00")],
                 events=[ping(server(CLOSE, code_payload(1000)).bytes), pong(b"\x8a\x00")])
    yield vector("control/keys-of-their-own", "RFC 6455 5.3", "client",
                 "Each is unmasked with its own key.",
                 [client(PING, "one"), client(PING, "two", key=bytes([255] * 4)),
                  client(PONG, "three", key=bytes([0, 0, 0, 1]))],
                 events=[ping("one"), ping("two"), pong("three")])
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
    0: "0 to 999 are not used", 1: "0 to 999 are not used", 999: "0 to 999 are not used", 1004: "1004 is reserved",
    1005: "1005 stands for a Close without a code and must not be sent",
    1006: "1006 stands for a missing Close and must not be sent",
    1015: "1015 stands for a failed TLS handshake and must not be sent",
    1016: "1016 is the first code that the registry leaves open",
    1100: "1016 to 2999 are left to later versions", 2000: "1016 to 2999 are left to extensions",
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
    yield vector("close/one-byte-from-server", clause, "server",
                 "One byte cannot hold a code, whatever it is.",
                 [server(TEXT, "a"), Known(server(CLOSE, b"\xff"))], ["close-short"], [text("a")])
    yield vector("close/one-byte", clause, "client", "One byte cannot hold a code.",
                 [Known(client(CLOSE, b"\x03"))], ["close-short"])
    yield vector("close/reason", clause, "server", "Behind the code stands a reason in UTF-8.",
                 [server(CLOSE, code_payload(1000, "Grüße"))], events=[close(1000, "Grüße")])
    yield vector("close/reason-of-123-bytes", clause, "client",
                 "123 bytes of reason fill the control frame.",
                 [client(CLOSE, code_payload(1000, "r" * 123))], events=[close(1000, "r" * 123)])
    yield vector("close/reason-of-four-byte-characters", clause, "client",
                 "A reason may hold any character, up to its last byte.",
                 [client(CLOSE, code_payload(1000, "x" * 119 + "😀"))],
                 events=[close(1000, "x" * 119 + "😀")])
    yield vector("close/code-looks-like-text", clause, "client",
                 "The two bytes of the code are not part of the UTF-8: 0BFF is 3071.",
                 [client(CLOSE, b"\x0b\xff" + b"ok")], events=[close(3071, "ok")])
    for name, reason, known, why in (
            ("wrong-byte", b"ab\xffcd", 3, "FF is never UTF-8; it is known as soon as it is there"),
            ("surrogate", b"\xed\xa0\x80", 2, "ED A0 begins a surrogate"),
            ("overlong", b"\xc0\xaf", 1, "C0 would write a character longer than needed"),
            ("overlong-of-three", b"\xe0\x9f\xbf", 2, "E0 9F would write 11 bits in three bytes"),
            ("overlong-of-four", b"\xf0\x8f\xbf\xbf", 2, "F0 8F would write 16 bits in four bytes"),
            ("beyond-10ffff", b"\xf4\x90\x80\x80", 2, "F4 90 begins U+110000"),
            ("continuation-first", b"\x80", 1, "80 begins no character"),
            ("cut-by-ascii", b"\xc3(", 2, "C3 needs a continuation byte"),
            ("wrong-at-byte-123", b"r" * 122 + b"\xff", 123, "The last byte of the longest reason is FF"),
            ("cut-at-byte-123", b"r" * 122 + b"\xc3", 123,
             "The longest reason ends inside a character: it was cut to fit"),
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
    yield vector("close/binary-behind", clause, "server",
                 "Neither text nor binary, and not in the same segment either.",
                 [server(TEXT, "a"), server(CLOSE, code_payload(1000)), Known(server(BINARY))],
                 ["after-close"], [text("a"), close(1000)])
    yield vector("close/fragment-behind-empty", clause, "client",
                 "A Close without a code ends the stream all the same.",
                 [client(CLOSE), Known(client(TEXT, "a", fin=0)), client(CONTINUATION, "b")],
                 ["after-close", "after-close"], [close()])
    yield vector("close/unmasked-behind", clause, "client",
                 "What follows a Close may break other rules besides.",
                 [client(CLOSE), Known(server(TEXT, "a"))], ["mask-missing", "after-close"],
                 [close()])
    yield vector("close/continuation-behind", clause, "client",
                 "Not even the rest of a message that was open.",
                 [client(TEXT, "a", fin=0), client(CLOSE), Known(client(CONTINUATION, "b"))],
                 ["after-close"], [close()])
    yield vector("close/close-behind", "RFC 6455 5.5.1", "client",
                 "A second Close says nothing new; the RFC forbids only data frames by name.",
                 [client(CLOSE), Known(client(CLOSE))], ["after-close"], [close()], level="MAY",
                 result="acceptable")
    yield vector("close/pong-behind", "RFC 6455 5.5.3", "client",
                 "Nor does a Pong behind a Close say anything.",
                 [client(CLOSE, code_payload(1001)), Known(client(PONG))], ["after-close"],
                 [close(1001)], level="MAY", result="acceptable")
    yield vector("close/ping-behind", "RFC 6455 5.5.2", "server",
                 "The RFC forbids only data frames by name; a Ping behind a Close needs no answer.",
                 [server(CLOSE), Known(server(PING))], ["after-close"], [close()], level="MAY",
                 result="acceptable")


SUBJECTS = {
    "framing": (framing, "The shape of a frame: reserved bits, boundaries, the end of the stream."),
    "masking": (masking, "Who masks, and how the key is applied."),
    "length": (length, "The three forms of the length and their limits."),
    "opcodes": (opcodes, "Reserved opcodes."),
    "fragmentation": (fragmentation, "Messages in several frames, control frames in between."),
    "control": (control, "Ping, Pong and Close as control frames."),
    "close": (closing, "The payload of a Close, and what may follow one."),
}
