#!/usr/bin/python3
"""shutdown_load_test.py PROGRAM: lesson 05's server under load.

1,000 connections: honest clients that send and wait for the echo, slow readers, clients that fall
silent, TCP connections that never ask for anything. Many leave, politely or not, and nothing of them
may stay: thread, descriptor, memory. Then SIGTERM comes while the honest ones are at work: each echo
is whole and in order, then Close 1001 and FIN, and the server ends by itself, in time, with status 0.
Exit status 77: this machine lets no process have so many descriptors."""
import asyncio
import re
import signal
import sys

from crowd import (CLOSE, SANITIZED, SLOW, TEXT, Client, Server, need_descriptors,
                   together)

HONEST, SLOW_READERS, SILENT, MUTE = 800, 50, 100, 50
CLIENTS = HONEST + SLOW_READERS + SILENT + MUTE


async def echo(client, text):
    client.send(TEXT, text)
    got = await client.receive()
    assert got == (TEXT, text), f"sent {text[:20]}, got {got[0]} {got[1][:20]}"


async def come_and_go(server):
    """Half leave in good order, half vanish; a message of each may be on its way."""
    clients = await together(Client().open(server.port) for _ in range(300))
    await together(echo(one, b"x" * 20000) for one in clients)
    for one in clients[::2]:
        one.send(TEXT, b"nobody waits for this")
        one.abort()
    await together(one.close() for one in clients[1::2])
    await server.settle(0, 0)


async def work_until_told(client, number):
    """Send and wait for the echo, again and again; how many echoes came before the Close 1001."""
    for turn in range(1000000):
        text = b"%d.%d " % (number, turn) + b"x" * (turn * 37 % 3000)
        client.send(TEXT, text)
        got = await client.receive()
        if got[0] == CLOSE:
            assert got[1] == b"\x03\xe9shutdown", got
            client.send(CLOSE, b"\x03\xe9")
            assert await client.reader.read() == b"", "more comes behind the Close"  # FIN, not RST
            client.writer.close()
            return turn
        assert got == (TEXT, text), f"{number}.{turn}: got {got[0]} {got[1][:20]}"


async def main(program):
    # Tests of the sanitizers take longer over each thing: time for what is slow here.
    read_ms = int(4000 * SLOW)
    server = Server(program, "--ping-ms", read_ms // 8, "--read-ms", read_ms)
    try:
        await load(server)
    finally:
        await server.end()


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
        one.stop_reading()
        for _ in range(10):
            one.send(TEXT, b"x" * 200000)
    silent = await together(Client().open(server.port) for _ in range(SILENT))
    await together(Client().connect(server.port) for _ in range(MUTE))
    honest = await together(Client().open(server.port) for _ in range(HONEST))
    threads, descriptors = server.count()
    assert descriptors >= server.descriptors + HONEST, descriptors
    print(f"{CLIENTS} clients: {threads} threads, {descriptors} descriptors, "
          f"{(server.memory() - begun) / 1024:.1f} MiB more in RAM, "
          f"{server.status('VmSize:') / 1024 / 1024:.1f} GiB of addresses")

    work = [asyncio.create_task(work_until_told(one, i)) for i, one in enumerate(honest)]
    await asyncio.sleep(1)
    server.signal(signal.SIGUSR1)
    stop = asyncio.create_task(server.stop())
    echoes = await together(work)
    took = await stop
    assert took < 5 * SLOW, f"it takes {took:.1f} s to stop"
    assert re.search("stats: active 0, ", server.log[-1]), server.log[-1]
    ends = sum(re.search(r" conn [1-9][0-9]* ended: ", line) is not None for line in server.log)
    assert ends == CLIENTS + 5 * 300, f"{ends} lines of log say how a connection ended"
    print(f"{sum(echoes)} echoes in a second, then SIGTERM: all ended after {took:.2f} s\n"
          f"{server.log[-1].strip()}")
    for one in slow + silent:
        one.abort()


if __name__ == "__main__":
    need_descriptors(CLIENTS * 2 + 100)
    asyncio.run(main(sys.argv[1]))
