#!/usr/bin/python3
"""limits_cost.py FOLDER: what compression and batching cost and save in lesson 09's server: the
tables of its README. No test: it judges nothing. FOLDER holds the programs (build/release/lessons)."""
import asyncio
import json
import os
import pathlib
import random
import re
import sys
import time
import zlib

from gate import Gate
from raw import Client, do

MEMBERS, MESSAGES, IDLE = 100, 1500, 400
SYMBOLS, UPDATES = 50, 2000
EXTENSION = "permessage-deflate; client_max_window_bits"
WORDS = ("the a to of and in is it you that he was for on are with as his they at be this have from or "
         "one had by word but not what all were we when your can said there use each which she do how "
         "their if will up other about out many then them these so some her would make like him into "
         "time has look two more write go see number no way could people my than first water been call").split()


def text_of(size, rng):
    words = ""
    while len(words) < size:
        words += rng.choice(WORDS) + " "
    return words[:size].strip()


class Server(Gate):
    def __init__(self, *arguments):
        super().__init__(sys.argv[1], "--open", "--burst", "0", "--address-burst", "0", "--per-address",
                         "0", "--connect-burst", "0", "--outbox-bytes", "16000000", *arguments,
                         secret=False, program="09_limits/limits")
        self.process.stdout.readline()

    def cpu(self):
        """Seconds so far, of user and system."""
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


async def members(server, count, room, **headers):
    async def one():
        client = await Client().open(server.port, "127.0.0.1", **headers)
        await client.event()
        if room:
            client.writer.write(do("join", room=room))
            while (await client.event())["event"] != "joined":
                pass
        return client
    return [await one() for _ in range(count)]


async def hear(client, heard, place):
    """Events until the last price; heard[place] is how many of them were messages."""
    while True:
        event = await client.event()
        heard[place] += event["event"] == "message_sent"
        if event["event"] == "message_sent" and event["text"].endswith("ZZ=1"):
            return


async def talk(server, clients, texts, room="room:tea", pace=0):
    """One says all of it, all hear it: messages that came, their bytes, seconds of the server's CPU.
    Ten at a time: each `pace` seconds, or when all have heard the ones before."""
    begun, bytes_before = server.cpu(), sum(c.bytes for c in clients)
    heard = [0] * len(clients)
    hearing = [asyncio.create_task(hear(c, heard, n)) for n, c in enumerate(clients)]
    for n, text in enumerate(texts):
        clients[0].writer.write(do("say", room=room, text=text))
        while n % 10 == 9 and not pace and min(heard) < n - 9:
            await asyncio.sleep(0)
        if n % 10 == 9 and pace:
            await asyncio.sleep(pace)
    clients[0].writer.write(do("say", room=room, text="ZZ=1"))
    await asyncio.gather(*hearing)
    return sum(heard), sum(c.bytes for c in clients) - bytes_before, server.cpu() - begun


def one_message():
    """What zlib makes of a message, and how long it takes: with the history of a connection, or alone."""
    rng = random.Random(7)
    print("| text of a message | plain | on its own | with memory |\n|--:|--:|--:|--:|")
    for size in 30, 300, 1800:
        events = [json.dumps({"event": "message_sent", "room": "room:tea", "seq": n,
                              "id": f"b0d5a38a-{n}", "from": f"{rng.getrandbits(32):08x}",
                              "name": "127.0.0.2", "text": text_of(size, rng)},
                             separators=(",", ":")).encode() for n in range(1, MESSAGES)]
        cells = [f"{sum(map(len, events)) / len(events):.0f}"]
        for window, flush in (12, zlib.Z_FULL_FLUSH), (15, zlib.Z_SYNC_FLUSH):  # full: forget all
            deflater = zlib.compressobj(6, zlib.DEFLATED, -window)
            begun = time.process_time()
            small = [deflater.compress(event) + deflater.flush(flush) for event in events]
            each = (time.process_time() - begun) / len(events)
            cells.append(f"{sum(map(len, small)) / len(small) - 4:.0f}, {1e6 * each:.0f} µs")
        print(f"| {size} bytes | " + " | ".join(cells) + " |")
    print()


async def compression():
    rng = random.Random(7)
    print("| text | | bytes of a message | CPU seconds for a million deliveries |\n|--:|---|--:|--:|")
    for size in 30, 300, 1800:
        texts = [text_of(size, rng) for _ in range(MESSAGES)]
        for name, options, headers in (("plain", [], {}), ("`--deflate`", ["--deflate"], {
                "Sec_WebSocket_Extensions": EXTENSION})):
            server = Server(*options)
            clients = await members(server, MEMBERS, "room:tea", **headers)
            heard, size_of_all, cpu = await talk(server, clients, texts)
            print(f"| {size} bytes | {name} | {size_of_all / heard:.0f} | {cpu / heard * 1e6:.1f} |")
            for one in clients:
                one.abort()
            server.end()


async def memory():
    print("| of a connection that is idle | KiB |\n|---|--:|")
    for name, options, headers in (("plain", [], {}), ("`--deflate`", ["--deflate"], {
            "Sec_WebSocket_Extensions": EXTENSION})):
        server = Server(*options)
        before = server.memory()
        clients = await members(server, IDLE, None, **headers)
        print(f"| {name} | {(server.memory() - before) / IDLE:.1f} |")
        for one in clients:
            one.abort()
        server.end()


async def batching():
    rng = random.Random(7)
    texts = [f"S{rng.randrange(SYMBOLS)}={rng.randrange(100000)}" for _ in range(UPDATES)]
    print(f"| {UPDATES} prices in two seconds, to {MEMBERS} | deliveries | KiB | CPU seconds |\n|---|--:|--:|--:|")
    for name, options in (("each at once", []), ("`--batch-ms 100`", ["--batch-ms", "100"]),
                          ("`--batch-ms 500`", ["--batch-ms", "500"])):
        server = Server(*options)
        clients = await members(server, MEMBERS, "ticker:x")
        heard, size_of_all, cpu = await talk(server, clients, texts, "ticker:x", 0.01)
        print(f"| {name} | {heard} | {size_of_all // 1024} | {cpu:.2f} |")
        for one in clients:
            one.abort()
        server.end()


async def main():
    one_message()
    for part in compression, memory, batching:
        await part()
        print()

asyncio.run(main())
