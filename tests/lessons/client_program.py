"""Lesson 06's client as a child, and a server for it that does exactly what a test says."""
import base64
import hashlib
import os
import re
import select
import signal
import socket
import struct
import subprocess
import threading

SLOW = float(os.environ.get("SLOW", "1"))  # of a slow machine, or a sanitizer
SANITIZED = "SANITIZED" in os.environ  # its malloc keeps what was freed: memory tells nothing
PATIENCE = float(os.environ.get("PATIENCE", "60")) * SLOW  # seconds, for what takes milliseconds
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Client:
    """The program, with pipes for all of its streams. Its log is read by a thread, line by line."""

    def __init__(self, program, *arguments, stdout=subprocess.PIPE):
        self.process = subprocess.Popen([program, *arguments], stdin=subprocess.PIPE,
                                        stdout=stdout, stderr=subprocess.PIPE, bufsize=0)
        self.lines, self.more = [], threading.Condition()
        self.printed = b""  # what was read of stdout behind the last line
        self.reader = threading.Thread(target=self.read_log, daemon=True)
        self.reader.start()

    def read_log(self):
        for line in self.process.stderr:
            with self.more:
                self.lines.append(line.decode().rstrip("\n"))
                self.more.notify_all()

    def wait_log(self, regex, count=1):
        """The first `count` matches in the log, as soon as they are there."""
        def found():
            return [match for line in self.lines if (match := re.search(regex, line))]
        with self.more:
            assert self.more.wait_for(lambda: len(found()) >= count, PATIENCE), self.lines
            return found()[:count]

    def type(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def wait_print(self):
        """It has begun to print something that was not read, or has ended."""
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        assert ready, f"nothing is printed; its log: {self.lines}"

    def line(self):
        """The next line of stdout."""
        while b"\n" not in self.printed:
            self.wait_print()
            got = os.read(self.process.stdout.fileno(), 1 << 20)
            assert got, f"stdout has ended; its log: {self.lines}"
            self.printed += got
        line, _, self.printed = self.printed.partition(b"\n")
        return line.decode()

    def status(self, name):
        """A number of /proc/PID/status, such as VmRSS in KiB."""
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            return int(re.search(rf"^{name}:\s+(\d+)", file.read(), re.M)[1])

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def wait(self):
        """Its status, when it ends by itself. Stdin stays open."""
        status = self.process.wait(PATIENCE)
        self.reader.join()
        return status

    def end(self):
        """Behind each test: nothing of it stays, and no sanitizer has complained."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                if stream:
                    stream.close()
            except BrokenPipeError:
                pass
        log = "\n".join(self.lines)
        assert "runtime error" not in log and "Sanitizer" not in log, log


class Connection:
    """One connection of the client, seen from the server."""

    def __init__(self, sock):
        self.sock, self.had, self.request = sock, b"", ""

    def read(self, size):
        while len(self.had) < size:
            got = self.sock.recv(65536)
            if not got:
                raise EOFError
            self.had += got
        data, self.had = self.had[:size], self.had[size:]
        return data

    def read_request(self):
        while b"\r\n\r\n" not in self.had:
            self.had += self.sock.recv(65536)
        head, _, self.had = self.had.partition(b"\r\n\r\n")
        self.request = head.decode()
        return self

    def header(self, name):
        return re.search(rf"^{name}: (.*?)\r?$", self.request, re.M | re.I)[1]

    def answer(self, status="101 Switching Protocols", *headers, behind=b""):
        if status.startswith("101"):
            digest = hashlib.sha1((self.header("Sec-WebSocket-Key") + GUID).encode()).digest()
            headers += ("Upgrade: websocket", "Connection: Upgrade",
                        "Sec-WebSocket-Accept: " + base64.b64encode(digest).decode())
        head = "\r\n".join((f"HTTP/1.1 {status}", *headers, "", ""))
        self.sock.sendall(head.encode() + behind)
        return self

    def send(self, opcode, payload=b""):
        size = len(payload)
        length = (bytes([size]) if size < 126 else b"\x7e" + struct.pack(">H", size)
                  if size < 65536 else b"\x7f" + struct.pack(">Q", size))
        self.sock.sendall(bytes([0x80 | opcode]) + length + payload)

    def receive(self):
        """The client's next frame: (opcode, payload). It has to be masked."""
        first, second = self.read(2)
        assert second & 0x80, "a frame without a mask"
        size = second & 0x7f
        if size == 126:
            size = struct.unpack(">H", self.read(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self.read(8))[0]
        key = self.read(4) * (size // 4 + 1)
        payload = self.read(size)
        number = int.from_bytes(payload, "big") ^ int.from_bytes(key[:size], "big")
        return first & 0xf, number.to_bytes(size, "big")

    def close(self, code=None, reason=b""):
        """The closing handshake, begun by us; then TCP ends. Gives back the client's code."""
        self.send(CLOSE, struct.pack(">H", code) + reason if code else b"")
        while (frame := self.receive())[0] != CLOSE:
            pass
        self.sock.close()
        return frame[1]

    def answer_close(self):
        """The client's Close is read, and answered with its payload: (what came before, its code)."""
        before = []
        while (frame := self.receive())[0] != CLOSE:
            before.append(frame)
        self.send(CLOSE, frame[1])
        self.sock.close()
        return before, struct.unpack(">H", frame[1][:2])[0]

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Server:
    """Listens on 127.0.0.1. Every wait has an end."""

    def __init__(self, port=0):
        self.listener = socket.create_server(("127.0.0.1", port), backlog=256)
        self.listener.settimeout(PATIENCE)
        self.port = self.listener.getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}/ws"
        self.sockets = []

    def accept_tcp(self):
        sock, _ = self.listener.accept()
        sock.settimeout(PATIENCE)
        self.sockets.append(sock)
        return Connection(sock)

    def accept(self):
        return self.accept_tcp().read_request().answer()

    def close(self):
        """It listens no more, and all of its connections are gone."""
        for sock in (self.listener, *self.sockets):
            sock.close()
