#!/usr/bin/python3
"""hub_ends_test.py PROGRAM [TEST...]: clients of the chat service that go without a word.

They are reset, killed, or silent for ever. Nothing of them may stay: no member of a room, no thread,
no descriptor; and who is in the same room hears of it once. Exit status 77: nothing could be
tried."""
import asyncio
import os
import signal
import subprocess
import sys

import chat
from chat import Member
from crowd import PATIENCE, SLOW, TEXT, Client, frame, together
from gate import missing

try:
    import websockets
except ImportError:
    websockets = None

LISTED_MAX = 100  # in rooms of more than so many, nobody is told who comes and goes
ROOMS = [f"room:{number}" for number in range(10)]
IN_EACH = 50
PROCESSES, OF_EACH = 8, 20  # clients of processes that are killed
QUIET = ["--ping-ms", int(200 * SLOW), "--read-ms", int(1500 * SLOW)]


def check_goodbyes(case, observer, room, gone, told):
    """It heard of `told` of those who are gone, once each, and of nobody else; and the count goes
    down one by one to what is left."""
    left = observer.heard("member_left", room=room)
    case.assertEqual(len(left), told)
    case.assertEqual(len({one["member"] for one in left}), told)
    case.assertLessEqual({one["member"] for one in left}, gone)
    counts = [one["count"] for one in left]
    case.assertEqual(counts, list(range(counts[-1] + told - 1, counts[-1] - 1, -1)))


class Ends(chat.Case):
    async def test_500_are_reset(self):
        """Half of them while something is on its way in both directions."""
        service = await self.start()
        for _ in range(2):
            await self.reset_all(service)
            await service.settle(0, 0)
        await service.stop()

    async def reset_all(self, service):
        observers = await together(
            Member().enter(service, "observer", room, "room:all") for room in ROOMS)
        members = {room: await self.enter_all(service, [f"m{i}" for i in range(IN_EACH)],
                                              room, "room:all") for room in ROOMS}
        deaf = [one for room in ROOMS for one in members[room][::2]]
        for one in deaf:
            one.stop_reading()
        for room, observer in zip(ROOMS, observers):
            for _ in range(30):
                observer.say(room, "x" * 1000)
            observer.say(room, "last")
        await together(observer.hear("message_sent", room=room, text="last")
                       for room, observer in zip(ROOMS, observers))
        for one in deaf:
            for room in ROOMS:  # most of it they may not
                one.say(room, "y" * 1000)
        await asyncio.sleep(0)
        for room in ROOMS:
            for one in members[room]:
                one.vanish(Client.reset)
        got = await service.wait_for(active=len(ROOMS), rooms=len(ROOMS) + 1,
                                     subscriptions=2 * len(ROOMS))
        self.assertEqual(got["lost"] % (len(ROOMS) * IN_EACH), 0, got)
        for room, observer in zip(ROOMS, observers):
            await observer.hear("member_left", room=room, count=1)
            await observer.hear("member_left", room="room:all", count=len(ROOMS))
            check_goodbyes(self, observer, room, {one.id for one in members[room]}, IN_EACH)
            check_goodbyes(self, observer, "room:all",
                           {one.id for each in members.values() for one in each},
                           LISTED_MAX - len(ROOMS) + 1)
        await service.settle(len(observers), len(observers))
        await together(one.go() for one in observers)
        await service.wait_for(active=0, rooms=0, subscriptions=0)

    async def with_processes(self, *arguments):
        """Clients in processes of their own, and an observer in their room."""
        if not websockets:
            missing("Python websockets is missing: python3-websockets")
        service = await self.start(*arguments)
        observer = await Member().enter(service, "observer", "room:a")
        processes = []
        for _ in range(PROCESSES):
            one = subprocess.Popen([sys.executable, __file__, "--clients", str(service.port),
                                    *service.more], stdout=subprocess.PIPE, text=True)
            self.addCleanup(lambda one=one: (one.kill(), one.wait(), one.stdout.close()))
            processes.append(one)
        for one in processes:
            self.assertEqual(await asyncio.to_thread(one.stdout.readline), "all are in\n")
        await service.wait_for(active=PROCESSES * OF_EACH + 1, rooms=2,
                               subscriptions=2 * PROCESSES * OF_EACH + 1)
        return service, observer, processes

    async def none_is_left(self, service, observer):
        await service.wait_for(active=1, rooms=1, subscriptions=1)
        await service.settle(1, 1)
        # room:a had more members than are listed: the later ones are told of
        await observer.hear("member_left", room="room:a", count=1)
        check_goodbyes(self, observer, "room:a",
                       {one["member"] for one in observer.heard("member_left")}, LISTED_MAX)
        await observer.go()
        await service.stop()

    async def test_processes_are_killed(self):
        service, observer, processes = await self.with_processes()
        for turn in range(20):
            observer.say("room:a", f"{turn} " + "x" * 1000)  # some of it they have not read
        for one in processes:
            one.kill()
        await self.none_is_left(service, observer)

    async def test_processes_are_stopped(self):
        """Their system answers for TCP; but nobody answers a ping."""
        service, observer, processes = await self.with_processes(*QUIET)
        for one in processes:
            one.send_signal(signal.SIGSTOP)
        await self.none_is_left(service, observer)
        self.assertEqual(service.last_stats()["idle"], PROCESSES * OF_EACH)

    async def test_silent_from_some_moment_on(self):
        """No pong, nothing: they have to go, and are told why, should they look."""
        service = await self.start(*QUIET)
        observer = await Member().enter(service, "observer", "room:a")
        silent = await together(service.let_in("silent")
                                for _ in range(50))
        for one in silent:
            one.send(TEXT, b'{"do":"join","room":"room:a"}')
        got = await service.wait_for(active=1, rooms=1, subscriptions=1, opened=len(silent) + 1)
        self.assertEqual(got["idle"], len(silent))
        for one in silent:
            heard = b""
            while part := await asyncio.wait_for(one.reader.read(65536), PATIENCE):
                heard += part
            self.assertTrue(heard.endswith(b"\x88\x06\x03\xe9idle"), heard[-100:])
            one.abort()
        await observer.hear("member_left", room="room:a", count=1)
        joined = {one["member"] for one in observer.heard("member_joined")}
        check_goodbyes(self, observer, "room:a", joined, len(silent))
        await service.settle(1, 1)
        await service.stop()

    async def test_no_way_to_them_any_more(self):
        """The address of some clients vanishes while they are connected: no FIN, no RST, nothing."""
        if "IN_NAMESPACE" in os.environ:
            await self.lose_the_way()
            return
        command = ["unshare", "-rn", sys.executable, __file__, self.program,
                   "Ends.test_no_way_to_them_any_more"]
        try:
            subprocess.run(["unshare", "-rn", "ip", "link", "set", "lo", "up"], check=True,
                           capture_output=True)
        except (OSError, subprocess.CalledProcessError) as why:
            said = getattr(why, "stderr", b"") or b""
            self.skipTest(f"no network namespace of our own: {why} {said.decode()}")
        done = await asyncio.to_thread(
            subprocess.run, command, env={**os.environ, "IN_NAMESPACE": "1"},
            capture_output=True, text=True, timeout=2 * PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    async def lose_the_way(self):
        def ip(*words):
            subprocess.run(["ip", *words], check=True)
        ip("link", "set", "lo", "up")
        ip("address", "add", "10.0.0.1/32", "dev", "lo")
        service = await self.start(*QUIET)
        observer = await Member().enter(service, "observer", "room:a")
        lost = await self.enter_all(service, [f"m{i}" for i in range(50)], "room:a",
                                    source="10.0.0.1")
        ip("address", "del", "10.0.0.1/32", "dev", "lo")
        for turn in range(20):
            observer.say("room:a", f"{turn} " + "x" * 1000)
        got = await service.wait_for(active=1, rooms=1, subscriptions=1)
        self.assertEqual(got["idle"], len(lost))
        await observer.hear("member_left", room="room:a", count=1)
        check_goodbyes(self, observer, "room:a", {one.id for one in lost}, len(lost))
        self.assertEqual(len(observer.heard("message_sent")), 20)
        await service.settle(1, 1)
        await service.stop()
        self.assertTrue(all(one.code is None for one in lost))  # they have not heard of it

    async def test_who_never_asks(self):
        """Nothing but TCP; a request that does not end, or is too long; half a page's; one that comes
        so slowly that it would never end."""
        service = await self.start(*QUIET)
        mute = await together(Client().connect(service.port) for _ in range(50))
        halves = await together(Client().connect(service.port) for _ in range(50))
        for one in halves:
            one.writer.write(service.request("half")[:-2])
        endless = await together(Client().connect(service.port) for _ in range(10))
        for one in endless:
            one.writer.write(service.request("endless")[:-2] + b"X-More: and more\r\n" * 1000)
        await service.serves()
        dripping = [await Client().connect(service.port) for _ in range(10)]
        dripped = await together(self.drip(one) for one in dripping)
        self.assertGreater(min(dripped), 1)  # that it says something was noticed
        for one in mute + halves + endless:
            try:
                got = await asyncio.wait_for(one.reader.read(), PATIENCE)
            except ConnectionResetError:
                got = b""
            self.assertNotIn(b"101 Switching", got)
            one.abort()
        await service.settle(0, 0)
        await service.serves()
        await service.stop()

    async def drip(self, client):
        """A byte in each fifth of --read-ms, until it is cut: how many those were."""
        count = 0
        while not client.reader.at_eof() and client.reader.exception() is None:
            client.writer.write(b"x")
            count += 1
            await asyncio.sleep(float(QUIET[3]) / 5000)
        client.abort()
        return count

    async def test_byte_by_byte(self):
        """Each is life; and nobody else has to wait for it."""
        service = await self.start()
        slow = [await Client().connect(service.port) for _ in range(10)]
        members = [Member() for _ in slow]

        async def drip(one, data):
            for at in range(len(data)):
                one.writer.write(data[at:at + 1])
                await asyncio.sleep(0.001)

        stream = service.request("slow") + frame(TEXT, b'{"do":"join","room":"room:slow"}')
        work = asyncio.gather(*(drip(one, stream) for one in slow))
        while not work.done():
            await service.serves()
        await work
        for one, member in zip(slow, members):
            head = await one.reader.readuntil(b"\r\n\r\n")
            self.assertTrue(head.startswith(b"HTTP/1.1 101 "), head)
            member.reader, member.writer = one.reader, one.writer
            member.events, member.code = [], None
            member.listening = asyncio.create_task(member.listen())
            await member.hear("joined", room="room:slow")
        await together(one.go() for one in members)
        await service.settle(0, 0)
        await service.stop()

    async def test_half_a_message_for_ever(self):
        """Who answers pings may stay; who does not has to go, whatever it has half said."""
        if os.path.basename(self.program) == "limits":
            self.skipTest("lesson 09 has a limit for it, and its own tests")
        service = await self.start(*QUIET)
        patient = await self.enter_all(service, [f"p{i}" for i in range(20)], "room:a")
        silent = await together(service.let_in("silent")
                                for _ in range(20))
        for number, one in enumerate(patient + silent):
            half = frame(TEXT, b'{"do":"say","room":"room:a","text":"never', fin=False)
            one.writer.write(half[:-1] if number >= len(patient) and number % 2 else half)
        await service.wait_for(active=len(patient), idle=len(silent))
        await asyncio.sleep(float(QUIET[3]) / 1000)  # a lower bound
        await service.wait_for(active=len(patient))
        await service.serves()
        for one in patient:
            self.assertEqual(one.heard("message_sent"), [])
            one.vanish(Client.abort)
        for one in silent:
            one.abort()
        await service.settle(0, 0)
        await service.stop()


async def be_clients(port, headers):
    """What is killed, or stopped."""
    async def listen(ws):
        async for _ in ws:
            pass

    more = [tuple(line.split(": ", 1)) for line in headers]
    everyone = [await websockets.connect(f"ws://127.0.0.1:{port}/ws", extra_headers=more,
                                         ping_interval=None) for _ in range(OF_EACH)]
    for ws in everyone:
        for room in ("room:a", "room:b"):
            await ws.send('{"do":"join","room":"%s"}' % room)
            while '"joined"' not in await ws.recv():
                pass
    print("all are in", flush=True)
    await asyncio.gather(*map(listen, everyone))


if __name__ == "__main__":
    if sys.argv[1] == "--clients":
        asyncio.run(be_clients(int(sys.argv[2]), sys.argv[3:]))
    else:
        chat.main(1200)
