#!/usr/bin/python3
"""limits_budget_test.py FOLDER: does lesson 09's server take what its budget says? All of its places are
taken by clients that hold as much as they are let, and the process is weighed.

FOLDER holds the programs (build/dev/lessons)."""

import asyncio
import os
import pathlib
import re
import signal
import sys
import tempfile
import unittest
import zlib

from gate import PATIENCE, SLOW, Gate, make_certificate
from limits_attack_test import SANITIZED, numbers, weight
from raw import TEXT, Client, do, frame

FOLDER = pathlib.Path(sys.argv[1]).resolve()
README = pathlib.Path(__file__).resolve().parents[2] / "lessons/09_limits/README.md"
FOR_EVER = [f"--{what}-ms=600000" for what in ("message", "read", "write", "ping")]
NO_RATES = ["--burst=0", "--address-burst=0", "--connect-burst=0", "--strikes=1000"]
# What we send is compressed, so there is an inflater; what we get is not, so that it stays large.
EXTENSION = "permessage-deflate; client_max_window_bits; server_max_window_bits=9"
LARGEST = "\1" * 2000  # six bytes for each in JSON
ENOUGH = 80  # such messages fill 512 KiB, and what the kernel has for a socket
# Of the budget, at least: what they hold all the time is 32 to 64 %. JSON is read for a moment only, and
# requests wait as long as the hub is busy.
SHARE = 1 / 4


def unfinished(size):
    """A request of nearly this size once it is inflated: frames of a message that does not end; its end."""
    deflater = zlib.compressobj(1, zlib.DEFLATED, -12)
    text = b'{"do":"dance","text":"%s"}' % os.urandom(size).hex()[:size - 40].encode()
    small = deflater.compress(text) + deflater.flush(zlib.Z_SYNC_FLUSH)[:-4]
    begun, end = small[:-8], small[-8:]
    return b"".join(frame(TEXT if at == 0 else 0, begun[at:at + 32768], fin=False, rsv=4 * (at == 0))
                    for at in range(0, len(begun), 32768)), frame(0, end)


def weigh(server):
    """The most that it has weighed, in MiB. Some kernels count the last pages of each thread late; what it
    weighs now is exact."""
    rollup = pathlib.Path(f"/proc/{server.process.pid}/smaps_rollup").read_text()
    return max(weight(server), int(re.search(r"Rss:\s+(\d+)", rollup)[1]) / 1024)


async def hungry(port, half):
    """A client that begins a message, and reads nothing but who it is."""
    client = await Client().open(port, "127.0.0.1", rcvbuf=4096, Sec_WebSocket_Extensions=EXTENSION)
    client.id = (await client.event())["member"]
    client.reader._transport.pause_reading()
    client.writer.write(half)
    return client


async def fill(speaker, client):
    """What waits for it is its own; what is said in a room is one frame for all of them."""
    for n in range(ENOUGH):
        speaker.writer.write(do("tell", to=client.id, text=LARGEST, ref=str(n)))
    while (event := await speaker.event()).get("ref") != str(ENOUGH - 1):
        assert event["event"] != "error", event


async def answers(server):
    """How many the hub has given so far, also to those that had no room for them."""
    given = (await numbers(server))["deliveries"]
    return given + int(re.findall(r"stats: .* dropped (\d+), threads", server.log())[-1])


async def end_all(server, clients, end):
    """All messages end at once, so that they are read as JSON at the same time."""
    before = await answers(server)
    server.process.send_signal(signal.SIGSTOP)
    for client in clients:
        client.writer.write(end)
    server.process.send_signal(signal.SIGCONT)
    while await answers(server) < before + len(clients):
        await asyncio.sleep(0.05)


class BudgetTest(unittest.TestCase):
    def server(self, *arguments):
        """It, and the numbers of its budget: KiB for one, what they are for, MiB for all, places,
        and places to be refused."""
        server = Gate(FOLDER, "--open", *arguments, secret=False, program="09_limits/limits")
        self.addCleanup(server.end)
        server.process.stdout.readline()  # its budget is told
        one, parts, *more = re.search(r"budget: (\d+) KiB for one connection at most: (.*)\n.*budget: "
                                      r"(\d+) MiB for (\d+) connections, (\d+)", server.log()).groups()
        return server, int(one), parts, *(int(number) for number in more)

    @unittest.skipIf(SANITIZED, "a sanitizer's memory is no measure")
    def test_what_all_of_them_take_is_what_was_printed(self):
        """As usual; mostly outboxes; mostly messages: so that neither can hide behind the other."""
        for memory, message, outbox in ((40, 16384, 65536), (64, 65536, 524288),
                                        (160, 2097152, 65536)):
            with self.subTest(message=message, outbox=outbox):
                server, one, _, most, places, spare = self.server(
                    "--deflate", "--drop", *NO_RATES, *FOR_EVER, f"--max-memory={memory}",
                    f"--message-bytes={message}", f"--outbox-bytes={outbox}")
                self.assertLess(places, 100, "too many for a test")
                begun = weigh(server)
                self.assertLessEqual(begun, most - (places + spare) * one / 1024)
                taken = asyncio.run(asyncio.wait_for(self.take_all(server, places, message),
                                                     PATIENCE * SLOW))
                self.assertLessEqual(taken, most)
                self.assertLessEqual(taken - begun, places * one / 1024)
                self.assertGreaterEqual(taken - begun, places * one / 1024 * SHARE)

    async def take_all(self, server, places, message_bytes):
        """What it weighs then, with one more at the door."""
        half, end = unfinished(message_bytes)
        speaker = await Client().open(server.port, "127.0.0.1")
        clients = [await hungry(server.port, half) for _ in range(places - 1)]
        for client in clients:
            await fill(speaker, client)
        await end_all(server, clients, end)
        late = Client()
        with self.assertRaisesRegex(ConnectionRefusedError, " 503 "):
            await late.open(server.port, "127.0.0.1")
        weight_now = weigh(server)
        for client in clients + [speaker, late]:
            client.abort()
        return weight_now

    def parts(self, *arguments):
        """What one connection takes: name -> KiB."""
        _, one, told, *_ = self.server(*arguments)
        parts = {name: int(size) for name, size in re.findall(r"(\w+) (\d+)", told)}
        self.assertEqual(one, sum(parts.values()))
        return parts

    def test_its_parts_are_those_of_the_text(self):
        text = README.read_text(encoding="utf-8")
        table = re.search(r"\| \| KiB \|.*\n\|.*\n((?:\|.*\n)+)", text)[1]
        rows = re.findall(r"\| \**(.*?)\** \| \**(\d+)\** \| (.*?) ?\|", table)
        usual = self.parts()
        self.assertEqual([int(size) for _, size, _ in rows],
                         [*usual.values(), sum(usual.values())])
        for (what, _, limit), (name, size) in zip(rows, usual.items()):
            if option := re.fullmatch(r"`--(\w+)-bytes`", limit):
                with self.subTest(what):
                    twice = {"message": 16384, "outbox": 65536}[option[1]] * 2
                    self.assertEqual(self.parts(f"{option[0][1:-1]}={twice}"),
                                     {**usual, name: 2 * size})
        more = re.search(r"With `--deflate` it is (\d+) more, with TLS (\d+)", text).groups()
        with tempfile.TemporaryDirectory() as folder:
            cert, key = make_certificate(folder)
            all_of_it = self.parts("--deflate", "--cert", cert, "--key", key)
        self.assertEqual(all_of_it, {**usual, "compression": int(more[0]), "TLS": int(more[1])})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
