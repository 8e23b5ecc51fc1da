#!/usr/bin/python3
"""Python websockets as a sound client under test: websockets_client.py URL. Prints the messages
that come, sends the lines of its stdin, comes back, stops on SIGTERM."""

import asyncio
import signal
import sys

import websockets


async def type_lines(connection, lines):
    while line := await lines.readline():
        await connection.send(line.decode().rstrip("\n"))
    await connection.close()


async def talk(connection, lines):
    typing = asyncio.ensure_future(type_lines(connection, lines))
    try:
        async for message in connection:
            print(message, flush=True)
    finally:
        typing.cancel()


async def main():
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    stopping, connection = False, None

    def stop():
        nonlocal stopping
        stopping = True
        if connection:
            asyncio.ensure_future(connection.close())

    loop.add_signal_handler(signal.SIGTERM, stop)
    while not stopping and not lines.at_eof():
        try:
            async with websockets.connect(sys.argv[1], compression=None) as connection:
                if not stopping:  # it may have been told to while it connected
                    await talk(connection, lines)
        except (OSError, websockets.WebSocketException):
            await asyncio.sleep(0.01)


asyncio.run(main())
