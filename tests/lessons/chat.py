"""The chat service of lessons 07 to 09 as tests see it: its members, and its own numbers."""
import asyncio
import contextlib
import glob
import json
import os
import re
import signal
import ssl
import sys
import tempfile
import unittest

import crowd
import gate
from crowd import CLOSE, PATIENCE, TEXT, together, until

# How each of the programs is started so that it stands in nobody's way.
ENOUGH = 1000000
ARGUMENTS = {"limits": ["--open", *(word for name in (
    "rate", "burst", "address-rate", "address-burst", "control-rate", "control-burst",
    "connect-rate", "connect-burst", "strikes", "per-address", "max-connections")
    for word in (f"--{name}", ENOUGH))]}


class Member(crowd.Client):
    """What it hears is kept: events, and how it ended. `code` is None while it is connected, and
    1006 when it ended without a Close."""

    async def enter(self, chat, name="", *rooms, **how):
        await self.open(chat.port, chat.request(name), tls=chat.tls, **how)
        self.events, self.code, self.reason = [], None, None
        self.listening = asyncio.create_task(self.listen())
        self.id = (await self.hear("welcome"))["member"]
        for room in rooms:
            self.ask("join", room=room)
        for room in rooms:
            await self.hear("joined", room=room)
        return self

    async def listen(self):
        self.code = await self.listen_on()

    async def listen_on(self):
        try:
            while True:
                opcode, payload = await self.receive()
                if opcode == TEXT:
                    self.events.append(json.loads(payload))
                elif opcode == CLOSE:
                    self.reason = payload[2:].decode()
                    self.send(CLOSE, payload[:2])
                    rest = await self.reader.read()
                    assert rest == b"", f"{rest} comes behind the Close"
                    return int.from_bytes(payload[:2], "big")
        except (asyncio.IncompleteReadError, ConnectionError):
            return 1006
        finally:
            self.writer.close()

    def ask(self, what, **more):
        self.send(TEXT, json.dumps({"do": what, **more}).encode())

    def say(self, room, text):
        self.ask("say", room=room, text=text)

    def heard(self, event, **fields):
        """All events of this name with these members."""
        return [one for one in self.events
                if one["event"] == event and all(one.get(k) == v for k, v in fields.items())]

    async def hear(self, event, **fields):
        """The last such event; waits for the first one."""
        await until(lambda: self.heard(event, **fields) or self.code,
                    lambda: f"no {event} {fields} in {self.events[-3:]}")
        assert self.heard(event, **fields), f"ended with {self.code}, without {event} {fields}"
        return self.heard(event, **fields)[-1]

    async def ended(self):
        await until(lambda: self.code, "it is still connected")
        return self.code

    async def go(self):
        """In good order."""
        self.send(CLOSE, b"\x03\xe8")
        code = await self.ended()
        assert code == 1000, f"it wanted to go with 1000, and ended with {code}"

    def vanish(self, how):
        """Without a word: how is Client.abort or Client.reset."""
        self.listening.cancel()
        how(self)


class Chat(crowd.Server):
    secure = False  # wss

    def __init__(self, program, *arguments, **how):
        self.name, self.tls = os.path.basename(program), None
        if Chat.secure:
            folder = tempfile.TemporaryDirectory()
            certificate, key = gate.make_certificate(folder.name)
            arguments = ["--cert", certificate, "--key", key, *arguments]
            self.tls = ssl.create_default_context(cafile=certificate)
        super().__init__(program, *ARGUMENTS.get(self.name, []), *arguments, **how)
        self.more = []
        if self.name == "gate":  # it shows its guests the way in
            token = self.process.stdout.readline().strip().split("#token=")[1]
            self.more = [f"Authorization: Bearer {token}"]

    async def ready(self):
        """Behind its first line it starts the threads that are not a client's."""
        await until(lambda: {"hub", "keeper"} <= set(self.thread_names()), "no hub, or no keeper")
        self.threads, self.descriptors = self.count()
        return self

    def thread_names(self):
        for path in glob.glob(f"/proc/{self.process.pid}/task/*/comm"):
            with contextlib.suppress(OSError), open(path, encoding="ascii") as name:
                yield name.read().strip()

    def request(self, name=""):
        return crowd.request(f"/ws?name={name}" if name else "/ws", *self.more)

    def let_in(self, name):
        """A client that is no Member: what it is told is the caller's business."""
        return crowd.Client().open(self.port, self.request(name), tls=self.tls)

    async def stats(self):
        """Its own numbers, now: what they are called -> how many."""
        before = len(self.stats_lines())
        self.signal(signal.SIGUSR1)
        await until(lambda: len(self.stats_lines()) > before, "no statistics")
        return self.last_stats()

    def stats_lines(self):
        return [line for line in list(self.log) if " conn 0 stats: " in line]

    def last_stats(self):
        return {name: int(number)
                for name, number in re.findall(r"([a-z]+) (\d+)", self.stats_lines()[-1])}

    async def wait_for(self, **numbers):
        """Until these are its numbers."""
        for turn in range(10 ** 9):
            got = await self.stats()
            wrong = {name: got[name] for name in numbers if got[name] != numbers[name]}
            if not wrong:
                return got
            assert turn < PATIENCE * 20, f"it says {wrong}, {numbers} would be right"
            await asyncio.sleep(0.05)

    async def serves(self):
        """It lets somebody in, and passes on what is said."""
        one, other = await together(Member().enter(self, name, "room:serves")
                                    for name in ("one", "other"))
        one.say("room:serves", "hello")
        await other.hear("message_sent", text="hello")
        await together([one.go(), other.go()])

    async def stop(self):
        took = await super().stop()
        if not self.log_is_read:
            return took
        left = self.last_stats()
        assert (left["active"], left["rooms"], left["subscriptions"]) == (0, 0, 0), left
        return took


class Case(unittest.IsolatedAsyncioTestCase):
    """`program` is what is tested."""
    program = None

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)  # it makes all of it twice as slow

    async def start(self, *arguments, **how):
        chat = Chat(self.program, *arguments, **how)
        self.addAsyncCleanup(chat.end)
        return await chat.ready()

    def enter_all(self, chat, names, *rooms, **how):
        return together(Member().enter(chat, name, *rooms, **how) for name in names)


def main(descriptors=0):
    """SCRIPT PROGRAM [--tls] [TEST...]: exit status 77 where nothing could be tried."""
    crowd.need_descriptors(descriptors)
    Case.program = os.path.abspath(sys.argv[1])
    Chat.secure = "--tls" in sys.argv
    tests = [word for word in sys.argv[2:] if word != "--tls"]
    result = unittest.main(argv=[sys.argv[0], *tests], exit=False, verbosity=2).result
    for _, reason in result.skipped:
        print("skipped:", reason)
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if len(result.skipped) == result.testsRun else 0)
