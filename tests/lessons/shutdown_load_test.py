#!/usr/bin/python3
"""shutdown_load_test.py PROGRAM: lesson 05's server under load.

1,000 connections: honest clients that send and wait for the echo, slow readers, clients that fall
silent, TCP connections that never ask for anything. Many leave, politely or not, and nothing of them
may stay: thread, descriptor, memory. Then SIGTERM comes while the honest ones are at work: each echo
is whole and in order, then Close 1001 and FIN, and the server ends by itself, in time, with status 0.
Exit status 77: this machine lets no process have so many descriptors."""
import asyncio
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import time

HONEST, SLOW_READERS, SILENT, MUTE = 800, 50, 100, 50
CLIENTS = HONEST + SLOW_READERS + SILENT + MUTE
SLOW = float(os.environ.get("SLOW", "1"))  # of a slow machine, or a sanitizer
SANITIZED = "SANITIZED" in os.environ  # its malloc keeps what was freed; it finds leaks itself
PATIENCE = 60 * SLOW
REQUEST = (b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


def frame(opcode, payload=b""):
    """A client's frame. Its masking key is 0, so that masking costs nothing here."""
    size = len(payload)
    length = (bytes([0x80 | size]) if size < 126 else
              b"\xfe" + struct.pack(">H", size) if size < 65536 else
              b"\xff" + struct.pack(">Q", size))
    return bytes([0x80 | opcode]) + length + bytes(4) + payload


class Client:
    async def open(self, port, asks=True, rcvbuf=0):
        sock = socket.socket()
        if rcvbuf:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        self.reader, self.writer = await asyncio.open_connection(sock=sock, limit=1024)
        if asks:
            self.writer.write(REQUEST)
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

    async def echo(self, text):
        self.writer.write(frame(TEXT, text))
        got = await self.receive()
        assert got == (TEXT, text), f"sent {text[:20]}, got {got[0]} {got[1][:20]}"

    async def close(self):
        self.writer.write(frame(CLOSE, b"\x03\xe8"))
        assert await self.receive() == (CLOSE, b"\x03\xe8")
        assert await self.reader.read() == b""
        self.writer.close()

    def abort(self):
        self.writer.transport.abort()


class Server:
    def __init__(self, program):
        # Tests of the sanitizers take longer over each thing: time for what is slow here.
        read_ms = int(4000 * SLOW)
        self.process = subprocess.Popen(
            [program, "--ping-ms", str(read_ms // 8), "--read-ms", str(read_ms)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])
        self.log = []
        self.reading = asyncio.create_task(asyncio.to_thread(
            lambda: self.log.extend(self.process.stderr)))
        self.threads, self.descriptors = self.count()

    def status(self, name):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith(name))

    def count(self):
        return self.status("Threads:"), len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def memory(self):
        return self.status("VmRSS:")

    async def settle(self, connections, threads):
        """Wait until nothing is left but these."""
        wanted = (self.threads + threads, self.descriptors + connections)
        until = time.monotonic() + PATIENCE
        while self.count() != wanted:
            assert time.monotonic() < until, \
                f"{self.count()} threads and descriptors, {wanted} would be right"
            await asyncio.sleep(0.05)


def together(tasks):
    return asyncio.wait_for(asyncio.gather(*tasks), PATIENCE)


async def come_and_go(server):
    """Half leave in good order, half vanish; a message of each may be on its way."""
    clients = await together(Client().open(server.port) for _ in range(300))
    await together(one.echo(b"x" * 20000) for one in clients)
    for one in clients[::2]:
        one.writer.write(frame(TEXT, b"nobody waits for this"))
        one.abort()
    await together(one.close() for one in clients[1::2])
    await server.settle(0, 0)


async def work_until_told(client, number):
    """Send and wait for the echo, again and again; how many echoes came before the Close 1001."""
    for turn in range(1000000):
        text = b"%d.%d " % (number, turn) + b"x" * (turn * 37 % 3000)
        client.writer.write(frame(TEXT, text))
        got = await client.receive()
        if got[0] == CLOSE:
            assert got[1] == b"\x03\xe9shutdown", got
            client.writer.write(frame(CLOSE, b"\x03\xe9"))
            assert await client.reader.read() == b"", "more comes behind the Close"  # FIN, not RST
            client.writer.close()
            return turn
        assert got == (TEXT, text), f"{number}.{turn}: got {got[0]} {got[1][:20]}"


async def main(program):
    server = Server(program)
    try:
        await load(server)
    finally:
        server.process.kill()  # it has ended, or something was wrong


async def load(server):
    for _ in range(2):  # by then malloc has an arena for each of the threads that run at a time
        await come_and_go(server)
    first = server.memory()
    for _ in range(3):  # to forget their messages would be 18 MB; less is for LeakSanitizer to see
        await come_and_go(server)
    assert SANITIZED or server.memory() < first + 8192, f"memory grows: {first} to {server.memory()} KiB"

    begun = server.memory()
    slow = await together(Client().open(server.port, rcvbuf=4096) for _ in range(SLOW_READERS))
    for one in slow:
        one.reader._transport.pause_reading()  # it takes nothing
        one.writer.write(frame(TEXT, b"x" * 200000) * 10)
    silent = await together(Client().open(server.port) for _ in range(SILENT))
    await together(Client().open(server.port, asks=False) for _ in range(MUTE))
    honest = await together(Client().open(server.port) for _ in range(HONEST))
    threads, descriptors = server.count()
    assert descriptors >= server.descriptors + HONEST, descriptors
    print(f"{CLIENTS} clients: {threads} threads, {descriptors} descriptors, "
          f"{(server.memory() - begun) / 1024:.1f} MiB more in RAM, "
          f"{server.status('VmSize:') / 1024 / 1024:.1f} GiB of addresses")

    work = [asyncio.create_task(work_until_told(one, i)) for i, one in enumerate(honest)]
    await asyncio.sleep(1)
    server.process.send_signal(signal.SIGUSR1)
    server.process.send_signal(signal.SIGTERM)
    begun = time.monotonic()
    echoes = await together(work)
    status = await asyncio.to_thread(server.process.wait, PATIENCE)
    took = time.monotonic() - begun
    await server.reading
    assert status == 0, f"status {status}"
    assert took < 5 * SLOW, f"it takes {took:.1f} s to stop"
    log = "".join(server.log)
    assert "Sanitizer" not in log and "runtime error" not in log, log
    assert re.search("stats: active 0, ", server.log[-1]), server.log[-1]
    ends = sum(re.search(r" conn [1-9][0-9]* ended: ", line) is not None for line in server.log)
    assert ends == CLIENTS + 5 * 300, f"{ends} lines of log say how a connection ended"
    print(f"{sum(echoes)} echoes in a second, then SIGTERM: all ended after {took:.2f} s\n"
          f"{server.log[-1].strip()}")
    for one in slow + silent:
        one.abort()


if __name__ == "__main__":
    needed = CLIENTS * 2 + 100
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        print(f"skipped: {needed} descriptors are needed, ulimit -Hn is {hard}")
        sys.exit(77)
    if soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    asyncio.run(main(sys.argv[1]))
