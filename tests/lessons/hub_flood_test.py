#!/usr/bin/python3
"""hub_flood_test.py PROGRAM [TEST...]: clients that want too much of the chat service, or take
nothing.

Messages, pings, joins, connections, as fast as they go, from one client and from many: memory stays
below a bound that is stated here, and all that time others are served. One stopped client among 50
changes nothing for the others. Exit status 77: nothing could be tried."""
import asyncio
import contextlib

import chat
from chat import Member
from crowd import PATIENCE, PING, SANITIZED, TEXT, Client, frame, together, until

KIB = 1024
# What a client may cost, in KiB: 64 frames in its outbox, 32 requests on their way to the hub, both
# of texts of 2,000 bytes; its thread; and as much again for what malloc keeps in between.
EACH = 2 * ((64 + 32) * 3 + 64)
MEMBERS, MESSAGES, WINDOW = 50, 600, 20


class Flood(chat.Case):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.service = await self.start()
        await self.service.serves()
        self.before = self.service.memory()

    def check_memory(self, clients):
        """`clients` is how many there were at a time."""
        now = self.service.memory()
        print(f"{now - self.before} KiB more", end=" ", flush=True)
        if not SANITIZED:
            self.assertLess(now, self.before + clients * EACH)

    async def beside(self, work):
        """Others are served while it lasts; how often."""
        task, served = asyncio.create_task(work), 0
        while not task.done():
            await self.service.serves()
            served += 1
        print(f"others were served {served} times,", end=" ", flush=True)
        return await task

    async def pour(self, client, data, times):
        """Send it so often, or as often as the service takes it: it may hang up, and who reads
        nothing may not even notice."""
        with contextlib.suppress(ConnectionError, asyncio.TimeoutError):
            for _ in range(times):
                client.writer.write(data)
                await asyncio.wait_for(client.writer.drain(), PATIENCE / 6)

    async def flood_from(self, count, data, times, deaf):
        clients = await together(self.service.let_in("flood")
                                 for _ in range(count))
        for one in clients:
            if deaf:
                one.stop_reading()
            else:
                one.sink = asyncio.create_task(self.swallow(one))
        await self.beside(together(self.pour(one, data, times // count) for one in clients))
        self.check_memory(count + 2)
        for one in clients:
            if not deaf:
                one.sink.cancel()
            one.reset()
        await self.service.wait_for(active=0, rooms=0, subscriptions=0)
        await self.service.settle(0, 0)
        self.check_memory(count + 2)
        await self.service.stop()

    async def swallow(self, client):
        with contextlib.suppress(ConnectionError):
            while await client.reader.read(65536):
                pass

    # 64 messages of 2,000 bytes at a time, 100 MB in all: a service that keeps them is seen.
    SAY = (frame(TEXT, b'{"do":"join","room":"room:flood"}') +
           frame(TEXT, b'{"do":"say","room":"room:flood","text":"' + b"x" * 2000 + b'"}') * 63)
    TIMES = 800

    async def test_messages_from_one(self):
        await self.flood_from(1, self.SAY, self.TIMES, deaf=False)

    async def test_messages_from_one_that_reads_nothing(self):
        await self.flood_from(1, self.SAY, self.TIMES, deaf=True)

    async def test_messages_from_many(self):
        await self.flood_from(20, self.SAY, self.TIMES // 2, deaf=False)

    async def test_messages_from_many_that_read_nothing(self):
        await self.flood_from(20, self.SAY, self.TIMES // 2, deaf=True)

    async def test_pings_from_one(self):
        await self.flood_from(1, frame(PING, b"p" * 125) * 500, 800, deaf=False)

    async def test_pings_from_many_that_read_nothing(self):
        await self.flood_from(20, frame(PING, b"p" * 125) * 500, 800, deaf=True)

    async def test_joins_and_leaves(self):
        """Into 64 rooms and out of them again; of rooms that are empty nothing stays."""
        words = b"".join(frame(TEXT, b'{"do":"%s","room":"room:%d"}' % (what, room))
                         for room in range(64) for what in (b"join", b"leave"))
        await self.flood_from(10, words, 500, deaf=False)

    async def test_new_rooms_again_and_again(self):
        """Of a room that is empty nothing stays."""
        client = await Member().enter(self.service, "m")
        sink = asyncio.create_task(self.forget(client))

        async def join_all():
            for number in range(20000):
                for what in ("join", "leave"):
                    client.ask(what, room=f"room:{number}")
                if number % 20 == 19:
                    await client.hear("left", room=f"room:{number}")
        await self.beside(join_all())
        self.check_memory(3)
        sink.cancel()
        await client.go()
        await self.service.wait_for(active=0, rooms=0, subscriptions=0)
        await self.service.stop()

    async def forget(self, client):
        while True:  # all but the last few
            del client.events[:-10]
            await asyncio.sleep(0.1)

    async def test_connects(self):
        """3,000 of them, with a request or without, which go at once or in a moment."""
        async def knock(number):
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                client = await Client().connect(self.service.port)
                if number % 3:
                    client.writer.write(self.service.request("knock"))
                if number % 3 == 2:
                    await client.reader.readuntil(b"\r\n\r\n")
                client.abort() if number % 2 else client.reset()

        async def knock_on():
            for number in range(0, 3000, 100):
                await together(knock(one) for one in range(number, number + 100))
        await self.beside(knock_on())
        await self.service.wait_for(active=0)
        await self.service.settle(0, 0)
        self.check_memory(110)
        await self.service.stop()


class Stopped(chat.Case):
    """A member that does not read, in a room of 50."""

    async def enter_one_that_stops(self, *arguments):
        # Small buffers: else it takes megabytes until it is full.
        small = ["--socket-bytes", "1"] if self.program.endswith("limits") else []
        service = await self.start("--send-buffer", "1", *small, *arguments)
        others = await self.enter_all(service, [f"m{i}" for i in range(MEMBERS - 1)], "room:a")
        stopped = await Member().enter(service, "stopped", "room:a", rcvbuf=4096)
        stopped.stop_reading()
        return service, others, stopped

    async def say_and_hear(self, others, begin=0, waits_for=()):
        """One of them talks; all of it comes to all others, in order. It waits for some more."""
        listeners = [*others, *waits_for]
        for number in range(begin, begin + MESSAGES):
            await until(lambda: number - max(begin, slowest_of(listeners)) < WINDOW, "somebody hears nothing")
            others[0].say("room:a", f"{number} " + "x" * 500)
        await until(lambda: slowest_of(listeners) == begin + MESSAGES, "somebody hears nothing")
        for one in others:
            heard = one.heard("message_sent")
            self.assertEqual([event["seq"] for event in heard], list(range(1, len(heard) + 1)))
            self.assertEqual([int(event["text"].split()[0]) for event in heard],
                             list(range(begin + MESSAGES)))

    async def test_it_has_to_go(self):
        service, others, stopped = await self.enter_one_that_stops()
        await self.say_and_hear(others)
        got = await service.wait_for(active=MEMBERS - 1, subscriptions=MEMBERS - 1)
        self.assertEqual(got["slow"], 1)
        for one in others:
            await one.hear("member_left", member=stopped.id, count=MEMBERS - 1)
            self.assertEqual(len(one.heard("member_left")), 1)
        await together(one.go() for one in others)
        await service.settle(0, 0)
        await service.stop()

    async def test_it_is_told_why(self):
        """If it reads again in time, which is 2 s: 1013, try again later."""
        codes = []
        while 1013 not in codes:
            service, others, stopped = await self.enter_one_that_stops()
            for number in range(WINDOW, 200 + WINDOW, WINDOW):
                for _ in range(WINDOW):
                    others[0].say("room:a", "x" * 500)
                await others[0].hear("message_sent", seq=number)
            stopped.reader._transport.resume_reading()
            codes.append(await stopped.ended())
            self.assertLess(len(codes), 5, codes)
            await together(one.go() for one in others)
            await service.settle(0, 0)
            await service.stop()
        self.assertEqual(stopped.reason, "slow")

    async def test_it_loses_messages(self):
        """--drop: it stays, and misses some; when it reads again, it is as the others."""
        service, others, stopped = await self.enter_one_that_stops("--drop", "--write-ms", "600000")
        await self.say_and_hear(others)
        got = await service.stats()
        self.assertEqual(got["active"], MEMBERS)
        self.assertGreater(got["dropped"], 0)
        stopped.reader._transport.resume_reading()
        await until(lambda: len(stopped.heard("message_sent")) == MESSAGES - got["dropped"],
                    lambda: f"{len(stopped.heard('message_sent'))} messages, {got}")
        await self.say_and_hear(others, MESSAGES, waits_for=[stopped])
        order = [event["seq"] for event in stopped.heard("message_sent")]
        self.assertEqual(order, sorted(set(order)))
        self.assertEqual(order[-MESSAGES:], list(range(MESSAGES + 1, 2 * MESSAGES + 1)))
        await together(one.go() for one in [*others, stopped])
        await service.settle(0, 0)
        await service.stop()

    async def test_it_takes_nothing_for_too_long(self):
        """--drop, but --write-ms has an end."""
        service, others, _ = await self.enter_one_that_stops("--drop", "--write-ms", "500")
        await self.say_and_hear(others)
        got = await service.wait_for(active=MEMBERS - 1, subscriptions=MEMBERS - 1)
        self.assertEqual(got["stuck"], 1)
        await together(one.go() for one in others)
        await service.settle(0, 0)
        await service.stop()


def slowest_of(members):
    """The number of the last message that all of them have heard."""
    return min(next((event["seq"] for event in reversed(one.events)
                     if event["event"] == "message_sent"), 0) for one in members)


if __name__ == "__main__":
    chat.main(500)
