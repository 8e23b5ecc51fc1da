#!/usr/bin/python3
"""The Python websockets server of the captures: server.py HOST PORT LOG.

What it does depends on the path.
"""

import asyncio
import socket
import struct
import sys

import websockets

from log import Log, LoggedConnection, address

host, port, log_path = sys.argv[1:]
log = Log(log_path, "server")


async def serve(ws):
    connection = LoggedConnection(ws, address(ws.remote_address), log)
    try:
        while True:
            message = await connection.recv()
            if ws.path.startswith("/close/"):
                await end(connection, ws.path.removeprefix("/close/"))
            else:
                await connection.send(message)
    except websockets.ConnectionClosed:
        await connection.closed()


async def end(connection, way):
    transport = connection.ws.transport
    if way == "fin":
        transport.close()  # ends the TCP connection, without a Close
    elif way == "reset":
        linger_not = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, linger_not)
        transport.abort()
    elif way == "long":
        await connection.ws.close(1000, "r" * 123)
    else:
        await connection.ws.close(int(way), f"server says {way}")


async def main():
    async with websockets.serve(serve, host, int(port), compression=None, ping_interval=None):
        print("ready", flush=True)
        await asyncio.sleep(90)  # never stays behind


asyncio.run(main())
