"""Vectors of limits that an endpoint sets itself (RFC 6455 10.4): at each, and one beyond."""
from writing import *

CLAUSE = "RFC 6455 10.4"


def one(name, why, limits, frames, broken=(), events=()):
    return vector(f"limits/{name}", CLAUSE, "server", why, frames, broken, events, limits=limits)


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


def limits():
    for part in (of_frames, of_messages, of_fragments):
        yield from part()


SUBJECTS = {"limits": (limits, "Limits of the receiver: bytes of a frame, bytes and frames of a message.")}
