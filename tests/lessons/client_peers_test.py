#!/usr/bin/python3
"""client_peers_test.py PROGRAM SERVER: lesson 06's client with real servers: Python websockets, with TLS
too, npm ws, and SERVER, the one of lesson 05.

What is not installed is skipped with its reason, or fails the run where CI is set. Exit status 77:
nothing could be tried."""
import asyncio
import http
import json
import os
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

from client_program import PATIENCE, Client

try:
    import websockets
except ImportError:
    websockets = None

PROGRAM, SHUTDOWN = sys.argv[1:3]
INTEROP = pathlib.Path(__file__).resolve().parent.parent / "interop"
SIZES = [0, 1, 125, 126, 65535, 65536, 1 << 20]


def missing(what):
    """This peer is not there: skip, or fail where everything has to be there."""
    if os.environ.get("CI"):
        raise AssertionError(what)
    raise unittest.SkipTest(what)


class WebsocketsServer:
    """Python websockets in a thread of its own: serve(ws) for each connection."""

    def __init__(self, serve, port=0, **options):
        self.loop, self.ready = asyncio.new_event_loop(), threading.Event()
        self.thread = threading.Thread(target=self.run, args=(serve, port, options), daemon=True)
        self.thread.start()
        assert self.ready.wait(PATIENCE)

    def run(self, serve, port, options):
        async def live():
            self.stop = asyncio.Event()
            options.setdefault("max_size", 2 << 20)
            async with websockets.serve(serve, "127.0.0.1", port, **options) as server:
                self.port = server.sockets[0].getsockname()[1]
                self.ready.set()
                await self.stop.wait()
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(live())

    def end(self):
        """All connections get Close 1001."""
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()
        self.loop.close()


async def echo(ws):
    async for message in ws:
        await ws.send(message)


class Case(unittest.TestCase):
    def client(self, *arguments):
        client = Client(PROGRAM, *arguments)
        self.addCleanup(client.end)
        return client

    def websockets(self, serve=echo, **options):
        if not websockets:
            missing("Python websockets is missing: python3-websockets")
        server = WebsocketsServer(serve, **options)
        return server

    def echo_of_everything(self, client):
        for size in SIZES:
            client.type(b"x" * size + b"\n")
            self.assertEqual(client.line(), "x" * size)
        client.type("Grüße 😀\n".encode() * 100)
        for _ in range(100):
            self.assertEqual(client.line(), "Grüße 😀")

    def leaves_with_status_0(self, client):
        client.interrupt()
        self.assertEqual(client.wait(), 0)
        client.wait_log("ended: we closed, code 1001")


class PythonWebsockets(Case):
    def test_echo(self):
        server = self.websockets(subprotocols=["chat.v1"])
        client = self.client(f"ws://127.0.0.1:{server.port}/", "--subprotocol", "chat.v2, chat.v1",
                             "--ping-ms", "20")
        client.wait_log("subprotocol chat.v1")
        self.echo_of_everything(client)
        self.leaves_with_status_0(client)
        server.end()

    def test_a_pipe(self):
        """What is behind the last line's Close in other programs: answers that take a while."""
        async def slow(ws):
            async for message in ws:
                await asyncio.sleep(0.05)
                await ws.send(message.upper())
        server = self.websockets(slow)
        done = subprocess.run([PROGRAM, f"ws://127.0.0.1:{server.port}/", "--quiet-ms", "2000"],
                              input=b"one\ntwo\nthree", capture_output=True, timeout=PATIENCE,
                              check=True)
        self.assertEqual(done.stdout, b"ONE\nTWO\nTHREE\n")
        server.end()

    def test_headers_and_refusals(self):
        async def guard(_, headers):
            if headers.get("Authorization") != "Bearer secret":
                return http.HTTPStatus.UNAUTHORIZED, [], b""
            return None
        server = self.websockets(process_request=guard)
        url = f"ws://127.0.0.1:{server.port}/"
        client = self.client(url)
        self.assertEqual(client.wait(), 1)
        client.wait_log("refused: status 401")
        client = self.client(url, "--header", "Authorization: Bearer secret")
        client.type(b"in\n")
        self.assertEqual(client.line(), "in")
        self.leaves_with_status_0(client)
        server.end()

    def test_nothing_is_lost_or_doubled_when_the_server_restarts(self):
        """The server keeps a story. To {"do": "follow", "last": 5} it tells the last 5 lines again,
        and then what is new: so a client that was away for a moment misses nothing, and gets some
        of it twice."""
        story, followers, followed = [], set(), threading.Event()

        async def tell(ws):
            async for message in ws:
                for line in story[-json.loads(message)["last"]:]:
                    await ws.send(line)
                followers.add(ws)
                followed.set()

        async def add(number):
            story.append(json.dumps({"id": f"line-{number}", "text": f"line {number}"}))
            for ws in followers:
                await ws.send(story[-1])
        server = self.websockets(tell)
        port = server.port
        client = self.client(f"ws://127.0.0.1:{port}/", "--base-ms", "10", "--cap-ms", "50",
                             "--subscribe", '{"do": "follow", "last": 5}')
        for number in range(40):
            if number % 4 == 0:  # it goes; two lines of the story happen until it is back
                self.assertTrue(followed.wait(PATIENCE))
                server.end()
                followers.clear()
                followed.clear()
            if number % 4 == 2:
                server = WebsocketsServer(tell, port)
            if number % 4 < 2:
                asyncio.run(add(number))
            else:
                asyncio.run_coroutine_threadsafe(add(number), server.loop).result(PATIENCE)
        for number in range(40):
            self.assertEqual(json.loads(client.line())["id"], f"line-{number}")
        self.leaves_with_status_0(client)
        client.wait_log("ended: the server closed, code 1001", 10)
        client.wait_log("dropped [1-9]")
        server.end()


class Tls(Case):
    """wss:// with certificates of our own: one for localhost and 127.0.0.1, one for another name, one
    that is too old."""

    @classmethod
    def setUpClass(cls):
        if not shutil.which("openssl"):
            missing("the program openssl is missing: openssl")
        cls.folder = tempfile.TemporaryDirectory(prefix="client-tls-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out",
                    "ca.pem", "-days", "30", "-subj", "/CN=a test")
        for name, names, days in (("good", "DNS:localhost,IP:127.0.0.1", "30"),
                                  ("other", "DNS:other.example", "30"),
                                  ("old", "DNS:localhost", "-1")):
            cls.openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key",
                        "-out", f"{name}.csr", "-subj", f"/CN={name}")
            (pathlib.Path(cls.folder.name) / "names").write_text(f"subjectAltName={names}\n")
            cls.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                        "-CAcreateserial", "-out", f"{name}.pem", "-days", days, "-extfile", "names")

    @classmethod
    def openssl(cls, *words):
        subprocess.run(["openssl", *words], cwd=cls.folder.name, check=True, capture_output=True,
                       timeout=PATIENCE)

    def serve(self, name, version=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{self.folder.name}/{name}.pem", f"{self.folder.name}/{name}.key")
        if version:
            context.maximum_version = version
        server = self.websockets(ssl=context)
        self.addCleanup(server.end)
        return server

    def ca(self):
        return ("--ca", f"{self.folder.name}/ca.pem")

    def test_echo(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            server = self.serve("good", version)
            for host in ("localhost", "127.0.0.1"):
                client = self.client(f"wss://{host}:{server.port}/", *self.ca(), "--ping-ms", "20")
                self.echo_of_everything(client)
                self.leaves_with_status_0(client)

    def test_a_pipe_full(self):
        """Much more than a record of TLS, in both directions at once."""
        server = self.serve("good")
        lines = b"".join(b"%d %s\n" % (number, b"x" * (number % 700)) for number in range(20000))
        done = subprocess.run([PROGRAM, f"wss://localhost:{server.port}/", *self.ca(),
                               "--quiet-ms", "3000"], input=lines,
                              capture_output=True, timeout=PATIENCE, check=True)
        self.assertEqual(done.stdout, lines)

    def test_certificates_that_prove_nothing(self):
        for name, trusted, why in (("good", (), "self-signed certificate in certificate chain|"
                                                "unable to get local issuer certificate"),
                                   ("other", self.ca(), "hostname mismatch"),
                                   ("old", self.ca(), "certificate has expired")):
            server = self.serve(name)
            client = self.client(f"wss://localhost:{server.port}/", *trusted)
            self.assertEqual(client.wait(), 1)
            client.wait_log(f"no connection: localhost: no TLS: (?i:{why})")

    def test_an_old_protocol_and_none(self):
        server = self.websockets()
        client = self.client(f"wss://127.0.0.1:{server.port}/", "--tries", "1")
        self.assertEqual(client.wait(), 1)
        client.wait_log("127.0.0.1: no TLS: ")
        server.end()
        server = self.serve("good")
        client = self.client(f"ws://127.0.0.1:{server.port}/", "--tries", "1")
        self.assertEqual(client.wait(), 1)
        client.wait_log("refused: no answer")


class NpmWs(Case):
    def test_echo(self):
        if not (INTEROP / "node_modules/ws/package.json").exists():
            missing("npm ci in tests/interop has not been run")
        with subprocess.Popen(["node", INTEROP / "ws.js", "server", "plain"],
                              stdout=subprocess.PIPE, text=True) as server:
            try:
                port = re.search(r":(\d+)$", server.stdout.readline().strip())[1]
                client = self.client(f"ws://127.0.0.1:{port}/", "--ping-ms", "20")
                self.echo_of_everything(client)
                self.leaves_with_status_0(client)
            finally:
                server.kill()


class Lesson05(Case):
    def test_both_ends_are_ours(self):
        with subprocess.Popen([SHUTDOWN, "--port", "0"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as server:
            try:
                port = re.search(r":(\d+)$", server.stdout.readline().strip())[1]
                client = self.client(f"ws://127.0.0.1:{port}/ws", "--base-ms", "10")
                self.echo_of_everything(client)
                server.send_signal(signal.SIGTERM)
                client.wait_log("ended: the server closed, code 1001, shutdown")
                self.assertEqual(server.wait(PATIENCE), 0)
                client.wait_log("attempt 3 in")
                client.interrupt()
                self.assertEqual(client.wait(), 0)
            finally:
                server.kill()


if __name__ == "__main__":
    result = unittest.main(argv=sys.argv[:1], exit=False, verbosity=2).result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if len(result.skipped) == result.testsRun else 0)
