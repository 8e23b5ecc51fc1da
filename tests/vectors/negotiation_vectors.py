"""Vectors of the negotiation of permessage-deflate (RFC 7692 5, 7.1): what a server answers to an
offer, and what a client makes of an answer."""
from handshake_vectors import head_vector, request, response

PMD = "permessage-deflate"
SERVER_BITS, CLIENT_BITS = "server_max_window_bits", "client_max_window_bits"
SERVER_FORGETS, CLIENT_FORGETS = "server_no_context_takeover", "client_no_context_takeover"

# Values of a window that are none (7.1.2): out of range, 8 once it is cut to 8 or 32 bits, with
# leading zeros, and otherwise not written as a number from 8 to 15.
WRONG_BITS = {"0": "0", "7": "7", "16": "16", "08": "leading-zero", '"7"': "quoted-7"}
WRONG_BITS_TOO = {"264": "264", "4294967304": "4294967304", "015": "leading-zero-of-15",
                  "+9": "plus", "9.0": "fraction", "0x9": "hex", "x": "no-number"}


def lines(values):
    """A header line each; `; …` is short for an element with these parameters."""
    expanded = [", ".join(PMD + e if e == "" or e[0] == ";" else e for e in value.split(", "))
                for value in values]
    return ["Sec-WebSocket-Extensions: " + value for value in expanded]


def offer(name, clause, why, offers, answer, may=None, policy=None, may_decline=False,
          level="MUST"):
    """`offers`: the values of the header's lines. `answer`: the parameters that must be named, None
    = declined; `may`: those that may be named too."""
    v = head_vector(f"deflate-offer/{name}", clause, why, request(*lines(offers)), level=level)
    v.update(policy=policy or {}, answer=answer)
    window = (policy or {}).get(SERVER_BITS, 15)
    if answer is not None:
        unsaid = {SERVER_BITS: 15} if SERVER_BITS not in answer and window == 15 else {}
        v["answer_may"] = {**unsaid, **(may or {})}
    if may_decline:
        v["may_decline"] = True
    return v


def offers_granted():
    yield offer("plain", "RFC 7692 7.1", "Nothing is asked for, so nothing need be said.", [""], {})
    yield offer("none", "RFC 7692 5", "What was not offered must not be answered.", [], None)
    yield offer("other-extensions", "RFC 6455 9.1", "The name counts whole.",
                [f"x-other, {PMD}d, x-{PMD}, perframe-deflate"], None)
    yield offer("behind-other-extensions", "RFC 6455 9.1",
                "What is not known is passed over.", [f"x-a; {SERVER_BITS}=9, x-b; unknown", ""], {})
    yield offer("client-window", "RFC 7692 7.1.2.2",
                "The client can limit its window; where nobody wants it to, it need not.",
                [f"; {CLIENT_BITS}"], {}, {CLIENT_BITS: 15})
    for bits in (8, 10, 15):
        yield offer(f"client-window-{bits}", "RFC 7692 7.1.2.2",
                    "The client says what it will do; the answer may name it, or not.",
                    [f"; {CLIENT_BITS}={bits}"], {}, {CLIENT_BITS: bits}, may_decline=bits == 8)
    for bits in (8, 9, 14):
        yield offer(f"server-window-{bits}", "RFC 7692 7.1.2.1",
                    "Whoever accepts it must name the same or a smaller window.",
                    [f"; {SERVER_BITS}={bits}"], {SERVER_BITS: bits}, may_decline=bits == 8)
    yield offer("server-window-15", "RFC 7692 7.1.2.1",
                "It must be named, even if it is as wide as without.", [f"; {SERVER_BITS}=15"],
                {SERVER_BITS: 15})
    yield offer("server-window-quoted", "RFC 6455 9.1", "Quotes make no other value.",
                [f'; {SERVER_BITS}="10"'], {SERVER_BITS: 10})
    yield offer("server-forgets", "RFC 7692 7.1.1.1", "Whoever accepts it must name it.",
                [f"; {SERVER_FORGETS}"], {SERVER_FORGETS: True})
    yield offer("client-forgets", "RFC 7692 7.1.1.2",
                "The client says what it will do; the answer may name it, or not.",
                [f"; {CLIENT_FORGETS}"], {}, {CLIENT_FORGETS: True})
    yield offer("all-parameters", "RFC 7692 7.1", "In any order, with or without spaces.",
                [f";{CLIENT_BITS}=9 ;  {SERVER_BITS}=12;{CLIENT_FORGETS};{SERVER_FORGETS}"],
                {SERVER_BITS: 12, SERVER_FORGETS: True}, {CLIENT_BITS: 9, CLIENT_FORGETS: True})


def offers_declined():
    def declined(name, clause, why, parameters):
        return offer(name, clause, why, [parameters], None)

    yield declined("unknown", "RFC 7692 7.1", "There is no such parameter.", "; unknown")
    yield declined("unknown-with-value", "RFC 7692 7.1", "With a value neither.",
                   f"; {SERVER_BITS}=10; max_window_bits=10")
    for flag, side in ((SERVER_FORGETS, "server"), (CLIENT_FORGETS, "client")):
        yield declined(f"{side}-forgets-double", "RFC 7692 7.1", "Each parameter stands there once.",
                       f"; {flag}; {flag}")
        yield declined(f"{side}-forgets-with-value", "RFC 7692 7.1.1", "It has no value.",
                       f"; {flag}=10")
    yield declined("client-forgets-with-quoted-value", "RFC 7692 7.1.1", "Not in quotes either.",
                   f'; {CLIENT_FORGETS}="1"')
    yield declined("server-window-double", "RFC 7692 7.1",
                   "Each parameter stands there once, with the same value too.",
                   f"; {SERVER_BITS}=10; {SERVER_BITS}=10")
    yield declined("client-window-double", "RFC 7692 7.1",
                   "Each parameter stands there once, with or without a value.",
                   f"; {CLIENT_BITS}; {CLIENT_BITS}=10")
    yield declined("server-window-without-value", "RFC 7692 7.1.2.1",
                   "Only the client's may be without one.", f"; {SERVER_BITS}")
    for parameter, side, clause, values in (
            (SERVER_BITS, "server", "RFC 7692 7.1.2.1", {**WRONG_BITS, **WRONG_BITS_TOO}),
            (CLIENT_BITS, "client", "RFC 7692 7.1.2.2", WRONG_BITS)):
        for value, word in values.items():
            yield declined(f"{side}-window-{word}", clause,
                           "A window is 8 to 15 in decimal, without leading zeros.",
                           f"; {parameter}={value}")


def offers_in_order():
    clause = "RFC 7692 5.1"
    nine = {SERVER_BITS: 9}
    for name, wrong in (("unknown", "; unknown"), ("double", f"; {SERVER_FORGETS}" * 2),
                        ("value", f"; {SERVER_FORGETS}=1"), ("window", f"; {SERVER_BITS}=16")):
        yield offer(f"next-behind-wrong-{name}", clause,
                    "An element that is declined takes nothing from the next one.",
                    [f"{wrong}, ; {SERVER_BITS}=9"], nine)
    yield offer("next-in-another-line", clause, "Two lines are one list.",
                ["; unknown", f"; {SERVER_BITS}=9"], nine)
    yield offer("third", clause, "However many were declined.",
                [f"; unknown, ; {SERVER_BITS}=7, ; {SERVER_BITS}=9"], nine)
    yield offer("first-of-two", clause, "The client prefers what it names first.",
                [f"; {SERVER_FORGETS}, "], {SERVER_FORGETS: True}, level="SHOULD")
    yield offer("first-of-two-and-not-the-second", clause,
                "What the second asks for is not asked for by the first.",
                [f", ; {SERVER_FORGETS}; {SERVER_BITS}=9"], {}, level="SHOULD")


def offers_and_policy():
    ten = {CLIENT_BITS: 10}
    clause = "RFC 7692 7.1.2.2"
    yield offer("policy-client-window", clause, "The client can limit its window, so it must.",
                [f"; {CLIENT_BITS}"], ten, policy=ten)
    yield offer("policy-client-window-not-allowed", clause,
                "A client that does not say that it can must not be told to: declined.", [""], None,
                policy=ten)
    yield offer("policy-client-window-14-not-allowed", clause, "Nor to a little less than 15.",
                [""], None, policy={CLIENT_BITS: 14})
    yield offer("policy-client-window-15", clause, "15 bits are no limit.", [""], {},
                policy={CLIENT_BITS: 15})
    yield offer("policy-client-window-allowed-by-the-next", clause,
                "Of several offers, the one is taken that can have it.", [f", ; {CLIENT_BITS}"],
                ten, policy=ten)
    for bits, agreed in ((9, 9), (10, 10), (11, 10)):
        yield offer(f"policy-client-window-offered-{bits}", clause,
                    "The smaller of the two; a wider one than offered must not be named.",
                    [f"; {CLIENT_BITS}={bits}"], {CLIENT_BITS: agreed}, policy=ten)
    yield offer("policy-client-window-says-nothing-of-the-server", clause,
                "Each side has a window of its own.", [f"; {CLIENT_BITS}; {SERVER_BITS}=12"],
                {CLIENT_BITS: 10, SERVER_BITS: 12}, policy=ten)
    clause = "RFC 7692 7.1.2.1"
    ten = {SERVER_BITS: 10}
    yield offer("policy-server-window", clause, "It may be named without being asked for.", [""],
                ten, policy=ten)
    for bits, agreed in ((9, 9), (10, 10), (11, 10)):
        yield offer(f"policy-server-window-offered-{bits}", clause, "The smaller of the two.",
                    [f"; {SERVER_BITS}={bits}"], {SERVER_BITS: agreed}, policy=ten)
    yield offer("policy-server-window-says-nothing-of-the-client", clause,
                "Each side has a window of its own.", [f"; {CLIENT_BITS}"], ten,
                {CLIENT_BITS: 15}, policy=ten)
    for flag, side, clause in ((SERVER_FORGETS, "server", "RFC 7692 7.1.1.1"),
                               (CLIENT_FORGETS, "client", "RFC 7692 7.1.1.2")):
        yield offer(f"policy-{side}-forgets", clause, "It may be named without being asked for.",
                    [""], {flag: True}, policy={flag: True})
    everything = {SERVER_BITS: 9, SERVER_FORGETS: True, CLIENT_BITS: 11, CLIENT_FORGETS: True}
    yield offer("policy-of-everything", "RFC 7692 7.1", "All four together.", [f"; {CLIENT_BITS}"],
                everything, policy=everything)


def offers():
    for part in (offers_granted, offers_declined, offers_in_order, offers_and_policy):
        yield from part()


def answer(name, clause, why, offers, answers, agreed, level="MUST", faults=()):
    """`agreed`: the parameters that hold then; None = there is no compression."""
    v = head_vector(f"deflate-answer/{name}", clause, why, response(*lines(answers)), faults,
                    level=level, asked=request(*lines(offers)))
    v["agreed"] = agreed
    return v


def answers_legal():
    def legal(name, clause, why, offered, answered, agreed, **more):
        return answer(name, clause, why, [offered], [answered], agreed, **more)

    yield legal("plain", "RFC 7692 7.1", "Nothing was asked for, nothing is said.", "", "", {})
    yield answer("none", "RFC 7692 5", "The server declines: no compression.", [""], [], None)
    yield legal("other-extension", "RFC 7692 5", "The server takes another one.", ", x-other",
                "x-other", None)
    yield legal("behind-another-extension", "RFC 6455 9.1", "The other one is passed over.",
                ", x-other", "x-other; a=1, ", {})
    yield answer("in-the-second-line", "RFC 6455 9.1", "Two lines are one list.", [", x-other"],
                 ["x-other", f"; {SERVER_BITS}=9"], {SERVER_BITS: 9})
    yield legal("server-forgets-unasked", "RFC 7692 7.1.1.1", "It may be there unasked.", "",
                f"; {SERVER_FORGETS}", {SERVER_FORGETS: True})
    yield legal("server-forgets", "RFC 7692 7.1.1.1", "What was asked for is granted.",
                f"; {SERVER_FORGETS}", f"; {SERVER_FORGETS}", {SERVER_FORGETS: True})
    yield legal("client-forgets-unasked", "RFC 7692 7.1.1.2", "The server may ask for it.", "",
                f"; {CLIENT_FORGETS}", {CLIENT_FORGETS: True})
    yield legal("client-forgets-not-repeated", "RFC 7692 7.1.1.2",
                "What the client said of itself holds without an answer.", f"; {CLIENT_FORGETS}", "",
                {CLIENT_FORGETS: True}, level="SHOULD")
    for bits in (8, 15):
        yield legal(f"server-window-{bits}-unasked", "RFC 7692 7.1.2.1", "It may be there unasked.",
                    "", f"; {SERVER_BITS}={bits}", {} if bits == 15 else {SERVER_BITS: bits})
    for bits in (9, 10):
        yield legal(f"server-window-{bits}-of-10", "RFC 7692 7.1.2.1",
                    "The same or a smaller one than was asked for.", f"; {SERVER_BITS}=10",
                    f"; {SERVER_BITS}={bits}", {SERVER_BITS: bits})
    yield legal("server-window-15-of-15", "RFC 7692 7.1.2.1", "What was named is named again.",
                f"; {SERVER_BITS}=15", f"; {SERVER_BITS}=15", {})
    yield legal("server-window-quoted", "RFC 6455 9.1", "Quotes make no other value.",
                f"; {SERVER_BITS}=10", f'; {SERVER_BITS}="10"', {SERVER_BITS: 10})
    yield legal("client-window-not-used", "RFC 7692 7.1.2.2", "The server need not limit it.",
                f"; {CLIENT_BITS}", "", {})
    for bits in (8, 15):
        yield legal(f"client-window-{bits}", "RFC 7692 7.1.2.2", "The client said that it can.",
                    f"; {CLIENT_BITS}", f"; {CLIENT_BITS}={bits}",
                    {} if bits == 15 else {CLIENT_BITS: bits})
    for bits in (9, 10):
        yield legal(f"client-window-{bits}-of-10", "RFC 7692 7.1.2.2",
                    "The same or a smaller one than was offered.", f"; {CLIENT_BITS}=10",
                    f"; {CLIENT_BITS}={bits}", {CLIENT_BITS: bits})
    yield legal("client-window-not-repeated", "RFC 7692 7.1.2.2",
                "What the client said of itself holds without an answer.", f"; {CLIENT_BITS}=10", "",
                {CLIENT_BITS: 10}, level="SHOULD")
    yield legal("all-parameters", "RFC 7692 7.1", "In any order, with or without spaces.",
                f"; {CLIENT_BITS}; {SERVER_BITS}=12; {SERVER_FORGETS}",
                f";{SERVER_FORGETS};{CLIENT_BITS}=9 ;  {SERVER_BITS}=11;{CLIENT_FORGETS}",
                {SERVER_BITS: 11, CLIENT_BITS: 9, SERVER_FORGETS: True, CLIENT_FORGETS: True})
    yield legal("to-the-second-offer", "RFC 7692 5.1", "It need not be the first that is taken.",
                f"; {SERVER_BITS}=9, ; {CLIENT_BITS}", f"; {CLIENT_BITS}=12", {CLIENT_BITS: 12})


def answers_illegal():
    def illegal(name, clause, why, offered, answered):
        return answer(name, clause, why, [offered], [answered], None,
                      faults=["handshake-extension"])

    yield illegal("unknown", "RFC 7692 7.1", "There is no such parameter.", "", "; unknown")
    yield illegal("unknown-but-offered", "RFC 7692 7.1",
                  "An offer with such a parameter must be declined.", "; unknown", "; unknown")
    everything = f"; {CLIENT_BITS}; {SERVER_BITS}=15"
    for parameters, word in ((SERVER_FORGETS, "server-forgets"), (CLIENT_FORGETS, "client-forgets"),
                             (SERVER_BITS + "=9", "server-window"),
                             (CLIENT_BITS + "=9", "client-window")):
        named = f"; {SERVER_BITS}=9" if SERVER_BITS not in parameters else ""
        yield illegal(f"{word}-double", "RFC 7692 7.1", "Each parameter stands there once.",
                      everything, f"{named}; {parameters}; {parameters}")
    for flag, side in ((SERVER_FORGETS, "server"), (CLIENT_FORGETS, "client")):
        yield illegal(f"{side}-forgets-with-value", "RFC 7692 7.1.1", "It has no value.", "",
                      f"; {flag}=10")
    for parameter, side, clause in ((SERVER_BITS, "server", "RFC 7692 7.1.2.1"),
                                    (CLIENT_BITS, "client", "RFC 7692 7.1.2.2")):
        yield illegal(f"{side}-window-without-value", clause, "An answer names a number.",
                      f"; {CLIENT_BITS}", f"; {parameter}")
        for value, word in WRONG_BITS.items():
            yield illegal(f"{side}-window-{word}", clause,
                          "A window is 8 to 15 in decimal, without leading zeros.",
                          f"; {CLIENT_BITS}", f"; {parameter}={value}")
    yield illegal("server-forgets-not-granted", "RFC 7692 7.1.1.1",
                  "Whoever accepts it must say so.", f"; {SERVER_FORGETS}", "")
    yield illegal("server-forgets-answered-for-the-client", "RFC 7692 7.1.1.1",
                  "The other side's parameter is no answer.", f"; {SERVER_FORGETS}",
                  f"; {CLIENT_FORGETS}")
    yield illegal("server-window-wider", "RFC 7692 7.1.2.1", "11 bits are more than 10.",
                  f"; {SERVER_BITS}=10", f"; {SERVER_BITS}=11")
    for bits in (10, 15):
        yield illegal(f"server-window-{bits}-not-granted", "RFC 7692 7.1.2.1",
                      "Whoever accepts it must name one.", f"; {SERVER_BITS}={bits}", "")
    yield illegal("client-window-wider", "RFC 7692 7.1.2.2", "11 bits are more than 10.",
                  f"; {CLIENT_BITS}=10", f"; {CLIENT_BITS}=11")
    for bits in (10, 15):
        yield illegal(f"client-window-{bits}-not-allowed", "RFC 7692 7.1.2.2",
                      "The client has not said that it can limit its window.",
                      "", f"; {CLIENT_BITS}={bits}")
    yield illegal("mixed-of-two-offers", "RFC 7692 5.1",
                  "Each parameter answers an offer, but all of them none.",
                  f"; {SERVER_FORGETS}; {CLIENT_BITS}, ; {SERVER_BITS}=9", f"; {CLIENT_BITS}=9")
    yield illegal("to-no-offer", "RFC 7692 5.1", "What both offers ask for is missing.",
                  f"; {SERVER_BITS}=9, ; {SERVER_FORGETS}", "")


def answers():
    for part in (answers_legal, answers_illegal):
        yield from part()


SUBJECTS = {
    "deflate-offer": (offers, "Offers of permessage-deflate, as a server answers them."),
    "deflate-answer": (answers, "Answers to an offer of permessage-deflate, as a client judges "
                                "them."),
}
