#!/usr/bin/python3
"""hub_many_test.py PROGRAM HUB_LOAD: 5,000 connections to the chat service stay up.

All are in one room. For ten seconds nothing is said, and pings go both ways; then one message comes
to everybody, and when all have gone nothing is left of them. Exit status 77: this machine lets no
process have so many threads or descriptors; the reason is printed."""
import asyncio
import subprocess
import sys

import chat
from crowd import PATIENCE, SANITIZED, SLOW

CONNECTIONS = 500 if SANITIZED else 5000  # a sanitizer's threads are heavy
SECONDS = 10


class Many(chat.Case):
    load = None

    async def test_they_stay(self):
        service = await self.start("--ping-ms", int(2000 * SLOW), "--read-ms", int(8000 * SLOW))
        done = await asyncio.to_thread(
            subprocess.run,
            [self.load, "--port", str(service.port), "--pid", str(service.process.pid), "--mode",
             "idle", "--subscribers", str(CONNECTIONS - 1), "--seconds", str(SECONDS),
             "--thread-each"], capture_output=True, text=True, check=False, timeout=4 * PATIENCE)
        if done.returncode == 77:
            self.skipTest(done.stderr.strip())
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        print(done.stdout.strip(), end=" ", flush=True)
        got = await service.wait_for(active=0, rooms=0, subscriptions=0)
        self.assertEqual(got["opened"], CONNECTIONS)
        self.assertGreater(got["messages"], 0)
        self.assertEqual(got["idle"] + got["slow"] + got["stuck"], 0)
        await service.settle(0, 0)
        await service.serves()
        await service.stop()


if __name__ == "__main__":
    Many.load = sys.argv.pop(2)
    chat.main(CONNECTIONS + 100)
