"""Vectors of limits that an endpoint sets itself (RFC 6455 10.4): at each, and one beyond."""
from deflating import Blocks
from writing import *

CLAUSE = "RFC 6455 10.4"

noise = bytes(range(256)) * 5


def one(name, why, limits, frames, broken=(), events=(), **more):
    return vector(f"limits/{name}", CLAUSE, "server", why, frames, broken, events, limits=limits,
                  **more)


def fragments(*payloads, opcode=BINARY):
    """A message in as many frames as there are payloads."""
    last = len(payloads) - 1
    return [server(opcode if i == 0 else CONTINUATION, p, fin=int(i == last))
            for i, p in enumerate(payloads)]


def beyond(frames):
    """The last of the frames passes the limit, known from its header."""
    return frames[:-1] + [Known(frames[-1])]


def of_frames():
    ten, limit = b"0123456789", {"max_frame": 10}
    yield one("frame-at", "A frame may be as long as the limit.", limit,
              [server(BINARY, ten)], events=[binary(ten)])
    yield one("frame-beyond", "One byte more is refused, before any of it comes.", limit,
              [Known(server(BINARY, declared=11))], ["limit-frame"])
    yield one("frame-far-beyond", "The largest length that may be declared costs no memory either.",
              limit, [Known(server(BINARY, declared=(1 << 63) - 1))], ["limit-frame"])
    yield one("frame-not-message", "The limit of frames says nothing about messages.", limit,
              fragments(ten, ten), events=[binary(ten + ten)])
    yield one("frame-beyond-in-message", "The limit holds for continuations.", limit,
              beyond(fragments(ten, ten + b"x")), ["limit-frame"])
    yield one("frame-beyond-32-bits", "4294967301 bytes are not 5.", limit,
              [Known(server(BINARY, b"abcde", declared=(1 << 32) + 5))], ["limit-frame"])


def of_messages():
    ten, limit = b"0123456789", {"max_message": 10}
    yield one("message-at", "A message may be as long as the limit.", limit,
              [server(BINARY, ten)], events=[binary(ten)])
    yield one("message-beyond", "One byte more is refused, known from the header.", limit,
              [Known(server(BINARY, declared=11))], ["limit-message"])
    yield one("message-at-in-fragments", "The limit is that of all fragments together.", limit,
              fragments(b"01234", b"56789"), events=[binary(ten)])
    yield one("message-beyond-in-fragments", "The fragment that passes it is refused.", limit,
              beyond(fragments(b"01234", b"567890")), ["limit-message"])
    yield one("message-beyond-by-one-byte-fragment", "However small the fragment is.", limit,
              beyond(fragments(ten, b"", b"x")), ["limit-message"])
    yield one("message-at-with-empty-fragments", "Empty fragments add nothing to the length.", limit,
              fragments(b"", ten, b"", b""), events=[binary(ten)])
    yield one("message-counts-no-control-frames", "What stands between is not part of it.", limit,
              [server(BINARY, b"01234", fin=0), server(PING, ten), server(CONTINUATION, b"56789")],
              events=[ping(ten), binary(ten)])
    yield one("message-counted-anew", "Each message has the whole limit.", limit,
              [server(BINARY, ten), *fragments(b"01234", b"56789"), server(TEXT, ten)],
              events=[binary(ten), binary(ten), text(ten)])
    yield one("message-sum-does-not-wrap", "1 byte and 2^63 - 1 more are not few.", limit,
              beyond([server(BINARY, b"0", fin=0),
                      server(CONTINUATION, declared=(1 << 63) - 1)]), ["limit-message"])
    yield one("message-and-frame-beyond", "One header may pass both limits.",
              {"max_frame": 10, "max_message": 10},
              [Known(server(BINARY, declared=11))], ["limit-frame", "limit-message"])


def of_fragments():
    limit = {"max_fragments": 3}
    yield one("fragments-at", "A message may have as many frames as the limit.", limit,
              fragments(b"a", b"b", b"c"), events=[binary(b"abc")])
    yield one("fragments-beyond", "One more is refused, known from its header.", limit,
              beyond(fragments(b"a", b"b", b"c", b"d")), ["limit-fragments"])
    yield one("fragments-beyond-empty", "Empty fragments cost time too, and count.", limit,
              beyond(fragments(b"", b"", b"", b"")), ["limit-fragments"])
    yield one("fragments-count-no-control-frames", "What stands between is no fragment.", limit,
              [server(BINARY, b"a", fin=0), server(PING), server(PONG),
               server(CONTINUATION, b"b", fin=0), server(PING), server(CONTINUATION, b"c")],
              events=[ping(), pong(), ping(), binary(b"abc")])
    yield one("fragments-counted-anew", "Each message has the whole limit.", limit,
              fragments(b"a", b"b", b"c") + fragments(b"d", b"e", b"f"),
              events=[binary(b"abc"), binary(b"def")])


def inflating(name, why, limits, frames, broken=(), events=()):
    return one(name, why, limits, frames, broken, events, extensions={"permessage-deflate": {}})


def compressed(blocks, fin=1):
    payload = blocks if isinstance(blocks, bytes) else blocks.payload()
    return server(BINARY, payload, rsv=4, fin=fin)


def known(frame):
    """In compressed payload, a limit is known at the latest with the last byte of the frame."""
    return Known(frame, None)


def of_inflated():
    limit, broken = {"max_inflated": 5}, ["limit-inflated"]
    five, six = Blocks().fixed(b"Hello").payload(), Blocks().fixed(b"Hello!").payload()
    hello = binary(b"Hello")
    yield inflating("inflated-at", "A message may inflate to as many bytes as the limit.", limit,
                    [compressed(five)], events=[hello])
    yield inflating("inflated-beyond", "One byte more is refused.", limit,
                    [known(compressed(six))], broken)
    run = Blocks().fixed(b"a", (258, 1)).payload()
    yield inflating("inflated-at-in-a-match", "A match may end at the limit.",
                    {"max_inflated": 259}, [compressed(run)], events=[binary(b"a" * 259)])
    yield inflating("inflated-beyond-in-a-match", "And not one byte behind it.",
                    {"max_inflated": 258}, [known(compressed(run))], broken)
    stored, longer = Blocks().stored(b"Hello").payload(), Blocks().stored(b"Hello!").payload()
    yield inflating("inflated-not-compressed",
                    "It is inflated bytes that count; here there are more compressed ones.", limit,
                    [compressed(stored)], events=[hello])
    yield inflating("inflated-at-in-fragments", "The limit is that of all fragments together.",
                    limit, [compressed(stored[:8], fin=0), server(CONTINUATION, stored[8:])],
                    events=[hello])
    yield inflating("inflated-beyond-in-fragments", "The fragment that passes it is refused.",
                    limit, [compressed(longer[:8], fin=0),
                            known(server(CONTINUATION, longer[8:]))], broken)
    yield inflating("inflated-counted-anew", "Each message has the whole limit.", limit,
                    [compressed(five), compressed(Blocks().fixed((5, 5)))], events=[hello, hello])
    yield inflating("inflated-not-of-plain-messages",
                    "It says nothing about messages that are not compressed.", limit,
                    [server(BINARY, b"0123456789")], events=[binary(b"0123456789")])
    yield inflating("inflated-bomb", "A kilobyte can inflate to a megabyte; none of it is kept.",
                    {"max_inflated": 1000}, [known(compressed(Blocks().zeros(4064)))], broken)


def of_ratio():
    def run(stored, first):
        """`stored` bytes and as many more as `first` and four matches of 258 bytes give."""
        return Blocks().stored(b"a" * stored).fixed((first, 1), *[(258, 1)] * 4)

    limit, broken = {"max_ratio": 32}, ["limit-ratio"]
    at, beyond = run(19, 5).payload(), run(19, 6).payload()
    inflated = binary(b"a" * 1056)
    yield inflating("ratio-at", "With its 33rd byte, 1056 bytes are inflated: just 32 for each.",
                    limit, [compressed(at)], events=[inflated])
    yield inflating("ratio-beyond", "One more is refused.", limit, [known(compressed(beyond))],
                    broken)
    yield inflating("ratio-at-in-fragments", "What came in all fragments counts.", limit,
                    [compressed(at[:10], fin=0), server(CONTINUATION, at[10:29], fin=0),
                     server(CONTINUATION, at[29:])], events=[inflated])
    yield inflating("ratio-beyond-for-a-while",
                    "It is refused when it is too high, whatever would come later.", limit,
                    [known(compressed(run(19, 6).stored(noise)))], broken)
    yield inflating("ratio-beyond-behind-what-did-not-shrink",
                    "What came in other messages does not count.", limit,
                    [compressed(Blocks().stored(noise)), known(compressed(beyond))], broken,
                    [binary(noise)])
    short = [(258, 1)] * 3 + [(10, 1)] * 24
    yield inflating("ratio-of-1023-bytes", "Less than 1024 bytes may have any ratio.",
                    {"max_ratio": 1}, [compressed(Blocks().fixed(b"a", *short, (8, 1)))],
                    events=[binary(b"a" * 1023)])
    yield inflating("ratio-of-1024-bytes", "From 1024 on it counts.", {"max_ratio": 1},
                    [known(compressed(Blocks().fixed(b"a", *short, (9, 1))))], broken)
    yield inflating("ratio-not-of-plain-messages", "What is not compressed has none.",
                    {"max_ratio": 1}, [server(BINARY, noise)], events=[binary(noise)])
    yield inflating("ratio-bomb", "The highest ratio is about 1032.", {"max_ratio": 100},
                    [known(compressed(Blocks().zeros(4064)))], broken)


def limits():
    for part in (of_frames, of_messages, of_fragments, of_inflated, of_ratio):
        yield from part()


SUBJECTS = {"limits": (limits, "Limits of the receiver: bytes of a frame, bytes and frames of a "
                               "message, bytes that a compressed one inflates to.")}
