"""Vectors of text: what is UTF-8, judged over frames and before the end (RFC 6455 8.1, RFC 3629).
The classes are those of Markus Kuhn's decoder stress test and of the Autobahn suite's section 6."""
from writing import *

# hex, what it is
VALID_TEXTS = {
    "nul": ("00", "U+0000 is a character"),
    "u-7f": ("7f", "the last character of one byte"),
    "u-80": ("c280", "U+0080, the first of two bytes"),
    "u-7ff": ("dfbf", "U+07FF, the last of two bytes"),
    "u-800": ("e0a080", "U+0800, the first of three bytes"),
    "u-fff": ("e0bfbf", "U+0FFF, the last behind E0"),
    "u-1000": ("e18080", "U+1000, the first behind E1"),
    "u-cfff": ("ecbfbf", "U+CFFF, the last behind EC"),
    "u-d000": ("ed8080", "U+D000, the first behind ED"),
    "u-d7ff": ("ed9fbf", "U+D7FF, just before the surrogates"),
    "u-e000": ("ee8080", "U+E000, just behind the surrogates"),
    "u-fffd": ("efbfbd", "U+FFFD, the replacement character, stands for itself"),
    "u-ffff": ("efbfbf", "U+FFFF, a noncharacter, may be encoded"),
    "u-10000": ("f0908080", "U+10000, the first of four bytes"),
    "u-3ffff": ("f0bfbfbf", "U+3FFFF, the last behind F0"),
    "u-40000": ("f1808080", "U+40000, the first behind F1"),
    "u-fffff": ("f3bfbfbf", "U+FFFFF, the last behind F3"),
    "u-100000": ("f4808080", "U+100000, the first behind F4"),
    "u-10ffff": ("f48fbfbf", "U+10FFFF, the last character"),
    "byte-order-mark": ("efbbbf61", "U+FEFF in front is part of the text"),
    "specials": ("efbfb9efbfbaefbfbbefbfbc", "U+FFF9 to U+FFFC, the specials, are characters"),
    "noncharacters": (
        "efb790" + "".join(chr(plane << 16 | end).encode().hex() for plane in range(17)
                           for end in (0xFFFE, 0xFFFF)),
        "U+FDD0 and the last two code points of all 17 planes may be encoded"),
    "many-scripts": ("c3a9e282ac e0a4b9 ed959c f09f9880", "characters of two to four bytes"),
    "greek": ("cebae1bdb9cf83cebcceb5", "a Greek word of characters of two and three bytes"),
}
# hex, number of bytes up to and with the first that cannot be there (None: the message ends too
# early, known with its last byte), why
INVALID_TEXTS = {
    "continuation-80": ("80", 1, "80 begins no character"),
    "continuation-bf": ("61bf", 2, "BF begins no character"),
    "continuations-all": (bytes(range(0x80, 0xC0)).hex(), 1, "none of 80 to BF begins a character"),
    "one-continuation-too-many": ("c3a9a9", 3, "C3 takes one continuation byte"),
    "one-continuation-too-many-of-three": ("e282acac", 4, "E2 takes two continuation bytes"),
    "one-continuation-too-many-of-four": ("f09f988080", 5, "F0 takes three continuation bytes"),
    "overlong-c0": ("c080", 1, "C0 would write 7 bits in two bytes"),
    "overlong-c1": ("c1bf", 1, "C1 would write 7 bits in two bytes"),
    "overlong-slash-in-two": ("2fc0af", 2, "C0 AF would be a second form of the slash"),
    "overlong-slash-in-three": ("e080af", 2, "E0 80 AF would be a third form of the slash"),
    "overlong-slash-in-four": ("f08080af", 2, "F0 80 80 AF would be a fourth form of the slash"),
    "overlong-nul-in-three": ("e08080", 2, "E0 80 80 would be another form of NUL"),
    "overlong-nul-in-four": ("f0808080", 2, "F0 80 80 80 would be another form of NUL"),
    "overlong-e0-9f": ("e09fbf", 2, "E0 9F would write 11 bits in three bytes"),
    "overlong-f0-8f": ("f08fbfbf", 2, "F0 8F would write 16 bits in four bytes"),
    "surrogate-d800": ("eda080", 2, "ED A0 begins the surrogate U+D800"),
    "surrogate-dbff": ("edafbf", 2, "ED AF begins the surrogate U+DBFF, the last high one"),
    "surrogate-dc00": ("edb080", 2, "ED B0 begins the surrogate U+DC00, the first low one"),
    "surrogate-dfff": ("edbfbf", 2, "ED BF begins the surrogate U+DFFF"),
    "surrogate-pair": ("eda0bdedb880", 2, "a pair of surrogates is not a character in UTF-8"),
    "surrogate-pair-last": ("edafbfedbfbf", 2, "nor is the pair that means U+10FFFF in UTF-16"),
    "beyond-10ffff": ("f4908080", 2, "F4 90 begins U+110000"),
    "beyond-10ffff-f4-bf": ("f4bfbfbf", 2, "F4 BF begins U+13F000"),
    "lead-f5": ("f5808080", 1, "F5 could only begin something beyond U+10FFFF"),
    "lead-f7": ("f7bfbfbf", 1, "F7 could only begin something beyond U+10FFFF"),
    "lead-f8": ("f888808080", 1, "F8 began a character of five bytes in older UTF-8"),
    "lead-fb": ("fbbfbfbfbf", 1, "FB began a character of five bytes in older UTF-8"),
    "lead-fc": ("fc8480808080", 1, "FC began a character of six bytes in older UTF-8"),
    "lead-fd": ("fdbfbfbfbfbf", 1, "FD began a character of six bytes in older UTF-8"),
    "lead-fe": ("fe", 1, "FE never appears in UTF-8"),
    "lead-ff": ("6162ff6364", 3, "FF never appears in UTF-8"),
    "two-cut-by-ascii": ("c328", 2, "C3 needs a continuation byte"),
    "two-cut-by-lead": ("c3c3a9", 2, "C3 needs a continuation byte, not a new character"),
    "three-cut-by-ascii": ("e228a1", 2, "E2 needs a continuation byte"),
    "three-cut-at-the-end-by-ascii": ("e28228", 3, "E2 82 needs one more continuation byte"),
    "three-cut-by-lead": ("e282c3a9", 3, "E2 82 needs a continuation byte, not a new character"),
    "four-cut-by-lead": ("f09fc3a9", 3, "F0 9F needs a continuation byte, not a new character"),
    "four-cut-by-ascii": ("f0289880", 2, "F0 needs a continuation byte"),
    "four-cut-at-the-end-by-ascii": ("f09f9820", 4, "F0 9F 98 needs one more continuation byte"),
    "bound-c2-7f": ("c27f", 2, "7F is one below the continuation bytes"),
    "bound-df-c0": ("dfc0", 2, "C0 is one above the continuation bytes"),
    "bound-e0-c0": ("e0c080", 2, "E0 takes A0 to BF"),
    "bound-e1-7f": ("e17f80", 2, "E1 takes 80 to BF"),
    "bound-ed-7f": ("ed7f80", 2, "ED takes 80 to 9F"),
    "bound-ef-c0": ("efc080", 2, "EF takes 80 to BF"),
    "bound-e1-80-c0": ("e180c0", 3, "a third byte is 80 to BF"),
    "bound-f0-c0": ("f0c08080", 2, "F0 takes 90 to BF"),
    "bound-f3-7f": ("f37f8080", 2, "F3 takes 80 to BF"),
    "bound-f4-7f": ("f47f8080", 2, "F4 takes 80 to 8F"),
    "bound-f1-80-7f": ("f1807f80", 3, "a third byte is 80 to BF"),
    "bound-f1-80-80-c0": ("f18080c0", 4, "a fourth byte is 80 to BF"),
    "incomplete-ones-in-a-row": ("c3e282f09f98", 2, "C3 needs a continuation byte"),
    "latin-1": ("4772fcdf65", 3, "FC DF is Latin-1 for üß, and not UTF-8"),
    "utf-16": ("fffe48006900", 1, "a text in UTF-16 begins with FF FE"),
    "ends-in-two": ("61c3", None, "the message ends inside a character of two bytes"),
    "ends-in-three": ("e282", None, "the message ends inside a character of three bytes"),
    "ends-in-three-after-one": ("61e2", None, "the message ends behind the first of three bytes"),
    "ends-in-four": ("f09f98", None, "the message ends inside a character of four bytes"),
    "ends-in-four-after-one": ("61f0", None, "the message ends behind the first of four bytes"),
    "ends-in-four-after-two": ("61f09f", None, "the message ends behind the second of four bytes"),
}
CLAUSE = "RFC 6455 8.1"


def sentence(text):
    return text[0].upper() + text[1:] + "."


def texts():
    for name, (hex_text, what) in VALID_TEXTS.items():
        data = bytes.fromhex(hex_text)
        yield vector(f"utf8/{name}", CLAUSE, "client", sentence(what),
                     [client(TEXT, data)], events=[text(data)])
    for name, (hex_text, known, why) in INVALID_TEXTS.items():
        yield vector(f"utf8/{name}", CLAUSE, "client", sentence(why),
                     [Known(client(TEXT, bytes.fromhex(hex_text)), known)], ["text-utf8"])
    yield vector("utf8/second-message-begins-afresh", CLAUSE, "client",
                 "Nothing of one text is carried over into the next.",
                 [client(TEXT, "é"), Known(client(TEXT, b"\xa9"), 1)], ["text-utf8"], [text("é")])
    yield vector("utf8/not-for-binary", "RFC 6455 5.6", "client",
                 "Binary messages may hold any bytes.", [client(BINARY, b"\xff\xed\xa0\x80\xc3")],
                 events=[binary(b"\xff\xed\xa0\x80\xc3")])
    yield vector("utf8/not-for-fragmented-binary", "RFC 6455 5.6", "server",
                 "Nor is a binary message judged as text because it is fragmented.",
                 [server(BINARY, b"\xe2", fin=0), server(CONTINUATION, b"\xff")],
                 events=[binary(b"\xe2\xff")])


def over_fragments():
    """Fragments may cut a character: nothing is wrong, and nothing is forgiven, by that."""
    euro = "€".encode()
    yield vector("utf8/character-over-fragments", CLAUSE, "client",
                 "Fragments may cut a character, and control frames may stand in the cut.",
                 [client(TEXT, euro[:1], fin=0), client(CONTINUATION, euro[1:2], fin=0),
                  client(PING), client(CONTINUATION, euro[2:])], events=[ping(), text("€")])
    for character in ("é", "€", "😀"):
        data = character.encode()
        for n in range(1, len(data)):
            yield vector(f"utf8/cut-after-{n}-of-{len(data)}", CLAUSE, "server",
                         f"A fragment ends behind byte {n} of a character of {len(data)}.",
                         [server(TEXT, b"a" + data[:n], fin=0),
                          server(CONTINUATION, data[n:] + b"b")], events=[text(f"a{character}b")])
    word = "Grüße €😀"
    yield vector("utf8/fragments-on-characters", CLAUSE, "client",
                 "Fragments may also end where characters do.",
                 [client(TEXT, "Grü", fin=0), client(CONTINUATION, "ße ", fin=0),
                  client(CONTINUATION, "€", fin=0), client(CONTINUATION, "😀")], events=[text(word)])
    data = word.encode()
    yield vector("utf8/fragments-of-one-byte", CLAUSE, "client",
                 "Each byte of each character may be a fragment.",
                 [client(TEXT, data[:1], fin=0)] +
                 [client(CONTINUATION, data[i:i + 1], fin=0) for i in range(1, len(data) - 1)] +
                 [client(CONTINUATION, data[-1:])], events=[text(word)])
    yield vector("utf8/empty-fragment-inside-character", CLAUSE, "client",
                 "An empty fragment in the middle of a character changes nothing.",
                 [client(TEXT, euro[:2], fin=0), client(CONTINUATION, fin=0),
                  client(CONTINUATION, euro[2:])], events=[text("€")])
    # Two fragments, of which the second begins with the byte that cannot be there.
    for name, first, second, why in (
            ("wrong-byte-in-later-fragment", "61e2", "28a1",
             "the second fragment does not go on with the character that the first began"),
            ("wrong-byte-after-two-of-three", "e282", "28", "E2 82 needs a continuation byte"),
            ("wrong-byte-after-three-of-four", "f09f98", "28", "F0 9F 98 needs a continuation byte"),
            ("lead-after-cut-character", "61c3", "c3a9", "C3 needs a continuation byte"),
            ("continuation-after-whole-character", "c3a9", "a9", "C3 takes one continuation byte"),
            ("overlong-over-fragments", "e0", "80af", "E0 80 would write 6 bits in three bytes"),
            ("overlong-of-four-over-fragments", "f0", "8f8080", "F0 8F would write 16 bits in four"),
            ("surrogate-over-fragments", "ed", "a080", "ED A0 begins a surrogate"),
            ("beyond-10ffff-over-fragments", "f4", "908080", "F4 90 begins U+110000")):
        yield vector(f"utf8/{name}", CLAUSE, "client", sentence(why),
                     [client(TEXT, bytes.fromhex(first), fin=0),
                      Known(client(CONTINUATION, bytes.fromhex(second)), 1)], ["text-utf8"])
    yield vector("utf8/ends-in-empty-last-fragment", CLAUSE, "client",
                 "The character that the first fragment began is missing when FIN comes.",
                 [client(TEXT, b"\xc3", fin=0), Known(client(CONTINUATION), None)], ["text-utf8"])
    yield vector("utf8/ends-in-last-fragment", CLAUSE, "server",
                 "The last fragment ends inside a character that it goes on with.",
                 [server(TEXT, b"\xf0", fin=0), Known(server(CONTINUATION, b"\x9f\x98"), None)],
                 ["text-utf8"])


def fail_fast():
    """An endpoint should not wait for the end of what cannot become valid any more."""
    def fast(name, why, frames, events=()):
        return vector(f"utf8/{name}", CLAUSE, "server", why, frames, ["text-utf8"], events,
                      level="SHOULD")

    yield fast("known-before-message-ends",
               "Text that cannot become valid any more need not be read to its end.",
               [Known(server(TEXT, b"ab\xff", fin=0), 3)])
    yield fast("known-before-frame-ends", "Nor need the frame be read to its end.",
               [Known(server(TEXT, b"ab\xff", declared=1 << 40), 3)])
    yield fast("known-at-second-byte-of-character",
               "F4 may begin a character; with 90 behind it, it is known that it does not.",
               [Known(server(TEXT, b"ab\xf4\x90", declared=100), 4)])
    yield fast("known-in-second-fragment-before-message-ends",
               "The character that the first fragment began goes wrong in the second.",
               [server(TEXT, b"ab\xed", fin=0),
                Known(server(CONTINUATION, b"\xbf\xbfcd", fin=0), 1)])
    yield fast("known-behind-ping",
               "A Ping between the fragments is delivered; then the text goes wrong.",
               [server(TEXT, b"\xe0", fin=0), server(PING, "p"),
                Known(server(CONTINUATION, b"\x9f", fin=0), 1)], [ping("p")])
    yield vector("utf8/may-become-valid", CLAUSE, "server",
                 "A character that is not whole yet is no reason to fail.",
                 [server(TEXT, b"ab\xf4", fin=0), server(CONTINUATION, b"\x8f\xbf", fin=0)])


def long_texts():
    """Decoders that look at many bytes at once have their seams at powers of two."""
    for n in (15, 16, 31, 32, 63, 64):
        yield vector(f"utf8/wrong-byte-behind-{n}", CLAUSE, "client",
                     f"Behind {n} bytes of ASCII stands a byte that is never UTF-8.",
                     [Known(client(TEXT, b"a" * n + b"\xff" + b"a" * 70), n + 1)], ["text-utf8"])
    for n in (14, 30, 62):
        data = "a" * n + "😀" + "a" * 70
        yield vector(f"utf8/character-behind-{n}", CLAUSE, "client",
                     f"Behind {n} bytes of ASCII stands a character of four bytes.",
                     [client(TEXT, data)], events=[text(data)])
    yield vector("utf8/long", CLAUSE, "server",
                 "20000 bytes in characters of four.", [server(TEXT, "😀" * 5000)],
                 events=[text("😀" * 5000)])
    yield vector("utf8/long-and-wrong-at-the-end", CLAUSE, "server",
                 "The last of 20000 bytes is missing.",
                 [Known(server(TEXT, ("😀" * 5000).encode()[:-1]), None)], ["text-utf8"])


def utf8():
    for part in (texts, over_fragments, fail_fast, long_texts):
        yield from part()


SUBJECTS = {"utf8": (utf8, "Text messages are UTF-8.")}
