"""Many clients of a lesson's server, and the server's process as /proc sees it."""
import asyncio
import contextlib
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import time

SLOW = float(os.environ.get("SLOW", "1"))  # of a slow machine, or a sanitizer
SANITIZED = "SANITIZED" in os.environ  # its malloc keeps what was freed; it finds leaks itself
PATIENCE = 60 * SLOW
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def frame(opcode, payload=b"", fin=True):
    """A client's frame. Its masking key is 0, so that masking costs nothing here."""
    size = len(payload)
    length = (bytes([0x80 | size]) if size < 126 else
              b"\xfe" + struct.pack(">H", size) if size < 65536 else
              b"\xff" + struct.pack(">Q", size))
    return bytes([0x80 * fin | opcode]) + length + bytes(4) + payload


def request(target="/ws", *more):
    lines = [f"GET {target} HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket",
             "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
             "Sec-WebSocket-Version: 13", *more, "", ""]
    return "\r\n".join(lines).encode()


class Client:
    async def connect(self, port, rcvbuf=0, source=None, tls=None):
        """TCP, and TLS with this context. `source` is an address of ours."""
        sock = socket.socket()
        if rcvbuf:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        if source:
            sock.bind((source, 0))
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        self.reader, self.writer = await asyncio.open_connection(
            sock=sock, limit=1024, ssl=tls, server_hostname="localhost" if tls else None)
        return self

    async def open(self, port, asked=request(), **how):
        await self.connect(port, **how)
        self.writer.write(asked)
        head = await self.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        return self

    async def receive(self):
        """The next frame that is no ping, as (opcode, payload); pings are answered."""
        while True:
            first, size = await self.reader.readexactly(2)
            if size == 126:
                size = struct.unpack(">H", await self.reader.readexactly(2))[0]
            elif size == 127:
                size = struct.unpack(">Q", await self.reader.readexactly(8))[0]
            payload = await self.reader.readexactly(size)
            if first & 15 != PING:
                return first & 15, payload
            self.writer.write(frame(PONG, payload))

    def send(self, opcode, payload=b"", fin=True):
        self.writer.write(frame(opcode, payload, fin))

    async def close(self):
        self.writer.write(frame(CLOSE, b"\x03\xe8"))
        assert await self.receive() == (CLOSE, b"\x03\xe8")
        assert await self.reader.read() == b""
        self.writer.close()

    def stop_reading(self):
        self.reader._transport.pause_reading()

    def abort(self):
        """Go without a word: a FIN, or a RST where something has come and was not read."""
        self.writer.transport.abort()

    def reset(self):
        """Go without a word: a RST, and what is on its way is lost in both directions."""
        with contextlib.suppress(OSError):  # unless the other side was first
            self.writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class Server:
    """`how` is for Popen; `closed` are redirections of a shell. The log is read all the time, unless
    it goes somewhere else."""

    def __init__(self, program, *arguments, closed=None, **how):
        command = [program, *map(str, arguments)]
        if closed:
            command = ["sh", "-c", f'exec "$0" "$@" {closed}', *command]
        self.log_is_read = not closed and "stderr" not in how
        # GLib's own memory goes from thread to thread under locks that no sanitizer sees.
        environment = {**os.environ, "G_SLICE": "always-malloc"} if SANITIZED else None
        self.process = subprocess.Popen(command, text=True, env=environment,
                                        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
                                           **how})
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])
        self.log = []
        self.reading = asyncio.create_task(asyncio.to_thread(
            lambda: self.log.extend(self.process.stderr or ())))
        self.threads, self.descriptors = self.count()

    def status(self, name):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith(name))

    def count(self):
        return self.status("Threads:"), len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def memory(self):
        return self.status("VmRSS:")

    def cpu(self):
        """Seconds of CPU time so far."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as line:
            fields = line.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def signal(self, number):
        self.process.send_signal(number)

    async def settle(self, connections, threads):
        """Wait until nothing is left but these."""
        wanted = (self.threads + threads, self.descriptors + connections)
        await until(lambda: self.count() == wanted,
                    lambda: f"{self.count()} threads and descriptors, {wanted} would be right")

    async def stop(self):
        """SIGTERM. It ends in good order; how long it took, in seconds."""
        begun = time.monotonic()
        self.signal(signal.SIGTERM)
        status = await asyncio.to_thread(self.process.wait, PATIENCE)
        took = time.monotonic() - begun
        await self.reading
        self.check_log()
        assert status == 0, f"status {status}: {''.join(self.log[-50:])}"
        return took

    def check_log(self):
        log = "".join(self.log)
        assert "Sanitizer" not in log and "runtime error" not in log, log

    async def end(self):
        """It has ended, or something was wrong."""
        if self.process.poll() is None:
            self.process.kill()
        await asyncio.to_thread(self.process.wait)
        await self.reading
        self.process.stdout.close()
        if self.process.stderr:
            self.process.stderr.close()


async def until(condition, what):
    """Wait for it. `what` says what is missing."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what() if callable(what) else what
        await asyncio.sleep(0.01)


def together(tasks):
    return asyncio.wait_for(asyncio.gather(*tasks), PATIENCE)


def need_descriptors(needed):
    """Exit status 77 where this machine lets no process have so many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        print(f"skipped: {needed} descriptors are needed, ulimit -Hn is {hard}")
        sys.exit(77)
    if soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
