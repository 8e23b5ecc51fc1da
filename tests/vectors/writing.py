"""What the vectors are written with: frames, events, and the vector around them."""

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
KEY = bytes.fromhex("37fa213d")  # of the examples in RFC 6455 5.7


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


def compact(data):
    """Hex; where there is much of it, an array of hex and of runs in which up to four bytes repeat."""
    if len(data) < 2048:
        return data.hex()
    parts, plain, i = [], b"", 0
    while i < len(data):
        end = i + 4
        while end < len(data) and data[end] == data[end - 4]:
            end += 1
        times = (end - i) // 4
        if times < 64:
            plain += data[i:i + 1]
            i += 1
            continue
        parts += [plain.hex()] if plain else []
        parts.append({"repeat": data[i:i + 4].hex(), "times": times})
        plain = b""
        i += times * 4
    return parts + ([plain.hex()] if plain else [])


def event(kind, data=b""):
    data = data.encode() if isinstance(data, str) else data
    return {"type": kind, "data": compact(data)}


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


def stream(frames):
    """Their bytes, and after how many of them the first violation is known; None = there is none."""
    feed, known = b"", None
    for frame in frames:
        if isinstance(frame, Known) and known is None:
            known = len(feed) + frame.known_after
        feed += frame.bytes
    return feed, known


def vector(id, clause, role, why, frames, violations=(), events=(), level="MUST", result=None,
           end=False, extensions=None, limits=None):
    """The stream of `frames`; the first Known one says where the violation is known."""
    feed, known = stream(frames)
    if end and violations and known is None:
        known = len(feed)
    v = {"id": id, "clause": clause, "level": level, "role": role, "why": why, "feed": compact(feed),
         "result": result or ("invalid" if violations else "valid"),
         "violations": list(violations), "decidable_at": known, "events": list(events)}
    if end:
        v["end"] = True
    if extensions:
        v["extensions"] = extensions
    if limits:
        v["limits"] = limits
    assert bool(violations) == (known is not None), id
    return v
