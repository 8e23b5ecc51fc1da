#!/usr/bin/python3
"""limits_test.py FOLDER: lesson 09's server beside others' clients: what its command line says, its
refusals, compression, prices, and its log.

FOLDER holds the programs (build/dev/lessons). The peers are Python websockets and npm ws; what is not
installed is skipped with its reason, or fails the run where CI is set. Exit status 77: nothing could
be tried."""

import asyncio
import json
import os
import pathlib
import random
import re
import select
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

from gate import PATIENCE, Gate, make_certificate, missing, request, say
from raw import PONG, TEXT, Client as RawClient, do, frame

try:
    import websockets
except ImportError:
    websockets = None

FOLDER = pathlib.Path(sys.argv[1]).resolve()
INTEROP = pathlib.Path(__file__).resolve().parent.parent / "interop"
PROGRAM = FOLDER / "09_limits/limits"
LONG = "the quick brown fox jumps over the lazy dog; " * 40  # 1800 bytes

NPM = """
const WebSocket = require(process.argv[1]);
const ws = new WebSocket(`ws://127.0.0.1:${process.argv[2]}/ws?name=npm`, {perMessageDeflate: {threshold: 0}});
const text = process.argv[3];
ws.on('message', data => {
  const event = JSON.parse(data);
  if (event.event === 'welcome') ws.send(JSON.stringify({do: 'join', room: 'room:tea'}));
  if (event.event === 'joined') ws.send(JSON.stringify({do: 'say', room: 'room:tea', text}));
  if (event.event === 'message_sent' && event.text === text) {
    console.log(ws.extensions);
    ws.close(1000);
  }
});
ws.on('close', code => process.exit(code === 1000 ? 0 : 1));
"""


def numbers(text):
    """"rate 10 burst 20" -> {"rate": "10", "burst": "20"}"""
    return dict(re.findall(r"([a-z-]+) ([0-9.]+)", text))


class Client:
    """A member of the chat, on a connection of websockets."""

    def __init__(self, ws):
        self.ws = ws

    async def ask(self, **members):
        await self.ws.send(say(**members))

    async def event(self, name):
        """The next event of this name."""
        while True:
            event = json.loads(await self.ws.recv())
            if event["event"] == name:
                return event

    async def join(self, room="room:tea"):
        await self.ask(do="join", room=room)
        return await self.event("joined")


class LimitsTest(unittest.TestCase):
    def server(self, *arguments, **options):
        server = Gate(FOLDER, "--open", *arguments, secret=False, program="09_limits/limits",
                      **options)
        self.addCleanup(server.end)
        self.assertRegex(server.process.stdout.readline(), "^open https?://")  # its limits are told
        return server

    def run_async(self, conversation):
        asyncio.run(asyncio.wait_for(conversation, PATIENCE))

    def connect(self, server, name="Ann", **options):
        if not websockets:
            missing("Python websockets is missing: python3-websockets")
        return websockets.connect(f"ws://127.0.0.1:{server.port}/ws?name={name}", **options)

    # ---- The command line ----

    def test_help_says_what_is_printed_at_the_start(self):
        text = subprocess.run([PROGRAM, "--help"], check=True, capture_output=True, text=True).stdout
        said = numbers(re.search(r" limits: (rate .*)", self.server().log())[1])
        helped = dict(re.findall(r"--([a-z-]+)=(?:N|MS|BYTES|MIB) .*\(([0-9]+)\)", text))
        self.assertGreater(len(said), 18)
        self.assertEqual({name: helped.get(name) for name in said}, said)

    def test_what_makes_no_sense_is_told_in_a_line(self):
        for option in ("--rate=0", "--rate=-1", "--rate=nan", "--burst=-1", "--strikes=0",
                       "--max-connections=0", "--handshake-ms=0", "--message-ms=0", "--ratio=0",
                       "--message-bytes=0", "--fragments=0", "--forgive-ms=0", "--outbox-bytes=0",
                       "--message-bytes=99999999", "--max-memory=1"):
            with self.subTest(option):
                done = subprocess.run([PROGRAM, "--port", "0", "--open", option], timeout=PATIENCE,
                                      capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(option.split("=")[0], done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_the_budget_fits_into_the_memory_that_there_is(self):
        for memory in 32, 100, 10000:
            log = self.server("--max-memory", str(memory)).log()
            one = int(re.search(r"budget: (\d+) KiB for one connection", log)[1])
            budget, count, more = (int(n) for n in re.search(
                r"budget: (\d+) MiB for (\d+) connections, (\d+) more", log).groups())
            self.assertLessEqual(budget, memory)
            self.assertLessEqual((count + more) * one, memory * 1024)
            if memory < 10000:
                self.assertGreater(budget, memory * 9 // 10, "more would fit")
            else:
                self.assertEqual(count, 1000)

    def test_no_more_are_let_in_than_there_are_descriptors(self):
        process = subprocess.Popen(["sh", "-c", 'ulimit -n 200; exec "$0" --port 0 --open', PROGRAM],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        process.stdout.readline(), process.stdout.readline()  # behind them its limits are told
        process.terminate()
        _, log = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 0, log)
        let_in = int(re.search(r"limits: room for (\d+) connections, not for 1000", log)[1])
        places = let_in + int(re.search(rf"for {let_in} connections, (\d+) more", log)[1])
        self.assertTrue(100 < places <= 200 - 16, log)  # its own: log, listener, signals, writers

    # ---- Refusals, as others see them ----

    def test_who_waits_as_long_as_it_was_told_is_heard(self):
        async def conversation(server):
            async with self.connect(server) as ws:
                client = Client(ws)
                await client.join()
                for _ in range(3):
                    for text in "one", "two":
                        await client.ask(do="say", room="room:tea", text=text)
                    wait = (await client.event("error"))["retry_ms"]
                    self.assertTrue(1 <= wait <= 200, wait)
                    await asyncio.sleep(wait / 1000)
                    await client.ask(do="say", room="room:tea", text="now")
                    while (await client.event("message_sent"))["text"] != "now":
                        pass
        self.run_async(conversation(self.server("--rate", "5", "--burst", "1", "--strikes", "99")))

    def test_a_refusal_before_the_101_says_when_to_come_again(self):
        async def conversation(server):
            async with self.connect(server):
                with self.assertRaises(websockets.InvalidStatusCode) as refused:
                    await self.connect(server)
            self.assertEqual(refused.exception.status_code, 503)
            self.assertEqual(refused.exception.headers["Retry-After"], "10")
        self.run_async(conversation(self.server("--max-connections", "1")))

    def test_the_close_says_why(self):
        async def conversation(server):
            async with self.connect(server) as ws:
                for _ in range(3):
                    await ws.send("no JSON")
                with self.assertRaises(websockets.ConnectionClosed):
                    while True:
                        self.assertIn(json.loads(await ws.recv())["event"], ("welcome", "error"))
                self.assertEqual((ws.close_code, ws.close_reason),
                                 (1008, "too many strikes, come back in 10 s"))
        self.run_async(conversation(self.server()))

    def test_who_comes_too_often_is_told_for_how_long(self):
        server = self.server("--connect-burst", "1", "--connect-rate", "0.02")
        with self.tcp(server, request(server.port)) as first:
            self.assertIn(b"HTTP/1.1 101", first.recv(100))
            with self.tcp(server, request(server.port)) as second:
                said = self.all_of(second)
        self.assertIn(b"HTTP/1.1 429 ", said)
        self.assertIn(int(re.search(rb"Retry-After: (\d+)", said)[1]), (49, 50, 51))

    def test_so_many_places_and_no_more(self):
        """One connection, and one that may come in to be refused, whichever of two was quicker. To the
        other nobody answers, and who comes when there is room is let in."""
        server = self.server("--max-connections", "1")
        with self.tcp(server, request(server.port)) as first:
            self.assertIn(b"HTTP/1.1 101", first.recv(100))
            with self.tcp(server, b"GET") as one, self.tcp(server, b"GET") as other:
                shut = select.select([one, other], [], [], PATIENCE)[0][0]
                self.assertEqual(self.all_of(shut), b"")
                inside = other if shut is one else one
                inside.sendall(request(server.port)[3:])
                self.assertIn(b"HTTP/1.1 503 ", self.all_of(inside))
        for _ in range(100 * PATIENCE):
            with self.tcp(server, request(server.port)) as again:
                if self.some_of(again).startswith(b"HTTP/1.1 101"):
                    return
            time.sleep(0.01)
        self.fail("nobody is let in any more")

    def tcp(self, server, data):
        tcp = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
        tcp.sendall(data)
        return tcp

    @staticmethod
    def some_of(tcp):
        """b"": that was all, or it was reset."""
        try:
            return tcp.recv(65536)
        except ConnectionResetError:
            return b""

    def all_of(self, tcp):
        said = b""
        while some := self.some_of(tcp):
            said += some
        return said

    # ---- Messages ----

    def codes_of(self, server, *frames):
        """The codes of the errors that a client gets for these, one each."""
        async def conversation():
            client = await RawClient().open(server.port, "127.0.0.1")
            codes = []
            for one in frames:
                client.writer.write(one)
                while (event := await client.event())["event"] != "error":
                    pass
                codes.append(event["code"])
            client.abort()
            return codes
        return asyncio.run(asyncio.wait_for(conversation(), PATIENCE))

    def test_a_large_message_costs_more(self):
        """16,000 bytes are four tokens, of six."""
        server = self.server("--burst", "6", "--rate", "0.01", "--strikes", "99")
        self.assertEqual(self.codes_of(server, frame(TEXT, b"x" * 16000), *3 * [frame(TEXT, b"x")]),
                         ["not-json", "not-json", "not-json", "too-fast"])

    def test_pongs_that_nobody_asked_for_are_a_flood_as_well(self):
        async def conversation(server):
            client = await RawClient().open(server.port, "127.0.0.1")
            await client.event()
            client.writer.write(20 * frame(PONG, b"!"))
            with self.assertRaisesRegex(EOFError, "too many strikes"):
                await client.event()
            client.abort()
        self.run_async(conversation(self.server("--control-burst", "10", "--control-rate", "0.01")))

    def test_what_happens_to_honest_clients_is_no_strike(self):
        async def conversation(server):
            async with self.connect(server) as ws:
                await Client(ws).join()
                self.assertEqual(await asyncio.to_thread(
                    self.codes_of, server, *6 * [do("join", room="room:tea")],
                    *6 * [do("leave", room="room:tea")]),
                    6 * ["room-full"] + 6 * ["not-a-member"])
        self.run_async(conversation(self.server("--room-max", "1")))

    # ---- Compression ----

    def test_one_with_and_one_without_compression_in_a_room(self):
        async def conversation(server):
            async with self.connect(server, "Zip", compression="deflate") as small, \
                       self.connect(server, "Plain", compression=None) as plain:
                members = Client(small), Client(plain)
                self.assertEqual([e.name for e in small.extensions], ["permessage-deflate"])
                self.assertEqual(plain.extensions, [])
                for one in members:
                    await one.join()
                for one in members:
                    for text in LONG, "short", LONG[::-1]:
                        await one.ask(do="say", room="room:tea", text=text)
                        for other in members:
                            self.assertEqual((await other.event("message_sent"))["text"], text)
        self.run_async(conversation(self.server("--deflate")))

    def test_what_is_worth_it_is_compressed_with_a_small_window(self):
        async def conversation(server):
            client = await RawClient().open(
                server.port, "127.0.0.1",
                Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits")
            client.writer.write(do("join", room="room:tea"))
            for text in "short", LONG:
                client.writer.write(do("say", room="room:tea", text=text))
            while (await client.event()).get("text") != "short":
                pass
            before = client.bytes, client.compressed
            self.assertEqual((await client.event())["text"], LONG)
            self.assertEqual(client.compressed - before[1], 1)
            self.assertLess(client.bytes - before[0], 300)
            client.abort()
        self.run_async(conversation(self.server("--deflate")))

    def test_who_has_a_smaller_window_gets_it_plain(self):
        async def conversation(server):
            client = await RawClient().open(
                server.port, "127.0.0.1", Sec_WebSocket_Extensions=
                "permessage-deflate; client_max_window_bits; server_max_window_bits=9")
            client.writer.write(do("join", room="room:tea"))
            client.writer.write(do("say", room="room:tea", text=LONG))
            while (await client.event()).get("text") != LONG:
                pass
            self.assertEqual(client.compressed, 0)
            client.abort()
        self.run_async(conversation(self.server("--deflate")))

    def test_without_the_option_nobody_compresses(self):
        async def conversation(server):
            async with self.connect(server, compression="deflate") as ws:
                self.assertEqual(ws.extensions, [])
                await Client(ws).join()
        self.run_async(conversation(self.server()))

    def test_npm_ws_compresses(self):
        if not (INTEROP / "node_modules/ws/package.json").exists():
            missing("npm ci in tests/interop has not been run")
        server = self.server("--deflate")
        peer = subprocess.run(["node", "-e", NPM, INTEROP / "node_modules/ws", str(server.port), LONG],
                              capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual((peer.returncode, peer.stderr, peer.stdout.strip()),
                         (0, "", "permessage-deflate"))

    def test_what_is_inflated_may_be_as_long_as_any_message(self):
        async def conversation(server):
            letters = "".join(random.Random(7).choices("abcdefghijklmnopqrstuvwxyz", k=20000))
            async with self.connect(server, compression="deflate") as ws:
                client = Client(ws)
                await client.ask(do="say", room="room:tea", text=letters[:16000])
                self.assertEqual((await client.event("error"))["code"], "bad-field")
                await client.ask(do="say", room="room:tea", text=letters)
                with self.assertRaises(websockets.ConnectionClosed):
                    await client.event("error")
                self.assertEqual(ws.close_code, 1009)
        self.run_async(conversation(self.server("--deflate")))

    def test_a_bomb_of_a_real_client_is_refused(self):
        async def conversation(server):
            async with self.connect(server, compression="deflate") as ws:
                await ws.send("a" * (1 << 24))
                with self.assertRaises(websockets.ConnectionClosed):
                    while True:
                        await ws.recv()
                self.assertEqual(ws.close_code, 1009)
        server = self.server("--deflate")
        before = self.peak(server)
        self.run_async(conversation(server))
        self.assertLess(self.peak(server), before + 12288, "KiB for 16 MiB that nobody wanted")

    def test_a_small_bomb_is_one_as_well(self):
        """It is no longer than a message may be; but nothing that people say is repeated so often."""
        async def conversation(server):
            deflater = zlib.compressobj(9, zlib.DEFLATED, -12)
            small = deflater.compress(b"a" * 16000) + deflater.flush(zlib.Z_SYNC_FLUSH)[:-4]
            client = await RawClient().open(
                server.port, "127.0.0.1",
                Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits")
            client.writer.write(frame(TEXT, small, rsv=4))
            with self.assertRaisesRegex(EOFError, re.escape(r"\x03\xf1")):  # 1009
                while (await client.event())["event"] != "error":
                    pass
                self.fail("it was inflated")
            client.abort()
        self.run_async(conversation(self.server("--deflate")))
        self.run_async(self.inflated(self.server("--deflate", "--ratio", "1000")))

    async def inflated(self, server):
        async with self.connect(server, compression="deflate") as ws:
            await ws.send("a" * 16000)
            self.assertEqual((await Client(ws).event("error"))["code"], "not-json")

    @staticmethod
    def peak(server):
        status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1])

    # ---- Under TLS ----

    def test_the_same_limits_under_tls(self):
        async def conversation(server, trust):
            wss = f"wss://localhost:{server.port}/ws"
            async with websockets.connect(wss, ssl=trust, compression="deflate") as ws:
                client = Client(ws)
                await client.join()
                await client.ask(do="say", room="room:tea", text=LONG)
                self.assertEqual((await client.event("message_sent"))["text"], LONG)
                with self.assertRaises(websockets.InvalidStatusCode) as refused:
                    await websockets.connect(wss, ssl=trust)
                self.assertEqual(refused.exception.status_code, 429)
                ws.transport.write(b"\x01\x81\0\0\0\0x")  # a text begins, and does not go on
                with self.assertRaises(websockets.ConnectionClosed):
                    await client.event("error")
                self.assertEqual((ws.close_code, ws.close_reason), (1008, "too slow"))
        if not websockets:
            missing("Python websockets is missing: python3-websockets")
        with tempfile.TemporaryDirectory() as folder:
            cert, key = make_certificate(folder)
            server = self.server("--cert", cert, "--key", key, "--deflate", "--per-address", "1",
                                 "--message-ms", "300")
            self.assertRegex(server.log(), "budget: .*, compression 12, TLS 128, ")
            self.run_async(conversation(server, ssl.create_default_context(cafile=cert)))

    def drip(self, server, trust, during):
        """What TLS sends, a byte each 20 ms, until the server has enough of it."""
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as tcp:
            come, go = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = trust.wrap_bio(come, go, server_hostname="localhost")

            def until_done(step):
                while True:
                    try:
                        return step()
                    except ssl.SSLWantReadError:
                        tcp.sendall(go.read())
                        come.write(tcp.recv(65536))
            until_done(tls.do_handshake)
            if during != "handshake":
                tcp.sendall(go.read())
            if during == "message":
                tls.write(request(server.port))
                self.assertIn(b"HTTP/1.1 101 ", until_done(lambda: tls.read(4096)))
            tls.write(b"x" * 16000)
            record = go.read()
            try:
                for at in range(len(record)):
                    tcp.sendall(record[at:at + 1])
                    time.sleep(0.02)
                    self.assertLess(at, 50 * PATIENCE, "it is still waiting for the rest")
            except ConnectionError:
                pass

    def test_a_record_of_tls_has_to_end_too(self):
        with tempfile.TemporaryDirectory() as folder:
            cert, key = make_certificate(folder)
            trust = ssl.create_default_context(cafile=cert)
            server = self.server("--cert", cert, "--key", key, "--handshake-ms", "400",
                                 "--read-ms", "600", "--ping-ms", "200")
            for during in "handshake", "request", "message":
                with self.subTest(during=during):
                    self.drip(server, trust, during)

    # ---- Prices ----

    def test_prices_go_out_together_and_the_last_is_right(self):
        async def conversation(server, updates=500):
            async with self.connect(server) as a, self.connect(server) as b:
                speaker, listener = Client(a), Client(b)
                for one in speaker, listener:
                    await one.join("ticker:metals")
                for n in range(1, updates + 1):
                    await speaker.ask(do="say", room="ticker:metals", text=f"GOLD={n} TIN={-n}")
                got = []
                while not got or got[-1] != f"GOLD={updates} TIN={-updates}":
                    got.append((await listener.event("message_sent"))["text"])
                seen = [int(text.split("=")[1].split()[0]) for text in got]
                self.assertEqual(seen, sorted(seen))
                self.assertLess(len(got), updates / 4)
        self.run_async(conversation(self.server("--batch-ms", "100", "--burst", "0",
                                                "--address-burst", "0")))

    def test_no_price_comes_behind_a_later_one(self):
        async def conversation(server):
            async with self.connect(server) as a:
                client = Client(a)
                await client.join("ticker:metals")

                async def price(text):
                    await client.ask(do="say", room="ticker:metals", text=text)
                for n in range(100):  # as many names as may wait
                    await price(f"S{n}=1")
                await price("S0=2")  # one of them again
                await price(" ".join(f"T{n}=1" for n in range(150)) + " S1=2")  # too many to wait
                await price("S2=2")
                await price("enough")
                values, last = {}, ""
                while last != "enough":
                    last = (await client.event("message_sent"))["text"]
                    values.update(word.split("=") for word in last.split() if "=" in word)
                self.assertEqual([values[f"S{n}"] for n in range(4)], ["2", "2", "2", "1"])
                self.assertEqual(len(values), 250)
        self.run_async(conversation(self.server("--batch-ms", "600000", "--burst", "0",
                                                "--address-burst", "0")))

    def test_the_price_of_one_who_has_left_is_heard(self):
        async def conversation(server):
            async with self.connect(server, "Listener") as a:
                listener = Client(a)
                await listener.join("ticker:metals")
                async with self.connect(server, "Visitor") as b:
                    visitor = Client(b)
                    await visitor.join("ticker:metals")
                    await visitor.ask(do="say", room="ticker:metals", text="GOLD=2391")
                await listener.event("member_left")
                heard = await listener.event("message_sent")
                self.assertEqual((heard["name"], heard["text"]), ("Visitor", "GOLD=2391"))
        server = self.server("--batch-ms", "1000")
        self.run_async(conversation(server))
        self.assertEqual(server.stop(), 0)
        self.assertRegex(server.log(), "active 0, .*subscriptions 0, ")

    # ---- The log ----

    def knock(self, server, times):
        """So many refused connections, from an address that has used all that it may."""
        for _ in range(times):
            with socket.socket() as tcp:
                tcp.bind(("127.0.0.77", 0))
                tcp.connect(("127.0.0.1", server.port))
                tcp.sendall(request(server.port, "/nowhere"))
                try:
                    tcp.recv(100)
                except ConnectionError:
                    pass

    def test_a_flood_does_not_fill_the_log(self):
        server = self.server()
        self.knock(server, 1000)
        self.assertEqual(server.stop(), 0)
        log = server.log()
        self.assertRegex(log, r"ended: refused.* \(1000 in this minute\)")
        self.assertRegex(log, r"limits: addresses 1, refused \d+, cut \d+")
        self.assertLess(len(log.splitlines()), 60, log)

    def serve_with(self, stderr):
        """The server with this stderr (closed here) serves 300 refusals and an honest client."""
        process = subprocess.Popen([PROGRAM, "--port", "0", "--open"], stdout=subprocess.PIPE,
                                   stderr=stderr, text=True)
        os.close(stderr)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        server = type("Server", (), {"port": int(process.stdout.readline().rsplit(":", 1)[1])})
        self.knock(server, 300)
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as tcp:
            tcp.sendall(request(server.port))
            self.assertIn(b"HTTP/1.1 101", tcp.recv(100))
        process.terminate()
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_a_full_disk_stops_nobody(self):
        self.serve_with(os.open("/dev/full", os.O_WRONLY))

    def test_a_log_that_nobody_reads_stops_nobody(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        os.set_blocking(writer, False)
        try:
            while True:
                os.write(writer, b"x" * 65536)
        except BlockingIOError:
            os.set_blocking(writer, True)
        self.serve_with(writer)

    def test_a_log_whose_reader_has_gone_stops_nobody(self):
        reader, writer = os.pipe()
        os.close(reader)
        self.serve_with(writer)


if __name__ == "__main__":
    result = unittest.main(argv=[sys.argv[0]], exit=False, verbosity=2).result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if len(result.skipped) == result.testsRun else 0)
