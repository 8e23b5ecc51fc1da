"""Lesson 08's server under test: started, its tokens made, its log read, stopped."""

import base64
import hmac
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import unittest

PATIENCE = 60  # seconds, for what takes milliseconds
SLOW = float(os.environ.get("SLOW", "1"))
REQUEST = ("GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{more}\r\n")


def missing(what):
    """This peer is not there: skip, or fail where everything has to be there."""
    if os.environ.get("CI"):
        raise AssertionError(what)
    raise unittest.SkipTest(what)


def request(port, path="/ws", host=None, **headers):
    """The head of an opening handshake."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return REQUEST.format(path=path, host=host or f"127.0.0.1:{port}", more=more).encode()


def frame(opcode, payload):
    """One of a client's, with a masking key of zeros."""
    assert len(payload) < 126
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + bytes(4) + payload


def say(**members):
    return json.dumps(members)


def signed(secret, header, claims):
    """A token of these two texts, whatever they are, with a signature that is right."""
    def base64url(raw):
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    text = f"{base64url(header.encode())}.{base64url(claims.encode())}"
    return f"{text}.{base64url(hmac.digest(secret.encode(), text.encode(), 'sha256'))}"


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Gate:
    """FOLDER holds the programs (build/dev/lessons). Without `secret` it makes a link for a guest."""

    def __init__(self, folder, *arguments, secret=True, program="08_gate/gate"):
        self.folder = pathlib.Path(folder)
        self.home = tempfile.TemporaryDirectory(prefix="gate-")
        self.secret_file = pathlib.Path(self.home.name, "chat.secret")
        self.secret = base64.b64encode(os.urandom(32)).decode()
        self.secret_file.write_text(self.secret + "\n")
        self.log_file = open(pathlib.Path(self.home.name, "log"), "w+", encoding="utf-8")
        own = ["--secret-file", str(self.secret_file)] if secret else []
        self.process = subprocess.Popen(
            [self.folder / program, "--port", "0", *own, *arguments], text=True,
            stdout=subprocess.PIPE, stderr=self.log_file,
            # GLib's own memory goes from thread to thread under locks that no sanitizer sees
            env=dict(os.environ, G_SLICE="always-malloc"))
        line = self.process.stdout.readline()
        port = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", line)
        assert port, f"its first line is {line!r}; {self.log()}"
        self.port = int(port[1])

    def token(self, name="Ann", join="*", say="*", **options):
        more = [word for key, value in options.items() for word in (f"--{key}", str(value))]
        return subprocess.run(
            [self.folder / "08_gate/make_token", "--secret-file", self.secret_file, "--name", name,
             "--join", join, "--say", say, *more],
            check=True, capture_output=True, text=True).stdout.strip()

    def log(self):
        return pathlib.Path(self.log_file.name).read_text(encoding="utf-8")

    def wait_for_log(self, pattern):
        end = time.monotonic() + PATIENCE * SLOW
        while not re.search(pattern, self.log()):
            assert time.monotonic() < end, f"no {pattern} in\n{self.log()}"
            time.sleep(0.02)

    def stop(self):
        """SIGTERM: it ends within 5 s (and what a slow machine takes), with status 0."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(5 * SLOW)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        log = self.log()
        self.log_file.close()
        self.home.cleanup()
        assert "runtime error" not in log and "Sanitizer" not in log, log


def make_certificate(folder, *names):
    """As README has it, and for these names, too: (certificate, key)."""
    cert, key = pathlib.Path(folder, "cert.pem"), pathlib.Path(folder, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=localhost",
                    "-addext",
                    ",".join(["subjectAltName=DNS:localhost", "IP:127.0.0.1", *names]),
                    "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, key
