#!/usr/bin/python3
"""hub_wire_test.py PROGRAM [TEST...]: what is no WebSocket, before the chat service.

The codec's test vectors, one connection each; limits; JSON made to hurt; and random bytes, of which
FUZZ=N (1,000) short connections of each kind are made, SEED=N repeats a run. Each ends its own
client with the right code, and nobody else notices. Exit status 77: nothing could be tried."""
import asyncio
import collections
import contextlib
import json
import os
import pathlib
import random

import chat
from crowd import CLOSE, PATIENCE, PONG, TEXT, Client, frame, together

VECTORS = pathlib.Path(__file__).resolve().parent.parent / "vectors"
MESSAGE_MAX = 16384
AT_ONCE = 50
FUZZ = int(os.environ.get("FUZZ", "1000"))
SEED = int(os.environ.get("SEED") or random.randrange(1 << 32))
CODES = {"text-utf8": 1007, "close-utf8": 1007}  # of all other rules: 1002


def bytes_of(value):
    if isinstance(value, str):
        return bytes.fromhex(value)
    return b"".join(bytes.fromhex(part) if isinstance(part, str) else
                    bytes.fromhex(part["repeat"]) * part["times"] for part in value)


def vectors(*names):
    """What a client sends where nothing was negotiated, and nothing is limited."""
    for name in names:
        for one in json.loads((VECTORS / f"{name}.json").read_text())["vectors"]:
            if one["role"] == "client" and not one.get("extensions") and not one.get("end"):
                yield one


def declares_too_much(feed):
    """Does some data frame in it have more payload than the service takes?"""
    while len(feed) >= 2:
        size, head = feed[1] & 127, 2
        if size > 125:
            head = 4 if size == 126 else 10
            size = int.from_bytes(feed[2:head], "big")
        if size > MESSAGE_MAX:
            return True
        feed = feed[head + 4 + size:]
    return False


def answers(vector):
    """What the service must say to it: how many errors, which pongs, and the Close; None = none
    comes. What was said before a Close that the service sends by itself may get no answer any
    more."""
    events = vector["events"]
    errors = sum(event["type"] in ("text", "binary") for event in events)
    pongs = [bytes_of(event["data"]) for event in events if event["type"] == "ping"]
    close = None
    if events and events[-1]["type"] == "close":
        code = events[-1]["code"]
        close = code.to_bytes(2, "big") if code else b""
    elif vector["violations"]:
        close = CODES.get(vector["violations"][0], 1002).to_bytes(2, "big")
    elif declares_too_much(bytes_of(vector["feed"])):
        close = (1009).to_bytes(2, "big")
    return errors, pongs, close


async def in_turns(tasks):
    """So many at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(task):
        async with gate:
            return await asyncio.wait_for(task, PATIENCE)
    return await asyncio.gather(*map(one, tasks))


class Wire(chat.Case):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.service = await self.start()
        self.observers = await self.enter_all(self.service, ["one", "other"], "room:a")

    async def nobody_noticed(self):
        """Who was there is there, and heard of nothing but this; of the others nothing is left."""
        await self.service.wait_for(active=2, rooms=1, subscriptions=2)
        await self.service.settle(2, 2)
        self.observers[0].say("room:a", "still here?")
        for one in self.observers:
            await one.hear("message_sent", text="still here?")
            self.assertLessEqual({event["event"] for event in one.events},
                                 {"welcome", "joined", "member_joined", "message_sent"})
        await together(one.go() for one in self.observers)
        await self.service.stop()

    async def send_vector(self, vector, in_pieces):
        errors, pongs, close = answers(vector)
        feed = bytes_of(vector["feed"])
        client = await self.service.let_in("vector")
        self.assertEqual((await client.receive())[0], TEXT)  # the welcome
        for at in range(0, len(feed), 1 if in_pieces else len(feed)):
            client.writer.write(feed[at:at + 1] if in_pieces else feed)
            if in_pieces:
                await asyncio.sleep(0)
        heard = collections.defaultdict(list)
        if close is None and vector["result"] == "acceptable":
            return client.abort()
        while CLOSE not in heard if close is not None else \
                (len(heard[TEXT]), len(heard[PONG])) < (errors, len(pongs)):
            try:
                opcode, payload = await client.receive()
            except asyncio.IncompleteReadError:
                self.fail(f"{vector['id']}: it ended behind {dict(heard)}")
            heard[opcode].append(payload)
        if close is not None:
            self.assertEqual(heard[CLOSE][0][:2], close, vector["id"])
            with contextlib.suppress(ConnectionResetError):  # what stands behind it is not read
                self.assertEqual(await client.reader.read(), b"", vector["id"])
        for one in heard[TEXT]:
            self.assertEqual(json.loads(one)["event"], "error", vector["id"])
        if close is None:
            self.assertEqual((len(heard[TEXT]), heard[PONG]), (errors, pongs), vector["id"])
        else:
            self.assertEqual(heard[PONG], pongs[:len(heard[PONG])], vector["id"])
        client.abort()

    async def test_frames(self):
        feeds = list(vectors("close", "control", "fragmentation", "framing", "length", "masking",
                             "opcodes", "utf8"))
        feeds = [one for one in feeds if one["result"] != "acceptable"]
        self.assertGreater(len(feeds), 200)
        await in_turns(self.send_vector(one, False) for one in feeds)
        short = [one for one in feeds if len(bytes_of(one["feed"])) < 100]
        await in_turns(self.send_vector(one, True) for one in short)
        await self.nobody_noticed()

    async def send_request(self, vector):
        feed = bytes_of(vector["feed"]).replace(b"/chat", b"/ws", 1)
        client = await Client().connect(self.service.port)
        client.writer.write(feed)
        line = (await client.reader.readline()).decode()
        if vector["result"] == "valid":
            wanted = 101
        else:
            wanted = vector["status"]
        self.assertEqual(line.split(" ")[:2], ["HTTP/1.1", str(wanted)], vector["id"])
        if wanted != 101:
            client.writer.write_eof()
            await client.reader.read()
        client.abort()

    async def test_requests(self):
        if self.service.more:
            self.skipTest("these requests have no token")
        feeds = [one for one in vectors("handshake-request") if one["result"] != "acceptable"]
        self.assertGreater(len(feeds), 50)
        await in_turns(self.send_request(one) for one in feeds)
        await self.nobody_noticed()

    async def test_what_is_no_request_for_a_websocket(self):
        """It is answered as HTTP has it. The answer to a head that is too long arrives, though not
        all of that is read."""
        async def answer(head):
            client = await Client().connect(self.service.port, tls=self.service.tls)
            client.writer.write(head.encode())
            status, _, body = (await client.reader.read()).decode().partition("\r\n\r\n")
            client.abort()
            return int(status.split()[1]), json.loads(body).get("error") if body[0] == "{" else "page"

        host, upgrade = "Host: 127.0.0.1\r\n", "Upgrade: websocket\r\n"
        lines = "X: y\r\n" * 65
        for head, wanted in ((f"GET / HTTP/1.1\r\n{host}\r\n", (200, "page")),
                             (f"POST / HTTP/1.1\r\n{host}\r\n", (405, "no-handshake")),
                             (f"GET / HTTP/1.1\r\n{host}X : y\r\n\r\n", (400, "no-handshake")),
                             (f"GET / HTTP/1.1\r\n{host}{upgrade}\r\n", (400, "no-handshake")),
                             (f"GET /ws HTTP/1.1\r\n{host}\r\n", (400, "no-handshake")),
                             (f"GET /{'x' * 8192}", (431, "head-too-long")),
                             (f"GET / HTTP/1.1\r\n{host}X: {'y' * 200000}\r\n\r\n",
                              (431, "head-too-long")),
                             (f"GET / HTTP/1.1\r\n{lines}\r\n", (431, "head-too-long"))):
            with self.subTest(head[:40]):
                self.assertEqual(await asyncio.wait_for(answer(head), PATIENCE), wanted)
        await self.service.wait_for(page=1, refused=7)  # the page is no refusal
        await self.nobody_noticed()

    async def test_too_long(self):
        async def end_of(*frames):
            client = await self.service.let_in("long")
            for one in frames:
                client.writer.write(one)
            while (got := await asyncio.wait_for(client.receive(), PATIENCE))[0] != CLOSE:
                pass
            client.abort()
            return int.from_bytes(got[1][:2], "big")

        # The header alone, whatever it declares; a whole one; in fragments, small ones too.
        for declared in (MESSAGE_MAX + 1, 1 << 31, 1 << 62):
            head = b"\x82\xff" + declared.to_bytes(8, "big") + bytes(4)
            short = b"\x82\xfe" + declared.to_bytes(2, "big") + bytes(4) if declared < 65536 else head
            self.assertEqual(await end_of(short), 1009)
        self.assertEqual(await end_of(frame(TEXT, b"x" * (MESSAGE_MAX + 1))), 1009)
        half = b"x" * (MESSAGE_MAX // 2 + 1)
        self.assertEqual(await end_of(frame(TEXT, half, False), frame(0, half, False)), 1009)
        if self.service.name != "limits":  # which limits their number, too
            self.assertEqual(await end_of(frame(TEXT, b"", False), *[frame(0, b"x", False)] *
                                          (MESSAGE_MAX + 1)), 1009)
        await self.nobody_noticed()

    async def test_names(self):
        """Of 1 to 32 characters; who has no such name is a guest."""
        if self.service.more:
            self.skipTest("here the token says who it is")
        for name, wanted in (("%C3%BC" * 32, "ü" * 32), ("x" * 33, "guest-"), ("%FF", "guest-"),
                             ("", "guest-")):
            client = await self.service.let_in(name)
            got = json.loads((await client.receive())[1])["name"]
            self.assertTrue(got == wanted or wanted == "guest-" and got.startswith(wanted), got)
            client.abort()
        await self.nobody_noticed()

    async def test_json_made_to_hurt(self):
        """Each gets an error, and none of them costs much."""
        client = await self.service.let_in("json")
        await client.receive()
        deep = MESSAGE_MAX // 2 - 10
        before = self.service.memory()
        for text in (b"[" * MESSAGE_MAX, b"[" * deep + b"]" * deep,
                     b'{"a":' * (deep // 3) + b"1" + b"}" * (deep // 3),
                     b'{"do":' + b"[" * deep + b"]" * deep + b"}", b"/*\"*/" + b"[" * deep,
                     b"'\"'" + b"[" * deep, b"#\"\n" + b"[" * deep, b"-" * MESSAGE_MAX,
                     b"9" * MESSAGE_MAX, b"1e" + b"9" * 16000, b"{" + b'"a":1,' * 2000 + b'"a":1}',
                     b'"' + b"\\u0000" * 2000 + b'"', b'{"do":"say","room":"room:\\ud800"}',
                     b'{"do":"join","room":"room:a","ref":' + b'"' + b"\\u0001" * 2000 + b'"}x',
                     b'{"do":null,"room":[],"text":{}}', b"{}", b"[]", b"null", b"", b" ", b"\0",
                     b'{"do":"join"}', b'{"do":"join","room":"room:A"}',
                     b'{"do":"tell","to":"%n%n%n%n","text":"x"}',
                     b'{"do":"say","room":"room:a","text":"' + b"x" * 2001 + b'"}'):
            client.send(TEXT, text)
            opcode, payload = await client.receive()
            self.assertEqual((opcode, json.loads(payload)["event"]), (TEXT, "error"), text[:20])
        # A thread's stack would be a megabyte for each of the deep ones.
        if not chat.crowd.SANITIZED:
            self.assertLess(self.service.memory(), before + 1024)
        client.abort()
        await self.nobody_noticed()


class Fuzz(Wire):
    """The same as in a fuzzer, but through a socket: what matters is that nothing else happens."""
    test_frames = test_requests = test_too_long = test_names = test_json_made_to_hurt = None

    async def connect_and_send(self, dice, data):
        client = await Client().connect(self.service.port)
        try:
            while data:
                size = dice.choice((1, 2, dice.randrange(1, 200), len(data)))
                client.writer.write(data[:size])
                data = data[size:]
                if dice.random() < 0.2:
                    await asyncio.sleep(0)
            if dice.random() < 0.5:  # see what it says, for a moment
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(client.reader.read(4096), dice.random() / 50)
        except ConnectionError:
            pass
        dice.choice((client.abort, client.reset))()

    async def run_with(self, make):
        print(f"SEED={SEED} FUZZ={FUZZ}", end=" ", flush=True)
        dice = random.Random(SEED)
        await in_turns(self.connect_and_send(random.Random(dice.random()), make(dice))
                       for _ in range(FUZZ))
        await self.nobody_noticed()

    async def test_random_bytes_for_a_request(self):
        def make(dice):
            head = bytearray(self.service.request("fuzz"))
            for _ in range(dice.choice((0, 1, 1, 5))):
                head[dice.randrange(len(head))] = dice.randrange(256)
            return dice.choice((bytes(head), dice.randbytes(dice.randrange(300)),
                                bytes(head[:dice.randrange(len(head))])))
        await self.run_with(make)

    async def test_random_bytes_for_frames(self):
        await self.run_with(lambda dice: self.service.request("fuzz") +
                            dice.randbytes(dice.randrange(1, 600)))

    async def test_frames_with_mistakes(self):
        """Vectors behind each other, with some bytes changed."""
        feeds = [bytes_of(one["feed"]) for one in
                 vectors("close", "control", "fragmentation", "framing", "masking", "utf8")]

        def make(dice):
            data = bytearray(b"".join(dice.choices(feeds, k=dice.randrange(1, 6))))
            for _ in range(dice.choice((0, 0, 1, 3))):
                data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
            return self.service.request("fuzz") + bytes(data)
        await self.run_with(make)

    async def test_requests_with_mistakes(self):
        """Of the chat: JSON with some bytes changed, for a room where nobody else is; none of these
        names becomes room:a by that."""
        def make(dice):
            data = b""
            for _ in range(dice.randrange(1, 8)):
                text = bytearray(json.dumps({
                    "do": dice.choice(("join", "say", "leave", "tell")),
                    "room": dice.choice(("room:xyz", "game:y", "device-group:z")),
                    "text": "x" * dice.randrange(60), "to": f"{dice.randrange(1 << 32):08x}",
                    "ref": str(dice.randrange(100))}).encode())
                for _ in range(dice.choice((0, 0, 0, 1, 2))):
                    text[dice.randrange(len(text))] = dice.randrange(0x20, 0x7f)
                data += frame(TEXT, bytes(text))
            return self.service.request("fuzz") + data
        await self.run_with(make)


if __name__ == "__main__":
    chat.main(500)
