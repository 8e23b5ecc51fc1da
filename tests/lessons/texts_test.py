#!/usr/bin/env python3
"""texts_test.py FOLDER PROJECT: what the texts of lessons 00, 01 and 07 let the reader type in "Run it"
prints what they show. FOLDER holds the programs (build/dev/lessons)."""
import contextlib
import json
import pathlib
import re
import shlex
import signal
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


def without_ids(text):
    """Events, a line each: names in place of ids that the server made up, members in order."""
    events = [json.loads(line) for line in text.splitlines()]
    names = {event["member"]: event["name"] for event in events if "member" in event}
    for event in events:
        for one in event.get("members", []):
            names[one["member"]] = one["name"]
        event.get("members", []).sort(key=lambda one: one["name"])
    text = json.dumps(events)
    for member, name in names.items():
        text = text.replace(f'"{member}"', f'"{name}"')
    return json.loads(re.sub(r'"[0-9a-f]{8}-(\d+)"', r'"epoch-\1"', text))


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

    def test_hub(self):
        text = (PROJECT / "lessons/07_hub/README.md").read_text()
        text = text[text.index("**In terminals**"):text.index("**One falls asleep.**")]
        commands = [part.replace("\\\n", "") for part in re.findall(r"```sh\n(.*?)```", text, re.S)]
        typed, bob_gets, ann_gets, stats, ann_is_told = re.findall(r"\n\n```\n(.*?)```", text, re.S)
        with contextlib.ExitStack() as stack:
            def start(*words):
                process = stack.enter_context(subprocess.Popen(
                    words, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE))
                stack.callback(process.kill)
                return process

            def lines(process, count):
                return "".join(process.stdout.readline() for _ in range(count))

            hub = start(FOLDER / "07_hub/hub", "--port", "0")
            port = hub.stdout.readline().strip().rpartition(":")[2]
            words = [shlex.split(one.replace("8080", port)) for one in commands]
            ann, bob = (word[1:] for word in words)
            client = FOLDER / "06_client/client"
            ann = start(client, *ann)
            heard = lines(ann, 2)  # she is in the room before Bob comes
            bob = start(client, *bob)
            bob.stdin.write(typed)
            bob.stdin.flush()
            self.assertEqual(without_ids(lines(bob, bob_gets.count("\n"))), without_ids(bob_gets))
            heard += lines(ann, ann_gets.count("\n") - 2)
            self.assertEqual(without_ids(heard), without_ids(ann_gets))
            hub.send_signal(signal.SIGUSR1)
            got = hub.stderr.readline()
            numbers = re.compile(r"\d\d:\d\d:\d\d\.\d+|memory \d+")
            self.assertEqual(numbers.sub("", got), numbers.sub("", stats))
            bob.send_signal(signal.SIGINT)
            self.assertEqual(without_ids(lines(ann, 1)), without_ids(ann_is_told))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]], verbosity=2)
