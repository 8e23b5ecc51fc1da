#!/usr/bin/python3
"""hub_system_test.py PROGRAM [TEST...]: the chat service when the system has nothing more to give.

The disk of its log is full, or nobody reads the log; there are no descriptors left, no threads. It
goes on, and is as before when there is enough again. Exit status 77: nothing could be tried."""
import asyncio
import contextlib
import fcntl
import os
import re
import resource
import subprocess
import termios
import time

import chat
from crowd import PATIENCE, SLOW, Client, together, until

CLIENTS = 200
NOBODY = 54321  # a user of whom nothing else runs


class Log(chat.Case):
    """Each client is a line of log."""

    async def come_and_go(self, service):
        for _ in range(2):
            for one in await self.enter_all(service, [f"m{i}" for i in range(CLIENTS)], "room:a"):
                one.vanish(Client.reset)
            await service.settle(0, 0)
        await service.serves()
        await service.settle(0, 0)

    async def test_its_command_line(self):
        """What makes no sense is one line, and no server."""
        for arguments, wrong in (("--room-max 0", "--room-max takes 1 or more"),
                                 ("--room-max=-3", "--room-max takes 1 or more"),
                                 ("--send-buffer=-1", "--send-buffer takes 0 or more")):
            done = await asyncio.to_thread(
                subprocess.run, [self.program, *arguments.split()], capture_output=True, text=True,
                stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertEqual(done.stderr, f"{os.path.basename(self.program)}: {wrong};"
                                          " --help lists the options\n")

    async def test_disk_is_full(self):
        with open("/dev/full", "wb") as full:
            service = await self.start(stderr=full)
        await self.come_and_go(service)
        await service.stop()

    async def test_nobody_reads_it(self):
        """What the pipe does not take is lost. The service waits for nobody."""
        out, into = os.pipe()
        self.addCleanup(os.close, out)
        fcntl.fcntl(into, fcntl.F_SETPIPE_SZ, 8192)
        service = await self.start(stderr=into)
        os.close(into)
        await self.come_and_go(service)
        # Now somebody does: it says how much was lost, and goes on.
        heard = os.read(out, 65536)
        await service.serves()
        await service.settle(0, 0)
        heard += os.read(out, 65536)
        lines = heard.decode().splitlines()
        for line in lines:
            self.assertRegex(line, r"^lesson-Message: [0-9:.]+: conn \d+ \S.*$|^$|\*\* Message|"
                             r"^\(process:\d+\): lesson-MESSAGE")
        lost = [int(re.search(r"conn 0 log: (\d+) lines", line)[1]) for line in lines
                if " conn 0 log: " in line]
        ends = sum(" ended: " in line for line in lines)
        if service.name == "hub":  # from lesson 08 on, of many of a kind some are written
            self.assertEqual((len(lost), ends + sum(lost)), (1, 2 * CLIENTS + 4), lines[-8:])
        await self.come_and_go(service)
        await service.stop()

    async def test_terminal_is_stopped(self):
        """Ctrl+S."""
        screen, terminal = os.openpty()
        self.addCleanup(os.close, screen)
        self.addCleanup(os.close, terminal)
        termios.tcflow(terminal, termios.TCOOFF)
        service = await self.start(stderr=terminal)
        await self.come_and_go(service)
        await service.stop()

    async def test_its_reader_has_gone(self):
        out, into = os.pipe()
        service = await self.start(stderr=into)
        os.close(into)
        os.close(out)
        await self.come_and_go(service)
        await service.stop()

    async def test_closed(self):
        """What is opened next must not take its place: a socket of a client, and get the log."""
        for closed in ("2>&-", "0<&- 2>&-"):
            service = await self.start(closed=closed)
            for number in (0, 2):
                target = os.readlink(f"/proc/{service.process.pid}/fd/{number}")
                self.assertNotIn("socket", target)
                self.assertNotIn("anon_inode", target)
            await self.come_and_go(service)
            await service.stop()


class Limits(chat.Case):
    async def test_descriptors(self):
        """200 clients where there is room for 50: the others wait until there is."""
        service = await self.start(
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
        clients = await together(Client().connect(service.port) for _ in range(CLIENTS))
        for one in clients:
            one.writer.write(service.request("many"))
        await until(lambda: service.count()[1] == 64, "it has descriptors left")
        await until(lambda: any("cannot accept" in line for line in service.log), "it says nothing")
        used, begun = service.cpu(), time.monotonic()
        await asyncio.sleep(2)
        self.assertLess(service.cpu() - used, (time.monotonic() - begun) / 2)
        said = sum("cannot accept" in line for line in service.log)
        self.assertLess(said, 10)
        self.assertGreater((await service.stats())["active"], 40)
        waiting = set(clients)
        while waiting:  # those who are in go, and others come in
            let_in = {one for one in waiting if one.reader._buffer}
            for one in let_in:
                self.assertTrue((await one.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101"))
                one.abort()
            waiting -= let_in
            await asyncio.sleep(0.01)
        await service.wait_for(active=0, opened=CLIENTS)
        await service.settle(0, 0)
        await service.serves()
        await service.stop()

    async def test_stop_without_descriptors(self):
        service = await self.start(
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
        clients = await together(Client().connect(service.port) for _ in range(CLIENTS))
        await until(lambda: service.count()[1] == 64, "it has descriptors left")
        self.assertLess(await service.stop(), 5 * SLOW)
        for one in clients:
            one.abort()

    def few_threads(self):
        """How to start it so that it gets some 40 threads more, and no more than that."""
        if os.getuid():
            used = len(os.listdir("/proc/self/task"))
            for task in os.listdir("/proc"):
                with contextlib.suppress(OSError):
                    if task.isdigit() and os.stat(f"/proc/{task}").st_uid == os.getuid():
                        used += len(os.listdir(f"/proc/{task}/task"))
            return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NPROC,
                                                             (used + 50, used + 50))}
        path = self.program
        while path != "/":
            if not os.stat(path).st_mode & 1:
                self.skipTest(f"root has no limit of threads, and others may not enter {path}")
            path = os.path.dirname(path)
        return {"user": NOBODY, "group": NOBODY, "extra_groups": [],
                "preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NPROC, (50, 50))}

    async def test_threads(self):
        """A client for whom there is no thread is turned away, and the log says why."""
        service = await self.start(**self.few_threads())
        clients = await together(Client().connect(service.port) for _ in range(CLIENTS))
        for one in clients:
            one.writer.write(service.request("many"))
        await until(lambda: any("no thread" in line for line in service.log), "it says nothing")
        got = await service.wait_for(opened=CLIENTS)
        self.assertLess(got["active"], 50)
        self.assertGreater(got["active"], 5)
        self.assertEqual(got["refused"] + got["active"], CLIENTS)
        for one in clients:
            one.reset()
        await service.wait_for(active=0)
        await service.settle(0, 0)
        await service.serves()
        await service.stop()


if __name__ == "__main__":
    chat.main(1200)
