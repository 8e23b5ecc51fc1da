#!/usr/bin/python3
"""hub_peers_test.py PROGRAM...: lesson 07's chat service, its members Python websockets and npm ws.

What is not installed is skipped with its reason, or fails the run where CI is set. Exit status 77:
nothing could be tried."""
import asyncio
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import unittest
import urllib.parse

from server import Server

try:
    import websockets
except ImportError:
    websockets = None

PROGRAMS = sys.argv[1:]
INTEROP = pathlib.Path(__file__).resolve().parent.parent / "interop"
PATIENCE = 60  # seconds, for what takes milliseconds
PEERS, SAID = 6, 25  # of each kind of client; messages that each of them says


def missing(what):
    """This peer is not there: skip, or fail where everything has to be there."""
    if os.environ.get("CI"):
        raise AssertionError(what)
    raise unittest.SkipTest(what)


class Member:
    """A client of Python websockets."""

    async def enter(self, server, name, *rooms, **options):
        uri = f"ws://{server.address}/ws?name={urllib.parse.quote(name)}"
        options = {"open_timeout": PATIENCE, "ping_interval": None, "max_size": 1 << 20,
                   "max_queue": None, **options}
        self.ws = await websockets.connect(uri, **options)
        self.welcome = await self.event("welcome")
        self.id = self.welcome["member"]
        for room in rooms:
            self.joined = await self.join(room)
        return self

    async def ask(self, what, **members):
        await self.ws.send(json.dumps({"do": what, **members}))

    async def event(self, name, *passed):
        """The next event is of this name; those named in `passed` may come before."""
        while True:
            event = json.loads(await self.ws.recv())
            if event["event"] not in passed:
                assert event["event"] == name, event
                return event

    async def join(self, room):
        await self.ask("join", room=room)
        return await self.event("joined", "member_joined", "member_left")

    async def hear(self, count):
        return [await self.event("message_sent", "member_joined", "member_left")
                for _ in range(count)]


def together(tasks):
    return asyncio.gather(*tasks)


async def stats(server, pattern):
    """Ask for its numbers until they are so."""
    for _ in range(PATIENCE * 20):
        server.signal(signal.SIGUSR1)
        await asyncio.sleep(0.05)
        if any(re.search(pattern, line) for line in server.log().splitlines()[-1:]):
            return
    raise AssertionError(f"no {pattern!r} in\n{server.log()[-2000:]}")


class WsMembers:
    """Members of npm ws, all in one process."""

    def __init__(self, server, total):
        if not (INTEROP / "node_modules/ws/package.json").exists():
            missing("npm ci in tests/interop has not been run")
        port = server.address.split(":")[1]
        self.node = subprocess.Popen(["node", INTEROP / "chat.js", port, str(PEERS), str(SAID),
                                      str(total)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     text=True)

    def line(self):
        return asyncio.wait_for(asyncio.to_thread(self.node.stdout.readline), PATIENCE)

    def talk(self):
        self.node.stdin.write("now\n")
        self.node.stdin.flush()

    def end(self):
        self.node.kill()
        self.node.communicate()


class Peers:
    """The tests; each program makes a class of its own of them."""

    def run_async(self, conversation, *arguments):
        if not websockets:
            missing("Python websockets is missing: python3-websockets")

        async def with_server():
            with Server(self.program, *arguments) as server:
                await asyncio.wait_for(conversation(server), PATIENCE)
                await asyncio.to_thread(server.stop)  # who is still here answers its Close
        asyncio.run(with_server())

    def test_all_hear_the_same_in_the_same_order(self):
        async def conversation(server):
            total = 2 * PEERS * SAID
            ws = WsMembers(server, total)
            with contextlib.ExitStack() as stack:
                stack.callback(ws.end)
                ours = await together(Member().enter(server, f"py{n}", "room:tea")
                                      for n in range(PEERS))
                self.assertEqual(await ws.line(), "ready\n")
                ws.talk()

                async def talk(one):
                    for i in range(SAID):
                        await one.ask("say", room="room:tea", text=f"{one.id} {i}")
                await together(talk(one) for one in ours)
                heard = await together(one.hear(total) for one in ours)
                self.assertEqual([e["seq"] for e in heard[0]], list(range(1, total + 1)))
                for other in heard[1:]:
                    self.assertEqual(other, heard[0])
                ids = [event["id"] for event in heard[0]]
                self.assertEqual(len(set(ids)), total)
                for other in json.loads(await ws.line()):
                    self.assertEqual(other, ids)
                for one in ours:  # what one says stays in its order
                    self.assertEqual([e["text"] for e in heard[0] if e["from"] == one.id],
                                     [f"{one.id} {i}" for i in range(SAID)])
                self.assertEqual({e["text"] for e in heard[0] if e["name"] == "ws0"},
                                 {f"0.{i} Grüße 😀" for i in range(SAID)})
                self.assertEqual(json.loads(await ws.line()), [1000] * PEERS)
        self.run_async(conversation)

    def test_names_and_presence(self):
        async def conversation(server):
            ann = await Member().enter(server, "Zoë & 😀 ", "game:chess")
            self.assertEqual(ann.welcome["name"], "Zoë & 😀 ")
            bob = await Member().enter(server, "Bob", "game:chess")
            self.assertEqual({(m["member"], m["name"]) for m in bob.joined["members"]},
                             {(ann.id, "Zoë & 😀 "), (bob.id, "Bob")})
            came = await ann.event("member_joined")
            self.assertEqual((came["member"], came["name"], came["count"]), (bob.id, "Bob", 2))
            await bob.ask("tell", to=ann.id, text="psst", ref="r")
            told, sent = await ann.event("told"), await bob.event("sent")
            self.assertEqual((told["from"], told["text"], told["id"]), (bob.id, "psst", sent["id"]))
            self.assertEqual((sent["to"], sent["ref"]), (ann.id, "r"))
            bob.ws.transport.abort()  # no goodbye
            left = await ann.event("member_left")
            self.assertEqual((left["member"], left["count"]), (bob.id, 1))
            await stats(server, "stats: active 1, opened 2, rooms 1, subscriptions 1, ")
        self.run_async(conversation)

    def test_a_large_room_tells_nobody(self):
        async def conversation(server):
            members = []
            for n in range(110):  # one after the other: so all is known
                members.append(await Member().enter(server, f"m{n}", "room:hall"))
            self.assertEqual([one.joined["count"] for one in members], list(range(1, 111)))
            self.assertEqual([len(one.joined["members"]) for one in members],
                             [min(n, 100) for n in range(1, 111)])
            await members[0].ask("say", room="room:hall", text="hello")
            for n, one in enumerate(members):
                for count in range(n + 2, 101):
                    self.assertEqual((await one.event("member_joined"))["count"], count)
                self.assertEqual((await one.event("message_sent"))["text"], "hello")
        self.run_async(conversation)

    def test_a_request_in_fragments_and_pings_between(self):
        async def conversation(server):
            ann = await Member().enter(server, "Ann", compression=None)

            async def pieces():
                yield '{"do":"jo'
                await (await ann.ws.ping(b"between"))
                yield 'in","room":"room:tea"}'
            await ann.ws.send(pieces())
            self.assertEqual((await ann.event("joined"))["count"], 1)
            await (await ann.ws.ping(b"p" * 125))
            await ann.ws.send("x" * 16385)
            with self.assertRaises(websockets.ConnectionClosed) as closed:
                await ann.ws.recv()
            self.assertEqual(closed.exception.rcvd.code, 1009)
        self.run_async(conversation)

    def test_a_client_that_does_not_read_is_ended(self):
        async def conversation(server):
            ann = await Member().enter(server, "Ann", "room:tea")
            bob = await Member().enter(server, "Bob", "room:tea", max_queue=1)  # reads no more
            text, said = "x" * 2000, 0
            while " ended: slow, code 1013" not in server.log():
                for _ in range(50):
                    await ann.ask("say", room="room:tea", text=text)
                await ann.hear(50)
                said += 50
                self.assertLess(said, 500000, "it keeps all of it")
            await stats(server, "stats: active 1, opened 2, rooms 1, subscriptions 1, ")
            bob.ws.transport.abort()
        # Sockets that hold little, so that it does not take long.
        self.run_async(conversation, "--send-buffer", "65536", "--write-ms", "600000")

    def test_sigterm_says_goodbye(self):
        async def conversation(server):
            members = await together(Member().enter(server, f"m{n}", "room:tea")
                                     for n in range(20))
            await members[0].ask("say", room="room:tea", text="the last one")
            await members[0].event("message_sent", "member_joined")
            status = asyncio.to_thread(server.stop)
            for one in members[1:]:
                await one.event("message_sent", "member_joined")

            async def end(one):
                with self.assertRaises(websockets.ConnectionClosed) as closed:
                    await one.event("nothing", "member_left")
                self.assertEqual(closed.exception.rcvd.code, 1001)
            ends = together(end(one) for one in members)
            self.assertEqual(await status, 0)
            await ends
            self.assertIn("stats: active 0, opened 20, rooms 0, subscriptions 0", server.log())
        self.run_async(conversation)


for program in PROGRAMS:
    title = "_".join(pathlib.Path(program).parts[-3:])
    globals()[title] = type(title, (Peers, unittest.TestCase), {"program": program})

if __name__ == "__main__":
    result = unittest.main(argv=[sys.argv[0]], exit=False, verbosity=2).result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if len(result.skipped) == result.testsRun else 0)
