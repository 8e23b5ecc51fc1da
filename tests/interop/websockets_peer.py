#!/usr/bin/python3
"""Python websockets as a peer: server plain|deflate, client plain|deflate PORT. See peer_test.cc."""

import asyncio
import sys

import websockets

role, mode, *port = sys.argv[1:]
LIMIT = 16 << 20
SIZES = [1, 125, 126, 65535, 65536, 1 << 20, LIMIT]
OPTIONS = dict(compression="deflate" if mode == "deflate" else None, max_size=LIMIT,
               ping_interval=None)


async def echo(ws, *_path):
    async for message in ws:
        await ws.send(message)


async def serve():
    async with websockets.serve(echo, "127.0.0.1", 0, **OPTIONS) as server:
        number = server.sockets[0].getsockname()[1]
        print(f"listening on 127.0.0.1:{number}", flush=True)
        await asyncio.sleep(60)  # never stays behind


def check(condition, what):
    if not condition:
        sys.exit(f"websockets: {what}")


async def talk():
    async with websockets.connect(f"ws://127.0.0.1:{port[0]}/", **OPTIONS) as ws:
        check(bool(ws.extensions) == (mode == "deflate"), f"extensions: {ws.extensions}")
        for size in SIZES:
            text = ("the quick brown fox " * (size // 20 + 1))[:size]
            for message in (text, b"\xff" + text.encode()[1:]):
                await ws.send(message)
                check(await ws.recv() == message, f"the echo of {size} differs")

        async def fragments():
            yield "two "
            pong = await ws.ping(b"there?")
            await asyncio.wait_for(pong, 20)
            yield "fragments"

        await ws.send(fragments())
        check(await ws.recv() == "two fragments", "the echo of fragments differs")
        await ws.close(1000, "done")
        check(ws.close_code == 1000, f"close code {ws.close_code}")


asyncio.run(asyncio.wait_for(serve() if role == "server" else talk(), 70))
