#!/usr/bin/python3
"""client_test.py PROGRAM README: lesson 06's client and servers that are rude, slow, silent or wrong;
and 100 clients whose server restarts."""
import json
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import time
import unittest

from client_program import (BINARY, CLOSE, PATIENCE, PING, PONG, SANITIZED, SLOW, TEXT, Client,
                            Server)

PROGRAM, README = sys.argv[1:3]
MIB = 1 << 20
CLIENTS = 100
BASE_MS = 2000
DAY_MS = 24 * 3600 * 1000
ENDS = {"done": 0, "stop": 1}  # verdict -> status of the program


class Case(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)

    def client(self, *arguments, **streams):
        client = Client(PROGRAM, self.server.url, *arguments, **streams)
        self.addCleanup(client.end)
        return client

    def opened(self, *arguments, **streams):
        client = self.client(*arguments, **streams)
        return client, self.server.accept()


class Stdin(Case):
    def test_a_server_that_does_not_read_stops_the_one_who_types(self):
        client, ws = self.opened()
        stdin = client.process.stdin.fileno()
        os.set_blocking(stdin, False)
        sent, most, end = 0, 32 * MIB, time.monotonic() + 3
        while sent < most and time.monotonic() < end:
            if select.select([], [stdin], [], 0.1)[1]:
                sent += os.write(stdin, b"x" * 1023 + b"\n")
        self.assertLess(sent, most, "it reads what it cannot send")
        if not SANITIZED:
            self.assertLess(client.status("VmRSS"), 64 * 1024)
        ws.reset()
        client.wait_log("lost: [1-9][0-9]* bytes of frames were not sent")

    def test_lines_that_cannot_be_sent_are_told_and_the_others_go(self):
        client, ws = self.opened()
        client.type(b"\xff\n" + b"x" * (MIB + 1) + b"\nbehind\n" + b"y" * MIB + b"\n")
        self.assertEqual(ws.receive(), (TEXT, b"behind"))
        self.assertEqual(ws.receive(), (TEXT, b"y" * MIB))
        client.wait_log("not sent: a line that is not UTF-8")
        client.wait_log("not sent: a line of more than 1048576 bytes")

    def test_the_end_of_stdin_waits_for_the_answers(self):
        client, ws = self.opened("--quiet-ms", "2000")
        client.type(b"question")
        client.process.stdin.close()
        self.assertEqual(ws.receive(), (TEXT, b"question"))
        for number in range(5):
            answered = time.monotonic()
            ws.send(TEXT, b"answer %d" % number)
            self.assertEqual(client.line(), f"answer {number}")
        self.assertEqual(ws.answer_close(), ([], 1000))
        self.assertGreater(time.monotonic() - answered, 1.9)
        self.assertEqual(client.wait(), 0)

    def test_stay(self):
        client, ws = self.opened("--stay", "--quiet-ms", "1", "--ping-ms", "50")
        client.process.stdin.close()
        for _ in range(5):
            self.assertEqual(ws.receive()[0], PING)
        ws.send(TEXT, b"still here")
        self.assertEqual(client.line(), "still here")
        client.interrupt()
        while (frame := ws.receive())[0] == PING:
            pass
        self.assertEqual(frame, (CLOSE, b"\x03\xe9"))


class Stdout(Case):
    def test_raw_prints_the_bytes_and_nothing_else(self):
        client, ws = self.opened("--raw")
        ws.send(TEXT, b"a\nb")
        ws.send(BINARY, b"\x00\xff")
        ws.close(1000)
        self.assertEqual(client.wait(), 0)
        self.assertEqual(client.process.stdout.read(), b"a\nb\x00\xff")

    def test_a_terminal_cannot_be_driven(self):
        client, ws = self.opened()
        ws.send(TEXT, "\x1b]0;x\x07 \x9b31m \t \x7f \r\n ü".encode())
        self.assertEqual(client.line(), r"\x1b]0;x\x07 \x9b31m " + "\t" + r" \x7f \r\n ü")
        ws.close(1001, b"bye\x1b[2J\n")
        client.wait_log(r"ended: the server closed, code 1001, bye\\x1b\[2J\\n;")

    def test_when_nothing_can_be_printed_it_leaves_and_says_so(self):
        with open("/dev/full", "wb") as full:
            client, ws = self.opened(stdout=full)
            ws.send(TEXT, b"hello")
            self.assertEqual(ws.answer_close(), ([], 1001))
            self.assertEqual(client.wait(), 1)
            client.wait_log("cannot print: No space left on device")

    def test_when_the_reader_goes_it_does_not_wait_for_a_message(self):
        client, ws = self.opened()
        client.process.stdout.close()
        self.assertEqual(ws.answer_close(), ([], 1001))
        self.assertEqual(client.wait(), 1)
        client.wait_log("cannot print: Broken pipe")

    def test_ctrl_c_while_nobody_takes_what_it_prints(self):
        client, ws = self.opened()
        ws.send(TEXT, b"x" * MIB)  # more than a pipe holds
        client.wait_print()
        client.interrupt()
        self.assertEqual(ws.answer_close(), ([], 1001))
        self.assertEqual(client.wait(), 1)
        client.wait_log("cannot print: Interrupted system call")

    def test_a_reader_that_is_slow_is_no_server_that_is_silent(self):
        read_ms = int(2000 * SLOW)
        client, ws = self.opened("--read-ms", str(read_ms))
        ws.send(TEXT, b"x" * MIB)
        client.wait_print()
        ws.send(TEXT, b"behind")
        time.sleep(read_ms / 1000 + 0.2)
        self.assertEqual(client.line(), "x" * MIB)
        self.assertEqual(client.line(), "behind")


class Ids(Case):
    def test_the_last_thousand_are_kept_and_no_more(self):
        client, ws = self.opened()

        def say(number):
            ws.send(TEXT, json.dumps({"id": f"m-{number}"}).encode())
        for number in range(1001):
            say(number)
            self.assertEqual(client.line(), f'{{"id": "m-{number}"}}')
        say(1)  # is the oldest that is kept
        say(1000)
        say(0)  # was forgotten
        self.assertEqual(client.line(), '{"id": "m-0"}')

    def test_none_are_kept(self):
        client, ws = self.opened("--ids", "0")
        for _ in range(2):
            ws.send(TEXT, b'{"id":1}')
            self.assertEqual(client.line(), '{"id":1}')

    def test_what_is_an_id(self):
        client, ws = self.opened()
        both = ['{"id": null}', '{"id": true}', '{"id": {}}', '[{"id": "a"}]', '{"a": {"id": 1}}',
                '{"id": "' + "x" * 200 + '"}', '{"id": 1', '"id"']
        once = ['{"id": 1}', '{"id": "1"}', '{"id": ""}', '{ "id" : 2.5 }']
        for text in both + once:
            ws.send(TEXT, text.encode())
            ws.send(TEXT, text.encode())
            for _ in range(2 if text in both else 1):
                self.assertEqual(client.line(), text)
        ws.send(TEXT, b"last")
        self.assertEqual(client.line(), "last")

    def test_deep_json_is_printed_and_not_looked_into(self):
        client, ws = self.opened()
        for text in ('{"id":' + "[" * (MIB - 6), '{"id":1,"a":' + '{"a":' * 200000,
                     '/*"*/' + "[" * 900000 + '"id"', "'\"'" + "[" * 900000 + '"id"'):
            ws.send(TEXT, text.encode())
            self.assertEqual(client.line(), text)


class Rude(Case):
    """Servers that break rules, end in the middle, send too much, or too little."""

    def test_rules_that_a_server_breaks(self):
        client = self.client("--base-ms", "1", "--cap-ms", "20",
                             "--close-ms", "86400000")
        for wrong, code in ((b"\x81\x81\0\0\0\0x", 1002), (b"\x83\x00", 1002), (b"\x81\x01\xff", 1007),
                            (b"\xc1\x00", 1002), (b"\x80\x00", 1002), (b"\x88\x02\x03\xee", 1002),
                            (b"\x82\x7f" + struct.pack(">Q", MIB + 1), 1009)):
            ws = self.server.accept()
            ws.sock.sendall(wrong)
            frame = ws.receive()
            self.assertEqual((frame[0], frame[1][:2]), (CLOSE, struct.pack(">H", code)))
            with self.assertRaises(EOFError):  # its direction ends behind the Close
                ws.read(1)
            ws.sock.close()
        client.wait_log("attempt 8 in")

    def test_ends_in_the_middle(self):
        client = self.client("--base-ms", "1")
        for begun in (b"", b"\x81", b"\x81\x05Hel", b"\x01\x02He"):
            ws = self.server.accept()
            ws.sock.sendall(begun)
            ws.reset() if begun == b"\x81" else ws.sock.close()
        client.wait_log("ended: lost, code 1006", 4)

    def test_pings_that_are_never_read_do_not_fill_its_memory(self):
        client, ws = self.opened()
        before = client.status("VmRSS")
        for _ in range(40):
            ws.sock.sendall((b"\x89\x7d" + b"p" * 125) * 5000)  # 25 MB in all
        ws.send(TEXT, b"all read")
        self.assertEqual(client.line(), "all read")
        if not SANITIZED:
            self.assertLess(client.status("VmRSS") - before, 8 * 1024)
        self.assertEqual(ws.receive(), (PONG, b"p" * 125))

    def test_talks_on_when_we_want_to_leave(self):
        client, ws = self.opened("--close-ms", "500", stdout=subprocess.DEVNULL)
        client.type(b"x\n")
        self.assertEqual(ws.receive(), (TEXT, b"x"))
        client.interrupt()
        with self.assertRaises(OSError):
            while True:
                ws.send(TEXT, b"never mind")
        self.assertEqual(client.wait(), 1)
        client.wait_log("ended: no answer to our Close, code 1006")

    def test_falls_silent(self):
        client, _ = self.opened("--read-ms", "300", "--ping-ms", "100", "--tries", "1")
        self.assertEqual(client.wait(), 1)
        client.wait_log("ended: silent, code 1006")

    def test_does_not_end_tcp(self):
        client, ws = self.opened("--close-ms", "300")
        ws.send(CLOSE, b"\x03\xe8")
        self.assertEqual(ws.receive(), (CLOSE, b"\x03\xe8"))
        self.assertEqual(client.wait(), 0)


class Doors(Case):
    """Everything that can happen before a session is open."""

    def test_answers_that_open_nothing(self):
        cases = [  # what is answered, and what is in the log
            ("HTTP/1.1 200 OK\r\n\r\n", "status 200"),
            ("HTTP/1.1 302 Found\r\nLocation: wss://b/\x1b[2J\r\n\r\n",
             r"status 302, .*; Location: wss://b/\\x1b\[2J$"),
            ("HTTP/1.1 401 Unauthorized\r\n\r\n", "status 401"),
            ("HTTP/1.1 403 Forbidden\r\n\r\n", "status 403"),
            ("HTTP/1.1 101 Switching\r\n\r\n", "status 101"),
            ("HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", "status 101"),
            ("220 mail.example ESMTP\r\n\r\n", "refused: "),
        ]
        for answer, said in cases:
            with self.subTest(answer):
                client = self.client("--base-ms", "1")
                ws = self.server.accept_tcp().read_request()
                ws.sock.sendall(answer.encode())
                self.assertEqual(client.wait(), 1)
                client.wait_log(said)
                ws.sock.close()

    def test_extensions_and_subprotocols_that_nobody_asked_for(self):
        for header in ("Sec-WebSocket-Extensions: permessage-deflate", "Sec-WebSocket-Protocol: x"):
            client = self.client()
            ws = self.server.accept_tcp().read_request().answer("101 Switching Protocols", header)
            self.assertEqual(client.wait(), 1)
            ws.sock.close()
        client = self.client("--subprotocol", "chat")
        ws = self.server.accept()
        self.assertEqual(client.wait(), 1)
        client.wait_log("it chose none of our subprotocols")
        ws.sock.close()

    def test_server_asks_us_to_stay_away(self):
        for cap, least in ((50, 7000), (1000000, 7002)):  # a delay of our own is added, by chance 0
            client = self.client("--base-ms", "1", "--cap-ms", str(cap))
            self.server.accept_tcp().read_request().answer("503 Busy", "Retry-After: 7").sock.close()
            delay = int(client.wait_log(r"attempt 2 in (\d+) ms")[0][1])
            self.assertTrue(least <= delay <= 7000 + cap, delay)
        client = self.client()
        self.server.accept_tcp().read_request().answer("503 Busy", f"Retry-After: {1 << 40}")
        delay = int(client.wait_log(r"attempt 2 in (\d+) ms")[0][1])
        self.assertTrue(DAY_MS <= delay <= DAY_MS + 30000, delay)

    def test_heads_that_do_not_end(self):
        client = self.client("--open-ms", "400", "--tries", "3", "--base-ms", "1")
        silent = self.server.accept_tcp()
        client.wait_log("refused: no answer to the request: Connection timed out$")
        endless = self.server.accept_tcp().read_request()
        with self.assertRaises(OSError):
            endless.sock.sendall(b"HTTP/1.1 200 OK\r\n")
            while True:
                endless.sock.sendall(b"X: " + b"y" * 1000 + b"\r\n")
        client.wait_log("refused: no answer to the request: its head is too long, or no HTTP$")
        mute = self.server.accept_tcp().read_request()
        mute.sock.close()
        self.assertEqual(client.wait(), 1)
        client.wait_log("refused: no answer to the request: the server ended the connection$")
        silent.sock.close()

    def test_a_port_that_swallows_connections(self):
        full = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.addCleanup(full.close)
        waiting = []
        for _ in range(4):  # its queue is full, further SYNs are dropped
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(full.getsockname())
            self.addCleanup(waiting[-1].close)
        client = Client(PROGRAM, f"ws://127.0.0.1:{full.getsockname()[1]}/", "--open-ms", "500",
                        "--tries", "1")
        self.addCleanup(client.end)
        self.assertEqual(client.wait(), 1)
        client.wait_log("Connection timed out")

    def test_ctrl_c_where_there_is_no_session(self):
        client = self.client()
        self.server.accept_tcp().read_request()
        client.interrupt()
        self.assertEqual(client.wait(), 0)
        self.server.close()
        client = self.client("--base-ms", "60000", "--cap-ms", "60000")
        client.wait_log("attempt 2 in")
        client.interrupt()
        self.assertEqual(client.wait(), 0)

    def test_a_second_ctrl_c_does_not_wait(self):
        client, ws = self.opened("--close-ms", "86400000")
        client.type(b"x\n")
        ws.receive()
        client.interrupt()
        self.assertEqual(ws.receive(), (CLOSE, b"\x03\xe9"))
        client.interrupt()
        self.assertEqual(client.wait(), -signal.SIGINT)

    def test_the_request(self):
        client = Client(PROGRAM, f"ws://localhost:{self.server.port}", "--header",
                        "Authorization: Bearer secret", "--header", "X-Empty:", "--subprotocol", "b, a")
        self.addCleanup(client.end)
        ws = self.server.accept_tcp().read_request()
        self.assertTrue(ws.request.startswith("GET / HTTP/1.1\r\n"), ws.request)
        self.assertEqual(ws.header("Host"), f"localhost:{self.server.port}")
        self.assertEqual(ws.header("Authorization"), "Bearer secret")
        self.assertEqual(ws.header("X-Empty"), "")
        self.assertEqual(ws.header("Sec-WebSocket-Protocol"), "b, a")
        ws.answer("101 Switching Protocols", "Sec-WebSocket-Protocol: a")
        client.wait_log("open: localhost:[0-9]+, subprotocol a$")
        ws.close(1000)
        self.assertEqual(client.wait(), 0)
        self.assertNotIn("secret", "\n".join(client.lines))

    def test_texts_that_are_not_ascii(self):
        """They are what was typed; the log is in the user's locale."""
        client = Client("/usr/bin/env", "LC_ALL=C.UTF-8", PROGRAM, self.server.url, "--subscribe",
                        "Grüße", "--header", "X-Name: Zoë")
        self.addCleanup(client.end)
        ws = self.server.accept()
        self.assertEqual(ws.header("X-Name"), "Zoë")
        self.assertEqual(ws.receive(), (TEXT, "Grüße".encode()))
        ws.close(1008, "tschüß".encode())
        self.assertEqual(client.wait(), 1)
        client.wait_log("code 1008, tschüß;")

    def test_targets(self):
        for path, target in (("/a/b?x=1&y=%20", "/a/b?x=1&y=%20"), ("?x", "/?x"), ("", "/"),
                             ("/ä b", "/%C3%A4%20b")):
            client = Client(PROGRAM, f"ws://127.0.0.1:{self.server.port}{path}")
            self.addCleanup(client.end)
            ws = self.server.accept_tcp().read_request()
            self.assertTrue(ws.request.startswith(f"GET {target} HTTP/1.1\r\n"), ws.request)
            ws.sock.close()
            client.end()

    def test_command_lines_that_are_refused(self):
        for words in ([], ["ws://a", "ws://b"], ["http://127.0.0.1/"], ["ws://"], ["127.0.0.1:80"],
                      ["ws://u:p@127.0.0.1/"], ["ws://127.0.0.1/#part"], ["ws://127.0.0.1:99999/"],
                      ["--header", "no colon", "ws://a"], ["--header", "A: b\r\nX: y", "ws://a"],
                      ["--header", "sp ace: b", "ws://a"], ["--subprotocol", "a b", "ws://a"],
                      ["--cap-ms", "0", "ws://a"], ["--open-ms", "-1", "ws://a"],
                      ["--ping-ms", "86400001", "ws://a"], ["--tries", "-1", "ws://a"], ["--ids", "-1", "ws://a"],
                      ["ws://127.0.0.1:0/"], ["--subprotocol", "\xe4", "ws://a"],
                      ["--header", "host: b", "ws://a"], ["--header", "Connection : b", "ws://a"],
                      ["--header", "content-length: 5", "ws://a"],
                      ["--header", "Sec-WebSocket-Extensions: permessage-deflate", "ws://a"],
                      ["--subscribe", b"\xff", "ws://a"], ["--ca", "/no/such", "wss://a"],
                      ["--print-backoff", "-1"], ["--nonsense", "ws://a"], ["--seed", "x", "ws://a"]):
            with self.subTest(words):
                done = subprocess.run([PROGRAM, *words], capture_output=True, text=True,
                                      timeout=PATIENCE, check=False, stdin=subprocess.DEVNULL)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_the_delays_in_the_text(self):
        with open(README, encoding="utf-8") as file:
            shown = re.search(r"^201 [0-9 ]+\n[0-9 ]+\n", file.read(), re.M)[0]
        for seed, delays in zip(("7", "8"), shown.splitlines()):
            done = subprocess.run([PROGRAM, "--print-backoff", "8", "--seed", seed], text=True,
                                  capture_output=True, timeout=PATIENCE, check=True)
            self.assertEqual(done.stdout.split(), delays.split())

    def test_every_option_is_in_the_text(self):
        done = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, timeout=PATIENCE,
                              check=True)
        with open(README, encoding="utf-8") as file:
            text = file.read()
        options = set(re.findall(r"--[a-z-]+", done.stdout)) - {"--help"}
        self.assertGreater(len(options), 10)
        for option in options:
            self.assertIn(f"`{option}", text)


class Verdicts(unittest.TestCase):
    """What the server says of the next attempt: the table of the text. Each client has a base of
    1 ms and a cap of a day. So who comes back soon waits 0 or 1 ms, and who begins with the longest
    delay waits longer than that, but for chance: twice in a million."""

    def check(self, wanted, what, tell):
        """tell(server) ends the only connection that there is."""
        server = Server()
        client = Client(PROGRAM, server.url, "--base-ms", "1", "--cap-ms", str(DAY_MS))
        try:
            tell(server)
            server.close()
            if wanted in ENDS:
                self.assertEqual(client.wait(), ENDS[wanted], what)
                self.assertNotIn("attempt", "\n".join(client.lines), what)
            else:
                delay = int(client.wait_log(r"attempt 2 in (\d+) ms")[0][1])
                self.assertEqual("soon" if delay <= 1 else "later", wanted, f"{what}: {delay} ms")
        finally:
            client.end()
            server.close()

    def test_codes(self):
        for wanted, codes in {
                "soon": (None, 1001, 1011, 1012, 1014), "later": (1013,), "done": (1000,),
                "stop": (1002, 1003, 1007, 1008, 1009, 1010, 3000, 3999, 4000, 4999)}.items():
            for code in codes:
                self.check(wanted, code, lambda server, code=code: server.accept().close(code))

    def test_no_close(self):
        self.check("soon", "FIN", lambda server: server.accept().sock.close())
        self.check("soon", "RST", lambda server: server.accept().reset())

    def test_statuses(self):
        for wanted, statuses in {
                "soon": (408, 425, 500, 502, 504, 599), "later": (429, 503),
                "stop": (200, 204, 301, 302, 307, 400, 401, 403, 404, 410, 426, 499)}.items():
            for status in statuses:
                self.check(wanted, status, lambda server, status=status:
                           server.accept_tcp().read_request().answer(f"{status} Because"))


class Return(Case):
    def test_subscriptions_come_before_all_else(self):
        """The server's ping is there already, in the segment of its answer."""
        client = self.client("--subscribe", "news", "--subscribe", "weather")
        ws = self.server.accept_tcp().read_request()
        ws.answer(behind=b"\x89\x01?")
        client.type(b"hello\n")
        self.assertEqual([ws.receive() for _ in range(4)], [
            (TEXT, b"news"), (TEXT, b"weather"), (PONG, b"?"), (TEXT, b"hello")])

    def test_it_waits_as_long_as_it_says(self):
        client, ws = self.opened("--base-ms", "1000", "--seed", "8", "--subscribe", "x")
        for attempt in (2, 3, 4):
            self.assertEqual(ws.receive(), (TEXT, b"x"))
            lost = time.monotonic()
            ws.reset()
            ws = self.server.accept()
            took = 1000 * (time.monotonic() - lost)
            said = int(client.wait_log(rf"attempt {attempt} in (\d+) ms")[0][1])
            self.assertGreaterEqual(took, said)
        self.assertGreater(said, 1000)  # else all this says nothing

    def test_fifty_sessions_leave_nothing_behind(self):
        client = self.client("--base-ms", "1", "--cap-ms", "20", "--subscribe", "x")
        descriptors = []
        for number in range(50):
            ws = self.server.accept()
            self.assertEqual(ws.receive(), (TEXT, b"x"))
            descriptors.append(client.descriptors())
            if number % 2:
                ws.reset()
            else:
                ws.close(1001)
        self.assertEqual(set(descriptors), {descriptors[0]})

    def test_a_hundred_clients_whose_server_restarts(self):
        """They all lose it in the same instant. All come back, each with its subscription; and the
        delays that they logged are spread: no share of the time has many more than its share of
        them (Dvoretzky, Kiefer, Wolfowitz: by chance once in 10^9 runs)."""
        clients = [self.client("--base-ms", str(BASE_MS), "--subscribe", f"device {number}")
                   for number in range(CLIENTS)]
        expected = {b"device %d" % number for number in range(CLIENTS)}
        for restart in (1, 2):
            sessions = [self.server.accept() for _ in clients]
            self.assertEqual({ws.receive()[1] for ws in sessions}, expected)
            for ws in sessions:
                ws.close(1012)
            del sessions
            matches = [client.wait_log(rf"attempt {restart + 1} in (\d+) ms \(wait {restart}\)")[0]
                       for client in clients]
            limit = BASE_MS << (restart - 1)
            delays = sorted(int(match[1]) for match in matches)
            self.assertLessEqual(delays[-1], limit)
            apart = max(max(abs(i / CLIENTS - d / limit), abs((i + 1) / CLIENTS - d / limit))
                        for i, d in enumerate(delays))
            self.assertLess(apart, 0.33, delays)
        for ws in [self.server.accept() for _ in clients]:
            ws.close(1000)
        self.assertEqual({client.wait() for client in clients}, {0})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
