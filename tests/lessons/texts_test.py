#!/usr/bin/env python3
"""texts_test.py FOLDER PROJECT: what the texts of lessons 00 and 01 let the reader type in "Run it"
prints what they show. FOLDER holds the programs (build/dev/lessons)."""
import pathlib
import re
import subprocess
import sys
import unittest

FOLDER, PROJECT = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
PATIENCE = 60  # seconds, for what takes milliseconds


def blocks_of(lesson, before):
    """(commands, what they print) of "Run it", up to the text `before`."""
    text = (PROJECT / "lessons" / lesson / "README.md").read_text()
    text = text[text.index("## Run it"):text.index(before)]
    return re.findall(r"```sh\n(.*?)```\n\n```\n(.*?)```", text, re.S)


def bash(commands):
    commands = commands.replace("./build/release/lessons", str(FOLDER)).replace("./kit build\n", "")
    done = subprocess.run(["bash", "-c", commands], cwd=PROJECT, capture_output=True, text=True,
                          timeout=PATIENCE, check=True)
    return done.stdout.replace("\r\n", "\n")


class Texts(unittest.TestCase):
    maxDiff = None

    def test_wire(self):
        blocks = blocks_of("00_wire", "## Watch it")
        self.assertEqual(len(blocks), 2)
        for commands, shown in blocks:
            self.assertEqual(bash(commands), shown)

    def test_echo(self):
        start, *talk = blocks_of("01_echo", "**A client that does not read.**")
        self.assertEqual(len(talk), 4)
        program = start[0].split("\n")[1].split()
        self.assertEqual(program[1:], ["--port", "8080"])
        with subprocess.Popen([FOLDER / "01_echo/echo", "--port", "0"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
            try:
                port = server.stdout.readline().strip().rpartition(":")[2]
                said = bash("".join(commands for commands, _ in talk).replace("8080", port))
            finally:
                server.terminate()
            self.assertEqual(said, "".join(shown for _, shown in talk))
            self.assertIn("conn 1 ended: normal closure", server.stderr.read())


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]], verbosity=2)
