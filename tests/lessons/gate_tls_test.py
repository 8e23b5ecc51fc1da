#!/usr/bin/python3
"""gate_tls_test.py FOLDER PROJECT: lesson 08's server with --cert and --key, beside real clients.

FOLDER holds the programs (build/dev/lessons). The clients are Python websockets, npm ws, curl, the
openssl command, and lesson 06's; and Python's ssl module where TLS itself is cut, slow or wrong.
What is not installed is skipped with its reason, or fails the run where CI is set. Exit status 77:
nothing could be tried."""

import asyncio
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
import warnings

from gate import PATIENCE, SLOW, Gate, frame, make_certificate, missing, request, say

try:
    import websockets
except ImportError:
    websockets = None

FOLDER, PROJECT = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
INTEROP = PROJECT / "tests/interop"
NPM_WS = """
import { readFileSync } from 'node:fs'
import { WebSocket } from 'ws'
const [port, token, ca] = process.argv.slice(1)
const ws = new WebSocket(`wss://localhost:${port}/ws`, ['chat', `bearer.${token}`],
                         { ca: readFileSync(ca), perMessageDeflate: false })
const next = () => new Promise(resolve => ws.once('message', data => resolve(JSON.parse(data))))
ws.on('error', error => { console.error(error.message); process.exit(1) })
console.log((await next()).event, ws.protocol)
ws.send('{"do":"join","room":"room:tea"}')
console.log((await next()).event)
for (let i = 0; i < 50; i++) {
  ws.send(JSON.stringify({ do: 'say', room: 'room:tea', text: 'x'.repeat(40 * i + 1) }))
  console.log((await next()).text.length)
}
ws.on('close', code => { console.log(code); process.exit(0) })
ws.close(1000)
"""


class GateTlsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("openssl"):
            missing("the openssl command is missing: openssl")
        cls.home = tempfile.TemporaryDirectory(prefix="gate-tls-")
        cls.cert, cls.key = make_certificate(cls.home.name)

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    def gate(self, *arguments):
        server = Gate(FOLDER, "--cert", self.cert, "--key", self.key, *arguments)
        self.addCleanup(server.end)
        return server

    def context(self, version=None, cafile=None):
        context = ssl.create_default_context(cafile=cafile or self.cert)
        context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF  # an end is a close_notify
        if version:
            context.minimum_version = context.maximum_version = version
        return context

    @staticmethod
    def by_hand(tcp, context, at_once):
        """A client's TLS, and what carries its bytes while it does something: each that goes in a
        segment of its own, and so many at once that come."""
        coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(coming, going, server_hostname="localhost")
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def pump(action):
            while True:
                try:
                    value = action()
                    wanted = False
                except ssl.SSLWantReadError:
                    value, wanted = None, True
                for byte in going.read():
                    tcp.sendall(bytes([byte]))
                if not wanted:
                    return value
                some = tcp.recv(at_once)
                if some:
                    coming.write(some)
                else:
                    coming.write_eof()

        return tls, pump

    def connect(self, server, **options):
        """A client of its own: the TLS socket, behind the 101."""
        tcp = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE * SLOW)
        tls = self.context(**options).wrap_socket(tcp, server_hostname="localhost",
                                                  suppress_ragged_eofs=False)
        self.addCleanup(tls.close)
        tls.sendall(request(server.port, Authorization=f"Bearer {server.token()}"))
        said = b""
        while b'"welcome"' not in said:
            said += tls.recv(4096)
        self.assertTrue(said.startswith(b"HTTP/1.1 101 "), said)
        return tls

    def is_alive(self, server):
        """The next one is served, and the server stops in good order."""
        self.connect(server).close()
        self.assertEqual(server.stop(), 0)
        self.assertIn("active 0", server.log())

    def run_async(self, conversation):
        if not websockets:
            missing("Python websockets is missing: python3-websockets")
        asyncio.run(asyncio.wait_for(conversation, PATIENCE * SLOW))

    def websocket(self, server, name="Ann", version=None):
        return websockets.connect(
            f"wss://localhost:{server.port}/ws", ssl=self.context(version), max_queue=None,
            subprotocols=["chat", f"bearer.{server.token(name)}"],
            origin=f"https://localhost:{server.port}", open_timeout=PATIENCE * SLOW)

    # ---- Real clients ----

    def test_python_websockets_with_both_versions(self):
        server = self.gate()

        async def conversation():
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                async with self.websocket(server, version=version) as ws:
                    self.assertEqual(ws.subprotocol, "chat")
                    self.assertIn('"welcome"', await ws.recv())
                    await ws.send(say(do="join", room="room:tea"))
                    self.assertIn('"joined"', await ws.recv())
                    for size in (1, 125, 126, 2000):
                        await ws.send(say(do="say", room="room:tea", text="ü" * (size // 2)
                                          or "x"))
                        self.assertIn('"message_sent"', await ws.recv())
                    await (await ws.ping(b"?" * 125))
                self.assertEqual(ws.close_code, 1000)
        self.run_async(conversation())
        self.is_alive(server)

    def test_npm_ws(self):
        if not (INTEROP / "node_modules/ws/package.json").exists() or not shutil.which("node"):
            missing("npm ci in tests/interop has not been run")
        server = self.gate()
        peer = subprocess.run(
            ["node", "--input-type=module", "-e", NPM_WS, "--", str(server.port), server.token(),
             self.cert], cwd=INTEROP, capture_output=True, text=True, timeout=PATIENCE * SLOW,
            check=False)
        self.assertEqual(peer.stderr, "")
        self.assertEqual(peer.stdout.split(), ["welcome", "chat", "joined",
                                               *(str(40 * i + 1) for i in range(50)), "1000"])
        self.is_alive(server)

    def test_curl(self):
        if not shutil.which("curl"):
            missing("curl is missing")
        server = self.gate()
        url = f"https://localhost:{server.port}"
        ask = ["curl", "-sS", "--max-time", "60", "--cacert", self.cert]
        page = subprocess.run([*ask, url + "/"], capture_output=True, text=True, check=True)
        self.assertIn("<!doctype html>", page.stdout.lower())
        upgrade = ["-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H",
                   "Sec-WebSocket-Version: 13", "-H",
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
        refused = subprocess.run([*ask, "-i", "--http1.1", *upgrade, url + "/ws"],
                                 capture_output=True, text=True, check=True)
        self.assertIn("HTTP/1.1 401 Unauthorized", refused.stdout)
        self.assertIn('{"error":"token-missing"', refused.stdout)
        distrusts = subprocess.run(["curl", "-s", url], check=False)
        self.assertEqual(distrusts.returncode, 60)  # it does not know who signed the certificate
        server.wait_for_log(r"conn 3 refused: TLS: .*unknown ca")
        self.is_alive(server)

    def test_openssl_s_client_with_new_keys_on_the_way(self):
        """K asks for new keys in both directions (RFC 8446 4.6.3): the reader of the server makes
        an answer that only its writer may send."""
        server = self.gate()
        with subprocess.Popen(
                ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-CAfile",
                 self.cert, "-tls1_3", "-brief"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT) as client:
            self.addCleanup(client.kill)
            said = b""

            def tell(data, wanted, count=1):
                nonlocal said
                client.stdin.write(data)
                client.stdin.flush()
                while said.count(wanted) < count:
                    some = os.read(client.stdout.fileno(), 65536)
                    self.assertTrue(some, said)
                    said += some

            tell(b"", b"Verification: OK")
            tell(request(server.port, Authorization=f"Bearer {server.token()}"), b'"welcome"')
            tell(frame(1, say(do="join", room="room:tea").encode()), b'"joined"')
            for i in range(5):
                tell(b"K\n", b"KEYUPDATE", i + 1)
                tell(frame(1, say(do="say", room="room:tea", text=str(i)).encode()),
                     b'"message_sent"', i + 1)
            client.stdin.close()
        server.wait_for_log("conn 1 ended: ")
        self.is_alive(server)

    def test_the_client_of_lesson_06(self):
        program = FOLDER / "06_client/client"
        if not program.exists():
            self.skipTest("lesson 06 is not built")
        server = self.gate()
        done = subprocess.run(
            [program, f"wss://localhost:{server.port}/ws", "--ca", self.cert, "--subprotocol",
             "chat", "--header", f"Authorization: Bearer {server.token()}"],
            input=say(do="join", room="room:tea") + "\n", capture_output=True, text=True,
            timeout=PATIENCE * SLOW, check=False)
        self.assertIn('"event":"joined"', done.stdout, done.stderr)
        server.wait_for_log("conn 1 ended: client")

    def test_the_proxy_of_the_text(self):
        """lessons/doc/tls.md: nginx has the certificate, the server speaks plain TCP to it. (Not
        asked for by CI: Debian's package starts a server of its own.)"""
        nginx = shutil.which("nginx", path="/usr/sbin:" + os.environ["PATH"])
        if not nginx:
            self.skipTest("nginx is missing")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        server = Gate(FOLDER, "--origin", f"https://localhost:{port}")
        self.addCleanup(server.end)
        text = (PROJECT / "lessons/doc/tls.md").read_text()
        config = text.split("```nginx\n")[1].split("```")[0]
        for old, new in (("127.0.0.1:8443", f"127.0.0.1:{port}"),
                         ("127.0.0.1:9000", f"127.0.0.1:{server.port}"),
                         ("cert.pem", str(self.cert)), ("key.pem", str(self.key))):
            self.assertIn(old, config)
            config = config.replace(old, new)
        home = pathlib.Path(server.home.name)
        (home / "nginx").mkdir()
        (home / "nginx.conf").write_text(config)
        proxy = subprocess.Popen([nginx, "-p", f"{home}/", "-c", "nginx.conf", "-g",
                                  "daemon off;"], stderr=subprocess.DEVNULL)
        self.addCleanup(proxy.wait)
        self.addCleanup(proxy.terminate)

        async def conversation():
            while True:
                try:
                    ws = await websockets.connect(
                        f"wss://localhost:{port}/ws", ssl=self.context(),
                        subprotocols=["chat", f"bearer.{server.token()}"],
                        origin=f"https://localhost:{port}")
                    break
                except ConnectionRefusedError:  # nginx is not there yet
                    await asyncio.sleep(0.05)
            self.assertIn('"welcome"', await ws.recv())
            await ws.close()
            with self.assertRaises(websockets.InvalidStatusCode) as refused:
                await websockets.connect(f"wss://localhost:{port}/ws", ssl=self.context(),
                                         extra_headers={"Cookie": f"token={server.token()}"},
                                         origin="https://evil.test")
            self.assertEqual(refused.exception.status_code, 403)
        self.run_async(conversation())

    # ---- Bytes as they may come ----

    def test_byte_by_byte(self):
        """The handshake of TLS, the one of HTTP, and frames: each byte in a segment of its own."""
        server = self.gate()
        tcp = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE * SLOW)
        self.addCleanup(tcp.close)
        tls, pump = self.by_hand(tcp, self.context(), at_once=1)
        pump(tls.do_handshake)
        pump(lambda: tls.write(request(server.port, Authorization=f"Bearer {server.token()}")))
        said = b""
        for text, wanted in ((None, b'"welcome"'), (say(do="join", room="room:tea"), b'"joined"'),
                             (say(do="say", room="room:tea", text="hello"), b'"message_sent"')):
            if text:
                pump(lambda: tls.write(frame(1, text.encode())))
            while wanted not in said:
                said += pump(lambda: tls.read(4096))
        self.is_alive(server)

    def test_two_in_one_segment(self):
        """What SSL_read has already must not wait for the next bytes of TCP."""
        server = self.gate()
        tls = self.connect(server)
        coming = [frame(1, say(do="join", room="room:tea").encode())]
        coming += [frame(1, say(do="say", room="room:tea", text=str(i)).encode())
                   for i in range(20)]
        tls.sendall(b"".join(coming))
        said = b""
        while said.count(b'"message_sent"') < 20:
            said += tls.recv(65536)
        self.is_alive(server)

    def test_a_client_that_does_not_read_for_a_while_loses_nothing(self):
        """The socket takes a part of a record: the rest goes out later, and nothing twice."""
        server = self.gate("--send-buffer", "1", "--drop")

        async def conversation():
            async with self.websocket(server, "Bob") as bob:
                tls = self.connect(server)
                await bob.recv()
                await bob.send(say(do="join", room="room:tea"))
                await bob.recv()
                tls.sendall(frame(1, say(do="join", room="room:tea").encode()))
                self.assertIn("member_joined", await bob.recv())
                for i in range(60):
                    await bob.send(say(do="say", room="room:tea", text=f"{i:04}" + "x" * 1990))
                    self.assertIn("message_sent", await bob.recv())
                said = b""
                while said.count(b'"text":"') < 60:
                    said += await asyncio.to_thread(tls.recv, 65536)
                self.assertEqual(re.findall(rb'"text":"(\d{4})x{1990}"', said),
                                 [b"%04d" % i for i in range(60)])
        self.run_async(conversation())
        self.is_alive(server)

    def test_a_socket_that_takes_little_and_a_client_that_takes_little(self):
        """The certificate, the page and the close_notify behind it all wait for room."""
        with tempfile.TemporaryDirectory(prefix="gate-tls-") as home:
            cert, key = make_certificate(home, *(f"DNS:{i:04}.example.com" for i in range(1500)))
            server = Gate(FOLDER, "--cert", cert, "--key", key, "--send-buffer", "1")
            self.addCleanup(server.end)
            context = self.context(cafile=cert)
        for _ in range(60):
            with socket.socket() as tcp:
                tcp.settimeout(PATIENCE * SLOW)
                tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                tcp.connect(("127.0.0.1", server.port))
                tls, pump = self.by_hand(tcp, context, at_once=500)
                pump(tls.do_handshake)
                pump(lambda: tls.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                said = b""
                while some := pump(lambda: tls.read(1000)):  # a bare FIN is an SSLEOFError
                    said += some
            head, page = said.split(b"\r\n\r\n")
            self.assertIn(b"Content-Length: %d\r\n" % len(page), head)
        self.assertEqual(server.stop(), 0)

    # ---- How it ends ----

    def test_our_end_is_a_close_notify(self):
        server = self.gate()
        tls = self.connect(server)
        tls.sendall(frame(8, b"\x03\xe8"))
        said = b""
        while some := tls.recv(4096):  # b"" is a close_notify; a bare FIN is an SSLEOFError
            said += some
        self.assertEqual(said, b"\x88\x02\x03\xe8")
        server.wait_for_log("conn 1 ended: client, code 1000")

    def test_so_it_is_behind_a_refusal(self):
        server = self.gate()
        tcp = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE * SLOW)
        with self.context().wrap_socket(tcp, server_hostname="localhost",
                                        suppress_ragged_eofs=False) as tls:
            tls.sendall(request(server.port) + b"x" * 100_000)
            said = b""
            while some := tls.recv(4096):
                said += some
        self.assertIn(b"token-missing", said)

    def test_a_stream_that_is_cut_is_lost(self):
        server = self.gate()
        tls = self.connect(server)
        with socket.socket(fileno=os.dup(tls.fileno())) as tcp:
            tcp.shutdown(socket.SHUT_WR)  # a FIN without a close_notify
            server.wait_for_log("conn 1 ended: lost, code 1006")
        self.is_alive(server)

    def test_resets_while_it_sends(self):
        server = self.gate()
        for _ in range(20):
            tls = self.connect(server)
            tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            join = frame(1, say(do="join", room="room:tea").encode())
            tls.sendall(join + frame(1, say(do="say", room="room:tea", text="x" * 50).encode()) * 9)
            socket.close(tls.detach())
        self.is_alive(server)

    def test_sigterm_tells_everybody(self):
        server = self.gate()
        clients = [self.connect(server) for _ in range(5)]
        server.process.terminate()
        for tls in clients:
            said = b""
            while some := tls.recv(4096):
                said += some
            self.assertIn(b"\x03\xe9shutdown", said)
            tls.unwrap()
            tls.close()
        self.assertEqual(server.process.wait(5 * SLOW), 0)

    # ---- What is no TLS, or not enough ----

    def test_plain_http_is_told_in_the_log(self):
        server = self.gate()
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as tcp:
            tcp.sendall(request(server.port))
            while tcp.recv(4096):
                pass
        server.wait_for_log(r"conn 1 refused: TLS: this was plain HTTP: .*wss://")
        self.is_alive(server)

    def test_a_handshake_in_drops_is_given_up(self):
        """Each byte is a sign of life, but the whole has --read-ms."""
        server = self.gate("--read-ms", "500")
        going = ssl.MemoryBIO()
        tls = self.context().wrap_bio(ssl.MemoryBIO(), going, server_hostname="localhost")
        with self.assertRaises(ssl.SSLWantReadError):
            tls.do_handshake()
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as tcp:
            with self.assertRaises(OSError):
                for byte in going.read()[:200]:  # that would take 10 s
                    tcp.sendall(bytes([byte]))
                    time.sleep(0.05)
        server.wait_for_log("conn 1 refused: TLS: the client left, or was too slow")

    def test_old_versions_noise_and_silence(self):
        server = self.gate("--read-ms", "500")
        warnings.simplefilter("ignore", DeprecationWarning)
        old = self.context(ssl.TLSVersion.TLSv1_1)
        old.set_ciphers("ALL:@SECLEVEL=0")
        tcp = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
        with self.assertRaises(ssl.SSLError):
            old.wrap_socket(tcp, server_hostname="localhost")
        tcp.close()
        server.wait_for_log("conn 1 refused: TLS: .*(protocol|version)")
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as tcp:
            tcp.sendall(bytes(range(256)))
            server.wait_for_log("conn 2 refused: TLS: ")
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as tcp:
            self.assertEqual(tcp.recv(1), b"")
        server.wait_for_log("conn 3 refused: TLS: the client left, or was too slow")
        self.is_alive(server)


if __name__ == "__main__":
    result = unittest.main(argv=sys.argv[:1], exit=False, verbosity=2).result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if len(result.skipped) >= result.testsRun else 0)
