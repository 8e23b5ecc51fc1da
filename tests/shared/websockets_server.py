#!/usr/bin/python3
"""Python websockets as a sound program under test: echoes on any path, stops on SIGTERM."""

import asyncio
import signal

import websockets


async def echo(ws, *_path):
    async for message in ws:
        await ws.send(message)


async def main():
    stop = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set_result, None)
    async with websockets.serve(echo, "127.0.0.1", 0, max_size=2 << 20, compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        print(f"listening on 127.0.0.1:{port}", flush=True)
        await stop


asyncio.run(main())
