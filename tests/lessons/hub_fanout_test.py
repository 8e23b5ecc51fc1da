#!/usr/bin/python3
"""hub_fanout_test.py PROGRAM [TEST...]: what a message to a room costs the chat service.

It is encoded once, and all outboxes have the same bytes; what waits for a client goes out in one
send; and a client that has stopped makes nothing slower for the others. Exit status 77: nothing
could be tried."""
import json
import socket
import struct
import time

import chat
from chat import Member
from crowd import SANITIZED, SLOW, TEXT, frame, until

MIB = 1024  # in KiB
DATA_SEGS_IN = 152  # where TCP_INFO has it (Linux 4.6)


def segments(member):
    """So many segments with data have come to it."""
    info = member.writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO,
                                                             DATA_SEGS_IN + 4)
    return struct.unpack_from("I", info, DATA_SEGS_IN)[0] if len(info) > DATA_SEGS_IN else None


class Fanout(chat.Case):
    async def test_all_outboxes_have_the_same_bytes(self):
        """200 members read nothing: 64 messages of 2,000 bytes wait for each, which would be 25 MiB."""
        service = await self.start("--drop", "--send-buffer", "1", "--write-ms", "600000")
        talker = await Member().enter(service, "talker", "room:a")
        deaf = await self.enter_all(service, [f"m{i}" for i in range(200)], "room:a", rcvbuf=4096)
        for one in deaf:
            one.stop_reading()
        before = service.memory()
        for number in range(1, 101):
            talker.say("room:a", "x" * 2000)
            await talker.hear("message_sent", seq=number)
        got = await service.stats()
        self.assertEqual(got["active"], 201)
        self.assertGreater(got["dropped"], 200 * 10)  # all outboxes are full
        more = service.memory() - before
        print(f"{more} KiB more", end=" ", flush=True)
        if not SANITIZED:
            self.assertLess(more, 8 * MIB)
        for one in deaf:
            one.abort()
        await talker.go()
        await service.settle(0, 0)
        await service.stop()

    async def test_what_waits_goes_out_at_once(self):
        """20 requests in one segment are one turn of the hub: 20 messages in a segment or two."""
        service = await self.start()
        talker, listener = await self.enter_all(service, ["talker", "listener"], "room:a")
        if segments(listener) is None:
            self.skipTest("this system does not count segments")
        await listener.hear("joined", room="room:a")
        least = 1000
        for turn in range(1, 11):  # a ping may come in between
            before = segments(listener)
            talker.writer.write(20 * frame(TEXT, json.dumps(
                {"do": "say", "room": "room:a", "text": "x" * 100}).encode()))
            await listener.hear("message_sent", seq=20 * turn)
            least = min(least, segments(listener) - before)
        print(f"{least} segments", end=" ", flush=True)
        self.assertLessEqual(least, 4)
        for one in talker, listener:
            await one.go()
        await service.stop()

    async def test_who_has_stopped_makes_nothing_slower(self):
        """The same talk before and behind it, in a room of ten. The limit is generous: a hub that waits
        a hundredth of a second for each message that it drops takes five seconds more."""
        service = await self.start("--drop", "--send-buffer", "1", "--write-ms", "600000")
        members = await self.enter_all(service, [f"m{i}" for i in range(9)], "room:a")
        stopped = await Member().enter(service, "stopped", "room:a", rcvbuf=4096)
        took = []
        for turn in range(3):
            if turn == 1:
                stopped.stop_reading()
            begun = time.monotonic()
            for number in range(500 * turn + 1, 500 * turn + 501):
                members[0].say("room:a", "x" * 500)
                if number % 50 == 0:
                    await until(lambda: all(one.events[-1].get("seq") == number for one in members),
                                "somebody hears nothing")
            took.append(time.monotonic() - begun)
        got = await service.stats()
        self.assertGreater(got["dropped"], 500)  # all of the last 500, some of those before
        print(", ".join(f"{one:.2f} s" for one in took), end=" ", flush=True)
        self.assertLess(took[2], 5 * took[0] + 1.5 * SLOW)
        stopped.abort()
        for one in members:
            await one.go()
        await service.stop()


if __name__ == "__main__":
    chat.main(500)
