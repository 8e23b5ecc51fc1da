#!/usr/bin/env python3
"""play_test.py WSLAB SOURCE_FOLDER [TEST...]: cases played against a server that was not written
here, Python websockets, and against one of the lessons."""
import asyncio
import pathlib
import subprocess
import sys
import threading
import unittest

from course import Course

try:
    sys.path.append("/usr/lib/python3/dist-packages")
    import websockets
except ImportError:
    print("SKIPPED: Python's websockets is missing (Debian: python3-websockets)")
    sys.exit(77)

WSLAB, SOURCE = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
CLIENT = SOURCE / "tests/shared/websockets_client.py"
OURS = WSLAB.parent.parent / "lessons/06_client/client"
WSDUMP, THREADS = WSLAB.parent / "wsdump", WSLAB.parent.parent / "lessons/03_threads/threads"
DEMO = SOURCE / "lessons/demo.case"


class Server:
    """An echo server of Python websockets in a thread."""

    def __enter__(self):
        self.loop, self.ready = asyncio.new_event_loop(), threading.Event()
        self.thread = threading.Thread(target=lambda: self.loop.run_until_complete(self.serve()))
        self.thread.start()
        self.ready.wait(20)
        return self

    async def serve(self):
        async def echo(connection, *_):
            try:
                async for message in connection:
                    await asyncio.sleep(7 * (message == "in a while"))
                    await connection.send(message)
            except websockets.ConnectionClosed:
                pass
        self.stopping = asyncio.Event()
        async with websockets.serve(echo, "127.0.0.1", 0, compression=None) as server:
            self.port = server.sockets[0].getsockname()[1]
            self.ready.set()
            await self.stopping.wait()

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.stopping.set)
        self.thread.join()


class Play(unittest.TestCase):
    def setUp(self):
        self.course = Course(WSLAB)
        self.addCleanup(self.course.__exit__)
        self.case, self.out = self.course.root / "a.case", self.course.root / "a.pcapng"
        self.case.write_text("title: an echo\nconnect a\nsend a text \"hello\"\n"
                             "expect a text \"hello\"\n")

    def play(self, status, *arguments):
        done = self.course.run("play", *arguments)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_a_server_that_runs_already_is_judged_and_left_running(self):
        with Server() as server:
            for _ in range(2):
                self.assertIn("PASS a  an echo", self.play(0, self.case, "--port", server.port))
            self.assertIn("PASS demo", self.play(0, DEMO, "--port", server.port))
            self.case.write_text("title: an echo\nconnect a\nsend a text \"hello\"\n"
                                 "expect a text \"hullo\"\n")
            self.assertIn("FAIL a  an echo", self.play(1, self.case, "--port", server.port))

    def test_a_server_that_runs_already_may_take_its_time(self):
        self.case.write_text(self.case.read_text().replace("hello", "in a while"))
        with Server() as server:
            self.play(0, self.case, "--port", server.port)

    def test_what_was_said_is_a_capture(self):
        with Server() as server:
            self.play(0, self.case, "--port", server.port, "--capture", self.out)
        said = subprocess.run([WSDUMP, "--text", "-r", self.out], capture_output=True, text=True,
                              check=True).stdout
        self.assertEqual(said.count('"hello"'), 2, said)

    def test_a_case_about_the_program_itself_needs_one_that_is_started_here(self):
        self.case.write_text("title: stops\nconnect a\nsignal TERM\nexpect exit 0\n")
        with Server() as server:
            said = self.play(3, self.case, "--port", server.port)
        self.assertIn("line 3 (signal ", said)
        self.assertIn("PASS a  stops", self.play(0, self.case, "--program", THREADS))

    def test_a_client_is_started_here_and_is_the_client_of_the_capture(self):
        self.case.write_text("title: a client\nrole: client\nprogram: ws://127.0.0.1:{port}/ws\n"
                             "accept a\nsend a text \"down\"\nexpect printed \"down\"\n"
                             "type \"up\\n\"\nexpect a text \"up\"\n")
        self.assertIn("PASS a  a client",
                      self.play(0, self.case, "--program", CLIENT, "--capture", self.out))
        said = subprocess.run([WSDUMP, "--text", "-r", self.out], capture_output=True, text=True,
                              check=True).stdout
        self.assertRegex(said, r"server text +4 \"down\"")
        self.assertRegex(said, r"client text +2 \"up\"")
        with Server() as server:
            self.assertIn("it is about a client, which the grader starts: give --program",
                          self.play(3, self.case, "--port", server.port))

    def test_the_case_of_a_client_in_the_page_about_cases(self):
        page = (SOURCE / "lessons/doc/grader.md").read_text()
        case = page[page.index("title: a client "):]
        self.case.write_text(case[:case.index("```")])
        self.assertIn("PASS a  a client that", self.play(0, self.case, "--program", OURS))

    def test_wrong_usage_is_told(self):
        self.assertIn("play needs --port N, or --program FILE", self.play(2, self.case))
        self.assertIn("play needs --port N, or --program FILE",
                      self.play(2, self.case, "--port", 1, "--program", THREADS))
        self.assertIn("FILE.case", self.play(2))
        self.assertIn("nowhere.case", self.play(3, "nowhere.case", "--port", 1))
        self.assertIn("nobody listens on 127.0.0.1:1", self.play(1, self.case, "--port", 1))
        with Server() as server:
            self.assertIn("cannot write /nowhere/a.pcapng", self.play(
                3, self.case, "--port", server.port, "--capture", "/nowhere/a.pcapng"))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
