#!/usr/bin/env python3
"""peers_test.py FOLDER [SERVER...]: the lessons' servers beside real clients.

FOLDER holds the programs (build/dev/lessons). The clients are Python websockets and npm ws; what is
not installed is skipped with its reason, or fails the run where CI is set. SLOW=3 gives a server
three times as long to stop. Exit status 77: nothing could be tried."""
import asyncio
import os
import pathlib
import re
import signal
import subprocess
import sys
import unittest

try:
    import websockets
except ImportError:
    websockets = None

FOLDER = pathlib.Path(sys.argv[1]).resolve()
ONLY = sys.argv[2:]
INTEROP = pathlib.Path(__file__).resolve().parent.parent / "interop"
MIB = 1 << 20
SIZES = [0, 1, 125, 126, 127, 65535, 65536, MIB]
PATIENCE = 60  # seconds, for what takes milliseconds

# Every server of the lessons: where it is, further arguments, and whether it serves one client
# while another is connected.
SERVERS = {
    "echo": ("01_echo/echo", [], False),
    "echo_solution": ("solutions/01_echo/exercise", [], False),
    "hijack": ("02_hijack/hijack", [], True),
    "hijack_solution": ("solutions/02_hijack/exercise", [], True),
    "threads": ("03_threads/threads", ["--ping-ms", "20"], True),
    "threads_solution": ("solutions/03_threads/exercise", ["--ping-ms", "20"], True),
    "soup": ("02_hijack/soup", [], True),
    "deadlines": ("04_deadlines/deadlines", [], True),
    "deadlines_solution": ("solutions/04_deadlines/exercise", [], True),
    "shutdown": ("05_shutdown/shutdown", [], True),
    "shutdown_solution": ("solutions/05_shutdown/exercise", [], True),
}


def missing(what):
    """This peer is not there: skip, or fail where everything has to be there."""
    if os.environ.get("CI"):
        raise AssertionError(what)
    raise unittest.SkipTest(what)


class Server:
    """A server of a lesson, from its first line to its end."""

    def __init__(self, program, arguments):
        self.process = subprocess.Popen([FOLDER / program, "--port", "0", *arguments], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        line = self.process.stdout.readline()
        port = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", line)
        assert port, f"its first line is {line!r}"
        self.port = int(port[1])
        self.uri = f"ws://127.0.0.1:{self.port}/ws"
        self.at_start = self.descriptors()

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self):
        """SIGTERM: it ends within 5 s (and what a slow machine takes), with status 0."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(5 * float(os.environ.get("SLOW", "1")))
        except subprocess.TimeoutExpired:
            return "it does not stop"

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        log = self.process.communicate()[1]
        assert "runtime error" not in log and "Sanitizer" not in log, log


def client(server, **options):
    return websockets.connect(server.uri, max_size=2 * MIB, open_timeout=PATIENCE,
                              compression=None, ping_interval=None, **options)


class Peers:
    """The tests; each server makes a class of its own of them."""

    def setUp(self):
        self.server = Server(self.program, self.arguments)
        self.addCleanup(self.server.end)

    def run_async(self, conversation):
        if not websockets:
            missing("Python websockets is missing: python3-websockets")
        asyncio.run(asyncio.wait_for(conversation, PATIENCE))

    async def echo(self, ws, message, expected=None):
        await ws.send(message)
        self.assertEqual(await ws.recv(), message if expected is None else expected)

    def test_all_sizes_of_text_and_binary(self):
        async def conversation():
            async with client(self.server) as ws:
                for size in SIZES:
                    await self.echo(ws, "x" * size)
                    await self.echo(ws, b"\xff" * size)
                await self.echo(ws, "Grüße 😀")
        self.run_async(conversation())

    def test_fragments_and_pings_between(self):
        async def conversation():
            async with client(self.server) as ws:
                await self.echo(ws, ["Grü", "", "ße ", "😀"], "Grüße 😀")
                await self.echo(ws, [b"\xff", b"\x00" * 65536], b"\xff" + b"\x00" * 65536)

                async def pieces():
                    yield "one, "
                    await (await ws.ping(b"between"))  # its pong comes before the message ends
                    yield "two"
                await self.echo(ws, pieces(), "one, two")
                await (await ws.ping(b"p" * 125))
        self.run_async(conversation())

    def test_close_codes(self):
        async def conversation():
            for code in (1000, 1001, 1011, 3000, 4999):
                async with client(self.server) as ws:
                    await ws.close(code, "bye")
                    self.assertEqual(ws.close_code, code)
            async with client(self.server) as ws:
                await ws.send("x" * (MIB + 1))
                with self.assertRaises(websockets.ConnectionClosed) as closed:
                    await ws.recv()
                self.assertEqual(closed.exception.rcvd.code, 1009)
        self.run_async(conversation())

    def test_abrupt_ends_leave_nothing(self):
        async def conversation():
            for _ in range(20):
                ws = await client(self.server)
                await self.echo(ws, "hello")
                ws.transport.abort()
                ws = await client(self.server)
                await ws.ensure_open()
                ws.transport.write(bytes.fromhex("01850000"))  # a part of a header
                ws.transport.close()
            async with client(self.server) as ws:
                await self.echo(ws, "the next one")
            for _ in range(PATIENCE * 100):
                if self.server.descriptors() == self.server.at_start:
                    return
                await asyncio.sleep(0.01)
            self.fail("descriptors stay open")
        self.run_async(conversation())

    def test_refused_where_no_websocket_is(self):
        async def conversation():
            with self.assertRaises(websockets.InvalidStatusCode) as refused:
                await websockets.connect(self.server.uri + "/no")
            self.assertEqual(refused.exception.status_code, 404)
            async with client(self.server) as ws:
                await self.echo(ws, "the next one")
        self.run_async(conversation())

    def test_one_client_beside_another(self):
        if not self.several:
            self.skipTest("it serves one client at a time: that is its lesson")

        async def conversation():
            async with client(self.server) as idle, client(self.server) as ws:
                await self.echo(ws, "beside")
                await self.echo(idle, "and back")
        self.run_async(conversation())

    def test_sigterm_with_a_client(self):
        async def conversation():
            async with client(self.server) as ws:
                await self.echo(ws, "hello")
                self.assertEqual(await asyncio.to_thread(self.server.stop), 0)
                with self.assertRaises(websockets.ConnectionClosed):
                    await ws.recv()
        self.run_async(conversation())

    def test_sigterm_without_a_client(self):
        self.assertEqual(self.server.stop(), 0)

    def test_npm_ws(self):
        if not (INTEROP / "node_modules/ws/package.json").exists():
            missing("npm ci in tests/interop has not been run")
        peer = subprocess.run(["node", INTEROP / "ws.js", "client", "plain", str(self.server.port),
                               "/ws", str(MIB)], capture_output=True, text=True, timeout=PATIENCE,
                              check=False)
        self.assertEqual((peer.returncode, peer.stderr), (0, ""))


for name, (path, more, many) in SERVERS.items():
    if not ONLY or name in ONLY:
        globals()[name] = type(name, (Peers, unittest.TestCase),
                               {"program": path, "arguments": more, "several": many})

if __name__ == "__main__":
    result = unittest.main(argv=[sys.argv[0]], exit=False, verbosity=2).result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if len(result.skipped) == result.testsRun else 0)
