"""hub_load_test.py BIN LESSONS: hub_load notices what goes wrong, and measures what does not.

Its servers: one on Python's websockets that makes a mistake for one client, and all that the
benchmark has. Exit status 77: websockets is missing.
"""
import asyncio
import contextlib
import json
import logging
import os
import resource
import shutil
import subprocess
import sys
import threading
import unittest

try:
    import websockets
    import websockets.legacy.server
except ImportError:
    print("SKIP: websockets is missing (python3-websockets)")
    sys.exit(77)

logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # sends to who has gone, on purpose
HERE = os.path.dirname(os.path.abspath(__file__))
BIN, LESSONS = sys.argv[1:3]
HUB = [f"{LESSONS}/07_hub/hub"]
FAULTY = 5  # the number of the message with which the mistake is made
PATIENCE = 120


def hub_load(port, *arguments, dialect="plain", limit=None):
    """Exit status, the report, and what is said instead of one."""
    lower = (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))) if limit else None
    done = subprocess.run([f"{BIN}/hub_load", "--port", str(port), "--dialect", dialect,
                           "--warm", "0.1", "--seconds", "0.3", *arguments],
                          capture_output=True, text=True, timeout=PATIENCE, preexec_fn=lower)
    return done.returncode, json.loads(done.stdout or "null"), done.stderr


# ---- A server that makes mistakes ----------------------------------------------------------------


async def right(client, text, number):
    await client.send(text)


async def lost(client, text, number):
    if number != FAULTY:
        await client.send(text)


async def twice(client, text, number):
    for _ in range(2 if number == FAULTY else 1):
        await client.send(text)


async def swapped(client, text, number):
    if number == FAULTY:
        client.held = text
    else:
        await client.send(text)
    if number == FAULTY + 1:
        await client.send(client.held)


async def invented(client, text, number):
    await client.send(text)
    if number == FAULTY:
        await client.send(f"#{FAULTY + 1:07x}")


async def silent(client, text, number):
    if number < FAULTY:
        await client.send(text)


async def mute(client, text, number):
    pass


async def closed(client, text, number):
    if number == FAULTY:
        await client.close(1001)
    elif number < FAULTY:
        await client.send(text)


async def cut(client, text, number):
    if number == FAULTY:
        client.transport.abort()
    elif number < FAULTY:
        await client.send(text)


async def something_else(client, text, number):
    await client.send("hello" if number == FAULTY else text)


async def fragments(client, text, number):
    await client.send([text[:3], text[3:5], text[5:]])


async def joined(client, text, number):
    """What comes within a moment goes out as one message."""
    waiting = client.__dict__.setdefault("waiting", [])
    waiting.append(text)
    if len(waiting) == 1:
        await asyncio.sleep(0.005)
        client.waiting = []
        await client.send("\n".join(waiting))


class OnePong(websockets.legacy.server.WebSocketServerProtocol):
    """Answers only the first ping."""
    ponged = False

    async def pong(self, data=b""):
        if not self.ponged:
            self.ponged = True
            await super().pong(data)


class Server(threading.Thread):
    """What one says goes to all; to the third client in another way."""

    def __init__(self, deliver, protocol=None):
        super().__init__(daemon=True)
        self.deliver, self.protocol = deliver, protocol
        self.clients, self.jobs, self.ready = [], set(), threading.Event()

    async def send(self, i, client, text, number):
        with contextlib.suppress(websockets.ConnectionClosed):
            await (self.deliver if i == 2 else right)(client, text, number)

    async def serve(self, client):
        self.clients.append(client)
        with contextlib.suppress(websockets.ConnectionClosed):
            async for text in client:
                number = int(text[1:8], 16)
                for i, other in enumerate(self.clients):
                    job = asyncio.ensure_future(self.send(i, other, text, number))
                    self.jobs.add(job)
                    job.add_done_callback(self.jobs.discard)

    async def main(self):
        self.loop, self.stop = asyncio.get_running_loop(), asyncio.Event()
        async with websockets.legacy.server.serve(self.serve, "127.0.0.1", 0, compression=None,
                                                  create_protocol=self.protocol) as server:
            self.port = server.sockets[0].getsockname()[1]
            self.ready.set()
            await self.stop.wait()

    def run(self):
        asyncio.run(self.main())

    def __enter__(self):
        self.start()
        self.ready.wait()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.stop.set)
        self.join()


class Mistakes(unittest.TestCase):
    def see(self, deliver, *arguments, protocol=None):
        with Server(deliver, protocol) as server:
            return hub_load(server.port, "--subscribers", "5", *arguments)

    def assertSays(self, seen, what):
        self.assertEqual((seen[0], seen[1]), (1, None), seen)
        self.assertIn(what, seen[2])

    def test_a_server_without_mistakes(self):
        for mode in ("closed", "open", "idle"):
            status, report, said = self.see(right, "--mode", mode)
            self.assertEqual((status, said), (0, ""))
            self.assertEqual(report["mode"], mode)

    def test_a_message_is_lost(self):
        self.assertSays(self.see(lost), "subscriber 2: message 6 comes when 5 is due")

    def test_a_message_comes_twice(self):
        self.assertSays(self.see(twice), "subscriber 2: message 5 comes again")

    def test_two_messages_change_places(self):
        self.assertSays(self.see(swapped), "subscriber 2: message 6 comes when 5 is due")

    def test_a_message_that_nobody_sent(self):
        seen = self.see(invented, "--window", "1")
        self.assertEqual(seen[0], 1)
        # where it is fast enough to be taken for the one that is sent next, that comes again
        self.assertRegex(seen[2], "subscriber 2: message 6 comes(, which was not sent| again)")

    def test_the_last_messages_do_not_come(self):
        self.assertSays(self.see(silent), "subscriber 2: message 5 has not come within 10 s")

    def test_the_server_closes(self):
        self.assertSays(self.see(closed), "subscriber 2: the server closes with code 1001")

    def test_the_server_cuts(self):
        self.assertSays(self.see(cut), "subscriber 2: the server ends the connection")

    def test_a_message_that_is_not_the_publishers(self):
        self.assertSays(self.see(something_else), "subscriber 2: the server says hello")

    def test_messages_in_fragments(self):
        self.assertEqual(self.see(fragments)[0], 0)

    def test_messages_that_come_as_one(self):
        self.assertEqual(self.see(joined)[0], 0)

    def test_an_idle_connection_that_does_not_answer(self):
        self.assertSays(self.see(right, "--mode", "idle", protocol=OnePong),
                        "publisher: no answer to a ping")

    def test_an_idle_connection_that_hears_nothing(self):
        self.assertSays(self.see(mute, "--mode", "idle"),
                        "subscriber 2: message 1 has not come within 10 s")


# ---- The servers of the benchmark ----------------------------------------------------------------


class Real:
    """A server that is started for a test."""

    def __init__(self, *command):
        self.command = command

    def __enter__(self):
        self.program = subprocess.Popen(self.command, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        line = self.program.stdout.readline().decode()
        self.port, self.pid = line.rpartition(":")[2].strip(), str(self.program.pid)
        return self

    def __exit__(self, *_):
        self.program.kill()
        self.program.wait()
        self.program.stdout.close()


class Servers(unittest.TestCase):
    def measure(self, command, dialect="plain"):
        for mode in ("closed", "open", "idle"):
            with Real(*command) as server:
                status, seen, said = hub_load(server.port, "--pid", server.pid, "--mode", mode,
                                              "--subscribers", "50",
                                              *(["--spin"] if mode == "closed" else []),
                                              dialect=dialect)
            self.assertEqual((status, said), (0, ""), f"{command} {mode}")
            self.assertEqual(seen["deliveries"] > 0, mode != "idle")
            self.assertGreater(seen["rss_kib_at_end"], 0)
            self.assertGreaterEqual(seen["max_ms"], seen["p99_ms"])
            self.assertGreaterEqual(seen["p99_ms"], seen["p50_ms"])
            if mode != "idle":
                self.assertEqual(seen["bytes"][0], 128)
                self.assertLessEqual(seen["bytes"][1], 130)  # a number may have one digit more
                self.assertGreater(seen["p50_ms"], 0)
                self.assertGreater(seen["server_cpu_per_million"], 0)

    def test_the_hub(self):
        self.measure(HUB, "hub")

    def test_the_floor(self):
        self.measure([f"{BIN}/hub_floor"])
        self.measure([f"{BIN}/hub_floor", "coalesce"])

    def test_gorilla(self):
        if not os.path.exists(f"{BIN}/hub_gorilla"):
            self.skipTest("gorilla/websocket is missing (golang-github-gorilla-websocket-dev)")
        self.measure([f"{BIN}/hub_gorilla"])

    def test_npm_ws(self):
        if not shutil.which("node") or not os.path.isdir(f"{HERE}/../interop/node_modules/ws"):
            self.skipTest("npm ws is missing (npm ci in tests/interop)")
        self.measure(["node", f"{HERE}/hub_ws.js"])

    def test_a_refusal_is_told(self):
        with Real(*HUB, "--room-max", "3") as server:
            status, _, said = hub_load(server.port, "--subscribers", "5", dialect="hub")
        self.assertEqual(status, 1)
        self.assertRegex(said, 'subscriber 3: the server says .*"room-full"')

    def test_clients_that_read_nothing_are_hung_up_one_after_the_other(self):
        # the hub gives each 2 seconds for its part of the closing handshake
        for command, dialect in ((HUB, "hub"), ([f"{BIN}/hub_floor"], "plain")):
            with Real(*command) as server:
                status, seen, said = hub_load(
                    server.port, "--pid", server.pid, "--subscribers", "5", "--stopped", "60",
                    "--bytes", "2000", "--seconds", "4", dialect=dialect)
            self.assertEqual((status, said), (0, ""))
            self.assertGreater(seen["dropped"], 0)
            self.assertLessEqual(seen["dropped"], 60)

    def test_a_limit_of_the_machine_is_told(self):
        with Real(f"{BIN}/hub_floor") as server:
            status, _, said = hub_load(server.port, "--subscribers", "300", limit=256)
        self.assertEqual(status, 77)
        self.assertIn("may have 256 descriptors (RLIMIT_NOFILE)", said)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
