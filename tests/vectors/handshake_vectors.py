"""Vectors of the opening handshake: heads of requests and responses (RFC 6455 4)."""
import base64
import hashlib

from writing import CLOSE, PING, TEXT, Known, Part, client, close, code_payload, ping, server, \
    stream, text

NONCE = "dGhlIHNhbXBsZSBub25jZQ=="  # RFC 6455 1.3, with its accept value
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def digest(data):
    return base64.b64encode(hashlib.sha1(data).digest()).decode()


def accept_for(key):
    return digest(key.encode() + GUID)


assert accept_for(NONCE) == ACCEPT


def lines(first, headers, changes, add):
    """A head: `changes` replaces headers by name, None leaves one out; `add` comes behind."""
    head = [first]
    for name, value in headers.items():
        value = changes.get(name, value)
        if value is not None:
            head.append(f"{name}: {value}")
    return "\r\n".join(head + list(add)) + "\r\n\r\n"


def request(*add, first="GET /chat HTTP/1.1", **changes):
    headers = {"Host": "server.example.com", "Upgrade": "websocket", "Connection": "Upgrade",
               "Sec-WebSocket-Key": NONCE, "Sec-WebSocket-Version": "13"}
    return lines(first, headers, {k.replace("_", "-"): v for k, v in changes.items()}, add)


def response(*add, first="HTTP/1.1 101 Switching Protocols", **changes):
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": ACCEPT}
    return lines(first, headers, {k.replace("_", "-"): v for k, v in changes.items()}, add)


def head_vector(id, clause, why, head, faults=(), level="MUST", result=None, status=None,
                asked=None, behind=(), events=()):
    """A head, judged when it is whole, and the frames behind it."""
    feed = head.encode("latin-1")
    frames, known = stream(behind)
    known = len(feed) if not behind else known and len(feed) + known
    v = {"id": id, "clause": clause, "level": level, "role": "server" if asked else "client",
         "why": why, "feed": (feed + frames).hex(),
         "result": result or ("invalid" if faults else "valid"), "violations": list(faults),
         "decidable_at": known if faults else None, "events": list(events)}
    if status:
        v["status"] = status
    if asked:
        v["request"] = asked.encode("latin-1").hex()
    return v


def requests():
    def valid(name, clause, why, head, **more):
        return head_vector(f"handshake-request/{name}", clause, why, head, **more)

    def wrong(name, clause, why, head, fault, status=400, **more):
        return head_vector(f"handshake-request/{name}", clause, why, head, ["handshake-" + fault],
                           status=status, **more)

    origin = "Origin: http://example.com"
    yield valid("rfc-example", "RFC 6455 1.2", "The RFC's example.",
                request(origin, "Sec-WebSocket-Protocol: chat, superchat"))
    yield valid("minimal", "RFC 6455 4.2.1", "Nothing but the required headers.", request())
    yield valid("names-in-any-case", "RFC 6455 4.2.1", "Names of headers know no case.",
                request().replace("Upgrade:", "upgrade:").replace("Sec-WebSocket", "SEC-websocket"))
    yield valid("values-in-any-case", "RFC 6455 4.2.1",
                "The values of Upgrade and Connection know no case.",
                request(Upgrade="WebSocket", Connection="UPGRADE"))
    yield valid("connection-list", "RFC 6455 4.2.1", "Connection is a list.",
                request(Connection="keep-alive, Upgrade"))
    yield valid("connection-in-two-lines", "RFC 9110 5.3", "A list may be spread over two lines.",
                request("Connection: Upgrade", Connection="keep-alive"))
    yield valid("upgrade-list", "RFC 6455 4.2.1", "Upgrade is a list that holds websocket.",
                request(Upgrade="h2c, websocket"))
    yield valid("white-space-around-values", "RFC 9112 5.1",
                "Spaces and tabs around a value are not part of it; none is needed either.",
                request(Upgrade=" \t websocket \t").replace("Host: ", "Host:"))
    yield valid("query", "RFC 6455 4.1", "The target has a path and a query.",
                request(first="GET /chat?room=1&x=%20 HTTP/1.1"))
    yield valid("absolute-target", "RFC 6455 4.2.1", "The target may be an absolute URI.",
                request(first="GET http://server.example.com/chat HTTP/1.1"))
    yield valid("extension-with-quoted-value", "RFC 6455 9.1",
                "A parameter's value may be a quoted token.",
                request('Sec-WebSocket-Extensions: permessage-deflate; '
                        'client_max_window_bits="10", x-other; a; b=1'))
    yield valid("other-headers", "RFC 6455 4.2.1", "Headers that mean nothing here are ignored.",
                request("Cookie: a=b; c=d", "User-Agent: test", origin))
    yield valid("connection-list-in-other-order", "RFC 6455 4.2.1",
                "The elements of a list may stand in any order, with or without a space between.",
                request(Connection="Upgrade,keep-alive"))
    yield valid("connection-list-with-empty-elements", "RFC 9110 5.6.1",
                "Empty elements of a list are ignored.", request(Connection=", ,Upgrade,"))
    yield valid("upgrade-in-two-lines", "RFC 9110 5.3", "Upgrade is a list, too.",
                request("Upgrade: websocket", Upgrade="h2c"))
    yield valid("host-with-port", "RFC 6455 4.1", "Host may name a port.",
                request(Host="server.example.com:8080"))
    yield valid("host-ipv6", "RFC 6455 4.1", "Host may be an address in brackets.",
                request(Host="[2001:db8::1]:8080"))
    yield valid("http-1.2", "RFC 6455 4.1", "The version is at least 1.1.",
                request(first="GET /chat HTTP/1.2"))
    yield valid("empty-line-in-front", "RFC 9112 2.2",
                "A server should ignore an empty line before the request line.",
                "\r\n" + request(), level="SHOULD")
    yield valid("tab-and-high-bytes-in-value", "RFC 9110 5.5",
                "A value may hold tabs and bytes from 80 on.", request("X-Odd: a\tb \xe9\xff"))
    yield valid("subprotocols-in-two-lines", "RFC 6455 11.3.4",
                "A request may spread its list of subprotocols over lines.",
                request("Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: superchat"))
    yield valid("subprotocols-that-differ-in-case", "RFC 6455 1.9",
                "Names of subprotocols know case: these are two.",
                request("Sec-WebSocket-Protocol: chat, Chat"))
    yield valid("extension-twice", "RFC 7692 5",
                "The same extension may be offered again, with other parameters.",
                request("Sec-WebSocket-Extensions: x; a=1, x; a=2, x"))
    yield valid("extensions-in-two-lines", "RFC 6455 9.1", "The list may be spread over lines.",
                request("Sec-WebSocket-Extensions: x", "Sec-WebSocket-Extensions: y; a"))
    yield valid("extension-value-with-escape", "RFC 6455 9.1",
                "A quoted value counts as what it is once its escapes are undone.",
                request('Sec-WebSocket-Extensions: x; a="b\\c"'))
    yield wrong("method-post", "RFC 6455 4.1", "The method must be GET.",
                request(first="POST /chat HTTP/1.1"), "method", 405)
    yield wrong("method-lower-case", "RFC 9110 9.1", "Methods know case.",
                request(first="get /chat HTTP/1.1"), "method", 405)
    yield wrong("http-1.0", "RFC 6455 4.1", "The version must be at least 1.1.",
                request(first="GET /chat HTTP/1.0"), "head")
    yield wrong("http-version-without-digit", "RFC 9112 2.3", "The version has two digits.",
                request(first="GET /chat HTTP/1"), "head")
    yield wrong("http-in-lower-case", "RFC 9112 2.3", "The name of the protocol knows case.",
                request(first="GET /chat http/1.1"), "head")
    yield wrong("target-missing", "RFC 9112 3", "A request line has a target.",
                request(first="GET HTTP/1.1"), "head")
    yield wrong("target-without-slash", "RFC 6455 4.2.1",
                "The target is a resource name, which begins with a slash, or an absolute URI.",
                request(first="GET chat HTTP/1.1"), "head")
    yield wrong("target-asterisk", "RFC 6455 4.2.1", "An asterisk is no resource name.",
                request(first="GET * HTTP/1.1"), "head")
    yield wrong("two-spaces-in-request-line", "RFC 9112 3",
                "One space stands between the parts; a server may be lenient, or refuse.",
                request(first="GET  /chat HTTP/1.1"), "head", level="MAY", result="acceptable")
    yield wrong("host-missing", "RFC 6455 4.2.1", "Host is required.", request(Host=None), "head")
    yield wrong("host-double", "RFC 9112 3.2", "Host must be there once.",
                request("Host: other.example.com"), "head")
    yield wrong("upgrade-missing", "RFC 6455 4.2.1", "Upgrade is required.",
                request(Upgrade=None), "upgrade")
    yield wrong("upgrade-other", "RFC 6455 4.2.1", "Upgrade must hold websocket, a whole element.",
                request(Upgrade="websockets, h2c"), "upgrade")
    yield wrong("upgrade-with-version", "RFC 6455 4.2.1", "websocket/13 is not websocket.",
                request(Upgrade="websocket/13"), "upgrade")
    yield wrong("upgrade-in-connection-only", "RFC 6455 4.2.1",
                "That Connection says websocket does not help.",
                request(Upgrade=None, Connection="Upgrade, websocket"), "upgrade")
    yield wrong("connection-missing", "RFC 6455 4.2.1", "Connection is required.",
                request(Connection=None), "connection")
    yield wrong("connection-other", "RFC 6455 4.2.1", "Connection must hold upgrade.",
                request(Connection="keep-alive"), "connection")
    yield wrong("connection-part-of-word", "RFC 6455 4.2.1", "upgrade must be a whole element.",
                request(Connection="Upgrade-Insecure, no-upgrade"), "connection")
    yield wrong("version-missing", "RFC 6455 4.2.1", "The version is required.",
                request(Sec_WebSocket_Version=None), "version", 426)
    yield wrong("version-8", "RFC 6455 4.2.1", "The version must be 13; the refusal names it.",
                request(Sec_WebSocket_Version="8"), "version", 426)
    yield wrong("version-013", "RFC 6455 4.1", "13 is written as 13.",
                request(Sec_WebSocket_Version="013"), "version", 426)
    yield wrong("version-14", "RFC 6455 4.2.1", "14 is not 13.",
                request(Sec_WebSocket_Version="14"), "version", 426)
    yield wrong("version-list", "RFC 6455 4.1", "A request has one version; a list is an answer.",
                request(Sec_WebSocket_Version="13, 8"), "version", 426)
    yield wrong("version-double", "RFC 6455 11.3.5", "The version must be there once.",
                request("Sec-WebSocket-Version: 13"), "version", 426)
    yield wrong("key-missing", "RFC 6455 4.2.1", "The key is required.",
                request(Sec_WebSocket_Key=None), "key")
    yield wrong("key-double", "RFC 6455 11.3.1", "The key must not appear more than once.",
                request("Sec-WebSocket-Key: " + NONCE), "key")
    for n in (15, 17):
        key = base64.b64encode(bytes(range(n))).decode()
        yield wrong(f"key-of-{n}-bytes", "RFC 6455 4.2.1", "The key is 16 bytes in base64.",
                    request(Sec_WebSocket_Key=key), "key")
    yield wrong("key-not-base64", "RFC 6455 4.2.1", "The key is base64.",
                request(Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25j!Q=="), "key")
    yield wrong("key-without-padding", "RFC 6455 4.2.1", "Base64 of 16 bytes ends in two '='.",
                request(Sec_WebSocket_Key=NONCE[:-2]), "key")
    yield wrong("key-empty", "RFC 6455 4.2.1", "The key has a value.",
                request(Sec_WebSocket_Key=""), "key")
    yield wrong("key-of-the-url-alphabet", "RFC 6455 4.2.1",
                "The key is in the standard alphabet of base64: + and /, not - and _.",
                request(Sec_WebSocket_Key="-_-_-_-_-_-_-_-_-_-_-w=="), "key")
    yield wrong("key-with-space", "RFC 6455 4.2.1", "No space may stand inside the key.",
                request(Sec_WebSocket_Key="dGhlIHNhbXBs ZSBub25jZQ="), "key")
    yield wrong("subprotocol-not-a-token", "RFC 6455 4.1", "Names of subprotocols are tokens.",
                request("Sec-WebSocket-Protocol: my chat"), "subprotocol")
    yield wrong("subprotocol-double", "RFC 6455 4.1", "Every name must be there once.",
                request("Sec-WebSocket-Protocol: chat, superchat, chat"), "subprotocol")
    yield wrong("subprotocol-double-over-lines", "RFC 6455 4.1",
                "Two lines are one list: every name must be there once.",
                request("Sec-WebSocket-Protocol: a, b", "Sec-WebSocket-Protocol: b"), "subprotocol")
    yield wrong("subprotocols-between-semicolons", "RFC 6455 4.1", "Commas separate, nothing else.",
                request("Sec-WebSocket-Protocol: chat; superchat"), "subprotocol")
    yield wrong("subprotocol-empty", "RFC 6455 4.3", "The list has an element at least.",
                request("Sec-WebSocket-Protocol:"), "subprotocol")
    yield wrong("extension-without-name", "RFC 6455 9.1", "An extension has a name.",
                request("Sec-WebSocket-Extensions: ; a=1"), "extension")
    yield wrong("extension-value-missing", "RFC 6455 9.1", "Behind '=' stands a value.",
                request("Sec-WebSocket-Extensions: permessage-deflate; a="), "extension")
    for name, value, why in (
            ("empty", "", "The list has an element at least."),
            ("semicolon-at-the-end", "x; a;", "Behind a semicolon stands a parameter."),
            ("two-semicolons", "x;; a", "Between semicolons stands a parameter."),
            ("parameter-without-name", "x; =1", "A parameter has a name."),
            ("two-words", "x y", "A name is one token."),
            ("quote-open", 'x; a="b', "A quote must be closed."),
            ("quoted-value-empty", 'x; a=""', "A token has a character at least."),
            ("quoted-comma", 'x; a="b,c"',
             "The comma does not end the element, but is not a character of a token."),
            ("second-of-list-malformed", "x, y; b=", "Every element must have the form.")):
        yield wrong(f"extension-{name}", "RFC 6455 9.1", why,
                    request(f"Sec-WebSocket-Extensions: {value}"), "extension")
    yield wrong("extension-quoted-value-not-a-token", "RFC 6455 9.1",
                "Without its quotes, the value must still be a token.",
                request('Sec-WebSocket-Extensions: x; a="b c"'), "extension")
    yield wrong("space-before-colon", "RFC 9112 5.1",
                "White space between a name and its colon must be refused.",
                request("X-Odd : 1"), "head")
    yield wrong("space-in-name", "RFC 9110 5.1", "The name of a header is a token.",
                request("X Odd: 1"), "head")
    yield wrong("name-empty", "RFC 9110 5.1", "A header has a name.", request(": 1"), "head")
    yield wrong("line-without-colon", "RFC 9112 5", "A header line has a colon.",
                request("X-Odd"), "head")
    yield wrong("nul-in-value", "RFC 9110 5.5", "NUL must not appear in a value.",
                request("X-Odd: a\0b"), "head")
    yield wrong("bare-lf", "RFC 9112 2.2", "A line may be taken to end in LF alone, or refused.",
                request("X-Odd: a").replace("a\r\n\r\n", "a\n\r\n"), "head", level="MAY",
                result="acceptable")
    yield wrong("bare-cr", "RFC 9112 2.2", "A CR alone is invalid, or to be taken for a space.",
                request("X-Odd: a\rb"), "head", level="MAY", result="acceptable")
    yield wrong("control-character-in-value", "RFC 9110 5.5",
                "Other control characters may be kept, or refused.",
                request("X-Odd: a\x01b"), "head", level="MAY", result="acceptable")
    yield wrong("origin-double", "RFC 6454 7.3",
                "A browser sends one Origin; a server that compares it must not guess which.",
                request(origin, "Origin: http://evil.example"), "head", level="MAY",
                result="acceptable")
    yield wrong("transfer-encoding", "RFC 6455 4.1", "As a body, so a promise of one.",
                request("Transfer-Encoding: chunked"), "head", level="MAY", result="acceptable")
    yield wrong("folded-line", "RFC 9112 5.2", "A folded line may be unfolded, or refused.",
                request("X-Odd: a\r\n b"), "head", level="MAY", result="acceptable")
    yield wrong("body", "RFC 6455 4.1", "The RFC foresees no body; a server may refuse one.",
                request("Content-Length: 5"), "head", level="MAY", result="acceptable")


def responses():
    asked = request("Sec-WebSocket-Protocol: chat, superchat",
                    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
    plain = request()

    def valid(name, clause, why, head, asked=asked, **more):
        return head_vector(f"handshake-response/{name}", clause, why, head, asked=asked, **more)

    def wrong(name, clause, why, head, fault, asked=asked, **more):
        return head_vector(f"handshake-response/{name}", clause, why, head, ["handshake-" + fault],
                           asked=asked, **more)

    yield valid("rfc-example", "RFC 6455 1.2", "The RFC's example.",
                response("Sec-WebSocket-Protocol: chat"))
    yield valid("minimal", "RFC 6455 4.2.2", "Nothing but the required headers.", response())
    yield valid("any-case", "RFC 6455 4.1",
                "Names of headers, Upgrade's and Connection's values know no case.",
                response(Upgrade="WEBSOCKET", Connection="upgrade").replace("Sec-W", "sec-w"))
    yield valid("connection-list", "RFC 6455 4.1", "Connection is a list.",
                response(Connection="keep-alive, Upgrade"))
    yield valid("white-space-around-accept", "RFC 6455 4.1",
                "White space around the value is ignored.",
                response(Sec_WebSocket_Accept="  " + ACCEPT + " \t"))
    yield valid("reason-empty", "RFC 9112 4", "The reason phrase may be empty.",
                response(first="HTTP/1.1 101 "))
    yield valid("reason-other", "RFC 6455 4.1", "The reason phrase may say anything.",
                response(first="HTTP/1.1 101 Web Socket Protocol Handshake"))
    yield valid("extension-offered", "RFC 6455 9.1", "An extension that was offered.",
                response("Sec-WebSocket-Extensions: permessage-deflate"))
    yield valid("connection-close-too", "RFC 6455 4.1", "What else Connection says is no fault.",
                response(Connection="close, Upgrade"))
    yield valid("subprotocol-second", "RFC 6455 4.1", "Any one of those offered.",
                response("Sec-WebSocket-Protocol: superchat"))
    yield valid("extensions-in-other-order", "RFC 6455 9.1",
                "Those that were offered, each once, in the server's order.",
                response("Sec-WebSocket-Extensions: x-b; p, x-a"),
                asked=request("Sec-WebSocket-Extensions: x-a, x-b; p"))
    yield valid("other-headers", "RFC 6455 4.2.2", "Further headers may be there.",
                response("Set-Cookie: a=b", "Server: test"))
    yield valid("frame-in-the-same-segment", "RFC 6455 4.2.2",
                "The server may send right behind its head; the bytes are the first frame.",
                response(), behind=[server(TEXT, "Hello")], events=[text("Hello")])
    yield valid("frames-in-the-same-segment", "RFC 6455 4.2.2",
                "And what may follow is a whole conversation.", response(),
                behind=[server(TEXT, "Hello"), server(PING, "p"), server(CLOSE, code_payload(1001))],
                events=[text("Hello"), ping("p"), close(1001)])
    yield valid("part-of-a-frame-in-the-same-segment", "RFC 6455 4.2.2",
                "Or the beginning of a frame, the rest of which comes later.", response(),
                behind=[Part(server(TEXT, "Hello"), 4)])
    yield head_vector("handshake-response/masked-frame-in-the-same-segment", "RFC 6455 5.1",
                      "The first frame is judged like any other.", response(), ["mask-unexpected"],
                      asked=asked, behind=[Known(client(TEXT, "Hello"))])
    yield wrong("status-200", "RFC 6455 4.1", "Any status but 101 leaves the connection HTTP.",
                response(first="HTTP/1.1 200 OK"), "status")
    yield wrong("status-426", "RFC 6455 4.4", "The server refuses and names its versions.",
                lines("HTTP/1.1 426 Upgrade Required",
                      {"Sec-WebSocket-Version": "13", "Content-Length": "0"}, {}, ()), "status")
    for status, reason in ((100, "Continue"), (302, "Found"), (401, "Unauthorized")):
        yield wrong(f"status-{status}", "RFC 6455 4.1",
                    "However the rest of the head looks, the status is not 101.",
                    response(first=f"HTTP/1.1 {status} {reason}"), "status")
    yield wrong("status-of-four-digits", "RFC 9112 4", "A status has three digits.",
                response(first="HTTP/1.1 1010 Switching Protocols"), "head")
    yield wrong("no-status-line", "RFC 9112 4", "A response begins with a status line.",
                response(first="101 Switching Protocols"), "head")
    yield wrong("http-1.0", "RFC 6455 4.2.2", "The version must be at least 1.1.",
                response(first="HTTP/1.0 101 Switching Protocols"), "head")
    yield wrong("upgrade-missing", "RFC 6455 4.1", "Upgrade is required.", response(Upgrade=None),
                "upgrade")
    yield wrong("upgrade-other", "RFC 6455 4.1", "Upgrade must say websocket.",
                response(Upgrade="h2c"), "upgrade")
    yield wrong("upgrade-more-than-websocket", "RFC 6455 4.1",
                "A server says to what it has switched, and only that.",
                response(Upgrade="h2c, websocket"), "upgrade")
    yield wrong("connection-missing", "RFC 6455 4.1", "Connection is required.",
                response(Connection=None), "connection")
    yield wrong("connection-other", "RFC 6455 4.1", "Connection must hold upgrade.",
                response(Connection="keep-alive"), "connection")
    yield wrong("accept-missing", "RFC 6455 4.1", "The accept value is required.",
                response(Sec_WebSocket_Accept=None), "accept")
    yield wrong("accept-for-another-key", "RFC 6455 4.1",
                "The accept value must answer the key that was sent.",
                response(Sec_WebSocket_Accept=accept_for("AAECAwQFBgcICQoLDA0ODw==")), "accept")
    yield wrong("accept-in-other-case", "RFC 6455 4.1", "Base64 knows case.",
                response(Sec_WebSocket_Accept=ACCEPT.lower()), "accept")
    yield wrong("accept-is-the-key", "RFC 6455 4.1", "The key itself is no answer.",
                response(Sec_WebSocket_Accept=NONCE), "accept")
    for name, value, why in (
            ("empty", "", "An empty value answers nothing."),
            ("with-more-behind", ACCEPT + "=", "The whole value must be equal."),
            ("without-padding", ACCEPT[:-1], "The padding belongs to the value."),
            ("quoted", f'"{ACCEPT}"', "The value has no quotes."),
            ("of-the-decoded-key", digest(base64.b64decode(NONCE) + GUID),
             "The key goes into the digest as it stands in the request, not decoded."),
            ("without-guid", digest(NONCE.encode()), "The GUID goes into the digest."),
            ("with-guid-in-lower-case", digest(NONCE.encode() + GUID.lower()),
             "The GUID is in upper case.")):
        yield wrong(f"accept-{name}", "RFC 6455 4.2.2", why,
                    response(Sec_WebSocket_Accept=value), "accept")
    yield wrong("accept-double", "RFC 6455 11.3.3", "The accept value must be there once.",
                response("Sec-WebSocket-Accept: " + ACCEPT), "accept")
    yield wrong("subprotocol-not-offered", "RFC 6455 4.1", "It must be one of those offered.",
                response("Sec-WebSocket-Protocol: other"), "subprotocol")
    yield wrong("subprotocol-none-offered", "RFC 6455 4.1", "Nothing was offered.",
                response("Sec-WebSocket-Protocol: chat"), "subprotocol", asked=plain)
    yield wrong("subprotocol-in-other-case", "RFC 6455 4.1", "Names of subprotocols know case.",
                response("Sec-WebSocket-Protocol: Chat"), "subprotocol")
    yield wrong("subprotocol-two", "RFC 6455 11.3.4", "The answer is one, not a list.",
                response("Sec-WebSocket-Protocol: chat, superchat"), "subprotocol")
    yield wrong("subprotocol-empty", "RFC 6455 4.1", "An empty name was not offered.",
                response("Sec-WebSocket-Protocol:"), "subprotocol")
    yield wrong("subprotocol-double", "RFC 6455 11.3.4", "The answer must not be there twice.",
                response("Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: chat"),
                "subprotocol")
    yield wrong("subprotocol-part-of-offered", "RFC 6455 4.1", "Part of a name is another name.",
                response("Sec-WebSocket-Protocol: super"), "subprotocol")
    yield wrong("extension-not-offered", "RFC 6455 4.1", "The answer must be among those offered.",
                response("Sec-WebSocket-Extensions: permessage-deflate, x-other"), "extension")
    yield wrong("extension-none-offered", "RFC 6455 4.1", "Nothing was offered.",
                response("Sec-WebSocket-Extensions: permessage-deflate"), "extension", asked=plain)
    yield wrong("extension-twice", "RFC 7692 5", "An answer names an extension once.",
                response("Sec-WebSocket-Extensions: permessage-deflate, permessage-deflate"),
                "extension")
    yield wrong("extension-twice-over-lines", "RFC 7692 5", "Two lines are one list.",
                response("Sec-WebSocket-Extensions: permessage-deflate",
                         "Sec-WebSocket-Extensions: permessage-deflate"), "extension")
    yield wrong("extension-malformed", "RFC 6455 9.1", "Behind a semicolon stands a parameter.",
                response("Sec-WebSocket-Extensions: permessage-deflate;"), "extension")
    yield wrong("extension-empty", "RFC 6455 9.1", "The list has an element at least.",
                response("Sec-WebSocket-Extensions:"), "extension")
    yield wrong("extension-part-of-offered", "RFC 6455 9.1", "Part of a name is another name.",
                response("Sec-WebSocket-Extensions: permessage"), "extension")
    yield wrong("space-before-colon", "RFC 9112 5.1",
                "Of a response, white space before the colon may be removed, or the head refused.",
                response("X-Odd : 1"), "head", level="MAY", result="acceptable")
    yield wrong("nul-in-value", "RFC 9110 5.5", "NUL must not appear in a value.",
                response("X-Odd: a\0b"), "head")
    yield wrong("line-without-colon", "RFC 9112 5", "A header line has a colon.",
                response("X-Odd"), "head")


SUBJECTS = {
    "handshake-request": (requests, "The client's opening head, as a server judges it."),
    "handshake-response": (responses, "The server's opening head, as a client judges it."),
}
