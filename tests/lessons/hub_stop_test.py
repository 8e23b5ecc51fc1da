#!/usr/bin/python3
"""hub_stop_test.py PROGRAM [TEST...]: SIGTERM, while 100 clients of the chat service talk without
pause.

Each hears Close 1001. What the service took it has delivered: all members of a room have heard the
same, from when they came to one last message, in order and once; and of what each has said the
beginning was taken, without a gap. It ends with status 0, in time; a second SIGTERM makes it end at
once. Exit status 77: nothing could be tried."""
import asyncio
import collections
import contextlib
import signal

import chat
from chat import Member
from crowd import SLOW, Client, together, until

CLIENTS = 100
ALL = "room:all"
WINDOW = 2  # messages of each that it has not heard again yet


async def talk(member, rooms):
    """Say the next thing when the one before has come back, until the service ends it."""
    member.said = {room: 0 for room in rooms}
    while member.code is None:
        for room in rooms:
            mine = sum(event["event"] == "message_sent" and event["from"] == member.id and
                       event["room"] == room for event in member.events[member.begin:])
            member.begin = len(member.events)
            member.back[room] = member.back.get(room, 0) + mine
            while member.said[room] - member.back[room] < WINDOW:
                member.said[room] += 1
                with contextlib.suppress(ConnectionError):
                    member.say(room, f"{member.id} {member.said[room]}")
        await asyncio.sleep(0)


class Stop(chat.Case):
    async def begin(self, *arguments, size=10, everybody=True):
        """Rooms of ten, and one with all."""
        service = await self.start(*arguments)
        names = [f"m{number}" for number in range(CLIENTS)]
        members = await together(
            Member().enter(service, name, f"room:{number // size}", *([ALL] * everybody))
            for number, name in enumerate(names))
        return service, members

    def check_room(self, room, members):
        """The same for all, with nothing missing; and the beginning of what each has said."""
        heard = [one.heard("message_sent", room=room) for one in members]
        texts = [(event["seq"], event["id"], event["from"], event["text"]) for event in heard[0]]
        self.assertEqual([seq for seq, *_ in texts], list(range(1, len(texts) + 1)), room)
        for one in heard[1:]:
            self.assertEqual([(event["seq"], event["id"], event["from"], event["text"])
                              for event in one], texts, room)
        for one in members:
            mine = [text for _, _, sender, text in texts if sender == one.id]
            self.assertEqual(mine, [f"{one.id} {n}" for n in range(1, len(mine) + 1)], room)
            self.assertLessEqual(len(mine), one.said.get(room, 0))
        return len(texts)

    async def test_what_was_taken_is_delivered(self):
        for everybody in (False, True):
            service, members = await self.begin(everybody=everybody)
            rooms = [[f"room:{number // 10}"] + [ALL] * everybody for number in range(CLIENTS)]
            for one in members:
                one.begin, one.back = len(one.events), {}
            work = [asyncio.create_task(talk(*both)) for both in zip(members, rooms)]
            await asyncio.sleep(0.5)
            took = await service.stop()
            await together(work)
            self.assertEqual({(one.code, one.reason) for one in members}, {(1001, "shutdown")})
            self.assertLess(took, 5 * SLOW)
            count = sum(self.check_room(f"room:{number}", members[number * 10:number * 10 + 10])
                        for number in range(CLIENTS // 10))
            if everybody:
                count += self.check_room(ALL, members)
            self.assertGreater(count, CLIENTS)
            last = service.last_stats()
            self.assertEqual((last["messages"], last["shutdown"]), (count, CLIENTS))
            print(f"{count} messages, {took:.2f} s", end=" ", flush=True)

    async def test_what_waits_in_outboxes(self):
        """Ten who had stopped reading, so that 50 messages did not all go out, read on just then."""
        service = await self.start("--send-buffer", "1", "--write-ms", "600000")
        talker = await Member().enter(service, "talker", ALL)
        slow = await self.enter_all(service, [f"m{i}" for i in range(10)], ALL, rcvbuf=16384)
        for one in slow:
            one.stop_reading()
        for number in range(1, 51):
            talker.say(ALL, f"{number} " + "x" * 1990)
            await talker.hear("message_sent", seq=number)
        stop = asyncio.create_task(service.stop())
        await until(lambda: not is_open(service.port), "it still listens")
        for one in slow:
            one.reader._transport.resume_reading()
        await stop
        for one in slow:
            self.assertEqual((await one.ended(), one.reason), (1001, "shutdown"))
            self.assertEqual([event["seq"] for event in one.heard("message_sent")],
                             list(range(1, 51)))

    async def test_clients_that_come_just_then(self):
        """Who has got a 101 gets a 1001, too; who has not is cut."""
        service, members = await self.begin()
        ends = []
        opened = asyncio.Event()

        async def knock():
            try:
                client = await service.let_in("late")
                opened.set()
            except (ConnectionError, asyncio.IncompleteReadError):
                return ends.append("cut")
            code = 1006
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while (got := await client.receive())[0] != 8:
                    pass
                code = int.from_bytes(got[1][:2], "big")
            ends.append(code)
            client.abort()

        async def stop_at_once():
            await opened.wait()
            return await service.stop()

        knocks = []
        stop = asyncio.create_task(stop_at_once())
        for _ in range(600):
            knocks.append(asyncio.create_task(knock()))
            await asyncio.sleep(0)
        await together(knocks)
        await stop
        print(collections.Counter(ends), end=" ")
        self.assertLessEqual(set(ends), {"cut", 1001})
        self.assertIn(1001, ends)
        self.assertEqual({one.code for one in members}, {1001})

    async def test_some_do_not_listen(self):
        """They cost it 4 s at most, and the others nothing."""
        service, members = await self.begin()
        deaf = members[::10]
        for one in deaf:
            one.stop_reading()
        mute = await together(Client().connect(service.port) for _ in range(10))
        members[1].say(ALL, "hello")
        await members[1].hear("message_sent", room=ALL)
        took = await service.stop()
        self.assertLess(took, 5 * SLOW)
        for one in members:
            if one not in deaf:
                self.assertEqual((one.code, len(one.heard("message_sent", room=ALL))), (1001, 1))
        for one in deaf + mute:
            one.abort()

    async def test_a_second_time(self):
        """Who waits for clients that do not end their direction is made to hurry."""
        service, members = await self.begin()
        for one in members:
            one.stop_reading()
        stop = asyncio.create_task(service.stop())
        await until(lambda: not is_open(service.port), "it still listens")
        service.signal(signal.SIGTERM)
        await stop
        self.assertGreater(service.last_stats()["forced"], 0)
        for one in members:
            one.abort()

    async def test_again_and_again(self):
        """SIGTERM, SIGINT and SIGUSR1 at any time do no harm."""
        for _ in range(3):
            service, members = await self.begin()
            stop = None
            for number in range(50):
                service.signal((signal.SIGUSR1, signal.SIGTERM, signal.SIGINT)[number % 3])
                stop = stop or asyncio.create_task(service.stop())
                await asyncio.sleep(0.001)
                if service.process.poll() is not None:
                    break
            await stop
            await together(one.ended() for one in members)


def is_open(port):
    """Does somebody listen there?"""
    with open("/proc/net/tcp", encoding="ascii") as lines:
        return any(f":{port:04X} 00000000:0000 0A" in line for line in lines)


if __name__ == "__main__":
    chat.main(500)
