#!/usr/bin/python3
"""gate_test.py FOLDER PROJECT: lesson 08's server and its tokens beside others' programs.

FOLDER holds the programs (build/dev/lessons). The peers are Python websockets and PyJWT; what is not
installed is skipped with its reason, or fails the run where CI is set. Exit status 77: nothing could
be tried."""

import asyncio
import base64
import hmac
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import unittest

from gate import (PATIENCE, Gate, claims_of, frame, make_certificate, missing, request, say,
                  signed)

try:
    import jwt
except ImportError:
    jwt = None
try:
    import websockets
except ImportError:
    websockets = None

FOLDER, PROJECT = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
NOON = 4102401600  # a moment in 2099
HS256 = '{"alg":"HS256","typ":"JWT"}'
ROOMS = {"join": ["room:*"], "say": ["room:tea"]}


class GateTest(unittest.TestCase):
    def gate(self, *arguments, **options):
        server = Gate(FOLDER, *arguments, **options)
        self.addCleanup(server.end)
        return server

    def run_async(self, conversation):
        if not websockets:
            missing("Python websockets is missing: python3-websockets")
        asyncio.run(asyncio.wait_for(conversation, PATIENCE))

    def answer(self, server, *more, **options):
        """The status of the answer, and all that was said."""
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as tcp:
            tcp.sendall(request(server.port, **options) + b"".join(more))
            said = tcp.recv(65536)
            while not said.startswith(b"HTTP/1.1 101") and (some := tcp.recv(65536)):
                said += some
        return int(said.split()[1]), said

    # ---- Tokens beside another library ----

    def test_its_tokens_are_read_by_others(self):
        if not jwt:
            missing("PyJWT is missing: python3-jwt")
        server = self.gate()
        token = server.token("Grüße 👋", "room:*,game:chess", "room:tea", expires=4102444800)
        self.assertEqual(jwt.decode(token, server.secret, algorithms=["HS256"]),
                         {"sub": "Grüße 👋", "exp": 4102444800, "join": ["room:*", "game:chess"],
                          "say": ["room:tea"]})
        with self.assertRaises(jwt.InvalidSignatureError):
            jwt.decode(token, "x" * 32, algorithms=["HS256"])

    def test_tokens_of_others_are_read(self):
        if not jwt:
            missing("PyJWT is missing: python3-jwt")
        server = self.gate()
        now = int(time.time())
        sound = {"sub": "Ann", "exp": now + 3600, **ROOMS}
        for claims, status in (
                (sound, 101),
                ({**sound, "iat": now, "iss": "login", "jti": "7", "more": {"a": [1]}}, 101),
                ({**sound, "nbf": now - 10}, 101),
                ({**sound, "nbf": now + 3600}, 401),
                ({**sound, "exp": now - 10}, 401),
                ({**sound, "exp": now + 3600.5}, 401),
                ({**sound, "aud": "chat"}, 401)):
            token = jwt.encode(claims, server.secret, algorithm="HS256")
            with self.subTest(claims):
                self.assertEqual(
                    self.answer(server, Authorization=f"Bearer {token}")[0], status)
        for algorithm in ("HS384", "HS512"):
            token = jwt.encode(sound, server.secret, algorithm=algorithm)
            self.assertEqual(self.answer(server, Authorization=f"Bearer {token}")[0], 401)
        token = jwt.encode(sound, None, algorithm="none")
        self.assertEqual(self.answer(server, Authorization=f"Bearer {token}")[0], 401)

    def test_what_only_looks_like_a_token(self):
        """Anybody can write a header; and who signs claims has bugs, too. Nothing of it may end the
        server, nor write a line of its own into the log."""
        server = self.gate()
        header, claims = '{"alg":"HS256"}', '{"sub":"Ann","exp":4102444800}'
        deep = '"deep":' + "[" * 1200 + "]" * 1200 + "}"
        for wrong, error in ((('{"alg":["HS256"]}', claims), "token-algorithm"),
                             (('{"alg":{"alg":"HS256"}}', claims), "token-algorithm"),
                             (('{"alg":"HS256",' + deep, claims), "token-algorithm"),
                             (('{"alg":/**/"HS256"}', claims), "token-algorithm"),
                             (("{'alg':'HS256'}", claims), "token-algorithm"),
                             ((header, claims[:-1] + "," + deep), "token-claims"),
                             ((header, claims.replace("Ann", "A\\ud800nn")), "token-claims"),
                             ((header, claims.replace("Ann", "A\\u2028nn")), "token-claims"),
                             ((header, claims.replace('"Ann"', '{"sub":"Ann"}')), "token-claims")):
            token = signed(server.secret, *wrong)
            with self.subTest(str(wrong)[:80]):
                status, said = self.answer(server, Authorization=f"Bearer {token}")
                self.assertEqual(status, 401)
                self.assertIn(f'"error":"{error}"'.encode(), said)
        token = signed(server.secret, header, claims)
        self.assertEqual(self.answer(server, Authorization=f"Bearer {token}")[0], 101)
        self.assertEqual(server.stop(), 0)
        for line in server.log().splitlines():
            self.assertRegex(line, r"^lesson-Message: .*: conn \d+ (refused|ended|stats)")

    def test_the_tokens_in_the_checks_are_what_they_say(self):
        """Those that are let in are sound for PyJWT as well, and all are made with one secret."""
        if not jwt:
            missing("PyJWT is missing: python3-jwt")
        lesson = PROJECT / "lessons/08_gate"
        secret = (lesson / "exercise.secret").read_text().strip()
        seen = 0
        for case in lesson.glob("check/*.case"):
            for token in re.findall(r"^connect .*(?:Bearer |token=|bearer\.)(eyJ[\w.-]+)",
                                    case.read_text(), re.M):
                jwt.decode(token, secret, algorithms=["HS256"])
                seen += 1
        self.assertGreater(seen, 10)

    def test_a_token_is_valid_from_its_first_second_to_its_last(self):
        """On a clock that stands still: not before nbf, not from exp on."""
        server = self.gate("--now", str(NOON))
        for claims, status, code in (({"exp": NOON + 1}, 101, b""),
                                     ({"exp": NOON}, 401, b"token-expired"),
                                     ({"exp": NOON + 9, "nbf": NOON}, 101, b""),
                                     ({"exp": NOON + 9, "nbf": NOON + 1}, 401, b"token-too-early")):
            with self.subTest(claims):
                token = signed(server.secret, HS256, json.dumps({"sub": "Ann", **ROOMS, **claims}))
                got, said = self.answer(server, Authorization=f"Bearer {token}")
                self.assertEqual((got, code in said), (status, True), said)

    def test_so_is_a_right_of_who_is_there(self):
        """An hour later: one token ends in this second, the other one in the next."""
        server = self.gate("--now", str(NOON))
        for left, wanted in ((1, b'"joined"'), (0, b'"token-expired"')):
            now = NOON + 3600 * (1 - left)
            claims = {"sub": "Ann", **ROOMS, "exp": now + 3600 + left}
            token = signed(server.secret, HS256, json.dumps(claims))
            with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as tcp:
                tcp.sendall(request(server.port, Authorization=f"Bearer {token}"))
                self.hear(tcp, b'"welcome"')
                server.process.send_signal(signal.SIGUSR2)
                server.wait_for_log(f"the clock of tokens: {now + 3600}")
                tcp.sendall(frame(1, say(do="join", room="room:tea").encode()))
                self.assertIn(wanted, self.hear(tcp, b'"room:tea"|"error"'))

    def hear(self, tcp, pattern):
        said = b""
        while not re.search(pattern, said):
            some = tcp.recv(65536)
            self.assertTrue(some, said)
            said += some
        return said

    def test_the_largest_token_that_is_taken(self):
        """One room or one character more is refused: check 08.7."""
        server = self.gate()
        most = {"sub": "\u00fc" * 32, "exp": 4102444800, "join": [f"room:{n}" for n in range(32)],
                "say": ["x" * 48] * 32}
        token = signed(server.secret, HS256, json.dumps(most))
        status, said = self.answer(server, Authorization=f"Bearer {token}")
        self.assertEqual(status, 101, said)

    def test_signatures_are_compared_in_constant_time(self):
        """What no client can see, and no test can measure: so read the program."""
        for path in "08_gate/gate.c", "solutions/08_gate/exercise.c":
            text = (PROJECT / "lessons" / path).read_text()
            body = text[text.index("static bool is_signed("):]
            body = body[:body.index("\n}\n")]
            self.assertIn("CRYPTO_memcmp(", body, path)
            self.assertNotRegex(body, r"\b(memcmp|strn?cmp|g_strcmp0|g_str_equal)\(", path)

    # ---- Whose page speaks ----

    def test_its_own_page_may_speak_whatever_the_request_says_of_itself(self):
        server = self.gate("--origin", "https://chat.example.com")
        token = server.token()
        for origin, status in ((f"http://127.0.0.1:{server.port}", 101),
                               (f"http://localhost:{server.port}", 101),
                               (f"http://LOCALHOST:{server.port}", 101),
                               ("https://chat.example.com", 101),
                               (f"https://localhost:{server.port}", 403),
                               ("http://localhost", 403),
                               (f"http://127.0.0.2:{server.port}", 403),
                               (f"http://localhost.evil.test:{server.port}", 403),
                               (f"http://evil.test:{server.port}", 403)):
            with self.subTest(origin):
                got, said = self.answer(server, host=f"evil.test:{server.port}", Origin=origin,
                                        Cookie=f"token={token}")
                self.assertEqual(got, status, said)
        self.assertIn(f"refused its origin: http://evil.test:{server.port}\n", server.log())

    def test_a_secret_may_be_any_bytes(self):
        """All of them count, but for the line ends behind them."""
        server = self.gate()
        for secret, ends in ((b"x" * 31 + b"\0", b""), (bytes(range(256)) + b"\0\0", b"\r\n\n")):
            server.secret_file.write_bytes(secret + ends)
            text, _, signature = server.token().rpartition(".")
            made = hmac.digest(secret, text.encode(), "sha256")
            self.assertEqual(base64.urlsafe_b64decode(signature + "="), made)

    # ---- The link for a guest ----

    def test_without_a_secret_there_is_a_link(self):
        server = self.gate(secret=False)
        line = server.process.stdout.readline()
        link = re.fullmatch(rf"open http://127\.0\.0\.1:{server.port}/#token=(\S+)\n", line)
        self.assertTrue(link, line)
        claims = claims_of(link[1])
        self.assertEqual((claims["sub"], claims["join"], claims["say"]), ("guest", ["*"], ["*"]))
        self.assertAlmostEqual(claims["exp"], time.time() + 86400, delta=PATIENCE)

        async def conversation():
            uri = f"ws://127.0.0.1:{server.port}/ws"
            async with websockets.connect(
                    uri, subprotocols=["chat", f"bearer.{link[1]}"],
                    origin=f"http://127.0.0.1:{server.port}") as ws:
                self.assertEqual(ws.subprotocol, "chat")
                self.assertIn('"name":"guest"', await ws.recv())
                await ws.send(say(do="join", room="room:tea"))
                self.assertIn('"event":"joined"', await ws.recv())
        self.run_async(conversation())
        self.assertEqual(server.stop(), 0)
        self.assertNotIn(link[1][:30], server.log())

    def test_with_a_secret_there_is_none_and_nobody_elses_tokens_are_taken(self):
        server, other = self.gate(), self.gate()
        status, _ = self.answer(server, Authorization=f"Bearer {other.token()}")
        self.assertEqual(status, 401)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(server.process.stdout.read(), "")

    # ---- What happens later ----

    def test_a_token_that_expires_ends_its_connection(self):
        server = self.gate("--ping-ms", "100")

        async def stays_until_the_end(seconds):
            """False: the machine was so slow that it was too late for the handshake."""
            ends = int(time.time()) + seconds
            token = server.token(expires=ends)
            try:
                async with websockets.connect(
                        f"ws://127.0.0.1:{server.port}/ws",
                        extra_headers={"Authorization": f"Bearer {token}"}) as ws:
                    with self.assertRaises(websockets.ConnectionClosed) as closed:
                        while True:
                            await ws.recv()
            except websockets.InvalidStatusCode:
                self.assertGreaterEqual(time.time(), ends)
                return False
            self.assertGreaterEqual(time.time(), ends)
            self.assertEqual((closed.exception.rcvd.code, closed.exception.rcvd.reason),
                             (1008, "token expired"))
            return True

        async def conversation():
            for seconds in (2, 6, 30):
                if await stays_until_the_end(seconds):
                    return
        self.run_async(conversation())

    def test_a_refusal_arrives_although_the_client_goes_on_sending(self):
        server = self.gate()
        for _ in range(20):
            status, said = self.answer(server, b"x" * 200_000)
            self.assertEqual(status, 401)
            self.assertTrue(said.endswith(b"}\n"), said)

    def test_nothing_secret_is_logged(self):
        server = self.gate()
        good, bad = server.token(), self.gate().token("Eve")
        for token in (good, bad, good[:-1], "x." + good, good.replace(".", "..", 1)):
            for how in ({"Authorization": f"Bearer {token}"}, {"Cookie": f"token={token}"},
                        {"Sec_WebSocket_Protocol": f"bearer.{token}"}):
                self.answer(server, **how)
            self.answer(server, path=f"/ws?token={token}")
            self.answer(server, path=f"/ws?Token={token}")
            self.answer(server, path=f"/{token}")
        self.assertEqual(server.stop(), 0)
        log = server.log()
        for text in (server.secret, good[:20], good[-20:], bad[-20:], "Eve"):
            self.assertNotIn(text, log)
        for reason in ("token-signature", "token-malformed", "token-in-address", "not-here"):
            self.assertRegex(log, rf"conn \d+ refused: 4\d\d {reason}\n")

    def test_what_a_client_writes_is_one_line_of_the_log(self):
        server = self.gate()
        for origin in ("http://evil\x1b[31m", "http://evil\rconn 7 open", "http://evil\0"):
            with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as tcp:
                tcp.sendall(request(server.port, Origin=origin))
                self.assertIn(b" 400 ", tcp.recv(4096))
        for origin, line in (("http://\x9b31m", r"http://\\u009b31m"),
                             ("http://" + "e" * 100, "http://" + "e" * 73)):
            self.assertEqual(self.answer(server, Origin=origin)[0], 403)
            self.assertRegex(server.log(), rf"conn \d+ refused its origin: {line}\n")
        self.assertEqual(server.stop(), 0)
        for line in server.log().splitlines():
            self.assertRegex(line, r"^lesson-Message: .*: conn \d+ (refused|ended|stats)")

    # ---- Its command line ----

    def fails(self, program, arguments, line):
        done = subprocess.run([FOLDER / "08_gate" / program, *arguments], capture_output=True,
                              text=True, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stdout, "")  # told before it says that it listens
        self.assertRegex(done.stderr, rf"\A{program}: {line}\n\Z")

    def test_a_wrong_command_line_is_one_line(self):
        server = self.gate()
        short = pathlib.Path(server.home.name, "short")
        short.write_text("x" * 31 + "\n\n")
        self.fails("gate", ["--secret-file", "/nowhere"], ".*/nowhere.*No such file or directory")
        self.fails("gate", ["--secret-file", short], f"{short}: a secret has 32 bytes or more: .*")
        self.fails("gate", ["--cert", "a.pem"], "--cert and --key belong together; .*")
        cert, key = make_certificate(server.home.name)
        other = pathlib.Path(server.home.name, "other.pem")
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", other], check=True)
        for cert, key, line in (
                ("/nowhere", key, "--cert /nowhere: No such file or directory"),
                (cert, "/nowhere", "--key /nowhere: No such file or directory"),
                (short, key, rf"--cert {short}: there is no certificate \(PEM\) in it"),
                (cert, short, rf"--key {short}: there is no private key \(PEM\) in it"),
                (cert, other, f"--key {other}: it is not the key of this certificate")):
            self.fails("gate", ["--cert", cert, "--key", key], line)
        for origin in ("chat.example.com", "https://chat.example.com/", "null", ""):
            self.fails("gate", ["--origin", origin],
                       f"--origin is scheme://host or .*: {origin}; --help lists the options")

    def test_no_token_is_made_that_nobody_would_take(self):
        server = self.gate()
        own = ["--secret-file", server.secret_file]
        self.fails("make_token", own, "--secret-file and --name are needed, .*")
        self.fails("make_token", [*own, "--name", "A" * 33], "sub is not a name .*")
        self.fails("make_token", [*own, "--name", "Ann", "--join", "Room"], "join is not .*")
        self.fails("make_token", [*own, "--name", "Ann", "--say", "a*b"], "say is not .*")
        self.fails("make_token", [*own, "--name", "Ann", "--expires", "-1"], "exp is not .*")
        self.fails("make_token", [*own, "--name", "Ann", "--seconds", str(2**63 - 1)],
                   "--seconds is a century at most; .*")


if __name__ == "__main__":
    result = unittest.main(argv=sys.argv[:1], exit=False, verbosity=2).result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if len(result.skipped) >= result.testsRun else 0)
