"""Vectors of compressed messages (RFC 7692). The payloads are those of the RFC's examples, and
variations that can be checked by hand: stored blocks hold their bytes as they are."""
from writing import BINARY, CONTINUATION, PING, TEXT, Known, binary, client, ping, server, text, vector

HELLO = bytes.fromhex("f248cdc9c90700")  # "Hello", RFC 7692 7.2.3.1
AGAIN = bytes.fromhex("f200110000")      # "Hello" again, referring to the first, 7.2.3.2
FINAL = bytes.fromhex("f348cdc9c90700")  # "Hello" in a block with BFINAL, 7.2.3.4


def deflate():
    def deflated(name, clause, why, frames, violations=(), events=(), role="server", agreed=None,
                 **more):
        return vector(f"deflate/{name}", clause, role, why, frames, violations, events,
                      extensions={"permessage-deflate": agreed or {}}, **more)

    def compressed(payload, opcode=TEXT, **fields):
        return server(opcode, payload, rsv=4, **fields)

    def wrong(payload, **fields):
        return Known(compressed(payload, **fields), None)

    hello = text("Hello")
    yield deflated("one-message", "RFC 7692 7.2.3.1", "The RFC's example of a compressed message.",
                   [compressed(HELLO)], events=[hello])
    yield deflated("masked", "RFC 7692 6.1", "Compression comes first, the mask is put over it.",
                   [client(TEXT, HELLO, rsv=4)], events=[hello], role="client")
    yield deflated("fragments", "RFC 7692 7.2.3.1",
                   "The RFC's example in two fragments: only the first has RSV1.",
                   [compressed(HELLO[:3], fin=0), server(CONTINUATION, HELLO[3:])], events=[hello])
    yield deflated("ping-between-fragments", "RFC 7692 6",
                   "A control frame between compressed fragments is not compressed.",
                   [compressed(HELLO[:3], fin=0), server(PING, "p"),
                    server(CONTINUATION, HELLO[3:])], events=[ping("p"), hello])
    yield deflated("window-is-kept", "RFC 7692 7.2.3.2",
                   "The RFC's example of a message that refers to the one before.",
                   [compressed(HELLO), compressed(AGAIN)], events=[hello, hello])
    yield deflated("plain-in-between", "RFC 7692 6",
                   "A message may be sent uncompressed; it does not enter the window.",
                   [compressed(HELLO), server(TEXT, "plain"), compressed(AGAIN)],
                   events=[hello, text("plain"), hello])
    yield deflated("stored-block", "RFC 7692 7.2.3.3", "The RFC's example of a block as it is.",
                   [compressed(bytes.fromhex("000500faff48656c6c6f00"))], events=[hello])
    yield deflated("final-block", "RFC 7692 7.2.3.4", "The RFC's example of a block with BFINAL.",
                   [compressed(FINAL + b"\0")], events=[hello])
    yield deflated("final-block-keeps-the-window", "RFC 7692 7.2.3.4",
                   "A block with BFINAL ends neither the message nor the window.",
                   [compressed(FINAL + AGAIN), compressed(AGAIN)],
                   events=[text("HelloHello"), hello])
    yield deflated("two-blocks", "RFC 7692 7.2.3.5", "The RFC's example of two blocks.",
                   [compressed(bytes.fromhex("f24805000000ffffcac9c90700"))], events=[hello])
    yield deflated("empty-message", "RFC 7692 7.2.3.6", "The RFC's empty message is one byte.",
                   [compressed(b"\0")], events=[text("")])
    yield deflated("empty-frames", "RFC 7692 6.1", "Fragments may be empty.",
                   [compressed(b"", BINARY, fin=0), server(CONTINUATION, HELLO, fin=0),
                    server(CONTINUATION)], events=[binary("Hello")])
    yield deflated("window-forgotten", "RFC 7692 7.1.1.1",
                   "Without context takeover each message stands for itself.",
                   [compressed(HELLO), compressed(HELLO)], events=[hello, hello],
                   agreed={"server_no_context_takeover": True})
    yield deflated("refers-to-a-forgotten-window", "RFC 7692 7.1.1.1",
                   "Who agreed not to keep the window must not refer to it.",
                   [compressed(HELLO), wrong(AGAIN)], ["deflate-data"], [hello],
                   agreed={"server_no_context_takeover": True})
    yield deflated("parameters-of-the-other-role", "RFC 7692 7.1.1.2",
                   "client_no_context_takeover says nothing about the server's window.",
                   [compressed(HELLO), compressed(AGAIN)], events=[hello, hello],
                   agreed={"client_no_context_takeover": True})
    yield deflated("reserved-block-type", "RFC 7692 7.2.2", "There is no block of type 3.",
                   [wrong(b"\x07")], ["deflate-data"])
    yield deflated("before-the-beginning", "RFC 7692 7.2.2",
                   "The first message has nothing to refer to.", [wrong(AGAIN)], ["deflate-data"])
    yield deflated("stored-length-wrong", "RFC 7692 7.2.2",
                   "The length of a stored block stands there twice, once inverted.",
                   [wrong(bytes.fromhex("000500fbff48656c6c6f00"))], ["deflate-data"])
    yield deflated("rsv1-on-ping", "RFC 7692 6.1", "Control frames are never compressed.",
                   [compressed(HELLO), Known(server(PING, "p", rsv=4))], ["rsv-unnegotiated"],
                   [hello])
    yield deflated("rsv1-on-continuation", "RFC 7692 6.1", "Only the first fragment has RSV1.",
                   [compressed(HELLO[:3], fin=0), Known(server(CONTINUATION, HELLO[3:], rsv=4))],
                   ["rsv-unnegotiated"])


SUBJECTS = {"deflate": (deflate, "Messages compressed with permessage-deflate.")}
