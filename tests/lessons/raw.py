"""A client that may do everything: any frame, from any address of loopback."""

import asyncio
import json
import socket
import struct
import zlib

from gate import request

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def header(opcode, size, fin=True, rsv=0):
    """A client's frame that declares this size. Its masking key is 0: masking costs nothing."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    return (bytes([first, 0x80 | size]) if size < 126 else
            bytes([first, 0xFE]) + struct.pack(">H", size) if size < 65536 else
            bytes([first, 0xFF]) + struct.pack(">Q", size)) + bytes(4)


def frame(opcode, payload=b"", **options):
    return header(opcode, len(payload), **options) + payload


def do(action, **members):
    return frame(TEXT, json.dumps({"do": action, **members}).encode())


class Client:
    """One connection, from an address of its choice."""

    async def open(self, port, address, asks=True, rcvbuf=0, **headers):
        sock = socket.socket()
        sock.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
        sock.bind((address, 0))
        if rcvbuf:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        self.reader, self.writer = await asyncio.open_connection(sock=sock, limit=65536)
        if asks:
            self.writer.write(request(port, f"/ws?name={address}", **headers))
            head = await self.reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 101 "):
                raise ConnectionRefusedError(head.split(b"\r\n")[0].decode())
        return self

    bytes = compressed = 0  # of events: payload as it came; how many were compressed

    async def event(self):
        """The next event; pings are answered."""
        while True:
            first, size = await self.reader.readexactly(2)
            if size == 126:
                size = struct.unpack(">H", await self.reader.readexactly(2))[0]
            payload = await self.reader.readexactly(size)
            self.bytes += size
            if first & 0x40:
                self.compressed += 1
                payload = zlib.decompressobj(-12).decompress(payload + b"\0\0\xff\xff")
            if first & 15 == PING:
                self.writer.write(frame(PONG, payload))
            elif first & 15 == CLOSE:
                raise EOFError(f"the server has closed the connection: {payload}")
            elif first & 15 == TEXT:
                return json.loads(payload)

    async def until_the_end(self):
        while await self.reader.read(65536):
            pass

    def abort(self):
        if hasattr(self, "writer"):
            self.writer.transport.abort()
