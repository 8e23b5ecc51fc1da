"""Vectors of compressed messages (RFC 7692). The payloads are those of the RFC's examples, and
blocks that are put together bit by bit."""
from deflating import Blocks
from writing import BINARY, CONTINUATION, PING, TEXT, Known, binary, client, ping, server, text, vector

HELLO = bytes.fromhex("f248cdc9c90700")  # "Hello", RFC 7692 7.2.3.1
AGAIN = bytes.fromhex("f200110000")      # "Hello" again, referring to the first, 7.2.3.2
FINAL = bytes.fromhex("f348cdc9c90700")  # "Hello" in a block with BFINAL, 7.2.3.4

assert Blocks().fixed(b"Hello").payload() == HELLO
assert Blocks().fixed(b"H", (4, 5)).payload() == AGAIN


def deflated(name, clause, why, frames, violations=(), events=(), role="server", agreed=None,
             **more):
    return vector(f"deflate/{name}", clause, role, why, frames, violations, events,
                  extensions={"permessage-deflate": agreed or {}}, **more)


def compressed(payload, opcode=TEXT, **fields):
    return server(opcode, payload, rsv=4, **fields)


def wrong(payload, **fields):
    return Known(compressed(payload, **fields), None)


def messages():
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



def final_blocks():
    hello = text("Hello")
    clause = "RFC 7692 7.2.3.4"
    yield deflated("final-block", clause, "The RFC's example of a block with BFINAL.",
                   [compressed(FINAL + b"\0")], events=[hello])
    yield deflated("final-block-keeps-the-window", clause,
                   "A block with BFINAL ends neither the message nor the window.",
                   [compressed(FINAL + AGAIN), compressed(AGAIN)],
                   events=[text("HelloHello"), hello])
    yield deflated("final-block-stored", clause, "Each kind of block may have BFINAL.",
                   [compressed(Blocks().stored(b"Hello", final=1).payload()), compressed(AGAIN)],
                   events=[hello, hello])
    yield deflated("final-blocks-in-a-row", clause, "There may be several.",
                   [compressed(Blocks().fixed(b"Hel", final=1).fixed(b"lo", final=1).payload())],
                   events=[hello])
    yield deflated("final-block-over-fragments", clause,
                   "The block may end in one fragment and the message in another.",
                   [compressed(FINAL[:4], fin=0), server(CONTINUATION, FINAL[4:], fin=0),
                    server(CONTINUATION, b"\0"), compressed(AGAIN)], events=[hello, hello])
    long = b"Hello" + bytes(32763)
    yield deflated("final-block-keeps-all-of-the-window", clause,
                   "All 32768 bytes can still be referred to.",
                   [compressed(Blocks().stored(long, final=1).payload()),
                    compressed(Blocks().fixed((5, 32768)).payload())], events=[text(long), hello])


def windows():
    hello = text("Hello")

    def from_afar(distance, **more):
        return [compressed(Blocks().stored(b"Hello" + bytes(distance - 5)).payload()),
                compressed(Blocks().fixed((5, distance)).payload(), **more)]

    yield deflated("window-of-15-bits", "RFC 1951 2", "A match may begin 32768 bytes back.",
                   from_afar(32768), events=[text(b"Hello" + bytes(32763)), hello])
    yield deflated("window-of-8-bits", "RFC 7692 7.1.2.1",
                   "The smallest window that can be agreed on has 256 bytes.",
                   from_afar(256), events=[text(b"Hello" + bytes(251)), hello],
                   agreed={"server_max_window_bits": 8})
    yield deflated("one-byte-before-the-beginning", "RFC 7692 7.2.2",
                   "There are 32767 bytes to refer to, and not one more.",
                   [compressed(Blocks().stored(bytes(32767)).payload()),
                    wrong(Blocks().fixed((5, 32768)).payload())], ["deflate-data"],
                   [text(bytes(32767))])
    yield deflated("empty-message-keeps-the-window", "RFC 7692 7.2.3.6",
                   "An empty message adds nothing to the window, and takes nothing from it.",
                   [compressed(HELLO), compressed(b"\0"), compressed(AGAIN)],
                   events=[hello, text(), hello])
    yield deflated("empty-message-in-fragments", "RFC 7692 7.2.3.6",
                   "The one byte of an empty message may stand in any of its fragments.",
                   [compressed(b"", fin=0), server(CONTINUATION, b"\0", fin=0),
                    server(CONTINUATION)], events=[text()])
    yield deflated("empty-payload", "RFC 7692 7.2.2",
                   "Nothing at all is not DEFLATE data; many take it for an empty message.",
                   [wrong(b"")], ["deflate-data"], level="MAY", result="acceptable")


def texts():
    clause = "RFC 6455 8.1"
    euro = "a€".encode()
    broken = ["text-utf8"]
    yield deflated("text-wrong-byte", clause, "Text is judged when it is inflated.",
                   [wrong(Blocks().fixed(b"ab\xffcd").payload())], broken)
    yield deflated("text-wrong-byte-in-a-match", clause, "Copied bytes are judged like others.",
                   [wrong(Blocks().fixed(euro, (4, 2)).payload())], broken)
    yield deflated("text-ends-inside-character", clause, "A text must not end inside a character.",
                   [wrong(Blocks().fixed(euro[:-1]).payload())], broken)
    half = Blocks().stored(euro[:-1]).payload()
    yield deflated("text-ends-inside-character-in-empty-last-fragment", clause,
                   "That it ends there is known when its last fragment is there, even an empty one.",
                   [compressed(half, fin=0), Known(server(CONTINUATION))], broken)
    yield deflated("text-goes-on-in-the-next-message", clause,
                   "The rest of the character in another message does not help.",
                   [wrong(half), compressed(Blocks().stored(euro[-1:]).payload())], broken * 2)
    stored = Blocks().stored(b"ab\xff").payload()
    yield deflated("text-wrong-in-the-first-fragment", clause,
                   "It is known with the fragment that brought it.",
                   [wrong(stored[:-1], fin=0), server(CONTINUATION, stored[-1:])], broken)
    whole = Blocks().stored(euro).payload()
    yield deflated("text-character-over-fragments", clause,
                   "A character may be cut where a fragment ends.",
                   [compressed(whole[:-2], fin=0), server(PING),
                    server(CONTINUATION, whole[-2:])], events=[ping(), text(euro)])
    yield deflated("text-character-over-blocks", clause, "Or where a block ends.",
                   [compressed(Blocks().fixed(euro[:2]).fixed(euro[2:]).payload())],
                   events=[text(euro)])
    yield deflated("text-not-for-binary", clause, "Binary messages may be any bytes.",
                   [compressed(Blocks().fixed(b"ab\xff").payload(), BINARY)],
                   events=[binary(b"ab\xff")])
    yield deflated("text-plain-wrong-byte", clause,
                   "What is not compressed is judged as ever.",
                   [compressed(HELLO), Known(server(TEXT, b"a\xff"), None)], broken,
                   [text("Hello")])


def deflate():
    for part in (messages, final_blocks, windows, texts):
        yield from part()

SUBJECTS = {"deflate": (deflate, "Messages compressed with permessage-deflate.")}
