#!/usr/bin/python3
"""limits_attack_test.py FOLDER [PROGRAM]: lesson 09's server under five attacks, each from many addresses of
loopback and as fast as it goes, while honest clients talk in a room.

Each message of the honest ones is answered, in order; the process never weighs more than the budget
that it has printed; its own numbers say that it has defended itself; its log stays short; in the end
it stops as ever. How long answers take is printed, before and during each attack; judged is only that
they take no other order of magnitude.
Exit status 77: this machine lets no process have so many descriptors.

FOLDER holds the programs (build/dev/lessons), PROGRAM is one of them (09_limits/limits). An attack is a process of its own:
    limits_attack_test.py FOLDER --attack NAME PORT SECONDS"""
import asyncio
import functools
import itertools
import os
import pathlib
import random
import re
import resource
import signal
import sys
import time
import zlib

from gate import PATIENCE, Gate
from raw import BINARY, PING, TEXT, Client, do, frame, header

SLOW = float(os.environ.get("SLOW", "1"))  # of a slow machine, or a sanitizer
SANITIZED = "SANITIZED" in os.environ  # its memory is no measure
SECONDS = 3
HONEST, PACE = 5, 0.125  # clients, and seconds between two messages of one
EXTENSION = "permessage-deflate; client_max_window_bits"


# ---- The attacks ----

def address(n):
    return f"127.0.{1 + n // 250}.{1 + n % 250}"


async def again(until, one):
    """Do it again and again; what the server does against it is not our problem."""
    count = 0
    while time.monotonic() < until:
        client = Client()
        try:
            await asyncio.wait_for(one(client), SECONDS)
        except (OSError, EOFError, ValueError, asyncio.TimeoutError, asyncio.LimitOverrunError):
            pass
        client.abort()
        count += 1
        await asyncio.sleep(0)
    return count


def flood(port, n):
    blob = [do("say", room="room:noise", text="flood"), frame(PING, b"?"), frame(TEXT, b"{" * 100),
            frame(TEXT, b"[" * 16000)][n % 4] * 200

    async def one(client):
        await client.open(port, address(n))
        client.writer.write(do("join", room="room:noise"))
        client.writer.write(blob)
        await client.until_the_end()
    return one


def lengths(port, n):
    lies = [header(BINARY, 1 << 62), header(TEXT, 1 << 30), header(TEXT, 16385),
            frame(TEXT, b"x" * 300000), frame(TEXT, b"x", fin=False) + frame(0, b"", fin=False) * 100]

    async def one(client):
        await client.open(port, address(n))
        client.writer.write(lies[n % len(lies)])
        await client.until_the_end()
    return one


def reconnect(port, n):
    async def one(client):
        await client.open(port, address(n % 5), asks=n % 2 == 0)
    return one


def probing(port, n):
    async def one(client):
        await client.open(port, address(n))
        for turn in itertools.count():
            client.writer.write(do("tell", to=f"{random.getrandbits(32):08x}", text="?") if n % 2 else
                                do("join", room=f"room:guess-{turn}"))
            while (await client.event())["event"] not in ("error", "joined"):
                pass
    return one


@functools.cache
def bomb():
    """A message of 16 MiB that is 16 KiB on the wire, in frames that are small enough."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -12)
    small = deflater.compress(b"a" * (1 << 24)) + deflater.flush(zlib.Z_SYNC_FLUSH)[:-4]
    return b"".join(frame(TEXT if at == 0 else 0, small[at:at + 8000], fin=at + 8000 >= len(small),
                          rsv=4 if at == 0 else 0) for at in range(0, len(small), 8000))


def exhaustion(port, n):
    async def one(client):
        if n % 4 == 0:  # a bomb
            await client.open(port, address(n // 8), Sec_WebSocket_Extensions=EXTENSION)
            client.writer.write(bomb())
            await client.until_the_end()
        elif n % 4 == 1:  # half a message
            await client.open(port, address(n // 8))
            client.writer.write(frame(TEXT, b"x" * 16000, fin=False))
            await asyncio.sleep(SECONDS)
        elif n % 4 == 2:  # joins, and reads nothing
            await client.open(port, address(n // 8), rcvbuf=4096)
            client.writer.write(do("join", room="room:tea"))
            client.reader._transport.pause_reading()
            await asyncio.sleep(SECONDS)
        else:  # half a request
            await client.open(port, address(n // 8), asks=False)
            client.writer.write(b"GET /ws HTTP/1.1\r\n")
            await asyncio.sleep(SECONDS)
    return one


ATTACKS = {flood: 100, lengths: 50, reconnect: 50, probing: 40, exhaustion: 800}  # and how many
# Which of the server's numbers say that it has done something about it: messages that were dropped,
# Closes for a rule of the decoder, connections that were refused, Closes after too many strikes.
DEFENCE = {flood: {"dropped"}, lengths: {"rule"}, reconnect: {"refused", "cut"}, probing: {"policy"},
           exhaustion: {"rule"}}


async def attack(name, port, seconds):
    what, clients = next((one, many) for one, many in ATTACKS.items() if one.__name__ == name)
    until = time.monotonic() + seconds
    tries = await asyncio.gather(*(again(until, what(port, n)) for n in range(clients)))
    print(sum(tries))


# ---- The honest ones ----

class Honest:
    """A client that says something and waits for it, again and again."""

    def __init__(self, number):
        self.number, self.times, self.turn = number, [], 0

    async def open(self, port):
        self.client = await Client().open(port, "127.0.0.2")
        self.client.writer.write(do("join", room="room:tea"))
        while (await self.client.event())["event"] != "joined":
            pass
        return self

    async def say(self):
        self.turn += 1
        text = f"{self.number}.{self.turn}"
        begun = time.monotonic()
        self.client.writer.write(do("say", room="room:tea", text=text))
        while True:
            event = await asyncio.wait_for(self.client.event(), PATIENCE * SLOW)
            assert event["event"] != "error", f"{text}: {event}"
            if event.get("text", "").startswith(f"{self.number}.") and \
                    event["event"] == "message_sent":
                assert event["text"] == text, f"{event['text']} came, {text} was said"
                self.times.append(time.monotonic() - begun)
                return

    async def talk(self, told):
        """Until told to stop. It keeps to the pace that everybody has."""
        while not told.is_set():
            await self.say()
            await asyncio.sleep(PACE)


async def measure(honest, during):
    """The times of all answers while this goes on, sorted, in ms; and what it returned."""
    told = asyncio.Event()
    for one in honest:
        one.times = []
    talking = [asyncio.create_task(one.talk(told)) for one in honest]
    result = await during
    told.set()
    await asyncio.gather(*talking)
    return sorted(1000 * t for one in honest for t in one.times), result


def percentile(times, percent):
    return times[min(len(times) - 1, len(times) * percent // 100)]


async def attacked(name, port):
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, sys.argv[1], "--attack", name, str(port), str(SECONDS),
        stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert process.returncode == 0
    return int(out)


def weight(server, name="VmHWM"):
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(name + r":\s+(\d+)", status)[1]) / 1024


async def numbers(server):
    """The server's own, now: what they are called -> how many."""
    seen = server.log().count(" limits: addresses ")
    server.process.send_signal(signal.SIGUSR1)
    while server.log().count(" limits: addresses ") == seen:
        await asyncio.sleep(0.01)
    lines = [line for line in server.log().splitlines() if re.search(" (stats|limits: addresses)", line)]
    return {name: int(number) for line in lines[-2:]
            for name, number in re.findall(r"([a-z]+) (\d+)", line)}


async def main(server):
    budget = int(re.search(r"budget: (\d+) MiB for", server.log())[1])
    honest = [await Honest(n).open(server.port) for n in range(HONEST)]
    before, _ = await measure(honest, asyncio.sleep(SECONDS))
    begun = weight(server)
    print(f"{'':12}{'answers':>8}{'p50 ms':>9}{'p99 ms':>9}{'tries':>9}{'peak MiB':>10}  of {budget}")
    print(f"{'in peace':12}{len(before):8}{percentile(before, 50):9.2f}{percentile(before, 99):9.2f}"
          f"{'':9}{begun:10.1f}")
    for what in ATTACKS:
        numbers_before = await numbers(server)
        times, tries = await measure(honest, attacked(what.__name__, server.port))
        peak = weight(server)
        print(f"{what.__name__:12}{len(times):8}{percentile(times, 50):9.2f}"
              f"{percentile(times, 99):9.2f}{tries:9}{peak:10.1f}")
        assert tries > 0 and len(times) > 0
        numbers_now = await numbers(server)
        assert any(numbers_now[name] > numbers_before[name] for name in DEFENCE[what]), \
            f"{what.__name__}: {tries} tries, and {DEFENCE[what]} are what they were: {numbers_now}"
        assert SANITIZED or peak <= budget, f"{peak} MiB, {budget} were promised"
        for percent, factor, more in ((50, 20, 100), (99, 50, 1000)):
            limit = factor * percentile(before, percent) + more * SLOW
            took = percentile(times, percent)
            assert took < limit, f"p{percent} {took:.0f} ms during {what.__name__}"
    assert await asyncio.to_thread(server.stop) == 0
    log = server.log()
    assert re.search(r"stats: active 0, ", log), log[-1000:]
    lines = len(log.splitlines())
    print(f"{lines} lines of log; {re.findall(r'limits: addresses.*', log)[-1]}")
    assert lines < 200, "the log was flooded, too"


if __name__ == "__main__":
    needed = 2500
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        print(f"skipped: {needed} descriptors are needed, ulimit -Hn is {hard}")
        sys.exit(77)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    if sys.argv[2:3] == ["--attack"]:
        asyncio.run(attack(sys.argv[3], int(sys.argv[4]), float(sys.argv[5])))
        sys.exit()
    under_attack = Gate(sys.argv[1], "--open", "--deflate", secret=False,
                        program=(sys.argv[2:3] or ["09_limits/limits"])[0])
    under_attack.process.stdout.readline()  # its limits are told
    try:
        asyncio.run(main(under_attack))
    finally:
        under_attack.end()
