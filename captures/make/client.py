#!/usr/bin/python3
"""The Python websockets client of the captures: client.py SCENARIO URL LOG."""

import asyncio
import json
import pathlib
import random
import sys

import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from log import Log, LoggedConnection, address

scenario, url, log_path = sys.argv[1:]
log = Log(log_path, "client")
texts = json.loads((pathlib.Path(__file__).parent / "texts.json").read_text())
chance = random.Random(6455)  # a fixed seed: the same bytes in each run


async def open_connection(path, **options):
    # Pings of its own would come at any time, so they are off.
    options = {"compression": None, "ping_interval": None, **options}
    ws = await websockets.connect(url + path, **options)
    return LoggedConnection(ws, address(ws.local_address), log)


def text_of(length):
    """Text of so many bytes in UTF-8, with characters of one to four bytes."""
    pattern = "aé€😀, ".encode()
    start = (pattern * (length // len(pattern) + 1))[:length].decode(errors="ignore")
    return start + "." * (length - len(start.encode()))


async def talk(host=""):
    """Each kind of text and some binaries; everything comes back."""
    connection = await open_connection(host + "/echo")
    for message in texts + [chance.randbytes(length) for length in (0, 1, 40, 130, 1000)]:
        await connection.send(message)
        assert await connection.recv() == message
    await connection.close(1000, "that was it")


async def vlan():
    """The same over IPv4 and IPv6; the URL is given without a host."""
    await talk("10.0.0.2:8080")
    await talk("[fd00::2]:8080")


async def lossy():
    """Messages of several packets, sent without waiting for the answers."""
    connection = await open_connection("/echo")
    messages = [chance.randbytes(3000) for _ in range(12)]
    for message in messages:
        await connection.send(message)
        await asyncio.sleep(0.02)
    for message in messages:
        assert await connection.recv() == message
    await connection.close(1000, "nothing was lost")


async def echo():
    """Lengths around the places where the frame header changes."""
    connection = await open_connection("/echo")
    for length in (0, 1, 5, 125, 126, 127, 300):
        for message in (text_of(length), chance.randbytes(length)):
            await connection.send(message)
            assert await connection.recv() == message
    for message in texts:
        await connection.send(message)
        assert await connection.recv() == message
    await connection.close(1000, "small ones done \N{WAVING HAND SIGN}")

    connection = await open_connection("/one-more")
    # Longer than one packet, even on the loopback interface.
    await connection.send("0123456789abcdef" * 4095 + "012345678é😀")
    assert len(await connection.recv()) == 65536
    await connection.close(1000, "big ones done")


async def fragments(**options):
    connection = await open_connection("/fragments", **options)

    async def words():
        for word in ("From ", "an ", "iterator, ", "", "with ", "Grüße", " and 😀"):
            yield word
            await asyncio.sleep(0.003)

    async def bytes_and_pings():
        for length in range(20):
            yield chance.randbytes(length)
            if length % 5 == 0:
                await connection.ping(f"client after {length}".encode())
                await asyncio.sleep(0.003)

    async def send_all():
        await connection.send_fragments(words())
        await connection.ws.pong(b"unasked, from the client")
        await (await connection.ping(b""))
        await connection.send_fragments(bytes_and_pings())
        await (await connection.ping(bytes(range(125))))
        await connection.send("whole again")

    sending = asyncio.create_task(send_all())
    while await connection.recv() != "That is all.":
        pass
    await sending
    await connection.close(1000, "all fragments came")


async def subprotocol():
    connections = [
        await open_connection("/chat", subprotocols=["chat.v3", "chat.v2", "superchat"]),
        await open_connection("/no-subprotocol", subprotocols=["chat.v3", "chat.v2"]),
        await open_connection("/chat"),  # offers none
        # Offers in two header lines: websockets writes one for subprotocols,
        # and the extra header is another of that name.
        await open_connection("/chat", subprotocols=["one", "two"],
                              extra_headers=[("Sec-WebSocket-Protocol", "three, four")]),
    ]
    for connection in connections:
        await connection.send(f"we speak {connection.ws.subprotocol}")
        await connection.recv()
        await connection.close()


async def deflate():
    # What the client offers by itself.
    await deflated("keeps its window", compression="deflate")
    # Each message begins with an empty window.
    await deflated("forgets its window", extensions=[ClientPerMessageDeflateFactory(
        server_no_context_takeover=True, client_no_context_takeover=True)])
    # The smallest window a zlib can really have.
    await deflated("has a small window", extensions=[ClientPerMessageDeflateFactory(
        server_max_window_bits=9, client_max_window_bits=9)])
    await fragments(compression="deflate")


async def deflated(name, **options):
    connection = await open_connection("/echo", **options)
    messages = [f"This connection {name}."] * 3 + texts[:8] + [
        b"", bytes(1000), chance.randbytes(300), "A long message has repetitions. " * 300]
    for message in messages:
        await connection.send(message)
        assert await connection.recv() == message
    await connection.close(1000, name)


async def many():
    """200 connections, all open at once, which take turns; each has its own windows."""
    connections = [await open_connection("/echo", compression="deflate", user_agent_header=None)
                   for _ in range(200)]
    for turn, who in enumerate([1, 8]):  # every one, then every eighth
        for number, connection in list(enumerate(connections))[::who]:
            message = f"Connection {number}, turn {turn}: {number * 7919 % 1000}"
            await connection.send(message)
            assert await connection.recv() == message
    await asyncio.gather(*(connection.close(1000) for connection in connections))


asyncio.run(asyncio.wait_for(globals()[scenario](), 60))
